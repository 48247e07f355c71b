"""How a text is written in YAML: plain, in single quotes, in double quotes, or as a block; and how long ones are cut.

Source: go.yaml.in/yaml/v2 encode.go `stringv` and emitterc.go (`yaml_emitter_analyze_scalar`, the `write_*_scalar`
functions), which print what `kubectl get -o yaml` shows.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from simnet.manifests.yaml_errors import is_invisible
from simnet.manifests.yaml_scalars import is_text

WIDTH: Final = 80
_BREAKS = "\n\r\x85\u2028\u2029"
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_UNPRINTABLE = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_INDICATOR = re.compile(r"---|\.\.\.|[#,\[\]{}&*!|>'\"%@`]|[-?:](?:[ \t]|$)|.*?(?::(?:[ \t]|$)|(?<=[ \t])#)", re.DOTALL)
_EDGE = re.compile(rf"[ {_BREAKS}]|.*[ {_BREAKS}]\Z", re.DOTALL)
_BREAK_SPACE = re.compile(f"[{_BREAKS}] ")
_SPACE_BREAK = re.compile(f" [{_BREAKS}]")
_ESCAPED = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_NAMED: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
    "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


class Style(Enum):
    """The forms a text can have."""

    PLAIN = auto()
    SINGLE = auto()
    DOUBLE = auto()
    LITERAL = auto()


def style_of(text: str, *, is_key: bool = False) -> Style:
    """The form kubectl gives this text as a value, or as a key. Two texts are quoted though kubectl leaves them plain,
    since that makes them something else: a key `<<`, and what begins with a space that is not the space of YAML."""
    if (text == "<<" and is_key) or is_invisible(text[:1]):
        return Style.DOUBLE
    has_break = any(char in text for char in _BREAKS)
    has_special = _UNPRINTABLE.search(text) is not None or _SPACE_BREAK.search(text) is not None
    if has_break and is_key:
        return Style.DOUBLE
    if "\n" in text:
        return Style.DOUBLE if has_special or text.endswith(" ") else Style.LITERAL
    if not is_text(text) or _BASE_60.fullmatch(text):
        return Style.DOUBLE
    if has_special or _BREAK_SPACE.search(text):
        return Style.DOUBLE
    return Style.SINGLE if has_break or _EDGE.match(text) or _INDICATOR.match(text) else Style.PLAIN


def written(text: str, style: Style, column: int, indent: int, *, may_break: bool = True) -> str:
    """The text in a style, beginning in `column`; further lines are indented by `indent`."""
    match style:
        case Style.PLAIN:
            return _cut(text, column, indent) if may_break else text
        case Style.SINGLE:
            body = text.replace("'", "''")
            return f"'{_cut(body, column + 1, indent) if may_break else body}'"
        case Style.DOUBLE:
            body = _ESCAPED.sub(_escaped, text)
            return f'"{_cut(body, column + 1, indent, escape=True) if may_break else body}"'
        case Style.LITERAL:
            return _literal(text, indent)


def double_quoted(text: str) -> str:
    """The text in double quotes on one line."""
    return written(text, Style.DOUBLE, 0, 0, may_break=False)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return "\\" + _NAMED[char]
    code = ord(char)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _cut(body: str, column: int, indent: int, *, escape: bool = False) -> str:
    """`body` cut at single spaces once a line has passed the width; in double quotes a space that would then begin a
    line is escaped."""
    if column + len(body) <= WIDTH:
        return body
    out: list[str] = []
    was_space = False
    for index, char in enumerate(body):
        if char != " ":
            out.append(char)
            column += 1
        else:
            next_is_space = body[index + 1 : index + 2] == " "
            inside = 0 < index < len(body) - 1
            if column > WIDTH and not was_space and inside and (escape or not next_is_space):
                out.append("\n" + " " * indent + ("\\" if next_is_space else ""))
                column = indent + next_is_space
            else:
                out.append(char)
                column += 1
        was_space = char == " "
    return "".join(out)


def _literal(text: str, indent: int) -> str:
    hint = "2" if text[0] in " \n" else ""
    lines = text.split("\n")
    if lines[-1]:
        chomp = "-"
    else:
        lines.pop()
        chomp = "+" if not lines[-1] else ""
    body = "".join(f"\n{' ' * indent}{line}" if line else "\n" for line in lines)
    return f"|{hint}{chomp}{body}"
