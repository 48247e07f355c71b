"""The network under the cluster: ways, cut links, partitions."""

from __future__ import annotations

import pytest

from simnet.dataplane.underlay import Broken, Path, Underlay, ends_of, graph_of, straight_path

WEB = ("pod/default/web", "bridge/a", "node/a")
# from, to, the way while everything stands
STRAIGHT = [
    (ends_of("a"), ends_of("a"), ("node/a",)),
    (ends_of("a"), ends_of("b"), ("node/a", "router", "node/b")),
    (ends_of(""), ends_of("a"), ("outside", "router", "node/a")),
    (ends_of("a", "default/web"), ends_of("a"), WEB),
    (ends_of("a", "default/web"), ends_of("a", "default/db"), ("pod/default/web", "bridge/a", "pod/default/db")),
    (ends_of("a", "default/web"), ends_of("b", "default/db"), (*WEB, "router", "node/b", "bridge/b", "pod/default/db")),
    (ends_of("a", "default/web"), ends_of(""), (*WEB, "router", "outside")),
]


@pytest.mark.parametrize(("origin", "goal", "way"), STRAIGHT)
def test_ways_meet_at_the_nearest_shared_vertex(origin: tuple[str, ...], goal: tuple[str, ...], way: tuple[str, ...]) -> None:
    assert straight_path(origin, goal) == way
    assert straight_path(goal, origin) == tuple(reversed(way))


def test_between_nodes_the_short_way_is_the_straight_one() -> None:
    underlay = Underlay()
    for origin in ("a", "b"):
        for goal in ("a", "b", ""):
            assert underlay.short(origin, goal) == straight_path(ends_of(origin), ends_of(goal))
            assert underlay.short(origin, goal) is underlay.short(origin, goal), "worked out once"


A_TO_B = straight_path(ends_of("a"), ends_of("b"))


@pytest.mark.parametrize(("one", "other"), [("node/b", "router"), ("router", "node/b")])
def test_a_cut_link_is_named_in_the_direction_of_the_packet(one: str, other: str) -> None:
    underlay = Underlay()
    underlay.cut_link(one, other)
    assert not underlay.is_whole
    assert underlay.path(A_TO_B) == Broken(("router", "node/b"))
    assert underlay.path(tuple(reversed(A_TO_B))) == Broken(("node/b", "router"))
    underlay.mend_link(other, one)
    assert underlay.is_whole and underlay.path(A_TO_B) == Path(A_TO_B)


def test_of_two_cut_links_the_one_nearest_to_the_sender_is_named() -> None:
    underlay = Underlay()
    underlay.cut_link("node/a", "router")
    underlay.cut_link("node/b", "router")
    assert underlay.path(A_TO_B) == Broken(("node/a", "router"))


def test_a_link_elsewhere_does_not_matter() -> None:
    underlay = Underlay()
    underlay.cut_link("node/c", "router")
    assert underlay.path(A_TO_B) == Path(A_TO_B)


def test_a_partition_stops_everything_between_its_sets_whatever_the_links() -> None:
    underlay = Underlay()
    underlay.part(["node/a"], ["node/b", "outside"])
    assert underlay.path(A_TO_B) == Broken(("node/a", "node/b"))
    assert underlay.path(straight_path(ends_of(""), ends_of("a"))) == Broken(("outside", "node/a"))
    assert underlay.path(straight_path(ends_of("a"), ends_of("c"))) == Path(("node/a", "router", "node/c"))
    underlay.rejoin()
    assert underlay.path(A_TO_B) == Path(A_TO_B)


def test_a_fork_has_cuts_of_its_own() -> None:
    underlay = Underlay()
    underlay.cut_link("node/a", "router")
    twin = underlay.fork()
    twin.mend_link("node/a", "router")
    underlay.part(["node/a"], ["node/b"])
    assert twin.is_whole and twin.path(A_TO_B) == Path(A_TO_B)
    assert isinstance(underlay.path(A_TO_B), Broken)


def test_the_graph_keeps_every_vertex_and_leaves_cut_links_out() -> None:
    graph = graph_of([("node/a", "router"), ("router", "node/b")], [frozenset(("router", "node/b"))])
    assert sorted(graph.nodes) == ["node/a", "node/b", "router"]
    assert list(graph.edges) == [("node/a", "router")]
