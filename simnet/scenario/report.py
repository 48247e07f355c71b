"""What running stories gave: text for people, plain data for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.diagnosis import why_lines
from simnet.errors import Place
from simnet.expect.evaluate import Checked, Context, check
from simnet.expect.lines import Requested
from simnet.explain import one_line
from simnet.scenario.matching import match_line, unknown_capture
from simnet.scenario.model import Exchange

BODY_LINES = 20
ALLOWED_BY = {"port": "assume: any-port", "policy": "policies: not-enforced"}


@dataclass(frozen=True, slots=True)
class Failure:
    """One line that did not hold: where, what it said, and what was found, line by line."""

    place: Place
    what: str
    details: tuple[str, ...]

    def lines(self) -> list[str]:
        return [f"{self.place}  FAIL  {self.what}", *(f"   {line}" for line in self.details)]


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command really gave: lines without blank ones at the end, and the exit status."""

    lines: tuple[str, ...]
    status: int

    @property
    def block(self) -> tuple[str, ...]:
        """As it stands in a console fence."""
        return (*self.lines, *((f"[exit {self.status}]",) if self.status else ()))


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step. `outputs` has what the commands that did not match (by their lines) really gave, for accepting."""

    name: str
    line: int
    mode: str
    checks: int
    failures: tuple[Failure, ...] = ()
    outputs: Mapping[int, Printed] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class Report:
    """One story. `error` is why it could not be read or set up, '' if it ran."""

    file: str
    title: str
    steps: tuple[StepReport, ...] = ()
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.error and all(step.passed for step in self.steps)

    @property
    def checks(self) -> int:
        return sum(step.checks for step in self.steps)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(failure for step in self.steps for failure in step.failures)

    def to_json(self) -> dict[str, Any]:
        """Plain data, the same bytes for the same story."""
        return {
            "schema": "simnet/story-report/v1", "file": self.file, "title": self.title, "passed": self.passed,
            "error": self.error or None, "checks": self.checks,
            "steps": [{"name": step.name, "line": step.line, "mode": step.mode, "passed": step.passed,
                       "checks": step.checks, "failures": [
                           {"file": failure.place.file, "line": failure.place.line, "what": failure.what,
                            "details": list(failure.details)} for failure in step.failures]} for step in self.steps]}


def failure_of_line(place: Place, checked: Checked, context: Context) -> Failure:
    """The report of an expectation that did not hold: what came, on which path, why, and a fix that was tried."""
    if checked.assumed and checked.got in ("", "ASSUMED"):
        advice = how_to_allow(each.kind for each in checked.assumed)
        return Failure(place, checked.expectation.text, ("got      ASSUMED", *(
            f"         {each}" for each in (*checked.assumed, *advice))))
    details = _got(checked)
    if checked.trace is not None and checked.cluster is not None:
        def holds(twin: Cluster) -> bool:
            return check(twin, checked.expectation, context).holds

        details += path_and_why(checked.cluster, checked.trace, holds)
    return Failure(place, checked.expectation.text, tuple(details))


def how_to_allow(kinds: Iterable[str]) -> tuple[str, ...]:
    """The advice for assumptions of these kinds: one line naming the settings that would allow them, or none."""
    settings = [f"`{ALLOWED_BY[kind]}`" for kind in dict.fromkeys(kinds) if kind in ALLOWED_BY]
    return (f"say {' and '.join(settings)} in the settings if that is meant",) if settings else ()


def _got(checked: Checked) -> list[str]:
    """What came, on how many of the possible paths, and the parts of it that the line makes a claim about."""
    if not checked.paths:
        return [f"got      {checked.got}"]
    paths = "1 possible path" if checked.paths == 1 else f"{checked.paths} possible paths"
    lines = [f"got      {checked.got:<30} {paths}, {checked.wrong} of them so"]
    claim, trace = checked.expectation.claim, checked.trace
    if isinstance(claim, Requested) and trace is not None:
        named = dict.fromkeys(name for result in claim.outcome.results for name, _ in result.details)
        for name in named:
            lines += [f"{name if not index else '':<8} {found}" for index, found in enumerate(_detail(trace, name))]
    return lines


def _detail(trace: Trace, name: str) -> list[str]:
    """What a detail of a result really was, line by line; nothing for what `got` shows already."""
    response = trace.response
    if name == "seen-as":
        return [trace.seen_source or "nobody saw it"]
    if response is None or name == "by":
        return []
    if name == "body":
        lines = response.text.strip().split("\n")
        return lines[:BODY_LINES] + (["..."] if len(lines) > BODY_LINES else [])
    if name == "sets":
        return [f"{header}: {value}" for header, value in response.headers] or ["no header"]
    served = response.certificate
    return ["no certificate" if served is None else "the fallback" if served.is_fallback else f"of Secret {served.name}"]


def path_and_why(cluster: Cluster, trace: Trace, holds: Callable[[Cluster], bool] | None = None) -> list[str]:
    """The path a request took, the likeliest cause if it went wrong, and a fix that was tried (see `why_lines`)."""
    return [f"path     {one_line(trace)}", *why_lines(cluster, trace, holds)]


def beside(exchange: Exchange, actual: Sequence[str], status: int, captures: Mapping[str, str]) -> list[str]:
    """Expected and actual output of a command, one below the other. Lines that differ are marked, unless a line of dots
    makes it unclear which belong together."""
    expected = exchange.expected
    pairs = list(zip_longest(expected, actual))
    differs = [one is None or other is None or match_line(one, other, captures) is None for one, other in pairs]
    if any(line.strip() == "..." for line in expected) or not expected or not actual:
        differs = [False] * len(pairs)
    marks = ["! " if each else "  " for each in differs]
    lines = [] if status == exchange.status else [f"exit status {status}, expected {exchange.status}"]
    lines += ["expected", *(mark + line for mark, line in zip(marks, expected or ("(no output)",), strict=False))]
    lines += ["got", *(mark + line for mark, line in zip(marks, actual or ("(no output)",), strict=False))]
    missing = unknown_capture(exchange.command, captures)
    return [*lines, *([f"note     nothing was captured for {{{missing}}} before this command"] if missing else ())]


def text_of(reports: Iterable[Report]) -> str:
    """One line a story, then every failure with its details, then the sum."""
    lines: list[str] = []
    passed = failed = checks = 0
    for report in reports:
        passed, failed = passed + report.passed, failed + (not report.passed)
        checks += report.checks
        mark = "ok  " if report.passed else "FAIL"
        size = f"({_count(len(report.steps), 'step')}, {_count(report.checks, 'check')})"
        lines.append("  ".join(each for each in (mark, report.file, report.title, size) if each))
        if report.error:
            lines += [f"   {line}" for line in report.error.split("\n")]
        for failure in report.failures:
            lines += ["", *failure.lines()]
    stories = "1 story" if passed + failed == 1 else f"{passed + failed} stories"
    lines += ["", f"{stories}, {_count(checks, 'check')}: {passed} passed, {failed} failed"]
    return "\n".join(lines) + "\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
