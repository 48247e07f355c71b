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
from simnet.names import ObjectKey
from simnet.objects.node import Node
from simnet.store.store import Change, Event


class NodeController:
    """Allocates node CIDRs and keeps the ledgers of pod addresses of each node; nodes that got none wait for a block
    that another gives back."""

    kinds: tuple[str, ...] = ("Node",)

    def __init__(self) -> None:
        self._waiting: dict[ObjectKey, None] = {}

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        """A new node gets what it lacks; blocks given in its manifest are occupied; a deleted one releases its own."""
        if isinstance(event.new, Node):
            return self._served(event.new, world) if event.old is None else ()
        self._waiting.pop(event.key, None)
        if not isinstance(event.old, Node):
            return ()
        _release(event.old, world)
        waiting = [world.store.get("Node", key) for key in self._waiting]
        return [change for node in waiting if isinstance(node, Node) for change in self._served(node, world)]

    def flush(self, world: World) -> Iterable[Change]:
        return ()

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def fork(self) -> Self:
        twin = type(self)()
        twin._waiting = self._waiting.copy()
        return twin

    def _served(self, node: Node, world: World) -> list[Change]:
        """Occupy the blocks a node has, or give it one of each cluster CIDR."""
        if node.pod_cidrs or not world.node_cidrs:
            _occupy(node, world)
            _open_ranges(node, world)
            return []
        blocks = _allocate(node, world, is_news=node.key not in self._waiting)
        if not blocks:
            self._waiting[node.key] = None
            return []
        self._waiting.pop(node.key, None)
        node = replace(node, pod_cidrs=blocks)
        _open_ranges(node, world)
        return [Change("Node", node.key, node)]


def _allocate(node: Node, world: World, is_news: bool) -> tuple[IPNetwork, ...]:
    """One block of each cluster CIDR, or none at all: then the node stays without, and an event says so (rule PI-4)."""
    blocks: list[IPNetwork] = []
    try:
        for ledger in world.node_cidrs:
            blocks.append(ledger.allocate())
    except PoolExhausted as problem:
        for ledger, block in zip(world.node_cidrs, blocks, strict=False):
            ledger.release(block)
        if is_news:
            world.record(node, "Normal", "CIDRNotAvailable", f"Node {node.name} status is now: CIDRNotAvailable: {problem}",
                         "cidrAllocator")
        return ()
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
