"""Service -> rule table: what one node's proxy knows about one service port of one family.

Compiled from a Service and its EndpointSlices alone, as kube-proxy does; pods, readiness and Endpoints objects are
invisible here. Sources: kubernetes/kubernetes pkg/proxy/topology.go CategorizeEndpoints,
pkg/proxy/endpointslicecache.go, pkg/proxy/serviceport.go. Rules PX-1 to PX-7, CAT-1 to CAT-7, SV-8 to SV-10.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from simnet import ip
from simnet.names import ObjectKey
from simnet.objects.endpointslice import HEADLESS_LABEL, Endpoint, EndpointSlice
from simnet.objects.service import Service, ServicePort

PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name"
FAMILY_OF_TYPE = {"IPv4": 4, "IPv6": 6}


class AddressKind(StrEnum):
    """Which address of the Service was dialled; it decides which traffic policy applies (rule INT-1)."""

    CLUSTER_IP = "clusterIP"
    EXTERNAL_IP = "externalIP"
    LOAD_BALANCER_IP = "loadBalancerIP"
    NODE_PORT = "nodePort"


class Target:
    """One address and port behind a service port, with the conditions the proxy looks at (rule PX-5)."""

    __slots__ = ("address", "is_fallback", "is_ready", "node_name", "nodes", "pod", "port", "zones")

    def __init__(self, endpoint: Endpoint, port: int) -> None:
        self.address = endpoint.addresses[0]
        self.port = port
        self.node_name = endpoint.node_name
        self.is_ready = endpoint.is_ready
        self.is_fallback = endpoint.is_fallback
        self.zones = endpoint.hint_zones
        self.nodes = endpoint.hint_nodes
        self.pod = endpoint.target

    @property
    def text(self) -> str:
        return ip.host_port(self.address, self.port)

    def __repr__(self) -> str:
        return f"Target({self.text})"


class UsableEndpoints:
    """What one node may choose from.

    `cluster`: for traffic that may go anywhere; `local`: for a Local policy, None when no policy asks for it;
    `has_any`: whether anything is usable anywhere, which decides refusal (no) or silence (yes) when the applicable
    list is empty; `topology`: 'node' or 'zone' when hints narrowed the cluster list; `is_fallback`: nobody is ready
    and terminating endpoints that still serve are used.
    """

    __slots__ = ("cluster", "has_any", "is_fallback", "local", "local_is_fallback", "topology", "ways")

    def __init__(self, cluster: tuple[Target, ...], local: tuple[Target, ...] | None, has_any: bool, topology: str,
                 is_fallback: bool, local_is_fallback: bool) -> None:
        self.cluster, self.local, self.has_any, self.topology = cluster, local, has_any, topology
        self.is_fallback, self.local_is_fallback = is_fallback, local_is_fallback
        self.ways: dict[AddressKind, Any] = {}  # filled by View.ways: what follows from these lists


class ServicePortRules:
    """One service port of one family: the Service, the port and everything its slices offer for it.

    Cost of `usable`: O(endpoints) the first time a node asks, O(1) after that; a change of the Service or its slices
    makes a new table.
    """

    __slots__ = ("_copies", "_usable", "family", "is_external", "port", "service", "targets")

    def __init__(self, service: Service, port: ServicePort, family: int, targets: tuple[Target, ...],
                 copies: tuple[Target, ...] = ()) -> None:
        """`targets` has one entry for each address and port; `copies` are further ones that name a node."""
        self.service = service
        self.port = port
        self.family = family
        self.targets = targets
        self._copies = copies
        self.is_external = is_externally_accessible(service, port, family)
        self._usable: dict[tuple[str, str], UsableEndpoints] = {}

    @property
    def name(self) -> str:
        """`default/web:http`, or `default/web` for an unnamed port."""
        return f"{self.service.key}:{self.port.name}" if self.port.name else str(self.service.key)

    @property
    def identity(self) -> tuple[ObjectKey, str, str, int]:
        """Names this table's session affinity memory (rule AF-4)."""
        return (self.service.key, self.port.name, self.port.protocol, self.family)

    def seen_from(self, node: str) -> tuple[Target, ...]:
        """The targets as the proxy of `node` has them: of several copies of one the local copy counts (rule PX-5)."""
        own = {(each.address, each.port): each for each in self._copies if each.node_name == node}
        if not own:
            return self.targets
        return tuple(each if each.node_name == node else own.get((each.address, each.port), each)
                     for each in self.targets)

    def usable(self, node: str, zone: str) -> UsableEndpoints:
        found = self._usable.get((node, zone))
        if found is None:
            found = self._usable[(node, zone)] = categorize(self, node, zone)
        return found


