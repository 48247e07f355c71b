"""The way back: what the client gets for a walk that ended, through every proxy that took part. Pure.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/lua_ingress.lua header, nginx ngx_http_proxy_module (hidden
headers); rules T-10, K-12.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from simnet.control.listening import Listening
from simnet.dataplane import decisions as core
from simnet.dataplane.conntrack import is_cut_off
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.gateway.respond import filtered, gateway_response
from simnet.dataplane.http.answer import answer_at_node, answer_by, answer_unknown
from simnet.dataplane.http.cookies import cookies_of
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen, UpstreamFailed
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.message import Reply, Request, Response, ServedCertificate
from simnet.dataplane.http.pages import nginx_response
from simnet.dataplane.http.plan import AnyRouting, Role
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.step import Attempt, Intercepted, Step, Trace
from simnet.dataplane.verdict import Verdict
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.settings import OutsideHost

_NOT_REPEATED: Final = frozenset(("POST", "LOCK", "PATCH"))
_HOP_BY_HOP: Final = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer",
                                "server"))


class Answering(Protocol):
    """What the way back asks of the view."""

    now: float

    def listening(self, pod: Pod) -> Listening: ...

    def node_at(self, address: int, seen_from: str = "") -> Node | None: ...

    def outside_host(self, address: int) -> OutsideHost | None: ...


def responded(net: Answering, trace: Trace, reply: Reply | None = None) -> Trace:
    """The trace with the response the client got; unchanged for walks that got none and for plain connections, but
    for one to a health check port, which is answered in any case. A request whose answer cannot find back ends there.

    `reply` stands in for whatever the receiver would answer by itself. O(steps).
    """
    request = trace.steps[0].before.flow.request
    if request is None:
        checked = trace.last.because
        return Trace(trace.steps, checked.response) if isinstance(checked, core.HealthChecked) else trace
    if trace.last.because.verdict is Verdict.LOOPED:
        return trace
    if is_cut_off(trace.steps):
        way = trace.ways_back[0]
        assert way.entry is not None
        lost = core.ReplyLost(way.entry.node, way.receiver, way.rule)
        return Trace((*trace.steps, Step(trace.last.before, None, lost)))
    response = _response(net, trace.last, reply)
    for chosen in _proxies(trace):
        response = through(chosen, response, net.now)
    if response is None:
        return trace
    if request.method == "HEAD":
        response = replace(response, body=b"")
    certificate, version = _certificate(trace) if request.is_tls else None, _negotiated(trace, request)
    if certificate is not response.certificate or version != response.http_version:
        response = replace(response, certificate=certificate, http_version=version)
    return Trace(trace.steps, response)


def _negotiated(trace: Trace, request: Request) -> str:
    """The version that client and receiver agree on: HTTP/2 where the client offers it in a TLS handshake with a proxy
    that has it on, which is the default; HTTP/1.1 everywhere else, as nginx answers even to HTTP/1.0."""
    if request.http_version != "2" or not request.is_tls:
        return "1.1"
    reached = next((index for index, step in enumerate(trace.steps) if isinstance(step.because, core.ProxyReached)), None)
    if reached is None or reached + 1 >= len(trace.steps):
        return "1.1"
    routing = getattr(trace.steps[reached + 1].because, "routing", None)
    return "2" if not isinstance(routing, Routing) or routing.table.config.use_http2 else "1.1"


def _response(net: Answering, last: Step, reply: Reply | None) -> Response | None:
    """What was said where the walk ended; None when nobody said anything."""
    match last.because:
        case ProxyAnswered() | UpstreamFailed() | core.HealthChecked() | core.PlainToTLS():
            return last.because.response
        case core.Delivered():
            request = last.before.flow.request
            assert request is not None
            answered = _answer(net, last.because, last.before, request)
            return answered if reply is None else _replied(reply, last.because.receiver)
        case _:
            return None


def _answer(net: Answering, delivered: core.Delivered, packet: Packet, request: Request) -> Response | None:
    """The receiver's own answer: its program's, an echo where nobody knows what runs there."""
    pod = delivered.pod
    if pod is not None:
        listener = net.listening(pod).at(packet.port, packet.protocol)
        if listener is not None:
            return answer_by(listener.listen, delivered.receiver, pod, packet, request)
    if delivered.known_by == "node":
        return answer_at_node(packet.port, request, delivered.receiver, net.node_at(packet.destination, packet.node))
    host = net.outside_host(packet.destination) if delivered.known_by == "outside" else None
    listen = next((each for each in host.listen if (each.port, each.protocol) == (packet.port, packet.protocol)),
                  None) if host is not None else None
    if listen is not None:
        return answer_by(listen, delivered.receiver, None, packet, request)
    return answer_unknown(delivered.receiver, pod, packet, request)


def _replied(reply: Reply, by: str) -> Response:
    return Response(reply.status, reply.headers, reply.body, by=by, delay_seconds=reply.delay_seconds)


def _proxies(trace: Trace) -> list[RuleChosen]:
    """The proxies between the last receiver and the client, the nearest to the receiver first."""
    found: list[RuleChosen] = []
    flow = trace.last.before.flow
    while flow.parent is not None:
        opened = next(step.because for step in trace.steps if step.after is not None and step.after.flow is flow)
        assert isinstance(opened, RuleChosen)
        found.append(opened)
        flow = flow.parent.flow
    return found


def _certificate(trace: Trace) -> ServedCertificate | None:
    """What the client's own connection was shown."""
    for step in trace.steps:
        if step.before.flow.parent is None:
            match step.because:
                case core.ProxyReached() | core.Delivered():
                    return step.because.certificate
                case _:
                    pass
    return None


