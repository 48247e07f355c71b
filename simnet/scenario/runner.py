"""Runs a story: each step changes the cluster and asserts what the network then does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.diagnosis import told_codes
from simnet.errors import Place, SimnetError, nearest
from simnet.expect.evaluate import Context, check
from simnet.manifests import check as check_manifest
from simnet.manifests import read_manifests, unjudged
from simnet.scenario.claims import read_line
from simnet.scenario.matching import Captures, match_lines, substituted, unknown_capture
from simnet.scenario.model import Advance, Apply, Console, Exchange, Expect, Story, StoryStep, VirtualFile
from simnet.scenario.report import (
    Failure,
    Printed,
    Report,
    StepReport,
    beside,
    failure_of_line,
    how_to_allow,
    path_and_why,
)
from simnet.scenario.settings import Ground, ground_of

Progress = Callable[[StoryStep], None]


@dataclass(slots=True)
class Stage:
    """What a step works on: a cluster, a console over it, virtual files, captured tokens."""

    cluster: Cluster
    session: Session
    files: dict[str, str]
    captures: Captures
    context: Context

    def fork(self) -> Stage:
        """A copy for a what-if step; nothing it does is seen by the next."""
        cluster, files = self.cluster.fork(), dict(self.files)
        session, desk = Session(cluster, files=files), self.session.desk
        session.desk.namespace, session.desk.pod_files = desk.namespace, dict(desk.pod_files)
        session.desk.installed = {pod: set(tools) for pod, tools in desk.installed.items()}
        session.desk.refreshed, session.desk.forwards = set(desk.refreshed), dict(desk.forwards)
        return Stage(cluster, session, files, dict(self.captures), self.context)


@dataclass(slots=True)
class _Tally:
    failures: list[Failure] = field(default_factory=list)
    checks: int = 0
    outputs: dict[int, Printed] = field(default_factory=dict)


def stage_of(ground: Ground) -> Stage:
    """The stage before the first step."""
    session = Session(ground.cluster, files=ground.files)
    return Stage(ground.cluster, session, ground.files, {}, Context(ground.certificates, told_codes))


def run(story: Story, progress: Progress | None = None) -> Report:
    """Run every step in order. Raises ManifestError for settings that cannot be read; all else is in the report."""
    stage = stage_of(ground_of(story))
    reports: list[StepReport] = []
    for step in story.steps:
        if progress is not None:
            progress(step)
        reports.append(run_step(stage.fork() if step.mode == "what-if" else stage, step, story.file))
    return Report(story.file, story.title, tuple(reports))


def run_step(stage: Stage, step: StoryStep, file: str) -> StepReport:
    """Run one step on a stage; a what-if step is handed a forked one by the caller."""
    tally = _Tally()
    for action in step.actions:
        match action:
            case VirtualFile():
                stage.files[action.name] = action.text
            case Apply():
                _apply(stage, action, file, tally)
            case Advance():
                _guard(tally, file, action.line, f"@ +{action.seconds:g}s", partial(stage.cluster.advance, action.seconds))
            case Console():
                _console(stage, action, file, tally)
            case Expect():
                for line, text in action.lines:
                    _expect(stage, text, Place(file, line), tally)
    return StepReport(step.name, step.line, step.mode, tally.checks, tuple(tally.failures), tally.outputs)


def _guard(tally: _Tally, file: str, line: int, what: str, act: Callable[[], object]) -> None:
    """Do something that may be refused; a refusal fails the step."""
    try:
        act()
    except SimnetError as problem:
        tally.failures.append(Failure(Place(file, line), what, tuple(str(problem).split("\n"))))


def _apply(stage: Stage, action: Apply, file: str, tally: _Tally) -> None:
    """Apply or delete the manifests of a fence; positions in errors are those of the story file."""
    what = "delete" if action.delete else "apply"

    def act() -> None:
        text = "\n" * (action.line - 1) + substituted(action.text, stage.captures)
        manifests = read_manifests(text, file=file, rules=check_manifest if action.delete else unjudged)
        if not action.delete:
            stage.cluster.apply(manifests)
            return
        for manifest in manifests:
            stage.cluster.delete(manifest.kind, manifest.key.name, namespace=manifest.key.namespace)

    _guard(tally, file, action.line, what, act)


# console --------------------------------------------------------------------------------------------------------

def _console(stage: Stage, console: Console, file: str, tally: _Tally) -> None:
    stage.session.as_pasted = console.as_pasted
    for exchange in console.exchanges:
        _exchange(stage, exchange, file, tally)
    stage.session.leave()


def _exchange(stage: Stage, exchange: Exchange, file: str, tally: _Tally) -> None:
    before, command = stage.session.last_trace, substituted(exchange.command, stage.captures)
    if exchange.actor:
        output = stage.session.run_in(exchange.actor, command)
    else:
        output = stage.session.run(command)
    actual = _lines(output.shown)
    tally.checks += 1
    place, prompt = Place(file, exchange.line), f"{exchange.actor}$ {exchange.command}"
    forbidden = _forbidden(stage)
    if forbidden:
        tally.failures.append(Failure(place, prompt, ("ASSUMED", *(f"  {each}" for each in forbidden), *how_to_allow(
            each.partition(":")[0] for each in forbidden))))
    matched = match_lines(exchange.expected, actual, stage.captures)
    if matched is not None and output.status == exchange.status:
        stage.captures.update(matched)
        return
    tally.outputs[exchange.line] = Printed(actual, output.status)
    details = beside(exchange, actual, output.status, stage.captures)
    trace = stage.session.last_trace
    if trace is not None and trace is not before:
        details += path_and_why(stage.cluster, trace)
    tally.failures.append(Failure(place, prompt, tuple(details)))


def _lines(shown: str) -> tuple[str, ...]:
    """The lines of an output without blank ones at its end, as a story writes it."""
    lines = shown.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(lines)


def _forbidden(stage: Stage) -> tuple[str, ...]:
    """Assumptions of the last command that the settings do not allow."""
    settings = stage.cluster.settings
    allowed = {kind for kind, given in (("port", settings.assume == "any-port"),
                                        ("policy", settings.policies == "not-enforced")) if given}
    return tuple(text for text in stage.session.assumed
                 if (kind := text.partition(":")[0]) in ("port", "policy") and kind not in allowed)


# expectations ---------------------------------------------------------------------------------------------------

def _expect(stage: Stage, text: str, place: Place, tally: _Tally) -> None:
    tally.checks += 1
    missing = unknown_capture(text, stage.captures)
    if missing:
        near = nearest(missing, stage.captures)
        hint = f"; did you mean {{{near}}}?" if near else ""
        tally.failures.append(Failure(place, text, (f"no output before this line captured {{{missing}}}{hint}",)))
        return
    try:
        checked = check(stage.cluster, read_line(substituted(text, stage.captures), place), stage.context)
    except SimnetError as problem:
        tally.failures.append(Failure(place, text, tuple(str(problem).split("\n"))))
    else:
        if not checked.holds:
            tally.failures.append(failure_of_line(place, checked, stage.context))