class Claim:
    """`capture`'s answer for a Service address: whose it is, by which kind of address, on which node, and what that
    node may choose from. `also` are other Services that claim the same address and port; `ways` is
    where `balance` keeps what it makes of this, so that a decision taken before costs a look-up."""

    __slots__ = ("also", "is_sticky", "kind", "node", "rules", "usable", "ways")

    def __init__(self, rules: ServicePortRules, kind: AddressKind, node: str, zone: str,
                 also: tuple[ObjectKey, ...] = ()) -> None:
        self.rules, self.kind, self.node, self.also = rules, kind, node, also
        self.ways: tuple[Any, ...] = ()
        self.is_sticky = rules.service.session_affinity == "ClientIP"
        self.usable = rules.usable(node, zone)

    @property
    def policy(self) -> str:
        """The traffic policy of the address dialled, whoever dials it (rule INT-1)."""
        service = self.rules.service
        if self.kind is AddressKind.CLUSTER_IP:
            return f"internalTrafficPolicy {service.internal_traffic_policy}"
        return f"externalTrafficPolicy {service.external_traffic_policy}"


def is_externally_accessible(service: Service, port: ServicePort, family: int) -> bool:
    """Has a node port, an external IP or a captured load-balancer IP of this family (rule CAT-2, SV-10)."""
    return bool(port.node_port) or any(
        ip.family(number) == family for number in (*service.external_ips, *service.load_balancer_ips))


def address_kind(service: Service, address: int) -> AddressKind:
    """Which kind of address of the Service this is, by the order in which the proxy's rules stand."""
    if address in service.cluster_ips:
        return AddressKind.CLUSTER_IP
    return AddressKind.EXTERNAL_IP if address in service.external_ips else AddressKind.LOAD_BALANCER_IP


def is_proxied(service: Service) -> bool:
    """Whether the proxy looks at this Service at all (rule PX-1)."""
    return (bool(service.cluster_ips) and not service.is_headless and not service.is_external_name
            and PROXY_NAME_LABEL not in service.labels and HEADLESS_LABEL not in service.labels)


def compile_rules(service: Service, slices: Iterable[EndpointSlice]) -> dict[tuple[str, str, int], ServicePortRules]:
    """All tables of one Service, by (port name, protocol, family). O(its endpoints)."""
    usable = [each for each in slices if each.address_type in FAMILY_OF_TYPE
              and PROXY_NAME_LABEL not in each.labels and HEADLESS_LABEL not in each.labels]
    tables: dict[tuple[str, str, int], ServicePortRules] = {}
    for family in {ip.family(number) for number in service.cluster_ips}:
        for port in service.ports:
            targets = _targets(port, [each for each in usable if FAMILY_OF_TYPE[each.address_type] == family], family)
            tables[(port.name, port.protocol, family)] = ServicePortRules(service, port, family, *targets)
    return tables


def _targets(port: ServicePort, slices: Iterable[EndpointSlice], family: int
             ) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """Endpoints of slice ports with the same name and protocol (PX-3, PX-4), one for each address and port (PX-5), and
    the copies that are left over."""
    found: dict[tuple[int, int], Target] = {}
    copies: list[Target] = []
    for each in slices:
        for slice_port in each.ports:
            if slice_port.name != port.name or slice_port.protocol != port.protocol or not slice_port.port:
                continue
            for endpoint in each.endpoints:
                if endpoint.addresses and ip.family(endpoint.addresses[0]) == family:
                    target = Target(endpoint, slice_port.port)
                    if found.setdefault((target.address, target.port), target) is not target:
                        copies.append(target)
    return tuple(found.values()), tuple(each for each in copies if each.node_name)


def categorize(rules: ServicePortRules, node: str, zone: str) -> UsableEndpoints:
    """Split the endpoints for the proxy of `node`, which lies in `zone` ('' for none).

    Ready endpoints that topology allows, else all that terminate but still serve; the local list falls back by
    itself and never looks at hints. Source: pkg/proxy/topology.go CategorizeEndpoints (rules CAT-2 to CAT-7).
    """
    service = rules.service
    targets = rules.seen_from(node)
    ready = tuple(target for target in targets if target.is_ready)
    fallback = tuple(target for target in targets if target.is_fallback)
    wants_cluster = service.internal_traffic_policy == "Cluster" or rules.is_external
    wants_local = (service.internal_traffic_policy == "Local"
                   or (service.external_traffic_policy == "Local" and rules.is_external))
    cluster: tuple[Target, ...] = ()
    topology = ""
    if wants_cluster:
        cluster, topology = _by_topology(ready, node, zone)
        cluster = cluster or fallback
    local: tuple[Target, ...] | None = None
    local_falls_back = False
    if wants_local:
        local = tuple(target for target in ready if target.node_name == node)
        if not local:
            local = tuple(target for target in fallback if target.node_name == node)
            local_falls_back = bool(local)
    has_any = bool(cluster) or (wants_local and bool(ready or fallback))
    return UsableEndpoints(cluster, local, has_any, topology, bool(cluster) and not ready, local_falls_back)


def _by_topology(ready: tuple[Target, ...], node: str, zone: str) -> tuple[tuple[Target, ...], str]:
    """The ready endpoints that hints leave for this node, and which kind of hint did it (rule CAT-5)."""
    if ready and all(target.nodes for target in ready):
        chosen = tuple(target for target in ready if node in target.nodes)
        if chosen:
            return chosen, "node"
    if zone and ready and all(target.zones for target in ready):
        chosen = tuple(target for target in ready if zone in target.zones)
        if chosen:
            return chosen, "zone"
    return ready, ""
