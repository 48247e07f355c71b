"""Mistakes that only the whole story shows: exercises with a part missing, captures that nothing uses, nothing asserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from simnet.errors import ManifestError, Place, Problem
from simnet.scenario.matching import captured_names
from simnet.scenario.model import Action, Apply, Check, Console, Disturb, Expect, Story, StoryStep, Task

NOTHING_ASSERTED = "the story asserts nothing; add an `expect` fence, or output to a `console` fence"


def exercise_problems(steps: Iterable[StoryStep], file: str) -> Iterator[Problem]:
    """What is wrong with the exercises, in the order of the file."""
    for step in steps:
        yield from _exercise(step, file)


def must_assert(story: Story) -> Story:
    """The story itself, for chaining. Raises ManifestError if it asserts nothing, because then it could never fail, or
    remembers a word that nothing refers to."""
    problems = [*_unused_captures(story.steps, story.file)]
    if not story.assertions:
        problems.insert(0, _problem(story.file, 1, NOTHING_ASSERTED))
    if problems:
        raise ManifestError(problems)
    return story


def _exercise(step: StoryStep, file: str) -> Iterator[Problem]:
    """An exercise is one `yaml broken`, one `task` and one `check` in one step, in this order."""
    parts = [("yaml broken", next((each.line - 1 for each in step.actions if isinstance(each, Apply) and each.broken), 0)),
             ("task", next((each.line for each in step.actions if isinstance(each, Task)), 0)),
             ("check", next((each.line for each in step.actions if isinstance(each, Check)), 0))]
    there = [(name, line) for name, line in parts if line]
    missing = [name for name, line in parts if not line]
    if there and missing:
        yield _problem(file, there[0][1], f"a `{there[0][0]}` fence without `{missing[0]}`: an exercise is a step with "
                       "`yaml broken`, `task` and `check`")
    elif there and there != sorted(there, key=lambda part: part[1]):
        yield _problem(file, min(line for _, line in there), "an exercise goes `yaml broken`, `task`, `check`, in this order")
    doubled = Counter(type(each) for each in step.actions if isinstance(each, (Task, Check)))
    for kind, count in doubled.items():
        if count > 1:
            last = [each.line for each in step.actions if isinstance(each, kind)][-1]
            yield _problem(file, last, f"a second `{kind.__name__.lower()}` fence in one step")


def _unused_captures(steps: Iterable[StoryStep], file: str) -> Iterator[Problem]:
    """A name that stands once in the whole story remembers a word for nobody; `{*}` matches any."""
    first: dict[str, int] = {}
    uses: Counter[str] = Counter()
    for text, line, is_output in (each for step in steps for action in step.actions for each in _texts(action)):
        for name in captured_names(text):
            uses[name] += 1
            if is_output:
                first.setdefault(name, line)
    for name, line in first.items():
        if uses[name] == 1:
            yield _problem(file, line, f"{{{name}}} is captured and never used; write {{*}} for a word that may be any")


def _texts(action: Action) -> Iterator[tuple[str, int, bool]]:
    """Every text of an action that may hold a `{name}`, its line, and whether it is output, which captures."""
    match action:
        case Console():
            for each in action.exchanges:
                yield each.command, each.line, False
                yield from ((line, each.first + index, True) for index, line in enumerate(each.expected))
        case Expect() | Check():
            yield from ((text, line, False) for line, text in action.lines)
        case Disturb():
            yield from ((ref, action.line, False) for ref in action.refs)
        case Apply():
            yield action.text, action.line, False


def _problem(file: str, line: int, detail: str) -> Problem:
    return Problem(detail, "Syntax", Place(file, line))
