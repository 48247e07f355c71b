"""Flow style: `[a, b]` and `{a: 1}`, on one line or many, nested, with comments and trailing commas.

Works on offsets in the document's text, since line ends mean little between brackets. Recursive, with the nesting
counted against the limit. Source of the rules: go.yaml.in/yaml/v2 scannerc.go and parserc.go (flow context), where a
`?` or `:` between brackets is always an indicator unless it stands inside a word.
"""

from __future__ import annotations

import re
from typing import Any

from simnet.manifests.tree import Mapping, Sequence
from simnet.manifests.yaml_limits import too_deep
from simnet.manifests.yaml_lines import OPEN, Names, Scalars
from simnet.manifests.yaml_mistakes import PLAIN, bad_word, forgotten_or_unexpected, template
from simnet.manifests.yaml_quotes import quoted
from simnet.manifests.yaml_reading import Reading
from simnet.manifests.yaml_scalars import resolve

_GAP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*+")
_GAP_START = frozenset(" \t\n#")
_FOLD = re.compile(r"[ \t]*\n[ \t]*((?:\n[ \t]*)*)")
_SIMPLE = r"""(?:"[^"\\\n]*+"|[A-Za-z0-9_/.](?:[\w./-]|:(?=[\w/]))*+)(?=[ ]*[,\]}])"""
_SIMPLE_ITEM = re.compile(_SIMPLE)
_SIMPLE_ENTRY = re.compile(rf"((?![nN](?:ull|ULL):)[A-Za-z0-9_/.][\w./-]*+):[ ]+(?:({_SIMPLE})|(?=[\[{{]))")


