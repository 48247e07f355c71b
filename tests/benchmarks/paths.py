"""G1: the way between two nodes, against a search in networkx for each packet."""

from __future__ import annotations

import random
from collections.abc import Callable

import networkx as nx

from simnet.dataplane.underlay import ROUTER, Underlay, ends_of, graph_of, straight_path
from tests.benchmarks.bench import Row, interleaved, micro


def rows(smoke: bool) -> list[Row]:
    """Our topology has one router: every node a leaf of it. Once with every link in place, once with a link cut."""
    nodes, count = (500, 500) if smoke else (5_000, 5_000)
    rng = random.Random(1)
    names = [f"n{index}" for index in range(nodes)]
    pairs = [(rng.choice(names[1:]), rng.choice(names[1:])) for _ in range(count)]
    graph = graph_of((f"node/{name}", ROUTER) for name in names)

    def searched() -> None:
        for one, other in pairs:
            nx.shortest_path(graph, f"node/{one}", f"node/{other}")

    found = []
    for what, act in (("every link in place", _whole(pairs)), ("a link is cut", _cut(pairs))):
        mine, theirs = interleaved(act, searched, 3 if smoke else 5)
        found.append(Row("G1", f"path for one packet, {nodes:,} nodes on a router, {what}", "networkx.shortest_path",
                         micro(mine / count), micro(theirs / count), theirs / mine, 4))
    return found


def _whole(pairs: list[tuple[str, str]]) -> Callable[[], None]:
    underlay = Underlay()

    def run() -> None:
        for one, other in pairs:
            underlay.short(one, other)
    return run


def _cut(pairs: list[tuple[str, str]]) -> Callable[[], None]:
    underlay = Underlay()
    underlay.cut_link("node/n0", ROUTER)

    def run() -> None:
        for one, other in pairs:
            underlay.path(straight_path(ends_of(one), ends_of(other)))
    return run
