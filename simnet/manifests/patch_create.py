"""The patch that `kubectl apply` sends: what leads from the live object to the manifest.

Three objects go in: the manifest applied last, the one applied now, and the live object. What the last one had and the
new one lacks is deleted; what the new one says is set; everything else the cluster or somebody else wrote stays.

Source: kubernetes/apimachinery pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch, diffMaps, diffLists);
kubernetes/kubectl pkg/cmd/apply/patcher.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from simnet.manifests.patch import ANYTHING, DELETE_FROM, ORDER, PATCH, RETAIN, Items, Tree, equal, inner, key_of_item
from simnet.manifests.schema import Field


def three_way(last: Mapping[str, Any], new: Mapping[str, Any], live: Mapping[str, Any], field: Field = ANYTHING) -> Tree:
    """The strategic merge patch; empty when applying `new` would change nothing. The same keys, directives and order
    as kubectl's. Raises PatchError when an item of `new` lacks its merge key. Cost: O(size of the three)."""
    return _joined(_difference(last, new, field, Half.DELETIONS), _difference(live, new, field, Half.CHANGES), field)


class Half(Enum):
    """Which half of a difference is wanted."""

    DELETIONS = "what the old one has and the new one lacks"
    CHANGES = "what the new one adds or has otherwise"


def _difference(old: Mapping[str, Any], new: Mapping[str, Any], field: Field, half: Half) -> Tree:
    """diffMaps."""
    patch: Tree = {}
    for key, value in old.items():
        if key not in new:
            if half is Half.DELETIONS:
                patch[key] = None
            continue
        other, kind = new[key], inner(field, key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            deeper = _difference(value, other, kind, half)
            if deeper:
                patch[key] = deeper
        elif isinstance(value, list | tuple) and isinstance(other, list | tuple) and kind.merges:
            patch.update(_list_difference(key, list(value), list(other), kind, half))
        elif half is Half.CHANGES and not equal(value, other):
            patch[key] = other
    if half is Half.CHANGES:
        patch.update((key, value) for key, value in new.items() if key not in old)
    if field.retains and not field.container and new and (patch or any(
            value is not None and key not in new for key, value in old.items())):
        patch[RETAIN] = sorted(new)
    return patch


def _list_difference(name: str, old: Items, new: Items, field: Field, half: Half) -> Tree:
    """diffLists: the list, the values to delete and the order, each under its key."""
    if not old:
        return {name: new} if new and half is Half.CHANGES else {}
    differ: Callable[[Items, Items, Field, Half], tuple[Items, Items]] = _by_key if field.merge_key else _by_value
    changed, gone = differ(old, new, field, half)
    key = field.merge_key
    patch: Tree = {}
    if changed:
        patch[name] = changed
    if gone:
        patch[DELETE_FROM + name] = gone
    before = [item.get(key) for item in old] if key else sorted(old, key=str)  # diffListsOfScalars sorts it in place
    reordered = before != [item.get(key) if key else item for item in new]
    if new and (changed or gone or (half is Half.CHANGES and reordered)):
        patch[ORDER + name] = [{key: key_of_item(item, key)} for item in new] if key else new
    return patch


def _by_key(old: Items, new: Items, field: Field, half: Half) -> tuple[Items, Items]:
    """Items in the order of the new list, those to delete behind them. Of several items with one key (a port number for
    TCP and for UDP) the first of the one list belongs to the first of the other, and so on."""
    key = field.merge_key
    known = dict(zip(_numbered(old, key), old, strict=True))
    wanted = [(key_of_item(item, key), place) for item, (_, place) in zip(new, _numbered(new, key), strict=True)]
    changed: Items = []
    for name, item in zip(wanted, new, strict=True):
        before = known.get(name)
        if before is None:
            if half is Half.CHANGES:
                changed.append(item)
            continue
        deeper = _difference(before, item, field.item, half)
        if deeper:
            changed.append({**deeper, key: item[key]})
    if half is Half.DELETIONS:
        gone = [item.get(key) for name, item in known.items() if name not in wanted]
        changed += [{PATCH: "delete", key: name} for name in sorted(gone, key=str)]
    return changed, []


def _numbered(items: Items, key: str) -> list[tuple[Any, int]]:
    """What an item is called, and how many of that name stand before it."""
    seen: Counter[Any] = Counter()
    names = []
    for item in items:
        name = item.get(key)
        names.append((name, seen[name]))
        seen[name] += 1
    return names


def _by_value(old: Items, new: Items, field: Field, half: Half) -> tuple[Items, Items]:
    added = [item for item in new if item not in old] if half is Half.CHANGES else []
    return added, sorted((item for item in old if item not in new), key=str) if half is Half.DELETIONS else []


def _joined(deletions: Tree, changes: Tree, field: Field) -> Tree:
    """The two halves as one patch; they speak of the same lists and orders, because both lead to the same manifest."""
    result = dict(deletions)
    for key, value in changes.items():
        mine, kind = result.get(key), inner(field, key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            result[key] = _joined(mine, dict(value), kind)
        elif isinstance(mine, list) and kind.merges and kind.merge_key and not key.startswith("$"):
            order = changes.get(ORDER + key) or deletions.get(ORDER + key) or []
            result[key] = _joined_items(mine, list(value), order, kind)
        else:
            result[key] = value
    return result


def _joined_items(deletions: Items, changes: Items, order: Items, field: Field) -> Items:
    key = field.merge_key
    items = {item[key]: item for item in deletions}
    for change in changes:
        mine = items.get(change[key])
        items[change[key]] = change if mine is None else _joined(mine, change, field.item)
    places = {item[key]: index for index, item in enumerate(order)}
    return sorted(items.values(), key=lambda item: (PATCH in item, places.get(item[key], 0)))

