"""A line cut into words: what is one word, and where errors point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simnet.errors import ManifestError, Place
from simnet.expect.words import Words, unquoted

# line, its words
CUTS: list[tuple[str, list[str]]] = [
    ("GET http://web/ is 200", ["GET", "http://web/", "is", "200"]),
    ("  a   b  ", ["a", "b"]),
    ("a, b,c ,d", ["a", ",", "b", ",", "c", ",", "d"]),
    ('body "a b" by x', ["body", '"a b"', "by", "x"]),
    (r'body "a \"b\" c"', ["body", r'"a \"b\" c"']),
    ("a # the rest", ["a"]),
    ("http://web/#top # the rest", ["http://web/#top"]),
    ('"# no comment"', ['"# no comment"']),
    ('say "never closed', ["say", '"', "never", "closed"]),
    ("a=b<=c", ["a=b<=c"]),
    ("", []), ("#", []),
]


@pytest.mark.parametrize(("line", "words"), CUTS)
def test_words(line: str, words: list[str]) -> None:
    taken, left = [], Words(line)
    while left.peek():
        taken.append(left.take())
    assert taken == words


@pytest.mark.parametrize(("word", "text"), [
    ('"a b"', "a b"), (r'"a\"b"', 'a"b'), (r'"a\\b"', "a\\b"), (r'"a\nb"', "a\nb"), ("plain", "plain"), ('""', ""), ('"', '"')])
def test_quotes_are_taken_off(word: str, text: str) -> None:
    assert unquoted(word) == text


def test_peeking_takes_nothing() -> None:
    words = Words("a b c")
    assert [words.peek(ahead) for ahead in range(4)] == ["a", "b", "c", ""]
    assert words.take() == "a" and words.position == 1


# line, what is done with it, message, column of the caret
ERRORS: list[tuple[str, Callable[[Words], Any], str, int]] = [
    ("a", lambda words: (words.take(), words.take("a name")), "the line ends; expected a name", 2),
    ("  a  ", lambda words: (words.take(), words.take("a name")), "the line ends; expected a name", 4),
    ("a b", lambda words: words.expect("from"), "found 'a'; expected 'from'", 1),
    ("form b", lambda words: words.expect("from"), "found 'form'; expected 'from'; did you mean from?", 1),
    ("", lambda words: words.expect("from"), "the line ends; expected 'from'", 1),
    ("a b", lambda words: (words.take(), words.one_of("a color", ("red", "blue"))), "found 'b'; expected a color: red, blue", 3),
    ("bleu", lambda words: words.one_of("a color", ("red", "blue")), "found 'bleu'; expected a color: red, blue; did you mean "
     "blue?", 1),
    ("", lambda words: words.one_of("a color", ("red", "blue")), "the line ends; expected a color: red, blue", 1),
    ("x y", lambda words: (words.take(), words.quoted("a body")), "found 'y'; expected a body in double quotes: \"y\"", 3),
    ('x "y', lambda words: (words.take(), words.quoted("a body")), "the closing quote is missing", 3),
    ("x y z", lambda words: (words.take(), words.end()), "'y' is one word too many", 3),
    ("a, b,", lambda words: words.list_of(lambda: words.take("a letter")), "the line ends; expected a letter", 6),
]


@pytest.mark.parametrize(("line", "act", "message", "column"), ERRORS)
def test_errors_point_at_the_word(line: str, act: Callable[[Words], Any], message: str, column: int) -> None:
    with pytest.raises(ManifestError) as caught:
        act(Words(line))
    assert str(caught.value).splitlines() == [f"expectation:1:{column}: {message}", line, " " * (column - 1) + "^"]


def test_errors_name_the_place_in_the_file() -> None:
    words = Words("a b", Place("x.story.md", 12, 5))
    words.take()
    assert str(words.error("no")).splitlines()[0] == "x.story.md:12:7: no"
    assert str(words.error("no", at=0)).splitlines()[0] == "x.story.md:12:5: no"
