"""What a front end wants done with one request: say something itself, or send it on. Values only.

Every front end, by whichever rules it was compiled, hands the stage `route` a `Plan`; `route` alone opens connections,
tries again and gives up. Where a real proxy picks a backend at random (canary, weights) the plan has several outcomes
with exact shares; the choice among the peers of one backend is `route`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from simnet.control.gateway.references import Resolved
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http.matching import Answer, Routing
from simnet.dataplane.http.message import Request, Response
from simnet.dataplane.http.outer_auth import Question
from simnet.dataplane.http.sticky import Stickiness
from simnet.dataplane.http.upstreams import Peer, Upstream
from simnet.dataplane.step import Trace
from simnet.objects.httproute import BackendRef

CERTAIN = Fraction(1)

AnyRouting = Routing | RouteRouting
"""What was decided about a request: by Ingress rules, or by HTTPRoutes."""


class Role(StrEnum):
    """In which capacity a backend gets a request."""

    RULE = "the rule's own backend"
    DEFAULT = "the default backend stands in for one without endpoints"
    CANARY = "a canary of the rule's backend"
    ERROR_PAGE = "the default backend makes the page for an error"


@dataclass(slots=True)
class Said:
    """The front end answers by itself; `upstream` is the backend that cannot serve, if that is why, `flaw` the backendRef
    that leads nowhere; `why` says more."""

    answer: Answer
    response: Response
    upstream: Upstream | None = None
    why: str = ""
    flaw: Resolved | None = None


@dataclass(slots=True)
class Way:
    """One backend that gets the request, and the request as that backend sees it.

    `among` are the peers that may be chosen, each as likely as the others (affinity narrows them); `mirrors` names
    whoever gets a copy and `why` says what led here (`CanaryReason` and the like, '' when nothing but the rule did).
    `timeout_seconds` is how long the backend may take, 0 for any time. `keeps_peer`: the next try goes to the same peer
    again. `stickiness` is what the client is told to come back with, `ref` the entry of an HTTPRoute's rule.
    """

    upstream: Upstream
    request: Request
    among: tuple[Peer, ...]
    role: Role = Role.RULE
    why: str = ""
    mirrors: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    keeps_peer: bool = False
    stickiness: Stickiness | None = None
    ref: BackendRef | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """When another peer is tried: after `error` (refused, unreachable), `timeout`, or an answer such as `http_503`; after
    a request that was sent only if its method may be repeated, or with `non_idempotent`. `tries` 0 means no limit."""

    conditions: frozenset[str]
    tries: int


NEVER = Retry(frozenset(("off",)), 1)


@dataclass(slots=True)
class Plan:
    """What is to be done: outcomes with shares that add up to one, and what happens when a peer fails.

    `question` is asked before anything else is done, of whoever decides whether the request is let in; `asked` are the
    walks of the question, once it has been put.
    """

    routing: AnyRouting
    outcomes: tuple[tuple[Fraction, Way | Said], ...]
    retry: Retry = NEVER
    question: Question | None = None
    asked: tuple[tuple[Fraction, Trace], ...] = ()
