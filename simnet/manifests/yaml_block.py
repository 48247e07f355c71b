"""Block style: the collections that indentation makes. This is the reader's main loop.

Why it is fast: one pattern cuts a whole document into rows (indent, dashes, key, rest) in a single call; mappings and
sequences walk those rows by index; what the rest means comes from a dictionary of values already resolved. There are
no tokens and no events. A `- key:` row is handled by taking its dash away and reading a mapping at the deeper column.
Only rows of another shape (quoted keys, block scalars, brackets, anchors, tags, text over several lines) take the
slow path, which works on the lines themselves.

Indentation follows go.yaml.in/yaml/v2 scannerc.go: `indent` there is the column of the innermost collection.
"""

from __future__ import annotations

import re
from typing import Any, Final

from simnet.manifests.tree import Mapping, Sequence
from simnet.manifests.yaml_errors import is_invisible, quote
from simnet.manifests.yaml_flow import FlowReader
from simnet.manifests.yaml_limits import too_deep
from simnet.manifests.yaml_lines import NESTED, OPEN, STARTS_NO_PLAIN, Names, Scalars
from simnet.manifests.yaml_mistakes import (
    after_value,
    colon_in_plain,
    deeper_than_value,
    left_over,
    not_a_key,
    not_an_item,
    template,
    wrong_level,
)  # fmt: skip
from simnet.manifests.yaml_quotes import quoted
from simnet.manifests.yaml_reading import Properties, Reading
from simnet.manifests.yaml_scalars import resolve
from simnet.manifests.yaml_text import block_text, plain_text

Row = tuple[str, str, str, str]

_ROW = re.compile(
    r"( *)"
    r"((?:- +|-(?=\n))*)"
    r"(?:((?![nN](?:ull|ULL):)[\w./$][\w./$()+@=~^-]{0,1000}):(?: +|(?=\n)))?"
    r"(.*)\n"
)
_END: Final[Row] = ("", "", "", "---")
_KEY_WORD = re.compile(r"(?:[^ \t\n:#]|:(?=[^ \t\n])|(?<=[^ \t\n])#|[ \t]+(?=[^ \t\n#]))*+")
_COLON = re.compile(r"[ \t]*:(?=[ \t\n]|$)")
_REST = re.compile(r"[ \t]*(?:#.*)?$")
_NONE: Final = Properties("", "", 0)
_NO_KEY_START: Final = STARTS_NO_PLAIN - {'"', "'", "*"}


