"""A repair as a change of the user's text: only the value is touched, comments and layout stay.

Values are found by the positions that the reader keeps. What cannot be changed in place (a value from an anchor, one
that goes over several lines) is left alone: `edit_of` then gives None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from simnet.lint.remark import Repair
from simnet.manifests import tree
from simnet.manifests.encode import to_yaml
from simnet.manifests.paths import at

_KEY_ALONE = re.compile(r"[ \t]*(?:-[ \t]+)*")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """`old`, which stands at `line` and `column` (from 1) of a file, becomes `new`."""

    file: str
    line: int
    column: int
    old: str
    new: str

    @property
    def end_column(self) -> int:
        return self.column + len(self.old)


def edit_of(repair: Repair) -> Edit | None:
    """The change of the file that a repair means, None if it cannot be made in place."""
    data, path = repair.manifest.data, repair.path
    if repair.is_key:
        return _key(repair)
    if repair.old is None and at(data, path) is None:
        return _added(repair)
    if repair.new is None:
        return _removed(repair)
    place, written = repair.manifest.place_of(path, value=True), tree.written(data, path)
    if not written or not place.line:
        return None
    return Edit(place.file, place.line, place.column, written, _scalar(repair.new, written))


def _key(repair: Repair) -> Edit | None:
    place = repair.manifest.place_of(repair.path)
    old = str(repair.old)
    return Edit(place.file, place.line, place.column, old, str(repair.new)) if place.line else None


def _added(repair: Repair) -> Edit | None:
    """One more key, before the first of the mapping that gets it."""
    parent = at(repair.manifest.data, repair.path[:-1])
    if not isinstance(parent, tree.Mapping) or not parent:
        return None
    place = repair.manifest.place_of((*repair.path[:-1], next(iter(parent))))
    key, value = str(repair.path[-1]), _scalar(repair.new, "")
    if place.file.endswith(".json"):
        return Edit(place.file, place.line, place.column, "", f"{json.dumps(key)}: {json.dumps(repair.new)}, ")
    text = f"{_scalar(key, '')}: {value}"
    ending = ", " if parent.column < 0 else "\n" + " " * (place.column - 1)
    return Edit(place.file, place.line, place.column, "", text + ending) if place.line else None


def _removed(repair: Repair) -> Edit | None:
    """A key and its one-line value taken out: the line in block style, up to the comma in flow style."""
    data, path = repair.manifest.data, repair.path
    parent, written = at(data, path[:-1]), tree.written(data, path)
    if not isinstance(parent, tree.Mapping) or not written or len(parent) < 2:
        return None
    place, value = repair.manifest.place_of(path), repair.manifest.place_of(path, value=True)
    if place.line != value.line or not place.line:
        return None
    line = parent.source.lines[place.line - 1 - parent.source.base]
    start, end = place.column - 1, value.column - 1 + len(written)
    if parent.column < 0:
        after = re.match(r"[ \t]*,[ \t]*", line[end:])
        before = re.search(r"[ \t]*,[ \t]*$", line[:start])
        if after:
            end += after.end()
        elif before:
            start = before.start()
        return Edit(place.file, place.line, start + 1, line[start:end], "")
    if not _KEY_ALONE.fullmatch(line[:start]) or line[:start].strip():
        return None
    return Edit(place.file, place.line, 1, line + "\n", "")


def _scalar(value: Any, written: str) -> str:
    """A value as it would be written where `written` stood, in the same quotes."""
    if written.startswith('"'):
        return json.dumps(str(value), ensure_ascii=False)
    if written.startswith("'"):
        return "'" + str(value).replace("'", "''") + "'"
    return to_yaml(value).rstrip("\n")


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text of one file with the edits made. Those that no longer fit the text are left out.

    The last come first, so that the places of the others stay right; line ends stay what they are.
    """
    lines = text.splitlines(keepends=True) if "\r" not in text else re.split(r"(?<=\n)", text)
    for edit in sorted(edits, key=lambda each: (-each.line, -each.column)):
        index, start = edit.line - 1, edit.column - 1
        if index >= len(lines):
            continue
        line = lines[index]
        ending = "\r\n" if line.endswith("\r\n") else "\n"
        old = edit.old.replace("\n", ending)
        found = line[start:start + len(old)] == old or (edit.old.endswith("\n") and line[start:] == edit.old[:-1])
        if found:
            rest = _aligned(line[start + len(old):], len(old) - len(edit.new)) if "\n" not in edit.old + edit.new \
                else line[start + len(old):]
            lines[index] = line[:start] + edit.new.replace("\n", ending) + rest
    return "".join(lines)


def _aligned(rest: str, by: int) -> str:
    """What follows a value, a comment behind blanks staying in its column as far as it can."""
    gap = len(rest) - len(rest.lstrip(" "))
    return " " * max(1, gap + by) + rest[gap:] if gap > 1 and rest[gap:].startswith("#") else rest


def diff_of(file: str, before: str, after: str) -> str:
    """The unified diff of one file, '' when nothing changes."""
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"))
