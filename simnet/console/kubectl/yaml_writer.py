"""Objects as the YAML and JSON that kubectl prints.

Source: sigs.k8s.io/yaml (go-yaml v2: encode.go stringv, sorter.go keyList.Less, emitterc.go yaml_emitter_analyze_scalar,
write_plain_scalar and friends); kubernetes/cli-runtime pkg/printers/json.go; encoding/json for what it escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simnet.manifests.yaml_scalars import resolve

_WIDTH = 80  # plain and quoted scalars are folded at the first blank behind this column
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_STARTS = set("#,[]{}&*!|>'\"%@`")
_ODD = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r",
            "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L", "\u2029": "\\P"}


def to_json(value: Any) -> str:
    """With four blanks, keys sorted, `<`, `>` and `&` escaped, as Go writes JSON."""
    text = json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False, default=_plain)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text + "\n"


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def to_yaml(value: Any) -> str:
    """A block document without a leading `---`; lists stand at the column of their key."""
    if isinstance(value, Mapping) and value:
        return "".join(f"{line}\n" for line in _mapping(value, 0))
    if isinstance(value, (list, tuple)) and value:
        return "".join(f"{line}\n" for line in _sequence(value, 0))
    return "\n".join(_scalar(value, 0, 0)) + "\n"


def _mapping(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key in sorted(value, key=_natural):
        shown = " " * indent + _text(str(key), indent, indent, is_key=True)[0] + ":"
        item = value[key]
        if isinstance(item, Mapping) and item:
            yield shown
            yield from _mapping(item, indent + 2)
        elif isinstance(item, (list, tuple)) and item:
            yield shown
            yield from _sequence(item, indent)
        else:
            first, *rest = _scalar(item, indent + 2, len(shown) + 1)
            yield f"{shown} {first}"
            yield from rest


def _sequence(value: list[Any] | tuple[Any, ...], indent: int) -> Iterator[str]:
    for item in value:
        if isinstance(item, Mapping) and item:
            lines = list(_mapping(item, indent + 2))
        elif isinstance(item, (list, tuple)) and item:
            lines = list(_sequence(item, indent + 2))
        else:
            lines = _scalar(item, indent + 2, indent + 2)
            lines[0] = " " * (indent + 2) + lines[0]
        yield " " * indent + "- " + lines[0][indent + 2:]
        yield from lines[1:]


def _natural(key: Any) -> list[tuple[int, int, int]]:
    """Sort keys as go-yaml does: digits by their number, other characters before letters."""
    parts: list[tuple[int, int, int]] = []
    for match in re.finditer(r"\d+|.", str(key), re.DOTALL):
        text = match[0]
        parts.append((0, int(text), len(text)) if text[0].isdigit() else (2 if text.isalpha() else 1, ord(text), 0))
    return parts


def _scalar(value: Any, indent: int, column: int) -> list[str]:
    """The lines of a scalar or an empty collection; all but the first carry their indentation."""
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Mapping):
        return ["{}"]
    if isinstance(value, (list, tuple)):
        return ["[]"]
    if isinstance(value, (int, float)):
        return [str(value)]
    return _text(str(value), indent, column)


def _text(text: str, indent: int, column: int, is_key: bool = False) -> list[str]:
    has_odd = bool(_ODD.search(text))
    if "\n" in text and not is_key and not has_odd and not re.search(r"[ ]\n|[ ]\Z", text) and text.strip():
        return _literal(text, indent)
    if has_odd or "\n" in text or _means_something_else(text):
        return _folded(_escaped(text), indent, column, is_key, double=True)
    if not _may_be_plain(text):
        return _folded("'" + text.replace("'", "''") + "'", indent, column, is_key)
    return _folded(text, indent, column, is_key)


def _means_something_else(text: str) -> bool:
    """Whether the bare word would be read as a number, a boolean, null or a date."""
    return (not text or not isinstance(resolve(text), str) or text == "<<" or bool(_DATE.fullmatch(text))
            or bool(_BASE_60.fullmatch(text)))


def _may_be_plain(text: str) -> bool:
    if text[0] in _STARTS or text[0] == " " or text[-1] == " " or text.startswith(("---", "...")):
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    return not re.search(r":(\s|\Z)|\s#", text) and "\t" not in text


def _literal(text: str, indent: int) -> list[str]:
    """A block scalar: `|`, `|-` without a line break at the end, `|+` with several."""
    mark = "|-" if not text.endswith("\n") else "|+" if text.endswith("\n\n") or text == "\n" else "|"
    if text[0] in " \n":
        mark = mark[0] + "2" + mark[1:]
    body = text[:-1] if text.endswith("\n") else text
    return [mark, *(" " * indent + line if line else "" for line in body.split("\n"))]


def _escaped(text: str) -> str:
    pieces = [_ESCAPES.get(each) or (each if not _ODD.match(each) else _numbered(ord(each))) for each in text]
    return '"' + "".join(pieces) + '"'


def _numbered(number: int) -> str:
    return f"\\x{number:02X}" if number < 0x100 else f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"


def _folded(text: str, indent: int, column: int, is_key: bool, double: bool = False) -> list[str]:
    """Break at single blanks once a line is wider than `_WIDTH`; keys are never broken."""
    if is_key or column + len(text) <= _WIDTH:
        return [text]
    lines, line, at = [], "", column
    for place, character in enumerate(text):
        alone = character == " " and text[place - 1:place] != " " and text[place + 1:place + 2] != " "
        if alone and at > _WIDTH and 0 < place < len(text) - (2 if text[0] in "'\"" else 1):
            lines.append(line)
            line, at = " " * indent, indent
        else:
            line += character
            at += 1
    return [*lines, line]
