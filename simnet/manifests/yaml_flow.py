"""Flow style: `[a, b]` and `{a: 1}`, on one line or many, nested, with comments and trailing commas.

Works on offsets in the document's text, since line ends mean little between brackets. Source of the rules:
go.yaml.in/yaml/v2 scannerc.go and parserc.go (flow context), where a `?` or `:` between brackets is always an indicator
unless it stands inside a word.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from simnet.manifests.tree import Mapping, Sequence, begun, is_open
from simnet.manifests.yaml_lines import OPEN, Names, Scalars
from simnet.manifests.yaml_mistakes import PLAIN, bad_word, forgotten_or_unexpected, template
from simnet.manifests.yaml_quotes import quoted
from simnet.manifests.yaml_reading import Reading
from simnet.manifests.yaml_scalars import as_json, resolve
from simnet.manifests.yaml_text import refuse_tab

Entry = tuple[int, Any]
"""Where an entry ends, and None; or where the bracket of its value stands, and that value, which is open."""

_GAP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*+")
_BLANK_LINES = re.compile(r"[ \t\n]*")
_GAP_START = frozenset(" \t\n#")
_FOLD = re.compile(r"[ \t]*\n[ \t]*((?:\n[ \t]*)*)")
_SIMPLE = r"""(?:"[^"\\\n]*+"|[A-Za-z0-9_/.](?:[\w./-]|:(?=[\w/]))*+)(?=[ ]*[,\]}])"""
_SIMPLE_ITEM = re.compile(_SIMPLE)
_SIMPLE_ENTRY = re.compile(rf"([A-Za-z0-9_/.][\w./-]*+):[ ]+(?:({_SIMPLE})|(?=[\[{{]))")


