"""What a stage may answer, and what a walk leaves behind.

A stage answers one step, a fork where a real cluster picks at random, or a need for another walk first. A trace is the
steps of a finished walk; it holds everything needed to explain it later, when the cluster has long changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import ClassVar, NamedTuple, Protocol

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.conntrack import Tracked, WayBack, ways_back
from simnet.dataplane.http.message import Response
from simnet.dataplane.packet import Packet
from simnet.dataplane.verdict import Verdict
from simnet.names import ObjectKey


class Decided(Protocol):
    """What every decision offers; the closed union of them is `union.Decision`."""

    @property
    def verdict(self) -> Verdict | None: ...


class Step:
    """One step of a walk: the packet before, the packet after (None where the walk rests), and the decision between."""

    __slots__ = ("after", "because", "before")

    def __init__(self, before: Packet, after: Packet | None, because: Decided) -> None:
        self.before = before
        self.after = after
        self.because = because


class Fork:
    """`count` possible steps, made one at a time when asked for. `weights` None means equally likely.

    `make` is given the packet again, so that packets with the same choice before them can share one fork. `after` tells
    `walk`, which asks every answer for it, that there is none yet.
    """

    __slots__ = ("count", "make", "weights")
    after: ClassVar[None] = None

    def __init__(self, count: int, make: Callable[[Packet, int], Step],
                 weights: tuple[Fraction, ...] | None = None) -> None:
        self.count, self.make, self.weights = count, make, weights

    def probability(self, index: int) -> Fraction:
        return self.weights[index] if self.weights is not None else Fraction(1, self.count)


class Attempt(NamedTuple):
    """One endpoint that a proxy tried in vain: its `address:port` (or name), what became of the connection, and which of
    the plan's outcomes it belongs to: the next try stays with that backend."""

    target: str
    verdict: Verdict
    way: int = 0


class Intercepted(NamedTuple):
    """An answer with this status is not passed on: the proxy asks for an error page in its place."""

    status: int


class Assumption(NamedTuple):
    """Something an answer rests on that nobody declared. `kind` is port, endpoint, policy, address or certificate."""

    kind: str
    about: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}"


class Reached(NamedTuple):
    """The receiver: the pod (None when no pod owns the address), its address as text, the port."""

    pod: ObjectKey | None
    address: str
    port: int

    @property
    def text(self) -> str:
        return ip.host_port(ip.number(self.address), self.port)


class Translation(NamedTuple):
    """What a Service did to the connection. `result` is FORWARD, REJECT or DROP; `backend` is `address:port` or None."""

    service_port: str
    node: str
    result: str
    backend: str | None
    masqueraded: bool


class Trace:
    """A finished walk: the steps taken, in order, and for HTTP the response the client got."""

    __slots__ = ("response", "steps")
    _repr_svg_: ClassVar[Callable[[Trace], str]]  # both from explain.notebook
    _repr_html_: ClassVar[Callable[[Trace], str]]

    def __init__(self, steps: tuple[Step, ...], response: Response | None = None) -> None:
        self.steps = steps
        self.response = response

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def verdict(self) -> Verdict:
        """How it ended, as the client sees it."""
        if self.response is not None:
            return Verdict.ANSWERED
        verdict = self.last.because.verdict
        assert verdict is not None, "a walk ends with a decision that has a verdict"
        return verdict

    @property
    def result(self) -> str:
        """The word a story uses: open, refused, timeout, no-name, tls-error ..., or the HTTP status."""
        return str(self.response.status) if self.response is not None else self.verdict.word

    @property
    def endpoint(self) -> Reached | None:
        """Who received it in the end, None if nobody did (or a proxy answered by itself)."""
        decision = self.last.because
        if not isinstance(decision, (core.Delivered, core.PlainToTLS)):
            return None
        packet = self.last.before
        return Reached(decision.pod.key if decision.pod is not None else None, ip.text(packet.destination), packet.port)

    @property
    def service(self) -> Translation | None:
        """What the last Service on the way did, None when no Service took part."""
        for index in range(len(self.steps) - 1, -1, -1):
            found = _translation(self.steps, index)
            if found is not None:
                return found
        return None

    @property
    def seen_source(self) -> str | None:
        """The source address that the receiver sees; None when nobody received anything."""
        return ip.text(self.last.before.source) if self.endpoint is not None else None

    @property
    def ways_back(self) -> tuple[WayBack, ...]:
        """How answers travel, one for each connection that reached a listener, the client's own first."""
        return ways_back(self.steps)

    @property
    def conntrack(self) -> tuple[Tracked, ...]:
        """What nodes remember of the connections they translated: source and destination both ways."""
        return tuple(way.entry for way in self.ways_back if way.entry is not None)

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What the answer rests on though nobody declared it, each once."""
        own = _policies(self.steps[0].before.flow.actor.unjudged)
        return tuple(dict.fromkeys((*own, *(each for step in self.steps for each in assumptions_of(step.because)))))

    @property
    def not_modelled(self) -> tuple[str, ...]:
        """Settings met on the way that simnet keeps but does not act on."""
        return tuple(dict.fromkeys(each for step in self.steps for each in getattr(step.because, "not_modelled", ())))

    def __repr__(self) -> str:
        return f"<Trace {self.result}: {len(self.steps)} steps>"


Outcomes = tuple[tuple[Fraction, Trace], ...]


class Need:
    """Another packet must be carried first (a query to the DNS Service); `resume` goes on with all its outcomes."""

    __slots__ = ("packet", "resume")
    after: ClassVar[None] = None

    def __init__(self, packet: Packet, resume: Callable[[Outcomes], Step | Fork]) -> None:
        self.packet, self.resume = packet, resume


def _translation(steps: tuple[Step, ...], index: int) -> Translation | None:
    match steps[index].because:
        case core.EndpointChosen(claim, target):
            return Translation(claim.rules.name, claim.node, "FORWARD", target.text, _masqueraded(steps[index + 1:]))
        case core.NoEndpoints(claim):
            return Translation(claim.rules.name, claim.node, "REJECT", None, False)
        case core.NoLocalEndpoints(claim) | core.SourceOutOfRange(claim):
            return Translation(claim.rules.name, claim.node, "DROP", None, False)
        case _:
            return None


def _masqueraded(rest: tuple[Step, ...]) -> bool:
    """Whether the source was rewritten right after the choice."""
    return any(isinstance(step.because, core.Departed) and step.because.masqueraded_to is not None for step in rest[:1])


def _policies(keys: tuple[ObjectKey, ...]) -> Iterator[Assumption]:
    return (Assumption("policy", f"networkpolicy/{key} selects the pod and is not judged") for key in keys)


def assumptions_of(decision: Decided) -> Iterator[Assumption]:
    """What one decision takes for granted."""
    if isinstance(decision, core.Delivered) and decision.known_by == "assumed":
        yield Assumption("port", f"nobody declared the ports of {decision.receiver}")
    if isinstance(decision, core.Delivered) and decision.known_by == "endpoint":
        yield Assumption("endpoint", f"{decision.receiver} is no pod; it counts as a listener")
    if isinstance(decision, core.EnteredCluster) and decision.is_routed_by_assumption:
        yield Assumption("address", f"pod and Service addresses can be reached from outside by way of {decision.node}")
    yield from _policies(getattr(decision, "unjudged", ()))
    for _, trace in getattr(decision, "paths", ()):
        yield from trace.assumed
    about = getattr(decision, "assumed", "")
    if about:
        yield Assumption("address", f"the host {about} of an Ingress or Gateway is published in the public DNS")
