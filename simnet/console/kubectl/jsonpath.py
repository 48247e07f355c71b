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


def jsonpath(template: str, value: Mapping[str, Any]) -> str:
    """Fill in a template. Raises KubectlError for what is not understood."""
    template = template if "{" in template else "{" + (template if template.startswith(".") else "." + template) + "}"
    return _filled(template, value, value)


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
        index = int(match["index"])
        return [value[index]] if isinstance(value, (list, tuple)) and -len(value) <= index < len(value) else []
    if match["operator"]:
        items = value if isinstance(value, (list, tuple)) else []
        wanted = match["value"]
        return [item for item in items if
                (any(_shown(each) == wanted for each in _values(match["path"], item, item))) == (match["operator"] == "==")]
    key = match["key"] if match["key"] is not None else match["field"].replace("\\.", ".")
    return [value[key]] if isinstance(value, Mapping) and key in value else []


def _deep(key: str, value: Any) -> list[Any]:
    """Every value under `key` at any depth."""
    if isinstance(value, Mapping):
        found = [value[key]] if key in value else []
        return found + [item for each in value.values() for item in _deep(key, each)]
    return [item for each in value for item in _deep(key, each)] if isinstance(value, (list, tuple)) else []
