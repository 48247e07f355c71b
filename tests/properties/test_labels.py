"""Selectors against the rules of apimachinery written out once more, and the reader against its own printing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import UsageError
from simnet.labels import NOTHING, Requirement, Selector

keys = st.sampled_from(["app", "tier", "example.com/zone", "in"])
values = st.sampled_from(["", "web", "db", "notin", "1", "7"])
labels = st.dictionaries(keys, values)
numbers = st.integers(-9, 9).map(lambda number: (str(abs(number)),))
several = st.sets(values, min_size=1).map(lambda found: tuple(sorted(found)))
requirements = st.one_of(
    st.builds(Requirement, keys, st.sampled_from(["=", "==", "!="]), values.map(lambda value: (value,))),
    st.builds(Requirement, keys, st.sampled_from(["in", "notin"]), several),
    st.builds(Requirement, keys, st.sampled_from(["exists", "!"])),
    st.builds(Requirement, keys, st.sampled_from([">", "<"]), numbers),
)


def meets(found: dict[str, str], requirement: Requirement) -> bool:
    """The table of selector.go Requirement.Matches, as sets of (operator, is the label there, does the value fit)."""
    there = requirement.key in found
    value = found.get(requirement.key, "")
    match requirement.operator:
        case "=" | "==" | "in":
            return there and value in requirement.values
        case "!=" | "notin":
            return not (there and value in requirement.values)
        case "exists" | "!":
            return there == (requirement.operator == "exists")
        case operator:
            difference = int(value) - int(requirement.values[0]) if value.isdecimal() else 0
            return difference > 0 if operator == ">" else difference < 0


@given(st.lists(requirements, min_size=1), labels)
def test_a_selector_matches_when_every_requirement_does(wanted: list[Requirement], found: dict[str, str]) -> None:
    selector = Selector(tuple(wanted))
    assert selector.matches(found) == all(meets(found, requirement) for requirement in wanted)


@given(st.lists(requirements, min_size=1))
def test_a_selector_is_read_back_from_its_text(wanted: list[Requirement]) -> None:
    selector = Selector(tuple(sorted(wanted, key=lambda requirement: requirement.key)))
    assert Selector.parse(str(selector)) == selector


@given(labels, labels)
def test_a_map_selects_exactly_the_labels_that_include_it(wanted: dict[str, str], found: dict[str, str]) -> None:
    selector = Selector.from_map(wanted)
    assert selector.matches(found) == (bool(wanted) and wanted.items() <= found.items())
    assert (selector is NOTHING) == (not wanted)


@given(labels, labels)
def test_match_labels_select_the_same_except_when_empty(wanted: dict[str, str], found: dict[str, str]) -> None:
    selector = Selector.from_label_selector({"matchLabels": wanted})
    assert selector.matches(found) == (wanted.items() <= found.items())


@given(st.text(alphabet="ab=!<>(), in\tot/-1", max_size=20))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    try:
        selector = Selector.parse(text)
    except UsageError as problem:
        place = int(str(problem).removeprefix(f"label selector {text!r}, character ").partition(":")[0])
        assert 1 <= place <= len(text) + 1
    else:
        assert selector.matches({}) in (True, False)
