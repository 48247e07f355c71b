"""Words for what an HTTP proxy decided (`route`): the rule that took the request, those that lost, the endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.http.losing import Loser, Loss, Near, NearMiss, losers, near_misses
from simnet.dataplane.http.matching import AnswerReason, Routing
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.notes import Note
from simnet.dataplane.http.plan import Role
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.table import HostReason
from simnet.dataplane.http.target import Address
from simnet.dataplane.http.upstreams import Peer, Upstream
from simnet.dataplane.step import Attempt, Step
from simnet.explain.told_gateway import gateway_told
from simnet.explain.words import Said, listed, question_of, result_of

Routed = http.RuleChosen | http.ProxyAnswered | http.UpstreamFailed

MOST_LOSERS = 12
MOST_NEAR = 3
NEAR_WORDS = {Near.CLASS: "if this controller served its Ingress", Near.CASE: "with the path in the rule's upper and "
              "lower case", Near.SLASH: "with or without the final slash",
              Near.BOUNDARY: "if the path went on with a slash", Near.HOST: "with the host {host}",
              Near.NEAREST: "if the path were like its own; no other rule of the host is nearer"}


def proxy_told(step: Step, decision: Routed) -> Said:
    asked, routing = step.before.flow.request, decision.routing
    if isinstance(routing, RouteRouting):
        return gateway_told(routing, decision, [] if isinstance(decision, http.ProxyAnswered) else _attempts(decision.attempts))
    match decision:
        case http.RuleChosen():
            return f"{_host_text(routing)}: {_rule_sentence(decision)}", _chosen_facts(decision, routing, asked)
        case http.ProxyAnswered():
            return (f"{_host_text(routing)}: {answer_sentence(decision)}",
                    [*_answer_facts(decision, routing), *_losers(losers(routing)), *_near(near_misses(routing)),
                     *_notes(decision.notes)])
        case http.UpstreamFailed(_, _, upstream, attempts, response):
            return (f"{_backend(upstream)}: no endpoint answered, so the controller answers {response.status} by itself",
                    [*_attempts(attempts), *_losers(losers(routing)), *_notes(decision.notes)])
        case other:
            assert_never(other)


# which rule -----------------------------------------------------------------------------------------------------

def rule_text(rule: Rule) -> str:
    """`shop.example.com/cart (Prefix) of Ingress default/shop`; `any host` for rules without one."""
    owner = f" of Ingress {rule.ingress.key}" if rule.ingress is not None else " of the controller itself"
    return f"{rule.host or 'any host '}{rule.path} ({rule.path_type}){owner}"


def _host_text(routing: Routing) -> str:
    if not isinstance(routing.address, Address) or routing.match is None:
        return "the request is malformed"
    host = routing.address.host or "(no host)"
    if routing.match.reason is HostReason.DEFAULT:
        return f"no Ingress names the host {host}"
    how = "" if routing.match.reason is HostReason.EXACT else f" ({routing.match.reason} {routing.match.name})"
    return f"host {host}{how}"


def _rule_sentence(decision: http.RuleChosen) -> str:
    service = decision.upstream.service
    if decision.role is Role.ERROR_PAGE:
        return f"{decision.why}, which custom-http-errors lists, so the default backend, Service {service}, makes the page"
    if decision.role is Role.CANARY:
        return f"rule {rule_text(decision.rule)} is chosen, and its canary, Service {service}, takes the request"
    if decision.is_fallback:
        return f"the rule's backend has no endpoints, so its default-backend, Service {service}, gets the request"
    if decision.rule.is_implicit:
        return f"no rule takes the request, so the default backend, Service {service}, gets it"
    return f"rule {rule_text(decision.rule)} is chosen"


def _chosen_facts(decision: http.RuleChosen, routing: Routing, asked: Request | None) -> list[str]:
    peer, among = decision.peer, decision.among
    facts = [*_asked(decision.paths), f"backend: {_backend(decision.upstream)}", *_why(decision)]
    if decision.upstream.is_service:
        facts.append(f"its cluster IP {peer.text} is called; the node picks the endpoint")
    else:
        facts.append(f"endpoint {_peer(peer)} is chosen, 1 of {len(among)}, by the controller itself")
    others = [_peer(each) for each in among if each is not peer]
    if others:
        facts.append(f"could have been: {listed(others)}")
    if decision.upstream.unready:
        facts.append(f"not ready: {listed(f'pod {key}' for key in decision.upstream.unready if key is not None)}")
    if asked is not None and asked.target != decision.request.target:
        facts.append(f"path {asked.target} -> {decision.request.target}")
    if asked is not None and asked.host != decision.request.host:
        facts.append(f"Host {asked.host} -> {decision.request.host}")
    facts += [f"a copy goes to {mirror}; its answer is dropped" for mirror in decision.mirrors]
    return [*facts, *_attempts(decision.attempts), *_losers(losers(routing)), *_notes(decision.notes)]


def _why(decision: http.RuleChosen) -> list[str]:
    """What chose between backend and canary, and how the client is kept."""
    facts = []
    if decision.why and decision.role is not Role.ERROR_PAGE:
        told = "the canary takes it" if decision.role is Role.CANARY else "its canary does not take it"
        facts.append(f"{told}: {decision.why}")
    if decision.stickiness is not None:
        facts.append(f"affinity: cookie {decision.stickiness.sticky.name} leads a client to one endpoint")
    return facts


def _asked(paths: http.Walks) -> list[str]:
    """The question of auth-url and its answers."""
    return [f"asked first: {question_of(trace)}: {result_of(trace)}" for _, trace in paths]


def _backend(upstream: Upstream) -> str:
    return f"Service {upstream.service} port {upstream.wanted}" if upstream.wanted else f"Service {upstream.service}"


def _peer(peer: Peer) -> str:
    return f"{peer.text} (pod {peer.pod})" if peer.pod is not None else peer.text


def _attempts(attempts: Iterable[object]) -> list[str]:
    return [f"tried: {each.target}: {each.verdict.word}" for each in attempts if isinstance(each, Attempt)]


# the proxy's own answers ----------------------------------------------------------------------------------------

def answer_sentence(decision: http.ProxyAnswered) -> str:
    """What an HTTP proxy answers without asking any backend, and why, as a clause."""
    status, routing = decision.response.status, decision.routing
    assert isinstance(routing, Routing), "what a Gateway answers is told by gateway_told"
    match decision.answer.reason:
        case AnswerReason.DEFAULT_BACKEND:
            return f"no rule takes the request, so the controller answers {status} by itself"
        case AnswerReason.NO_UPSTREAM if decision.upstream is not None:
            return f"{_backend(decision.upstream)} cannot serve: {decision.upstream.state}; the answer is {status}"
        case AnswerReason.DENIED:
            return f"{_denied(routing)}, which closes the location: the answer is {status}"
        case AnswerReason.MALFORMED:
            return f"{routing.address}; the answer is {status}"
        case reason:
            more = f" ({decision.why})" if decision.why else ""
            return f"{reason}{more}: the controller answers {status} by itself"


def _denied(routing: Routing) -> str:
    """What is wrong with the annotation that closes a location."""
    settings = routing.location.settings if routing.location is not None else None
    named = next((each for each in settings.references if each.annotation == routing.denied_by), None) if settings else None
    if named is None:
        return f"annotation {routing.denied_by} cannot be used"
    return (f"annotation {named.annotation} names {named.kind} {named.name}, which is missing, not allowed, in another "
            "namespace, or without the key it needs")


def _answer_facts(decision: http.ProxyAnswered, routing: Routing) -> list[str]:
    facts = _asked(decision.paths)
    if decision.answer.location:
        facts.append(f"redirected to {decision.answer.location}")
    location = routing.location
    if location is not None and not location.rule.is_implicit:
        facts.append(f"rule {rule_text(location.rule)} is in charge")
    if decision.upstream is not None and decision.upstream.unready:
        facts.append(f"not ready: {listed(f'pod {key}' for key in decision.upstream.unready if key is not None)}")
    return facts


# what lost ------------------------------------------------------------------------------------------------------

def _losers(found: list[Loser]) -> list[str]:
    shown = [each for each in found if not each.rule.is_implicit]
    lines = [f"lost: {rule_text(each.rule)}: {loss_text(each)}" for each in shown[:MOST_LOSERS]]
    return [*lines, f"lost: {len(shown) - MOST_LOSERS} more"] if len(shown) > MOST_LOSERS else lines


def loss_text(loser: Loser) -> str:
    """Why a rule lost, with what beat it or what it hangs on."""
    if loser.loss is Loss.CLASS and loser.class_match is not None:
        named = f" ({loser.class_match.name})" if loser.class_match.name else ""
        return f"{loser.loss}: {loser.class_match.reason}{named}"
    if loser.loss is Loss.DROPPED:
        return f"{loser.loss} ({loser.annotation})"
    if loser.loss in (Loss.OLDER, Loss.CONFLICT) and loser.by is not None:
        return f"{loser.loss} ({rule_text(loser.by)})"
    return str(loser.loss)


def _near(misses: Iterable[NearMiss]) -> list[str]:
    return [f"near miss: {rule_text(miss.loser.rule)} would take it "
            f"{NEAR_WORDS[miss.near].format(host=miss.loser.rule.host)}" for miss in misses][:MOST_NEAR]


def _notes(notes: Iterable[Note]) -> list[str]:
    return [f"annotation {note.name}: {note.outcome}" + (f"; did you mean {note.nearest}?" if note.nearest else "")
            for note in notes]
