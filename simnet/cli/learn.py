"""`simnet learn`: the exercises of a story, one after the other, in the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from simnet.cli.colour import painted
from simnet.cli.given import FAILED, FINE, unreadable
from simnet.cli.output import write
from simnet.errors import SimnetError, UsageError
from simnet.scenario import Scenario
from simnet.scenario.lesson import lesson_of
from simnet.scenario.model import Check, Story, StoryStep, Task
from simnet.scenario.runner import Stage, check_failures, run_step, stage_of
from simnet.scenario.settings import ground_of

HELP = """\
Give a manifest file to apply it and be checked, `check` to be checked again, `hint` for the next hint, any command of a
story's console to look around (kubectl get pods, why ...), `quit` to give up.
"""
GIVES_AWAY = ("fix", "nearest", "try")


def learn(arguments: argparse.Namespace) -> int:
    """Status 0 when every exercise was solved, 1 when not, 2 when the story cannot be read."""
    try:
        story = Scenario.read(arguments.file).story
        if not any(step.is_exercise for step in story.steps):
            raise UsageError(f"{arguments.file}: no exercise in it; one is a step with `yaml broken`, `task` and `check`")
        stage = stage_of(ground_of(story))
        return _lessons(story, stage, list(arguments.answer))
    except SimnetError as problem:
        return unreadable(problem)


def _lessons(story: Story, stage: Stage, answers: list[str]) -> int:
    """Run the steps in order; exercises wait for the learner, who goes on from what they made of them."""
    by_file = bool(answers)
    for step in story.steps:
        if not step.is_exercise:
            report = run_step(stage.fork() if step.is_thrown_away else stage, step, story.file)
            if report.failures:
                raise UsageError("the story itself does not hold\n" + "\n".join(report.failures[0].lines()))
            continue
        _prepare(stage, step, story)
        write(lesson_of(story, step))
        lines = iter([answers.pop(0)] if answers else []) if by_file else _typed()
        if not _exercise(stage, step, story.file, lines):
            return FAILED
    write("All exercises are solved.\n")
    return FINE


def _prepare(stage: Stage, step: StoryStep, story: Story) -> None:
    """Everything of the step up to its check."""
    before = tuple(each for each in step.actions if not isinstance(each, Check))
    report = run_step(stage, StoryStep(step.name, step.line, "normal", before), story.file)
    if report.failures:
        raise UsageError("the exercise cannot be set up\n" + "\n".join(report.failures[0].lines()))


def _typed() -> Iterator[str]:
    """Lines of standard input, with a prompt on a terminal."""
    write(HELP)
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("learn> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            return
        yield line.strip()


def _exercise(stage: Stage, step: StoryStep, file: str, lines: Iterator[str]) -> bool:
    """Whether the learner solved it before the lines ended."""
    hints = [hint for each in step.actions if isinstance(each, Task) for hint in each.hints]
    for line in lines:
        if line == "quit":
            break
        if line == "hint":
            write(f"hint: {hints.pop(0)}\n" if hints else "There is no further hint.\n")
        elif line == "help":
            write(HELP)
        elif line and (line == "check" or _given(stage, line)) and _checked(stage, step, file):
            return True
    write("Not solved.\n")
    return False


def _given(stage: Stage, line: str) -> bool:
    """Apply a file; anything else is a command whose output is shown. Whether there is something to check."""
    if not Path(line).exists():
        write(stage.session.run(line).shown)
        return False
    try:
        for each in stage.cluster.apply(Path(line)):
            write(f"{each.object.ref} {each.action}\n")
    except SimnetError as problem:
        write(f"{problem}\n")
        return False
    return True


def _checked(stage: Stage, step: StoryStep, file: str) -> bool:
    """Say whether the check holds; of a line that does not, what came instead and why, not what would repair it."""
    failures = [failure for each in step.actions if isinstance(each, Check) for failure in check_failures(stage, each, file)]
    if not failures:
        write("Solved.\n\n")
        return True
    first = failures[0]
    lines = ["FAIL  " + first.what, *(f"   {each}" for each in _told(first.details))]
    lines.append("One line does not hold yet." if len(failures) == 1 else f"{len(failures)} lines do not hold yet.")
    write(painted("\n".join(lines) + "\n", sys.stdout))
    return False


def _told(details: Sequence[str]) -> list[str]:
    return [each for each in details if each.partition(" ")[0] not in GIVES_AWAY]
