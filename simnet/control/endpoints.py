"""What makes a pod an endpoint of a Service: one rule, used by the tracker, by the recomputation that checks the
tracker, and nowhere repeated.

Source: kubernetes/endpointslice utils.go (podToEndpoint, getEndpointPorts), util/controller_utils.go
(ShouldPodBeInEndpointSlice), trafficdist/trafficdist.go; kubernetes/kubernetes pkg/api/v1/endpoints/util.go
(RepackSubsets). Rules ES-1 to ES-14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from simnet import ip
from simnet.control.zonehints import Shares, cpu_shares, zone_hints
from simnet.names import ObjectKey
from simnet.objects.endpoints import EndpointAddress, Endpoints, EndpointSubset
from simnet.objects.endpointslice import Endpoint, EndpointPort, EndpointSlice
from simnet.objects.node import ZONE_LABEL, Node
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.service import Service

TOPOLOGY_ANNOTATIONS: Final = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
_ZONE_DISTRIBUTIONS: Final = ("PreferClose", "PreferSameZone", "PreferSameNode")
_ENDED: Final = ("Succeeded", "Failed")
_V6: Final = ip.V6
_new_endpoint: Final = tuple.__new__  # half the cost of the NamedTuple's own constructor; there is one for every pod


class Membership(NamedTuple):
    """One entry of a Service's slices: family, the ports of its slice (as a set), the endpoint."""

    family: int
    ports: frozenset[EndpointPort]
    endpoint: Endpoint


class EndpointRule:
    """Whether and as what a pod is an endpoint of one Service in one family; what depends on the Service alone is
    looked up once. The pod's labels are not looked at: that is the selector's business."""

    __slots__ = ("_is_v6", "_name", "_prefers", "_publish")

    def __init__(self, service: Service, family: int) -> None:
        self._is_v6, self._name = family == 6, service.key.name
        self._publish = service.publish_not_ready_addresses
        self._prefers = "" if has_topology_mode(service) else service.traffic_distribution

    def endpoint(self, pod: Pod, node: Node | None) -> Endpoint | None:
        """The pod's endpoint, None if it is none. `node` is the pod's node object, None when it does not exist.

        ready = serving and not terminating, always true with publishNotReadyAddresses (ES-3, ES-5); pods that ended,
        have no address of the family, or name a node that does not exist are left out (ES-4, ES-9).
        """
        addresses = pod.pod_ips
        if not addresses or pod.phase in _ENDED:
            return None
        if len(addresses) > 1 or (addresses[0] >= _V6) is not self._is_v6:
            addresses = tuple(number for number in addresses if (number >= _V6) is self._is_v6)
            if not addresses:
                return None
        node_name = pod.node_name
        if node is not None:
            zone = node.labels.get(ZONE_LABEL, "")
        elif node_name and not self._publish:
            return None
        else:
            zone = ""
        serving, terminating = pod.ready, pod.deleted is not None
        ready = (serving and not terminating) or self._publish
        hostname = pod.spec.hostname
        if hostname and pod.spec.subdomain != self._name:
            hostname = ""
        zones: tuple[str, ...] = ()
        nodes: tuple[str, ...] = ()
        if self._prefers and ready:
            zones, nodes = _hints(self._prefers, zone, node_name)
        return _new_endpoint(Endpoint, (addresses, ready, serving, terminating, node_name, zone, hostname, pod.key,
                                        zones, nodes))


def endpoint_for(service: Service, pod: Pod, node: Node | None, family: int) -> Endpoint | None:
    """The endpoint a matching pod is for its Service in one family, None if it is none."""
    return EndpointRule(service, family).endpoint(pod, node)


def ports_for(service: Service, spec: PodSpec) -> tuple[EndpointPort, ...]:
    """The slice ports of a Service for pods of this spec; a name that a pod does not have is left out (ES-6, ES-7)."""
    ports: list[EndpointPort] = []
    for port in service.ports:
        target = port.target_port or port.port
        number = spec.port_named(target, port.protocol) if isinstance(target, str) else target
        if number is not None:
            ports.append(EndpointPort(port.name, port.protocol, number, port.app_protocol))
    return tuple(ports)


