"""A line cut into words, each with its column; quoted text is one word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from simnet.errors import ManifestError, Place, Problem, nearest

_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|"|\#.*|,|(?:[^\s,"]|"(?:[^"\\]|\\.)*")+)')


def is_quoted(word: str) -> bool:
    """Whether a word stands in double quotes."""
    return len(word) >= 2 and word.startswith('"') and word.endswith('"')


def unquoted(word: str) -> str:
    """The text of a quoted word; another word as it is."""
    if not is_quoted(word):
        return word
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], word[1:-1])


class Words:
    """The words of one line, taken from left to right."""

    def __init__(self, text: str, place: Place | None = None) -> None:
        self.text, self.place = text, place or Place("expectation", 1)
        self._words: list[tuple[str, int]] = []
        for match in _WORD.finditer(text):
            if match[1].startswith("#"):
                break
            self._words.append((match[1], match.start(1) + 1))
        self._next = 0

    def peek(self, ahead: int = 0) -> str:
        """The word after the next `ahead` ones, '' at the end."""
        index = self._next + ahead
        return self._words[index][0] if index < len(self._words) else ""

    @property
    def position(self) -> int:
        """Which word is next, for an `error` about it later on."""
        return self._next

    def take(self, wanted: str = "") -> str:
        """The next word. Raises if the line ends where `wanted` should stand."""
        if self._next >= len(self._words):
            raise self.error(f"the line ends; expected {wanted}")
        self._next += 1
        return self._words[self._next - 1][0]

    def expect(self, word: str) -> None:
        """Take exactly this word."""
        if self.peek() != word:
            raise self.error(f"found {self.peek()!r}; expected {word!r}" if self.peek() else
                             f"the line ends; expected {word!r}", known=(word,))
        self._next += 1

    def one_of(self, wanted: str, allowed: Sequence[str]) -> str:
        """Take one of the allowed words."""
        found = self.peek()
        if found not in allowed:
            listed = ", ".join(allowed)
            raise self.error(f"found {found!r}; expected {wanted}: {listed}" if found else
                             f"the line ends; expected {wanted}: {listed}", known=allowed)
        self._next += 1
        return found

    def quoted(self, wanted: str) -> str:
        """Take a word in double quotes; backslash escapes a quote, a backslash, and n is a newline."""
        found = self.take(wanted)
        if found == '"':
            raise self.error("the closing quote is missing", back=True)
        if not is_quoted(found):
            raise self.error(f'found {found!r}; expected {wanted} in double quotes: "{found}"', back=True)
        return unquoted(found)

    def list_of(self, one: Callable[[], str]) -> list[str]:
        """One or more of what `one` takes, separated by commas."""
        found = [one()]
        while self.peek() == ",":
            self.take()
            found.append(one())
        return found

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise self.error(f"{self.peek()!r} is one word too many")

    def error(self, message: str, *, back: bool = False, at: int | None = None, known: Iterable[str] = ()) -> ManifestError:
        """An error at the next word (or, with `back`, at the one just taken; or at the word of an earlier `position`)."""
        index = at if at is not None else self._next - (1 if back else 0)
        column = self._words[index][1] if index < len(self._words) else len(self.text.rstrip()) + 1
        word = self._words[index][0] if index < len(self._words) else ""
        place = replace(self.place, column=(self.place.column or 1) + column - 1)
        near = nearest(word, known) if word else ""
        return ManifestError(Problem(message, "Syntax", place, suggestion=near,
                                     excerpt=(self.text, " " * (column - 1) + "^")))