def intercepted(net: Answering, trace: Trace, reply: Reply | None = None) -> Packet | None:
    """The packet with which a proxy asks for an error page in place of the answer it got or made, None when the answer
    is passed on: the status must be listed, and the answer must not be such a page itself (rule D-5, b)."""
    last = trace.last
    if isinstance(last.because, ProxyAnswered | UpstreamFailed):
        before, response = last.before, last.because.response
        if not any(isinstance(each, Intercepted) for each in before.attempts) and _is_error_listed(last.because.routing,
                                                                                                 response.status):
            return _asking_for_page(before, response.status)
    proxies = _proxies(trace)
    if not any(_lists_errors(chosen.routing) for chosen in proxies):
        return None
    response_so_far = _response(net, last, reply)
    for chosen in proxies:
        asked = _opened_from(trace, chosen)
        response_so_far = through(chosen, response_so_far, net.now)
        if chosen.role is not Role.ERROR_PAGE and _is_error_listed(chosen.routing, response_so_far.status):
            return _asking_for_page(asked, response_so_far.status)
    return None


def retried(net: Answering, trace: Trace, reply: Reply | None = None) -> Packet | None:
    """The packet with which a proxy asks another peer, because the one it asked was too slow or its answer is one that
    `proxy-next-upstream` lists; None when the answer stands (rule B-7).

    Source: nginx ngx_http_upstream_next, ngx_http_proxy_module proxy_next_upstream.
    """
    chosen = next(iter(_proxies(trace)), None)
    response = _response(net, trace.last, reply) if chosen is not None else None
    if chosen is None or response is None:
        return None
    is_late = bool(chosen.timeout_seconds) and response.delay_seconds > chosen.timeout_seconds
    conditions, tries = chosen.retry.conditions, chosen.retry.tries
    if "off" in conditions or ("timeout" if is_late else f"http_{response.status}") not in conditions:
        return None
    if chosen.request.method in _NOT_REPEATED and "non_idempotent" not in conditions:
        return None
    flow, attempts = trace.last.before.flow, trace.last.before.attempts
    tried = {each.target for each in chosen.attempts} | {flow.host}
    left = [peer for peer in chosen.upstream.peers if peer.text not in tried and peer.host not in tried]
    if not left or (tries and len(tried) >= tries):
        return None
    at = _opened_from(trace, chosen)
    verdict = Verdict.DROPPED if is_late else Verdict.ANSWERED
    return Packet(Place.PROXY, at.node, at.source, at.source_port, at.destination, at.port, at.flow,
                  at.claim, at.target, at.masquerade, (*attempts, Attempt(flow.host, verdict, flow.way)))


