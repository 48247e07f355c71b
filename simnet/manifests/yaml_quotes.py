"""Quoted scalars, on one line or many: escapes, doubled apostrophes, folded line ends.

Source: go.yaml.in/yaml/v2 scannerc.go `yaml_parser_scan_flow_scalar`; `\\/` is read too, since JSON has it.
"""

from __future__ import annotations

import re
from typing import Final

from simnet.manifests.tree import Source
from simnet.manifests.yaml_errors import Trust, quote, refusal

SINGLE: Final = re.compile(r"'([^']*+(?:''[^']*+)*+)'")
DOUBLE: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_TAIL_BACKSLASHES = re.compile(r"\\*+$")
_BLANKS = " \t"
_NAMED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "'": "'", "\\": "\\", "/": "/", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


def quoted(source: Source, offset: int) -> tuple[str, int]:
    """The text of the quoted scalar that begins at `offset`, and the offset after its closing quote.

    Raises ManifestError at the opening quote if it is never closed, or at an escape that does not exist.
    """
    text = source.text
    single = text[offset] == "'"
    found = (SINGLE if single else DOUBLE).match(text, offset)
    if found is None:
        raise _unclosed(source, offset)
    inside: str = found[1]
    if single:
        value = _folded(_single_lines(inside)) if "\n" in inside else inside
        value = value.replace("''", "'")
    elif "\n" in inside:
        value = _folded(_double_lines(source, found.start(1), inside))
    else:
        value = _plain_or_escaped(source, found.start(1), inside)
    return value, found.end()


def _unclosed(source: Source, offset: int) -> Exception:
    line = source.lines[source.row(offset)].rstrip()
    mark = source.text[offset]
    found = f"a quote {mark} that is never closed"
    return refusal(source, offset, found, f"{mark} at the end of the text", line + mark, trust=Trust.GUESS)


def _single_lines(inside: str) -> list[tuple[str, bool]]:
    first, *middle, last = inside.split("\n")
    trimmed = [first.rstrip(_BLANKS), *(line.strip(_BLANKS) for line in middle), last.lstrip(_BLANKS)]
    return [(line, False) for line in trimmed]


def _double_lines(source: Source, start: int, inside: str) -> list[tuple[str, bool]]:
    """Each line without the blanks around it, its escapes read, and whether a backslash escapes its line end."""
    lines, found = inside.split("\n"), []
    for number, line in enumerate(lines):
        lead = 0 if number == 0 else len(line) - len(line.lstrip(_BLANKS))
        body, is_escaped = (line[lead:], False) if number == len(lines) - 1 else _without_tail(line[lead:])
        found.append((_plain_or_escaped(source, start + lead, body), is_escaped))
        start += len(line) + 1
    return found


def _without_tail(line: str) -> tuple[str, bool]:
    """A line of a double-quoted text without the blanks before its end, and whether a backslash escapes that end."""
    if _ends_escaped(line):
        return line[:-1], True
    trimmed = line.rstrip(_BLANKS)
    if trimmed != line and _ends_escaped(trimmed):
        trimmed = line[: len(trimmed) + 1]  # the backslash escapes the first blank after it
    return trimmed, False


def _ends_escaped(line: str) -> bool:
    found = _TAIL_BACKSLASHES.search(line)
    return found is not None and len(found[0]) % 2 == 1


def _folded(lines: list[tuple[str, bool]]) -> str:
    """Lines put together: a line end is a space (nothing where it was escaped), each empty line a line end."""
    (first, was_escaped), *rest = lines
    out, breaks = [first], 0
    for number, (line, is_escaped) in enumerate(rest, 1):
        if not line and not is_escaped and number < len(rest):
            breaks += 1
            continue
        out += ["\n" * breaks or ("" if was_escaped else " "), line]
        breaks, was_escaped = 0, is_escaped
    return "".join(out)


def _plain_or_escaped(source: Source, start: int, text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda escape: _unescaped(source, start, escape), text)


def _unescaped(source: Source, start: int, escape: re.Match[str]) -> str:
    two, four, eight, name = escape.groups()
    if name is not None:
        if name not in _NAMED:
            raise _unknown_escape(source, start + escape.start(), name)
        return _NAMED[name]
    code = int(two or four or eight, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        found, expected = f"{quote(escape[0])}, which is no character", "the code of a character up to 10FFFF"
        raise refusal(source, start + escape.start(), found, expected)
    return chr(code)


def _unknown_escape(source: Source, offset: int, name: str) -> Exception:
    row = source.row(offset)
    line, column = source.lines[row], offset - source.starts[row]
    if name in "xuU":
        digits = {"x": 2, "u": 4, "U": 8}[name]
        return refusal(source, offset, f"`\\{name}` without its digits", f"{digits} hexadecimal digits after it")
    found = f"`\\{name}`, which is not an escape in double quotes"
    return refusal(source, offset, found, "`\\\\` or single quotes", line[:column] + "\\" + line[column:])
