"""Anchors, aliases and merge keys of one document, and the limits that keep them from exploding.

While a document is read an alias gives the very object of its anchor; `unshared` then checks what expanding them
would cost and gives each alias a copy of its own, so that a change through one path never shows up in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from simnet.manifests.tree import Mapping, Sequence, Source
from simnet.manifests.yaml_errors import at, quote, refusal, with_quotes
from simnet.manifests.yaml_limits import Limits, raised_by, too_deep

NAME: Final = re.compile(r"[&*]([A-Za-z0-9_-]+)(?=[ \t\n?:,\]}%@`]|$)")
_GLUED = re.compile(r"[?%@`]|:[^ \t\n]")  # kubectl takes these for the beginning of the anchored value
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
        text = self._source.text
        found = NAME.match(text, offset)
        if found and not (text[offset] == "&" and _GLUED.match(text, found.end())):
            return found[1]
        raise self._no_name(offset)

    def value(self, name: str, offset: int, depth: int) -> Any:
        """The value that the alias at `offset` stands for, at nesting level `depth`."""
        cell = self._cells.get(name)
        if cell is None:
            known = ", ".join(f"&{other}" for other in self._cells) or "none"
            expected = f"a `&{name}` before this place in this document (anchors so far: {known})"
            quoted = with_quotes(self._source, offset, f"*{name}")
            raise refusal(self._source, offset, f"`*{name}`", expected, quoted)
        value = cell[0]
        if value is _WRITING:
            raise refusal(self._source, offset, f"`*{name}` inside `&{name}` itself", "an anchor that is complete")
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            expected = f"at most {self._limits.aliases:,} in a document {raised_by('aliases')}"
            raise refusal(self._source, offset, f"alias number {self._aliases:,}", expected)
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
        known, waiting = self._sizes, [value]
        while waiting:
            node = waiting[-1]
            if id(node) in known:
                waiting.pop()
                continue
            inside = [each for each in _inside(node) if isinstance(each, Mapping | Sequence)]
            unknown = [each for each in inside if id(each) not in known]
            waiting += unknown
            if not unknown:
                sizes = [known[id(each)] for each in inside]
                nodes = 1 + len(node) - len(sizes) + sum(size for size, _ in sizes)
                known[id(node)] = (nodes, 1 + max((height for _, height in sizes), default=0))
        return known[id(value)]

    def unshared(self, root: Any) -> Any:
        """The document with a copy in place of every alias. Cost: O(values after expansion), which is limited."""
        if not self.is_shared:
            return root
        self._sizes.clear()  # collections that were still being filled may have been counted
        total, _ = self._size(root)
        written = max(total - self._expanded, 1)
        if total > min(self._limits.nodes, written * self._limits.growth + self._limits.allowance):
            raise self._too_many(0, total)
        _own(root)
        return root

    def _too_many(self, offset: int, nodes: int) -> Exception:
        limits = self._limits
        expected = (f"at most {limits.growth} times what is written plus {limits.allowance:,}, and {limits.nodes:,} "
                    "(the limits `growth`, `allowance` and `nodes`, which can be raised)")
        return refusal(self._source, offset, f"aliases that expand to {nodes:,} values or more", expected)

    def _no_name(self, offset: int) -> Exception:
        row = self._source.row(offset)
        line, column = self._source.lines[row], offset - self._source.starts[row]
        word = re.split(r"[ \t,\]}]", line[column:])[0]
        kind = "an alias" if line[column] == "*" else "an anchor"
        expected = "a name of letters, digits, `-` and `_` after it, or quotes around the text"
        found = f"{quote(word)}: `{line[column]}` starts {kind}"
        return refusal(self._source, offset, found, expected, with_quotes(self._source, offset, word))


def _own(root: Any) -> None:
    """Put a copy wherever a collection below `root` is met a second time."""
    seen, waiting = {id(root)}, [root]
    while waiting:
        node = waiting.pop()
        for key, child in list(node.items()) if isinstance(node, Mapping) else enumerate(node):
            if isinstance(child, Mapping | Sequence):
                if id(child) in seen:
                    child = node[key] = _twin(child)
                seen.add(id(child))
                waiting.append(child)


def _twin(value: Any) -> Any:
    """A shallow copy with the same places."""
    twin: Mapping | Sequence = Mapping(value) if isinstance(value, Mapping) else Sequence(value)
    twin.source, twin.column, twin.marks = value.source, value.column, value.marks
    return twin


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value


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
