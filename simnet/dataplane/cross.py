"""Stage `cross`: the way over the underlay from the deciding node to the receiver's."""

from __future__ import annotations

from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.rules import Target
from simnet.dataplane.step import Step
from simnet.dataplane.underlay import OUTSIDE, Broken, ends_of, straight_path
from simnet.dataplane.view import View


def cross(net: View, packet: Packet) -> Step:
    """Carry the packet to the node where its destination lives, or name the missing link.

    Cost: O(1) while every link stands; a search of the links on the way once something is cut.
    """
    pods = net.pods_at(packet.destination)
    goal, pod = (pods[0].node_name or packet.node, pods[0]) if pods else (_goal(net, packet), None)
    if net.underlay.is_whole:
        return _arrived(packet, goal, net.underlay.short(packet.node, goal))
    actor = packet.flow.actor
    sender = str(actor.pod.key) if actor.pod is not None and not actor.is_host and actor.node == packet.node else ""
    receiver = str(pod.key) if pod is not None and not pod.spec.host_network else ""
    way = net.underlay.path(straight_path(ends_of(packet.node, sender), ends_of(goal, receiver)))
    if isinstance(way, Broken):
        return Step(packet, None, because.NoPath(f"node/{packet.node}", f"node/{goal}" if goal else OUTSIDE, way.missing))
    return _arrived(packet, goal, way.vertices)


def _goal(net: View, packet: Packet) -> str:
    """The node of a destination that is no pod's, '' outside."""
    node = net.node_at(packet.destination)
    if node is not None:
        return node.name
    if isinstance(packet.target, Target):
        return packet.target.node_name or packet.node
    return "" if net.outside_at(packet.destination) is not None else packet.node


def _arrived(packet: Packet, goal: str, path: tuple[str, ...]) -> Step:
    after = Packet(Place.ENDPOINT, goal, packet.source, packet.source_port, packet.destination, packet.port,
                   packet.protocol, packet.flow, packet.claim, packet.target, False, packet.attempts)
    return Step(packet, after, because.Crossed(path))
