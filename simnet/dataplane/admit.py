"""Stage `admit`: ingress policy where the packet arrives, on the source as it arrives."""

from __future__ import annotations

from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.step import Step
from simnet.dataplane.view import View

LET_IN = because.Admitted()  # one object for all that no policy concerns


def admit(net: View, packet: Packet) -> Step:
    """Let the packet in. Policies are not judged yet: those that select the receiver are named."""
    after = packet.at(Place.POD)
    if not net.has_policies:
        return Step(packet, after, LET_IN)
    pods = net.pods_at(packet.destination)
    return Step(packet, after, because.Admitted(net.unjudged(pods[0], "Ingress") if pods else ()))
