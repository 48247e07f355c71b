"""Stage `balance`: which endpoint of the Service receives the packet, as kube-proxy on the deciding node would choose.

Source: kubernetes/kubernetes pkg/proxy/topology.go CategorizeEndpoints, pkg/proxy/iptables/proxier.go; rules INT, EXT,
FW, NE, AF, MQ of the Service semantics.
"""

from __future__ import annotations

from simnet import ip
from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.rules import AddressKind, Claim, Target, UsableEndpoints
from simnet.dataplane.step import Fork, Step
from simnet.dataplane.view import View


class Choice:
    """Which list applies, whether the source must be rewritten, and why. Internal to this stage."""

    __slots__ = ("among", "masquerade", "policy", "reason")

    def __init__(self, among: tuple[Target, ...], masquerade: bool, policy: str, reason: str) -> None:
        self.among, self.masquerade, self.policy, self.reason = among, masquerade, policy, reason


def balance(net: View, packet: Packet) -> Step | Fork:
    """Choose the endpoint that will receive `packet`, as kube-proxy would on `packet.node`.

    Ready endpoints are used; if none is ready, serving terminating ones are. A `Local` traffic policy keeps only
    endpoints on `packet.node`, except for the cluster's own pods and host processes that dial an external address.

    Returns a step with NoEndpoints (the client is refused), NoLocalEndpoints or SourceOutOfRange (silence), or a fork
    over steps with EndpointChosen. Cost: O(1) after the first call since this Service changed, O(its endpoints) then.
    """
    claim = packet.claim
    assert isinstance(claim, Claim)
    usable = claim.rules.usable(packet.node, net.zone_of(packet.node))
    if not usable.has_any:
        if _leaves_unrejected(net, packet, claim):
            return Step(packet, None, because.LeftCluster(packet.destination, packet.port, claim.rules.service))
        return Step(packet, None, because.NoEndpoints(claim))
    if claim.kind is AddressKind.LOAD_BALANCER_IP:
        ranges = _ranges(claim, packet)
        if ranges and not _in_ranges(net, packet, claim, ranges):
            return Step(packet, None, because.SourceOutOfRange(claim, packet.source, ranges))
    choice = _applicable(net, packet, claim, usable)
    if not choice.among:
        return Step(packet, None, because.NoLocalEndpoints(claim, usable, choice.policy))
    return _choose(net, packet, claim, usable, choice)


def _applicable(net: View, packet: Packet, claim: Claim, usable: UsableEndpoints) -> Choice:
    """The list of endpoints this packet may go to (rules INT-1, INT-2, EXT-1 to EXT-4)."""
    service = claim.rules.service
    if claim.kind is AddressKind.CLUSTER_IP:
        cidrs = net.settings.cluster_cidrs
        rewrite = net.settings.proxy.masquerade_all or (bool(cidrs) and not net.is_pod_source(packet.source))
        if service.internal_traffic_policy == "Local":
            return Choice(usable.local or (), rewrite, "internalTrafficPolicy Local", "INT-1")
        return Choice(usable.cluster, rewrite, "internalTrafficPolicy Cluster", "INT-1")
    if service.external_traffic_policy != "Local":
        return Choice(usable.cluster, True, "externalTrafficPolicy Cluster", "EXT-1")
    if net.is_pod_source(packet.source):
        return Choice(usable.cluster, False, "externalTrafficPolicy Local", "EXT-2")
    if net.is_own_address(packet.node, packet.source):
        return Choice(usable.cluster, True, "externalTrafficPolicy Local", "EXT-3")
    return Choice(usable.local or (), False, "externalTrafficPolicy Local", "EXT-4")


def _choose(net: View, packet: Packet, claim: Claim, usable: UsableEndpoints, choice: Choice) -> Step | Fork:
    among = choice.among
    if claim.rules.service.session_affinity == "ClientIP":
        known = net.affinity.recall(claim.rules, packet.node, packet.source, among, net.now)
        if known is not None:
            return _chosen(packet, claim, usable, choice, known, sticky=True)
    if len(among) == 1:
        return _chosen(packet, claim, usable, choice, among[0])
    return Fork(len(among), lambda index: _chosen(packet, claim, usable, choice, among[index]))


def _chosen(packet: Packet, claim: Claim, usable: UsableEndpoints, choice: Choice, target: Target,
            sticky: bool = False) -> Step:
    """Translate the destination; a packet that comes back to its own sender must be masqueraded (rule MQ-1)."""
    masquerade = choice.masquerade or target.address == packet.source
    decision = because.EndpointChosen(claim, target, choice.among, usable, choice.policy, masquerade, choice.reason,
                                      sticky)
    after = Packet(Place.DEPARTURE, packet.node, packet.source, packet.source_port, target.address, target.port,
                   packet.protocol, packet.flow, claim, target, masquerade, packet.attempts)
    return Step(packet, after, decision)


def _ranges(claim: Claim, packet: Packet) -> tuple[ip.IPNetwork, ...]:
    """The source ranges of the packet's family (rule FW-6)."""
    family = ip.family(packet.destination)
    return tuple(cidr for cidr in claim.rules.service.load_balancer_source_ranges if cidr.family == family)


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
