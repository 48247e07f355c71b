"""The three ways a patch is laid over an object: strategic, merge (RFC 7386), JSON (RFC 6902).

A strategic patch merges mappings, and the lists of the field tables that have a merge key item by item (the containers
of a pod by name, the ports of a Service by port); every other list is replaced. Directives: `$patch: replace | delete`
in a mapping or an item, `$retainKeys`, `$setElementOrder/LIST`, `$deleteFromPrimitiveList/LIST`. A kind without a table
has no merge keys; a JSON merge patch says the same there.

Nothing given is changed; what comes back may share parts with it.

Source: kubernetes/apimachinery pkg/util/strategicpatch/patch.go (mergeMap, mergeSlice, mergePatchIntoOriginal), the
patch strategies of the published API schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from simnet.errors import UsageError
from simnet.manifests.schema import Field, tables

PATCH, RETAIN, ORDER, DELETE_FROM = "$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/"
ANYTHING = Field("any")
Tree = dict[str, Any]
Items = list[Any]


class PatchError(UsageError):
    """A patch that cannot be laid over the object; the message is the API server's where it has one."""


def field_of_kind(api_version: str, kind: str) -> Field:
    """What `strategic` needs to know of a kind; ANYTHING for one without a table."""
    return Field(tables().kind(api_version, kind) or "any")


def inner(field: Field, key: str) -> Field:
    """The field `key` of a mapping; ANYTHING where the tables say nothing."""
    if field.container == "map":
        return field.item
    return (tables().struct(field) or {}).get(key, ANYTHING)


