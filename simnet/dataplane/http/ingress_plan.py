"""What ingress-nginx does with one request: its own answer, or the backend that gets it. Steps 12 to 15 of rule O-1.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl, rootfs/etc/nginx/lua/balancer.lua,
internal/ingress/controller/controller.go.
"""

from __future__ import annotations

from simnet.dataplane.http.believed import believe
from simnet.dataplane.http.controllers import Controller, Controllers
from simnet.dataplane.http.headers import backend_request
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing, decide, is_refused
from simnet.dataplane.http.message import Response
from simnet.dataplane.http.pages import default_backend_response, nginx_response
from simnet.dataplane.http.plan import CERTAIN, NEVER, Plan, Retry, Role, Said, Way
from simnet.dataplane.http.respond import finished
from simnet.dataplane.http.servers import Location
from simnet.dataplane.http.upstreams import Upstream, UpstreamState, wanted_port
from simnet.dataplane.packet import Packet
from simnet.names import ObjectKey


def ingress_plan(backends: Controllers, controller: Controller, packet: Packet) -> Plan:
    """The plan for the request in `packet`, which has arrived at `controller`. Never raises. Cost: see `route`."""
    request = packet.flow.request
    assert request is not None
    table = backends.table_of(controller)
    routing = decide(table, request, believe(request, packet.source, packet.port, table.config))
    if routing.answer is not None:
        return _own(controller, routing, routing.answer)
    assert routing.location is not None
    upstream, role = _upstream(backends, routing, routing.location)
    if upstream is None:
        return _own(controller, routing, Answer(AnswerReason.DEFAULT_BACKEND, 404))
    if upstream.state is not UpstreamState.READY:
        return _own(controller, routing, Answer(AnswerReason.NO_UPSTREAM, 503), upstream)
    if is_refused(routing):
        return _own(controller, routing, Answer(AnswerReason.FORBIDDEN, 403))
    way = Way(upstream, backend_request(routing, packet.source_port, role is Role.DEFAULT), upstream.peers, role,
              timeout_seconds=_timeout(routing, routing.location))
    return Plan(routing, ((CERTAIN, way),), _retry(routing, routing.location))


def _own(controller: Controller, routing: Routing, answer: Answer, upstream: Upstream | None = None) -> Plan:
    """The controller's own response."""
    if answer.reason is AnswerReason.DEFAULT_BACKEND:
        response = default_backend_response()
    else:
        response = nginx_response(answer.status, name_of(controller), answer.location)
    return Plan(routing, ((CERTAIN, Said(answer, finished(routing, response), upstream)),), NEVER)


def failed_response(controller: Controller, routing: Routing, status: int) -> Response:
    """What the client gets when every peer that could be tried has failed."""
    return finished(routing, nginx_response(status, name_of(controller)))


def name_of(controller: Controller) -> str:
    return f"ingress-nginx/{controller.name}"


def _upstream(backends: Controllers, routing: Routing, location: Location) -> tuple[Upstream | None, Role]:
    """What stands behind the location, and whether the default-backend annotation stands in for it. None means the
    built-in default backend (rules B-1, B-6, D-1, D-2, D-5, K-15)."""
    rule, flags = location.rule, routing.table.flags
    allows_external = not flags.disable_svc_external_name
    if rule.backend is None or rule.ingress is None:
        key = flags.default_backend_service
        found = backends.upstream(key, "", False, allows_external) if key is not None else None
        return (found if found is not None and found.state is UpstreamState.READY else None), Role.RULE
    by_service = location.settings.service_upstream
    if by_service is None:
        by_service = routing.table.config.service_upstream
    namespace = rule.ingress.namespace
    upstream = backends.upstream(ObjectKey(namespace, rule.backend.service), wanted_port(rule.backend), by_service,
                                 allows_external)
    if upstream.state is not UpstreamState.READY and location.settings.default_backend:
        fallback = backends.upstream(ObjectKey(namespace, location.settings.default_backend), "", False, allows_external)
        if fallback.state is UpstreamState.READY:
            return fallback, Role.DEFAULT
    return upstream, Role.RULE


def _retry(routing: Routing, location: Location) -> Retry:
    settings, config = location.settings, routing.table.config
    tries = settings.proxy_next_upstream_tries
    return Retry(settings.proxy_next_upstream or config.proxy_next_upstream,
                 config.proxy_next_upstream_tries if tries is None else tries)


def _timeout(routing: Routing, location: Location) -> float:
    given = location.settings.proxy_read_timeout
    return routing.table.config.proxy_read_timeout if given is None else given
