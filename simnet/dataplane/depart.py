"""Stage `depart`: egress policy, then the source rewrite, when a packet leaves the deciding node's rules.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier_test.go TestInternalExternalMasquerade; rules MQ-1 to MQ-5.
"""

from __future__ import annotations

from simnet import ip
from simnet.dataplane import decisions as because
from simnet.dataplane.balance import is_host_source
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.step import Step
from simnet.dataplane.view import View
from simnet.names import ObjectKey

UNTOUCHED = because.Departed(None, "")  # what most packets are told: one object serves them all
FIRST_EPHEMERAL, LAST_EPHEMERAL = 32768, 60999


def depart(net: View, packet: Packet) -> Step:
    """Rewrite the source where the rules want it. Policies are not judged yet: those that select the sender are named.

    The rewrite happens as the packet leaves the node's network, so one that stays with the node itself, sent by a pod
    or from outside, keeps its source (rule MQ-3). The new address is the node's primary one of the family (rule MQ-5).
    """
    after = packet.at(Place.LINK)
    masqueraded, reason = None, ""
    unjudged: tuple[ObjectKey, ...] = ()
    if packet.masquerade or packet.target is None:
        rewrite, reason = _wants_rewrite(net, packet)
        node = net.node(packet.node) if rewrite else None
        masqueraded = node.primary(ip.family(packet.destination)) if node is not None else None
        if masqueraded is not None:
            after.source, after.source_port = masqueraded, _new_port(packet)
    if net.has_policies and (actor := packet.flow.actor).pod is not None and not actor.is_host:
        unjudged = net.unjudged(actor.pod, "Egress")
    if masqueraded is None and not reason and not unjudged:
        return Step(packet, after, UNTOUCHED)
    return Step(packet, after, because.Departed(masqueraded, reason, unjudged))


def _wants_rewrite(net: View, packet: Packet) -> tuple[bool, str]:
    if packet.masquerade:
        stays = net.is_own_address(packet.node, packet.destination)
        own = is_host_source(net, packet)
        return (not stays or own), "" if not stays or own else "MQ-3"
    leaves = packet.target is None and net.outside_at(packet.destination) is not None
    if leaves and net.is_pod_source(packet.source):
        return True, "pod-to-outside"
    return False, ""


def _new_port(packet: Packet) -> int:
    """Another source port, the same for the same connection."""
    span = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1
    mixed = (packet.source * 2654435761 + packet.source_port * 40503 + packet.destination) & 0xFFFFFFFF
    return FIRST_EPHEMERAL + mixed % span