def _lists_errors(routing: AnyRouting) -> frozenset[int]:
    """The statuses of custom-http-errors, of the location or, where that has no list, of the ConfigMap."""
    if not isinstance(routing, Routing) or routing.location is None:
        return frozenset()
    settings, config = routing.location.settings, routing.table.config
    if not settings.intercepts_errors or not config.intercepts_errors:
        return frozenset()
    return config.custom_http_errors if settings.custom_http_errors is None else settings.custom_http_errors


def _is_error_listed(routing: AnyRouting, status: int) -> bool:
    return status in _lists_errors(routing)


def _opened_from(trace: Trace, chosen: RuleChosen) -> Packet:
    return next(step.before for step in trace.steps if step.because is chosen)


def _asking_for_page(at: Packet, status: int) -> Packet:
    """The client's packet, back at the proxy."""
    return Packet(Place.PROXY, at.node, at.source, at.source_port, at.destination, at.port, at.flow,
                  at.claim, at.target, at.masquerade, (*at.attempts, Intercepted(status)))


def through(chosen: RuleChosen, response: Response | None, now: float) -> Response:
    """What a proxy makes of its backend's response: 504 when it took too long, 502 when it was no HTTP."""
    limit = chosen.timeout_seconds
    if isinstance(chosen.routing, RouteRouting):
        return _through_gateway(chosen, chosen.routing, response)
    by = f"ingress-nginx/{chosen.controller}"
    if response is None:
        return finished(chosen.routing, nginx_response(502, by))
    if limit and response.delay_seconds > limit:
        return finished(chosen.routing, replace(nginx_response(504, by), delay_seconds=limit))
    kept = tuple((name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP)
    cookies = (("Set-Cookie", cookie),) if (cookie := _cookie(chosen, now)) else ()
    return finished(chosen.routing, replace(response, headers=(*kept, *cookies)))


def _through_gateway(chosen: RuleChosen, routing: RouteRouting, response: Response | None) -> Response:
    """The same for a Gateway, with the filters of its rule (rules G-13, G-20)."""
    limit = chosen.timeout_seconds
    if response is None:
        return gateway_response(502, chosen.controller)
    if limit and response.delay_seconds > limit:
        return replace(gateway_response(504, chosen.controller), delay_seconds=limit)
    kept = tuple((name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP)
    return filtered(routing, chosen.ref, replace(response, headers=kept))


def _cookie(chosen: RuleChosen, now: float) -> str:
    """The affinity cookie for a client that brought none, or one that no longer leads anywhere (rule K-7)."""
    stickiness = chosen.stickiness
    if stickiness is None or not stickiness.sets_cookie:
        return ""
    brought = cookies_of(chosen.routing.request).get(stickiness.sticky.name)
    if stickiness.peer_of(brought, chosen.upstream.peers) is chosen.peer:
        return ""
    return stickiness.set_cookie(chosen.peer, chosen.upstream.peers, chosen.routing.request.is_tls, now)


def finished(routing: Routing, response: Response) -> Response:
    """Strict-Transport-Security on every answer of a location over HTTPS (rule T-10), and the headers of the location."""
    config = routing.table.config
    if routing.headers:
        own = {name.lower() for name, _ in routing.headers}
        kept = tuple(each for each in response.headers if each[0].lower() not in own)
        response = replace(response, headers=(*kept, *routing.headers))
    if routing.request.scheme != "https" or routing.location is None or not config.hsts:
        return response
    value = f"max-age={config.hsts_max_age}"
    value += "; includeSubDomains" if config.hsts_include_subdomains else ""
    value += "; preload" if config.hsts_preload else ""
    others = tuple(each for each in response.headers if each[0].lower() != "strict-transport-security")
    return replace(response, headers=(*others, ("Strict-Transport-Security", value)))
