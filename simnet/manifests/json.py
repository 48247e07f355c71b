"""JSON manifests: one object, or a stream of them, read strictly and with the place of every key and item.

Source: encoding/json, as kubectl uses it before it tries YAML. Stricter in one point: a key may not be repeated.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Any

from simnet.errors import ManifestError
from simnet.manifests.tree import Document, Mapping, Sequence, Source, begun, is_open
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
        value, offset = reader.value(offset)
        values += [value] if value is not None else []
    return values


def objects(text: str, file: str, limits: Limits) -> tuple[list[Document], int]:
    """The JSON objects at the start of a text, as far as it is JSON, and the offset after the last of them."""
    source = Source(text, file)
    reader, documents, end = _Reader(source, limits), list[Document](), 0
    while (start := reader.gap(end)) < len(text):
        try:
            value, end = reader.value(start)
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

    def value(self, offset: int) -> tuple[Any, int]:
        """The value that begins at `offset`, and the offset after it. Does not recurse: the entries of the innermost
        open collection are read first."""
        value, end = self._node(offset)
        around = [value] if is_open(value) else []
        while around:
            if len(around) > self._limits.depth:
                raise too_deep(self._source, end - 1, self._limits)
            value, end = self._entries(around[-1], end)
            if is_open(value):
                around.append(value)
            else:
                value = around.pop()
        return value, end

    def _node(self, offset: int) -> tuple[Any, int]:
        """The scalar at `offset` and the offset after it, or a collection, still open, and that after its bracket."""
        char = self._text[offset : offset + 1]
        if char == '"':
            return self._string(offset)
        if char in ("{", "["):
            return begun(Mapping() if char == "{" else Sequence(), self._source), offset + 1
        number = _NUMBER.match(self._text, offset)
        if number:
            return self._number(number), number.end()
        word = _WORD.match(self._text, offset)
        if word and word[0] in _LITERALS:
            return _LITERALS[word[0]], word.end()
        raise self._unexpected(offset, "a value")

    def _entries(self, made: Any, offset: int) -> tuple[Any, int]:
        """Read into an open collection up to an entry that is an open collection itself, which is returned with the
        offset after its bracket, or up to its end: then it is complete, and returned with the offset after it."""
        closing = "}" if made.__class__ is Mapping else "]"
        place = self.gap(offset)
        while self._text[place : place + 1] != closing:
            if made.marks:
                if self._text[place : place + 1] != ",":
                    raise self._unexpected(place, f"`,` or `{closing}`")
                place = self.gap(place + 1)
            value, end = self._member(made, place) if closing == "}" else self._element(made, place)
            if is_open(value):
                return value, end
            place = self.gap(end)
        made.marks = tuple(made.marks)
        return made, place + 1

    def _member(self, made: Mapping, place: int) -> tuple[Any, int]:
        if self._text[place : place + 1] != '"':
            raise self._unexpected(place, "a key in double quotes")
        name, end = self._string(place)
        if name in made:
            raise self._repeated(made, name, place)
        made.marks.append(place)
        colon = self.gap(end)
        if self._text[colon : colon + 1] != ":":
            raise self._unexpected(colon, "`:` after the key")
        made[name], end = self._node(self.gap(colon + 1))
        return made[name], end

    def _element(self, made: Sequence, place: int) -> tuple[Any, int]:
        made.marks.append(place)
        value, end = self._node(place)
        made.append(value)
        return value, end

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

    # -- mistakes ---------------------------------------------------------------------------------------------------

    def _repeated(self, made: Mapping, name: str, place: int) -> Exception:
        first = made.marks[list(made).index(name)]
        found, expected = f"the key `{name}` again", f"it once (first at {at(self._source, first)})"
        return refusal(self._source, place, found, expected, advice=f"remove one of the two `{name}`")

    def _unexpected(self, offset: int, expected: str) -> Exception:
        word = _WORD.match(self._text, offset)
        return self._refused(offset, quote(word[0]) if word else "the end of the text", expected)

    def _refused(self, offset: int, found: str, expected: str) -> Exception:
        return _NotJson(refusal(self._source, offset, found, expected).problems)
