"""The rule table of one node: what its proxy would program, as values. `explain/rules` renders it as text.

A table holds no decision of its own: the addresses are those `capture` looks up, the lists those of `categorize`, the
ways those `balance` follows. Of several Services that claim one address and port only the one that gets the packets is
listed (rule MT-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simnet import ip
from simnet.dataplane.rules import AddressKind, ServicePortRules, Target, UsableEndpoints, address_kind
from simnet.dataplane.view import LOCALHOST, View
from simnet.dataplane.ways import Ways
from simnet.ip import IPNetwork
from simnet.objects.node import Node

LARGE = 1000  # endpoints of all service ports together


@dataclass(frozen=True, slots=True)
class Capture:
    """An address of a service port: `address` is None for the node port, which answers on the node's own addresses.

    `ways` are empty when nothing is usable anywhere: then the address rejects. `ranges` are the source ranges the
    address is limited to, none for no limit.
    """

    kind: AddressKind
    address: int | None
    port: int
    ways: Ways
    ranges: tuple[IPNetwork, ...] = ()

    @property
    def verdict(self) -> str:
        """What becomes of a packet for which no endpoint is left: REJECT, DROP, or '' when that cannot happen."""
        if not self.ways:
            return "REJECT"
        return "DROP" if not self.ways[-1].among else ""


@dataclass(frozen=True, slots=True)
class PortTable:
    """One service port of one family on one node. The endpoint lists are in text order, as the proxy keeps them.

    `own_sources` are load-balancer addresses bound on the node that pass the source ranges (rule FW-4).
    """

    rules: ServicePortRules
    usable: UsableEndpoints
    captures: tuple[Capture, ...]
    cluster: tuple[Target, ...]
    local: tuple[Target, ...]
    own_sources: tuple[int, ...] = ()

    @property
    def protocol(self) -> str:
        return self.rules.port.protocol.lower()

    @property
    def reachable(self) -> tuple[Target, ...]:
        """All endpoints some way leads to."""
        return in_text_order({*self.cluster, *self.local})

    @property
    def affinity_seconds(self) -> int:
        """How long a client is remembered; 0 without session affinity."""
        service = self.rules.service
        return service.affinity_timeout_seconds if service.session_affinity == "ClientIP" else 0

    @property
    def health_check_port(self) -> int:
        """The health check node port, 0 if there is none (rule HC-1)."""
        service = self.rules.service
        wanted = service.type == "LoadBalancer" and service.external_traffic_policy == "Local"
        return service.health_check_node_port if wanted else 0

    def captured(self, *kinds: AddressKind) -> tuple[Capture, ...]:
        return tuple(each for each in self.captures if each.kind in kinds)


@dataclass(frozen=True, slots=True)
class NodeRules:
    """Everything one node's proxy of one family (4 or 6) programs in one mode.

    `pods` are the cluster CIDRs of the family; `node_port_addresses` None means every local address; `localhost`
    whether node ports answer on 127.0.0.0/8.
    """

    node: str
    mode: str
    family: int
    pods: tuple[IPNetwork, ...]
    service_cidrs: tuple[IPNetwork, ...]
    node_port_addresses: tuple[int, ...] | None
    localhost: bool
    tables: tuple[PortTable, ...]

    @property
    def is_large(self) -> bool:
        """More than a thousand endpoints: the proxy leaves the comments of endpoints out then (iptables mode).
        Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go largeClusterEndpointsThreshold."""
        return sum(len(table.rules.targets) for table in self.tables) > LARGE


def node_rules(net: View, node: str, family: int) -> NodeRules:
    """The rule table of `node`, which exists. Cost: O(service ports and their endpoints)."""
    found = net.node(node)
    assert found is not None, "Cluster.rules looks the node up first"
    services = sorted(net.store.list("Service"), key=lambda service: service.key)
    rules = [each for service in services for each in net.rules(service.key).values() if each.family == family]
    proxy = net.settings.proxy
    serving = _serving(net, found, family)
    localhost = (proxy.mode == "iptables" and family == 4 and proxy.localhost_node_ports
                 and (serving is None or LOCALHOST in serving))
    return NodeRules(
        node, proxy.mode, family, tuple(cidr for cidr in net.settings.cluster_cidrs if cidr.family == family),
        tuple(cidr for cidr in net.settings.service_cidrs if cidr.family == family), serving, localhost,
        tuple(port_table(net, each, found) for each in rules))


def port_table(net: View, rules: ServicePortRules, node: Node) -> PortTable:
    """One service port and its categorised endpoints on `node`: what both rule texts are renderings of."""
    usable = rules.usable(node.name, node.zone)
    ranges = tuple(cidr for cidr in rules.service.load_balancer_source_ranges if cidr.family == rules.family)
    primary = node.primary(rules.family)
    is_let_in = primary is not None and any(primary in cidr for cidr in ranges)
    own = tuple(number for number in rules.service.load_balancer_ips if ip.family(number) == rules.family)
    return PortTable(rules, usable, tuple(_captures(net, rules, usable, ranges)), in_text_order(usable.cluster),
                     in_text_order(usable.local or ()), own if is_let_in else ())


def in_text_order(targets: Iterable[Target]) -> tuple[Target, ...]:
    """By `address:port` as text: the order in which the proxy keeps endpoints (rule AF-6)."""
    return tuple(sorted(targets, key=lambda target: target.text))


def _captures(net: View, rules: ServicePortRules, usable: UsableEndpoints,
              ranges: tuple[IPNetwork, ...]) -> Iterator[Capture]:
    """Every address of the service port that is this Service's, then its node port."""
    service, port = rules.service, rules.port
    for number in dict.fromkeys((*service.cluster_ips, *service.external_ips, *service.load_balancer_ips)):
        if (ip.family(number) == rules.family
                and net.services_at(number, port.port, port.protocol)[0].key == service.key):
            kind = address_kind(service, number)
            limited = ranges if kind is AddressKind.LOAD_BALANCER_IP else ()
            yield Capture(kind, number, port.port, _ways(net, rules, usable, kind), limited)
    owner = net.node_port_service(port.node_port, port.protocol) if port.node_port else None
    if owner is not None and owner.key == service.key:
        yield Capture(AddressKind.NODE_PORT, None, port.node_port, _ways(net, rules, usable, AddressKind.NODE_PORT))


def _ways(net: View, rules: ServicePortRules, usable: UsableEndpoints, kind: AddressKind) -> Ways:
    return net.ways_of(rules, usable, kind) if usable.has_any else ()


def _serving(net: View, node: Node, family: int) -> tuple[int, ...] | None:
    """The addresses of the node that serve node ports, None when all do (rules NA-1 to NA-3, NF-2)."""
    proxy = net.settings.proxy
    chosen = [cidr for cidr in proxy.node_port_addresses or () if cidr.family == family]
    if proxy.node_port_primary or (proxy.mode == "nftables" and proxy.node_port_addresses is None):
        primary = node.primary(family)
        return () if primary is None else (primary,)
    if not chosen or any(cidr.prefix_length == 0 for cidr in chosen):
        return None
    known = dict.fromkeys((*node.addresses, *node.external_addresses, *((LOCALHOST,) if proxy.mode == "iptables" else ())))
    return tuple(number for number in known if any(number in cidr for cidr in chosen))
