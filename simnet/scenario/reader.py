"""Reads a story: an ordinary Markdown file whose headings are steps and whose fences act and assert."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simnet.errors import ManifestError, Place, Problem, nearest
from simnet.manifests import yaml
from simnet.manifests.files import decoded
from simnet.scenario.claims import check_line
from simnet.scenario.console_fence import read_console
from simnet.scenario.do_fence import read_do
from simnet.scenario.fences import Fence, Heading, blocks
from simnet.scenario.model import Action, Apply, Check, Expect, Story, StoryStep, Task, VirtualFile
from simnet.scenario.whole import exercise_problems

MODES = ("what-if", "live")
DATA_LANGUAGES = ("yaml", "json", "text")
SECOND_WORDS = ("scenario", "apply", "delete", "file", "broken")
RUNNING = ("console", "expect", "do", "task", "check")
_MODES_AT_END = re.compile(r"(?:\s*\{[\w-]+\})+$")
_MODE = re.compile(r"\{([\w-]+)\}")
_HINT = re.compile(r"hint:?\s+(.+)$")


@dataclass(slots=True)
class _Draft:
    """The step being gathered."""

    name: str
    line: int
    mode: str
    actions: list[Action] = field(default_factory=list)


def read_story(path: Path | str) -> Story:
    """Read a story file. Raises ManifestError with file, line, what was found and the nearest valid word."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ManifestError(Problem(f"cannot be read: {_why_not(path, problem)}", "Syntax", Place(str(path)))) from None
    return parse_story(decoded(data, str(path)), str(path))


