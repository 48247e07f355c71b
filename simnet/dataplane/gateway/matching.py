"""One request against one Gateway's table: listener, hostname, match, and what the gateway answers by itself.

Pure. Source: kubernetes-sigs/gateway-api apis/v1/{gateway,httproute}_types.go, GEP-3567 (421); rules G-4, G-8 to G-14.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet.control.gateway.listeners import ListenerState
from simnet.dataplane.gateway.entries import Asked, Entry
from simnet.dataplane.gateway.filters import WELL_KNOWN, is_preflight, redirect_location
from simnet.dataplane.gateway.table import GatewayTable, Known
from simnet.dataplane.http.matching import Answer, AnswerReason
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.target import Malformed, host_name
from simnet.objects.gateway import Gateway
from simnet.objects.httproute import CORSFilter


@dataclass(slots=True)
class RouteRouting:
    """Where one request leads, by Gateway API: everything that was decided, and the tables it was decided from.

    `host` is the name that was compared; `problem` says why the request is malformed. `listener` is the one that gets
    the request, `hostname` that of its routes which was decided first (None: none has the host), `among` their matches
    in order of precedence, `entry` the one chosen, `answer` what the gateway says itself (None: it forwards).
    """

    known: Known
    request: Request
    port: int
    asked: Asked | None = None
    problem: Malformed | None = None
    host: str = ""
    listener: ListenerState | None = None
    hostname: str | None = None
    among: tuple[Entry, ...] = ()
    entry: Entry | None = None
    answer: Answer | None = None

    @property
    def gateway(self) -> Gateway:
        return self.known.gateway

    @property
    def path(self) -> str:
        return self.asked.path if self.asked is not None else ""

    @property
    def not_modelled(self) -> tuple[str, ...]:
        """Fields of the chosen rule that are kept and not acted on."""
        if self.entry is None:
            return ()
        return tuple(f"{name} of a rule of {self.entry.route.ref}" for name in self.entry.rule.unmodelled)


def decide(table: GatewayTable, request: Request, port: int) -> RouteRouting:
    """Route one request up to the choice of its backend. O(labels of the host + matches of its routes); never raises."""
    routing = RouteRouting(table.known(), request, port)
    asked = _read(request)
    if isinstance(asked, Malformed):
        routing.problem, routing.answer = asked, Answer(AnswerReason.MALFORMED, 400)
        return routing
    routing.asked, routing.host = asked, host_name(asked.host or "")
    routing.listener = table.listener(port, routing.host)
    if request.is_tls and routing.listener is not None and routing.listener is not _of_handshake(table, request, port):
        routing.answer = Answer(AnswerReason.OTHER_LISTENER, 421)
        return routing
    _locate(table, routing, asked)
    return routing


def _of_handshake(table: GatewayTable, request: Request, port: int) -> ListenerState | None:
    """The listener that the connection's SNI chose (rule G-12)."""
    return table.listener(port, (request.sni or "").lower().removesuffix("."))


def _locate(table: GatewayTable, routing: RouteRouting, asked: Asked) -> None:
    """Hostname before path, then the first match in order of precedence; there is no default backend (rule G-11)."""
    if routing.listener is not None:
        name = routing.listener.listener.name
        routing.hostname = table.hostname(name, routing.host)
        if routing.hostname is not None:
            routing.among = table.entries(name, routing.hostname)
            routing.entry = next((each for each in routing.among if each.failing(asked) is None), None)
    if routing.entry is None:
        routing.answer = Answer(AnswerReason.NO_ROUTE, 404)
        return
    redirect, request = routing.entry.rule.redirect, routing.request
    cors = cors_of(routing.entry)
    if cors is not None and is_preflight(request):
        routing.answer = Answer(AnswerReason.PREFLIGHT, 204)
    elif redirect is not None:
        location = redirect_location(redirect, asked, routing.port, routing.entry.match)
        routing.answer = Answer(AnswerReason.ROUTE_REDIRECT, redirect.status, location)


def cors_of(entry: Entry) -> CORSFilter | None:
    """The CORS filter of a rule."""
    return next((each for each in entry.rule.filters if isinstance(each, CORSFilter)), None)


def _read(request: Request) -> Asked | Malformed:
    """Path and query as sent; what HTTP itself asks of Host and target (RFC 9112 section 3.2)."""
    hosts = [] if request.host is None else [request.host]
    hosts += [value for name, value in request.headers if name.lower() == "host"]
    if len(hosts) > 1:
        return Malformed.TWO_HOSTS
    if not hosts and request.http_version != "1.0":
        return Malformed.NO_HOST
    host, raw = hosts[0] if hosts else None, request.target.partition("#")[0]
    if not raw.startswith("/"):  # the absolute form overrides Host
        scheme, mark, rest = raw.partition("://")
        if not mark or scheme.lower() not in WELL_KNOWN:
            return Malformed.NOT_A_PATH
        host, slash, path = rest.partition("/")
        raw = f"/{path}" if slash else "/"
    path, mark, query = raw.partition("?")
    return Asked(request, host, path, query if mark else None)
