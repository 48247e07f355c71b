"""Fills a story's console fences with what the commands really print (`simnet run --accept`).

A block that matches stays as it is, patterns and all; only blocks that do not match are written anew.
"""

from __future__ import annotations

from simnet.scenario.model import Console, Exchange, Story
from simnet.scenario.report import Report


def accepted(story: Story, report: Report) -> str:
    """The story's text with the outputs that did not match replaced by the real ones."""
    outputs = {line: output for step in report.steps for line, output in step.outputs.items()}
    lines = story.text.split("\n")
    for exchange in reversed(_exchanges(story)):
        if exchange.line in outputs:
            command = lines[exchange.line - 1]
            indent = command[:len(command) - len(command.lstrip())]
            lines[exchange.first - 1:exchange.last] = [(indent + line).rstrip() for line in outputs[exchange.line]]
    return "\n".join(lines)


def _exchanges(story: Story) -> list[Exchange]:
    return [exchange for step in story.steps for action in step.actions if isinstance(action, Console)
            for exchange in action.exchanges]
