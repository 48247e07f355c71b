"""Manifests that lost their indentation: find where the fields belong, and show the text as it should stand.

Copied from a web page, a manifest often keeps its lines and loses the blanks in front of them. What is left is valid
YAML of the wrong shape: `ports:` has an item that lacks `port`, and `port` stands beside `ports`. The repair reads
the keys of such a mapping once more from the top, as a stream, and hangs each into the deepest place still open that
the field tables allow. It is offered only when the whole object is then accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, NamedTuple

from simnet.errors import nearest
from simnet.manifests.convert import Tree, copied
from simnet.manifests.paths import Path, at, path_text, replaced
from simnet.manifests.schema import Field, Struct, accepts, structure, tables
from simnet.manifests.validate import findings

MAX_ARRANGEMENTS = 200
"""How many ways to hang one mapping's keys are looked at; ordinary manifests need one or two."""

MAX_TRIALS = 32
"""How many whole objects are judged."""


class Move(NamedTuple):
    """A key that stands at `key` and belongs into the mapping at `home`."""

    key: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Repair:
    """The corrected object and what was moved in it, in the order of the text."""

    data: Tree
    moves: tuple[Move, ...]


class _Arrangement(NamedTuple):
    tree: Tree
    moves: tuple[Move, ...]


def repair(data: Mapping[str, Any], table: str) -> Repair | None:
    """The first re-indentation of an object that makes it valid, None when there is none.

    `table` names the field table of its kind. Cost: O(mappings with unknown fields * arrangements), bounded.
    """
    root = Field(table)
    broken = list(dict.fromkeys(found.path[:-1] for found in structure(data, root) if found.type == "Unknown"))
    plain: Tree = copied(data)
    choices = [list(_arrangements(plain, path, root)) for path in broken]
    if not choices or not all(choices):
        return None
    for chosen in islice(product(*choices), MAX_TRIALS):
        whole: Tree = copied(plain)
        for path, arrangement in sorted(zip(broken, chosen, strict=True), key=lambda pair: -len(pair[0])):
            whole = replaced(whole, path, arrangement.tree)
        if not any(structure(whole, root)) and not findings(whole):
            moves = [move for arrangement in chosen for move in arrangement.moves]
            return Repair(whole, tuple(moves))
    return None


def explanation(data: Mapping[str, Any], moves: tuple[Move, ...]) -> str:
    """What is wrong, in one sentence: the empty or incomplete places together with the fields that belong there."""
    groups: list[tuple[Path, list[Move]]] = []
    for move in moves:
        inside = groups and move.key[:-1] == groups[-1][1][0].key[:-1] and _starts(move.home, groups[-1][0])
        if inside:
            groups[-1][1].append(move)
        else:
            groups.append((move.home, [move]))
    return "; ".join(_sentence(data, home, group) for home, group in groups)


def _sentence(data: Mapping[str, Any], home: Path, group: list[Move]) -> str:
    names = [str(move.key[-1]) for move in group]
    depths = {_depth(move) for move in group}
    verb, levels = ("stands" if len(names) == 1 else "stand"), ("one level too high" if depths == {1} else "too high")
    if at(data, home) is None:
        return f"{path_text(home)} is empty while {_listed(names)} {verb} {levels}"
    return f"{path_text(home)} lacks {_listed(names)}, which {verb} {levels}"


def _depth(move: Move) -> int:
    """How many levels of indentation are missing: list items do not count, they have their dash."""
    return sum(isinstance(step, str) for step in move.home[len(move.key) - 1:])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _starts(path: Path, prefix: Path) -> bool:
    return path[:len(prefix)] == prefix


def _arrangements(data: Tree, path: Path, root: Field) -> Iterator[_Arrangement]:
    """Ways to hang the keys of the mapping at `path` that leave no unknown field in it, the likeliest first."""
    given, field = at(data, path), _field_at(root, path)
    for tree, homes in islice(_hung(list(given.items()), {}, field, ()), MAX_ARRANGEMENTS):
        if not any(structure(tree, field)):
            moves = tuple(Move((*path, key), (*path, *home))
                          for key, home in zip(given, homes, strict=True) if home)
            yield _Arrangement(tree, moves)


def _hung(entries: list[tuple[str, Any]], tree: Tree, field: Field, homes: tuple[Path, ...]) -> Iterator[
        tuple[Tree, tuple[Path, ...]]]:
    """Hang the entries one after the other, trying every open place for each; depth first."""
    if not entries:
        yield tree, homes
        return
    (key, value), rest = entries[0], entries[1:]
    for home in _open_places(tree, field, key, value):
        grown = replaced(tree, (*home, key), value)
        yield from _hung(rest, grown, field, (*homes, home))


def _open_places(tree: Tree, field: Field, key: str, value: Any) -> list[Path]:
    """Where a key may go: structures that have such a field, the deepest first; then maps, which take any key; last
    its own level, which leaves it unknown."""
    spine = list(_spine(tree, field))
    structs = [path for path, kind in reversed(spine) if _takes(kind, key, value) and _free(tree, path, key)]
    own = tables().struct(field) or {}
    if structs or nearest(key, own):
        return structs or [()]
    maps = [path for path, kind in reversed(spine)
            if kind.container == "map" and isinstance(value, str) and _free(tree, path, key)]
    return [*maps, ()]


def _takes(kind: Field, key: str, value: Any) -> bool:
    struct: Struct | None = tables().struct(kind)
    return struct is not None and key in struct and accepts(struct[key], value)


def _free(tree: Tree, path: Path, key: str) -> bool:
    holder = at(tree, path)
    return not isinstance(holder, Mapping) or holder.get(key) is None


def _spine(tree: Any, field: Field) -> Iterator[tuple[Path, Field]]:
    """The mappings that are open at the end of the text: the whole, its last value, that one's last value ..."""
    path: Path = ()
    while field.container != "list" and (field.container == "map" or not field.is_scalar):
        if tree is not None and not isinstance(tree, Mapping):
            return  # of the wrong type; said elsewhere
        yield path, field
        struct = tables().struct(field)
        if not tree or struct is None:
            return
        key = next(reversed(tree))
        if key not in struct or not accepts(struct[key], tree[key]):
            return
        tree, field, path = tree[key], struct[key], (*path, key)
        if field.container == "list":
            if not tree:
                return
            path, tree, field = (*path, len(tree) - 1), tree[-1], field.item


def _field_at(root: Field, path: Path) -> Field:
    """The field that describes the value at a path of known fields."""
    field = root
    for step in path:
        struct = tables().struct(field)
        field = field.item if isinstance(step, int) or struct is None else struct[step]
    return field
