"""Stage `route`: an HTTP proxy decides where a request goes, and opens the connection that carries it there.

What shall be done is decided by the front end's own rules (see `http.plan`); here it is carried out. The second
connection enters the same line as the client's own: an endpoint's address directly, as ingress-nginx does, or a
ClusterIP or a name where the rules say so. Connections that fail come back here (see `walk`).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

from simnet import ip
from simnet.dataplane.client import pod_actor
from simnet.dataplane.gateway.gateways import Front
from simnet.dataplane.gateway.plan import gateway_plan
from simnet.dataplane.gateway.respond import gateway_response
from simnet.dataplane.http.controllers import Controller
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen, UpstreamFailed
from simnet.dataplane.http.ingress_plan import failed_response, ingress_plan, refused
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing
from simnet.dataplane.http.message import Headers
from simnet.dataplane.http.outer_auth import Question, verdict_of, with_headers
from simnet.dataplane.http.plan import Plan, Said, Way
from simnet.dataplane.http.respond import responded
from simnet.dataplane.http.upstreams import Peer
from simnet.dataplane.packet import Actor, Flow, Packet, Place, is_loopback
from simnet.dataplane.step import Attempt, Fork, Need, Outcomes, Step
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View
from simnet.objects.pod import Pod

FrontEnd = Controller | Front
"""A pod that routes HTTP: an Ingress controller, or a Gateway's own."""

FIRST_EPHEMERAL, LAST_EPHEMERAL = 32768, 60999
MOST_QUESTIONS = 8  # a controller that asks itself, behind its own auth-url, would go on for ever
ASKS_ITSELF = Answer(AnswerReason.OUTER_AUTH, 500)


def route(net: View, packet: Packet) -> Step | Fork | Need:
    """Choose rule and endpoint for the request in `packet.flow`, or answer it here.

    Ends with ProxyAnswered (redirects, 400, 403, 404, 413, 503 ...) or UpstreamFailed (502, 503, 504), or goes on with
    the proxy's own packet; a fork over backends and endpoints where a real proxy picks at random. Cost: that of
    `matching.decide`, plus O(endpoints) the first time since the Service changed.
    """
    pod = proxy_pod(net, packet)
    assert packet.flow.request is not None and pod is not None, "only `arrive` sends packets here, with a request"
    front = net.gateways.front_of(pod)
    if front is not None:
        return _carried_out(net, packet, front, gateway_plan(net.gateways, front, packet))
    controller = net.ingress.controller_of(pod)
    assert controller is not None, "only `arrive` sends packets here"
    plan = ingress_plan(net.ingress, controller, packet, net.now)
    if plan.question is not None:
        assert isinstance(plan.routing, Routing)
        if packet.flow.depth >= MOST_QUESTIONS:
            return _answered(packet, controller, plan, refused(controller, plan.routing, ASKS_ITSELF))
        asking = _first_packet(net, packet, controller, plan.question)
        return Need(asking, partial(_asked, net, packet, controller, plan, plan.question))
    return _carried_out(net, packet, controller, plan)


def _carried_out(net: View, packet: Packet, front: FrontEnd, plan: Plan) -> Step | Fork:
    """Answer, or connect to the backend the plan has for the request."""
    attempts = _attempts(packet)
    if attempts:
        return _again(net, packet, front, plan, attempts)
    if len(plan.outcomes) == 1:
        outcome = plan.outcomes[0][1]
        if isinstance(outcome, Said):
            return _answered(packet, front, plan, outcome)
        return _chosen(net, packet, front, plan, outcome)
    return _one_of(net, packet, front, plan)


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


def _attempts(packet: Packet) -> tuple[Attempt, ...]:
    """What was tried since the last answer was intercepted."""
    found: list[Attempt] = []
    for each in packet.attempts:
        if isinstance(each, Attempt):
            found.append(each)
        else:
            found.clear()
    return tuple(found)


# asking before letting in ---------------------------------------------------------------------------------------

