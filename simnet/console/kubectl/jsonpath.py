"""`-o jsonpath='{.spec.ports[0].nodePort}'`: paths, indexes, `[*]`, equality filters, texts and `range`.

Source: kubernetes/client-go util/jsonpath (template outside braces is copied, several values are joined by blanks).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from simnet.console.kubectl.context import KubectlError
from simnet.manifests.encode import to_json

_ACTION = re.compile(r"\{([^{}]*)\}")
_STEP = re.compile(r"""\.\.(?P<deep>[\w-]+) | \.(?P<field>(?:\\.|[\w-])+) | \.?\[(?P<all>\*)\] | \.(?P<star>\*)
                       | \[(?P<index>-?\d+)\] | \['(?P<key>[^']*)'\]
                       | \[\?\(\s*@(?P<path>[^=!<>\s]+)\s*(?P<operator>==|!=)\s*["']?(?P<value>[^"')]*)["']?\s*\)\]""",
                   re.VERBOSE)


class _Unexecutable(Exception):
    """A step that the value does not allow; the message is client-go's."""


def jsonpath(template: str, value: Mapping[str, Any]) -> str:
    """Fill in a template. Raises KubectlError for what is not understood, and for an index beyond the end."""
    try:
        return _filled(template, value, value)
    except _Unexecutable as problem:
        raise KubectlError(f'error: error executing jsonpath "{template}": Error executing template: {problem}. Printing '
                           f"more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject "
                           "given to jsonpath engine was:\n\t\t"
                           f"{_as_go(json.loads(to_json(value)))}\n\n") from None


def _filled(template: str, root: Any, current: Any) -> str:
    text, place = "", 0
    while match := _ACTION.search(template, place):
        text += template[place:match.start()]
        action = match[1].strip()
        place = match.end()
        if action.startswith("range "):
            end = template.rfind("{end}")
            if end < 0:
                raise KubectlError("error: error parsing jsonpath: unclosed range, expected {end}")
            body = template[place:end]
            text += "".join(_filled(body, root, each) for each in _values(action[6:].strip(), root, current))
            place = end + len("{end}")
        elif action[:1] in "\"'" and action:
            text += action[1:-1].replace("\\n", "\n").replace("\\t", "\t")
        else:
            text += " ".join(_shown(each) for each in _values(action, root, current))
    if "{" in template[place:]:
        raise KubectlError(f"error: error parsing jsonpath {template}, unclosed action")
    return text + template[place:]


def _shown(value: Any) -> str:
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(json.loads(to_json(value)), separators=(",", ":"), ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _values(path: str, root: Any, current: Any) -> list[Any]:
    values = [root if path.startswith("$") else current]
    rest = path.lstrip("$").removeprefix("@")
    place = 0
    if rest and rest[0] not in ".[":
        rest = "." + rest
    if rest == ".":
        return values
    while place < len(rest):
        match = _STEP.match(rest, place)
        if match is None:
            raise KubectlError(f"error: error parsing jsonpath {path}: unexpected {rest[place:]!r}")
        values = [item for value in values for item in _step(match, value)]
        place = match.end()
    return values


def _step(match: re.Match[str], value: Any) -> list[Any]:
    if match["deep"]:
        return _deep(match["deep"], value)
    if match["all"] or match["star"]:
        return list(value.values()) if isinstance(value, Mapping) else list(value) if isinstance(value, (list, tuple)) else []
    if match["index"] is not None:
        return [_item(value, int(match["index"]))]
    if match["operator"]:
        items = value if isinstance(value, (list, tuple)) else []
        wanted = match["value"]
        return [item for item in items if
                (any(_shown(each) == wanted for each in _values(match["path"], item, item))) == (match["operator"] == "==")]
    key = match["key"] if match["key"] is not None else match["field"].replace("\\.", ".")
    return [value[key]] if isinstance(value, Mapping) and key in value else []


def _item(value: Any, index: int) -> Any:
    """Source: client-go util/jsonpath evalArray, its messages included."""
    if not isinstance(value, (list, tuple)):
        raise _Unexecutable(f"{_go_type(value)} is not array or slice")
    place = index + len(value) if index < 0 else index
    if not 0 <= place < len(value):
        raise _Unexecutable(f"array index out of bounds: index {place}, length {len(value)}")
    return value[place]


def _go_type(value: Any) -> str:
    return {dict: "map[string]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}.get(
        dict if isinstance(value, Mapping) else type(value), "<nil>")


def _as_go(value: Any) -> str:
    """A value as Go's `%#v` writes it: what kubectl shows of the object."""
    match value:
        case dict():
            return "map[string]interface {}{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}:{_as_go(value[key])}"
                                                          for key in sorted(value)) + "}"
        case list():
            return "[]interface {}{" + ", ".join(map(_as_go, value)) + "}"
        case None:
            return "interface {}(nil)"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _deep(key: str, value: Any) -> list[Any]:
    """Every value under `key` at any depth."""
    if isinstance(value, Mapping):
        found = [value[key]] if key in value else []
        return found + [item for each in value.values() for item in _deep(key, each)]
    return [item for each in value for item in _deep(key, each)] if isinstance(value, (list, tuple)) else []
