"""Selectors: what matches, what absent and empty mean, the text of `kubectl -l`, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simnet.errors import UsageError
from simnet.labels import EVERYTHING, NOTHING, Requirement, Selector

SELECTOR = "kubernetes/apimachinery pkg/labels/selector_test.go TestSelectorMatches"
ABSENT = "kubernetes/apimachinery pkg/labels/selector.go Requirement.Matches (4): an absent label matches"

MATCHES = [  # selector, labels, matches, source
    ("", {"x": "y"}, True, SELECTOR),
    ("x=y", {"x": "y"}, True, SELECTOR),
    ("x=y,z=w", {"x": "y", "z": "w"}, True, SELECTOR),
    ("x!=y,z!=w", {"x": "z", "z": "a"}, True, SELECTOR),
    ("notin=in", {"notin": "in"}, True, SELECTOR),
    ("x", {"x": "z"}, True, SELECTOR),
    ("!x", {"y": "z"}, True, SELECTOR),
    ("x>1", {"x": "2"}, True, SELECTOR),
    ("x<1", {"x": "0"}, True, SELECTOR),
    ("x=z", {}, False, SELECTOR),
    ("x=y", {"x": "z"}, False, SELECTOR),
    ("x=y,z=w", {"x": "w", "z": "w"}, False, SELECTOR),
    ("x!=y,z!=w", {"x": "z", "z": "w"}, False, SELECTOR),
    ("x", {"y": "z"}, False, SELECTOR),
    ("!x", {"x": "z"}, False, SELECTOR),
    ("x>1", {"x": "0"}, False, SELECTOR),
    ("x<1", {"x": "2"}, False, SELECTOR),
    ("tier notin (web)", {}, True, ABSENT),
    ("tier notin (web)", {"tier": "db"}, True, SELECTOR),
    ("tier notin (web)", {"tier": "web"}, False, SELECTOR),
    ("tier!=web", {}, True, ABSENT),
    ("tier in (web)", {}, False, "selector.go Requirement.Matches (2): In needs the label"),
    ("tier in (web,db)", {"tier": "db"}, True, SELECTOR),
    ("tier in ()", {"tier": ""}, True, "selector.go parseValues: () holds the empty value"),
    ("tier=", {"tier": ""}, True, "selector.go parseExactValue: nothing after '=' is the empty value"),
    ("tier=", {}, False, "selector.go Requirement.Matches (2)"),
    ("x==y", {"x": "y"}, True, "selector.go: '==' means '='"),
    ("x=Y", {"x": "y"}, False, "label values are case-sensitive"),
    ("x>1", {}, False, "selector.go Requirement.Matches (5): an absent label does not compare"),
    ("x>1", {"x": "two"}, False, "selector.go Requirement.Matches: ParseInt fails"),
    ("x<1", {"x": "9223372036854775808"}, False, "selector.go Requirement.Matches: ParseInt is of 64 bits"),
    ("x=y,x=z", {"x": "y"}, False, "a selector is a conjunction"),
]


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [pytest.param(*row[:3], id=f"{row[0] or 'empty'} on {row[1]} is {row[2]}") for row in MATCHES],
)
def test_a_selector_matches_labels(selector: str, labels: Mapping[str, str], matches: bool) -> None:
    assert Selector.parse(selector).matches(labels) is matches


def test_nothing_matches_no_labels_and_everything_matches_all() -> None:
    for labels in ({}, {"app": "web"}):
        assert not NOTHING.matches(labels)
        assert EVERYTHING.matches(labels)
    assert NOTHING != EVERYTHING
    assert (NOTHING.pairs, EVERYTHING.pairs) == (None, ())


@pytest.mark.parametrize("given", [None, {}])
def test_an_absent_or_empty_core_selector_selects_nothing(given: Mapping[str, str] | None) -> None:
    # spec rule ES-1: kubernetes/endpointslice reconciler, only Services with a non-empty selector
    assert Selector.from_map(given) is NOTHING


def test_a_core_selector_is_its_pairs() -> None:
    selector = Selector.from_map({"tier": "front", "app": "web"})
    assert selector.pairs == (("app", "web"), ("tier", "front"))
    assert str(selector) == "app=web,tier=front"
    assert selector.matches({"app": "web", "tier": "front", "more": "yes"})
    assert not selector.matches({"app": "web"})


HELPERS = "kubernetes/apimachinery pkg/apis/meta/v1/helpers_test.go TestLabelSelectorAsSelector"
LABEL_SELECTORS = [
    (None, NOTHING, HELPERS),
    ({}, EVERYTHING, HELPERS),
    ({"matchLabels": {}}, EVERYTHING, HELPERS),
    ({"matchLabels": None, "matchExpressions": None}, EVERYTHING, "an absent list is an empty one"),
    ({"matchLabels": {"foo": "bar"}}, "foo=bar", HELPERS),
    ({"matchExpressions": [{"key": "baz", "operator": "In", "values": ["qux", "norf"]}]}, "baz in (norf,qux)", HELPERS),
    ({"matchExpressions": [{"key": "baz", "operator": "NotIn", "values": ["a"]}]}, "baz notin (a)", HELPERS),
    ({"matchExpressions": [{"key": "baz", "operator": "Exists"}]}, "baz", HELPERS),
    ({"matchExpressions": [{"key": "baz", "operator": "DoesNotExist", "values": []}]}, "!baz", HELPERS),
    (
        {
            "matchLabels": {"foo": "bar"},
            "matchExpressions": [{"key": "baz", "operator": "In", "values": ["qux", "norf"]}],
        },
        "baz in (norf,qux),foo=bar",
        HELPERS,
    ),
]


@pytest.mark.parametrize(("given", "selector"), [row[:2] for row in LABEL_SELECTORS])
def test_a_label_selector_object_is_read(given: Mapping[str, Any] | None, selector: Selector | str) -> None:
    found = Selector.from_label_selector(given)
    if isinstance(selector, str):
        assert str(found) == selector
    else:
        assert found is selector


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            {"key": "a", "operator": "in", "values": ["b"]},
            "'in' is not a label selector operator: In, NotIn, Exists, DoesNotExist; did you mean In?",
        ),
        (
            {"key": "a", "operator": "Gt", "values": ["1"]},
            "'Gt' is not a label selector operator: In, NotIn, Exists, DoesNotExist",
        ),
        ({"key": "a", "operator": "In"}, "values of 'a' must be specified when `operator` is 'In' or 'NotIn'"),
        (
            {"key": "a", "operator": "Exists", "values": ["b"]},
            "values of 'a' may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
    ],
)
def test_a_bad_expression_is_refused(expression: Mapping[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Selector.from_label_selector({"matchExpressions": [expression]})
    assert str(caught.value) == message


PRINTED = [  # text as typed, text as printed; selector_test.go TestSelectorParse, TestToString, TestSetSelectorParser
    ("", "<none>"),
    (" ", "<none>"),
    ("x=a,y=b,z=c", "x=a,y=b,z=c"),
    ("z=c , x = a", "x=a,z=c"),
    ("x==a", "x==a"),
    ("x= ", "x="),
    ("x=,z= ", "x=,z="),
    ("!x", "!x"),
    ("! x", "!x"),
    ("x>1,z<5", "x>1,z<5"),
    ("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()"),
    ("a in (b,\tc, b)", "a in (b,c)"),
    ("x in (,)", "x in ()"),
    ("in in (in,notin)", "in in (in,notin)"),
    ("app.kubernetes.io/name=web", "app.kubernetes.io/name=web"),
]


@pytest.mark.parametrize(("typed", "printed"), PRINTED)
def test_a_selector_text_is_read_and_printed_canonically(typed: str, printed: str) -> None:
    assert str(Selector.parse(typed)) == printed


def test_a_read_selector_shows_its_requirements() -> None:
    selector = Selector.parse("tier in (b,a),app=web")
    assert selector.requirements == (Requirement("app", "=", ("web",)), Requirement("tier", "in", ("a", "b")))
    assert selector.pairs is None
    assert Selector.parse("tier==front,app=web").pairs == (("app", "web"), ("tier", "front"))
    assert Selector.parse("") is EVERYTHING


REFUSED = [  # text, character, what is said there; the bad rows of selector_test.go and what people type
    ("x=a||y=b", 3, "'a||y' is not a label value: a valid label must be"),
    ("x==a==b", 5, "found '==', expected ',' or the end"),
    ("!x=a", 3, "found '=', expected ',' or the end"),
    ("x<a", 3, "'a' is not an integer, which '<' needs"),
    ("x>", 2, "'' is not an integer, which '>' needs"),
    ("x=a,", 5, "found the end, expected a label key after ','"),
    (",x=a", 1, "found ',', expected a label key or '!'"),
    ("x=a,,y=b", 5, "found ',', expected a label key or '!'"),
    ("x y", 3, "found 'y', expected one of =, ==, !=, in, notin, >, <"),
    ("x=a y=b", 5, "found 'y', expected ',' or the end"),
    ("!", 2, "found the end, expected a label key after '!'"),
    ("x in a", 6, "found 'a', expected '(' and a list of values"),
    ("x in (a", 8, "found the end, expected ',' or ')'"),
    ("x in (a b)", 9, "found 'b', expected ',' or ')'"),
    ("x in (a=b)", 8, "found '=', expected ',' or ')'"),
    ("x notin (!)", 10, "found '!', expected a label value"),
    ("x in (a),y)", 11, "found ')', expected one of =, ==, !=, in, notin, >, <"),
    ("\u201capp=web\u201d", 1, "'\u201capp' is not a label key: name part must consist of"),
    ("-x=a", 1, "'-x' is not a label key: name part must consist of"),
    ("x=>1", 3, "found '>', expected a label value"),
    ("x>-3", 3, "'-3' is not a label value: a valid label must be"),
]


@pytest.mark.parametrize(("typed", "character", "said"), REFUSED)
def test_a_bad_selector_text_is_refused_at_its_place(typed: str, character: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Selector.parse(typed)
    assert str(caught.value).startswith(f"label selector {typed!r}, character {character}: {said}")
