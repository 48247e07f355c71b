"""What all benchmarks share: interleaved rounds, ratios against a named peer, a row of the report."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. `ratio` is None when the peer is absent; `at_most` tells which side of `bar` is good."""

    bar_id: str
    what: str
    peer: str
    ours: str
    theirs: str
    ratio: float | None
    bar: float
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        if self.ratio is None:
            return None
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    def __str__(self) -> str:
        state = {True: "met", False: "MISSED", None: "peer absent"}[self.met]
        shown = "-" if self.ratio is None else f"{self.ratio:.2f}"
        sign = "<=" if self.at_most else ">="
        names = f"{self.bar_id:<4} {self.what:<50} {self.peer:<32}"
        return f"{names} {self.ours:>11} {self.theirs:>11} {shown:>7} {sign} {self.bar:<5} {state}"


def timed(act: Callable[[], object]) -> float:
    """Seconds of one call, after a collection and a call to warm up (the other side and the collector have just had the
    processor's caches), with the collector off."""
    gc.collect()
    gc.disable()
    try:
        act()
        start = perf_counter()
        act()
        return perf_counter() - start
    finally:
        gc.enable()


def interleaved(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians of both over interleaved rounds."""
    pairs = [(timed(ours), timed(theirs)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} us"


def absent(bar_id: str, what: str, peer: str, bar: float) -> Row:
    """The row of a peer that is not installed."""
    return Row(bar_id, what, peer, "", "", None, bar)
