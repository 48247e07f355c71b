"""Field paths as the API server writes them: `spec.ports[0].port`, `metadata.annotations[example.com/team]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from simnet.errors import Place

Path = tuple[str | int, ...]
"""Keys and list indices from the root of a manifest to one value."""

PlaceOf = Callable[..., Place | None]
"""`place_of(path, value=False)`: where the key at a path stands in the user's input, or with `value` its value."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_STEP = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


def path_text(path: Path) -> str:
    """`("spec", "ports", 0, "port")` as `spec.ports[0].port`; keys with other characters go in brackets.

    Source: kubernetes/apimachinery pkg/util/validation/field/path.go Path.String.
    """
    text = ""
    for step in path:
        if isinstance(step, int) or not _PLAIN.fullmatch(step):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def path_of(text: str) -> Path:
    """The path of such a text: `spec.ports[0].port` as `("spec", "ports", 0, "port")`."""
    return tuple(int(inner) if inner.isdigit() else inner or name for inner, name in _STEP.findall(text))


def at(root: Any, path: Path) -> Any:
    """The value at `path`, or None where the path leaves the tree."""
    for step in path:
        if isinstance(root, Mapping):
            root = root.get(step)
        elif isinstance(root, list | tuple) and isinstance(step, int) and 0 <= step < len(root):
            root = root[step]
        else:
            return None
    return root


def replaced(tree: Any, path: Path, value: Any) -> Any:
    """A copy of `tree` with `value` at `path`; empty places on the way become mappings, new keys go last."""
    if not path:
        return value
    if isinstance(path[0], int):
        return [replaced(item, path[1:], value) if index == path[0] else item for index, item in enumerate(tree)]
    inner = (tree or {}).get(path[0])
    return {**(tree or {}), path[0]: replaced(inner, path[1:], value)}


def known(place: Place | None) -> Place | None:
    """The place if it says anything, else None: values built in Python stand nowhere."""
    return None if place == Place() else place


def nowhere(path: Path, value: bool = False) -> Place | None:
    """The `place_of` of values that come from no text."""
    return None
