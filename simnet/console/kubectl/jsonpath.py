"""`-o jsonpath=TEMPLATE`: fills in a template; and what a single path finds, for --sort-by and custom columns.

A key that is not there is nothing; an index beyond the end is an error.
Source: kubernetes/client-go util/jsonpath/jsonpath.go, its messages included; kubernetes/cli-runtime
pkg/printers/jsonpath.go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from simnet.console.kubectl.context import KubectlError
from simnet.console.kubectl.golang import COMPARISONS, GoError, as_source, plain, type_name
from simnet.console.kubectl.jsonpath_parse import (
    Deep,
    Every,
    Field,
    Filter,
    Slice,
    Step,
    Template,
    Text,
    Union,
    Value,
    Word,
    parse,
)


def jsonpath(template: str, value: Any) -> str:
    """Fill in a template. Raises KubectlError for what cannot be read, or done with this value."""
    parsed = parse(template)
    try:
        return "".join(" ".join(map(shown, each)) for each in _results(parsed, value))
    except GoError as problem:
        raise _unexecutable(template, problem, value) from None


def jsonpath_as_json(template: str, value: Any) -> str:
    """Everything a template finds as one JSON list. Raises KubectlError."""
    parsed = parse(template)
    try:
        found = [item for each in _results(parsed, value) for item in each]
    except GoError as problem:
        raise _unexecutable(template, problem, value) from None
    return json.dumps(found, indent=4, ensure_ascii=False, sort_keys=True) + "\n"


def found_at(template: str, value: Any) -> list[Any]:
    """What the first action of a template finds. Raises GoError, and KubectlError for what cannot be read."""
    return next(iter(_results(parse(template), value)), [])


def shown(value: Any) -> str:
    """A value as text: lists and maps as JSON."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return "" if value is None else plain(value)


def _unexecutable(template: str, problem: GoError, value: Any) -> KubectlError:
    quoted = json.dumps(template, ensure_ascii=False)
    return KubectlError(f"error: error executing jsonpath {quoted}: Error executing template: {problem}. Printing more "
                        f"information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to "
                        f"jsonpath engine was:\n\t\t{as_source(value)}\n\n")


def _results(template: Template, value: Any) -> list[list[Any]]:
    return _block(template, 0, value, is_range=False)[0]


def _block(template: Template, place: int, value: Any, is_range: bool) -> tuple[list[list[Any]], int]:
    """The results from `place` to the end, or of a range to its `end`, and where that is."""
    found: list[list[Any]] = []
    while place < len(template):
        part = template[place]
        if isinstance(part, str):
            found.append([part])
        elif part[:1] == (Word("range"),):
            values = _walked(part[1:], [value])
            after = place
            for each in values or [None]:
                inside, after = _block(template, place + 1, each, is_range=True)
                found += inside if values else []
            place = after
        elif Word("end") in part:
            if not is_range:
                raise GoError("not in range, nothing to end")
            return found, place
        else:
            found.append(_walked(part, [value]))
        place += 1
    return found, place


def _walked(steps: Sequence[Step], values: list[Any]) -> list[Any]:
    for step in steps:
        values = _step(step, values)
    return values


def _step(step: Step, values: list[Any]) -> list[Any]:
    match step:
        case Text(text):
            return [text]
        case Value(value):
            return [value for _ in values]
        case Word(word):
            raise GoError(f"unrecognized identifier {word}")
        case Field(name):
            return [each[name] for each in values if isinstance(each, dict) and name in each]
        case Every():
            return [item for each in values for item in _items(each)]
        case Deep():
            return [item for each in values for item in _deep(each)]
        case Union(choices):
            return [item for choice in choices for item in _walked(choice, values)]
        case Slice():
            return [item for each in values if each is not None for item in _sliced(step, each)]
        case Filter():
            return [item for each in values for item in _filtered(step, each)]


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _deep(value: Any) -> list[Any]:
    """The lists and maps in a value, itself the first."""
    items = _items(value)
    return [value, *(found for item in items for found in _deep(item))] if items else []


def _sliced(wanted: Slice, value: Any) -> list[Any]:
    """Source: evalArray."""
    if not isinstance(value, list):
        raise GoError(f"{type_name(value)} is not array or slice")
    size = len(value)
    start = wanted.start or 0
    end = start + 1 if wanted.single else size if wanted.end is None else wanted.end
    start = start + size if start < 0 else start
    if end < 0 or (end == 0 and wanted.single):
        end += size
    if start == end:
        return []
    if not 0 <= start < size:
        raise GoError(f"array index out of bounds: index {start}, length {size}")
    if not 0 <= end <= size:
        raise GoError(f"array index out of bounds: index {end - 1}, length {size}")
    if start > end:
        raise GoError(f"starting index {start} is greater than ending index {end}")
    if wanted.step is not None and wanted.step <= 0:
        raise GoError("step must be > 0")
    return value[start:end:wanted.step or 1]


def _filtered(condition: Filter, value: Any) -> list[Any]:
    """Source: evalFilter. An item without one of the two sides is left out, whatever the operator."""
    if not isinstance(value, list):
        raise GoError(f"{plain(value)} is not array or slice and cannot be filtered")
    return [item for item in value if _fits(condition, item)]


def _fits(condition: Filter, item: Any) -> bool:
    left = _walked(condition.left, [item])
    if not condition.operator:
        return bool(left)
    right = _walked(condition.right, [item])
    if len(left) > 1 or len(right) > 1:
        raise GoError("can only compare one element at a time")
    if not left or not right:
        return False
    if condition.operator not in COMPARISONS:
        raise GoError(f"unrecognized filter operator {condition.operator}")
    return COMPARISONS[condition.operator](left[0], right[0])
