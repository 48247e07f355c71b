"""Fills a story's console fences with what the commands really print (`simnet run --accept`).

A block that matches stays as it is, patterns and all; only blocks that do not match are written anew.
"""

from __future__ import annotations

from simnet.scenario.model import Console, Exchange, Story
from simnet.scenario.report import Report


def accepted(story: Story, report: Report) -> str:
    """The story's text with the outputs that failed to match replaced by the real ones."""
    failed = {failure.place.line for failure in report.failures}
    outputs = {line: output for step in report.steps for line, output in step.outputs.items()}
    lines = story.text.split("\n")
    for exchange in reversed(_exchanges(story)):
        if exchange.line in failed:
            block = list(outputs.get(exchange.line, ()))
            stop = exchange.first - 1 + len(exchange.expected) + exchange.has_status
            lines[exchange.first - 1:stop] = block
    return "\n".join(lines)


def _exchanges(story: Story) -> list[Exchange]:
    return [exchange for step in story.steps for action in step.actions if isinstance(action, Console)
            for exchange in action.exchanges]
