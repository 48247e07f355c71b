"""A manifest as text in the order its keys were given, two blanks a level: for showing people their own text again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.encode import to_yaml

STEP = 2


def in_given_order(data: Mapping[str, Any]) -> list[str]:
    """The lines of a manifest; scalars are written as the encoder writes them."""
    lines: list[str] = []
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            lines += [_key(key), *_indented(in_given_order(value))]
        elif isinstance(value, list) and value:
            lines += [_key(key), *(line for item in value for line in _item(item))]
        else:
            lines += to_yaml({key: value}).splitlines()
    return lines


def _item(value: Any) -> list[str]:
    """A list item: its dash takes the place of the first indentation."""
    if not isinstance(value, Mapping) or not value:
        return to_yaml([value]).splitlines()
    first, *rest = in_given_order(value)
    return ["- " + first, *_indented(rest)]


def _key(key: str) -> str:
    return to_yaml({key: 0}).removesuffix(" 0\n")


def _indented(lines: list[str]) -> list[str]:
    return [" " * STEP + line if line else line for line in lines]
