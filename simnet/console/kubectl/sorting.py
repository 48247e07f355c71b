"""`kubectl get --sort-by=PATH`: the whole list in the order of one field.

Source: kubernetes/kubectl pkg/cmd/get/sorter.go (RuntimeSort.Less: what lacks the field is less than anything; texts that
are quantities compare as such, others naturally, a2 before a10); golang sort.Sort, which sorts up to twelve by insertion.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.golang import GoError
from simnet.console.kubectl.jsonpath import found_at
from simnet.console.kubectl.jsonpath_parse import relaxed
from simnet.console.kubectl.kinds import kind_of
from simnet.console.kubectl.select import Found
from simnet.manifests.encode import to_json
from simnet.manifests.quantity import amount
from simnet.objects.meta import Object

_INSERTED = 12


def in_order(kube: Kube, found: Found) -> Found:
    """What was found in the order --sort-by asks for; kinds that follow each other stay one table.

    Raises KubectlError for a path that cannot be read or that no object has.
    """
    path = relaxed(kube.flags.get("sort-by"))
    if not path or not found.objects:
        return found
    try:
        keyed = [(_value(path, each), each) for each in found.objects]
    except GoError as problem:
        raise KubectlError(f"error: {problem}") from None
    if all(value is None for value, _ in keyed):
        raise KubectlError(f"error: couldn't find any field with path {json.dumps(path)} in the list of objects")
    ordered = [each for _, each in _sorted(keyed)]
    return Found(tuple((kind, tuple(group)) for kind, group in groupby(ordered, kind_of)), found.complaints)


def _value(path: str, each: Object) -> Any:
    return next(iter(found_at(path, json.loads(to_json(each.manifest)))), None)


def _sorted(keyed: list[tuple[Any, Object]]) -> list[tuple[Any, Object]]:
    if len(keyed) > _INSERTED:
        return sorted(keyed, key=lambda pair: _Key(pair[0]))
    for place in range(1, len(keyed)):
        while place and _is_less(keyed[place][0], keyed[place - 1][0]):
            keyed[place - 1], keyed[place] = keyed[place], keyed[place - 1]
            place -= 1
    return keyed


class _Key:
    """A value in the order of `_is_less`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Key) -> bool:
        return bool(self.value != other.value) and _is_less(self.value, other.value)


def _is_less(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is None
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one < other
    texts = str(one), str(other)
    amounts = amount(texts[0]), amount(texts[1])
    if amounts[0] is not None and amounts[1] is not None:
        return amounts[0] < amounts[1]
    return _natural(texts[0]) < _natural(texts[1])


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(1, 0, part) if not part.isdigit() else (0, int(part), part) for part in re.split(r"(\d+)", text) if part]
