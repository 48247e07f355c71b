"""v1 Pod, and what pods of one template share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from simnet import ip
from simnet.clock import iso
from simnet.labels import Requirement
from simnet.objects.meta import EMPTY, Object, merged


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """One declared port. Declaring opens nothing; only a named targetPort and hostPort look at it."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """`handler` is httpGet, tcpSocket, exec or grpc; `port` a number or the name of a container port; times in seconds."""

    handler: str
    port: int | str | None = None
    path: str = "/"
    scheme: str = "HTTP"
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    failure_threshold: int = 3
    success_threshold: int = 1


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    readiness_probe: Probe | None = None
    restart_policy: str = ""  # "Always" makes an init container a sidecar

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class NodeTerm(NamedTuple):
    """One term of a required node affinity: all its requirements must hold, those on labels and those on fields
    (`metadata.name` only). A term without requirements matches no node."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str], name: str) -> bool:
        """Source: kubernetes/component-helpers scheduling/corev1/nodeaffinity/nodeaffinity.go."""
        if not self.labels and not self.fields:
            return False
        return (all(each.matches(labels) for each in self.labels)
                and all(each.matches({"metadata.name": name}) for each in self.fields))


@dataclass(frozen=True, slots=True)
class DNSConfig:
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSpec:
    """The part of a pod that every pod of one template shares."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""
    dns_policy: str = "ClusterFirst"
    dns_config: DNSConfig | None = None
    host_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    restart_policy: str = "Always"
    node_selector: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    node_terms: tuple[NodeTerm, ...] | None = None  # required node affinity: one must match; None: not asked for
    tolerations: tuple[tuple[str, str, str, str], ...] = ()  # key, operator, value, effect
    set_hostname_as_fqdn: bool = False
    termination_grace_period_seconds: int = 30
    port_owners: tuple[Container, ...] = field(init=False, compare=False, repr=False)
    has_host_ports: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Derive what every pod of the template is asked for: `port_owners`, the containers whose ports count for a
        named targetPort in the order they are searched (rule ES-6), and whether any of them wants a host port."""
        owners = self.containers + tuple(container for container in self.init_containers if container.is_sidecar)
        object.__setattr__(self, "port_owners", owners)
        object.__setattr__(self, "has_host_ports", any(port.host_port for each in owners for port in each.ports))

    def port_named(self, name: str, protocol: str) -> int | None:
        """The first container port of this name and protocol.

        Source: kubernetes/kubernetes pkg/api/v1/pod/util.go FindPort.
        """
        for container in self.port_owners:
            for port in container.ports:
                if port.name == name and port.protocol == protocol:
                    return port.container_port
        return None


@dataclass(frozen=True, slots=True)
class ContainerState:
    """`state` is running, waiting or terminated; `reason` the API's word (CrashLoopBackOff, Completed, Error)."""

    name: str
    state: str = "running"
    ready: bool = True
    reason: str = ""
    message: str = ""
    restart_count: int = 0
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod(Object):
    """A pod: where it runs, its addresses (numbers, primary first), its state.

    `ready` is the pod condition Ready. `states` has one entry a container once the kubelet has seen the pod. `reason`
    and `message` say why a pod is not where it should be (Unschedulable, no address left).
    """

    kind: ClassVar[str] = "Pod"

    spec: PodSpec = field(default_factory=PodSpec)
    node_name: str = ""
    pod_ips: tuple[int, ...] = ()
    phase: str = "Pending"
    ready: bool = False
    states: tuple[ContainerState, ...] = ()
    reason: str = ""
    message: str = ""
    started: float | None = None

    @property
    def is_terminal(self) -> bool:
        """Phase Succeeded or Failed: it never runs again and is no endpoint."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def hostname(self) -> str:
        """What the pod calls itself: spec.hostname, else its name."""
        return self.spec.hostname or self.key.name

    @property
    def states_no_address(self) -> bool:
        """Whether the status it was loaded with lists no address (`podIPs: []`), which is not the same as no list."""
        listed = (self.raw.get("status") or {}).get("podIPs")
        return listed is not None and not listed

    def address(self, family: int) -> int | None:
        """The pod's address of `family` (4 or 6), if it has one."""
        return next((number for number in self.pod_ips if ip.family(number) == family), None)

    def _complete(self, whole: dict[str, Any]) -> None:
        hostname = self.spec.hostname or None
        whole["spec"] = merged(whole.get("spec"), {
            "nodeName": self.node_name or None, "hostname": hostname, "subdomain": self.spec.subdomain or None})
        whole["spec"].setdefault("enableServiceLinks", True)  # defaulted on pods, not in templates
        status: dict[str, Any] = merged(whole.get("status"), {
            "phase": self.phase, "reason": self.reason or None if self.is_terminal else None,
            "message": self.message or None if self.is_terminal else None,
            "podIP": ip.text(self.pod_ips[0]) if self.pod_ips else None,
            "podIPs": [{"ip": ip.text(number)} for number in self.pod_ips] or ([] if self.states_no_address else None),
            "startTime": iso(self.started) if self.started is not None else None})
        ready = "True" if self.ready else "False"
        others = [condition for condition in status.get("conditions", ()) if condition.get("type") not in
                  ("Ready", "PodScheduled", "ContainersReady")]
        scheduled: dict[str, Any] = {"type": "PodScheduled", "status": "True" if self.node_name else "False"}
        if not self.node_name and self.reason:
            scheduled.update(reason=self.reason, message=self.message)
        status["conditions"] = [*others, scheduled, {"type": "ContainersReady", "status": ready},
                                {"type": "Ready", "status": ready}]
        if self.states:
            images = {container.name: container.image for container in self.spec.port_owners}
            status["containerStatuses"] = [_container_status(state, images.get(state.name, "")) for state in self.states]
        whole["status"] = status


def _container_status(state: ContainerState, image: str) -> dict[str, Any]:
    detail: dict[str, Any] = {key: value for key, value in (
        ("reason", state.reason), ("message", state.message), ("exitCode", state.exit_code)) if value not in ("", None)}
    return {"name": state.name, "image": image, "ready": state.ready, "restartCount": state.restart_count,
            "state": {state.state: detail}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTemplate:
    """What a workload stamps pods from. `raw` is the template's manifest, shared by all its pods."""

    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    annotations: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    spec: PodSpec = field(default_factory=PodSpec)
    raw: Mapping[str, Any] = field(default_factory=lambda: EMPTY, repr=False)
