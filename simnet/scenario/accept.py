"""Fills a story's console fences with what the commands really print (`simnet run --accept`).

A block that matches stays as it is, patterns and all; only blocks that do not match are written anew. What is written
is read back and run before it is handed out: accepting twice changes nothing.
"""

from __future__ import annotations

from simnet.errors import ManifestError, Place, Problem
from simnet.scenario.console_fence import is_output
from simnet.scenario.fences import lengthened
from simnet.scenario.matching import captured_names
from simnet.scenario.model import Console, Exchange, Story
from simnet.scenario.reader import parse_story
from simnet.scenario.report import Printed
from simnet.scenario.runner import run

Outputs = dict[int, Printed]  # by the line of the command


def accepted(story: Story) -> str:
    """The story's text with the outputs that did not match replaced by the real ones, fences made longer where an
    output would close them.

    Raises ManifestError for output that a story would not read back as output. Cost: two runs of the story, one if all
    of it matches.
    """
    outputs = _outputs(story)
    problems = [problem for exchange in _exchanges(story) if exchange.line in outputs
                for problem in _unwritable(story, exchange, outputs[exchange.line])]
    if problems:
        raise ManifestError(problems)
    text = _filled(story, outputs)
    if text != story.text:
        _read_back(story, text, outputs)
    return text


def _outputs(story: Story) -> Outputs:
    """What the commands whose output did not match really printed."""
    return {line: printed for step in run(story).steps for line, printed in step.outputs.items()}


def _filled(story: Story, outputs: Outputs) -> str:
    lines = story.text.split("\n")
    for console in reversed(_consoles(story)):
        fresh = [line for each in console.exchanges if each.line in outputs for line in outputs[each.line].lines]
        for number in (console.line, console.end):
            lines[number - 1] = lengthened(lines[number - 1], fresh)
        for exchange in reversed(console.exchanges):
            if exchange.line in outputs:
                command, printed = lines[exchange.line - 1], outputs[exchange.line]
                indent = command[:len(command) - len(command.lstrip())]
                lines[exchange.first - 1:exchange.last] = [(indent + line).rstrip() for line in printed.block]
    return "\n".join(lines)


def _unwritable(story: Story, exchange: Exchange, printed: Printed) -> list[Problem]:
    """The printed lines that would be read as a command or as an exit status."""
    wrong = [line.rstrip() for line in printed.lines if not is_output(line.rstrip())]
    return [_refused(story, exchange, f"prints {line!r}, which a story reads as a command or an exit status; write "
                     f"this output by hand, with {' '.join(('{*}', *line.split()[1:]))!r} for that line")
            for line in wrong]


def _read_back(story: Story, text: str, outputs: Outputs) -> None:
    """Refuse a text that does not say what was accepted."""
    again = parse_story(text, story.file)
    pairs = list(zip(_exchanges(story), _exchanges(again), strict=False))
    for old, new in pairs:
        if old.command != new.command:
            raise ManifestError(_refused(story, old, "takes its output for a part of the command; end the command first"))
    left = _outputs(again)
    for old, new in pairs:
        if old.line in outputs and new.line in left:
            patterns = [line.strip() for line in outputs[old.line].lines if captured_names(line)]
            what = f"{patterns[0]!r}, which a story reads as a pattern" if patterns else "something else each time"
            raise ManifestError(_refused(story, old, f"prints {what}; write this output by hand, with {{*}} for it"))


def _refused(story: Story, exchange: Exchange, what: str) -> Problem:
    prompt = f"{exchange.actor}$ {exchange.command.splitlines()[0]}"
    return Problem(f"cannot be accepted: `{prompt}` {what}", "Syntax", Place(story.file, exchange.line))


def _consoles(story: Story) -> list[Console]:
    return [action for step in story.steps for action in step.actions if isinstance(action, Console)]


def _exchanges(story: Story) -> list[Exchange]:
    return [exchange for console in _consoles(story) for exchange in console.exchanges]
