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


Action = Apply | VirtualFile | Console | Expect | Advance


@dataclass(frozen=True, slots=True)
class StoryStep:
    """A heading and its working fences. `mode` is normal or what-if."""

    name: str
    line: int
    mode: str
    actions: tuple[Action, ...]


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
    def assertions(self) -> int:
        """How many things the story claims: expectation lines, and commands with output or a status."""
        count = 0
        for step in self.steps:
            for action in step.actions:
                if isinstance(action, Expect):
                    count += len(action.lines)
                elif isinstance(action, Console):
                    count += sum(1 for each in action.exchanges if each.expected or each.has_status)
        return count
