"""The same as the text, drawn as a tree: a proxy's own connection hangs under the rule that opened it, the walk of a
DNS query under the name it resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.explain.line import one_line
from simnet.explain.text import answer_text, endnotes, lookup_text
from simnet.explain.told import Told, told
from simnet.explain.words import counted, likely, question_of, result_of, title_of


@dataclass(slots=True)
class Branch:
    """A line of the tree and what hangs below it."""

    text: str
    below: list[Branch] = field(default_factory=list)

    def lines(self) -> list[str]:
        drawn = [self.text]
        for index, branch in enumerate(self.below):
            is_last = index == len(self.below) - 1
            first, *rest = branch.lines()
            drawn.append(("└─ " if is_last else "├─ ") + first)
            drawn += [("   " if is_last else "│  ") + line for line in rest]
        return drawn


def trace_tree(trace: Trace) -> str:
    """The walk as a tree; sub-walks are expanded now."""
    return "\n".join(_trace_branch(trace, title_of(trace)).lines() + endnotes(trace))


def outcomes_tree(outcomes: Outcomes) -> str:
    """Every possible walk with its probability, each as a tree of its own."""
    root = Branch(f"{title_of(outcomes.traces[0])}: {counted(len(outcomes), 'possible path')}")
    root.below = [_trace_branch(trace, f"{likely(share)}: {one_line(trace)}") for share, trace in outcomes]
    return "\n".join(root.lines())


def lookup_tree(lookup: Lookup) -> str:
    return _drawn_text(lookup_text(lookup))


def answer_tree(answer: Answer) -> str:
    return _drawn_text(answer_text(answer))


def _drawn_text(text: str) -> str:
    """Lines below a first one; lines that begin with blanks hang under the line before them."""
    first, *rest = text.split("\n")
    root = Branch(first)
    for line in rest:
        parent = root.below[-1] if line.startswith(" ") and root.below else root
        parent.below.append(Branch(line.strip()))
    return "\n".join(root.lines())


def _trace_branch(trace: Trace, title: str) -> Branch:
    root = Branch(title)
    root.below = _hung([told(step) for step in trace.steps])
    root.below.append(Branch(f"result: {result_of(trace)}"))
    return root


def _hung(steps: Sequence[Told]) -> list[Branch]:
    """Steps of a deeper connection hang under the last step before them that was not as deep."""
    base = steps[0].depth if steps else 0
    branches: list[Branch] = []
    index = 0
    while index < len(steps):
        end = index + 1
        while end < len(steps) and steps[end].depth > base:
            end += 1
        branch = _step_branch(steps[index])
        if end > index + 1:
            branch.below.append(Branch("the controller's own connection", _hung(steps[index + 1:end])))
        branches.append(branch)
        index = end
    return branches


def _step_branch(step: Told) -> Branch:
    branch = Branch(f"{step.place}: {step.sentence}")
    for fact in step.facts:
        parent = branch.below[-1] if fact.startswith(" ") and branch.below else branch
        parent.below.append(Branch(fact.strip()))
    for share, trace in step.inner:
        chance = "" if share == 1 else f", {likely(share)}"
        branch.below.append(_trace_branch(trace, f"the query: {question_of(trace)}{chance}"))
    return branch
