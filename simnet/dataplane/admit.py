"""Stage `admit`: ingress policy where the packet arrives, on the source as it arrives."""

from __future__ import annotations

from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.step import Step
from simnet.dataplane.view import View


def admit(net: View, packet: Packet) -> Step:
    """Let the packet in. Policies are not judged yet: those that select the receiver are named."""
    pods = net.pods_at(packet.destination) if net.has_policies else ()
    unjudged = net.unjudged(pods[0], "Ingress") if pods else ()
    after = Packet(Place.POD, packet.node, packet.source, packet.source_port, packet.destination, packet.port,
                   packet.protocol, packet.flow, packet.claim, packet.target, False, packet.attempts)
    return Step(packet, after, because.Admitted(unjudged))
