"""The network under the cluster: pods on node bridges, nodes on one router, the outside behind it.

Vertices are `pod/default/web-1`, `bridge/node-1`, `node/node-1`, `router` and `outside`. While every link stands a
path needs no search and networkx is never loaded; once a link is cut the graph of the links in question is built and
searched, once per pair and topology version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

ROUTER = "router"
OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Path:
    """Vertices from one end to the other."""

    vertices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """No way through; `missing` is the link (or parted pair) nearest to the sender."""

    missing: tuple[str, str]


class Underlay:
    """The links that are cut and the sets that are parted. Everything else hangs together as the module says."""

    def __init__(self) -> None:
        self.is_whole = True  # nothing cut, nothing parted: asked on every packet
        self.cut: set[frozenset[str]] = set()
        self.parted: set[frozenset[str]] = set()
        self._paths: dict[tuple[str, ...], Path | Broken] = {}
        self._short: dict[tuple[str, str], tuple[str, ...]] = {}

    def cut_link(self, one: str, other: str) -> None:
        """Take a link out; the order of its two vertices does not matter."""
        self.cut.add(frozenset((one, other)))
        self._changed()

    def mend_link(self, one: str, other: str) -> None:
        self.cut.discard(frozenset((one, other)))
        self._changed()

    def part(self, ones: Iterable[str], others: Iterable[str]) -> None:
        """Let nothing pass between two sets of vertices, whatever the links (a partition)."""
        right = list(others)
        self.parted.update(frozenset((one, other)) for one in ones for other in right)
        self._changed()

    def rejoin(self) -> None:
        """Undo every partition."""
        self.parted.clear()
        self._changed()

    def path(self, straight: tuple[str, ...]) -> Path | Broken:
        """The way from the first to the last vertex of `straight`, the path over links that all stand.

        O(1) for a path asked for before; a breadth-first search when something is cut.
        """
        found = self._paths.get(straight)
        if found is None:
            found = self._paths[straight] = self._find(straight)
        return found

    def short(self, origin: str, goal: str) -> tuple[str, ...]:
        """The way between two nodes ('' is the outside) while every link stands. O(1)."""
        found = self._short.get((origin, goal))
        if found is None:
            found = self._short[(origin, goal)] = (
                (f"node/{origin}",) if origin == goal else (f"node/{origin}", ROUTER, f"node/{goal}" if goal else OUTSIDE))
        return found

    def _changed(self) -> None:
        self.is_whole = not self.cut and not self.parted
        self._paths.clear()

    def fork(self) -> Underlay:
        twin = Underlay()
        twin.cut, twin.parted, twin.is_whole = self.cut.copy(), self.parted.copy(), self.is_whole
        return twin

    def _find(self, straight: tuple[str, ...]) -> Path | Broken:
        for one in straight:
            for other in straight:
                if one < other and frozenset((one, other)) in self.parted:
                    return Broken((one, other) if straight.index(one) < straight.index(other) else (other, one))
        if not self.cut or len(straight) == 1:
            return Path(straight)
        import networkx as nx  # a quarter of a second, needed only once a link is cut

        try:
            return Path(tuple(nx.shortest_path(graph_of(pairwise(straight), self.cut), straight[0], straight[-1])))
        except nx.NetworkXNoPath:
            return Broken(next(pair for pair in pairwise(straight) if frozenset(pair) in self.cut))


def graph_of(links: Iterable[tuple[str, str]], cut: Iterable[frozenset[str]] = ()) -> Any:
    """A networkx Graph of those links that are not cut; every vertex stays."""
    import networkx as nx

    graph = nx.Graph()
    missing = set(cut)
    for one, other in links:
        graph.add_nodes_from((one, other))
        if frozenset((one, other)) not in missing:
            graph.add_edge(one, other)
    return graph


def straight_path(origin: tuple[str, ...], goal: tuple[str, ...]) -> tuple[str, ...]:
    """Join two ends, each given outward (`("pod/ns/a", "bridge/n", "node/n")`), where they meet: at a shared bridge,
    a shared node, or the router."""
    for index, vertex in enumerate(origin):
        if vertex in goal:
            return (*origin[:index + 1], *reversed(goal[:goal.index(vertex)]))
    return (*origin, ROUTER, *reversed(goal))


def ends_of(node: str, pod: str = "") -> tuple[str, ...]:
    """The vertices from a pod or a node process outward; `node` '' is the outside."""
    if not node:
        return (OUTSIDE,)
    return (f"pod/{pod}", f"bridge/{node}", f"node/{node}") if pod else (f"node/{node}",)
