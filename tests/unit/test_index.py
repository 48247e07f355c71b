"""Indexes follow (old, new) and never scan."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from simnet.labels import EVERYTHING, NOTHING, Selector
from simnet.names import ObjectKey
from simnet.store.index import Index, ScarceIndex, SelectorIndex
from simnet.store.work import Work


@dataclass(frozen=True)
class Thing:
    name: str
    values: tuple[str, ...]

    @property
    def key(self) -> ObjectKey:
        return ObjectKey("default", self.name)


A, A2, B = Thing("a", ("x", "y")), Thing("a", ("y", "z")), Thing("b", ("y",))
TWICE = Thing("t", ("x", "x"))


def of(thing: Thing) -> tuple[str, ...]:
    return thing.values


def update(index: Index[Thing] | ScarceIndex[Thing], old: Thing | None, new: Thing | None) -> None:
    index.update((old or new).key, old, new)


def found(index: Index[Thing] | ScarceIndex[Thing], value: str) -> list[str]:
    got = index.get(value)
    return [each.name for each in (got if isinstance(got, tuple) else got.values())]


KINDS = [Index, ScarceIndex]


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_found_under_each_of_its_values(kind: type[Index[Thing]]) -> None:
    index = kind(of)
    update(index, None, A)
    update(index, None, B)
    assert [found(index, value) for value in "xyz"] == [["a"], ["a", "b"], []]
    update(index, A, A2)
    assert [found(index, value) for value in "xz"] == [[], ["a"]] and sorted(found(index, "y")) == ["a", "b"]
    update(index, A2, None)
    update(index, B, None)
    assert [found(index, value) for value in "xyz"] == [[], [], []]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_listed_twice_goes_with_its_object(kind: type[Index[Thing]]) -> None:
    index = kind(of)
    update(index, None, TWICE)
    update(index, TWICE, None)
    assert found(index, "x") == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_fork_is_independent(kind: type[Index[Thing]]) -> None:
    index = kind(of)
    update(index, None, A)
    twin = index.fork()
    update(index, A, None)
    update(twin, None, B)
    assert (found(index, "y"), found(twin, "y")) == ([], ["a", "b"])


def test_objects_added_in_bulk_are_found_like_any_other() -> None:
    many = {each.key: each for each in (Thing(f"n{number}", ("x",)) for number in range(3))}
    shared: Index[Thing] = Index(of)
    update(shared, None, A)
    shared.add_together("x", many)
    each: Index[Thing] = Index(of)
    each.add_each(["x", "y", "x"], many)
    scarce: ScarceIndex[Thing] = ScarceIndex(of)
    scarce.add_each([("x",), ("x", "y"), ()], many.values())
    assert found(shared, "x") == ["a", "n0", "n1", "n2"]
    assert (found(each, "x"), found(each, "y")) == (["n0", "n2"], ["n1"])
    assert (found(scarce, "x"), found(scarce, "y")) == (["n0", "n1"], ["n1"])


def test_what_a_fork_writes_is_not_seen_behind_it() -> None:
    """Groups are shared until one side writes; then that side has its own."""
    index: Index[Thing] = Index(of)
    update(index, None, A)
    twin, third = index.fork(), index.fork()
    twin.add_together("x", {B.key: B})
    update(index, A, A2)
    assert (found(index, "x"), found(twin, "x"), found(third, "x")) == ([], ["a", "b"], ["a"])
    assert (found(index, "z"), found(third, "z")) == (["a"], [])


# selectors --------------------------------------------------------------------------------------------------------

def key(name: str, namespace: str = "default") -> ObjectKey:
    return ObjectKey(namespace, name)


def names(index: SelectorIndex, labels: dict[str, str], namespace: str = "default") -> list[str]:
    return sorted(each.name for each in index.matching(namespace, labels))


# selector, labels, matches
MATCHES = [
    ("app=web", {"app": "web", "tier": "x"}, True), ("app=web", {"app": "Web"}, False), ("app=web", {}, False),
    ("app=web,tier=front", {"app": "web", "tier": "front"}, True), ("app=web,tier=front", {"app": "web"}, False),
    ("app in (web, api)", {"app": "api"}, True), ("app notin (web)", {}, True), ("!app", {}, True),
]


@pytest.mark.parametrize(("selector", "labels", "matches"), MATCHES)
def test_selectors_match_labels(selector: str, labels: dict[str, str], matches: bool) -> None:
    index = SelectorIndex(Work())
    index.put(key("s"), Selector.parse(selector))
    assert names(index, labels) == (["s"] if matches else [])
    assert names(index, labels, "other") == []


def test_everything_matches_and_nothing_does_not() -> None:
    index = SelectorIndex(Work())
    index.put(key("all"), EVERYTHING)
    index.put(key("none"), NOTHING)
    assert names(index, {}) == ["all"] == names(index, {"app": "web"})


def test_a_selector_filed_anew_replaces_the_old_one() -> None:
    index = SelectorIndex(Work())
    for selector in ("app=web", "!app", "app=api"):
        index.put(key("s"), Selector.parse(selector))
    assert (names(index, {"app": "web"}), names(index, {}), names(index, {"app": "api"})) == ([], [], ["s"])
    index.remove(key("s"))
    index.remove(key("s"))
    assert names(index, {"app": "api"}) == []


def test_only_selectors_that_share_a_pair_are_examined() -> None:
    work = Work()
    index = SelectorIndex(work)
    for number in range(1000):
        index.put(key(f"s{number}"), Selector.parse(f"app=a{number},tier=web"))
    assert names(index, {"app": "a7", "tier": "web"}) == ["s7"]
    assert work.selectors_examined == 1, "each is filed under its rarest pair"


def test_a_fork_of_selectors_is_independent_and_counts_for_itself() -> None:
    work = Work()
    index = SelectorIndex(Work())
    index.put(key("s"), Selector.parse("app=web"))
    twin = index.fork(work)
    index.remove(key("s"))
    twin.put(key("t"), Selector.parse("!x"))
    assert (names(index, {"app": "web"}), names(twin, {"app": "web"})) == ([], ["s", "t"])
    assert work.selectors_examined == 2
