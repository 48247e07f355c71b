"""What ingress-nginx does with one request: its own answer, or the backend that gets it. Steps 12 to 15 of rule O-1.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl, rootfs/etc/nginx/lua/balancer.lua,
internal/ingress/controller/controller.go.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from simnet.control.ingress_class import SPEC
from simnet.dataplane.http.access import Listed, Refusal, access_refusal, listing, rate_refusal
from simnet.dataplane.http.balancing import Alternative, Balancing
from simnet.dataplane.http.believed import believe
from simnet.dataplane.http.canary import ALL, NONE, CanaryReason, canary_share
from simnet.dataplane.http.controllers import Controller, Controllers
from simnet.dataplane.http.cookies import cookies_of
from simnet.dataplane.http.headers import backend_request, error_page_request
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing, decide
from simnet.dataplane.http.message import Headers, Response
from simnet.dataplane.http.outer_auth import question_of
from simnet.dataplane.http.pages import default_backend_response, nginx_response
from simnet.dataplane.http.plan import CERTAIN, NEVER, Plan, Retry, Role, Said, Way
from simnet.dataplane.http.respond import finished
from simnet.dataplane.http.servers import Location
from simnet.dataplane.http.sticky import Stickiness, backend_mark, hashed, hashed_subset
from simnet.dataplane.http.upstreams import BackendKey, Peer, Upstream, UpstreamState, wanted_port
from simnet.dataplane.http.variables import expanded
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Intercepted
from simnet.names import ObjectKey


def ingress_plan(backends: Controllers, controller: Controller, packet: Packet, now: float) -> Plan:
    """The plan for the request in `packet`, which has arrived at `controller`. Never raises. Cost: see `route`."""
    request = packet.flow.request
    assert request is not None
    table = backends.table_of(controller)
    routing = decide(table, request, believe(request, packet.source, packet.port, table.config))
    page = next((each for each in packet.attempts if isinstance(each, Intercepted)), None)
    if page is not None:
        return _error_page(backends, controller, routing, packet, page.status)
    if routing.answer is not None:
        return _own(controller, routing, routing.answer)
    assert routing.location is not None
    upstream, role = _upstream(backends, routing, routing.location)
    if upstream is not None and upstream.state is not UpstreamState.READY:
        return _own(controller, routing, Answer(AnswerReason.NO_UPSTREAM, 503), upstream)
    refusal = rate_refusal(routing, routing.location, backends.rates, now) or access_refusal(routing, routing.location)
    if refusal is not None:
        return _refused(controller, routing, refusal)
    if upstream is None:
        return _own(controller, routing, Answer(AnswerReason.DEFAULT_BACKEND, 404))
    plan = Plan(routing, _ways(backends, routing, routing.location, upstream, role, packet),
                _retry(routing, routing.location))
    outer, settings = routing.location.settings.outer_auth, routing.location.settings
    if outer is not None and not (settings.satisfies_any and listing(routing, routing.location) is Listed.ALLOWED):
        plan.question = question_of(outer, routing)
    return plan


def _own(controller: Controller, routing: Routing, answer: Answer, upstream: Upstream | None = None) -> Plan:
    """The controller's own response."""
    if answer.reason is AnswerReason.DEFAULT_BACKEND:
        response = default_backend_response()
    else:
        response = nginx_response(answer.status, name_of(controller), answer.location)
    return Plan(routing, ((CERTAIN, Said(answer, finished(routing, response), upstream)),), NEVER)


def _refused(controller: Controller, routing: Routing, refusal: Refusal) -> Plan:
    return Plan(routing, ((CERTAIN, refused(controller, routing, refusal.answer, refusal.headers, refusal.why)),), NEVER)


def refused(controller: Controller, routing: Routing, answer: Answer, headers: Headers = (), why: str = "") -> Said:
    """The answer to a request that is not let in."""
    response = nginx_response(answer.status, name_of(controller), answer.location)
    return Said(answer, finished(routing, replace(response, headers=(*response.headers, *headers))), None, why)


def failed_response(controller: Controller, routing: Routing, status: int) -> Response:
    """What the client gets when every peer that could be tried has failed."""
    return finished(routing, nginx_response(status, name_of(controller)))


def name_of(controller: Controller) -> str:
    return f"ingress-nginx/{controller.name}"


# which backend --------------------------------------------------------------------------------------------------

def _upstream(backends: Controllers, routing: Routing, location: Location) -> tuple[Upstream | None, Role]:
    """What stands behind the location, and whether the default-backend annotation stands in for it. None means the
    built-in default backend (rules B-1, B-6, D-1, D-2, D-5, K-15)."""
    rule = location.rule
    if rule.backend is None or rule.ingress is None:
        return _default_upstream(backends, routing), Role.RULE
    by_service = location.settings.service_upstream
    if by_service is None:
        by_service = routing.table.config.service_upstream
    upstream = backends.upstream(ObjectKey(rule.ingress.namespace, rule.backend.service), wanted_port(rule.backend),
                                 by_service, not routing.table.flags.disable_svc_external_name,
                                 routing.table.flags.profile != SPEC)
    if upstream.state is not UpstreamState.READY:
        stand_in = _annotated_upstream(backends, routing, location)
        if stand_in is not None:
            return stand_in, Role.DEFAULT
    return upstream, Role.RULE


def _default_upstream(backends: Controllers, routing: Routing) -> Upstream | None:
    """--default-backend-service, None when it is not given or has no endpoints (rule D-2)."""
    key = routing.table.flags.default_backend_service
    return _usable(backends, routing, key) if key is not None else None


