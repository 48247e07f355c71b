"""Did you mean: distances, how two names differ, and which is nearest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.diagnosis.near import difference, distance, is_near, nearest_first

PAIRS = [  # one, other, distance, how they differ; distances of optimal string alignment (Damerau 1964)
    ("wbe", "web", 1, "two letters swapped"), ("wb", "web", 1, "one letter missing"),
    ("webb", "web", 1, "one letter too many"), ("wep", "web", 1, "one letter different"),
    ("Web", "web", 1, "upper and lower case differ"), ("api", "web", 3, "3 letters different"),
    ("frontend", "fronteda", 2, "2 letters different"), ("", "ab", 2, "2 letters different"),
    ("ca", "abc", 3, "3 letters different"), ("80", "8080", 2, "2 letters different"),
]


@pytest.mark.parametrize(("one", "other", "edits", "how"), PAIRS, ids=[f"{one} and {other}" for one, other, _, _ in PAIRS])
def test_two_names(one: str, other: str, edits: int, how: str) -> None:
    assert (distance(one, other), difference(one, other)) == (edits, how)


NEAR = [  # one, other, whether it can be a slip
    ("wbe", "web", True), ("web", "api", False), ("a", "b", True), ("shop-tls", "shop-tsl", True),
    ("WEB", "web", True), ("client", "web", False), ("frontend", "backend", False), ("nginx", "ngnix", True),
    ("shop.example.test", "blog.example.test", False), ("shop.example.test", "shop.example.tset", True),
]


@pytest.mark.parametrize(("one", "other", "near"), NEAR, ids=[f"{one} and {other}" for one, other, _ in NEAR])
def test_a_slip_is_told_from_another_name(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is is_near(other, one) is near


def test_the_nearest_comes_first_and_strangers_not_at_all() -> None:
    assert nearest_first("web", ["wob", "wbe", "weeb", "api", "web", "web"]) == ["web", "wbe", "weeb", "wob"]


WORDS = st.text("abc", max_size=6)


@given(WORDS, WORDS, st.data())
def test_a_distance_counts_edits(one: str, other: str, data: st.DataObject) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) is (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))
    place = data.draw(st.integers(0, len(one)))
    assert distance(one, one[:place] + "x" + one[place:]) == 1, "one letter more is one edit"
    if len(one) > 1 and one[0] != one[1]:
        assert distance(one, one[1] + one[0] + one[2:]) == 1, "neighbours swapped are one edit"
