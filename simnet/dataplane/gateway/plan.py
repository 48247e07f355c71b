"""What a Gateway does with one request: its own answer, or one of the rule's backends by weight. Rules G-11, G-15 to G-20.

Source: kubernetes-sigs/gateway-api apis/v1/httproute_types.go (HTTPRouteRule, HTTPBackendRef), conformance/tests/
httproute-{weight,invalid-*,request-mirror,timeout-*}.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from simnet import ip
from simnet.dataplane.gateway.filters import modified, new_path, preflight_headers
from simnet.dataplane.gateway.gateways import Front, Gateways
from simnet.dataplane.gateway.matching import RouteRouting, cors_of, decide
from simnet.dataplane.gateway.respond import gateway_response
from simnet.dataplane.http.matching import Answer, AnswerReason
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.plan import CERTAIN, Plan, Said, Way
from simnet.dataplane.http.upstreams import UpstreamState
from simnet.dataplane.packet import Packet
from simnet.objects.httproute import BackendRef, Filter, HeaderFilter, MirrorFilter, OtherFilter, RewriteFilter

_HOP_BY_HOP: Final = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer"))


def gateway_plan(gateways: Gateways, front: Front, packet: Packet) -> Plan:
    """The plan for the request in `packet`, which has arrived at `front`. Never raises. Cost: that of `decide`, plus
    O(backends of the rule)."""
    table, request = gateways.table(front.gateway), packet.flow.request
    assert table is not None and request is not None
    routing = decide(table, request, packet.port)
    if routing.answer is not None:
        return Plan(routing, ((CERTAIN, _said(front, routing, routing.answer)),))
    assert routing.entry is not None
    rule = routing.entry.rule
    total = sum(each.weight for each in rule.backends)
    if any(isinstance(each, OtherFilter) for each in rule.filters):
        return Plan(routing, ((CERTAIN, _said(front, routing, Answer(AnswerReason.UNKNOWN_FILTER, 500))),))
    if not total:
        return Plan(routing, ((CERTAIN, _said(front, routing, Answer(AnswerReason.NO_BACKEND, 500))),))
    outcomes: list[tuple[Fraction, Way | Said]] = []
    for backend in rule.backends:
        if backend.weight:
            share = Fraction(backend.weight, total)
            outcome = _to_backend(gateways, front, packet, routing, backend, total)
            outcomes += _with_copies(gateways, routing, share, outcome, backend)
    return Plan(routing, tuple(outcomes))


def _said(front: Front, routing: RouteRouting, answer: Answer) -> Said:
    """The gateway's own response."""
    headers: Headers = (("Location", answer.location),) if answer.location else ()
    cors = cors_of(routing.entry) if routing.entry is not None else None
    if answer.reason is AnswerReason.PREFLIGHT and cors is not None:
        headers = preflight_headers(cors, routing.request)
    return Said(answer, gateway_response(answer.status, front.name, headers))


def _to_backend(gateways: Gateways, front: Front, packet: Packet, routing: RouteRouting, backend: BackendRef, total: int
                ) -> Way | Said:
    """One backend's share: an error when it leads nowhere (rule G-16), else its endpoints."""
    assert routing.entry is not None
    rule, namespace = routing.entry.rule, routing.entry.route.namespace
    if any(isinstance(each, OtherFilter) for each in backend.filters):
        return _said(front, routing, Answer(AnswerReason.UNKNOWN_FILTER, 500))
    found = gateways.resolved(namespace, backend)
    if found.flaw is not None:
        said = _said(front, routing, Answer(AnswerReason.BAD_BACKEND, 500))
        said.flaw = found
        return said
    upstream = gateways.upstream(found)
    if upstream.state is not UpstreamState.READY:
        said = _said(front, routing, Answer(AnswerReason.NO_UPSTREAM, 503))
        said.upstream = upstream
        return said
    limits = [limit for limit in (rule.timeout, rule.attempt_timeout) if limit]
    why = f"weight {backend.weight} of {total}" if len(rule.backends) > 1 else ""
    return Way(upstream, _backend_request(packet, routing, backend), upstream.peers, why=why,
               timeout_seconds=min(limits, default=0.0), ref=backend)


def _copied(gateways: Gateways, namespace: str, mirror: MirrorFilter) -> Iterable[str]:
    """Who gets a copy, as NAMESPACE/SERVICE:PORT; nobody when the reference leads nowhere (rule G-19)."""
    target = mirror.backend.target
    if gateways.resolved(namespace, mirror.backend).flaw is None:
        yield f"{target.namespace}/{target.name}:{mirror.backend.port}"


def _with_copies(gateways: Gateways, routing: RouteRouting, share: Fraction, outcome: Way | Said, backend: BackendRef
                 ) -> list[tuple[Fraction, Way | Said]]:
    """The outcome with its mirrors: one that copies only part of the requests makes two of it (rule G-19)."""
    assert routing.entry is not None
    if isinstance(outcome, Said):
        return [(share, outcome)]
    found: list[tuple[Fraction, tuple[str, ...]]] = [(share, ())]
    for mirror in (*routing.entry.rule.filters, *backend.filters):
        if isinstance(mirror, MirrorFilter):
            for text in _copied(gateways, routing.entry.route.namespace, mirror):
                found = [branch for part, names in found for branch in (
                    (part * mirror.share, (*names, text)), (part * (1 - mirror.share), names)) if branch[0]]
    return [(part, replace(outcome, mirrors=names)) for part, names in found]


# the request ----------------------------------------------------------------------------------------------------

def _backend_request(packet: Packet, routing: RouteRouting, backend: BackendRef) -> Request:
    """The request as the backend sees it: forwarding headers, then the filters of the rule, then those of the backend."""
    assert routing.entry is not None and routing.asked is not None
    asked, request = routing.asked, routing.request
    host, path = asked.host, asked.path
    headers = _forwarded(packet, request)
    filters: tuple[Filter, ...] = (*routing.entry.rule.filters, *backend.filters)
    for each in filters:
        if isinstance(each, HeaderFilter) and not each.of_response:
            headers = modified(headers, each)
        elif isinstance(each, RewriteFilter):
            host, path = each.hostname or host, new_path(path, each.path, routing.entry.match)
    return Request(request.method, "http", host, path + asked.arguments, headers, request.body, None, "1.1")


def _forwarded(packet: Packet, request: Request) -> Headers:
    """The client's headers but for hop-by-hop ones, and who it was."""
    chain = request.header("x-forwarded-for")
    client = ip.text(packet.source)
    own = (("X-Forwarded-For", f"{chain}, {client}" if chain else client), ("X-Forwarded-Proto", request.scheme))
    skipped = _HOP_BY_HOP | {name.lower() for name, _ in own} | {"host"}
    return (*(each for each in request.headers if each[0].lower() not in skipped), *own)