def _annotated_upstream(backends: Controllers, routing: Routing, location: Location) -> Upstream | None:
    """The Service of the default-backend annotation, None without or when it has no endpoints (rule D-5)."""
    name, ingress = location.settings.default_backend, location.rule.ingress
    return _usable(backends, routing, ObjectKey(ingress.namespace, name)) if name and ingress is not None else None


def _usable(backends: Controllers, routing: Routing, key: ObjectKey) -> Upstream | None:
    found = backends.upstream(key, "", False, not routing.table.flags.disable_svc_external_name)
    return found if found.state is UpstreamState.READY else None


def _error_page(backends: Controllers, controller: Controller, routing: Routing, packet: Packet, status: int) -> Plan:
    """An answer was intercepted: the default backend is asked for the page in its place (rule D-5, b)."""
    assert routing.location is not None, "only answers of a location are intercepted"
    upstream = _annotated_upstream(backends, routing, routing.location) or _default_upstream(backends, routing)
    if upstream is None:
        return _own(controller, routing, Answer(AnswerReason.DEFAULT_BACKEND, 404))
    way = Way(upstream, error_page_request(routing, packet.source_port, status), upstream.peers, Role.ERROR_PAGE,
              f"the answer was {status}", timeout_seconds=_timeout(routing, routing.location))
    return Plan(routing, ((CERTAIN, way),), _retry(routing, routing.location))


# canary, affinity, hashing --------------------------------------------------------------------------------------

def _ways(backends: Controllers, routing: Routing, location: Location, upstream: Upstream, role: Role, packet: Packet
          ) -> tuple[tuple[Fraction, Way | Said], ...]:
    """The backend, or the backend and its canary, each with its share (section 15)."""
    request = backend_request(routing, packet.source_port, role is Role.DEFAULT)
    mirrors = (expanded(location.settings.mirror_target, routing),) if location.settings.mirror_target else ()
    main = Way(upstream, request, upstream.peers, role, "", mirrors, _timeout(routing, location))
    key = location.rule.backend_key
    if key is None or role is not Role.RULE:
        return ((CERTAIN, main),)
    balancing = routing.table.balancing(key)
    stickiness = _stickiness(balancing, key, location)
    _narrow(main, routing, stickiness, balancing.hash_by, balancing.hash_subset)
    if not balancing.canaries:
        return ((CERTAIN, main),)
    first = balancing.canaries[0]
    other = _canary_way(backends, routing, first, main, stickiness)
    if other is None:
        return ((CERTAIN, main),)
    share, reason = _canary_share(routing, first, stickiness)
    main.why = other.why = reason
    both: tuple[tuple[Fraction, Way], ...] = ((1 - share, main), (share, other))
    return tuple(each for each in both if each[0])


def _canary_way(backends: Controllers, routing: Routing, canary: Alternative, main: Way, stickiness: Stickiness | None
                ) -> Way | None:
    """The canary's backend, None when it has no endpoints (rule Y-8)."""
    namespace, service, port = canary.backend
    upstream = backends.upstream(ObjectKey(namespace, service), port, False,
                                 not routing.table.flags.disable_svc_external_name)
    if upstream.state is not UpstreamState.READY:
        return None
    way = replace(main, upstream=upstream, among=upstream.peers, role=Role.CANARY, stickiness=None, keeps_peer=False)
    own = None if canary.ignores_affinity or stickiness is None else stickiness.of_backend("-".join(canary.backend))
    _narrow(way, routing, own, canary.hash_by, canary.hash_subset)
    return way


def _canary_share(routing: Routing, canary: Alternative, stickiness: Stickiness | None) -> tuple[Fraction, CanaryReason]:
    """Where the affinity cookie holds the client comes first (rule Y-10), then the policy."""
    if stickiness is not None:
        cookie = cookies_of(routing.request).get(stickiness.sticky.name)
        if stickiness.is_held(cookie):
            return NONE, CanaryReason.STICKY
        if not canary.ignores_affinity and stickiness.of_backend("-".join(canary.backend)).is_held(cookie):
            return ALL, CanaryReason.STICKY
    return canary_share(canary.policy, routing.request)


def _stickiness(balancing: Balancing, key: BackendKey, location: Location) -> Stickiness | None:
    """Cookie affinity of the backend, as this location hands it out (rule K-7)."""
    if balancing.sticky is None:
        return None
    rule = location.rule
    sets = not rule.is_implicit and (rule.host, rule.path) in balancing.cookie_paths
    return Stickiness(balancing.sticky, backend_mark("-".join(key)), rule.path, sets)


def _narrow(way: Way, routing: Routing, stickiness: Stickiness | None, hash_by: str, hash_subset: int) -> None:
    """Fewer peers to choose from: the one the cookie or the hash leads to. Affinity beats hashing (rule K-10)."""
    peers: tuple[Peer, ...] = way.upstream.peers
    if stickiness is not None:
        way.stickiness = stickiness
        peer = stickiness.peer_of(cookies_of(routing.request).get(stickiness.sticky.name), peers)
        if peer is not None:
            way.among, way.keeps_peer = (peer,), not stickiness.sticky.changes_on_failure
    elif hash_by:
        text = expanded(hash_by, routing)
        way.among = hashed_subset(text, peers, hash_subset) if hash_subset else (hashed(text, peers),)
        way.keeps_peer = not hash_subset


def _retry(routing: Routing, location: Location) -> Retry:
    settings, config = location.settings, routing.table.config
    tries = settings.proxy_next_upstream_tries
    return Retry(settings.proxy_next_upstream or config.proxy_next_upstream,
                 config.proxy_next_upstream_tries if tries is None else tries)


def _timeout(routing: Routing, location: Location) -> float:
    given = location.settings.proxy_read_timeout
    return routing.table.config.proxy_read_timeout if given is None else given