def has_named_target(service: Service) -> bool:
    """Whether the slice ports depend on the pod."""
    return any(isinstance(port.target_port, str) for port in service.ports)


def has_slices(service: Service) -> bool:
    """Whether the EndpointSlice controller looks after this Service (ES-1)."""
    return service.has_selector and not service.is_external_name


def has_topology_mode(service: Service) -> bool:
    """Whether the annotation for zone hints by CPU share is set to Auto; it replaces trafficDistribution (SV-13)."""
    mode = next((service.annotations[name] for name in TOPOLOGY_ANNOTATIONS if name in service.annotations), "")
    return mode in ("Auto", "auto")


def recompute(services: Iterable[Service], pods: Iterable[Pod], nodes: Mapping[str, Node]
              ) -> dict[ObjectKey, list[Membership]]:
    """Every Service's endpoints from scratch, by the same rule; slow and obvious. O(services x pods)."""
    found: dict[ObjectKey, list[Membership]] = {}
    pods = list(pods)
    for service in filter(has_slices, services):
        chosen = {pod.key: pod for pod in pods
                  if pod.namespace == service.namespace and service.selector.matches(pod.labels)}
        found[service.key] = members = []
        for family in service.ip_families:
            endpoints = {key: endpoint for key, pod in chosen.items()
                         if (endpoint := endpoint_for(service, pod, nodes.get(pod.node_name), family)) is not None}
            if has_topology_mode(service):
                endpoints, _ = with_zone_hints(endpoints, cpu_shares(nodes.values()))
            members += [Membership(family, frozenset(ports_for(service, chosen[key].spec)), endpoint)
                        for key, endpoint in endpoints.items()]
    return found


def with_zone_hints(endpoints: Mapping[ObjectKey, Endpoint], shares: Shares) -> tuple[dict[ObjectKey, Endpoint], str]:
    """The endpoints of one Service and family with the hints of topology-mode Auto; the text says why there are none, ''
    when there are (rule ES-18)."""
    hints = zone_hints(endpoints, shares)
    if isinstance(hints, str):
        return dict(endpoints), hints
    return {key: each._replace(hint_zones=(hints[key],)) if key in hints else each for key, each in endpoints.items()}, ""


def endpoints_of(service: Service, slices: Iterable[EndpointSlice]) -> Endpoints:
    """The Endpoints object the older controller would keep beside the slices: primary family, terminating pods left
    out unless published, addresses in text order, one subset for each set of ports."""
    family = service.ip_families[0] if service.ip_families else 4
    ready: dict[tuple[EndpointPort, ...], list[EndpointAddress]] = {}
    unready: dict[tuple[EndpointPort, ...], list[EndpointAddress]] = {}
    for each in slices:
        if each.address_type != f"IPv{family}" or (service.ports and not each.ports):
            continue
        for endpoint in each.endpoints:
            if endpoint.terminating and not service.publish_not_ready_addresses:
                continue
            address = EndpointAddress(endpoint.addresses[0], endpoint.node_name, endpoint.hostname, endpoint.target)
            side = ready if endpoint.is_ready else unready
            side.setdefault(each.ports, []).append(address)
    subsets = tuple(EndpointSubset(_in_order(ready.get(ports, ())), _in_order(unready.get(ports, ())), ports)
                    for ports in dict.fromkeys((*ready, *unready)))
    return Endpoints(key=service.key, labels=service.labels, created=service.created, subsets=subsets)


def _in_order(addresses: Iterable[EndpointAddress]) -> tuple[EndpointAddress, ...]:
    return tuple(sorted(addresses, key=lambda each: ip.text(each.address)))


def _hints(distribution: str, zone: str, node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Zones and nodes a ready endpoint is meant for (ES-12)."""
    if distribution not in _ZONE_DISTRIBUTIONS:
        return (), ()
    nodes = (node,) if distribution == "PreferSameNode" and node else ()
    return ((zone,) if zone else ()), nodes