def _first_packet(net: View, packet: Packet, controller: Controller, question: Question) -> Packet:
    """The packet that opens the controller's own connection to whoever is asked."""
    actor = pod_actor(net, controller.pod)
    flow = Flow(actor, question.host, "TCP", question.request, depth=packet.flow.depth + 1)
    source_port = _source_port(packet, 0)
    try:
        destination = ip.number(question.host)
    except ValueError:
        return Packet(Place.NAME, actor.node, 0, source_port, 0, question.port, flow)
    return Packet(Place.ADDRESS, actor.node, actor.address_for(destination) or 0, source_port, destination, question.port,
                  flow)


def _asked(net: View, packet: Packet, controller: Controller, plan: Plan, question: Question, walks: Outcomes
           ) -> Step | Fork:
    """Go on after the answer: each different one multiplies the outcomes (rule K-3)."""
    assert isinstance(plan.routing, Routing), "only Ingress rules ask first"
    verdicts: dict[tuple[object, ...], tuple[Fraction, Answer | None, Headers]] = {}
    walks = tuple((share, responded(net, trace)) for share, trace in walks)
    for share, trace in walks:
        answer, headers = verdict_of(question, plan.routing, trace.response)
        key = (None if answer is None else (answer.status, answer.location), headers)
        known = verdicts.get(key)
        verdicts[key] = (share + (known[0] if known is not None else 0), answer, headers)
    outcomes: list[tuple[Fraction, Way | Said]] = []
    for share, answer, headers in verdicts.values():
        if answer is not None:
            outcomes.append((share, refused(controller, plan.routing, answer, headers, question.auth.url)))
        else:
            outcomes += [(share * own, replace(each, request=with_headers(each.request, headers))
                          if isinstance(each, Way) else each) for own, each in plan.outcomes]
    return _carried_out(net, packet, controller, replace(plan, outcomes=tuple(outcomes), question=None, asked=walks))


def _answered(packet: Packet, front: FrontEnd, plan: Plan, said: Said) -> Step:
    """The proxy's own response; the walk rests here."""
    return Step(packet, None, ProxyAnswered(front.name, plan.routing, said.answer, said.response, said.upstream,
                                             said.why, plan.asked, said.flaw))


# the backend ----------------------------------------------------------------------------------------------------

def _chosen(net: View, packet: Packet, front: FrontEnd, plan: Plan, way: Way) -> Step | Fork:
    """The one backend there is: round robin from a random start, so each peer is equally likely (rule B-7)."""
    actor = pod_actor(net, front.pod)
    peers = _reachable(actor, way, ())
    if not peers:
        return _failed(packet, front, plan, way, ())
    made = partial(_to_peer, packet, actor, front, plan, 0, way, peers, ())
    return made(0) if len(peers) == 1 else Fork(len(peers), lambda _, number: made(number))


def _one_of(net: View, packet: Packet, front: FrontEnd, plan: Plan) -> Fork:
    """One of several backends by its share, and one of its peers."""
    actor = pod_actor(net, front.pod)
    branches = []
    for index, (share, outcome) in enumerate(plan.outcomes):
        peers = _reachable(actor, outcome, ()) if isinstance(outcome, Way) else ()
        branches += [(share / (len(peers) or 1), index, peers, number) for number in range(len(peers) or 1)]

    def make(packet: Packet, branch: int) -> Step:
        _, index, peers, number = branches[branch]
        outcome = plan.outcomes[index][1]
        if isinstance(outcome, Said):
            return _answered(packet, front, plan, outcome)
        if not peers:
            return _failed(packet, front, plan, outcome, ())
        return _to_peer(packet, actor, front, plan, index, outcome, peers, (), number)

    return Fork(len(branches), make, tuple(share for share, *_ in branches))


