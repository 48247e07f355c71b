"""Reads a scenario written as data, `.scenario.yaml` or `.scenario.json`: the same steps as a story's, without the prose.

    {simnet: 1, title: ..., (settings), steps: [{name, mode, apply, delete, advance, console, expect, table}], coverage: {...}}

A step does what it holds in this order: apply, delete, advance, console, expect, table. A table has a template line and
rows that fill its `$names`; each row is one expectation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from simnet.clock import parse_duration
from simnet.errors import ManifestError, Place, Problem, SimnetError, nearest
from simnet.manifests import yaml
from simnet.manifests.encode import to_json
from simnet.manifests.files import decoded
from simnet.manifests.paths import Path
from simnet.manifests.tree import place_of, without
from simnet.scenario.claims import check_line
from simnet.scenario.console_fence import read_console
from simnet.scenario.coverage import GOALS, Goal
from simnet.scenario.fences import Fence
from simnet.scenario.model import Action, Advance, Apply, Expect, Story, StoryStep
from simnet.scenario.settings import TOP

DATA_SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")
STEP = ("name", "mode", "apply", "delete", "advance", "console", "expect", "table")
MODES = ("normal", "what-if")
_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def read_data(path: FilePath | str) -> tuple[Story, tuple[Goal, ...]]:
    """A scenario file and what it wants covered. Raises ManifestError with file, line and the nearest valid word."""
    path = FilePath(path)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ManifestError(Problem(f"cannot be read: {problem.strerror}", "Syntax", Place(str(path)))) from None
    return parse_data(decoded(data, str(path)), str(path))


def parse_data(text: str, file: str) -> tuple[Story, tuple[Goal, ...]]:
    """The same from text. All problems that can be found independently are reported together."""
    documents = yaml.read_all(text, file)
    if len(documents) != 1 or not isinstance(documents[0], Mapping):
        raise ManifestError(Problem(f"one mapping is expected, found {len(documents)} documents" if len(documents) != 1 else
                                    "a mapping is expected; it starts with `simnet: 1`", "Syntax", Place(file, 1)))
    return _Reader(documents[0], text, file).story()


class _Reader:
    def __init__(self, tree: Mapping[str, Any], text: str, file: str) -> None:
        self.tree, self.text, self.file = tree, text, file
        self.problems: list[Problem] = []

    def story(self) -> tuple[Story, tuple[Goal, ...]]:
        self._known(self.tree, (*TOP, "steps", "coverage"), ())
        title = self.tree.get("title") or FilePath(self.file).name
        steps = [step for index, given in enumerate(self._list(self.tree.get("steps", []), ("steps",)))
                 if (step := self._step(given, ("steps", index))) is not None]
        goals = tuple(self._goals())
        if self.problems:
            raise ManifestError(self.problems)
        settings = without(self.tree, [("steps",), ("coverage",)])
        return Story(str(title), self.file, self.text, settings, 1, tuple(steps)), goals

    # steps -------------------------------------------------------------------------------------------------------

    def _step(self, given: Any, path: Path) -> StoryStep | None:
        if not isinstance(given, Mapping):
            self._problem(path, f"{given!r} is no step; write a mapping such as {{name: ..., expect: [...]}}")
            return None
        self._known(given, STEP, path)
        mode = given.get("mode", "normal")
        if mode not in MODES:
            self._problem((*path, "mode"), f"{mode!r} is no mode of a step; {' and '.join(MODES)} are",
                          nearest(str(mode), MODES))
        name = str(given.get("name") or f"step {int(path[-1]) + 1}")
        return StoryStep(name, self._place(path).line, str(mode), tuple(self._actions(given, path)))

    def _actions(self, given: Mapping[str, Any], path: Path) -> Iterator[Action]:
        for key in ("apply", "delete"):
            for index, each in enumerate(self._list(given.get(key, []), (*path, key))):
                yield self._apply(each, (*path, key, index), delete=key == "delete")
        if "advance" in given:
            yield from self._advance(given["advance"], (*path, "advance"))
        if "console" in given:
            yield from self._console(given["console"], (*path, "console"))
        lines = [*self._lines(given, path), *self._rows(given, path)]
        if lines:
            yield Expect(tuple(lines))

    def _apply(self, given: Any, path: Path, delete: bool) -> Action:
        """A manifest as the text it was written as, so that its mistakes keep their lines and columns."""
        place = self._place(path, value=True)
        if not isinstance(given, Mapping):
            self._problem(path, f"{given!r} is no manifest; write the object itself, or name a file under `manifests`")
            return Advance(0, place.line)
        text = self._written(place)
        try:
            same = text and yaml.read_all(text, self.file) == [given]
        except ManifestError:  # a part of a text that is no text by itself: flow style, aliases
            same = False
        return Apply(text if same else to_json(given).replace("\n", " "), place.line, delete)

    def _written(self, place: Place) -> str:
        """The lines from a place on that are indented as far as it."""
        lines, column = self.text.split("\n"), place.column - 1
        found = [" " * column + lines[place.line - 1][column:]]
        for line in lines[place.line:]:
            if line.strip() and len(line) - len(line.lstrip(" ")) < column:
                break
            found.append(line)
        return "\n".join(found) + "\n"

    def _advance(self, given: Any, path: Path) -> Iterator[Action]:
        try:
            yield Advance(parse_duration(str(given)), self._place(path).line)
        except (SimnetError, ValueError) as problem:
            self._problem(path, f"{problem}; write 30s or 5m")

    def _console(self, given: Any, path: Path) -> Iterator[Action]:
        if not isinstance(given, str):
            self._problem(path, "a console is a text: `$ command` lines and the output below each; write `console: |`")
            return
        try:
            yield read_console(Fence("console", given.rstrip("\n") + "\n", self._place(path).line), self.file)
        except ManifestError as found:
            self.problems += found.problems

    def _lines(self, given: Mapping[str, Any], path: Path) -> Iterator[tuple[int, str]]:
        for index, line in enumerate(self._list(given.get("expect", []), (*path, "expect"))):
            place = self._place((*path, "expect", index), value=True)
            if not isinstance(line, str):
                self._problem((*path, "expect", index), f"{line!r} is no expectation; quote the line if YAML takes it for "
                              "something else")
            elif self._is_read(line, Place(self.file, place.line)):
                yield place.line, line

    def _is_read(self, line: str, place: Place) -> bool:
        try:
            check_line(line, place)
        except ManifestError as found:
            self.problems += found.problems
            return False
        return True

    # tables ------------------------------------------------------------------------------------------------------

    def _rows(self, given: Mapping[str, Any], path: Path) -> Iterator[tuple[int, str]]:
        table, path = given.get("table"), (*path, "table")
        if table is None:
            return
        if not isinstance(table, Mapping) or not isinstance(table.get("template"), str):
            self._problem(path, "a table has a `template` line and `rows` that fill its $names")
            return
        self._known(table, ("template", "rows"), path)
        names = {match[1] or match[2] for match in _NAME.finditer(table["template"])}
        rows = self._list(table.get("rows", []), (*path, "rows"))
        if not rows:
            self._problem(path, "this table has no rows, so it asserts nothing")
        for index, row in enumerate(rows):
            place = (*path, "rows", index)
            if self._fits(row, names, place):
                line = _filled(table["template"], row)
                if self._is_read(line, Place(self.file, self._place(place, value=True).line)):
                    yield self._place(place, value=True).line, line

    def _fits(self, row: Any, names: set[str], path: Path) -> bool:
        if not isinstance(row, Mapping):
            self._problem(path, f"{row!r} is no row; write {{{', '.join(f'{name}: ...' for name in sorted(names))}}}")
            return False
        before = len(self.problems)
        for key in row:
            if key not in names:
                self._problem((*path, key), f"the template has no ${key}; it has {', '.join(sorted(names)) or 'no names'}",
                              nearest(str(key), names))
        for name in sorted(names - row.keys()):
            self._problem(path, f"this row gives no value for ${name} of the template")
        return len(self.problems) == before

    # the rest ----------------------------------------------------------------------------------------------------

    def _goals(self) -> Iterator[Goal]:
        given = self.tree.get("coverage", {})
        if not isinstance(given, Mapping):
            self._problem(("coverage",), f"{given!r} is no mapping; write {{ingressPaths: 100}}")
            return
        self._known(given, tuple(GOALS), ("coverage",))
        for key, number in given.items():
            if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= 100:
                self._problem(("coverage", key), f"{number!r} is no per cent; write a number from 0 to 100")
            elif key in GOALS:
                yield Goal(key, float(number), self._place(("coverage", key)))

    def _list(self, given: Any, path: Path) -> Sequence[Any]:
        if isinstance(given, list):
            return given
        self._problem(path, f"{given!r} is no list")
        return ()

    def _known(self, given: Mapping[str, Any], known: Sequence[str], path: Path) -> None:
        for key in given:
            if key not in known:
                self._problem((*path, key), f"{key!r} is not known here; known are {', '.join(known)}",
                              nearest(str(key), known))

    def _place(self, path: Path, value: bool = False) -> Place:
        return place_of(self.tree, path, value=value, file=self.file)

    def _problem(self, path: Path, detail: str, suggestion: str = "") -> None:
        self.problems.append(Problem(detail, "Syntax", self._place(path), suggestion=suggestion))


def _filled(template: str, row: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda match: _text(row[match[1] or match[2]]), template)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
