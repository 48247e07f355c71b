"""Runs a story: each step changes the cluster and asserts what the network then does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.diagnosis import told_codes
from simnet.errors import Place, SimnetError, nearest
from simnet.expect.evaluate import Context, check
from simnet.manifests import check as check_manifest
from simnet.manifests import read_manifests, unjudged
from simnet.scenario.claims import read_line
from simnet.scenario.disturb import disturb
from simnet.scenario.matching import Captures, match_lines, substituted, unknown_capture
from simnet.scenario.model import (
    Action,
    Advance,
    Apply,
    Check,
    Console,
    Disturb,
    Exchange,
    Expect,
    Story,
    StoryStep,
    Task,
    VirtualFile,
)
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
from simnet.scenario.watching import Watches, period_of

Progress = Callable[[StoryStep], None]
Watcher = Callable[[Cluster, StoryStep], None]


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
    watches: Watches
    is_live: bool = False
    failures: list[Failure] = field(default_factory=list)
    checks: int = 0
    outputs: dict[int, Printed] = field(default_factory=dict)


def stage_of(ground: Ground) -> Stage:
    """The stage before the first step."""
    session = Session(ground.cluster, files=ground.files)
    return Stage(ground.cluster, session, ground.files, {}, Context(ground.certificates, told_codes))


def run(story: Story, progress: Progress | None = None, after: Watcher | None = None) -> Report:
    """Run every step in order, once with each seed. `after` is told the cluster of each step that has run.

    Raises ManifestError for settings that cannot be read; all else is in the report.
    """
    reports: list[StepReport] = []
    for seed in story.seeds:
        stage = stage_of(ground_of(story, seed))
        for step in story.steps:
            if progress is not None:
                progress(step)
            used = stage.fork() if step.is_thrown_away else stage
            report = run_step(used, step, story.file)
            reports.append(replace(report, name=name_of(story, step, seed)))
            if after is not None:
                after(used.cluster, step)
    return Report(story.file, story.title, tuple(reports))


def name_of(story: Story, step: StoryStep, seed: object) -> str:
    """The step's heading, with the seed where there are several."""
    return f"{step.name} [seed {seed}]" if len(story.seeds) > 1 else step.name


def run_step(stage: Stage, step: StoryStep, file: str) -> StepReport:
    """Run one step on a stage; one that is thrown away is handed a forked one by the caller."""
    tally = _Tally(_watches(stage, step, file), step.is_live)
    cluster = stage.cluster
    cluster.is_live = step.is_live or bool(tally.watches.lines)
    for action in step.actions:
        _act(stage, action, file, tally)
        if not isinstance(action, Console):
            _look(stage, action, Place(file, step.line), tally)
    cluster.is_live = False
    if step.is_live and not step.is_thrown_away:
        _guard(tally, file, step.line, f"the end of {step.name!r}", cluster.settle)
    tally.failures += [watch.failure for watch in tally.watches.lines if watch.failure is not None]
    tally.checks += len(tally.watches.lines)
    failures = sorted(tally.failures, key=lambda failure: failure.place.line)
    return StepReport(step.name, step.line, step.mode, tally.checks, tuple(failures), tally.outputs)


def _watches(stage: Stage, step: StoryStep, file: str) -> Watches:
    """The lines of a step that watch all of it."""
    found = Watches(stage.cluster, stage.context, stage.cluster.now)
    for action in step.actions:
        for line, text in action.lines if isinstance(action, Expect) else ():
            every = period_of(text)
            if every is not None:
                found.add(text, Place(file, line), every)
    return found


def _look(stage: Stage, action: Action, place: Place, tally: _Tally) -> None:
    """Behind each action and each command of a step that does not settle by itself: the watching lines are asked, and
    unless the step is live, the controllers come to rest under their eyes."""
    if not stage.cluster.is_live:
        return
    if isinstance(action, (Expect, Task, Check)) and any(watch.samples for watch in tally.watches.lines):
        return
    tally.watches.ask(stage.captures)
    if not tally.is_live:
        _guard(tally, place.file, place.line, "settle", lambda: tally.watches.settle(stage.captures))


def _act(stage: Stage, action: Action, file: str, tally: _Tally) -> None:
    """One action of a step."""
    match action:
        case VirtualFile():
            stage.files[action.name] = action.text
        case Apply():
            _apply(stage, action, file, tally)
        case Advance():
            when = stage.cluster.now + action.seconds
            _guard(tally, file, action.line, f"@ +{action.seconds:g}s", lambda: tally.watches.pass_until(when, stage.captures))
        case Disturb():
            _guard(tally, file, action.line, action.text, lambda: disturb(stage.cluster, action, stage.captures))
        case Console():
            _console(stage, action, file, tally)
        case Expect():
            for line, text in action.lines:
                if period_of(text) is None:
                    _expect(stage, text, Place(file, line), tally)
        case Check():
            _unsolved(stage, action, file, tally)
        case Task():
            pass  # for learners; see `simnet learn`


def _unsolved(stage: Stage, action: Check, file: str, tally: _Tally) -> None:
    """In a replay nobody has repaired anything: some line of the check does not hold, or there is nothing to learn."""
    tally.checks += 1
    if not check_failures(stage, action, file):
        tally.failures.append(Failure(Place(file, action.line), "check", (
            "every line holds before anything is repaired; this exercise asks for nothing",)))


def check_failures(stage: Stage, action: Check, file: str) -> list[Failure]:
    """The lines of a check that do not hold now."""
    tally = _Tally(Watches(stage.cluster, stage.context, stage.cluster.now))
    for line, text in action.lines:
        _expect(stage, text, Place(file, line), tally)
    return tally.failures


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
        _look(stage, console, Place(file, exchange.line), tally)
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

