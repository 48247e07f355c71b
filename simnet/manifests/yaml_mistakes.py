"""Which mistake it was: the reader knows only that a line does not fit; these functions find the likely reason.

Each takes the source and the place where reading stopped, and returns the error to raise, at the place of the
mistake, which is often an earlier one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from simnet.manifests.tree import Source
from simnet.manifests.yaml_errors import (
    Trust,
    at,
    character,
    goes_on_below,
    is_invisible,
    quote,
    refusal,
    with_quotes,
    without_comment,
)  # fmt: skip
from simnet.manifests.yaml_quotes import quoted
from simnet.manifests.yaml_text import tab

_FLOW_WORD = r"(?:[^ \t\n,?\[\]{}:]|:(?=[^ \t\n]))"
PLAIN: Final = re.compile(rf"{_FLOW_WORD}++(?:[ \t\n]++(?!\#){_FLOW_WORD}++)*+")
_BLOCK_KEY = re.compile(r"[ \t]*(?:- |[^\s\"'#,\[\]{}&*!|>%@`:]+:(?:[ \t]|$))")
_GLUED = re.compile(r"""([A-Za-z_][\w./-]*):([^\s/:].*|/(?!/).*)""")
_KEY = re.compile(r"""[^\s#:'"\[{][^#:]*:(?=[ \t]|$)""")
_GLUED_DASH = re.compile(r"( *(?:- +)*)-([^\s:-][^:]*:(?:[ \t]|$))")
_DASHED_WORD = re.compile(r"-[^\s-]")
_WORDS = re.compile(r"([\w./-]+) *(?:[=;] *| )(\S.*)")
_LONE_WORD = re.compile(r"[A-Za-z_][\w./-]*(?:;|=\S*)?")
_ITEM = re.compile(r" *(?:- +)+")
_BLOCK_MARK = re.compile(r"(?<=[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$")
_SEPARATOR = re.compile(r"--+")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")


def template(source: Source, offset: int) -> Exception:
    """`{{ ... }}` that no template engine has replaced."""
    row = source.row(offset)
    line, column = source.lines[row], offset - source.starts[row]
    found = f"{quote(line[column:])}, which looks like a Helm template"
    reads_as = with_quotes(source, offset, line[column:].rstrip()) if line[:column].strip() else ""
    return refusal(source, offset, found, "plain YAML", advice="render it first (helm template)", reads_as=reads_as)


# -- between brackets -------------------------------------------------------------------------------------------------


def bad_word(source: Source, offset: int) -> Exception:
    """A `?`, a `:` or the end of the text where a value should begin."""
    char = source.text[offset : offset + 1]
    if not char:
        end = len(source.text.rstrip())
        return refusal(source, end, "the end of the text", "a value and the closing bracket")
    return refusal(source, offset, f"`{char}` where a value cannot begin", "a value; quote it if it is text")


def forgotten_or_unexpected(source: Source, opening: int, place: int, indent: int, expected: str) -> Exception:
    """Something at `place` that does not fit into the bracket opened at `opening`: that bracket was forgotten if the
    text ends there, or if the line looks like one of the block collection around it (at column `indent`)."""
    place = _swallowed(source, opening, place)
    line, row = _line(source, place)
    bracket = source.text[opening]
    lead = len(line) - len(line.lstrip())
    ended = not source.text[place:].strip()
    if ended or (row > source.row(opening) and lead <= max(indent, 0) and _BLOCK_KEY.match(line)):
        where = "the end of the document" if ended else f"line {source.base + row + 1}"
        found = f"`{bracket}`, opened at {at(source, opening)} and not closed before {where}"
        closing = "}" if bracket == "{" else "]"
        return refusal(source, opening, found, f"`{closing}`", _line(source, opening)[0].rstrip() + closing, trust=Trust.GUESS)
    column = place - source.starts[row]
    before = line[:column].rstrip()
    if before[-1:] in ("'", '"') and source.text[place - 1] == before[-1:] and expected.startswith("`,`"):
        inside = '`\\"` for a quote inside double quotes, or single quotes around the text'
        advice = inside if before[-1] == '"' else "`''` for an apostrophe inside single quotes"
        return refusal(source, place, f"{quote(_token(source, place))} right after a closing quote", expected, advice=advice)
    if before and line[column] in "]}":
        repair = line[:column].rstrip(" ,") + ("}" if bracket == "{" else "]") + line[column:]
    elif before:
        repair = f"{before}, {line[column:]}"
    else:
        above, row = _line(source, len(source.text[:place].rstrip()) - 1)
        repair = above.rstrip() + ","
    found = quote(_token(source, place))
    repair = repair if expected.startswith("`,`") else ""
    return refusal(source, place, found, expected, repair, row=row, trust=Trust.GUESS)


def _swallowed(source: Source, opening: int, place: int) -> int:
    """Where the word before a `:` begins, if that word was read as more of the value before it, which lacks its comma."""
    line, row = _line(source, place)
    first = source.starts[row] + len(line) - len(line.lstrip())
    before = source.text[:first].rstrip()
    if source.text[place : place + 1] != ":" or first >= place:
        return place
    if before[-1:] not in ",[{:" and row > source.row(opening):
        return first
    word = re.search(r"[^\s,\[{:] +([^\s,\[{:]+) *$", source.text[max(first, opening) : place])
    return max(first, opening) + word.start(1) if word else place


def _token(source: Source, offset: int) -> str:
    """The word, quoted text or indicator that begins here."""
    char = source.text[offset]
    if char in "\"'":
        return source.text[offset : quoted(source, offset)[1]].partition("\n")[0]
    word = PLAIN.match(source.text, offset)
    return word[0].partition("\n")[0] if word else char


# -- lines that are no entry of the collection they stand in ----------------------------------------------------------


def not_a_key(source: Source, row: int, column: int, block_text_row: int = -1) -> Exception:
    """The line at (row, column) stands where a key of a mapping is expected, and is none.

    `block_text_row` is the row of a `|` or `>` right above it, if there is one.
    """
    line = source.lines[row]
    text, offset = line[column:].rstrip(), source.starts[row] + column
    special = _special(source, row, column)
    if special is not None:
        return special
    if block_text_row >= 0:
        return _unindented_text(source, row, column, block_text_row)
    if text.startswith("- ") or text == "-":
        expected = "a key; a list stands under a key of its own, and no key beside it"
        return refusal(source, offset, "a list entry between the keys of a mapping", expected)
    if _DASHED_WORD.match(text):
        return not_an_item(source, row, column)
    glued = _GLUED.match(line.rstrip(), column)
    if glued:
        return _no_space(source, row, glued)
    if _SEPARATOR.fullmatch(text):
        return refusal(source, offset, f"{quote(text)}, which is no separator", "`---` at the start of the line", "---",
                       trust=Trust.NONE)
    word = without_comment(text)
    pair = _WORDS.fullmatch(word)
    repair = line[:column] + (f"{pair[1]}: {pair[2]}" if pair else f"{word.rstrip(';=')}:")
    return refusal(source, offset, f"{quote(word)}, which has no colon", "`key: value`", repair, trust=Trust.GUESS)


def _no_space(source: Source, row: int, glued: re.Match[str]) -> Exception:
    """A `key:value` on this row that was meant as `key: value`."""
    pair = f"{glued[1]}: {glued[2]}"
    found = f"{quote(glued[0])} without a space after the colon"
    return refusal(source, source.starts[row] + glued.start(2), found, quote(pair), glued.string[: glued.start()] + pair)


def _special(source: Source, row: int, column: int) -> Exception | None:
    """What is nothing like YAML: conflict markers, templates, tabs, invisible characters, collections as keys."""
    line = source.lines[row]
    text, offset = line[column:].rstrip(), source.starts[row] + column
    if _CONFLICT.match(text):
        found = f"the merge conflict marker {quote(text)}"
        return refusal(source, offset, found, "one of the two versions", advice="keep one side and remove the marker lines")
    if text.startswith("{{"):
        return template(source, offset)
    if line[column] == "\t":
        return tab(source, row, column)
    if text.startswith("-\t"):
        return refusal(source, offset + 1, "a tab after the dash", "a space", f"{line[:column]}- {text[2:].lstrip()}")
    if is_invisible(line[column]):
        return invisible(source, row, column)
    if text[0] in "[{":
        return refusal(source, offset, "a collection as a key", "text as a key; quote it if it is text")
    return None


def invisible(source: Source, row: int, column: int) -> Exception:
    """A no-break space or another character without ink where a key should begin."""
    line = source.lines[row]
    end = column
    while end < len(line) and is_invisible(line[end]):
        end += 1
    name, where = character(line[column]), source.starts[row] + column
    if unicodedata.category(line[column]) == "Cf":
        repair = line[:column] + line[end:]
        return refusal(source, where, f"the character {name}, which cannot be seen", "nothing in its place", repair)
    repair = f"{line[:column]}{' ' * (end - column)}{line[end:]}"
    return refusal(source, where, f"the character {name}, which looks like a space but is not", "spaces", repair)


def _unindented_text(source: Source, row: int, column: int, header: int) -> Exception:
    line, above = source.lines[row], source.lines[header]
    key = len(above) - len(above.lstrip(" -"))
    mark = _BLOCK_MARK.search(above)
    where = at(source, source.starts[header] + mark.start()) if mark else f"line {source.base + header + 1}"
    name = above[key:].partition(":")[0]
    found = f"the text of the block scalar at {where}, not indented more than `{name}` (column {key + 1})"
    repair = " " * (key + 2) + line.lstrip()
    return refusal(source, source.starts[row] + column, found, f"at least column {key + 3}", repair, trust=Trust.NONE)


def wrong_level(source: Source, row: int, column: int, levels: list[int], above: int, dash: int = -1) -> Exception:
    """A line indented to a level that is not open.

    `levels` are the columns that are (outermost first), `above` the row of the last key or item of the innermost
    collection that was still open at this column, `dash` the column of the list whose item that is (-1: none).
    """
    line, offset = source.lines[row], source.starts[row] + column
    slipped = slipped_first(source, above, row, column)
    if slipped is not None:
        return slipped
    what = "key" if _KEY.match(line, column) else "text"
    if dash >= 0 and column < levels[-1]:
        word = quote(source.lines[above][levels[-1] :].partition(":")[0])
        expected = f"{levels[-1]} (like {word} on line {source.base + above + 1}) or {dash} for a new `-` entry"
        repair = " " * levels[-1] + line.lstrip(" ")
        return refusal(source, offset, f"a {what} at indent {column}", expected, repair, trust=Trust.NONE)
    shown = ", ".join(map(str, levels))
    found = f"indent {column}, which matches none of the open levels {shown}"
    nearest = min(levels, key=lambda level: abs(level - column))
    repair = " " * nearest + line.lstrip(" ")
    return refusal(source, offset, found, f"one of {shown}", repair, trust=Trust.NONE)


def deeper_than_value(source: Source, row: int, column: int, level: int, above: int) -> Exception:
    """A line indented under an entry (on row `above`, at column `level`) that has its value already."""
    line, before = source.lines[row], source.lines[above]
    special = _special(source, row, column) or slipped_first(source, above, row, column)
    if special is not None:
        return special
    dashed = _GLUED_DASH.match(before)
    if dashed:
        found = f"{quote('-' + dashed[2])} without a space after the dash"
        at_name = len(dashed[1]) + 1
        repair = f"{before[:at_name]} {before[at_name:]}"
        return refusal(source, source.starts[above] + at_name, found, f"`- {dashed[2].rstrip()}`", repair)
    colon = re.search(r":(?=[ \t]|$)", line[column:])
    item = _ITEM.match(before)
    glued = _GLUED.match(before, item.end()) if item and colon else None
    if glued:
        return _no_space(source, above, glued)
    text = without_comment(before[item.end() :]) if item else ""
    if item and colon and (_LONE_WORD.fullmatch(text) or (column == item.end() and _WORDS.fullmatch(text))):
        return not_a_key(source, above, item.end())
    if colon and not _KEY.match(line, column):
        return colon_in_text(source, source.starts[row] + column + colon.start())
    if _BLOCK_MARK.search(before):
        first = next(text for text in source.lines[above + 1 :] if text.strip())
        width = len(first) - len(first.lstrip(" "))
        found = f"a line of the block text at indent {column}"
        return refusal(source, source.starts[row] + column, found, f"at least {width}, like its first line",
                       " " * width + line.lstrip(" "), trust=Trust.NONE)
    found = f"a key at indent {column}" if colon else f"text at indent {column}"
    expected = f"indent {level}; a value was already given on line {source.base + above + 1}"
    repair = " " * level + line.lstrip(" ")
    return refusal(source, source.starts[row] + column, found, expected, repair, trust=Trust.NONE)


def slipped_first(source: Source, above: int, row: int, column: int) -> Exception | None:
    """The first key of a mapping (on row `above`) is the one that stands wrong, if the one on `row` stands two or four
    columns inside the key that holds both (or at column 0 of the document), and the first does not; else None."""
    first, line = source.lines[above], source.lines[row]
    level = len(first) - len(first.lstrip(" "))
    key = _KEY.match(first, level) if not first.startswith("-", level) else None
    holder = next((text for text in reversed(source.lines[:above]) if without_comment(text).strip()), "")
    inside = len(holder) - len(holder.lstrip(" -"))
    only = all(len(text) - len(text.lstrip(" ")) > level for text in source.lines[above + 1 : row] if text.strip())
    fits = level - inside not in (2, 4) and column - inside in (2, 4) and without_comment(holder).endswith(":")
    if not (key and only and (fits or not (holder or column)) and level != column and _KEY.match(line, column)):
        return None
    name = first[level : key.end() - 1].rstrip()
    found = f"the key `{name}` at indent {level}, and the next one at {column}"
    repair = " " * column + first.lstrip(" ")
    return refusal(source, source.starts[above] + level, found, f"both at {column}", repair, trust=Trust.GUESS)


def colon_in_plain(source: Source, row: int, start: int, colon: int) -> Exception:
    """A `: ` (at offset `colon`) inside the unquoted text that begins at (row, start), perhaps on a later line."""
    later, line = source.row(colon), source.lines[row]
    if later == row:
        return colon_in_text(source, colon)
    lead = len(source.lines[later]) - len(source.lines[later].lstrip(" \t"))
    stands_alone = not line[:start].strip(" -")
    is_word = _LONE_WORD.fullmatch(without_comment(line[start:])) is not None and later == row + 1
    if stands_alone and (lead <= start or is_word or _GLUED.match(line, start)):
        return not_a_key(source, row, start)
    level = start if stands_alone else len(line) - len(line.lstrip(" -"))
    return deeper_than_value(source, later, lead, level, row)


def not_an_item(source: Source, row: int, column: int) -> Exception:
    """A line at the column of a list's dashes that has no dash."""
    text = source.lines[row][column:].rstrip()
    special = _special(source, row, column)
    if special is not None:
        return special
    offset = source.starts[row] + column
    if _DASHED_WORD.match(text):
        repair = f"{' ' * column}- {text[1:]}"
        return refusal(source, offset + 1, f"{quote(text)} without a space after the dash", "`- `", repair)
    expected = "`- ` before the next item of the list, or a key further left"
    return refusal(source, offset, quote(text), expected, f"{' ' * column}- {text}", trust=Trust.NONE)


def left_over(source: Source, row: int, column: int) -> Exception:
    """Text after a document that is complete."""
    line = source.lines[row]
    special = _special(source, row, column) if line[column] not in "[{" or line.startswith("{{", column) else None
    if special is not None:
        return special
    found = f"{quote(line)} after the end of the document"
    return refusal(source, source.starts[row] + column, found, "`---` on a line of its own before another document")


def colon_in_text(source: Source, offset: int) -> Exception:
    """A `: ` inside a value that has no quotes."""
    line, row = _line(source, offset)
    column = offset - source.starts[row]
    head = re.match(r"[ ]*(?:- +)*(?:[^\s:#'\"]+:[ \t]+)?", line)
    start = head.end() if head and head.end() <= column else len(line) - len(line.lstrip())
    value = without_comment(line[start:])
    found = f"`: ` inside the unquoted value {quote(value)}"
    if goes_on_below(source, row):
        advice = f"put {quote(value)} on a line of its own below"
        return refusal(source, offset, found, "quotes around the value, or keys on the lines below", advice=advice)
    repair = with_quotes(source, source.starts[row] + start, value)
    return refusal(source, offset, found, "quotes around the value", repair, trust=Trust.GUESS)


def after_value(source: Source, offset: int, opening: int) -> Exception:
    """Text behind a quoted text or a collection that is complete; `opening` is where that began."""
    line, row = _line(source, offset)
    mark, first = source.text[opening], source.row(opening)
    if first != row and mark in "\"'":
        where = f"it swallowed the text up to {at(source, offset - 1)}"
        found = f"a quote {mark} that was not closed on its line; {where}"
        expected = f"{mark} on line {source.base + first + 1}"
        return refusal(source, opening, found, expected, _line(source, opening)[0].rstrip() + mark, trust=Trust.GUESS)
    rest = quote(line[offset - source.starts[row] :])
    if mark not in "\"'":
        if rest.startswith("`:"):
            return refusal(source, opening, "a collection as a key", "text as a key; quote it if it is text")
        bracket = source.text[:offset].rstrip()[-1]
        return refusal(source, offset, f"{rest} after the closing `{bracket}`", "the end of the line")
    start = opening - source.starts[row]
    repair = line[:start] + _requoted(line[start:].rstrip())
    return refusal(source, offset, f"{rest} after the closing quote", "the end of the line", repair, trust=Trust.GUESS)


def _requoted(text: str) -> str:
    """A badly quoted text in single quotes: what stands between the first and the last `'`, or all of it."""
    inner = text[1:].removesuffix("'").replace("''", "'") if text.startswith("'") else text
    return "'" + inner.replace("'", "''") + "'"


def _line(source: Source, offset: int) -> tuple[str, int]:
    row = source.row(offset)
    return source.lines[row], row
