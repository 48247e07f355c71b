"""Where a field was probably meant, and how a value of the wrong type was probably meant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simnet.errors import nearest
from simnet.manifests import tree
from simnet.manifests.findings import Finding
from simnet.manifests.paths import Path, at, path_text
from simnet.manifests.schema import Field, accepts, structure, tables

SEARCH_DEPTH = 4
_TYPE_WORDS = {bool: "a boolean", int: "a number", float: "a number"}


def explained(data: Mapping[str, Any], root: Field) -> Iterator[Finding]:
    """The findings of `structure`, each unknown field with the likeliest field meant, each wrong type with the text as
    it was written and how to write it instead."""
    for found in structure(data, root):
        if found.type == "Unknown":
            meant = _meant(data, root, found)
            yield found._replace(suggestion=meant, detail=found.detail + ("" if meant else _other_kinds(found.path, root)))
        elif found.type == "TypeInvalid":
            yield _as_written(data, found)
        else:
            yield found


def _meant(data: Mapping[str, Any], root: Field, found: Finding) -> str:
    """A near name at the same level that takes such a value; the same name further in or out; any near name; the same
    name in another branch; the same name in a part that is not there yet."""
    *above, name = found.path
    fields = [root, *_fields_along(root, tuple(above))]
    own = tables().struct(fields[-1]) or {}
    near = nearest(str(name), [key for key, field in own.items() if accepts(field, found.value)])
    elsewhere = next(_elsewhere(data, tuple(above), fields, str(name), found.value), None)
    if near and (near.lower() == str(name).lower() or elsewhere is None):
        return near
    if elsewhere or near:
        return path_text(elsewhere) if elsewhere else near
    anywhere = next(_below(data, root, (), str(name), found.value), None)
    return (nearest(str(name), own) or (path_text(anywhere) if anywhere else "")
            or _further_in(tuple(above), own, str(name), found.value))


def _further_in(above: Path, struct: Mapping[str, Field], name: str, value: Any) -> str:
    """The one place of that name in the parts that the level it stands on could have; '' when there are several."""
    places = [(*above, key, *((0,) if field.container == "list" else ()), name) for key, field in struct.items()
              if (inner := tables().struct(field.item if field.container == "list" else field)) is not None
              and name in inner and accepts(inner[name], value)]
    return path_text(places[0]) if len(places) == 1 else ""


def _other_kinds(path: Path, root: Field) -> str:
    """The kinds that have such a field at this place, as the rest of a sentence."""
    kinds = dict.fromkeys(name.rpartition("/")[2] for name, table in tables().kinds.items()
                          if table != root.base and _has(Field(table), path))
    names = list(kinds)
    if not names:
        return ""
    return f"; {' and '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)} {'have' if names[1:] else 'has'} it"


def _has(field: Field, path: Path) -> bool:
    if not path:
        return True
    if field.container == "list":
        return isinstance(path[0], int) and _has(field.item, path[1:])
    struct = tables().struct(field) or {}
    return path[0] in struct and _has(struct[str(path[0])], path[1:])


def _elsewhere(data: Mapping[str, Any], above: Path, fields: list[Field], name: str, value: Any) -> Iterator[Path]:
    """Places of the same name: below the level it stands on, then on the levels above."""
    yield from _below(at(data, above), fields[-1], above, name, value)
    for length in range(len(above) - 1, -1, -1):
        struct = tables().struct(fields[length]) if fields[length].container == "" else None
        if struct and name in struct and accepts(struct[name], value):
            yield (*above[:length], name)


def _below(node: Any, field: Field, path: Path, name: str, value: Any) -> Iterator[Path]:
    """Breadth first through the parts that the manifest has, at most `SEARCH_DEPTH` levels down."""
    level: list[tuple[Any, Field, Path]] = [(node, field, path)]
    for _ in range(SEARCH_DEPTH):
        following: list[tuple[Any, Field, Path]] = []
        for holder, kind, where in level:
            struct = tables().struct(kind) or {}
            for key, inner in (holder or {}).items() if isinstance(holder, Mapping) else ():
                if key in struct and not struct[key].is_scalar:
                    following += _steps(inner, struct[key], (*where, key))
        for _holder, kind, where in following:
            struct = tables().struct(kind) or {}
            if name in struct and accepts(struct[name], value):
                yield (*where, name)
        level = following


def _steps(node: Any, field: Field, path: Path) -> list[tuple[Any, Field, Path]]:
    if field.container != "list":
        return [(node, field, path)]
    if not isinstance(node, list | tuple) or not node:
        return [({}, field.item, (*path, 0))]
    return [(node[-1], field.item, (*path, len(node) - 1))]


def _fields_along(root: Field, path: Path) -> Iterator[Field]:
    """The field of every step of a path of known fields."""
    field = root
    for step in path:
        struct = tables().struct(field) if field.container == "" else None
        field = struct[str(step)] if struct is not None else field.item
        yield field


def _as_written(data: Mapping[str, Any], found: Finding) -> Finding:
    """`on` where text is wanted is the boolean true to YAML: say so, and give the quoted form. The same the other way."""
    value, wanted = found.value, found.detail.removeprefix("must be ")
    if wanted.startswith("a string") and isinstance(value, bool | int | float):
        text = tree.written(data, found.path) or json.dumps(value)
        return found._replace(detail=found.detail + surprise(value, text), suggestion=json.dumps(text))
    if isinstance(value, str) and _unquoted(value, wanted):
        return found._replace(detail=f"{found.detail}; the quotes make it a string", suggestion=value)
    return found


def surprise(value: Any, text: str) -> str:
    """What YAML made of an unquoted text, as the rest of a sentence; '' for what no quotes would help."""
    word = _TYPE_WORDS.get(type(value), "")
    return f"; {text} without quotes is {word}" if word else ""


def _unquoted(text: str, wanted: str) -> bool:
    """Whether a text without its quotes would be what is wanted."""
    if wanted == "true or false":
        return text in ("true", "false")
    return wanted in ("an integer", "a number") and text.isascii() and text.removeprefix("-").isdecimal()
