"""Pods and pod templates."""

from __future__ import annotations

from typing import Any

from simnet.clock import from_iso
from simnet.labels import Requirement
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.values import Data, items, numbers, section, texts
from simnet.objects.meta import Object, read_only
from simnet.objects.pod import (
    Container,
    ContainerPort,
    ContainerState,
    DNSConfig,
    NodeTerm,
    Pod,
    PodSpec,
    PodTemplate,
    Probe,
)

_STATES = ("running", "waiting", "terminated")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": ">", "Lt": "<"}
_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


def pod(data: Data, origin: Origin) -> Object:
    """A Pod. As a fact one without a status is Running, a Running one without the condition Ready is ready, and one that
    is said to be Pending stays so: it is not scheduled or given an address."""
    spec, status = section(data, "spec"), origin.status(data)
    started, addresses = status.get("startTime"), _pod_ips(status)
    phase = status.get("phase") or ("Running" if origin.facts else "Pending")
    ready = [condition.get("status") == "True" for condition in items(status, "conditions")
             if condition.get("type") == "Ready"]
    return Pod(
        **common(data, origin), spec=pod_spec(spec), node_name=spec.get("nodeName") or "",
        pod_ips=addresses, phase=phase,
        ready=ready[0] if ready else phase == "Running",
        states=tuple(map(_state, items(status, "containerStatuses"))),
        reason=status.get("reason") or ("Pending" if status.get("phase") == "Pending" and not addresses else ""),
        message=status.get("message") or "",
        started=from_iso(started) if started else None)


def _pod_ips(status: Data) -> tuple[int, ...]:
    """podIPs and podIP say the same; either may be missing."""
    listed = numbers(entry.get("ip") for entry in items(status, "podIPs"))
    single = numbers([status.get("podIP")])
    return single + tuple(number for number in listed if number not in single)


def pod_template(template: Data) -> PodTemplate:
    """A workload's template; its spec and labels are shared by every pod stamped from it."""
    metadata = section(template, "metadata")
    return PodTemplate(labels=read_only(section(metadata, "labels")),
                       annotations=read_only(section(metadata, "annotations")),
                       spec=pod_spec(section(template, "spec")), raw=template)


def pod_spec(spec: Data) -> PodSpec:
    """The networking part of a pod spec. On the host network every declared port is a host port."""
    on_host = bool(spec.get("hostNetwork"))
    period = spec.get("terminationGracePeriodSeconds")
    return PodSpec(
        containers=tuple(_container(given, on_host) for given in items(spec, "containers")),
        init_containers=tuple(_container(given, on_host) for given in items(spec, "initContainers")),
        host_network=on_host, hostname=spec.get("hostname") or "", subdomain=spec.get("subdomain") or "",
        dns_policy=spec.get("dnsPolicy") or "ClusterFirst", dns_config=_dns_config(spec.get("dnsConfig")),
        host_aliases=tuple((alias.get("ip") or "", texts(alias, "hostnames")) for alias in items(spec, "hostAliases")),
        restart_policy=spec.get("restartPolicy") or "Always", node_selector=read_only(section(spec, "nodeSelector")),
        node_terms=_node_terms(section(spec, "affinity", "nodeAffinity").get(_REQUIRED)),
        tolerations=tuple(map(_toleration, items(spec, "tolerations"))),
        set_hostname_as_fqdn=bool(spec.get("setHostnameAsFQDN")),
        termination_grace_period_seconds=30 if period is None else period)


def _node_terms(required: Data | None) -> tuple[NodeTerm, ...] | None:
    """The terms of a required node affinity; None when there is none."""
    if required is None:
        return None
    return tuple(NodeTerm(tuple(map(_requirement, items(term, "matchExpressions"))),
                          tuple(map(_requirement, items(term, "matchFields"))))
                 for term in items(required, "nodeSelectorTerms"))


def _requirement(given: Data) -> Requirement:
    return Requirement(given.get("key") or "", _OPERATORS.get(given.get("operator") or "", "in"),
                       tuple(sorted(texts(given, "values"))))


def _container(given: Data, on_host: bool) -> Container:
    return Container(
        name=given.get("name") or "", image=given.get("image") or "",
        ports=tuple(_port(port, on_host) for port in items(given, "ports")),
        command=texts(given, "command"), args=texts(given, "args"),
        readiness_probe=_probe(given.get("readinessProbe")), restart_policy=given.get("restartPolicy") or "")


def _port(given: Data, on_host: bool) -> ContainerPort:
    number = given.get("containerPort") or 0
    return ContainerPort(number, given.get("name") or "", given.get("protocol") or "TCP",
                         given.get("hostPort") or (number if on_host else 0), given.get("hostIP") or "")


def _probe(given: Data | None) -> Probe | None:
    if given is None:
        return None
    kind = next((name for name in _HANDLERS if given.get(name) is not None), "")
    action = section(given, kind)
    return Probe(kind, action.get("port"), action.get("path") or "/", action.get("scheme") or "HTTP",
                 given.get("initialDelaySeconds") or 0, given.get("periodSeconds") or 10,
                 given.get("failureThreshold") or 3, given.get("successThreshold") or 1)


def _dns_config(given: Data | None) -> DNSConfig | None:
    if given is None:
        return None
    options = tuple((option.get("name") or "", option.get("value")) for option in items(given, "options"))
    return DNSConfig(texts(given, "nameservers"), texts(given, "searches"), options)


def _toleration(given: Data) -> tuple[str, str, str, str]:
    return (given.get("key") or "", given.get("operator") or "Equal", given.get("value") or "",
            given.get("effect") or "")


def _state(given: Data) -> ContainerState:
    states = section(given, "state")
    name = next((state for state in _STATES if states.get(state) is not None), "waiting")
    detail: dict[str, Any] = dict(section(states, name))
    return ContainerState(
        name=given.get("name") or "", state=name, ready=bool(given.get("ready")), reason=detail.get("reason") or "",
        message=detail.get("message") or "", restart_count=given.get("restartCount") or 0,
        exit_code=detail.get("exitCode"))
