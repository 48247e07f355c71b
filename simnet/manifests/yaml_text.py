"""Text that runs over several lines: block scalars (`|`, `>`) and plain scalars continued on the next lines.

Source: go.yaml.in/yaml/v2 scannerc.go `yaml_parser_scan_block_scalar`, `yaml_parser_scan_plain_scalar`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from simnet.manifests.tree import Source
from simnet.manifests.yaml_errors import Trust, quote, refusal

_HEADER = re.compile(r"[|>](?:([-+])([0-9]?)|([0-9])([-+]?))?[ \t]*(#.*)?$")
_SEGMENT = re.compile(r"(?:[^ \t:#]|:(?=[^ \t])|(?<=[^ \t])#|[ \t]+(?=[^ \t#]))*+")
_SPACES = re.compile(" *")
_BLANKS = " \t"


def block_text(source: Source, row: int, column: int, indent: int) -> tuple[str, int]:
    """The text of the block scalar whose `|` or `>` stands at (row, column), and the first row after it.

    `indent` is the column of the collection that holds it (-1 at the top): the text must stand further right.
    """
    lines = source.lines
    header = _HEADER.match(lines[row], column)
    if header is None or "0" in (header[2], header[3]):
        raise _bad_header(source, row, column)
    chomp, digit = header[1] or header[4] or "", header[2] or header[3]
    floor = max(indent, 0) + int(digit) if digit else 0
    depth = floor or _depth(source, row + 1, indent)
    pieces, end = _block_lines(source, row + 1, depth)
    return _chomped(pieces, chomp, is_folded=lines[row][column] == ">"), end


def _depth(source: Source, row: int, indent: int) -> int:
    """The column of the text: that of its first line, but not less than that of a longer blank line above it."""
    deepest, lines = 0, source.lines
    while row < len(lines):
        line = lines[row]
        spaces = _SPACES.match(line).end()  # type: ignore[union-attr]
        deepest = max(deepest, spaces)
        if line[spaces : spaces + 1] == "\t":
            raise refusal(source, source.starts[row] + spaces, "a tab before the text's indentation is known", "spaces")
        if spaces < len(line):
            break
        row += 1
    return max(deepest, indent + 1, 1)


def _block_lines(source: Source, row: int, depth: int) -> tuple[list[str], int]:
    """The lines that belong to the text, without their indentation; '' for a line of blanks no longer than that."""
    lines, pad, pieces = source.lines, " " * depth, []
    last = len(lines) - 1  # the text ends with a line end, so the last piece is no line
    while row < last:
        line = lines[row]
        if line.startswith(pad):
            pieces.append(line[depth:])
        elif line.strip(" "):
            break
        else:
            pieces.append("")
        row += 1
    return pieces, row


def _chomped(pieces: list[str], chomp: str, *, is_folded: bool) -> str:
    count = len(pieces)
    while count and not pieces[count - 1]:
        count -= 1
    blank = len(pieces) - count
    if not count:
        return "\n" * blank if chomp == "+" else ""
    body = _folded(pieces[:count]) if is_folded else "\n".join(pieces[:count])
    return body + ("" if chomp == "-" else "\n") + ("\n" * blank if chomp == "+" else "")


def _folded(pieces: list[str]) -> str:
    """Lines joined by spaces, but not next to empty lines or to lines that begin with a blank."""
    out: list[str] = []
    breaks, was_blank, is_first = 0, False, True
    for piece in pieces:
        if not piece:
            breaks += 1
            continue
        is_blank = piece[0] in _BLANKS
        if not is_first:
            if was_blank or is_blank:
                breaks += 1
            elif not breaks:
                out.append(" ")
        out.append("\n" * breaks + piece)
        breaks, was_blank, is_first = 0, is_blank, False
    return "".join(out)


def _bad_header(source: Source, row: int, column: int) -> Exception:
    line = source.lines[row]
    offset = source.starts[row] + column
    rest = line[column + 1 :].lstrip("-+123456789")
    extra = rest.strip()
    if line[column:].startswith(("|0", ">0")):
        return refusal(source, offset, f"{quote(line[column:])}", "an indentation from 1 to 9")
    at = offset + len(line) - column - len(rest.lstrip())
    found = f"{quote(extra or line[column:])} after `{line[column]}`"
    if not extra:
        at = offset
    expected = "one of `-` `+`, one digit, and the text on the next lines"
    return refusal(source, at, found, expected, line[: column + 1], trust=Trust.NONE)


class Plain(NamedTuple):
    """A plain scalar: its text, the first row after it, and where an unexpected `:` stands (-1: nowhere)."""

    text: str
    end: int
    colon: int


def plain_text(source: Source, row: int, column: int, indent: int) -> Plain:
    """The plain scalar that begins at (row, column), with the lines it continues on (further right than `indent`)."""
    lines, starts = source.lines, source.starts
    last = len(lines) - 1
    out, blank, at, first = "", 0, column, True
    while True:
        line = lines[row]
        found = _SEGMENT.match(line, at)
        stop = found.end() if found else at
        segment = line[at:stop].rstrip(_BLANKS)
        if segment:
            out += segment if first else ("\n" * blank or " ") + segment
        rest = line[stop:].lstrip(_BLANKS)
        if rest.startswith(":"):
            return Plain(out, row, starts[row] + len(line) - len(rest))
        row, blank, first = row + 1, 0, False
        if rest:  # a comment ends the text
            return Plain(out, row, -1)
        while row < last and not lines[row].strip(_BLANKS):
            refuse_tab(source, row, indent)
            row, blank = row + 1, blank + 1
        lead = refuse_tab(source, row, indent)
        if row >= last or lead <= indent or lines[row][lead] == "#":
            is_passed = row < last and lead > indent and "\t" in lines[row][:lead]  # a comment after a tab
            return Plain(out, row + is_passed, -1)
        at = lead


def refuse_tab(source: Source, row: int, indent: int) -> int:
    """How many blanks the line begins with; an error if one of those that must be spaces is a tab."""
    line = source.lines[row]
    lead = len(line) - len(line.lstrip(_BLANKS))
    column = line[: min(lead, indent + 1)].find("\t")
    if column >= 0:
        raise tab(source, row, column)
    return lead


def tab(source: Source, row: int, column: int) -> Exception:
    """The error for a tab that stands where only spaces may indent."""
    line = source.lines[row]
    above = next((text for text in reversed(source.lines[:row]) if text.strip() and text.lstrip()[0] != "#"), "")
    level = len(above) - len(above.lstrip(" ")) + (2 if above.rstrip().endswith(":") else 0)
    width, rest = max(level - column, 1), line[column:].lstrip(_BLANKS)
    where = source.starts[row] + column
    if not rest:
        return refusal(source, where, "a tab on a blank line", "nothing there", advice="an empty line", reads_as="")
    expected = f"{width} space{'' if width == 1 else 's'} in its place"
    return refusal(source, where, "a tab used for indentation", expected, f"{line[:column]}{' ' * width}{rest}")
