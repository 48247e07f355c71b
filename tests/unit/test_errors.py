"""What errors say and how an API server would answer. Sources: kubernetes/apimachinery pkg/api/errors (codes, reasons),
pkg/util/validation/field/errors.go (the words of each field error)."""

from __future__ import annotations

from typing import Any

import pytest

from simnet import errors
from simnet.errors import DidNotSettle, InvalidField, ManifestError, NotFound, Place, Problem, SimnetError, nearest, shown


@pytest.mark.parametrize(("place", "text"), [
    (Place("web.yaml", 3, 7), "web.yaml:3:7"), (Place("web.yaml", 3), "web.yaml:3"), (Place("web.yaml"), "web.yaml"),
    (Place("web.yaml", 0, 7), "web.yaml"), (Place(), "<input>"), (Place("", 3, 7), "<input>:3:7")])
def test_places(place: Place, text: str) -> None:
    assert str(place) == text


# type, value, detail, what is said
STATEMENTS: list[tuple[str, Any, str, str]] = [
    ("Invalid", 70000, "must be a port", "Invalid value: 70000: must be a port"),
    ("Invalid", "x", "no", 'Invalid value: "x": no'),
    ("TypeInvalid", ["a"], "must be an integer", 'Invalid value: ["a"]: must be an integer'),
    ("Required", None, "", "Required value"),
    ("Required", None, "say more", "Required value: say more"),
    ("Forbidden", None, "not here", "Forbidden: not here"),
    ("Duplicate", 80, "", "Duplicate value: 80"),
    ("Duplicate", 80, "in ports", "Duplicate value: 80: in ports"),
    ("NotSupported", "Nodeport", 'supported values: "NodePort"', 'Unsupported value: "Nodeport": supported values: "NodePort"'),
    ("NotFound", "web", "", 'Not found: "web"'),
    ("TooMany", [1, 2, 3], "must have at most 2 items", "Too many: 3: must have at most 2 items"),
    ("TooMany", 3, "must have at most 2 items", "Too many: 3: must have at most 2 items"),
    ("TooLong", "xxx", "may not be more than 2 bytes", "Too long: may not be more than 2 bytes"),
    ("InternalError", None, "range is full", "Internal error occurred: range is full"),
    ("Unknown", None, "", "unknown field"),
    ("Unknown", None, "wrong place", "wrong place"),
    ("Syntax", None, "a quote is missing", "a quote is missing"),
]


@pytest.mark.parametrize(("type_", "value", "detail", "text"), STATEMENTS)
def test_every_kind_of_mistake_has_the_api_servers_words(type_: str, value: Any, detail: str, text: str) -> None:
    assert str(Problem(detail, type_, value=value)) == text


def test_a_problem_names_place_object_field_and_the_nearest_name() -> None:
    problem = Problem("unknown field", "Unknown", Place("web.yaml", 5, 3), "service/default/web", "spec.prots", None, "ports",
                      ("  prots: []", "  ^"))
    assert str(problem) == ("web.yaml:5:3: service/default/web: spec.prots: unknown field; did you mean ports?\n"
                            "  prots: []\n  ^")


@pytest.mark.parametrize(("value", "text"), [
    ("é", '"é"'), (None, "null"), (True, "true"), ([1, "a"], '[1,"a"]'), ({"a": 1}, '{"a":1}'), ({1}, "{1}")])
def test_values_are_shown_as_json(value: Any, text: str) -> None:
    assert shown(value) == text


# class, code, reason
ANSWERS = [
    ("ManifestError", 400, "BadRequest"), ("UsageError", 400, "BadRequest"), ("InvalidField", 422, "Invalid"),
    ("NotFound", 404, "NotFound"), ("AlreadyExists", 409, "AlreadyExists"), ("Conflict", 409, "Conflict"),
    ("PoolExhausted", 500, "InternalError"), ("Gone", 410, "Expired"), ("DidNotSettle", 504, "Timeout"),
    ("Forbidden", 403, "Forbidden"), ("ScenarioFailed", 422, "Invalid"), ("SimnetError", 500, "InternalError"),
]


def test_every_error_knows_its_answer_and_is_listed_here() -> None:
    found = {(name, each.code, each.reason) for name, each in vars(errors).items()
             if isinstance(each, type) and issubclass(each, SimnetError)}
    assert found == set(ANSWERS)


def test_one_except_clause_catches_them_all_and_usage_errors_are_value_errors() -> None:
    assert issubclass(errors.UsageError, ValueError) and issubclass(InvalidField, ManifestError)


def test_a_manifest_error_holds_every_problem_in_order() -> None:
    one, two = Problem("first", "Syntax"), Problem("second", "Syntax")
    assert ManifestError(one).problems == (one,)
    assert ManifestError(iter([one, two])).problems == (one, two)
    assert str(ManifestError([one, two])) == "first\nsecond"
    assert ManifestError("just text").problems == (Problem("just text", "Syntax"),)


def test_not_found_says_where_it_looked_and_what_is_near() -> None:
    missing = NotFound("pod", "wep", "shop", ["web", "db"], "web")
    assert str(missing) == "pod 'wep' not found in namespace shop; did you mean web?"
    assert (missing.kind, missing.name, missing.namespace, missing.known, missing.suggestion) == (
        "pod", "wep", "shop", ("web", "db"), "web")
    assert str(NotFound("node", "a")) == "node 'a' not found"


def test_what_did_not_settle_is_listed() -> None:
    late = DidNotSettle("still busy", ["a at +1 s", "b at +2 s"])
    assert (str(late), late.pending) == ("still busy\n  pending: a at +1 s\n  pending: b at +2 s", ("a at +1 s", "b at +2 s"))


@pytest.mark.parametrize(("word", "known", "found"), [
    ("prots", ["ports", "selector"], "ports"), ("clusterip", ["clusterIP"], "clusterIP"), ("zzz", ["ports"], ""),
    ("ports", [], ""), ("", ["ports"], "")])
def test_the_nearest_word_is_one_that_exists_or_none(word: str, known: list[str], found: str) -> None:
    assert nearest(word, known) == found