class BlockReader:
    """Reads one document. `scalars` and `names` may be shared by the documents of one text."""

    def __init__(self, reading: Reading, scalars: Scalars, names: Names) -> None:
        self._reading, self._source, self._scalars, self._names = reading, reading.source, scalars, names
        self._rows: list[Row] = _ROW.findall(reading.source.text)
        self._end = len(self._rows)
        self._rows.append(_END)
        self._flow = FlowReader(reading, scalars, names)
        self._deepest = reading.limits.depth
        self._block_text_end = -1  # the row after the last `|` or `>` text, if that text was empty
        self._block_text_row = -1

    def document(self) -> tuple[Any, int]:
        """The document's value and the row it begins on. Raises ManifestError at the first mistake that stops it."""
        first = self._content(0)
        value, row = self._below(0, -1, 1)
        row = self._content(row)
        if row < self._end:
            raise self._left_over(row, value)
        return self._reading.anchors.unshared(value), first

    def _content(self, row: int) -> int:
        """The next row that is neither blank nor a comment."""
        rows = self._rows
        while True:
            _, dash, key, text = rows[row]
            if key or dash or (text and text[0] != "#"):
                return row
            row += 1

    # -- collections ------------------------------------------------------------------------------------------------

    def _below(
        self, row: int, column: int, depth: int, *, in_mapping: bool = False, given: Properties = _NONE
    ) -> tuple[Any, int]:
        """The node on the rows from `row` on that belongs to an entry at `column`: what is indented further, or in a
        mapping a list at the same column. None if there is nothing. Returns the row after it as well."""
        row = self._content(row)
        indent, dash, key, _ = self._rows[row]
        width = len(indent)
        if row == self._end or (width <= column and not (in_mapping and dash and width == column)):
            return (self._reading.scalar("", given.end, given.tag) if given.tag else None), row
        if dash:
            return self._sequence(row, width, depth, is_indented=width > column)
        if key:
            return self._mapping(row, width, depth)
        return self._node(row, width, column, depth, in_mapping=in_mapping, given=given)

    def _mapping(self, row: int, column: int, depth: int) -> tuple[Mapping, int]:
        """The mapping whose first key stands at (row, column)."""
        if depth > self._deepest:
            raise too_deep(self._source, self._source.starts[row] + column, self._reading.limits)
        rows, scalars, names, lines = self._rows, self._scalars, self._names, self._source.lines
        pad = " " * column
        made = Mapping()
        made.source, made.column = self._source, column
        marks = made.marks = []
        while True:
            indent, dash, key, text = rows[row]
            if not key or indent != pad or dash:
                if not key and not dash and (not text or text[0] == "#"):
                    row += 1
                elif len(indent) < column or row == self._end:
                    made.marks = tuple(marks)
                    return made, row
                else:
                    row = self._unusual(made, row, column, depth)
                continue
            name = names[key]
            if name in made:
                self._reading.repeated(made, name, row)
            marks.append(row)
            value = scalars[text]
            row += 1
            if value is NESTED:
                child, child_dash, child_key, _ = rows[row]
                if child_key and not child_dash and len(child) > column:  # what _below does, without its call
                    value, row = self._mapping(row, len(child), depth + 1)
                else:
                    value, row = self._below(row, column, depth + 1, in_mapping=True)
            elif value is OPEN:
                value, row = self._inline(row - 1, len(lines[row - 1]) - len(text), column, depth + 1, in_mapping=True)
            made[name] = value

    def _sequence(self, row: int, column: int, depth: int, *, is_indented: bool) -> tuple[Sequence, int]:
        """The list whose first dash stands at (row, column); `is_indented` if that is deeper than what holds it."""
        if depth > self._deepest:
            raise too_deep(self._source, self._source.starts[row] + column, self._reading.limits)
        rows, scalars, lines = self._rows, self._scalars, self._source.lines
        pad = " " * column
        made = Sequence()
        made.source, made.column = self._source, column
        marks = made.marks = []
        while True:
            indent, dash, key, text = rows[row]
            if not dash or indent != pad:
                if not key and not dash and (not text or text[0] == "#"):
                    row += 1
                elif len(indent) < column or row == self._end or (len(indent) == column and not is_indented):
                    made.marks = tuple(marks)
                    return made, row
                else:
                    row = self._no_item(made, row, column)
                continue
            marks.append(row)
            if key and dash == "- ":
                rows[row] = (pad + "  ", "", key, text)
                value, row = self._mapping(row, column + 2, depth + 1)
            elif key or (len(dash) > 2 and "-" in dash[1:]):
                value, row = self._compact(row, column, depth + 1)
            else:
                value = scalars[text]
                row += 1
                if value is NESTED:
                    value, row = self._below(row, column, depth + 1)
                elif value is OPEN:
                    value, row = self._item(row - 1, len(lines[row - 1]) - len(text), column, depth + 1)
            made.append(value)

    def _compact(self, row: int, column: int, depth: int) -> tuple[Any, int]:
        """The collection that begins on the row of its own dash: `- key: value` or `- - item`."""
        _, dash, key, text = self._rows[row]
        second = dash.find("-", 1)
        inner = column + (second if second > 0 else len(dash))
        self._rows[row] = (" " * inner, dash[second:] if second > 0 else "", key, text)
        if second > 0:
            return self._sequence(row, inner, depth, is_indented=True)
        return self._mapping(row, inner, depth)

    def _item(self, row: int, start: int, column: int, depth: int) -> tuple[Any, int]:
        """The item of unusual shape at (row, start) in the list at `column`."""
        self._rows[row] = (" " * start, "", "", self._rows[row][3])
        return self._node(row, start, column, depth)

    # -- entries of unusual shape -----------------------------------------------------------------------------------

    def _unusual(self, made: Mapping, row: int, column: int, depth: int) -> int:
        """Read the row, at `column` or deeper, that is no plain `key: value`, into the mapping; the row after it."""
        indent, dash, _, text = self._rows[row]
        if len(indent) > column:
            return self._continued(made, row, column)
        offset = self._source.starts[row] + column
        if dash or text[0] == "\t" or is_invisible(text[0]):
            raise not_a_key(self._source, row, column)
        if text[0] == "?" and text[1:2] in ("", " ", "\t"):
            return self._explicit(made, row, column, depth)
        found = self._key(offset)
        if found is None:
            raise not_a_key(self._source, row, column, self._block_text_row if self._block_text_end == row else -1)
        name, end, is_merge = found
        if text[0] == "-":
            detail = f"{quote(name)} is read as a key; an item of a list needs a space after its dash"
            self._reading.warn(offset, detail, f"{indent}- {text[1:]}")
        value, after = self._inline(row, end - self._source.starts[row], column, depth + 1, in_mapping=True)
        if is_merge:
            self._reading.merge(made, value, row)
        else:
            self._reading.store(made, name, value, row)
        return after

    def _key(self, offset: int) -> tuple[str, int, bool] | None:
        """The key on one line that begins at `offset`, the offset after its colon, and whether it is a merge key; None
        if there is no such key."""
        reading, text = self._reading, self._source.text
        anchor, tag, start = reading.properties(offset)
        char, value = text[start], None
        if char in "\"'":
            value, end = quoted(self._source, start)
            value = reading.scalar(value, start, tag, quoted=True)
        elif char == "*":
            name = reading.anchors.name_at(start)
            end = start + 1 + len(name)
        else:
            word = _KEY_WORD.match(text, start)
            end = word.end() if word else start
        colon = _COLON.match(text, end)
        if colon is None or "\n" in text[start:end] or char in _NO_KEY_START:
            return None
        if char == "*" and (anchor or tag):
            reading.check_plain_start(start)
        reading.check_key_length(start, colon.end() - 1)
        if char == "*":
            value = reading.anchors.value(name, start, 1)
        elif char not in "\"'":
            reading.check_plain_start(start)
            raw = text[start:end].rstrip(" \t")
            value = reading.scalar(raw, start, tag) if tag else resolve(raw)
        if anchor:
            reading.anchors.begin(anchor)[0] = value
        return reading.key(value, start), colon.end(), not tag and text[start:end].rstrip() == "<<"

    def _explicit(self, made: Mapping, row: int, column: int, depth: int) -> int:
        """Read `? key` and, on a later row, `: value`."""
        offset = self._source.starts[row] + column
        self._blank_out(row, column)
        key, row = self._below(row, column, depth + 1)
        name = self._reading.key(key, offset)
        mark, value = self._source.row(offset), None
        following = self._content(row)
        indent, dash, _, text = self._rows[following]
        if len(indent) == column and not dash and text[:1] == ":" and text[1:2] in ("", " ") and following < self._end:
            self._blank_out(following, column)
            value, row = self._below(following, column, depth + 1, in_mapping=True)
        self._reading.store(made, name, value, mark)
        return row

    def _blank_out(self, row: int, column: int) -> None:
        """Take the `?` or `:` at (row, column) away, so that what follows reads as a node of its own."""
        line = self._source.lines[row]
        self._rows[row] = _ROW.findall(f"{' ' * (column + 1)}{line[column + 1 :]}\n")[0]

    # -- nodes of unusual shape -------------------------------------------------------------------------------------

    def _node(
        self, row: int, start: int, column: int, depth: int, *, in_mapping: bool = False, given: Properties = _NONE
    ) -> tuple[Any, int]:
        """The node at (row, start), first on its line or after a dash, in the collection at `column`."""
        line = self._source.lines[row]
        char, following = line[start], line[start + 1 : start + 2]
        if char == "\t" or is_invisible(char) or (char == "-" and following == "\t"):
            raise not_a_key(self._source, row, start)
        is_key = char not in "[{" and self._key(self._source.starts[row] + start)
        if is_key or (char == "?" and following in ("", " ", "\t")):
            return self._mapping(row, start, depth)
        return self._inline(row, start, column, depth, in_mapping=in_mapping, given=given)

    def _inline(
        self, row: int, start: int, column: int, depth: int, *, in_mapping: bool = False, given: Properties = _NONE
    ) -> tuple[Any, int]:
        """The node at (row, start) that cannot be a block collection on this row; the row after it."""
        text, offset = self._source.text, self._source.starts[row] + start
        while text[offset] in " \t":
            offset += 1
        char = text[offset]
        if char in "\n#":
            return self._below(row + 1, column, depth, in_mapping=in_mapping, given=given)
        if char in "&!":
            return self._with_properties(offset, column, depth, in_mapping=in_mapping, given=given)
        if char == "*" and given is _NONE:
            name = self._reading.anchors.name_at(offset)
            return self._reading.anchors.value(name, offset, depth), self._closed(offset, offset + 1 + len(name))
        return self._bare(row, offset, column, depth, given.tag)

    def _with_properties(self, offset: int, column: int, depth: int, *, in_mapping: bool, given: Properties) -> tuple[Any, int]:
        """The node after an anchor or a tag, on the same line or below."""
        found = self._reading.properties(offset, given)
        cell = self._reading.anchors.begin(found.anchor) if found.anchor != given.anchor else [None]
        row = self._source.row(found.end)
        if self._source.text[found.end] in "\n#":
            value, after = self._below(row + 1, column, depth, in_mapping=in_mapping, given=found)
        else:
            value, after = self._bare(row, found.end, column, depth, found.tag)
        cell[0] = value
        return value, after

    def _bare(self, row: int, offset: int, column: int, depth: int, tag: str) -> tuple[Any, int]:
        """The scalar or flow collection at `offset`, by its first character."""
        source, reading = self._source, self._reading
        char = source.text[offset]
        if char in "\"'":
            value, end = quoted(source, offset)
            return reading.scalar(value, offset, tag, quoted=True), self._closed(offset, end)
        if char in "|>":
            value, after = block_text(source, row, offset - source.starts[row], column)
            self._block_text_row, self._block_text_end = row, -1 if value else after
            return reading.scalar(value, offset, tag, quoted=True), after
        if char in "[{":
            if source.text[offset : offset + 2] == "{{":
                raise template(source, offset)
            collection, end = self._flow.collection(offset, depth, column)
            return collection, self._closed(offset, end)
        return self._plain(row, offset, column, tag)

    def _closed(self, opening: int, end: int) -> int:
        """The row after a scalar or collection that ends at offset `end`; an error if anything else follows there."""
        row = self._source.row(end)
        line, column = self._source.lines[row], end - self._source.starts[row]
        if not _REST.match(line, column):
            rest = len(line[column:]) - len(line[column:].lstrip(" \t"))
            raise after_value(self._source, end + rest, opening)
        return row + 1

    def _plain(self, row: int, offset: int, column: int, tag: str = "") -> tuple[Any, int]:
        reading = self._reading
        reading.check_plain_start(offset)
        plain = plain_text(self._source, row, offset - self._source.starts[row], column)
        if plain.colon >= 0:
            raise colon_in_plain(self._source, row, offset - self._source.starts[row], plain.colon)
        for later in range(row + 1, plain.end):
            self._warn_of_dash(later)
        return reading.scalar(plain.text, offset, tag), plain.end

    def _warn_of_dash(self, row: int) -> None:
        """A line that continues a text though it looks like a list item."""
        line = self._source.lines[row]
        text = line.lstrip(" ")
        if text.startswith("-"):
            offset = self._source.starts[row] + len(line) - len(text)
            self._reading.warn(offset, f"{quote(text)} continues the text above it; it is not a list item")

    # -- what does not fit ------------------------------------------------------------------------------------------

    def _continued(self, made: Mapping | Sequence, row: int, column: int) -> int:
        """The row is indented below the last entry: the rest of its plain text, or a mistake."""
        mark = made.marks[-1] if made else row - 1  # empty: nothing but a merge of nothing
        indent, dash, key, text = self._rows[mark]
        line = self._source.lines[mark]
        is_own = len(indent) == column and (key if isinstance(made, Mapping) else dash)  # not an entry inside of it
        if text and is_own and text[0] not in STARTS_NO_PLAIN:
            plain = plain_text(self._source, mark, len(line) - len(text), column)
            if plain.colon < 0 and plain.end > row:
                start = self._source.starts[mark] + len(line) - len(text)
                value = self._reading.scalar(plain.text, start)
                for later in range(mark + 1, plain.end):
                    self._warn_of_dash(later)
                made[next(reversed(made)) if isinstance(made, Mapping) else -1] = value  # type: ignore[index]
                return plain.end
            if not self._rows[row][3].strip(" \t") and plain.colon < 0:
                return row + 1
        raise self._wrong_level(made, row, column)

    def _no_item(self, made: Sequence, row: int, column: int) -> int:
        """A row in a list, at its column or deeper, that is no item."""
        indent = len(self._rows[row][0])
        if indent > column:
            return self._continued(made, row, column)
        raise not_an_item(self._source, row, column)

    def _wrong_level(self, made: Mapping | Sequence, row: int, column: int) -> Exception:
        """A row deeper than the collection `made`, and not part of its last entry."""
        last = None
        if made:
            last = next(reversed(made.values())) if isinstance(made, Mapping) else made[-1]
        indent = len(self._rows[row][0])
        above = made.marks[-1] if made else row - 1
        if isinstance(last, Mapping | Sequence) and last.column > column:
            above = last.marks[0] if last else above
            dash = column if isinstance(made, Sequence) else -1
            return wrong_level(self._source, row, indent, [column, last.column], above, dash)
        return deeper_than_value(self._source, row, indent, column, above)

    def _left_over(self, row: int, value: Any) -> Exception:
        """Rows after the document's value."""
        indent = len(self._rows[row][0])
        if isinstance(value, Mapping | Sequence) and value.column > indent:
            return wrong_level(self._source, row, indent, [value.column], row - 1)
        return left_over(self._source, row, indent)
