"""Values as Go's packages fmt and text/template write, name and compare them, which is what kubectl's templates print.

Values are those of JSON: dicts, lists, strings, numbers, booleans, None.
Source: golang fmt (verbs %v and %#v; keys of maps in order), text/template funcs.go eq and lt, whose basicKind and
errors client-go third_party/forked/golang/template repeats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


class GoError(Exception):
    """What a template's function would report."""


def kind_of_value(value: Any) -> str:
    """`bool`, `int`, `float`, `string`, or '' for what cannot be compared."""
    return {bool: "bool", int: "int", float: "float", str: "string"}.get(type(value), "")


def type_name(value: Any) -> str:
    """The Go type that JSON of this kind is decoded into."""
    return {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64",
            float: "float64"}.get(type(value), "<nil>")


def plain(value: Any) -> str:
    """`%v`: `map[a:1 b:[x y]]`."""
    match value:
        case dict():
            return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(plain, value)) + "]"
        case bool():
            return str(value).lower()
        case None:
            return "<nil>"
        case _:
            return str(value)


def as_source(value: Any) -> str:
    """`%#v`: `map[string]interface {}{"a":1}`."""
    match value:
        case dict():
            return "map[string]interface {}{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}:{as_source(value[key])}"
                                                          for key in sorted(value)) + "}"
        case list():
            return "[]interface {}{" + ", ".join(map(as_source, value)) + "}"
        case None:
            return "interface {}(nil)"
        case _:
            return json.dumps(value, ensure_ascii=False)


def is_equal(one: Any, other: Any) -> bool:
    """Raises GoError for values of different kinds, and for lists and maps."""
    _comparable(one, other)
    return bool(one == other)


def is_less(one: Any, other: Any) -> bool:
    """Raises GoError for values of different kinds, and for kinds without an order."""
    _comparable(one, other)
    if isinstance(one, bool):
        raise GoError("invalid type for comparison")
    return bool(one < other)


def _comparable(one: Any, other: Any) -> None:
    kinds = kind_of_value(one), kind_of_value(other)
    if not any(kinds):
        raise GoError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise GoError("incompatible types for comparison")


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": is_equal, "!=": lambda one, other: not is_equal(one, other), "<": is_less,
    "<=": lambda one, other: is_less(one, other) or is_equal(one, other),
    ">": lambda one, other: not (is_less(one, other) or is_equal(one, other)),
    ">=": lambda one, other: not is_less(one, other),
}
