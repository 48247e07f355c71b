"""Words and facts for what a Gateway decided: the match that took the request, those that lost, the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simnet.control.gateway.references import Resolved
from simnet.dataplane.gateway.entries import Entry
from simnet.dataplane.gateway.losing import RouteLoser, RouteLoss, RouteNear, RouteNearMiss, route_losers, route_near_misses
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.http.matching import AnswerReason
from simnet.dataplane.http.upstreams import Peer
from simnet.explain.words import Said, listed
from simnet.objects.httproute import RouteMatch

MOST_LOSERS = 12
MOST_NEAR = 3
_NEAR_WORDS = {
    RouteNear.SLASH: "with or without the final slash", RouteNear.CASE: "with the path in the route's upper and lower case",
    RouteNear.BOUNDARY: "if the path went on with a slash", RouteNear.METHOD: "with the method {method}",
    RouteNear.HEADER: "with the header {header}", RouteNear.QUERY: "with the query parameter {query}",
    RouteNear.HOST: "with the host {host}", RouteNear.ATTACHMENT: "if its route were attached ({attachment})"}


def gateway_told(routing: RouteRouting, decision: http.RuleChosen | http.ProxyAnswered | http.UpstreamFailed,
                 attempts: list[str]) -> Said:
    """The sentence for a decision taken by HTTPRoutes, and its facts."""
    losers = _losers(route_losers(routing))
    match decision:
        case http.RuleChosen():
            return _where(routing, _chosen(routing)), [*_chosen_facts(decision, routing), *attempts, *losers]
        case http.ProxyAnswered():
            return (_where(routing, _answer(decision, routing)),
                    [*_answer_facts(decision, routing), *losers, *_near(route_near_misses(routing))])
        case http.UpstreamFailed(_, _, upstream, _, response):
            return (f"Service {upstream.service} port {upstream.wanted}: no endpoint answered, so the Gateway answers "
                    f"{response.status} by itself", [*attempts, *losers])


def _where(routing: RouteRouting, what: str) -> str:
    """Which listener and hostname had the request, and what came of it."""
    if routing.problem is not None:
        return f"{routing.problem}; the answer is 400"
    host = routing.host or "(no host)"
    if routing.listener is None:
        return f"no listener of port {routing.port} has the host {host}: {what}"
    listener = f"host {host}: listener {routing.listener.listener.name}"
    if routing.hostname is None or routing.hostname == routing.host:
        return f"{listener}: {what}"
    return f"{listener}, routes for {routing.hostname or 'every host'}: {what}"


def match_text(match: RouteMatch) -> str:
    """`PathPrefix /v2, method GET, header version=two`."""
    parts = [f"{match.path_type} {match.path}", *([f"method {match.method}"] if match.method else [])]
    parts += [f"header {each.name}={each.value}" for each in match.headers]
    return ", ".join((*parts, *(f"query {each.name}={each.value}" for each in match.query)))


def entry_text(entry: Entry) -> str:
    """`PathPrefix /v2 (rule 2 of HTTPRoute default/web)`."""
    name = f" {entry.rule.name!r}" if entry.rule.name else ""
    return f"{match_text(entry.match)} (rule {entry.place[0] + 1}{name} of HTTPRoute {entry.route.key})"


def _chosen(routing: RouteRouting) -> str:
    return f"{entry_text(routing.entry)} is chosen" if routing.entry is not None else ""


def _chosen_facts(decision: http.RuleChosen, routing: RouteRouting) -> list[str]:
    weight = f", {decision.why}" if decision.why else ""
    facts = [f"backend: Service {decision.upstream.service} port {decision.upstream.wanted}{weight}",
             f"endpoint {_peer(decision.peer)} is chosen, 1 of {len(decision.among)}, by the Gateway itself"]
    others = [_peer(each) for each in decision.among if each is not decision.peer]
    if others:
        facts.append(f"could have been: {listed(others)}")
    if decision.upstream.unready:
        facts.append(f"not ready: {listed(f'pod {key}' for key in decision.upstream.unready if key is not None)}")
    asked, sent = routing.request, decision.request
    if asked.target != sent.target:
        facts.append(f"path {asked.target} -> {sent.target}")
    if asked.host != sent.host:
        facts.append(f"Host {asked.host} -> {sent.host}")
    return facts + [f"a copy goes to Service {name}" for name in decision.mirrors]


def _peer(peer: Peer) -> str:
    return f"{peer.text} (pod {peer.pod})" if peer.pod is not None else peer.text


def _answer(decision: http.ProxyAnswered, routing: RouteRouting) -> str:
    status = decision.response.status
    match decision.answer.reason:
        case AnswerReason.NO_ROUTE:
            return f"no route takes the request, so the Gateway answers {status} by itself"
        case AnswerReason.OTHER_LISTENER:
            name = routing.request.sni or "no name"
            return f"the connection was made for {name}, which is another listener's: {status}"
        case AnswerReason.NO_UPSTREAM if decision.upstream is not None:
            state = f"Service {decision.upstream.service}: {decision.upstream.state}"
            return f"{_chosen(routing)}, but {state}; the answer is {status}"
        case AnswerReason.BAD_BACKEND if decision.flaw is not None:
            return f"{_chosen(routing)}, but {flaw_text(decision.flaw)}; the answer is {status}"
        case reason:
            return f"{_chosen(routing)}; {reason}: the Gateway answers {status} by itself"


def flaw_text(flaw: Resolved) -> str:
    """`Service b/web:80 lies in another namespace, and no ReferenceGrant in b permits it`."""
    return f"{flaw.ref} {flaw.what}"


def _answer_facts(decision: http.ProxyAnswered, routing: RouteRouting) -> list[str]:
    facts = [f"redirected to {decision.answer.location}"] if decision.answer.location else []
    if decision.upstream is not None and decision.upstream.unready:
        facts.append(f"not ready: {listed(f'pod {key}' for key in decision.upstream.unready if key is not None)}")
    if routing.listener is None and routing.problem is None:
        hosts = [f"{each.listener.name} ({each.listener.hostname})" for each in routing.known.states
                 if each.is_accepted and each.listener.port == routing.port]
        facts.append(f"listeners of the port: {listed(hosts) or 'none'}")
    return facts


# what lost ------------------------------------------------------------------------------------------------------

def _losers(losers: list[RouteLoser]) -> list[str]:
    lines = [f"lost: {entry_text(each.entry)}: {route_loss_text(each)}" for each in losers[:MOST_LOSERS]]
    return [*lines, f"lost: {len(losers) - MOST_LOSERS} more"] if len(losers) > MOST_LOSERS else lines


def route_loss_text(loser: RouteLoser) -> str:
    """Why a match lost, with what it hangs on."""
    hosts = loser.entry.route.spec.hostnames
    if loser.loss is RouteLoss.UNATTACHED and loser.attachment is not None:
        return f"{loser.loss}: {loser.attachment.what} ({loser.attachment.refused})"
    return f"{loser.loss} ({listed(hosts)})" if loser.loss is RouteLoss.HOST and hosts else str(loser.loss)


def _near(misses: Iterable[RouteNearMiss]) -> list[str]:
    return [f"near miss: {entry_text(miss.loser.entry)} would take it {near_text(miss)}" for miss in misses][:MOST_NEAR]


def near_text(miss: RouteNearMiss) -> str:
    """What would have to be different, as the rest of a sentence."""
    entry, attachment = miss.loser.entry, miss.loser.attachment
    return _NEAR_WORDS[miss.near].format(
        method=entry.match.method, header=listed(f"{each.name}: {each.value}" for each in entry.match.headers),
        query=listed(f"{each.name}={each.value}" for each in entry.match.query),
        host=listed(entry.route.spec.hostnames) or "of its listener",
        attachment=attachment.refused if attachment is not None else "")


# facts ----------------------------------------------------------------------------------------------------------

def route_facts(routing: RouteRouting) -> dict[str, Any]:
    """The routing as plain data."""
    return {"host": routing.host or None, "path": routing.path, "gateway": str(routing.gateway.key),
            "listener": routing.listener.listener.name if routing.listener is not None else None,
            "hostname": routing.hostname, "rule_chosen": entry_facts(routing.entry) if routing.entry is not None else None,
            "losers": [{"rule": entry_facts(each.entry), "because": str(each.loss),
                        "by": entry_facts(each.by) if each.by is not None else None,
                        "unattached_because": each.attachment.refused if each.attachment is not None else None}
                       for each in route_losers(routing)]}


def near_facts(routing: RouteRouting) -> list[dict[str, Any]]:
    """The near misses as plain data."""
    return [{"rule": entry_facts(each.loser.entry), "differs_in": str(each.near)} for each in route_near_misses(routing)]


def entry_facts(entry: Entry) -> dict[str, Any]:
    """One match as plain data."""
    match = entry.match
    return {"httproute": str(entry.route.key), "rule": entry.place[0], "match": entry.place[1], "path": match.path,
            "path_type": match.path_type, "method": match.method or None,
            "headers": {each.name: each.value for each in match.headers},
            "query": {each.name: each.value for each in match.query}}
