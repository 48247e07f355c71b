"""The field tables of the Kubernetes API and the check of a manifest against them: unknown fields, types, enumerations.

The tables are `fields.json`, condensed once from the published API schema; its own entries say source and notation.

Source: kubernetes/kubernetes api/openapi-spec/swagger.json; strict decoding as in sigs.k8s.io/json UnmarshalStrict.
"""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from simnet.manifests.findings import Finding, Findings, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.quantity import is_quantity

KNOWN = ["integer", "int64", "string", "number", "boolean", "time", "bytes", "quantity", "int-or-string", "any"]
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_RANGE = {"integer": "an integer from -2147483648 to 2147483647", "int-or-string": "an integer from -2147483648 to 2147483647, "
          "or a string", "int64": "an integer from -9223372036854775808 to 9223372036854775807"}
_EXPECTED = {
    "string": "a string", "bytes": "a string (base64)", "time": "a time such as 2027-01-01T00:00:00Z",
    "integer": "an integer", "int64": "an integer", "number": "a number", "boolean": "true or false",
    "int-or-string": "an integer or a string", "quantity": "a quantity such as 100m or 1Gi",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `base` is a scalar's name or the name of a table, `container` is 'list', 'map' or ''.

    How a strategic merge treats it: `merges` a list item by item, found by `merge_key` ('' when the items are values of
    their own); `retains` only the keys of the new value (patch strategy retainKeys).
    """

    base: str
    container: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    merges: bool = False
    merge_key: str = ""
    retains: bool = False

    @property
    def is_scalar(self) -> bool:
        return self.base in KNOWN

    @property
    def item(self) -> Field:
        """What a list or map of this field holds."""
        return Field(self.base, allowed=self.allowed, retains=self.retains)


Struct = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Tables:
    """`kinds`: `apps/v1/Deployment` to the name of its table; `served`: group version to every kind a current server
    has there; `types`: table name to fields."""

    version: str
    kinds: Mapping[str, str]
    served: Mapping[str, tuple[str, ...]]
    cluster_scoped: frozenset[str]
    types: Mapping[str, Struct]

    def struct(self, field: Field) -> Struct | None:
        """The table of a field that holds a mapping with fixed keys; None for scalars, maps and unmodelled ones."""
        return self.types.get(field.base) if field.container != "map" else None

    def kind(self, api_version: str, kind: str) -> str:
        """The name of the table of a kind, '' when it is not modelled."""
        return self.kinds.get(f"{api_version}/{kind}", "")


@cache
def tables() -> Tables:
    """The tables, read at the first call."""
    text = pkgutil.get_data(__package__, "fields.json")
    if text is None:
        raise FileNotFoundError("simnet/manifests/fields.json is missing from this installation")
    raw = json.loads(text)
    types = {name: {field: _field(note) for field, note in fields.items()} for name, fields in raw["types"].items()}
    served = {version: tuple(kinds) for version, kinds in raw["served"].items()}
    return Tables(raw["version"], raw["kinds"], served, frozenset(raw["clusterScoped"]), types)


@cache
def _field(note: str) -> Field:
    """Read the notation of the tables: `[]ServicePort! ~port`, `string TCP UDP`."""
    head, *words = note.split(" ")
    required = head.endswith("!")
    head = head.rstrip("!")
    container = {"[]": "list", "{}": "map"}.get(head[:2], "")
    mark = next((word for word in words if word.startswith("~")), "")
    allowed = tuple(word for word in words if not word.startswith("~"))
    return Field(head[2:] if container else head, container, required, allowed, merges=bool(mark) and container == "list",
                 merge_key=mark[1:].rstrip("+"), retains=mark.endswith("+"))


def structure(value: Any, field: Field, path: Path = ()) -> Findings:
    """Every unknown field, wrong type and value outside an enumeration in a tree. Null counts as absent.

    Cost: O(nodes of the tree).
    """
    if value is None or field.base == "any":
        return
    if field.container:
        yield from _container(value, field, path)
    elif field.is_scalar:
        yield from _scalar(value, field, path)
    elif isinstance(value, Mapping):
        fields = tables().types[field.base]
        for key, inner in value.items():
            known = fields.get(key)
            if known is None:
                yield Finding("Unknown", (*path, key), inner, "unknown field")
            else:
                yield from structure(inner, known, (*path, key))
    else:
        yield mistyped(path, value, "a mapping")


def _container(value: Any, field: Field, path: Path) -> Findings:
    if field.container == "list" and isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from structure(inner, field.item, (*path, index))
    elif field.container == "map" and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from structure(inner, field.item, (*path, key))
    else:
        yield mistyped(path, value, "a list" if field.container == "list" else "a mapping")


def _scalar(value: Any, field: Field, path: Path) -> Findings:
    if not fits(value, field.base):
        outside = field.base in _RANGE and _is_integer(value)
        yield mistyped(path, value, (_RANGE if outside else _EXPECTED)[field.base])
    elif field.allowed and value not in field.allowed and value != "":
        yield unsupported(path, value, field.allowed)


def fits(value: Any, base: str) -> bool:
    """Whether a value that is not null can be read as the scalar `base`."""
    match base:
        case "string" | "bytes":
            return isinstance(value, str)
        case "time":
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return _is_integer(value) and abs(value + 0.5) < 2**31
        case "int64":
            return _is_integer(value) and abs(value + 0.5) < 2**63
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "int-or-string":
            return isinstance(value, str) or (_is_integer(value) and abs(value + 0.5) < 2**31)
        case "quantity":
            return (is_quantity(value) if isinstance(value, str)
                    else isinstance(value, int | float) and not isinstance(value, bool))
        case _:
            return True


def accepts(field: Field, value: Any) -> bool:
    """Whether a value has the outer shape of a field: a scalar it can read, a list, or a mapping (null always)."""
    if value is None or field.base == "any":
        return True
    if field.container == "list":
        return isinstance(value, list | tuple)
    if field.container == "map" or not field.is_scalar:
        return isinstance(value, Mapping)
    return fits(value, field.base)


def mistyped(path: Path, value: Any, expected: str) -> Finding:
    return Finding("TypeInvalid", path, value, f"must be {expected}")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
