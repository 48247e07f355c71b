"""Stage `balance`: which endpoint of the Service receives the packet, as kube-proxy on the deciding node would choose.

Source: kubernetes/kubernetes pkg/proxy/topology.go CategorizeEndpoints, pkg/proxy/iptables/proxier.go; rules INT, EXT,
FW, NE, AF, MQ of the Service semantics.
"""

from __future__ import annotations

from functools import partial

from simnet import ip
from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.rules import AddressKind, Claim, Target
from simnet.dataplane.step import Fork, Step
from simnet.dataplane.view import View
from simnet.dataplane.ways import Sources, Way

PODS, ANY = Sources.PODS, Sources.ANY


def balance(net: View, packet: Packet) -> Step | Fork:
    """Choose the endpoint that will receive `packet`, as kube-proxy would on `packet.node`.

    Ready endpoints are used; if none is ready, serving terminating ones are. A `Local` traffic policy keeps only
    endpoints on `packet.node`, except for the cluster's own pods and host processes that dial an external address.

    Returns a step with NoEndpoints (the client is refused), NoLocalEndpoints or SourceOutOfRange (silence), or a fork
    over steps with EndpointChosen. Cost: O(1) after the first call since this Service changed, O(its endpoints) then.
    """
    claim = packet.claim
    assert type(claim) is Claim
    shut_out = _shut_out(net, packet, claim) if claim.kind is AddressKind.LOAD_BALANCER_IP else None
    if not claim.usable.has_any and (shut_out is None or net.settings.proxy.mode == "iptables"):
        if _leaves_unrejected(net, packet, claim):
            return Step(packet, None, because.LeftCluster(
                packet.destination, packet.port, claim.rules.service, is_unrejected=True))
        return Step(packet, None, because.NoEndpoints(claim))
    if shut_out is not None:
        return shut_out
    way = _open_way(net, packet, claim)
    among = way.among
    if not among:
        return Step(packet, None, because.NoLocalEndpoints(claim))
    if claim.is_sticky:
        known = net.affinity.recall(claim.rules, packet.node, packet.source, among, net.now)
        if known is not None:
            return _chosen(way, packet, among.index(known), sticky=True)
    return way.fork if len(among) > 1 else _chosen(way, packet, 0)


class OpenWay:
    """A way of a claim with the fork over its endpoints and the decisions taken so far: those who come later are told
    the same, which costs a look-up."""

    __slots__ = ("among", "claim", "decisions", "fork", "sources", "way")

    def __init__(self, claim: Claim, way: Way) -> None:
        self.claim, self.way, self.sources, self.among = claim, way, way.sources, way.among
        self.fork = Fork(len(way.among), partial(_chosen, self))
        self.decisions: dict[int, because.EndpointChosen] = {}

    def decided(self, target: Target, masquerade: bool, sticky: bool) -> because.EndpointChosen:
        return because.EndpointChosen(self.claim, target, self.among, masquerade, self.way.rule, sticky)


def _chosen(way: OpenWay, packet: Packet, index: int, sticky: bool = False) -> Step:
    """Translate the destination; a packet that comes back to its own sender must be masqueraded (rule MQ-1)."""
    after = packet.at(Place.DEPARTURE)
    after.target = target = way.among[index]
    after.destination = address = target.address
    after.port = target.port
    decision = way.decisions.get(index)
    if decision is None:
        decision = way.decisions[index] = way.decided(target, way.way.masquerade, False)
    if sticky or (address == packet.source and not decision.masquerade):
        decision = way.decided(target, decision.masquerade or address == packet.source, sticky)
    after.masquerade = decision.masquerade
    return Step(packet, after, decision)


def _open_way(net: View, packet: Packet, claim: Claim) -> OpenWay:
    """The first way open to this packet; the last one is open to anybody."""
    ways: tuple[OpenWay, ...] = claim.ways
    if not ways:
        ways = claim.ways = tuple(OpenWay(claim, way) for way in net.ways(claim))
    for way in ways:
        sources = way.sources
        if sources is PODS:
            if net.is_pod_source(packet.source):
                return way
        elif sources is ANY or is_host_source(net, packet):
            return way
    raise AssertionError("the last way is open to anybody")


def is_host_source(net: View, packet: Packet) -> bool:
    """A process of the deciding node, or one of its own addresses (spec section 1)."""
    actor = packet.flow.actor
    return (actor.is_host and actor.node == packet.node) or net.is_own_address(packet.node, packet.source)


def _shut_out(net: View, packet: Packet, claim: Claim) -> Step | None:
    """The source ranges of the packet's family keep it out (rules FW-1, FW-6).

    In iptables mode they vanish with the last endpoint (rule FW-5); the nftables firewall looks at no endpoints.
    Source: kubernetes/kubernetes pkg/proxy/nftables/proxier.go syncProxyRules, usesFWChain.
    """
    family = ip.family(packet.destination)
    ranges = tuple(cidr for cidr in claim.rules.service.load_balancer_source_ranges if cidr.family == family)
    if not ranges or _in_ranges(net, packet, claim, ranges):
        return None
    return Step(packet, None, because.SourceOutOfRange(claim, packet.source, ranges))


def _in_ranges(net: View, packet: Packet, claim: Claim, ranges: tuple[ip.IPNetwork, ...]) -> bool:
    """Inside a range, or one of the Service's own addresses bound on a node that is (rules FW-1, FW-4)."""
    if any(packet.source in cidr for cidr in ranges):
        return True
    node = net.node(packet.node)
    primary = node.primary(ip.family(packet.source)) if node is not None else None
    return (packet.source in claim.rules.service.load_balancer_ips and primary is not None
            and any(primary in cidr for cidr in ranges))


def _leaves_unrejected(net: View, packet: Packet, claim: Claim) -> bool:
    """iptables mode installs no rejection of external and load-balancer IPs for host processes (rule NE-4)."""
    return (net.settings.proxy.mode == "iptables"
            and claim.kind in (AddressKind.EXTERNAL_IP, AddressKind.LOAD_BALANCER_IP)
            and packet.flow.actor.is_host and packet.flow.actor.node == packet.node
            and not net.is_own_address(packet.node, packet.destination))
