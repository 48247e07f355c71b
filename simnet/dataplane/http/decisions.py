"""What an HTTP proxy can decide: forward to an endpoint, answer by itself, give up. See `dataplane.decisions`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from simnet.control.gateway.references import Resolved
from simnet.dataplane.gateway.losing import RouteLoser, RouteNearMiss, route_losers, route_near_misses
from simnet.dataplane.http.credentials import Verdict as Credential
from simnet.dataplane.http.losing import Loser, NearMiss, losers, near_misses
from simnet.dataplane.http.matching import Answer, Routing
from simnet.dataplane.http.message import Request, Response
from simnet.dataplane.http.notes import Note
from simnet.dataplane.http.plan import NEVER, AnyRouting, Retry, Role
from simnet.dataplane.http.servers import Location, Rule
from simnet.dataplane.http.sticky import Stickiness
from simnet.dataplane.http.upstreams import Peer, Upstream
from simnet.dataplane.step import Attempt, Trace
from simnet.dataplane.verdict import Verdict
from simnet.objects.httproute import BackendRef

Walks = tuple[tuple[Fraction, Trace], ...]


def _notes(routing: AnyRouting) -> tuple[Note, ...]:
    """What the annotations of the Ingress in charge ask for in vain."""
    if not isinstance(routing, Routing) or routing.location is None or routing.match is None:
        return ()
    return routing.match.server.settings_of(routing.location.rule.ingress).notes


def _not_modelled(routing: AnyRouting) -> tuple[str, ...]:
    """Annotations of that Ingress, canaries of its host, flags and ConfigMap keys that are kept and not acted on."""
    if not isinstance(routing, Routing):
        return routing.not_modelled
    table = routing.table
    found: list[str] = []
    if routing.location is not None and routing.match is not None:
        server, ingress = routing.match.server, routing.location.rule.ingress
        owners = [(ingress, server.settings_of(ingress))] if ingress is not None else []
        owners += [(each.ingress, each.settings) for each in server.canaries]
        found += [f"annotation {table.flags.annotations_prefix}/{name} of ingress/{owner.key}"
                  for owner, settings in owners for name in settings.not_modelled]
    found += [f"ConfigMap key {key} of ingress-nginx" for key in table.config.not_modelled]
    return (*found, *(f"flag {flag} of ingress-nginx" for flag in table.flags.not_modelled))


@dataclass(slots=True)
class RuleChosen:
    """A rule took the request and one of `among` peers gets it. `request` is what the backend is sent.

    `upstream` is the backend with all its peers; `among` leaves out those tried before. `role` says in which capacity
    this backend got it, `why` what led there ('' when the rule alone did), `mirrors` who gets a copy. `timeout_seconds`
    is how long the backend may take to answer (0: any time), `stickiness` what the client is told to come back with,
    `paths` the walks of the question that auth-url asks first, `retry` when another peer is asked instead, `ref` the entry
    of an HTTPRoute's rule.
    """

    verdict: ClassVar[Verdict | None] = None
    controller: str
    routing: AnyRouting
    upstream: Upstream
    peer: Peer
    among: tuple[Peer, ...]
    request: Request
    attempts: tuple[Attempt, ...] = ()
    role: Role = Role.RULE
    why: str = ""
    mirrors: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    stickiness: Stickiness | None = None
    paths: Walks = ()
    retry: Retry = NEVER
    ref: BackendRef | None = None

    @property
    def is_fallback(self) -> bool:
        """The default-backend annotation stands in for a backend without endpoints (rule D-5)."""
        return self.role is Role.DEFAULT

    @property
    def location(self) -> Location:
        assert isinstance(self.routing, Routing) and self.routing.location is not None, "only Ingress rules have locations"
        return self.routing.location

    @property
    def rule(self) -> Rule:
        return self.location.rule

    @property
    def notes(self) -> tuple[Note, ...]:
        return _notes(self.routing)

    @property
    def not_modelled(self) -> tuple[str, ...]:
        return _not_modelled(self.routing)

    def losers(self) -> list[Loser] | list[RouteLoser]:
        """Every rule that lost, and why."""
        return losers(self.routing) if isinstance(self.routing, Routing) else route_losers(self.routing)


@dataclass(slots=True)
class ProxyAnswered:
    """The proxy answers by itself. `upstream` is the backend that cannot serve (reason NO_UPSTREAM), `flaw` the backendRef
    that leads nowhere (BAD_BACKEND), else None; `why` what exactly was wrong with credentials and the like, '' when the
    reason says it all; `paths` the walks of the question that auth-url asks."""

    verdict: ClassVar[Verdict | None] = Verdict.ANSWERED
    controller: str
    routing: AnyRouting
    answer: Answer
    response: Response
    upstream: Upstream | None = None
    why: str = ""
    paths: Walks = ()
    flaw: Resolved | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        return _notes(self.routing)

    @property
    def not_modelled(self) -> tuple[str, ...]:
        return (*_not_modelled(self.routing), *((self.why,) if self.why == Credential.NOT_MODELLED else ()))

    def losers(self) -> list[Loser] | list[RouteLoser]:
        """Every rule that lost, and why."""
        return losers(self.routing) if isinstance(self.routing, Routing) else route_losers(self.routing)

    def near_misses(self) -> list[NearMiss] | list[RouteNearMiss]:
        """Rules that one change would have made match."""
        return near_misses(self.routing) if isinstance(self.routing, Routing) else route_near_misses(self.routing)


@dataclass(slots=True)
class UpstreamFailed:
    """Every peer that could be tried failed: 502, 504 after silence, 503 for a name that does not resolve."""

    verdict: ClassVar[Verdict | None] = Verdict.ANSWERED
    controller: str
    routing: AnyRouting
    upstream: Upstream
    attempts: tuple[Attempt, ...]
    response: Response

    @property
    def notes(self) -> tuple[Note, ...]:
        return _notes(self.routing)

    @property
    def not_modelled(self) -> tuple[str, ...]:
        return _not_modelled(self.routing)

    def losers(self) -> list[Loser] | list[RouteLoser]:
        """Every rule that lost, and why."""
        return losers(self.routing) if isinstance(self.routing, Routing) else route_losers(self.routing)
