"""Values as read from a manifest, with the place of every key and item kept beside them.

`Mapping` and `Sequence` are a dict and a list in every respect; what they add is the way back to the user's text, so
that a later stage can say `web.yaml:12:7` about a field it refuses. Only lines (or offsets) are stored while reading;
columns of values and the text as written are found again in the source when somebody asks, which is when something
is wrong. That keeps positions at a few percent of the reading time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from simnet.errors import Place, Problem

_KEY_END = re.compile(
    r"""[ \t]*(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^']*+(?:''[^']*+)*+'|(?:[^ \t\n:]|:(?=[^ \t\n])|[ \t]+(?!:[ \t\n]))+)
        [ \t]*:[ \t]*""",
    re.VERBOSE,
)
_DASH = re.compile(r"(?:[-?:][ \t]+)*")
_GAP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_PROPERTIES = re.compile(r"(?:[&!][^ \t\n]*[ \t]+)*")
_BLOCK_TEXT = re.compile(r"(?:[^ \t\n#]|(?<=[^ \t\n])#|[ \t]+(?=[^ \t\n#]))*")
_FLOW_TEXT = re.compile(r"(?:[^ \t\n#,\[\]{}]|(?<=[^ \t\n])#|[ \t]+(?=[^ \t\n#,\[\]{}]))*")


class Source:
    """One document's text and where it begins in its file. Lines and columns are counted from 1 in what it returns.

    `base` is the number of lines of the file before this text.
    """

    __slots__ = ("_lines", "_starts", "base", "file", "text")

    def __init__(self, text: str, file: str = "", base: int = 0) -> None:
        self.text, self.file, self.base = text, file, base
        self._lines: list[str] | None = None
        self._starts: list[int] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Source:
        return self

    @property
    def lines(self) -> list[str]:
        """The text cut at its line ends. Cost: O(text) at the first call."""
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines

    @property
    def starts(self) -> list[int]:
        """Where each line begins in the text. Cost: O(lines) at the first call."""
        if self._starts is None:
            self._starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
        return self._starts

    def forget(self) -> None:
        """Drop what can be cut from the text again; otherwise every line stays an object of its own."""
        self._lines = self._starts = None

    def row(self, offset: int) -> int:
        """The index in `lines` of the line that holds this offset."""
        return min(bisect_right(self.starts, offset), len(self.lines)) - 1

    def place(self, offset: int) -> Place:
        row = self.row(offset)
        return Place(self.file, self.base + row + 1, offset - self.starts[row] + 1)


class Mapping(dict[str, Any]):
    """A dict that knows where its keys stand.

    `marks` runs parallel to the keys. In block style (`column` >= 0) a mark is the row in `source.lines` and all keys
    stand in `column` (counted from 0); in flow style and JSON (`column` = -1) a mark is the key's offset in the text.
    It is a list while the mapping is read (the mapping is open) and a tuple afterwards: the garbage collector forgets
    tuples of numbers, which halves what it has to visit.
    """

    __slots__ = ("column", "marks", "source")
    column: int
    marks: Any
    source: Source


class Sequence(list[Any]):
    """A list that knows where its items stand; `marks` and `column` as in Mapping (block style: of the dash)."""

    __slots__ = ("column", "marks", "source")
    column: int
    marks: Any
    source: Source


def begun(made: Mapping | Sequence, source: Source, column: int = -1) -> Any:
    """A new collection, open: its entries are still to be read."""
    made.source, made.column, made.marks = source, column, []
    return made


def is_open(value: Any) -> bool:
    """Whether a value is a collection whose entries are still being read."""
    return value.__class__ in COLLECTIONS and value.marks.__class__ is list


COLLECTIONS: Final = (Mapping, Sequence)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, the file as given, the line its value begins on, and what to warn about."""

    value: Any
    file: str = ""
    line: int = 1
    warnings: tuple[Problem, ...] = ()


def place_of(root: Any, path: tuple[str | int, ...], *, value: bool = False, file: str = "") -> Place:
    """Where the key or item at `path` stands, or with `value` its value (the first of its own keys or items, when it
    has some). A path that leaves the tree gives the place of its last existing part; a tree without positions (built
    in Python) gives `Place(file)`.

    Cost: O(keys of the mapping that holds it), and O(lines) the first time a source is asked.
    """
    found = _holder(root, path)
    if found is None:
        return _start_of(root, file)
    container, index, complete = found
    if value and complete:
        source, offset = container.source, _value_offset(container, index)
        return source.place(offset)
    return container.source.place(_offset(container, index))


