"""What an expectation line says, as values. The grammar is in `simnet.expect.grammar`."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.names import ObjectKey


@dataclass(frozen=True, slots=True)
class Result:
    """One acceptable result: a status or a word (open, refused, timeout ...) and what else must hold of it."""

    word: str
    details: tuple[tuple[str, str], ...] = ()  # by, body, sets, cert, seen-as

    def __str__(self) -> str:
        quoted = {"body", "sets"}
        return " ".join((self.word, *(f'{name} "{value}"' if name in quoted else f"{name} {value}"
                                      for name, value in self.details)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is`: every possible path gives the one result. `may be`: the set of possible results is exactly this.
    `never`: no path gives it."""

    quantifier: str
    results: tuple[Result, ...]

    def __str__(self) -> str:
        return f"{self.quantifier} {' | '.join(map(str, self.results))}"


@dataclass(frozen=True, slots=True)
class Asking:
    """A request or connection to make: everything but the outcome."""

    method: str
    url: str
    actor: str
    at: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Requested:
    asking: Asking
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Counted:
    """`count pods app=web in shop >= 2`; namespace None means the default namespace for namespaced kinds."""

    kind: str
    selector: str | None
    namespace: str | None
    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class EndpointsAre:
    """`how` is are, exactly, include or exclude; `addresses` are `ip:port` texts, empty for `none`."""

    service: ObjectKey
    how: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """`answers` are addresses or names; `failure` is no-name or timeout instead; `queries` the exact count if given."""

    name: str
    type: str
    actor: str
    answers: tuple[str, ...] = ()
    failure: str = ""
    queries: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Send `times` requests; every pod that `glob` means must get `operator number` of them."""

    asking: Asking
    times: int
    glob: str
    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class PathVia:
    """Every possible path passes these hops in this order; others may lie between."""

    asking: Asking
    hops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """The first finding for a request has this code; `asking` None means the whole cluster."""

    asking: Asking | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """A request made again and again while a step lasts: `always` every path gives the result, `never` none does."""

    quantifier: str
    asking: Asking
    every_seconds: float
    result: Result

    @property
    def at_once(self) -> Requested:
        """What has to hold at one moment."""
        return Requested(self.asking, Outcome("is" if self.quantifier == "always" else "never", (self.result,)))


Claim = Watched | Requested | Counted | EndpointsAre | Resolved | Spread | PathVia | Diagnosed


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line: its text, what it claims, and how much later it looks (`at +10s`)."""

    text: str
    claim: Claim
    shift_seconds: float = 0.0
