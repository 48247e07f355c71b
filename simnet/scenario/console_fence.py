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
    command: str
    line: int
    actor: str
    expected: list[str] = field(default_factory=list)
    first: int = 0
    status: int = 0
    has_status: bool = False


def read_console(fence: Fence, file: str, as_pasted: bool = False) -> Console:
    """Cut a fence into exchanges. A command that ends in `|` or `\\`, or opens a here-document, goes on below.

    Raises ManifestError when output stands before the first command.
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
            drafts.append(_Draft(command, number, prompt[1] or "", first=fence.line + 1 + index))
        elif not drafts:
            if line.strip():
                raise ManifestError(Problem(f"found {line.strip()!r} before the first command; a command starts with `$ `",
                                            "Syntax", Place(file, number)))
        elif status := _EXIT.match(line):
            drafts[-1].status, drafts[-1].has_status = int(status[1]), True
        else:
            drafts[-1].expected.append(line)
    return Console(tuple(_exchange(draft) for draft in drafts), fence.line, as_pasted)


def _whole_command(command: str, lines: list[str], index: int) -> tuple[str, int]:
    """The command with the lines that continue it."""
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
    last = draft.first + len(lines) - 1
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return Exchange(draft.command, draft.line, draft.actor, tuple(lines), draft.first, last, draft.status, draft.has_status)
