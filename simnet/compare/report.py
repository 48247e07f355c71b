"""The result of a comparison: text for people, plain data for machines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simnet.compare.requests import Asked
from simnet.dataplane.step import Trace

Outcome = tuple[tuple[str, Fraction], ...]
MOST_SOURCES = 4


@dataclass(frozen=True, slots=True)
class Witness:
    """One request whose outcome differs, as each side would be asked: the lines differ only where an address does. The
    traces are the likeliest path of a kind that the other side does not have, if there is one."""

    old_line: str
    new_line: str
    old: Trace
    new: Trace


@dataclass(frozen=True, slots=True)
class Difference:
    """Requests about one thing whose outcome differs in one way. `old` and `new` are the possible results with their
    probabilities, `sources` who was asked to send them, `requests` how many there were."""

    about: str
    old: Outcome
    new: Outcome
    witness: Witness
    sources: tuple[str, ...]
    requests: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs; true when something does. `only_old` and `only_new` are senders one side alone has."""

    differences: tuple[Difference, ...]
    requests: int
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def __str__(self) -> str:
        lines = [line for each in self.differences for line in (*lines_of(each), "")]
        return "\n".join([*lines, *self.summary])

    @property
    def summary(self) -> list[str]:
        """How much was asked, and who could not be."""
        differing = sum(each.requests for each in self.differences)
        lines = [f"{self.requests} requests asked of both sides, {differing or 'none'} with another outcome"]
        for word, names in (("before", self.only_old), ("after", self.only_new)):
            if names:
                lines.append(f"only {word}, so nothing was sent from there: {', '.join(names)}")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Plain data; probabilities are texts like `1/3`."""
        return {"schema": "simnet/diff/v1", "differs": bool(self), "requests": self.requests,
                "only_old": list(self.only_old), "only_new": list(self.only_new),
                "differences": [{
                    "about": each.about, "old": _data(each.old), "new": _data(each.new), "requests": each.requests,
                    "sources": list(each.sources),
                    "witness": {"old": each.witness.old_line, "new": each.witness.new_line}} for each in self.differences]}


def lines_of(difference: Difference) -> list[str]:
    """One difference for people."""
    number = difference.requests
    shown, more = difference.sources[:MOST_SOURCES], len(difference.sources) - MOST_SOURCES
    witness = difference.witness
    lines = [f"{difference.about}: {number} request{'' if number == 1 else 's'} from {', '.join(shown)}"
             + (f" and {more} more" if more > 0 else ""),
             f"  before   {words_of(difference.old)}", f"  after    {words_of(difference.new)}",
             f"  such as  {witness.old_line}"]
    return lines if witness.old_line == witness.new_line else [*lines, f"  then     {witness.new_line}"]


def words_of(outcome: Outcome) -> str:
    """`200 by pod/default/web-1:80`; with its share where there are several."""
    return ", ".join(words if share == 1 else f"{words} ({share})" for words, share in outcome)


def line_of(asked: Asked, source: str) -> str:
    """A request in the words of an expectation line."""
    scheme, _, rest = asked.url.partition("://")
    what = f"GET {asked.url}" if scheme in ("http", "https") else f"{scheme} {rest}"
    options = [f"at {asked.at}"] if asked.at else []
    return " ".join((what, *options, *(["insecure"] if scheme == "https" else []), f"from {source}"))


def _data(outcome: Outcome) -> dict[str, str]:
    return {words: str(share) for words, share in outcome}
