"""Logical time: a clock that moves only when told to, its timers, and the texts Kubernetes writes for times.

Times are seconds since 1970-01-01T00:00:00Z as numbers; nothing here reads the wall clock.

Source: RFC 3339 section 5.6 (timestamps); kubernetes/apimachinery pkg/util/duration/duration.go HumanDuration;
golang time.ParseDuration and time.Duration.String.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from simnet.errors import UsageError

DEFAULT_NOW = "2027-01-01T00:00:00Z"

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNIT_SECONDS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}


class Timer(NamedTuple):
    """Something that becomes due. It is data, not a callback, so that a fork can carry it over: whoever owns the clock
    looks at `kind` to know what to do with `payload`. Timers of one moment are due in the order they were set."""

    when: float
    sequence: int
    kind: str
    payload: Any


class Clock:
    """The time of one cluster and its pending timers.

    Moments are kept to the microsecond, so that ten steps of 0.1 seconds reach a timer set for 1 second.
    """

    __slots__ = ("_sequence", "_timers", "now")

    def __init__(self, now: datetime | str | float = DEFAULT_NOW) -> None:
        """Start at `now`: an RFC 3339 text, a datetime (without a zone it is UTC), or seconds since 1970."""
        self.now: float = round(_seconds(now), 6)
        self._timers: list[Timer] = []
        self._sequence = 0

    def __str__(self) -> str:
        return iso(self.now)

    def after(self, seconds: float, kind: str, payload: Any = None) -> Timer:
        """Set a timer `seconds` from now; 0 makes it due at once, behind those already due."""
        return self.at(self.now + seconds, kind, payload)

    def at(self, when: float, kind: str, payload: Any = None) -> Timer:
        """Set a timer for a moment; a moment in the past counts as now. Cost: O(log timers)."""
        timer = Timer(max(round(when, 6), self.now), self._sequence, kind, payload)
        self._sequence += 1
        heappush(self._timers, timer)
        return timer

    def cancel(self, timer: Timer) -> bool:
        """Take a pending timer back; False if it is not pending. Cost: O(timers)."""
        for index, pending in enumerate(self._timers):
            if pending.sequence == timer.sequence:
                del self._timers[index]
                heapify(self._timers)
                return True
        return False

    def due(self) -> Timer | None:
        """Take the next timer whose moment has come, or None."""
        return heappop(self._timers) if self._timers and self._timers[0].when <= self.now else None

    def next_at(self) -> float | None:
        """The moment of the earliest pending timer, or None."""
        return self._timers[0].when if self._timers else None

    def pending(self) -> tuple[Timer, ...]:
        """All timers not yet taken, earliest first."""
        return tuple(sorted(self._timers, key=lambda timer: timer[:2]))

    def advance(self, seconds: float) -> None:
        """Move time forward; timers that become due wait for `due`."""
        if seconds < 0:
            raise UsageError(f"time cannot go back: advance({seconds})")
        self.now = round(self.now + seconds, 6)

    def advance_to(self, when: float) -> None:
        """Move time forward to a moment, or leave it alone if that has passed."""
        self.now = max(self.now, round(when, 6))

    def copy(self) -> Clock:
        """An independent clock at the same moment with the same timers (payloads are shared)."""
        twin = Clock(self.now)
        twin._timers = self._timers.copy()
        twin._sequence = self._sequence
        return twin


def iso(seconds: float) -> str:
    """`2027-01-01T00:00:00Z`, as metav1.Time is written: UTC, whole seconds (a fraction is cut off)."""
    return datetime.fromtimestamp(seconds // 1, UTC).isoformat()[:19] + "Z"


def from_iso(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 text, with any offset and any fraction. Raises UsageError."""
    found = _RFC3339.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is not an RFC 3339 time such as 2027-01-01T00:00:00Z")
    *calendar, fraction, sign, hours, minutes = found.groups()
    offset = int(hours or 0) * 3600 + int(minutes or 0) * 60
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        raise UsageError(f"{text!r} is not an RFC 3339 time: its offset is above 23:59")
    try:
        moment = datetime(*map(int, calendar), tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]
    except ValueError as problem:
        raise UsageError(f"{text!r} is not an RFC 3339 time: {problem}") from None
    return moment - (-offset if sign == "-" else offset) + float(fraction or 0)


def human_duration(seconds: float) -> str:
    """How kubectl shows an age: 23s, 2m5s, 45m, 3h7m, 2d8h, 400d, 5y1d. A second or so below zero counts as 0s."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if whole == -1 else "<invalid>"
    minutes, hours, days, years = whole // 60, whole // 3600, whole // 86400, whole // 31536000
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if years < 2:
        return f"{days}d"
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def parse_duration(text: str) -> float:
    """Seconds of a Go duration: `1h30m`, `100ms`, `-1.5s`, `0`. Raises UsageError naming what is missing."""
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0.0
    total, position = Fraction(0), 0
    while found := _DURATION_PART.match(body, position):
        total += Fraction(found[1]) * _UNIT_SECONDS[found[2]]
        position = found.end()
    if not body or position < len(body):
        raise UsageError(f"{text!r} is not a duration: {_duration_fault(body[position:])}; such as 1h30m, 10s or 100ms")
    return -float(total) if text[0] == "-" else float(total)


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"


def _duration_fault(rest: str) -> str:
    found = re.match(r"(?:\d+\.?\d*|\.\d+)([^\d.]*)", rest, re.ASCII)
    if not found:
        return f"a number is expected at {rest!r}" if rest else "it is empty"
    return f"unit {found[1]!r} is unknown" if found[1] else f"a unit is missing after {found[0]!r}"


def _seconds(moment: datetime | str | float) -> float:
    if isinstance(moment, str):
        return from_iso(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return moment
