"""How a mistake in a manifest's text is told: `FILE:LINE:COLUMN: found X; expected Y`, the line, a caret, a repair."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum, auto

from simnet.errors import ManifestError, Problem
from simnet.manifests.tree import Source

_COMMENT = re.compile(r"[ \t]#.*")
_WIDEST = 110
_BEFORE = 60


def problem(source: Source, offset: int, detail: str, repair: str = "") -> Problem:
    """What is wrong (or worth a warning) at this offset, with the source line, a caret and a line to try instead."""
    return Problem(detail, type="Syntax", place=source.place(offset), excerpt=excerpt(source, offset, repair))


class Trust(Enum):
    """Whether reading may go on below a mistake, with its line repaired, to look for others."""

    SURE = auto()  # what was meant is plain
    GUESS = auto()  # it is not, but a mistake further down is still one
    NONE = auto()  # the lines below would be judged by a guess


class Refusal(ManifestError):
    """One mistake that stops the reading of a document; the text may read on with `line` in place of that on `row`."""

    row = 0
    line = ""
    trust = Trust.NONE


def refusal(
    source: Source, offset: int, found: str, expected: str, repair: str = "", *, advice: str = "", row: int = -1,
    reads_as: str | None = None, trust: Trust = Trust.SURE,
) -> Refusal:  # fmt: skip
    """The error for one mistake. `repair` is the corrected line (that of `offset`, or the one on `row`), empty where
    none is certain; `advice` says instead what to do. `reads_as` is the line to go on with where there is no repair;
    with neither, reading does not go on."""
    error = Refusal(problem(source, offset, f"found {found}; expected {expected}", repair or advice))
    error.row = row if row >= 0 else source.row(offset)
    error.line = repair or reads_as or ""
    error.trust = trust if repair or reads_as is not None else Trust.NONE
    return error


def in_quotes(text: str) -> str:
    """A text in double quotes, as one writes it by hand."""
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{body}"'


def with_quotes(source: Source, offset: int, text: str) -> str:
    """The line at `offset` with the text that stands there put in quotes; empty if it does not stand there."""
    if not source.text.startswith(text, offset) or "\n" in text:
        return ""
    row = source.row(offset)
    line, column = source.lines[row], offset - source.starts[row]
    return line[:column] + in_quotes(text) + line[column + len(text) :]


def excerpt(source: Source, offset: int, repair: str = "") -> tuple[str, ...]:
    """The line at `offset`, a caret under it, and the repair. Very long lines are cut around the caret, and so are their
    repairs."""
    row = source.row(offset)
    line, column = source.lines[row].rstrip("\r"), offset - source.starts[row]
    first = max(0, column - _BEFORE) if len(line) > _WIDEST else 0
    shown = line[first : first + _WIDEST]
    lead = "".join("\t" if char == "\t" else " " for char in shown[: column - first])
    return (shown, lead + "^", *([f"try: {repair[first : first + _WIDEST]}"] if repair else []))


def without_comment(text: str) -> str:
    """The rest of a line up to a comment, without the blanks before it."""
    return _COMMENT.sub("", text).rstrip()


def goes_on_below(source: Source, row: int) -> bool:
    """Whether the next line with something on it is indented deeper than the key or item on this one."""
    here = source.lines[row]
    below = next((line for line in source.lines[row + 1 :] if line.strip()), "")
    return len(below) - len(below.lstrip(" ")) > len(here) - len(here.lstrip(" -"))


def at(source: Source, offset: int) -> str:
    """`20:3`, for naming a second place inside a message."""
    place = source.place(offset)
    return f"{place.line}:{place.column}"


def quote(text: str) -> str:
    """Source text inside a message, in backquotes and not too long."""
    text = text.strip()
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def character(char: str) -> str:
    """A character that cannot be told from its looks: `U+00A0 (no-break space)`."""
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character').lower()})"


def is_invisible(char: str) -> bool:
    """Whether a character looks like a space, or like nothing, without being the space of YAML."""
    return char > "\x7f" and unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf")
