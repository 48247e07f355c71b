"""Stage `cross`: the way over the underlay from the deciding node to the receiver's."""

from __future__ import annotations

from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.rules import Target
from simnet.dataplane.step import Step
from simnet.dataplane.underlay import OUTSIDE, Broken, Path, ends_of, straight_path
from simnet.dataplane.view import View
from simnet.objects.pod import Pod


def cross(net: View, packet: Packet) -> Step:
    """Carry the packet to the node where its destination lives, or name the missing link.

    Cost: O(1) while every link stands; a search of the links on the way once something is cut.
    """
    after = packet.at(Place.ENDPOINT)
    known: tuple[str, because.Crossed] | None = net.memo.crossings.get((packet.node, packet.destination))
    if known is not None:
        after.node, crossed = known
        return Step(packet, after, crossed)
    pods = net.pods_at(packet.destination)
    after.node = goal = (pods[0].node_name or packet.node) if pods else _goal(net, packet)
    if net.underlay.is_whole:
        crossed = because.Crossed(net.underlay.short(packet.node, goal))
        if pods:
            net.memo.crossings[(packet.node, packet.destination)] = goal, crossed
        return Step(packet, after, crossed)
    way = _searched(net, packet, goal, pods)
    if isinstance(way, Broken):
        end = f"node/{goal}" if goal else OUTSIDE
        return Step(packet, None, because.NoPath(f"node/{packet.node}", end, way.missing))
    return Step(packet, after, because.Crossed(way.vertices))


def _searched(net: View, packet: Packet, goal: str, pods: tuple[Pod, ...]) -> Path | Broken:
    """The way when some link is cut: from the sending pod, if the packet is still on its node, to the receiving one."""
    actor = packet.flow.actor
    sender = str(actor.pod.key) if actor.pod is not None and not actor.is_host and actor.node == packet.node else ""
    receiver = str(pods[0].key) if pods and not pods[0].spec.host_network else ""
    return net.underlay.path(straight_path(ends_of(packet.node, sender), ends_of(goal, receiver)))


def _goal(net: View, packet: Packet) -> str:
    """The node of a destination that is no pod's, '' outside."""
    node = net.node_at(packet.destination, packet.node)
    if node is not None:
        return node.name
    if isinstance(packet.target, Target):
        return packet.target.node_name or packet.node
    return "" if net.outside_at(packet.destination) is not None else packet.node