def _why_not(path: Path, problem: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"it is a link to {path.readlink()}, which does not exist"
    return problem.strerror or str(problem)


def parse_story(text: str, file: str = "story.md") -> Story:
    """Read a story from its text. All problems that can be found independently are reported together.

    A story without any assertion is read too: `--accept` may fill it in. `must_assert` is what refuses it.
    """
    return _Reader(text.removeprefix("\ufeff").replace("\r\n", "\n"), file).story()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.title = ""
        self.settings: dict[str, Any] | None = None
        self.settings_line = 1
        self.drafts: list[_Draft] = []
        self.problems: list[Problem] = []

    def story(self) -> Story:
        for block in blocks(self.text):
            try:
                if isinstance(block, Heading):
                    self._heading(block)
                else:
                    self._fence(block)
            except ManifestError as found:
                self.problems += found.problems
        steps = tuple(StoryStep(draft.name, draft.line, draft.mode, tuple(draft.actions))
                      for draft in self.drafts if draft.actions)
        self.problems += exercise_problems(steps, self.file)
        if not self.title:
            self._problem(1, "the story has no heading; its first heading is its title")
        if self.problems:
            raise ManifestError(self.problems)
        return Story(self.title, self.file, self.text, self.settings or {}, self.settings_line, steps)

    def _heading(self, heading: Heading) -> None:
        modes: list[str] = []
        suffix = _MODES_AT_END.search(heading.text)
        for word in _MODE.findall(suffix[0]) if suffix else ():
            if word not in MODES:
                raise self._error(heading.line, f"{{{word}}} is no mode of a step; modes are {{what-if}} and {{live}}",
                                  nearest(word, MODES))
            modes += [word] if word not in modes else []
        name = heading.text[:suffix.start()].strip() if suffix else heading.text
        if not self.title:
            self.title = name
        mode = " ".join(each for each in MODES if each in modes) or "normal"
        self.drafts.append(_Draft(name, heading.line, mode))

    def _fence(self, fence: Fence) -> None:
        words = fence.info.split()
        language = words[0] if words else ""
        if not fence.closed:
            raise self._error(fence.line, "this fence is never closed")
        if language in RUNNING:
            self._running(fence, language, words[1:])
        elif language in DATA_LANGUAGES and len(words) > 1:
            self._data(fence, words)
        elif near := _misspelt(words):
            raise self._error(fence.line, f"a fence of language {language!r} is shown, not run", near)

    def _running(self, fence: Fence, language: str, rest: list[str]) -> None:
        if language == "console":
            if rest not in ([], ["as", "pasted"]):
                raise self._error(fence.line, f"`console {' '.join(rest)}` is not known", "console as pasted")
            self._add(read_console(fence, self.file, as_pasted=bool(rest)), fence)
        elif rest:
            raise self._error(fence.line, f"`{language}` takes no second word, found {rest[0]!r}")
        elif language == "expect":
            self._add(Expect(self._claims(fence)), fence)
        elif language == "check":
            self._add(Check(self._claims(fence), fence.line), fence)
        elif language == "task":
            self._add(self._task(fence), fence)
        else:
            self._do(fence)

    def _claims(self, fence: Fence) -> tuple[tuple[int, str], ...]:
        """The lines of an `expect` fence. Those that cannot be read are reported; the others are still read."""
        lines = tuple(_lines(fence))
        if not lines:
            raise self._error(fence.line, f"this `{fence.info}` fence asserts nothing; a line such as `count pods = 2` does")
        for line, text in lines:
            try:
                check_line(text, Place(self.file, line))
            except ManifestError as found:
                self.problems += found.problems
        return lines

    def _task(self, fence: Fence) -> Task:
        lines = fence.text.split("\n")
        hints = tuple(found[1].strip() for line in lines if (found := _HINT.match(line.strip())))
        text = "\n".join(line for line in lines if not _HINT.match(line.strip())).strip()
        if not text:
            raise self._error(fence.line, "this `task` fence says nothing to do; hints come behind the task")
        return Task(text, hints, fence.line)

    def _do(self, fence: Fence) -> None:
        """The lines of a `do` fence; those that cannot be read are reported, the others are still read."""
        for line, text in _lines(fence):
            try:
                self._add(read_do(text, Place(self.file, line)), fence)
            except ManifestError as found:
                self.problems += found.problems

    def _data(self, fence: Fence, words: list[str]) -> None:
        what = words[1]
        if what not in SECOND_WORDS:
            raise self._error(fence.line, f"`{fence.info}`: {what!r} is not known after {words[0]!r}",
                              nearest(what, SECOND_WORDS))
        if what == "file":
            if len(words) != 3:
                raise self._error(fence.line, f"`{fence.info}`: expected one file name, `{words[0]} file web.yaml`")
            self._add(VirtualFile(words[2], fence.text, fence.line + 1), fence)
        elif len(words) > 2 or words[0] == "text":
            raise self._error(fence.line, f"`{fence.info}` is not known; write `yaml {what}`")
        elif what == "scenario":
            self._settings(fence)
        else:
            self._add(Apply(fence.text, fence.line + 1, delete=what == "delete", broken=what == "broken"), fence)

    def _settings(self, fence: Fence) -> None:
        if self.settings is not None:
            raise self._error(fence.line, f"a second scenario fence; the first is on line {self.settings_line - 1}")
        if any(draft.actions for draft in self.drafts):
            raise self._error(fence.line, "the scenario fence must stand before the first step")
        documents = yaml.read_all("\n" * fence.line + fence.text, self.file)
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise self._error(fence.line, "the scenario fence holds no mapping; it starts with `simnet: 1`")
        self.settings, self.settings_line = documents[0], fence.line + 1

    def _add(self, action: Action, fence: Fence) -> None:
        if not self.drafts:
            raise self._error(fence.line, "a working fence before the first heading; the first heading is the title")
        self.drafts[-1].actions.append(action)

    def _problem(self, line: int, detail: str) -> None:
        self.problems.append(Problem(detail, "Syntax", Place(self.file, line)))

    def _error(self, line: int, detail: str, suggestion: str = "") -> ManifestError:
        return ManifestError(Problem(detail, "Syntax", Place(self.file, line), suggestion=suggestion))


def _misspelt(words: list[str]) -> str:
    """What a fence that would only be shown was probably meant to be, '' when nothing is near: a running language one
    or two letters away, or a data language before a second word that makes it run."""
    if len(words) > 1 and words[1] in SECOND_WORDS:
        return nearest(words[0], DATA_LANGUAGES) or f"yaml {words[1]}"
    return next((word for word in RUNNING if words and len(word) > 4 and letters_apart(words[0], word) <= 2), "")


def letters_apart(one: str, other: str) -> int:
    """How many letters must be added, dropped, changed or swapped with their neighbour to make `other` of `one`.
    Cost: the product of the lengths (restricted Damerau-Levenshtein distance)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], earlier[j - 2] + 1)
    return row[-1]


def _lines(fence: Fence) -> list[tuple[int, str]]:
    """The lines of a fence that say something, with their numbers; a comment starts with `#` at a word's start."""
    return [(fence.line + 1 + index, line.strip()) for index, line in enumerate(fence.text.split("\n"))
            if line.strip() and not line.strip().startswith("#")]
