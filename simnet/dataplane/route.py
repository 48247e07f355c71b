"""Stage `route`: an HTTP proxy decides where a request goes, and opens the connection that carries it there.

The second connection enters the same line as the client's own: an endpoint's address directly, as ingress-nginx does,
or a ClusterIP or a name where the rules say so. Connections that fail come back here (see `walk`). Rule O-1.
"""

from __future__ import annotations

from functools import partial

from simnet.dataplane.client import pod_actor
from simnet.dataplane.http.believed import believe
from simnet.dataplane.http.controllers import Controller
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen, UpstreamFailed
from simnet.dataplane.http.headers import backend_request
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing, decide, is_refused
from simnet.dataplane.http.pages import default_backend_response, nginx_response
from simnet.dataplane.http.respond import finished
from simnet.dataplane.http.servers import Location
from simnet.dataplane.http.upstreams import Peer, Upstream, UpstreamState, wanted_port
from simnet.dataplane.packet import Actor, Flow, Packet, Place, is_loopback
from simnet.dataplane.step import Attempt, Fork, Step
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

FIRST_EPHEMERAL, LAST_EPHEMERAL = 32768, 60999


def route(net: View, packet: Packet) -> Step | Fork:
    """Choose rule and endpoint for the request in `packet.flow`, or answer it here.

    Ends with ProxyAnswered (redirects, 400, 403, 404, 413, 503 ...) or UpstreamFailed (502, 503, 504), or goes on with
    the proxy's own packet; a fork over the endpoints that have not been tried. Cost: that of `matching.decide`, plus
    O(endpoints) the first time since the Service changed.
    """
    request = packet.flow.request
    pod = proxy_pod(net, packet)
    controller = net.ingress.controller_of(pod) if pod is not None else None
    assert request is not None and controller is not None, "only `arrive` sends packets here, with a request"
    table = net.ingress.table_of(controller)
    routing = decide(table, request, believe(request, packet.source, packet.port, table.config))
    if routing.answer is not None:
        return _answered(packet, controller, routing, routing.answer)
    assert routing.location is not None
    upstream, is_fallback = _upstream(net, routing, routing.location)
    if upstream is None:
        return _answered(packet, controller, routing, Answer(AnswerReason.DEFAULT_BACKEND, 404))
    if upstream.state is not UpstreamState.READY:
        return _answered(packet, controller, routing, Answer(AnswerReason.NO_UPSTREAM, 503), upstream)
    if is_refused(routing):
        return _answered(packet, controller, routing, Answer(AnswerReason.FORBIDDEN, 403))
    return _forward(net, packet, controller, routing, upstream, is_fallback)


def proxy_pod(net: View, packet: Packet) -> Pod | None:
    """The controller pod that has the packet: the address's own pod, or one that shares the node's network."""
    actor = packet.flow.actor
    if is_loopback(packet.destination) and actor.pod is not None and not actor.is_host:
        return actor.pod
    pods = net.pods_at(packet.destination)
    if pods:
        return pods[0]
    for pod in net.host_network_pods(packet.node):
        controller = net.ingress.controller_of(pod)
        if controller is not None and packet.port in controller.ports:
            return pod
    return None


def _answered(packet: Packet, controller: Controller, routing: Routing, answer: Answer,
              upstream: Upstream | None = None) -> Step:
    """The proxy's own response; the walk rests here."""
    if answer.reason is AnswerReason.DEFAULT_BACKEND:
        response = default_backend_response()
    else:
        response = nginx_response(answer.status, _name(controller), answer.location)
    return Step(packet, None, ProxyAnswered(controller.name, routing, answer, finished(routing, response), upstream))


def _name(controller: Controller) -> str:
    return f"ingress-nginx/{controller.name}"


# the backend ----------------------------------------------------------------------------------------------------

def _upstream(net: View, routing: Routing, location: Location) -> tuple[Upstream | None, bool]:
    """What stands behind the location; True when the default-backend annotation stands in for it. None means the
    built-in default backend (rules B-1, B-6, D-1, D-2, D-5, K-15)."""
    rule, flags = location.rule, routing.table.flags
    allows_external = not flags.disable_svc_external_name
    if rule.backend is None or rule.ingress is None:
        key = flags.default_backend_service
        found = net.ingress.upstream(key, "", False, allows_external) if key is not None else None
        return (found if found is not None and found.state is UpstreamState.READY else None), False
    by_service = location.settings.service_upstream
    if by_service is None:
        by_service = routing.table.config.service_upstream
    namespace = rule.ingress.namespace
    upstream = net.ingress.upstream(ObjectKey(namespace, rule.backend.service), wanted_port(rule.backend), by_service,
                                    allows_external)
    if upstream.state is not UpstreamState.READY and location.settings.default_backend:
        fallback = net.ingress.upstream(ObjectKey(namespace, location.settings.default_backend), "", False,
                                        allows_external)
        if fallback.state is UpstreamState.READY:
            return fallback, True
    return upstream, False


