"""Block style: the collections that indentation makes. This is the reader's main loop.

Why it is fast: one pattern cuts a whole document into rows (indent, dashes, key, rest) in a single call; mappings and
sequences walk those rows by index; what the rest means comes from a dictionary of values already resolved. There are
no tokens and no events. A `- key:` row is handled by taking its dash away and reading a mapping at the deeper column.
Nothing recurses, so how deep a text may nest is a limit of ours and not of the interpreter.
Only rows of another shape (quoted keys, block scalars, brackets, anchors, tags, text over several lines) take the
slow path, which works on the lines themselves.

Indentation follows go.yaml.in/yaml/v2 scannerc.go: `indent` there is the column of the innermost collection.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from simnet.manifests.tree import COLLECTIONS, Mapping, Sequence, begun, is_open
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
    slipped_first,
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
    r"(?:([\w./$][\w./$()+@=~^-]{0,1000}):(?: +|(?=\n)))?"
    r"(.*)\n"
)
_END: Final[Row] = ("", "", "", "---")
_KEY_WORD = re.compile(r"(?:[^ \t\n:#]|:(?=[^ \t\n])|(?<=[^ \t\n])#|[ \t]+(?=[^ \t\n#]))*+")
_COLON = re.compile(r"[ \t]*:(?=[ \t\n]|$)")
_REST = re.compile(r"[ \t]*(?:#.*)?$")
_MERGE_MARK = re.compile(r"\?(?:[ \t\n]+|#[^\n]*)*<<")
_CLOSED: Final = object()  # instead of a value: the collection has no further entries
_NONE: Final = Properties("", "", 0)
_NO_KEY_START: Final = STARTS_NO_PLAIN - {'"', "'", "*"}


class BlockReader:
    """Reads one document. `scalars` and `names` may be shared by the documents of one text.

    It does not recurse: a node that is a block collection comes back open, with the row of its first entry; it is
    stored where it belongs, and `_fill` reads its entries before it goes on with those of the collection around it.
    """

    def __init__(self, reading: Reading, scalars: Scalars, names: Names) -> None:
        self._reading, self._source, self._scalars, self._names = reading, reading.source, scalars, names
        self._rows: list[Row] = _ROW.findall(reading.source.text)
        self._end = len(self._rows)
        self._rows.append(_END)
        self._flow = FlowReader(reading, scalars, names)
        self._around: list[Any] = []  # the open collections, outermost first
        self._block_text_end = -1  # the row after the last `|` or `>` text, if that text was empty
        self._block_text_row = -1

    def document(self) -> tuple[Any, int]:
        """The document's value and the row it begins on. Raises ManifestError at the first mistake that stops it."""
        first = self._content(0)
        value, row = self._below(0, -1)
        if is_open(value):
            row = self._fill(value, row)
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

    def _below(self, row: int, column: int, *, in_mapping: bool = False, given: Properties = _NONE) -> tuple[Any, int]:
        """The node on the rows from `row` on that belongs to an entry at `column`: what is indented further, a `|` or
        `>` at the same column, or in a mapping a list there; None if there is nothing. An open collection comes with
        the row of its first entry, anything else with the row after it.
        """
        row = self._content(row)
        indent, dash, key, text = self._rows[row]
        width = len(indent)
        is_level = width == column and ((in_mapping and dash) or not (dash or key or text[0] not in "|>"))
        if row == self._end or (width <= column and not is_level):
            return (self._reading.scalar("", given.end, given.tag) if given.tag else None), row
        if dash:
            return begun(Sequence(), self._source, width), row
        if key:
            return begun(Mapping(), self._source, width), row
        return self._node(row, width, column, in_mapping=in_mapping, given=given)

    # -- collections ------------------------------------------------------------------------------------------------

    def _fill(self, value: Any, row: int) -> int:
        """Read the entries of an open collection, the first of them on `row`, and of all inside it; the row after it.

        Long, and with every common shape written out, because this is where the time goes: a call for each collection
        costs a quarter of it.
        """
        around, rows, scalars, names, source = self._around, self._rows, self._scalars, self._names, self._source
        lines, deepest = source.lines, self._reading.limits.depth
        while True:
            if value is _CLOSED:
                self._reading.close(around.pop())
                if not around:
                    return row
                made = around[-1]
            else:
                made = value
                around.append(made)
                if len(around) > deepest:
                    raise too_deep(source, source.starts[row] + made.column, self._reading.limits)
            column, marks, is_mapping = made.column, made.marks, made.__class__ is Mapping
            pad = " " * column
            while True:
                indent, dash, key, text = rows[row]
                if is_mapping and key and not dash and indent == pad:
                    try:
                        name = names[key]
                    except KeyError:  # null, too large, or read as other text: this tells it
                        name = self._reading.key(resolve(key), self._source.starts[row] + column)
                    if name in made:
                        self._reading.repeated(made, name, row)
                    marks.append(row)
                    value = scalars[text]
                    row += 1
                    if value is not NESTED and value is not OPEN:
                        made[name] = value
                        continue
                    if value is NESTED:
                        deeper, dash, key, _ = rows[row]
                        if key and not dash and len(deeper) > column:  # what _below does, without its call
                            made[name] = value = Mapping()
                            value.source, value.column, value.marks = source, len(deeper), []
                            break
                        value, row = self._below(row, column, in_mapping=True)
                    else:
                        value, row = self._inline(row - 1, len(lines[row - 1]) - len(text), column, in_mapping=True)
                    made[name] = value
                elif dash and not is_mapping and indent == pad:
                    marks.append(row)
                    if key and dash == "- ":
                        rows[row] = (pad + "  ", "", key, text)
                        made.append(value := Mapping())
                        value.source, value.column, value.marks = source, column + 2, []
                        break
                    value, row = self._item(row, column)
                    made.append(value)
                elif not key and not dash and (not text or text[0] == "#"):
                    row += 1
                    continue
                else:
                    value, row = self._other(made, row, column)
                    if value is _CLOSED:
                        break
                if value.__class__ in COLLECTIONS and value.marks.__class__ is list:
                    break

    def _item(self, row: int, column: int) -> tuple[Any, int]:
        """The item of the list at `column` whose dash stands on the row."""
        _, dash, key, text = self._rows[row]
        if key or (len(dash) > 2 and "-" in dash[1:]):
            return self._compact(row, column), row
        value = self._scalars[text]
        if value is NESTED:
            return self._below(row + 1, column)
        if value is not OPEN:
            return value, row + 1
        start = len(self._source.lines[row]) - len(text)
        self._rows[row] = (" " * start, "", "", text)
        return self._node(row, start, column)

    def _other(self, made: Any, row: int, column: int) -> tuple[Any, int]:
        """What a row means that is no entry of the common kind: `_CLOSED` if it ends the collection."""
        indent = len(self._rows[row][0])
        is_mapping = made.__class__ is Mapping
        if indent < column or row == self._end or (indent == column and not is_mapping and self._is_flush(column)):
            return _CLOSED, row
        return self._unusual(made, row, column) if is_mapping else (None, self._no_item(made, row, column))

    def _is_flush(self, column: int) -> bool:
        """Whether the innermost list, at `column`, stands at the column of the key that holds it."""
        return len(self._around) > 1 and self._around[-2].column == column

    def _compact(self, row: int, column: int) -> Any:
        """The open collection that begins on the row of its own dash: `- key: value` or `- - item`."""
        _, dash, key, text = self._rows[row]
        second = dash.find("-", 1)
        inner = column + (second if second > 0 else len(dash))
        self._rows[row] = (" " * inner, dash[second:] if second > 0 else "", key, text)
        return begun(Sequence() if second > 0 else Mapping(), self._source, inner)

    # -- entries of unusual shape -----------------------------------------------------------------------------------

    def _unusual(self, made: Mapping, row: int, column: int) -> tuple[Any, int]:
        """Read the row, at `column` or deeper, that is no plain `key: value`, into the mapping: the value stored, and
        the row where it begins or the row after it."""
        indent, dash, _, text = self._rows[row]
        if len(indent) > column:
            return None, self._continued(made, row, column)
        offset = self._source.starts[row] + column
        if dash and made and self._source.lines[made.marks[-1]].startswith("-", column):  # `-key:`, read as a key
            raise not_an_item(self._source, made.marks[-1], column)
        if dash or text[0] == "\t" or is_invisible(text[0]):
            raise not_a_key(self._source, row, column)
        if text[0] == "?" and text[1:2] in ("", " ", "\t"):
            return self._explicit(made, row, column)
        found = self._key(offset)
        if found is None:
            raise not_a_key(self._source, row, column, self._block_text_row if self._block_text_end == row else -1)
        name, end, is_merge = found
        if text[0] == "-":
            detail = f"{quote(name)} is read as a key; an item of a list needs a space after its dash"
            self._reading.warn(offset, detail, f"{indent}- {text[1:]}")
        value, after = self._inline(row, end - self._source.starts[row], column, in_mapping=True)
        self._add(made, name, value, row, is_merge=is_merge)
        return value, after

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
        is_nothing = char == ":" and bool(anchor or tag)
        reading.check_key_length(start, colon.end() - 1)
        if char == "*":
            value = reading.anchors.value(name, start, 1)
        elif char not in "\"'":
            if not is_nothing:
                reading.check_plain_start(start)
            raw = text[start:end].rstrip(" \t")
            value = reading.scalar(raw, start, tag) if tag else resolve(raw)
        if anchor:
            reading.anchors.begin(anchor)[0] = value
        return reading.key(value, start), colon.end(), tag in ("", "!") and text[start:end].rstrip() == "<<"

    def _explicit(self, made: Mapping, row: int, column: int) -> tuple[Any, int]:
        """Read `? key` and, on a later row, `: value`."""
        offset = self._source.starts[row] + column
        self._blank_out(row, column)
        self._reading.is_in_key = True
        key, row = self._below(row, column)
        self._reading.is_in_key = False
        name = self._reading.key(key, offset)
        is_merge = key == "<<" and _MERGE_MARK.match(self._source.text, offset) is not None
        mark, value = self._source.row(offset), None
        following = self._content(row)
        indent, dash, _, text = self._rows[following]
        if len(indent) == column and not dash and text[:1] == ":" and text[1:2] in ("", " ") and following < self._end:
            self._blank_out(following, column)
            value, row = self._below(following, column, in_mapping=True)
        self._add(made, name, value, mark, is_merge=is_merge)
        return value, row

    def _add(self, made: Mapping, name: str, value: Any, row: int, *, is_merge: bool) -> None:
        """Store the entry whose key stands on the row, or take in what it merges."""
        if is_merge:
            self._reading.once_read(value, partial(self._reading.merge, made, value, row))
        else:
            self._reading.store(made, name, value, row)

    def _blank_out(self, row: int, column: int) -> None:
        """Take the `?` or `:` at (row, column) away, so that what follows reads as a node of its own."""
        line = self._source.lines[row]
        self._rows[row] = _ROW.findall(f"{' ' * (column + 1)}{line[column + 1 :]}\n")[0]

    # -- nodes of unusual shape -------------------------------------------------------------------------------------

    def _node(
        self, row: int, start: int, column: int, *, in_mapping: bool = False, given: Properties = _NONE
    ) -> tuple[Any, int]:
        """The node at (row, start), first on its line or after a dash, in the collection at `column`."""
        line = self._source.lines[row]
        char, following = line[start], line[start + 1 : start + 2]
        if char == "\t" or is_invisible(char) or (char == "-" and following == "\t"):
            raise not_a_key(self._source, row, start)
        is_key = char not in "[{" and self._key(self._source.starts[row] + start)
        if is_key or (char == "?" and following in ("", " ", "\t")):
            return begun(Mapping(), self._source, start), row
        return self._inline(row, start, column, in_mapping=in_mapping, given=given)

    def _inline(
        self, row: int, start: int, column: int, *, in_mapping: bool = False, given: Properties = _NONE
    ) -> tuple[Any, int]:
        """The node at (row, start) that cannot be a block collection on this row."""
        text, offset = self._source.text, self._source.starts[row] + start
        while text[offset] in " \t":
            offset += 1
        char = text[offset]
        if char in "\n#":
            return self._below(row + 1, column, in_mapping=in_mapping, given=given)
        if char in "&!":
            return self._with_properties(offset, column, in_mapping=in_mapping, given=given)
        if char == "*" and given is _NONE:
            name = self._reading.anchors.name_at(offset)
            value = self._reading.anchors.value(name, offset, len(self._around) + 1)
            return value, self._closed(offset, offset + 1 + len(name))
        return self._bare(row, offset, column, given.tag)

    def _with_properties(self, offset: int, column: int, *, in_mapping: bool, given: Properties) -> tuple[Any, int]:
        """The node after an anchor or a tag, on the same line or below."""
        found = self._reading.properties(offset, given)
        cell = self._reading.anchors.begin(found.anchor) if found.anchor != given.anchor else [None]
        row = self._source.row(found.end)
        if self._source.text[found.end] in "\n#":
            value, after = self._below(row + 1, column, in_mapping=in_mapping, given=found)
        else:
            value, after = self._bare(row, found.end, column, found.tag)
        self._reading.once_read(value, partial(cell.__setitem__, 0, value))
        return value, after

    def _bare(self, row: int, offset: int, column: int, tag: str) -> tuple[Any, int]:
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
            collection, end = self._flow.collection(offset, len(self._around) + 1, column)
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
            slipped = slipped_first(self._source, above, row, indent) if isinstance(made, Mapping) else None
            if slipped is not None:
                return slipped
            above = last.marks[0] if last else above
            dash = column if isinstance(made, Sequence) else -1
            return wrong_level(self._source, row, indent, [column, last.column], above, dash)
        return deeper_than_value(self._source, row, indent, column, above)

    def _left_over(self, row: int, value: Any) -> Exception:
        """Rows after the document's value."""
        indent = len(self._rows[row][0])
        if isinstance(value, Mapping | Sequence) and value.column > indent:
            above = value.marks[0] if len(value.marks) == 1 else row - 1
            return wrong_level(self._source, row, indent, [value.column], above)
        return left_over(self._source, row, indent)
