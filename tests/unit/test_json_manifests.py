"""JSON as kubectl reads it before it tries YAML. Source of values: encoding/json."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError, Place
from simnet.manifests import json

VALUES = [  # sentence, text, values
    ("nothing", " \n", []),
    ("a stream", '{"a": 1} {"b": 2}\n[3]', [{"a": 1}, {"b": 2}, [3]]),
    ("nulls in a stream are dropped", '{"a": null} null', [{"a": None}]),
    ("numbers", "[0, -1, 1.5, 1e3, 12345678901234567890, 123456789012345678901]",
     [[0, -1, 1.5, 1000.0, 12345678901234567890, 1.2345678901234568e20]]),
    ("escapes", '"\\u0041\\n\\/\\ud83d\\ude00"', ["A\n/\U0001f600"]),
    ("half a surrogate pair", '"\\ud83d"', ["\ufffd"]),
    ("blanks of every kind", '\t{\r\n"a"\t:\n1 }', [{"a": 1}]),
    ("separators of lines inside texts", '"a\u2028b"', ["a\u2028b"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_values(text: str, values: list[object]) -> None:
    assert json.read_all(text) == values


MISTAKES = [  # sentence, text, place, words
    ("a missing comma", '{"a": 1\n "b": 2}', (2, 2), "found `\"`; expected `,` or `}`"),
    ("a trailing comma", '{"a": 1,}', (1, 9), "expected a key in double quotes"),
    ("a bare word", '{"a": yes}', (1, 7), "found `yes`; expected a value"),
    ("a bare key", "{a: 1}", (1, 2), "found `a`; expected a key in double quotes"),
    ("single quotes", "{'a': 1}", (1, 2), "expected a key in double quotes"),
    ("a missing colon", '{"a" 1}', (1, 6), "expected `:` after the key"),
    ("a comment", '{"a": 1 // b\n}', (1, 9), "expected `,` or `}`"),
    ("no closing bracket", "[1, 2", (1, 6), "found the end of the text; expected `,` or `]`"),
    ("a leading zero", "[007]", (1, 2), "expected a value"),
    ("infinity", "[Infinity]", (1, 2), "expected a value"),
    ("a number too large", "[1e999]", (1, 2), "a number that a 64-bit float can hold"),
    ("a text on two lines", '["a\nb"]', (1, 4), "expected a JSON string"),
    ("a text that is not closed", '["a', (1, 2), "expected a JSON string"),
    ("a key given twice", '{"a": 1,\n "a": 2}', (2, 2), "found the key `a` again; expected it once (first at 1:2)"),
    ("too many levels", "[" * 101, (1, 101), "more than 100 collections inside each other"),
]


@pytest.mark.parametrize(("text", "place", "words"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_mistakes(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        json.read_all(text, "x.json")
    (problem,) = caught.value.problems
    assert problem.place == Place("x.json", *place) and words in problem.detail and problem.excerpt