def _forward(net: View, packet: Packet, controller: Controller, routing: Routing, upstream: Upstream,
             is_fallback: bool) -> Step | Fork:
    """Pick a peer that was not tried: round robin from a random start, so each is equally likely (rule B-7). Later
    tries take the next in turn, as the balancer is simply asked again; so n peers give n walks, however many fail.

    Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer.lua balance, balancer/round_robin.lua.
    """
    attempts = tuple(each for each in packet.attempts if isinstance(each, Attempt))
    actor = pod_actor(net, controller.pod)
    tried = {each.target for each in attempts}
    peers = tuple(peer for peer in upstream.peers if peer.text not in tried and peer.host not in tried
                  and (peer.address is None or actor.address_for(peer.address) is not None))
    if not peers or (attempts and not _tries_again(routing, attempts)):
        status = _failure_status(attempts)
        response = finished(routing, nginx_response(status, _name(controller)))
        return Step(packet, None, UpstreamFailed(controller.name, routing, upstream, attempts, response))
    chosen = partial(_to_peer, packet, actor, controller, routing, upstream, is_fallback, peers, attempts)
    if attempts:
        return chosen(_next_in_turn(upstream.peers, peers, attempts[-1].target))
    return chosen(0) if len(peers) == 1 else Fork(len(peers), chosen)


def _next_in_turn(everybody: tuple[Peer, ...], left: tuple[Peer, ...], last: str) -> int:
    """Index in `left` of the peer that follows the one tried last."""
    names = [peer.text for peer in everybody]
    start = names.index(last) + 1 if last in names else 0
    return next(left.index(peer) for peer in (*everybody[start:], *everybody[:start]) if peer in left)


def _to_peer(packet: Packet, actor: Actor, controller: Controller, routing: Routing, upstream: Upstream,
             is_fallback: bool, peers: tuple[Peer, ...], attempts: tuple[Attempt, ...], index: int) -> Step:
    """Open the second connection: the next packet is the proxy's own, and this one is its parent."""
    peer = peers[index]
    request = backend_request(routing, packet.source_port, is_fallback)
    because = RuleChosen(controller.name, routing, upstream, peer, peers, request, attempts, is_fallback)
    host = peer.text if peer.address is not None else peer.host
    flow = Flow(actor, host, "TCP", request, parent=packet)
    source_port = _source_port(packet, len(attempts))
    if peer.address is None:
        after = Packet(Place.NAME, actor.node, 0, source_port, 0, peer.port, "TCP", flow, attempts=attempts)
    else:
        source = actor.address_for(peer.address) or 0
        after = Packet(Place.ADDRESS, actor.node, source, source_port, peer.address, peer.port, "TCP", flow,
                       attempts=attempts)
    return Step(packet, after, because)


def _source_port(packet: Packet, tries: int) -> int:
    """The proxy's own port for this connection, the same for the same client connection and try."""
    mixed = (packet.source * 2654435761 + packet.source_port * 40503 + packet.port * 97 + tries * 7919) & 0xFFFFFFFF
    return FIRST_EPHEMERAL + mixed % (LAST_EPHEMERAL - FIRST_EPHEMERAL + 1)


# failures -------------------------------------------------------------------------------------------------------

def _tries_again(routing: Routing, attempts: tuple[Attempt, ...]) -> bool:
    """Whether another peer is tried: the failure must be listed and tries must be left, 0 meaning no limit (B-7).

    A connection that was never established sent nothing, so the method does not matter. Source: nginx
    ngx_http_upstream_next, which spares non-idempotent requests only once they have been sent.
    """
    assert routing.location is not None
    settings, config = routing.location.settings, routing.table.config
    conditions = settings.proxy_next_upstream or config.proxy_next_upstream
    tries = settings.proxy_next_upstream_tries
    if tries is None:
        tries = config.proxy_next_upstream_tries
    wanted = "timeout" if attempts[-1].verdict is Verdict.DROPPED else "error"
    return "off" not in conditions and wanted in conditions and (tries == 0 or len(attempts) < tries)


def _failure_status(attempts: tuple[Attempt, ...]) -> int:
    """504 after silence, 503 for a name nobody could resolve, else 502 (rules B-4, B-7)."""
    if not attempts:
        return 502
    match attempts[-1].verdict:
        case Verdict.DROPPED:
            return 504
        case Verdict.UNRESOLVED:
            return 503
        case _:
            return 502
