"""Anchors, aliases and merge keys of one document, and the limits that keep them from exploding.

While a document is read an alias gives the very object of its anchor; `unshared` then checks what expanding them
would cost and gives each alias a copy of its own, so that a change through one path never shows up in another.
"""

from __future__ import annotations

import re
from typing import Any, Final

from simnet.manifests.tree import Mapping, Sequence, Source
from simnet.manifests.yaml_errors import at, quote, refusal
from simnet.manifests.yaml_limits import Limits, too_deep

NAME: Final = re.compile(r"[&*]([A-Za-z0-9_-]+)(?=[ \t\n?:,\]}%@`]|$)")
_WRITING: Final = object()


class Anchors:
    """The anchors of one document; a name may be given again, and the latest wins."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._cells: dict[str, list[Any]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._aliases = self._expanded = 0
        self.is_shared = False

    def begin(self, name: str) -> list[Any]:
        """A cell to be filled with the anchored value once it is read; an alias before that is a self-reference."""
        cell = self._cells[name] = [_WRITING]
        return cell

    def name_at(self, offset: int) -> str:
        """The name of the alias or anchor that begins at `offset`; an error if there is none."""
        found = NAME.match(self._source.text, offset)
        if found:
            return found[1]
        raise self._no_name(offset)

    def value(self, name: str, offset: int, depth: int) -> Any:
        """The value that the alias at `offset` stands for, at nesting level `depth`."""
        cell = self._cells.get(name)
        if cell is None:
            known = ", ".join(f"&{other}" for other in self._cells) or "none"
            expected = f"a `&{name}` before this place in this document (anchors so far: {known})"
            raise refusal(self._source, offset, f"`*{name}`", expected)
        value = cell[0]
        if value is _WRITING:
            raise refusal(self._source, offset, f"`*{name}` inside `&{name}` itself", "an anchor that is complete")
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            raise refusal(self._source, offset, f"alias number {self._aliases}", f"at most {self._limits.aliases}")
        if isinstance(value, Mapping | Sequence):
            self._count(value, offset, depth)
        return value

    def _count(self, value: Mapping | Sequence, offset: int, depth: int) -> None:
        self.is_shared = True
        nodes, height = self._size(value)
        self._expanded += nodes
        if depth + height > self._limits.depth:
            raise too_deep(self._source, offset, self._limits)
        if self._expanded > self._limits.nodes:
            raise self._too_many(offset, self._expanded)

    def _size(self, value: Any) -> tuple[int, int]:
        """Nodes of a value with its aliases expanded, and its height. Each anchored value is counted once."""
        if not isinstance(value, Mapping | Sequence):
            return 1, 0
        known = self._sizes.get(id(value))
        if known is None:
            inside = value.values() if isinstance(value, Mapping) else value
            sizes = [self._size(child) for child in inside if isinstance(child, Mapping | Sequence)]
            nodes = 1 + len(value) - len(sizes) + sum(size for size, _ in sizes)
            known = self._sizes[id(value)] = (nodes, 1 + max((height for _, height in sizes), default=0))
        return known

    def unshared(self, root: Any) -> Any:
        """The document with a copy in place of every alias. Cost: O(values after expansion), which is limited."""
        if not self.is_shared:
            return root
        self._sizes.clear()  # collections that were still being filled may have been counted
        total, _ = self._size(root)
        written = max(total - self._expanded, 1)
        if total > min(self._limits.nodes, written * self._limits.growth + self._limits.allowance):
            raise self._too_many(0, total)
        return _owned(root, set())

    def _too_many(self, offset: int, nodes: int) -> Exception:
        limits = self._limits
        expected = f"at most {limits.growth} times what is written plus {limits.allowance:,}, and {limits.nodes:,}"
        return refusal(self._source, offset, f"aliases that expand to {nodes:,} values or more", expected)

    def _no_name(self, offset: int) -> Exception:
        row = self._source.row(offset)
        line, column = self._source.lines[row], offset - self._source.starts[row]
        word = re.split(r"[ \t,\]}]", line[column:])[0]
        kind = "an alias" if line[column] == "*" else "an anchor"
        expected = "a name of letters, digits, `-` and `_` after it, or quotes around the text"
        found = f"{quote(word)}: `{line[column]}` starts {kind}"
        return refusal(self._source, offset, found, expected, f'{line[:column]}"{word}"{line[column + len(word) :]}')


def _owned(value: Any, seen: set[int]) -> Any:
    """`value` with a copy wherever it holds a collection that was met before."""
    if not isinstance(value, Mapping | Sequence):
        return value
    if id(value) in seen:
        return _copied(value)
    seen.add(id(value))
    for key, child in value.items() if isinstance(value, Mapping) else enumerate(value):
        if isinstance(child, Mapping | Sequence):
            value[key] = _owned(child, seen)  # type: ignore[index]
    return value


def _copied(value: Any) -> Any:
    if not isinstance(value, Mapping | Sequence):
        return value
    twin: Mapping | Sequence
    if isinstance(value, Mapping):
        twin = Mapping((key, _copied(child)) for key, child in value.items())
    else:
        twin = Sequence(_copied(child) for child in value)
    twin.source, twin.column, twin.marks = value.source, value.column, value.marks
    return twin


def merge_sources(value: Any) -> list[Mapping] | None:
    """The mappings that a merge key takes in, most important first; None if the value is no mapping or list of them."""
    sources = list(value) if isinstance(value, Sequence) else [value]
    return sources if all(isinstance(each, Mapping) for each in sources) else None


def merged_over(source: Source, offset: int, names: list[str]) -> str:
    """The warning for a merge key written after keys that it also brings."""
    words = ", ".join(f"`{name}`" for name in names)
    return (
        f"`<<` stands after {words}, given here as well: the explicit value is kept, but kubectl takes the merged one "
        f"(write `<<` first; it is at {at(source, offset)})"
    )
