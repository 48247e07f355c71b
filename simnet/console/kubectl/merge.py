"""The three ways a patch is laid over an object.

`merge` is RFC 7386; `json` is RFC 6902; `strategic` merges mappings like `merge` and the lists of core kinds item by
item, found by their key (the name of a container, the port of a Service), with `$patch: delete` and `replace`.

Source: kubernetes/apimachinery pkg/util/strategicpatch/patch.go; the merge keys: the patchMergeKey tags of
kubernetes/api core/v1/types.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnet.console.kubectl.context import KubectlError

MERGE_KEYS: dict[str, str] = {
    "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "env": "name", "volumes": "name",
    "volumeMounts": "mountPath", "imagePullSecrets": "name", "hostAliases": "ip", "conditions": "type",
    "ownerReferences": "uid", "tolerations": "",
}
"""Lists merged by key, by field name; others are replaced. `ports` depends on what they belong to, see `_key`."""

Patch = Callable[[Any, Any], Any]


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7386: mappings are merged, null removes, everything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), item)
    return result


def strategic_patch(value: Any, patch: Any, field: str = "") -> Any:
    """Kubernetes' own patch: as `merge_patch`, but lists with a merge key are merged item by item."""
    if isinstance(patch, Mapping):
        directive = patch.get("$patch")
        rest = {key: item for key, item in patch.items() if not key.startswith("$")}
        if directive == "replace":
            return rest
        result = dict(value) if isinstance(value, Mapping) else {}
        for key, item in rest.items():
            if item is None:
                result.pop(key, None)
            else:
                result[key] = strategic_patch(result.get(key), item, key)
        return result
    key = _key(field, patch)
    if not isinstance(patch, list) or not key or not isinstance(value, (list, tuple)):
        return patch
    items, fresh = [dict(item) for item in value], []
    for change in patch:
        place = next((index for index, item in enumerate(items) if item.get(key) == change.get(key)), None)
        if change.get("$patch") == "delete":
            items = [item for index, item in enumerate(items) if index != place]
        elif place is None:
            fresh.append(change)
        else:
            items[place] = strategic_patch(items[place], change)
    return fresh + items


def _key(field: str, patch: Any) -> str:
    """The merge key of a list. Ports of a Service are told from a container's by what an item holds."""
    if field == "ports" and isinstance(patch, list) and patch and isinstance(patch[0], Mapping):
        return "containerPort" if "containerPort" in patch[0] else "port"
    return MERGE_KEYS.get(field, "")


def json_patch(value: Any, patch: Any) -> Any:
    """RFC 6902: a list of add, remove, replace, test, move and copy. Raises KubectlError for one that cannot be done."""
    if not isinstance(patch, list):
        raise KubectlError("error: a JSON patch is a list of operations such as "
                           '{"op": "replace", "path": ..., "value": ...}')
    for operation in patch:
        if not isinstance(operation, Mapping) or "op" not in operation or "path" not in operation:
            raise KubectlError(f"error: {operation!r} is not an operation with op and path")
        value = _operated(value, operation)
    return value


def _operated(value: Any, operation: Mapping[str, Any]) -> Any:
    steps = _steps(str(operation["path"]))
    match operation["op"]:
        case "add":
            return _set(value, steps, operation.get("value"), insert=True)
        case "replace":
            _at(value, steps)
            return _set(value, steps, operation.get("value"), insert=False)
        case "remove":
            return _removed(value, steps)
        case "test":
            if _at(value, steps) != operation.get("value"):
                raise KubectlError(f"The request is invalid: the server rejected our request due to an error in our request: "
                                   f"testing path {operation['path']} failed")
            return value
        case "copy" | "move":
            source = _steps(str(operation.get("from", "")))
            item = _at(value, source)
            value = _removed(value, source) if operation["op"] == "move" else value
            return _set(value, steps, item, insert=True)
        case other:
            raise KubectlError(f"error: {other!r} is not one of add, remove, replace, test, move, copy")


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, (list, tuple)) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise KubectlError("The request is invalid: the server rejected our request due to an error in our request: "
                               f"there is nothing at /{'/'.join(steps)}")
    return value


def _set(value: Any, steps: list[str], item: Any, insert: bool) -> Any:
    if not steps:
        return item
    step, rest = steps[0], steps[1:]
    if isinstance(value, (list, tuple)):
        items = list(value)
        index = len(items) if step == "-" else int(step) if step.isdigit() else -1
        if index < 0 or index > len(items):
            raise KubectlError("The request is invalid: the server rejected our request due to an error in our request: "
                               f"{step!r} is no place in a list of {len(items)}")
        if rest:
            items[index] = _set(items[index], rest, item, insert)
        elif insert:
            items.insert(index, item)
        else:
            items[index] = item
        return items
    return {**(value or {}), step: _set((value or {}).get(step), rest, item, insert) if rest else item}


def _removed(value: Any, steps: list[str]) -> Any:
    _at(value, steps)
    step, rest = steps[0], steps[1:]
    if isinstance(value, (list, tuple)):
        index = int(step)
        return [*value[:index], *([_removed(value[index], rest)] if rest else []), *value[index + 1:]]
    return {key: _removed(item, rest) if key == step else item for key, item in value.items() if key != step or rest}


MERGES: dict[str, Patch] = {"strategic": strategic_patch, "merge": merge_patch, "json": json_patch}