def _again(net: View, packet: Packet, front: FrontEnd, plan: Plan, attempts: tuple[Attempt, ...]) -> Step:
    """Another try at the same backend: the next peer in turn, as the balancer is simply asked again; so n peers give n
    walks, however many fail.

    Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer.lua balance, balancer/round_robin.lua.
    """
    index = attempts[-1].way
    way = plan.outcomes[index][1]
    assert isinstance(way, Way), "an attempt belongs to a backend"
    actor = pod_actor(net, front.pod)
    peers = _reachable(actor, way, attempts)
    if not peers or not _tries_again(plan, attempts):
        return _failed(packet, front, plan, way, attempts)
    chosen = _next_in_turn(way.upstream.peers, peers, attempts[-1].target)
    return _to_peer(packet, actor, front, plan, index, way, peers, attempts, chosen)


def _reachable(actor: Actor, way: Way, attempts: tuple[Attempt, ...]) -> tuple[Peer, ...]:
    """Peers that may be chosen: not tried yet, of a family the proxy has. After a failure all peers may be, or the same
    one again where affinity or hashing keep to it."""
    tried = set() if way.keeps_peer else {each.target for each in attempts}
    return tuple(peer for peer in (way.upstream.peers if attempts and not way.keeps_peer else way.among)
                 if peer.text not in tried and peer.host not in tried
                 and (peer.address is None or actor.address_for(peer.address) is not None))


def _next_in_turn(everybody: tuple[Peer, ...], left: tuple[Peer, ...], last: str) -> int:
    """Index in `left` of the peer that follows the one tried last."""
    names = [peer.text for peer in everybody]
    start = names.index(last) + 1 if last in names else 0
    return next(left.index(peer) for peer in (*everybody[start:], *everybody[:start]) if peer in left)


def _to_peer(packet: Packet, actor: Actor, front: FrontEnd, plan: Plan, way_index: int, way: Way,
             peers: tuple[Peer, ...], attempts: tuple[Attempt, ...], index: int) -> Step:
    """Open the second connection: the next packet is the proxy's own, and this one is its parent."""
    peer = peers[index]
    because = RuleChosen(front.name, plan.routing, way.upstream, peer, peers, way.request, attempts, way.role,
                         way.why, way.mirrors, way.timeout_seconds, way.stickiness, plan.asked, retry=plan.retry,
                         ref=way.ref)
    host = peer.text if peer.address is not None else peer.host
    flow = Flow(actor, host, "TCP", way.request, parent=packet, way=way_index)
    source_port = _source_port(packet, len(attempts))
    if peer.address is None:
        after = Packet(Place.NAME, actor.node, 0, source_port, 0, peer.port, flow, attempts=packet.attempts)
    else:
        source = actor.address_for(peer.address) or 0
        after = Packet(Place.ADDRESS, actor.node, source, source_port, peer.address, peer.port, flow,
                       attempts=packet.attempts)
    return Step(packet, after, because)


def _source_port(packet: Packet, tries: int) -> int:
    """The proxy's own port for this connection, the same for the same client connection and try."""
    mixed = (packet.source * 2654435761 + packet.source_port * 40503 + packet.port * 97 + tries * 7919) & 0xFFFFFFFF
    return FIRST_EPHEMERAL + mixed % (LAST_EPHEMERAL - FIRST_EPHEMERAL + 1)


# failures -------------------------------------------------------------------------------------------------------

def _failed(packet: Packet, front: FrontEnd, plan: Plan, way: Way, attempts: tuple[Attempt, ...]) -> Step:
    status = _failure_status(attempts)
    if isinstance(front, Front):
        response = gateway_response(status, front.name)
    else:
        assert isinstance(plan.routing, Routing)
        response = failed_response(front, plan.routing, status)
    return Step(packet, None, UpstreamFailed(front.name, plan.routing, way.upstream, attempts, response))


def _tries_again(plan: Plan, attempts: tuple[Attempt, ...]) -> bool:
    """Whether another peer is tried: the failure must be listed and tries must be left, 0 meaning no limit (B-7).

    A connection that was never established sent nothing, so the method does not matter. Source: nginx
    ngx_http_upstream_next, which spares non-idempotent requests only once they have been sent.
    """
    conditions, tries = plan.retry.conditions, plan.retry.tries
    if attempts[-1].verdict is Verdict.ANSWERED:  # an answer that is not good enough; `respond.retried` has seen to the rest
        return True
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
