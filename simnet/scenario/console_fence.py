"""A console fence: `$ command` lines and the output each must give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simnet.errors import ManifestError, Place, Problem
from simnet.scenario.fences import Fence
from simnet.scenario.model import Console, Exchange

_PROMPT = re.compile(r"([a-z0-9](?:[-a-z0-9./]*[a-z0-9])?)?\$ (.*)$")
_EXIT = re.compile(r"\[exit (\d+)\]\s*$")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


@dataclass(slots=True)
class _Draft:
    """The exchange being gathered; `first` is the line where its output starts, `last` where the last of it stands."""

    command: str
    line: int
    actor: str
    first: int
    last: int
    expected: list[str] = field(default_factory=list)
    status: int | None = None


def read_console(fence: Fence, file: str, as_pasted: bool = False) -> Console:
    """Cut a fence into exchanges. A command that ends in `|` or `\\`, or opens a here-document, goes on below.

    Raises ManifestError when output stands before the first command or after an exit status.
    """
    drafts: list[_Draft] = []
    lines = fence.text.split("\n")[:-1]
    index = 0
    while index < len(lines):
        line, number = lines[index], fence.line + 1 + index
        index += 1
        prompt = _PROMPT.match(line)
        if prompt:
            command, index = _whole_command(prompt[2], lines, index)
            after = fence.line + 1 + index
            drafts.append(_Draft(command, number, prompt[1] or "", after, after - 1))
        elif line.strip() or drafts:
            _output(drafts, line, Place(file, number))
    return Console(tuple(_exchange(draft) for draft in drafts), fence.line, fence.line + 1 + len(lines),
                   as_pasted)


def is_output(line: str) -> bool:
    """Whether a line of a fence is output, neither a command nor an exit status."""
    return not _PROMPT.match(line) and not _EXIT.match(line)


def _output(drafts: list[_Draft], line: str, place: Place) -> None:
    """Add a line of output, or an exit status, to the last command."""
    if not drafts:
        raise _error(place, f"found {line.strip()!r} before the first command; a command starts with `$ `")
    draft, status = drafts[-1], _EXIT.match(line)
    if draft.status is not None and line.strip():
        raise _error(place, f"found {line.strip()!r} after [exit {draft.status}], which ends the output of a command")
    if status:
        draft.status, draft.last = int(status[1]), place.line
    elif draft.status is None:
        draft.expected.append(line)
        draft.last = place.line if line.strip() else draft.last


def _whole_command(command: str, lines: list[str], index: int) -> tuple[str, int]:
    """The command with the lines that continue it, and the index after them."""
    while index < len(lines) and command.rstrip().endswith(("|", "\\")):
        command = command.rstrip()
        command = (command[:-1].rstrip() if command.endswith("\\") else command) + " " + lines[index].strip()
        index += 1
    heredoc = _HEREDOC.search(command)
    if heredoc:
        while index < len(lines):
            command += "\n" + lines[index]
            index += 1
            if lines[index - 1].strip() == heredoc[2]:
                break
    return command, index


def _exchange(draft: _Draft) -> Exchange:
    lines = draft.expected
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return Exchange(draft.command, draft.line, draft.actor, tuple(lines), draft.first, draft.last, draft.status or 0,
                    draft.status is not None)


def _error(place: Place, detail: str) -> ManifestError:
    return ManifestError(Problem(detail, "Syntax", place))
