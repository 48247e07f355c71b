"""The columns of `kubectl get`, one table a kind. A wide column is shown with `-o wide` only.

Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, function for function; Gateway API: the markers
`+kubebuilder:printcolumn` of kubernetes-sigs/gateway-api apis/v1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simnet import ip
from simnet.clock import human_duration
from simnet.console.kubectl.podstatus import pod_status
from simnet.console.kubectl.words import label_selector, listed, pairs
from simnet.objects.endpoints import Endpoints
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.event import Event
from simnet.objects.ingress import Ingress
from simnet.objects.node import Node
from simnet.objects.service import Service
from simnet.objects.workload import Workload

NONE = "<none>"
_SHORTEST = 16  # load balancer addresses are cut to this many characters unless wide


@dataclass(frozen=True, slots=True)
class Column:
    """`value(object, now, wide)` is the cell."""

    header: str
    value: Callable[[Any, float, bool], str]
    wide: bool = False


def _column(header: str, value: Callable[[Any], object], wide: bool = False) -> Column:
    return Column(header, lambda each, now, is_wide: str(value(each)), wide)


NAME = _column("NAME", lambda each: each.name)
AGE = Column("AGE", lambda each, now, wide: human_duration(now - each.created))


# pods -----------------------------------------------------------------------------------------------------------

def _restarts(pod: Any, now: float, wide: bool) -> str:
    """`0`, or `3 (25s ago)`."""
    status = pod_status(pod, now)
    ago = "" if status.restarted is None else f" ({human_duration(now - status.restarted)} ago)"
    return f"{status.restarts}{ago}"


_POD = (
    NAME,
    Column("READY", lambda pod, now, wide: "{0.ready}/{0.total}".format(pod_status(pod, now))),
    Column("STATUS", lambda pod, now, wide: pod_status(pod, now).reason),
    Column("RESTARTS", _restarts),
    AGE,
    _column("IP", lambda pod: ip.text(pod.pod_ips[0]) if pod.pod_ips else NONE, wide=True),
    _column("NODE", lambda pod: pod.node_name or NONE, wide=True),
    _column("NOMINATED NODE", lambda pod: NONE, wide=True),
    _column("READINESS GATES", lambda pod: NONE, wide=True),
)


# services, endpoints --------------------------------------------------------------------------------------------

def cluster_ip(service: Service) -> str:
    """The CLUSTER-IP column: an address, `None` for headless, `<none>` for ExternalName."""
    return "None" if service.is_headless else ip.text(service.cluster_ips[0]) if service.cluster_ips else NONE


def _external_ip(service: Service, now: float, wide: bool) -> str:
    if service.is_external_name:
        return service.external_name
    given = [ip.text(number) for number in service.external_ips]
    if service.type != "LoadBalancer":
        return ",".join(given) or NONE
    held = sorted({ip.text(entry.address) if entry.address is not None else entry.hostname
                   for entry in service.load_balancer_ingress})
    return ",".join([part for part in cut_short(",".join(held), wide).split(",") if part] + given) or "<pending>"


def cut_short(text: str, wide: bool) -> str:
    """Addresses of a load balancer, cut unless there is room."""
    return text if wide or len(text) <= _SHORTEST else text[:_SHORTEST - 3] + "..."


def _ports(service: Service) -> str:
    return ",".join(f"{port.port}:{port.node_port}/{port.protocol}" if port.node_port else f"{port.port}/{port.protocol}"
                    for port in service.ports) or NONE


_SERVICE = (
    NAME, _column("TYPE", lambda service: service.type), _column("CLUSTER-IP", cluster_ip),
    Column("EXTERNAL-IP", _external_ip), _column("PORT(S)", _ports), AGE,
    _column("SELECTOR", lambda service: pairs(dict(service.selector.pairs or ())), wide=True),
)


def endpoints_cell(endpoints: Endpoints) -> str:
    """The first three `address:port` of all subsets."""
    if not endpoints.subsets:
        return NONE
    shown = [ip.host_port(address.address, port.port or 0) if port is not None else ip.text(address.address)
             for subset in endpoints.subsets for port in (subset.ports or (None,)) for address in subset.addresses]
    return listed(shown, 3)


def _slice_ports(each: EndpointSlice) -> str:
    return listed([str(port.port) if port.port is not None else port.name or "*" for port in each.ports], 3) or "<unset>"


def _slice_endpoints(each: EndpointSlice) -> str:
    return listed([ip.text(number) for endpoint in each.endpoints for number in endpoint.addresses], 3) or "<unset>"


_ENDPOINTS = (NAME, _column("ENDPOINTS", endpoints_cell), AGE)
_SLICE = (NAME, _column("ADDRESSTYPE", lambda each: each.address_type), _column("PORTS", _slice_ports),
          _column("ENDPOINTS", _slice_endpoints), AGE)


# ingresses ------------------------------------------------------------------------------------------------------

def _hosts(ingress: Ingress) -> str:
    """The first three hosts; rules beyond the third are counted, as kubectl counts them."""
    hosts: list[str] = []
    for rule in ingress.rules:
        if len(hosts) == 3:
            return f"{','.join(hosts)} + {len(ingress.rules) - 3} more..."
        if rule.host:
            hosts.append(rule.host)
    return ",".join(hosts) or "*"


_INGRESS = (
    NAME,
    _column("CLASS", lambda ingress: NONE if ingress.ingress_class_name is None else ingress.ingress_class_name),
    _column("HOSTS", _hosts),
    Column("ADDRESS", lambda ingress, now, wide: cut_short(",".join(sorted(set(ingress.addresses))), wide)),
    _column("PORTS", lambda ingress: "80, 443" if ingress.tls else "80"),
    AGE,
)


def _parameters(ingress_class: Any) -> str:
    given = (ingress_class.raw.get("spec") or {}).get("parameters")
    if not given:
        return NONE
    return f"{given.get('kind', '')}{'.' + given['apiGroup'] if given.get('apiGroup') else ''}/{given.get('name', '')}"


def _condition(type: str) -> Callable[[Any], str]:
    """The status of one condition; an empty cell as long as nobody has set it."""
    return lambda each: next((found.status for found in each.conditions if found.type == type), "")


_GATEWAY_CLASS = (NAME, _column("CONTROLLER", lambda each: each.controller), _column("ACCEPTED", _condition("Accepted")),
                  AGE, _column("DESCRIPTION", lambda each: (each.raw.get("spec") or {}).get("description", ""), True))
_GATEWAY = (NAME, _column("CLASS", lambda each: each.class_name),
            _column("ADDRESS", lambda each: each.addresses[0] if each.addresses else ""),
            _column("PROGRAMMED", _condition("Programmed")), AGE)


def _hostnames(route: Any) -> str:
    """A list is written as JSON, one that is not there as nothing."""
    return json.dumps(route.spec.hostnames, separators=(",", ":")) if route.spec.hostnames else ""


_HTTP_ROUTE = (NAME, _column("HOSTNAMES", _hostnames), AGE)
_INGRESS_CLASS = (NAME, _column("CONTROLLER", lambda each: each.controller), _column("PARAMETERS", _parameters), AGE)


# nodes, namespaces ----------------------------------------------------------------------------------------------

def node_roles(node: Node) -> list[str]:
    """From the labels node-role.kubernetes.io/ROLE and kubernetes.io/role."""
    prefix = "node-role.kubernetes.io/"
    roles = {key.removeprefix(prefix) for key in node.labels if key.startswith(prefix)} | {
        value for key, value in node.labels.items() if key == "kubernetes.io/role"}
    return sorted(roles - {""})


def node_fact(node: Node, name: str, default: str = "") -> str:
    """One entry of status.nodeInfo; a made-up node has no machine behind it and tells only its version."""
    given = ((node.raw.get("status") or {}).get("nodeInfo") or {}).get(name)
    return str(given) if given else {"kubeletVersion": "v1.35.0"}.get(name, default)


_NODE = (
    NAME,
    _column("STATUS", lambda node: ("Ready" if node.ready else "NotReady")
            + (",SchedulingDisabled" if node.unschedulable else "")),
    _column("ROLES", lambda node: ",".join(node_roles(node)) or NONE),
    AGE,
    _column("VERSION", lambda node: node_fact(node, "kubeletVersion")),
    _column("INTERNAL-IP", lambda node: ip.text(node.addresses[0]) if node.addresses else NONE, wide=True),
    _column("EXTERNAL-IP", lambda node: ip.text(node.external_addresses[0]) if node.external_addresses else NONE,
            wide=True),
    _column("OS-IMAGE", lambda node: node_fact(node, "osImage", "<unknown>"), wide=True),
    _column("KERNEL-VERSION", lambda node: node_fact(node, "kernelVersion", "<unknown>"), wide=True),
    _column("CONTAINER-RUNTIME", lambda node: node_fact(node, "containerRuntimeVersion", "<unknown>"), wide=True),
)
_NAMESPACE = (NAME, _column("STATUS", lambda namespace: namespace.phase), AGE)


# workloads ------------------------------------------------------------------------------------------------------

_CONTAINERS = _column("CONTAINERS", lambda each: ",".join(item.name for item in each.template.spec.containers), True)
_IMAGES = _column("IMAGES", lambda each: ",".join(item.image for item in each.template.spec.containers), True)
_SELECTOR = _column("SELECTOR", lambda each: label_selector(each.selector), True)

_DEPLOYMENT = (
    NAME, _column("READY", lambda each: f"{each.ready_replicas}/{each.replicas}"),
    _column("UP-TO-DATE", lambda each: _status(each, "updatedReplicas", each.observed)),
    _column("AVAILABLE", lambda each: each.ready_replicas), AGE, _CONTAINERS, _IMAGES, _SELECTOR,
)
_REPLICA_SET = (
    NAME, _column("DESIRED", lambda each: each.replicas), _column("CURRENT", lambda each: each.observed),
    _column("READY", lambda each: each.ready_replicas), AGE, _CONTAINERS, _IMAGES, _SELECTOR,
)
_STATEFUL_SET = (NAME, _column("READY", lambda each: f"{each.ready_replicas}/{each.replicas}"), AGE, _CONTAINERS, _IMAGES)
_DAEMON_SET = (
    NAME, _column("DESIRED", lambda each: each.observed), _column("CURRENT", lambda each: each.observed),
    _column("READY", lambda each: each.ready_replicas), _column("UP-TO-DATE", lambda each: each.observed),
    _column("AVAILABLE", lambda each: each.ready_replicas),
    _column("NODE SELECTOR", lambda each: pairs(each.template.spec.node_selector)), AGE, _CONTAINERS, _IMAGES, _SELECTOR,
)


def _status(each: Workload, name: str, default: int) -> int:
    status: Mapping[str, Any] = each.manifest.get("status") or {}
    return int(status.get(name, default))


# the rest -------------------------------------------------------------------------------------------------------

def _ago(since: Callable[[Event], float]) -> Callable[[Any, float, bool], str]:
    return lambda event, now, wide: human_duration(now - since(event))


_EVENT = (
    Column("LAST SEEN", _ago(lambda event: event.last_seen)), _column("TYPE", lambda event: event.type),
    _column("REASON", lambda event: event.reason),
    _column("OBJECT", lambda event: f"{event.involved_kind.lower()}/{event.involved.name}"),
    _column("SUBOBJECT", lambda event: "", wide=True), _column("SOURCE", lambda event: event.component, wide=True),
    _column("MESSAGE", lambda event: event.message.strip()),
    Column("FIRST SEEN", _ago(lambda event: event.first_seen), wide=True),
    _column("COUNT", lambda event: event.count, wide=True), _column("NAME", lambda event: event.name, wide=True),
)
_SECRET = (NAME, _column("TYPE", lambda secret: secret.type), _column("DATA", lambda secret: len(secret.data)), AGE)
_CONFIG_MAP = (NAME, _column("DATA", lambda each: len(each.data) + len(each.raw.get("binaryData") or ())), AGE)
_NETWORK_POLICY = (NAME, _column("POD-SELECTOR", lambda policy: label_selector(policy.pod_selector)), AGE)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "Pod": _POD, "Service": _SERVICE, "Endpoints": _ENDPOINTS, "EndpointSlice": _SLICE, "Ingress": _INGRESS,
    "IngressClass": _INGRESS_CLASS, "Node": _NODE, "Namespace": _NAMESPACE, "Deployment": _DEPLOYMENT,
    "ReplicaSet": _REPLICA_SET, "StatefulSet": _STATEFUL_SET, "DaemonSet": _DAEMON_SET, "Event": _EVENT,
    "Secret": _SECRET, "GatewayClass": _GATEWAY_CLASS, "Gateway": _GATEWAY, "HTTPRoute": _HTTP_ROUTE,
    "ConfigMap": _CONFIG_MAP, "NetworkPolicy": _NETWORK_POLICY,
}
PLAIN = (NAME, AGE)
"""What kinds without a table of their own get, custom resources and service accounts among them."""


def columns_of(kind: str, wide: bool) -> Sequence[Column]:
    """The columns to show for a kind."""
    return [column for column in COLUMNS.get(kind, PLAIN) if wide or not column.wide]
