"""What a story says against what a command printed: patterns and captures."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.scenario.matching import match_line, match_lines, substituted, unknown_capture

LINES = [  # expected, actual, captures (None: does not match), the rule
    ("web   1/1", "web 1/1", {}, "runs of blanks compare equal"),
    ("web 1/1", "web 1/1   ", {}, "trailing blanks are ignored"),
    ("web 1/1", "   web 1/1", {}, "so are leading ones"),
    ("", "   ", {}, "a blank line is a blank line"),
    ("", "web", None, "and not another one"),
    ("web 1/1", "web1/1", None, "but a blank is not nothing"),
    ("web", "web 1/1", None, "every token counts"),
    ("web 1/1", "web", None, "missing ones too"),
    ("web {age}", "web 12s", {"age": "12s"}, "a name takes one token"),
    ("web {age}", "web", None, "not none"),
    ("web {age}", "web 1 s", None, "not two"),
    ("{ip}:80,{other}:80", "10.0.0.1:80,10.0.0.2:80", {"ip": "10.0.0.1", "other": "10.0.0.2"}, "inside a token"),
    ("{a} {a}", "x x", {"a": "x"}, "a later use must be equal"),
    ("{a} {a}", "x y", None, "and is not"),
    ("{a}-{a}", "x-y", None, "in one token as well"),
    ("{*} {*}", "x y", {}, "a star takes any token and keeps nothing"),
    ("web-{*}", "web-7d4b9-x2x8k", {}, "also as a part of one"),
    ("web ...", "web 1/1 Running", {}, "three dots at the end take the rest"),
    ("web ...", "web", {}, "which may be nothing"),
    ("web ...", "api 1/1", None, "but not what stands before them"),
    ('{"a": 1}', '{"a": 1}', {}, "braces around anything but a name are text"),
    ("{a.b}", "{a.b}", {}, "a path is no name"),
    ("%{http_code}", "%{http_code}", {}, "after a per cent sign braces are text"),
    ("${HOME}", "${HOME}", {}, "after a dollar sign too"),
    ("%{http_code}", "200", None, "and match nothing else"),
    ("a.c", "abc", None, "a dot is a dot"),
]


@pytest.mark.parametrize(("expected", "actual", "captures"),
                         [pytest.param(*row[:3], id=f"{row[3]}: {row[0]!r} and {row[1]!r}") for row in LINES])
def test_one_line(expected: str, actual: str, captures: dict[str, str] | None) -> None:
    assert match_line(expected, actual, {}) == captures


BLOCKS = [  # expected, actual, captures, the rule
    (["a", "b"], ["a", "b"], {}, "line by line"),
    (["a"], ["a", "b"], None, "nothing may be left over"),
    (["a", "b"], ["a"], None, "nothing may be missing"),
    ([], [], {}, "no output is no output"),
    ([], ["a"], None, "and some is not"),
    (["..."], [], {}, "a line of dots may stand for no line"),
    (["...", "c"], ["a", "b", "c"], {}, "or for several"),
    (["a", "...", "c", "..."], ["a", "c", "c", "d"], {}, "more than once"),
    (["a", "...", "c"], ["a", "b"], None, "but what follows must come"),
    (["...", "b"], ["a", "b", "b"], {}, "not at the first chance only"),
    (["{x}", "..."], ["a", "b"], {"x": "a"}, "captures are kept"),
    (["...", "{x}", "...", "end {x}"], ["a", "b", "end b"], {"x": "b"}, "another try may capture something else"),
]


@pytest.mark.parametrize(("expected", "actual", "captures"),
                         [pytest.param(*row[:3], id=f"{row[3]}: {row[0]} and {row[1]}") for row in BLOCKS])
def test_several_lines(expected: Sequence[str], actual: Sequence[str], captures: dict[str, str] | None) -> None:
    assert match_lines(expected, actual, {}) == captures


def test_what_was_captured_before_must_be_equal() -> None:
    assert match_lines(["{ip}"], ["10.0.0.1"], {"ip": "10.0.0.1"}) == {"ip": "10.0.0.1"}
    assert match_lines(["{ip}"], ["10.0.0.2"], {"ip": "10.0.0.1"}) is None


def test_a_failed_match_leaves_the_captures_alone() -> None:
    before = {"ip": "10.0.0.1"}
    assert match_lines(["{name}", "x"], ["web", "y"], before) is None
    assert before == {"ip": "10.0.0.1"}


def test_known_captures_are_put_in_and_unknown_ones_left() -> None:
    assert substituted("curl http://{ip}/{path} %{ip} ${ip}", {"ip": "10.0.0.1"}) == "curl http://10.0.0.1/{path} %{ip} ${ip}"


def test_the_first_unknown_capture_is_named() -> None:
    assert unknown_capture("GET http://{vip}/{x}", {"vip": "10.96.0.1"}) == "x"
    assert unknown_capture("{*} %{http_code} {vip}", {"vip": "10.96.0.1"}) == ""


def test_many_dots_do_not_take_long() -> None:
    """Each position is tried once for each line of dots; without that this would take 10^13 attempts."""
    assert match_lines(["...", "x"] * 12 + ["y"], ["x"] * 60, {}) is None


WORDS = st.lists(st.text(alphabet="abc.*+?[]()\\|^$", min_size=1, max_size=4).filter(lambda word: word != "..."), max_size=5)


@given(st.lists(WORDS.map(" ".join), max_size=6))
def test_an_output_without_patterns_matches_itself(lines: list[str]) -> None:
    assert match_lines(lines, lines, {}) == {}
    assert match_lines(["...", *lines], ["x", *lines], {}) == {}
    assert match_lines(lines, [*lines, "more"], {}) is None
