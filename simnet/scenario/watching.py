"""Lines that watch a whole step: asked again after every change, and in their period while the clock moves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simnet.clock import parse_duration
from simnet.cluster import Cluster
from simnet.control.loop import SETTLE_LIMIT_SECONDS
from simnet.errors import Place, SimnetError, UsageError
from simnet.expect.evaluate import Context, check
from simnet.scenario.claims import read_line
from simnet.scenario.matching import Captures, substituted, unknown_capture
from simnet.scenario.report import Failure, failure_of_line

MOST_SAMPLES = 100_000
_WATCH = re.compile(r"(?:always|never)\s.*\severy\s+(\S+)\s+is\s")


@dataclass(slots=True)
class Watch:
    """One line: where it stands, when it is asked next, how often it was, and how it first broke."""

    place: Place
    text: str
    every: float
    due: float
    samples: int = 0
    failure: Failure | None = None


@dataclass(slots=True)
class Watches:
    """The lines that watch one step; without any, the cluster settles by itself as ever."""

    cluster: Cluster
    context: Context
    start: float
    lines: list[Watch] = field(default_factory=list)

    def add(self, text: str, place: Place, every: float) -> None:
        self.lines.append(Watch(place, text, every, self.start + every))

    def ask(self, captures: Captures, due: bool = False) -> None:
        """Ask every line now, or only those whose time has come. A line that broke once is left alone."""
        for watch in self.lines:
            if watch.failure is None and (not due or watch.due <= self.cluster.now):
                self._ask(watch, captures)
            while watch.due <= self.cluster.now:
                watch.due = round(watch.due + watch.every, 6)

    def pass_until(self, when: float, captures: Captures) -> None:
        """Let time pass up to `when`, asking on the way."""
        while self.lines and (tick := min(watch.due for watch in self.lines)) < when:
            self.cluster.advance(tick - self.cluster.now)
            self.ask(captures, due=True)
            if all(watch.failure is not None for watch in self.lines):
                break
        self.cluster.advance(max(0.0, when - self.cluster.now))

    def settle(self, captures: Captures) -> None:
        """Let the controllers come to rest, asking on the way. Raises DidNotSettle as a cluster does."""
        limit = self.cluster.now + SETTLE_LIMIT_SECONDS
        while (when := self.cluster.clock.next_at()) is not None and when <= limit:
            self.pass_until(when, captures)
            self.ask(captures)
        self.cluster.settle()

    def _ask(self, watch: Watch, captures: Captures) -> None:
        watch.samples += 1
        try:
            if watch.samples > MOST_SAMPLES:
                raise UsageError(f"this line would be asked more than {MOST_SAMPLES} times; choose a longer period")
            if unknown_capture(watch.text, captures):
                raise UsageError(f"nothing was captured yet for {{{unknown_capture(watch.text, captures)}}}")
            checked = check(self.cluster, read_line(substituted(watch.text, captures), watch.place), self.context)
        except SimnetError as problem:
            watch.failure = Failure(watch.place, watch.text, tuple(str(problem).split("\n")))
            return
        if not checked.holds:
            found = failure_of_line(watch.place, checked, self.context)
            moment = f"when     {self.cluster.now - self.start:g} s after the step began, at look {watch.samples}"
            watch.failure = Failure(watch.place, watch.text, (moment, *found.details))


def period_of(text: str) -> float | None:
    """The period of a line that watches, in seconds; None for another line. The reader has seen that the line is right."""
    found = _WATCH.match(text.strip())
    return parse_duration(found[1].removeprefix("+")) if found else None
