"""What a controller may look at, and the shape of a controller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from random import Random
from typing import Any, Protocol, Self, TypeVar, cast, runtime_checkable

from simnet.clock import Clock
from simnet.control.ipam import NodeCIDRs, PodRange
from simnet.control.ports import ClusterIPs, NodePorts
from simnet.errors import UsageError
from simnet.images import Images
from simnet.ip import IPNetwork
from simnet.objects.ingress import Ingress
from simnet.objects.meta import Object
from simnet.objects.pod import Pod
from simnet.objects.service import Service
from simnet.settings import Settings
from simnet.store.index import Index, ScarceIndex
from simnet.store.store import Change, Creations, Event, Store
from simnet.store.work import Work

T = TypeVar("T")


class Recorder(Protocol):
    """Takes what controllers tell about objects; equal tellings are counted."""

    def record(self, about: Object, type: str, reason: str, message: str, component: str) -> None: ...


Webhook = Callable[[Ingress, Iterable[Ingress]], str]
"""Why an Ingress may not be stored, '' when it may, given those accepted just before it."""


class World:
    """The state controllers share. Only the loop commits; controllers return changes.

    `pod_ranges` are the ledgers of pod addresses of each node, one for each family; `cluster_ips` one for each Service
    range. Indexes follow the store before any controller sees the event.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock, rng: Random, work: Work) -> None:
        self.store, self.settings, self.clock, self.rng, self.work = store, settings, clock, rng, work
        self.node_cidrs = _ledgers("pod_cidr", settings.pod_cidrs, NodeCIDRs)
        self.pod_ranges: dict[str, list[PodRange]] = {}
        self.cluster_ips = _ledgers("service_cidr", settings.service_cidrs, lambda cidr: ClusterIPs(cidr, rng))
        self.node_ports = NodePorts("{}-{}".format(*settings.node_port_range), rng)
        self.pods_by_owner: Index[Pod] = Index(_owner)
        self.pods_by_node: Index[Pod] = Index(_node)
        self.host_ports: ScarceIndex[Pod] = ScarceIndex(_host_ports)
        self.recorder: Recorder | None = None
        self.webhook: Webhook | None = None

    @property
    def now(self) -> float:
        return self.clock.now

    @property
    def images(self) -> Images:
        return self.settings.images

    def record(self, about: Object, type: str, reason: str, message: str, component: str) -> None:
        """Tell something about an object; it becomes an Event object (or raises the count of an equal one)."""
        if self.recorder is not None:
            self.recorder.record(about, type, reason, message, component)

    def update(self, event: Event) -> None:
        """Keep the indexes and ledgers in step with one committed event: a Service that goes, whoever deleted it, gives
        its addresses and ports back (rules CI-6, NP-6)."""
        if event.kind == "Pod":
            old, new = cast("Pod | None", event.old), cast("Pod | None", event.new)
            self.pods_by_owner.update(event.key, old, new)
            self.pods_by_node.update(event.key, old, new)
            self.host_ports.update(event.key, old, new)
        elif event.kind == "Service" and event.new is None:
            self._release(cast(Service, event.old))

    def _release(self, service: Service) -> None:
        for number in service.cluster_ips:
            for ledger in self.cluster_ips:
                ledger.release(number, service.key)
        for port in service.ports_held:
            self.node_ports.release(port, service.key)

    def created(self, creations: Creations) -> None:
        """Keep the indexes in step with pods created in bulk, none of which wants a host port."""
        pods = creations.pods
        for owner in _owner(creations.first):
            self.pods_by_owner.add_together(owner, pods)
        self.pods_by_node.add_each(map(attrgetter("node_name"), pods.values()), pods)

    def fork(self, store: Store, work: Work) -> World:
        """An independent copy over the forked store."""
        rng = Random()
        rng.setstate(self.rng.getstate())
        twin = World.__new__(World)
        twin.store, twin.settings, twin.clock, twin.rng, twin.work = store, self.settings, self.clock.copy(), rng, work
        twin.node_cidrs = [each.copy() for each in self.node_cidrs]
        twin.pod_ranges = {node: [each.copy() for each in ranges] for node, ranges in self.pod_ranges.items()}
        twin.cluster_ips = [each.copy(rng) for each in self.cluster_ips]
        twin.node_ports = self.node_ports.copy(rng)
        twin.pods_by_owner, twin.pods_by_node = self.pods_by_owner.fork(), self.pods_by_node.fork()
        twin.host_ports = self.host_ports.fork()
        twin.recorder = twin.webhook = None
        return twin


class Controller(Protocol):
    """One controller of the loop. It returns changes and never calls the store."""

    kinds: tuple[str, ...]

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        """Answer one event of a kind in `kinds`."""
        ...

    def flush(self, world: World) -> Iterable[Change | Creations]:
        """Called when no event is waiting: changes that were gathered meanwhile."""
        ...

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        """A timer of one of this controller's kinds is due."""
        ...

    def fork(self) -> Self:
        """An independent copy of its books."""
        ...


@runtime_checkable
class PodFollower(Protocol):
    """A controller that has to hear of pods created in bulk. Others follow only pods that `PodMaker.stamp_all` leaves
    to be made one by one."""

    def handle_created(self, creations: Creations, world: World) -> None:
        """Note the pods, all committed already; what follows from them is for `flush`."""
        ...


def _ledgers(keyword: str, cidrs: Iterable[IPNetwork], make: Callable[[IPNetwork], T]) -> list[T]:
    """One ledger for each range. Raises UsageError naming the setting the range came from."""
    try:
        return [make(cidr) for cidr in cidrs]
    except UsageError as problem:
        raise UsageError(f"{keyword}: {problem}") from None


def _owner(pod: Pod) -> Iterable[tuple[str, str, str]]:
    """Pods by (kind, namespace, name) of their controlling owner."""
    return ((pod.owner.kind, pod.key.namespace, pod.owner.name),) if pod.owner is not None else ()


def _node(pod: Pod) -> Iterable[str]:
    return (pod.node_name,) if pod.node_name and not pod.is_terminal else ()


def _host_ports(pod: Pod) -> Iterable[tuple[str, int, str]]:
    """Pods by (node, port, protocol) they occupy on their node: host ports, and all ports of hostNetwork pods."""
    if not (pod.spec.has_host_ports or pod.spec.host_network) or not pod.node_name or pod.is_terminal:
        return ()
    return dict.fromkeys(
        (pod.node_name, number, port.protocol) for container in pod.spec.port_owners for port in container.ports
        if (number := port.host_port or (port.container_port if pod.spec.host_network else 0)))
