"""JSON manifests: one object, or a stream of them, read strictly and with the place of every key and item.

Source: encoding/json, as kubectl uses it before it tries YAML. Stricter in one point: a key may not be repeated.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Any

from simnet.errors import ManifestError
from simnet.manifests.tree import Document, Mapping, Sequence, Source
from simnet.manifests.yaml_errors import at, quote, refusal
from simnet.manifests.yaml_limits import DEFAULT, Limits, too_deep

_BLANKS = re.compile(r"[ \t\n\r]*+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?(?![\w.+-])")
_WORD = re.compile(r"[\w.+-]+|.", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERALS = {"true": True, "false": False, "null": None}


def read_all(text: str, file: str = "", *, limits: Limits = DEFAULT) -> list[Any]:
    """The values of a text of JSON values one after the other, without the nulls.

    Raises ManifestError at the first mistake, with its place. Cost: linear in the text.
    """
    reader, values, offset = _Reader(Source(text, file), limits), [], 0
    while (offset := reader.gap(offset)) < len(text):
        value, offset = reader.value(offset, 1)
        values += [value] if value is not None else []
    return values


def objects(text: str, file: str, limits: Limits) -> tuple[list[Document], int]:
    """The JSON objects at the start of a text, as far as it is JSON, and the offset after the last of them."""
    source = Source(text, file)
    reader, documents, end = _Reader(source, limits), list[Document](), 0
    while (start := reader.gap(end)) < len(text):
        try:
            value, end = reader.value(start, 1)
        except _NotJson:
            break
        if value is not None:
            documents.append(Document(value, file, source.row(start) + 1))
    return documents, end


class _NotJson(ManifestError):
    """The text is not JSON here, though it may be YAML."""


class _Reader:
    def __init__(self, source: Source, limits: Limits) -> None:
        self._source, self._text, self._limits = source, source.text, limits
        self._decode = JSONDecoder().raw_decode

    def gap(self, offset: int) -> int:
        """The offset after blanks and line ends."""
        found = _BLANKS.match(self._text, offset)
        return found.end() if found else offset

    def value(self, offset: int, depth: int) -> tuple[Any, int]:
        """The value that begins at `offset`, at nesting level `depth`, and the offset after it."""
        char = self._text[offset : offset + 1]
        if char == '"':
            return self._string(offset)
        if char == "{":
            return self._object(offset, depth)
        if char == "[":
            return self._array(offset, depth)
        number = _NUMBER.match(self._text, offset)
        if number:
            return self._number(number), number.end()
        word = _WORD.match(self._text, offset)
        if word and word[0] in _LITERALS:
            return _LITERALS[word[0]], word.end()
        raise self._unexpected(offset, "a value")

    def _number(self, found: re.Match[str]) -> int | float:
        digits = found[0]
        if not found[1] and not found[2] and len(digits) <= 20 and -(2**63) <= int(digits) < 2**64:
            return int(digits)
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise self._unexpected(found.start(), "a number that a 64-bit float can hold")
        return value

    def _string(self, offset: int) -> tuple[str, int]:
        text: str
        try:
            text, end = self._decode(self._text, offset)
        except JSONDecodeError as error:
            raise self._refused(error.pos, f"a text with a mistake ({error.msg})", "a JSON string") from None
        return (_SURROGATE.sub("\ufffd", text) if "\\u" in self._text[offset:end] else text), end

    def _object(self, offset: int, depth: int) -> tuple[Mapping, int]:
        made = Mapping()
        made.source, made.column, made.marks = self._source, -1, []
        self._check_depth(offset, depth)
        place = self.gap(offset + 1)
        if self._text[place : place + 1] == "}":
            return made, place + 1
        while True:
            if self._text[place : place + 1] != '"':
                raise self._unexpected(place, "a key in double quotes")
            name, end = self._string(place)
            if name in made:
                raise self._repeated(made, name, place)
            made.marks.append(place)
            colon = self.gap(end)
            if self._text[colon : colon + 1] != ":":
                raise self._unexpected(colon, "`:` after the key")
            made[name], end = self.value(self.gap(colon + 1), depth + 1)
            place = self.gap(end)
            if self._text[place : place + 1] == "}":
                made.marks = tuple(made.marks)
                return made, place + 1
            if self._text[place : place + 1] != ",":
                raise self._unexpected(place, "`,` or `}`")
            place = self.gap(place + 1)

    def _array(self, offset: int, depth: int) -> tuple[Sequence, int]:
        made = Sequence()
        made.source, made.column, made.marks = self._source, -1, []
        self._check_depth(offset, depth)
        place = self.gap(offset + 1)
        if self._text[place : place + 1] == "]":
            return made, place + 1
        while True:
            made.marks.append(place)
            value, end = self.value(place, depth + 1)
            made.append(value)
            place = self.gap(end)
            if self._text[place : place + 1] == "]":
                made.marks = tuple(made.marks)
                return made, place + 1
            if self._text[place : place + 1] != ",":
                raise self._unexpected(place, "`,` or `]`")
            place = self.gap(place + 1)

    # -- mistakes ---------------------------------------------------------------------------------------------------

    def _check_depth(self, offset: int, depth: int) -> None:
        if depth > self._limits.depth:
            raise too_deep(self._source, offset, self._limits)

    def _repeated(self, made: Mapping, name: str, place: int) -> Exception:
        first = made.marks[list(made).index(name)]
        found, expected = f"the key `{name}` again", f"it once (first at {at(self._source, first)})"
        return refusal(self._source, place, found, expected, f"remove one of the two `{name}`")

    def _unexpected(self, offset: int, expected: str) -> Exception:
        word = _WORD.match(self._text, offset)
        return self._refused(offset, quote(word[0]) if word else "the end of the text", expected)

    def _refused(self, offset: int, found: str, expected: str) -> Exception:
        return _NotJson(refusal(self._source, offset, found, expected).problems)
