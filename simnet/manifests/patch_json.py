"""JSON patches: a list of operations on places named by JSON pointers.

Source: RFC 6902 and RFC 6901; where they leave room, and the words of refusals: github.com/evanphx/json-patch v4, which
the API server uses. A negative index counts from the end; a missing key of a mapping may be replaced, equals null in a
test and is copied as null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simnet.manifests.patch import PatchError, equal

Operation = Mapping[str, Any]
Holder = dict[str, Any] | list[Any]
Change = Callable[[Holder, str], None]


class Words(NamedTuple):
    """How an operation complains: that the path leads nowhere, and that its last step is no place in a list."""

    nowhere: str
    misplaced: str


_ADD = Words('add operation does not apply: doc is missing path: "{path}"', "error in add for path: '{path}'")
_REMOVE = Words('remove operation does not apply: doc is missing path: "{path}"', "error in remove for path: '{path}'")
_REPLACE = Words("replace operation does not apply: doc is missing path: {path}",
                 "replace operation does not apply: doc is missing key: {path}")
_TEST = Words("test operation does not apply: is missing path: {path}", "error in test for path: '{path}'")
_MOVE_FROM = Words("move operation does not apply: doc is missing from path: {path}", "error in move for path: '{step}'")
_MOVE_TO = Words("move operation does not apply: doc is missing destination path: {path}", "error in move for path: '{path}'")
_COPY_FROM = Words("copy operation does not apply: doc is missing from path: {path}", "error in copy for from: '{path}'")
_COPY_TO = Words("copy operation does not apply: doc is missing destination path: {path}",
                 "error while adding value during copy")


def json_patched(value: Any, patch: Any) -> Any:
    """The value after every operation of a patch; the given one stays as it is. Raises PatchError for the first
    operation that cannot be done. Cost: O(operations * size of what lies on their paths)."""
    if not isinstance(patch, list | tuple):
        raise PatchError("a JSON patch is a list of operations such as "
                         '[{"op": "replace", "path": "/spec/replicas", "value": 3}]')
    for operation in patch:
        if not isinstance(operation, Mapping):
            raise PatchError(f"{operation!r} is no operation of a JSON patch: a mapping with op and path is expected")
        kind = operation.get("op")
        act = _OPERATIONS.get(kind) if isinstance(kind, str) else None
        if act is None:
            raise PatchError(f"Unexpected kind: {'unknown' if kind is None else kind}; an operation is one of "
                             + ", ".join(_OPERATIONS))
        value = act(value, operation)
    return value


def _add(value: Any, operation: Operation) -> Any:
    return _inserted(value, _pointer(operation), operation.get("value"), _ADD)


def _remove(value: Any, operation: Operation) -> Any:
    return _taken(value, _pointer(operation), _REMOVE)


def _replace(value: Any, operation: Operation) -> Any:
    path, item = _pointer(operation), operation.get("value")

    def put(holder: Holder, step: str) -> None:
        if isinstance(holder, dict):
            holder[step] = item
        else:
            holder[_place(step, len(holder), path, _REPLACE)] = item
    return item if path == "" else _changed(value, path, put, _REPLACE)


def _test(value: Any, operation: Operation) -> Any:
    path = _pointer(operation)
    if not equal(_found(value, path, _TEST), operation.get("value")):
        raise PatchError(f"testing value {path} failed: test failed")
    return value


def _move(value: Any, operation: Operation) -> Any:
    source = _pointer(operation, "from")
    item = _found(value, source, _MOVE_FROM)
    return _inserted(_taken(value, source, _MOVE_FROM), _pointer(operation), item, _MOVE_TO)


def _copy(value: Any, operation: Operation) -> Any:
    item = _found(value, _pointer(operation, "from"), _COPY_FROM)
    return _inserted(value, _pointer(operation), item, _COPY_TO)


_OPERATIONS: Mapping[str, Callable[[Any, Operation], Any]] = {
    "add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test}


def _pointer(operation: Operation, name: str = "path") -> str:
    text = operation.get(name)
    if not isinstance(text, str):
        raise PatchError(f"{operation['op']} operation failed to decode {name}: missing value")
    return text


# places -----------------------------------------------------------------------------------------------------------

def _inserted(value: Any, path: str, item: Any, words: Words) -> Any:
    def insert(holder: Holder, step: str) -> None:
        if isinstance(holder, dict):
            holder[step] = item
        else:
            holder.insert(len(holder) if step == "-" else _place(step, len(holder) + 1, path, words), item)
    return item if path == "" else _changed(value, path, insert, words)


def _taken(value: Any, path: str, words: Words) -> Any:
    def take(holder: Holder, step: str) -> None:
        if isinstance(holder, list):
            del holder[_place(step, len(holder), path, words)]
        elif holder.pop(step, path) is path:
            raise _refusal(words.misplaced, path, f"Unable to remove nonexistent key: {step}: missing value")
    return _changed(value, path, take, words)


def _changed(value: Any, path: str, change: Change, words: Words) -> Any:
    """A copy of `value` after `change` at the end of the path; only what lies on the path is copied."""
    steps = _steps(path)
    root = holder = _copied(value)
    for step in steps[:-1]:
        place: Any = _index(step, len(holder)) if isinstance(holder, list) else step
        if holder is None or place is None or (isinstance(holder, dict) and place not in holder):
            raise _refusal(words.nowhere, path)
        holder[place] = holder = _copied(holder[place])
    if holder is None or not steps:
        raise _refusal(words.nowhere, path)
    change(holder, steps[-1])
    return root


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, list | tuple) else None


def _found(value: Any, path: str, words: Words) -> Any:
    """What stands at the end of a path; None for a missing key of a mapping."""
    *above, last = _steps(path) or [""]
    for step in above:
        index = _index(step, len(value)) if isinstance(value, list | tuple) else None
        if index is None and not (isinstance(value, Mapping) and step in value):
            raise _refusal(words.nowhere, path)
        value = value[step if index is None else index]
    if isinstance(value, Mapping):
        return value if path == "" else value.get(last)
    if not isinstance(value, list | tuple):
        raise _refusal(words.nowhere, path)
    return value[_place(last, len(value), path, words)]


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _index(step: str, length: int) -> int | None:
    """The place in a list, from the end when negative; None outside it."""
    number = int(step) if step.removeprefix("-").isdecimal() and step.isascii() and len(step) < 10 else length
    return number % length if -length <= number < length else None


def _place(step: str, length: int, path: str, words: Words) -> int:
    """The place in a list, or PatchError."""
    index = _index(step, length)
    if index is None and not (step.removeprefix("-").isdecimal() and step.isascii()):
        raise _refusal(words.misplaced, path, f'strconv.Atoi: parsing "{step}": invalid syntax')
    if index is None:
        raise _refusal(words.misplaced, path, f"Unable to access invalid index: {step}: invalid index referenced")
    return index


def _refusal(words: str, path: str, why: str = "missing value") -> PatchError:
    return PatchError(words.format(path=path, step=(_steps(path) or [""])[-1]) + f": {why}")