class FlowReader:
    """Reads the flow collections of one document."""

    def __init__(self, reading: Reading, scalars: Scalars, names: Names) -> None:
        self._reading, self._source, self._text = reading, reading.source, reading.source.text
        self._scalars, self._names = scalars, names

    def collection(self, offset: int, depth: int, indent: int = -1) -> tuple[Mapping | Sequence, int]:
        """The collection whose bracket stands at `offset`, as level `depth` of nesting, and the offset after it.

        `indent` is the column of the block collection around it, which tells a forgotten bracket from a long list.
        """
        if depth > self._reading.limits.depth:
            raise too_deep(self._source, offset, self._reading.limits)
        made: Mapping | Sequence
        text = self._text
        made, closing = (Mapping(), "}") if text[offset] == "{" else (Sequence(), "]")
        made.source, made.column, made.marks = self._source, -1, []
        place = self._gap(offset + 1)
        while text[place : place + 1] != closing:
            end = self._simple_entry(made, place, depth, indent) if closing == "}" else self._simple_item(made, place)
            if not end:
                if text[place : place + 1] in ("", ",", "]", "}"):
                    raise forgotten_or_unexpected(self._source, offset, place, indent, "a value")
                end = (self._entry if closing == "}" else self._item)(made, place, depth, indent)
            place = self._gap(end)
            delimiter = text[place : place + 1]
            if delimiter == ",":
                place = self._gap(place + 1)
            elif delimiter != closing:
                raise forgotten_or_unexpected(self._source, offset, place, indent, f"`,` or `{closing}`")
        made.marks = tuple(made.marks)
        return made, place + 1

    def _simple_item(self, made: Any, offset: int) -> int:
        """Read an item that is one word or quoted on its line; the offset after it, or 0 if it is not of that kind."""
        found = _SIMPLE_ITEM.match(self._text, offset)
        value = self._scalars[found[0]] if found else OPEN
        if found is None or value is OPEN:
            return 0
        made.marks.append(offset)
        made.append(value)
        return found.end()

    def _simple_entry(self, made: Any, offset: int, depth: int, indent: int) -> int:
        """Read a `key: value` of two such words, or of a word and a collection; the offset after it, or 0."""
        found = _SIMPLE_ENTRY.match(self._text, offset)
        if found is None:
            return 0
        name, word = self._names[found[1]], found[2]
        if word:
            value, end = self._scalars[word], found.end()
        else:
            value, end = self.collection(found.end(), depth + 1, indent)
        if value is OPEN:
            return 0
        self._reading.store(made, name, value, offset)
        return end

    def _gap(self, offset: int) -> int:
        """The offset after blanks, line ends and comments."""
        text = self._text
        if text[offset : offset + 1] == " ":
            offset += 1
        if text[offset : offset + 1] not in _GAP_START:
            return offset
        found = _GAP.match(text, offset)
        return found.end() if found else offset

    def _item(self, sequence: Any, offset: int, depth: int, indent: int) -> int:
        """Read one item of `[ ]`, which may be a single `key: value` pair."""
        sequence.marks.append(offset)
        start, value, end = self._key(offset, depth, indent)
        if start != offset or self._colon(start, end) >= 0:
            pair = Mapping()
            pair.source, pair.column, pair.marks = self._source, -1, []
            end = self._pair(pair, start, value, end, depth + 1, indent, is_explicit=start != offset)
            pair.marks = tuple(pair.marks)
            value = pair
        self._reading.check_finite(value, self._text[start:end], start)
        sequence.append(value)
        return end

    def _entry(self, mapping: Any, offset: int, depth: int, indent: int) -> int:
        """Read one entry of `{ }`: `key: value`, or a key alone."""
        if self._text[offset - 1 : offset + 1] == "{{":
            raise template(self._source, offset - 1)
        start, key, end = self._key(offset, depth, indent)
        return self._pair(mapping, start, key, end, depth, indent, is_explicit=start != offset)

    def _key(self, offset: int, depth: int, indent: int) -> tuple[int, Any, int]:
        """Where the key (or lone value) at `offset` begins, after its `?` if it has one; what it is; where it ends."""
        if self._text[offset] != "?":
            return offset, *self._node(offset, depth + 1, indent, is_key=True)
        start = self._gap(offset + 1)
        if self._text[start : start + 1] in (":", ",", "]", "}"):
            return start, None, start
        return start, *self._node(start, depth + 1, indent, is_key=True)

    def _pair(self, mapping: Mapping, start: int, key: Any, end: int, depth: int, indent: int, *, is_explicit: bool) -> int:
        """Finish the entry whose key was read from `start` to `end`: its name, its value if a colon follows."""
        raw = self._text[start:end]
        is_word = raw[:1] not in ("", '"', "'", "&", "*", "!", "[", "{") and "\n" not in raw
        name = self._reading.key(resolve(raw) if is_word else key, start)
        colon = self._gap(end) if is_explicit else self._colon(start, end)
        value = None
        if colon >= 0 and self._text[colon : colon + 1] == ":":
            self._reading.check_key_length(start, colon)
            end = self._gap(colon + 1)
            if self._text[end : end + 1] not in (",", "]", "}"):
                value, end = self._node(end, depth + 1, indent)
        if is_word and raw == "<<":
            self._reading.merge(mapping, value, start)
        else:
            self._reading.store(mapping, name, value, start)
        return end

    def _colon(self, start: int, end: int) -> int:
        """Where the colon after a key stands, -1 if there is none; an unexplained key must stand on its line."""
        place = self._gap(end)
        if self._text[place : place + 1] != ":" or "\n" in self._text[start:place]:
            return -1
        return place

    def _node(self, offset: int, depth: int, indent: int, *, is_key: bool = False) -> tuple[Any, int]:
        """The value (or with `is_key` the key) that begins at `offset`, and the offset after it."""
        match self._text[offset : offset + 1]:
            case "[" | "{":
                return self.collection(offset, depth, indent)
            case '"' | "'":
                return quoted(self._source, offset)
            case "*":
                name = self._reading.anchors.name_at(offset)
                return self._reading.anchors.value(name, offset, depth), offset + 1 + len(name)
            case "&" | "!":
                return self._with_properties(offset, depth, indent)
            case _:
                return self._plain(offset, is_key=is_key)

    def _with_properties(self, offset: int, depth: int, indent: int) -> tuple[Any, int]:
        anchor, tag, end = self._reading.properties(offset)
        cell = self._reading.anchors.begin(anchor) if anchor else [None]
        start = self._gap(end)
        value: Any
        match self._text[start : start + 1]:
            case "," | "]" | "}" | ":" | "":
                value = self._reading.scalar("", offset, tag)
            case "[" | "{":
                value, end = self.collection(start, depth, indent)
            case '"' | "'":
                text, end = quoted(self._source, start)
                value = self._reading.scalar(text, start, tag, quoted=True)
            case _:
                value, end = self._plain(start, tag)
        cell[0] = value
        return value, end

    def _plain(self, offset: int, tag: str = "", *, is_key: bool = False) -> tuple[Any, int]:
        if self._text[offset : offset + 1] in ("", "?", ":"):
            raise bad_word(self._source, offset)
        self._reading.check_plain_start(offset)
        found = PLAIN.match(self._text, offset)
        text, end = (found[0], found.end()) if found else ("", offset)
        if "\n" in text:
            text = _FOLD.sub(lambda gap: "\n" * gap[1].count("\n") or " ", text)
        return self._reading.scalar(text, offset, tag, is_key=is_key), end