def without(root: Any, gone: Collection[tuple[str | int, ...]]) -> Any:
    """A tree without the keys and items at some places; the rest keeps its positions. Only what lies on the way is
    copied. Cost: O(places * size of what holds them)."""
    if not gone:
        return root
    below: dict[str | int, list[tuple[str | int, ...]]] = {}
    for path in gone:
        below.setdefault(path[0], []).append(path[1:])
    entries = list(enumerate(root) if isinstance(root, list) else root.items())
    kept = [(place, key, without(item, below.get(key, ()))) for place, (key, item) in enumerate(entries)
            if () not in below.get(key, ())]
    result: Any = [item for _, _, item in kept] if isinstance(root, list) else {key: item for _, key, item in kept}
    if isinstance(root, Mapping | Sequence) and getattr(root, "source", None) is not None:
        result = type(root)(result)
        result.source, result.column = root.source, root.column
        result.marks = tuple(root.marks[place] for place, _, _ in kept if place < len(root.marks))
    return result


def written(root: Any, path: tuple[str | int, ...]) -> str:
    """The value at `path` as it stands in the source: `on` where the value is True, `0777` where it is 511.

    Empty where the value is no one-line plain or quoted scalar, or the place is not known.
    """
    found = _holder(root, path)
    if found is None or not found[2]:
        return ""
    container, index, _ = found
    if isinstance(_child(container, index), Mapping | Sequence):
        return ""
    text = container.source.text
    at = _value_offset(container, index)
    at = _end(_PROPERTIES, text, at)
    if text[at : at + 1] in ("|", ">", "[", "{", "*", ""):
        return ""
    pattern = _BLOCK_TEXT if container.column >= 0 else _FLOW_TEXT
    return text[at : _end(pattern, text, at)]


def _holder(root: Any, path: tuple[str | int, ...]) -> tuple[Mapping | Sequence, int, bool] | None:
    """The deepest positioned container on the path, the index of the step in it, and whether the path was complete."""
    best: tuple[Mapping | Sequence, int, bool] | None = None
    node = root
    for number, step in enumerate(path):
        index = _index_in(node, step)
        if index < 0:
            break
        if index < len(getattr(node, "marks", ())):
            best = (node, index, number == len(path) - 1)
        node = node[step]
    return best


def _index_in(node: Any, step: str | int) -> int:
    if isinstance(node, dict) and step in node:
        return list(node).index(step)
    if isinstance(node, list) and isinstance(step, int) and -len(node) <= step < len(node):
        return step % len(node)
    return -1


def _start_of(root: Any, file: str) -> Place:
    if isinstance(root, Mapping | Sequence) and getattr(root, "source", None) is not None:
        return root.source.place(_offset(root, 0)) if root.marks else Place(root.source.file, root.source.base + 1, 1)
    return Place(file)


def _child(container: Mapping | Sequence, index: int) -> Any:
    return list(container.values())[index] if isinstance(container, Mapping) else container[index]


def _offset(container: Mapping | Sequence, index: int) -> int:
    mark: int = container.marks[index]
    return mark if container.column < 0 else container.source.starts[mark] + container.column


def _value_offset(container: Mapping | Sequence, index: int) -> int:
    """Where the value begins: after the key and its colon, or after the dash, on a later line if need be."""
    offset, text = _offset(container, index), container.source.text
    inside = _child(container, index)
    if isinstance(inside, Mapping | Sequence) and inside.column >= 0 and inside.marks:
        first = _offset(inside, 0)
        if first > offset:  # not so for an alias, whose value stands at its anchor
            return first
    if isinstance(container, Mapping):
        after = _end(_KEY_END, text, _end(_DASH, text, _end(_PROPERTIES, text, offset)))
    else:
        after = _end(_DASH, text, offset) if container.column >= 0 else offset
    if text[after : after + 1] in ("\n", "#", ""):
        return offset if inside is None else _end(_GAP, text, after)
    return after


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
