"""Typographic quotes: what a web page makes of a command, and what the shell makes of that.

A shell knows only ' and ". Others are ordinary characters, so `--labels=”app=web”` sets the label `”app` to `web”`.
Inside proper quotes they are text like any other and left alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DOUBLE = "“”„‟«»″＂"
SINGLE = "‘’‚‛′＇"

_TOKEN = re.compile(r"\\."                      # an escaped character
                    r"|'[^']*'?"                 # a quoted text, closed or not
                    r'|"(?:[^"\\]|\\.)*"?'
                    r"|(?:(?<=\s)|^)#[^\n]*"     # a comment
                    rf"|(?P<typographic>[{DOUBLE}{SINGLE}])"
                    r"|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TypographicQuote:
    """Where it stands: `place` counts characters of the line from 0. `corrected` is the whole line with quotes a shell
    knows."""

    line: str
    place: int
    corrected: str

    def __str__(self) -> str:
        character = self.line[self.place]
        start = self.line.rfind("\n", 0, self.place) + 1
        shown = self.line[start:].split("\n", 1)[0]
        name = unicodedata.name(character, "").lower()
        column = self.place - start
        return "\n".join((
            f"simnet: typographic quote {character} (U+{ord(character):04X}, {name}) at column {column + 1}: "
            "a shell takes it for an ordinary character, not for a quote",
            f"  {shown}", "  " + " " * column + "^", f"meant: {self.corrected}"))


def find_typographic_quote(line: str) -> TypographicQuote | None:
    """The first typographic quote outside proper quotes, here-document bodies and comments; None if there is none."""
    places = _places(line)
    if not places:
        return None
    characters = list(line)
    for place in places:
        characters[place] = '"' if characters[place] in DOUBLE else "'"
    return TypographicQuote(line, places[0], "".join(characters))


def _places(line: str) -> list[int]:
    """Where typographic quotes stand. A here-document's body follows on later lines and is not looked at."""
    code = line.split("\n", 1)[0] if "<<" in line else line
    return [match.start() for match in _TOKEN.finditer(code) if match.lastgroup == "typographic"]
