"""What a learner reads of an exercise: its prose and its task, without the check and without hints."""

from __future__ import annotations

from simnet.scenario.fences import Fence, Heading, blocks
from simnet.scenario.model import Story, StoryStep, Task

HIDDEN = ("check", "task")


def lesson_of(story: Story, step: StoryStep) -> str:
    """The step's Markdown down to the next heading, its `check` and `task` fences taken out, the task as text at its end."""
    lines = story.text.split("\n")
    end, hidden = len(lines), set[int]()
    for block in blocks(story.text):
        if isinstance(block, Fence) and block.info.split()[:1] in ([word] for word in HIDDEN):
            hidden.update(range(block.line, block.line + block.text.count("\n") + 2))
        elif isinstance(block, Heading) and block.line > step.line:
            end = min(end, block.line - 1)
    kept = [line for number, line in enumerate(lines[step.line - 1:end], step.line) if number not in hidden]
    text: list[str] = []
    for line in kept:
        if line.strip() or (text and text[-1]):
            text.append(line.rstrip())
    task = next((each.text for each in step.actions if isinstance(each, Task)), "")
    return "\n".join(text).rstrip() + f"\n\nTask: {task}\n\n"