class FlowReader:
    """Reads the flow collections of one document; like the reader of block style, without recursion."""

    def __init__(self, reading: Reading, scalars: Scalars, names: Names) -> None:
        self._reading, self._source, self._text = reading, reading.source, reading.source.text
        self._scalars, self._names = scalars, names
        self._has_tabs = "\t" in self._text
        self._depth, self._indent, self._opening = 0, -1, 0

    def collection(self, offset: int, depth: int, indent: int = -1) -> tuple[Mapping | Sequence, int]:
        """The collection whose bracket stands at `offset`, as level `depth` of nesting, and the offset after it.

        `indent` is the column of the block collection around it, which tells a forgotten bracket from a long list.
        """
        self._depth, self._indent = depth, indent
        self._reading.check_depth(depth, offset)
        text, made = self._text, self._begun(offset)
        around = [(made, offset, depth)]
        place = self._gap(offset + 1)
        while True:
            closing = "}" if made.__class__ is Mapping else "]"
            if text[place : place + 1] != closing:
                found = self._simple_entry(made, place) if closing == "}" else self._simple_item(made, place)
                end, child = found or self._unusual(made, offset, place, closing)
                if child is not None:
                    self._depth += 1 if closing == "}" or made[-1] is child else 2  # a pair in a list is a level too
                    made, offset = child, end
                    self._reading.check_depth(self._depth, offset)
                    around.append((made, offset, self._depth))
                    place = self._gap(offset + 1)
                    continue
            else:
                self._reading.close(made)
                child, start, _ = around.pop()
                if not around:
                    return child, place + 1
                end, (made, offset, self._depth) = place + 1, around[-1]
                closing = "}" if made.__class__ is Mapping else "]"
                if closing == "]" and made[-1] is child and self._colon(start, end) >= 0:
                    self._reading.key(child, start)  # refuses it
            place = self._gap(end)
            delimiter = text[place : place + 1]
            if delimiter == ",":
                place = self._gap(place + 1)
            elif delimiter != closing:
                raise forgotten_or_unexpected(self._source, offset, place, indent, f"`,` or `{closing}`")

    def _begun(self, offset: int) -> Any:
        """The open collection whose bracket stands at `offset`."""
        return begun(Mapping() if self._text[offset] == "{" else Sequence(), self._source)

    def _unusual(self, made: Any, opening: int, place: int, closing: str) -> Entry:
        """Read the entry at `place`, that is of no simple kind, into the open collection."""
        self._opening = opening
        if self._text[place : place + 1] in ("", ",", "]", "}"):
            raise forgotten_or_unexpected(self._source, opening, place, self._indent, "a value")
        return self._entry(made, place) if closing == "}" else self._item(made, place)

    def _simple_item(self, made: Any, offset: int) -> Entry | None:
        """Read an item that is one word or quoted on its line; None if it is not of that kind."""
        found = _SIMPLE_ITEM.match(self._text, offset)
        value = self._scalars[found[0]] if found else OPEN
        if found is None or value is OPEN:
            return None
        made.marks.append(offset)
        made.append(value)
        return found.end(), None

    def _simple_entry(self, made: Any, offset: int) -> Entry | None:
        """Read a `key: value` of two such words, or of a word and a collection; None if it is not of that kind."""
        found = _SIMPLE_ENTRY.match(self._text, offset)
        if found is None:
            return None
        end, (key, word) = found.end(), found.groups()
        value = self._scalars[word] if word else self._begun(end)
        if value is OPEN:
            return None
        try:
            name = self._names[key]
        except KeyError:
            return None
        if name in made:
            self._reading.repeated(made, name, offset)
        made.marks.append(offset)
        made[name] = value
        return end, None if word else value

    def _gap(self, offset: int) -> int:
        """The offset after blanks, line ends and comments."""
        text = self._text
        if text[offset : offset + 1] == " ":
            offset += 1
        if text[offset : offset + 1] not in _GAP_START:
            return offset
        found = _GAP.match(text, offset)
        return found.end() if found else offset

    def _item(self, made: Any, offset: int) -> Entry:
        """Read one item of `[ ]`, which may be a single `key: value` pair."""
        made.marks.append(offset)
        start, value, end = self._key(offset)
        is_explicit = start != offset
        if is_open(value) and not is_explicit:
            made.append(value)
            return end, value
        child = None
        if is_explicit or self._colon(start, end) >= 0:
            pair = begun(Mapping(), self._source)
            end, child = self._pair(pair, start, value, end, is_explicit=is_explicit)
            self._reading.once_read(child, partial(self._reading.close, pair))
            value = pair
        self._reading.check_finite(value, self._text[start:end], start)
        made.append(as_json(value))
        return end, child

    def _entry(self, made: Mapping, offset: int) -> Entry:
        """Read one entry of `{ }`: `key: value`, or a key alone."""
        if self._text[offset - 1 : offset + 1] == "{{":
            raise template(self._source, offset - 1)
        start, key, end = self._key(offset)
        return self._pair(made, start, key, end, is_explicit=start != offset)

    def _key(self, offset: int) -> tuple[int, Any, int]:
        """Where the key (or lone value) at `offset` begins, after its `?` if it has one; what it is; where it ends."""
        if self._text[offset] != "?":
            return offset, *self._node(offset, is_key=True)
        start = self._gap(offset + 1)
        if self._text[start : start + 1] in (":", ",", "]", "}"):
            return start, None, start
        return start, *self._node(start, is_key=True)

    def _pair(self, made: Mapping, start: int, key: Any, end: int, *, is_explicit: bool) -> Entry:
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
                value, end = self._node(end)
        if is_word and raw == "<<":
            self._reading.once_read(value, partial(self._reading.merge, made, value, start))
        else:
            self._reading.store(made, name, value, start)
        return end, value if is_open(value) else None

    def _colon(self, start: int, end: int) -> int:
        """Where the colon after a key stands, -1 if there is none; an unexplained key must stand on its line."""
        place = self._gap(end)
        if self._text[place : place + 1] != ":" or "\n" in self._text[start:place]:
            return -1
        return place

    def _node(self, offset: int, *, is_key: bool = False) -> tuple[Any, int]:
        """The value (or with `is_key` the key) that begins at `offset`, and the offset after it; of a collection, which
        is open, the offset of its bracket."""
        match self._text[offset : offset + 1]:
            case "[" | "{":
                return self._begun(offset), offset
            case '"' | "'":
                return quoted(self._source, offset)
            case "*":
                name = self._reading.anchors.name_at(offset)
                return self._reading.anchors.value(name, offset, self._depth + 1), offset + 1 + len(name)
            case "&" | "!":
                return self._with_properties(offset)
            case _:
                return self._plain(offset, is_key=is_key)

    def _with_properties(self, offset: int) -> tuple[Any, int]:
        anchor, tag, end = self._reading.properties(offset)
        cell = self._reading.anchors.begin(anchor) if anchor else [None]
        start = self._gap(end)
        value: Any
        match self._text[start : start + 1]:
            case "," | "]" | "}" | ":" | "":
                value = self._reading.scalar("", offset, tag)
            case "[" | "{":
                value, end = self._begun(start), start
            case '"' | "'":
                text, end = quoted(self._source, start)
                value = self._reading.scalar(text, start, tag, quoted=True)
            case _:
                value, end = self._plain(start, tag)
        self._reading.once_read(value, partial(cell.__setitem__, 0, value))
        return value, end

    def _plain(self, offset: int, tag: str = "", *, is_key: bool = False) -> tuple[Any, int]:
        if self._text[offset : offset + 1] in ("", "?", ":"):
            raise bad_word(self._source, offset)
        if self._text.startswith("- ", offset):
            raise forgotten_or_unexpected(self._source, self._opening, offset, self._indent, "a value")
        self._reading.check_plain_start(offset)
        found = PLAIN.match(self._text, offset)
        text, end = (found[0], found.end()) if found else ("", offset)
        if self._has_tabs:
            self._refuse_tab(offset, end)
        if "\n" in text:
            text = _FOLD.sub(lambda gap: "\n" * gap[1].count("\n") or " ", text)
        return self._reading.scalar(text, offset, tag, is_key=is_key), end

    def _refuse_tab(self, offset: int, end: int) -> None:
        """No line in an unquoted text or right after it may have a tab where the block around it indents."""
        found = _BLANK_LINES.match(self._text, end)
        stop, row = found.end() if found else end, self._source.row(offset) + 1
        while row < len(self._source.lines) and self._source.starts[row] < stop:
            refuse_tab(self._source, row, self._indent)
            row += 1
