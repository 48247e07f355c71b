"""Markdown as far as a story needs it: headings and fences, each with its line.

A fence may stand at any depth, so that a list item can hold one. Source of the rest: CommonMark 0.31, sections 4.2
(headings with `#`) and 4.5 (fences).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")
_OPEN = re.compile(r"( *)(`{3,}|~{3,})[ \t]*([^`]*?)[ \t]*$")

_MARK = re.compile(r"( *)(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Fence:
    """`info` is what follows the backticks; `line` the line of the opening fence, the text starts one below.
    `closed` is false when the file ends inside it."""

    info: str
    text: str
    line: int
    closed: bool = True


def blocks(markdown: str) -> Iterator[Heading | Fence]:
    """Headings and fences in order; everything else is prose."""
    lines = markdown.split("\n")
    index = 0
    while index < len(lines):
        opened = _OPEN.match(lines[index])
        if opened:
            fence, index = _fence(lines, index, opened)
            yield fence
            continue
        heading = _HEADING.match(lines[index])
        if heading:
            yield Heading(len(heading[1]), heading[2], index + 1)
        index += 1


def lengthened(edge: str, content: Iterable[str]) -> str:
    """The line that opens or closes a fence, its mark made longer if a line of `content` would close the fence."""
    found = _MARK.match(edge)
    if found is None:
        return edge
    indent, mark = found[1], found[2]
    close = _closing(mark)
    longest = max((len(line.strip()) for line in content if close.match(line)), default=0)
    return indent + mark[0] * max(len(mark), longest + 1) + edge[found.end():]


def _closing(mark: str) -> re.Pattern[str]:
    return re.compile(rf" *{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")


def _fence(lines: list[str], start: int, opened: re.Match[str]) -> tuple[Fence, int]:
    """The fence that opens at `start`, and the index after it. The closing mark is at least as long as the opening."""
    indent, mark, info = opened[1], opened[2], opened[3]
    close = _closing(mark)
    body: list[str] = []
    index = start + 1
    while index < len(lines) and not close.match(lines[index]):
        line = lines[index]
        outside = len(line) - len(line.lstrip(" "))
        body.append(line[min(len(indent), outside):])
        index += 1
    text = "".join(f"{line}\n" for line in body)
    return Fence(info, text, start + 1, index < len(lines)), index + 1
