"""Node addresses of pods: every node gets its block of each cluster CIDR, and gives it back when it goes.

Source: kubernetes/kubernetes pkg/controller/nodeipam/ipam/range_allocator.go; rules PI-1 to PI-6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

from simnet.control.ipam import PodRange
from simnet.control.world import World
from simnet.errors import PoolExhausted
from simnet.ip import IPNetwork
from simnet.objects.node import Node
from simnet.store.store import Change, Event


class NodeController:
    """Allocates node CIDRs and keeps the ledgers of pod addresses of each node."""

    kinds: tuple[str, ...] = ("Node",)

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        """A new node gets what it lacks; blocks given in its manifest are occupied; a deleted one releases its own."""
        if isinstance(event.old, Node) and event.new is None:
            _release(event.old, world)
        if isinstance(event.new, Node) and event.old is None:
            node = event.new
            if not node.pod_cidrs and world.node_cidrs:
                node = replace(node, pod_cidrs=_allocate(node, world))
            else:
                _occupy(node, world)
            _open_ranges(node, world)
            if node is not event.new:
                return [Change("Node", node.key, node)]
        return ()

    def flush(self, world: World) -> Iterable[Change]:
        return ()

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def fork(self) -> Self:
        return self


def _allocate(node: Node, world: World) -> tuple[IPNetwork, ...]:
    """One block of each cluster CIDR; a node that gets none stays without, and an event says so (rule PI-4)."""
    blocks: list[IPNetwork] = []
    for ledger in world.node_cidrs:
        try:
            blocks.append(ledger.allocate())
        except PoolExhausted as problem:
            world.record(node, "Normal", "CIDRNotAvailable", f"Node {node.name} status is now: CIDRNotAvailable: {problem}",
                         "cidrAllocator")
    return tuple(blocks)


def _occupy(node: Node, world: World) -> None:
    for block in node.pod_cidrs:
        for ledger, cidr in zip(world.node_cidrs, world.settings.pod_cidrs, strict=True):
            if cidr.overlaps(block):
                ledger.occupy(block)


def _release(node: Node, world: World) -> None:
    world.pod_ranges.pop(node.name, None)
    for block in node.pod_cidrs:
        for ledger, cidr in zip(world.node_cidrs, world.settings.pod_cidrs, strict=True):
            if cidr.overlaps(block):
                ledger.release(block)


def _open_ranges(node: Node, world: World) -> None:
    """A ledger for each block that is large enough to hold a pod (rule PI-7)."""
    world.pod_ranges[node.name] = [PodRange([block]) for block in node.pod_cidrs if block.size > 2]
