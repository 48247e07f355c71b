"""What a story says, as values. Lines count from 1 in the story's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Apply:
    """Manifests to apply (or delete), as text; `line` is the line of the text's first line."""

    text: str
    line: int
    delete: bool = False
    broken: bool = False  # the state that an exercise asks to repair


@dataclass(frozen=True, slots=True)
class VirtualFile:
    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command of a console fence and what it must print. `actor` '' is who types after a bare `$`.

    `expected` are the lines as written, `first` and `last` the line numbers of that block in the file, exit status
    included (first > last when it is empty), `status` the exit status that must come, `has_status` whether the story
    says so.
    """

    command: str
    line: int
    actor: str
    expected: tuple[str, ...]
    first: int
    last: int
    status: int
    has_status: bool = False


@dataclass(frozen=True, slots=True)
class Console:
    """The commands of a fence that opens on `line` and closes on `end`."""

    exchanges: tuple[Exchange, ...]
    line: int
    end: int
    as_pasted: bool = False


@dataclass(frozen=True, slots=True)
class Expect:
    """Expectation lines with their line numbers, comments and blank lines left out."""

    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Advance:
    seconds: float
    line: int


@dataclass(frozen=True, slots=True)
class Disturb:
    """One line of a `do` fence that breaks or mends something: `verb` fail, heal, partition or join; `what` readiness, link
    or nodes; `refs` the objects it is about, captures not filled in."""

    text: str
    verb: str
    what: str
    refs: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Task:
    """What a learner is asked to do, and hints to reveal one at a time."""

    text: str
    hints: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Check:
    """Expectation lines that hold once an exercise is solved, and not all of them before."""

    lines: tuple[tuple[int, str], ...]
    line: int


Action = Apply | VirtualFile | Console | Expect | Advance | Disturb | Task | Check


@dataclass(frozen=True, slots=True)
class StoryStep:
    """A heading and its working fences. `mode` is normal, what-if, live or `what-if live`."""

    name: str
    line: int
    mode: str
    actions: tuple[Action, ...]

    @property
    def is_live(self) -> bool:
        """Whether nothing settles in it: only `@ +t` moves the clock."""
        return "live" in self.mode.split()

    @property
    def is_exercise(self) -> bool:
        return any(isinstance(each, Check) for each in self.actions)

    @property
    def is_thrown_away(self) -> bool:
        """Whether it runs on a copy: what-if steps, and exercises, which nobody has solved when a story is replayed."""
        return "what-if" in self.mode.split() or self.is_exercise


@dataclass(frozen=True, slots=True)
class Story:
    """A story read from `file`. `settings` is the content of its scenario fence, `text` the whole file."""

    title: str
    file: str
    text: str = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_line: int = 1
    steps: tuple[StoryStep, ...] = ()

    @property
    def seeds(self) -> tuple[Any, ...]:
        """The seeds it runs with, one after the other: `seed: [1, 2]` is a matrix. `None` when it names none."""
        given = self.settings.get("seed")
        return tuple(given) if isinstance(given, list) and given else (given,)

    @property
    def assertions(self) -> int:
        """How many things the story claims: expectation lines, and commands with output or a status."""
        count = 0
        for step in self.steps:
            for action in step.actions:
                if isinstance(action, Expect):
                    count += len(action.lines)
                elif isinstance(action, Check):
                    count += 1
                elif isinstance(action, Console):
                    count += sum(1 for each in action.exchanges if each.expected or each.has_status)
        return count