def merged(value: Any, patch: Any) -> Any:
    """A merge patch: mappings are merged, null removes, everything else replaces.

    Source: RFC 7386, section 2; github.com/evanphx/json-patch, which also drops nulls inside of new lists' items.
    """
    if not isinstance(patch, Mapping) or not isinstance(value, Mapping):
        return patch if isinstance(value, Mapping) else without_nulls(patch)
    result = dict(value)
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def without_nulls(value: Any) -> Any:
    """Mappings without their null members, at any depth; null items of lists stay."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list | tuple) else value


# strategic ------------------------------------------------------------------------------------------------------

def strategic(value: Mapping[str, Any] | None, patch: Mapping[str, Any], field: Field = ANYTHING) -> Tree:
    """A strategic merge patch of the mapping `value`, which is a `field`. Raises PatchError. Cost: O(value + patch),
    times the items of merged lists that are named."""
    directive = patch.get(PATCH)
    if directive is not None:
        return _directed(directive, patch)
    result: Tree = dict(value or {})
    rest = _ordered(_retained(result, dict(patch)), result, field)
    for key, item in rest.items():
        name = key.removeprefix(DELETE_FROM)
        if name != key:
            gone = _listed(item, key)
            if isinstance(result.get(name), list | tuple):
                result[name] = [each for each in result[name] if each not in gone]
        elif item is None:
            result.pop(key, None)
        elif isinstance(result.get(key), Mapping) or not _is_directive(item):
            result[key] = _laid(result.get(key), item, inner(field, key))
    return result


def _is_directive(item: Any) -> bool:
    return isinstance(item, Mapping) and PATCH in item


def _directed(directive: Any, patch: Mapping[str, Any]) -> Tree:
    if directive == "replace":
        return {key: item for key, item in patch.items() if key != PATCH}
    if directive == "delete":
        return {}
    _unknown_directive(directive, patch)


def _unknown_directive(directive: Any, patch: Any) -> NoReturn:
    raise PatchError(f"unknown patch type: {directive} in map: {dict(patch)}")


def _laid(value: Any, patch: Any, field: Field) -> Any:
    """What becomes of one value; of another type it is replaced."""
    if isinstance(patch, Mapping):
        return strategic(value, patch, field) if isinstance(value, Mapping) else plain(patch)
    if isinstance(patch, list | tuple) and isinstance(value, list | tuple):
        return _merged_list(list(value), list(patch), field) if field.merges else list(patch)
    return plain(patch)


def plain(patch: Any) -> Any:
    """A part of a patch that meets nothing to be merged with: without nulls and directives."""
    return without_nulls(_without_directives(patch))


def _without_directives(patch: Any) -> Any:
    """Mappings and items that carry a `$patch` go with it."""
    if isinstance(patch, Mapping):
        return {key: _without_directives(item) for key, item in patch.items()
                if not key.startswith("$") and not _is_directive(item)}
    if isinstance(patch, list | tuple):
        return [_without_directives(item) for item in patch if not _is_directive(item)]
    return patch


def _retained(result: Tree, patch: Tree) -> Tree:
    """Drop from `result` what `$retainKeys` does not name; the patch without the directive."""
    if RETAIN not in patch:
        return patch
    kept = _listed(patch.pop(RETAIN), RETAIN)
    if any(item is not None and key not in kept and not key.startswith("$") for key, item in patch.items()):
        raise PatchError("invalid patch format of retainKeys")
    for key in [key for key in result if key not in kept]:
        del result[key]
    return patch


def _ordered(patch: Tree, result: Tree, field: Field) -> Tree:
    """Merge the lists whose order the patch states and bring them into it; the patch without them."""
    for directive in [key for key in patch if key.startswith(ORDER)]:
        order, name = _listed(patch.pop(directive), directive), directive.removeprefix(ORDER)
        kind = inner(field, name)
        before = list(result.get(name) or ())
        change = patch.pop(name, None)
        if change is None and name not in result:
            continue
        _in_order(list(change or ()), order, kind.merge_key)
        now = before if change is None else _laid(before, change, kind) if name in result else _without_directives(change)
        result[name] = arranged(now, order, before, kind.merge_key)
    return patch


def _in_order(change: Items, order: Items, key: str) -> None:
    """Refuse a patch whose items are missing from the order it states, or stand in another."""
    wanted = iter([_name(item, key) for item in order])
    for item in change:
        if not _is_directive(item) and _name(item, key) not in wanted:
            raise PatchError(f"The order in patch list:\n{change}\n doesn't match $setElementOrder list:\n{order}\n")


def _merged_list(value: Items, patch: Items, field: Field) -> Items:
    """Item by item; new ones come first, as a patch that states no order has it."""
    key = field.merge_key
    if not value and not patch:
        return value
    if not key:
        return arranged(_without_doubles([*value, *patch]), patch, value, key)
    replaces = any(_is_directive(item) and item[PATCH] == "replace" for item in patch)
    changes: Items = []
    for item in patch:
        directive = _mapping(item).get(PATCH)
        if directive is None:
            changes.append(item)
        elif directive == "delete":
            gone = key_of_item(item, key)
            value = [each for each in value if _mapping(each).get(key) != gone]
        elif directive == "merge":
            raise PatchError("merging lists cannot yet be specified in the patch")
        elif directive != "replace":
            _unknown_directive(directive, item)
    if replaces:
        return changes
    now = list(value)
    for item in changes:
        name = key_of_item(item, key)
        place = next((index for index, each in enumerate(now) if _mapping(each).get(key) == name), None)
        if place is None:
            now.append(item)  # as it is: only what meets no list at all loses its directives
        else:
            now[place] = strategic(now[place], item, field.item)
    return arranged(now, changes, value, key)


def _mapping(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise PatchError(f"{item!r} is no item of a list that is merged by a key; a mapping is expected")
    return item


def key_of_item(item: Mapping[str, Any], key: str) -> Any:
    if key not in item:
        raise PatchError(f"map: {dict(item)} does not contain declared merge key: {key}")
    return item[key]


def _listed(value: Any, directive: str) -> Items:
    if not isinstance(value, list | tuple):
        raise PatchError(f"{directive} in a patch is a list, not {value!r}")
    return list(value)


def _name(item: Any, key: str) -> Any:
    """What an item is found by: the value of its merge key, or itself; always hashable."""
    name = item.get(key) if key and isinstance(item, Mapping) else item
    return name if isinstance(name, str | int | float | None) else repr(name)


def _without_doubles(items: Items) -> Items:
    """Each once. The last one takes the place of a double (deduplicateScalars)."""
    items, index = list(items), 0
    while index < len(items):
        double = next((place for place in range(index + 1, len(items)) if items[place] == items[index]), None)
        if double is None:
            index += 1
        elif double == len(items) - 1:
            items.pop()
        else:
            items[double] = items.pop()
    return items


def arranged(items: Sequence[Any], order: Sequence[Any], live: Sequence[Any], key: str) -> Items:
    """Items named by `order` in that order, the others in the order of the live list; between the two the live list
    decides, else those of `order` come first (normalizeElementOrder, mergeSortedSlice)."""
    wanted, there = _places(order, key), _places(live, key)
    ours = sorted((each for each in items if _name(each, key) in wanted), key=lambda each: wanted[_name(each, key)])
    others = sorted((each for each in items if _name(each, key) not in wanted),
                    key=lambda each: there.get(_name(each, key), -1))
    result: Items = []
    while ours and others:
        left, right = there.get(_name(others[0], key)), there.get(_name(ours[0], key))
        first = others if left is not None and right is not None and left < right else ours
        result.append(first.pop(0))
    return result + ours + others


def _places(items: Sequence[Any], key: str) -> dict[Any, int]:
    places: dict[Any, int] = {}
    for index, item in enumerate(items):
        places.setdefault(_name(item, key), index)
    return places


def equal(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is not true, a tuple is a list."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
