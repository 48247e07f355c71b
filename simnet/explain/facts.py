"""The facts of every decision as plain data, with stable keys: names of objects as text, addresses as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from simnet import ip
from simnet.clock import iso
from simnet.dataplane import decisions as core
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.http.losing import Loser, NearMiss, losers, near_misses
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.message import Request, ServedCertificate
from simnet.dataplane.http.notes import Note
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.target import Address
from simnet.dataplane.http.upstreams import Peer, Upstream
from simnet.dataplane.rules import Claim, Target
from simnet.dataplane.step import Attempt
from simnet.explain.told_arrival import Arrival
from simnet.explain.told_gateway import flaw_text, near_facts, route_facts
from simnet.explain.told_proxy import Routed
from simnet.explain.told_service import Addressed, Balanced
from simnet.explain.told_travel import Travel
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

Facts = dict[str, Any]


def facts_of(decision: Addressed | Balanced | Travel | Arrival | Routed) -> Facts:
    """Everything the decision knows, but for the tables it was taken from."""
    if isinstance(decision, Addressed):
        return _address(decision)
    if isinstance(decision, Balanced):
        return _balance(decision)
    if isinstance(decision, Travel):
        return _travel(decision)
    if isinstance(decision, Arrival):
        return _arrival(decision)
    if isinstance(decision, Routed):
        return _routed(decision)
    assert_never(decision)


def _address(decision: Addressed) -> Facts:
    match decision:
        case core.EnteredCluster(node, path) | core.RoutedToNode(node, path):
            return {"node": node, "path": list(path)}
        case core.ServiceCaptured(claim, mode):
            return {**_claim(claim), "also_claimed_by": _keys(claim.also), "proxy_mode": mode}
        case core.HostPortCaptured(pod, host_port, container_port):
            return {"pod": str(pod.key), "host_port": host_port, "container_port": container_port}
        case core.PodAddressed(pod):
            return {"pod": str(pod.key)}
        case core.UnownedEndpoint(address, port):
            return {"address": ip.text(address), "port": port}
        case core.NodeAddressed(node, unserved, rule):
            return {"node": node, "unserved_node_port_of": str(unserved.key) if unserved is not None else None,
                    "rule": rule or None}
        case core.Loopback(owner):
            return {"owner": owner}
        case core.OutsideAddressed(host):
            return {"host": host}
        case core.LeftCluster(destination, port, near, in_service_range, in_pod_range, stopped):
            return {"address": ip.text(destination), "port": port, "in_service_range": in_service_range,
                    "in_pod_range": in_pod_range, "service_with_address": str(near.key) if near is not None else None,
                    "stopped_pod": str(stopped) if stopped is not None else None, "rule": decision.rule}
        case core.RejectedByMode(service, port):
            return {"service": str(service.key), "port": port, "rule": decision.rule}
        case core.DroppedByMode(destination):
            return {"address": ip.text(destination), "rule": decision.rule}
        case core.HealthChecked(service, node, local_endpoints):
            return {"service": str(service.key), "node": node, "local_endpoints": local_endpoints}
        case other:
            assert_never(other)


def _balance(decision: Balanced) -> Facts:
    match decision:
        case core.EndpointChosen(claim, target, among):
            return {**_claim(claim), "endpoint": _target(target), "among": [_target(each) for each in among],
                    "left_out": [_target(each) for each in claim.rules.targets if each not in among],
                    "policy": decision.policy, "rule": decision.reason, "masquerade": decision.masquerade,
                    "sticky": decision.sticky, "topology": decision.usable.topology or None,
                    "only_terminating": decision.usable.is_fallback}
        case core.NoEndpoints(claim):
            return {**_claim(claim), "left_out": [_target(each) for each in claim.rules.targets], "rule": decision.rule}
        case core.NoLocalEndpoints(claim):
            return {**_claim(claim), "policy": decision.policy, "rule": decision.rule,
                    "left_out": [_target(each) for each in claim.rules.targets]}
        case core.SourceOutOfRange(claim, source, ranges):
            return {**_claim(claim), "source": ip.text(source), "ranges": [str(cidr) for cidr in ranges],
                    "rule": decision.rule}
        case other:
            assert_never(other)


def _travel(decision: Travel) -> Facts:
    match decision:
        case core.Departed(masqueraded_to, reason, unjudged):
            return {"masqueraded_to": ip.text(masqueraded_to) if masqueraded_to is not None else None,
                    "rule": reason or None, "unjudged_policies": _keys(unjudged)}
        case core.Crossed(path):
            return {"path": list(path)}
        case core.ReplyLost(node, receiver, rule):
            return {"node": node, "receiver": receiver, "rule": rule}
        case core.NoPath(origin, goal, missing):
            return {"origin": origin, "goal": goal, "missing_link": list(missing)}
        case core.NoAddress(actor, destination):
            return {"actor": actor, "address": ip.text(destination)}
        case core.Admitted(unjudged):
            return {"unjudged_policies": _keys(unjudged)}
        case core.Looped(limit):
            return {"step_limit": limit}
        case other:
            assert_never(other)


def _arrival(decision: Arrival) -> Facts:
    match decision:
        case core.Delivered(receiver, pod, container, known_by, certificate):
            return {"receiver": receiver, "pod": _pod(pod), "container": container or None, "known_by": known_by,
                    "certificate": certificate_facts(certificate)}
        case core.ProxyReached(pod, controller, certificate, reason):
            return {"pod": str(pod.key), "controller": controller, "certificate": certificate_facts(certificate),
                    "certificate_reason": reason or None}
        case core.NotListening(receiver, pod, node, port, open_ports, loopback_only):
            return {"receiver": receiver, "pod": _pod(pod), "node": node.name if node is not None else None,
                    "port": port, "open_ports": list(open_ports), "loopback_only": loopback_only}
        case core.CertificateRefused(receiver, pod, certificate, reason, host, shown_because):
            return {"receiver": receiver, "pod": _pod(pod), "certificate": certificate_facts(certificate),
                    "refused_because": reason, "host": host, "certificate_reason": shown_because or None}
        case core.NotTLS(receiver, pod):
            return {"receiver": receiver, "pod": _pod(pod)}
        case core.NameRefused(receiver, pod, gateway, name, reason):
            return {"receiver": receiver, "pod": str(pod.key), "gateway": gateway, "server_name": name or None,
                    "reason": reason}
        case core.PlainToTLS(receiver, pod):
            return {"receiver": receiver, "pod": _pod(pod)}
        case other:
            assert_never(other)


def _routed(decision: Routed) -> Facts:
    routing = decision.routing
    common = {"controller": decision.controller,
              **(route_facts(routing) if isinstance(routing, RouteRouting) else _routing(routing)),
              "notes": _notes(decision.notes)}
    match decision:
        case http.RuleChosen(_, _, upstream, peer, among, request, attempts, role, why, mirrors):
            return {**common, "upstream": _upstream(upstream), "endpoint": _peer(peer),
                    "among": [_peer(each) for each in among], "attempts": _attempts(attempts),
                    "role": str(role), "why": why or None, "mirrors": list(mirrors),
                    "is_fallback": decision.is_fallback, "sent": request_facts(request)}
        case http.ProxyAnswered(_, _, answer, _, upstream):
            return {**common, "reason": str(answer.reason), "location": answer.location or None,
                    "why": decision.why or (routing.denied_by if isinstance(routing, Routing) else "") or None,
                    "upstream": _upstream(upstream) if upstream is not None else None,
                    "flaw": flaw_text(decision.flaw) if decision.flaw is not None else None,
                    "near_misses": near_facts(routing) if isinstance(routing, RouteRouting) else
                    [_near(each) for each in near_misses(routing)]}
        case http.UpstreamFailed(_, _, upstream, attempts):
            return {**common, "upstream": _upstream(upstream), "attempts": _attempts(attempts)}
        case other:
            assert_never(other)


# values ---------------------------------------------------------------------------------------------------------

def _keys(keys: Iterable[ObjectKey]) -> list[str]:
    return [str(key) for key in keys]


def _pod(pod: Pod | None) -> str | None:
    return str(pod.key) if pod is not None else None


def _claim(claim: Claim) -> Facts:
    return {"service": str(claim.rules.service.key), "service_port": claim.rules.name, "address_kind": str(claim.kind),
            "node": claim.node}


def _target(target: Target) -> Facts:
    return {"address": ip.text(target.address), "port": target.port, "node": target.node_name or None,
            "pod": str(target.pod) if target.pod is not None else None, "ready": target.is_ready}


def certificate_facts(served: ServedCertificate | None) -> Facts | None:
    """Name and names of a certificate that was shown."""
    if served is None:
        return None
    names = list(served.certificate.names) if served.certificate is not None else []
    return {"name": served.name, "is_fallback": served.is_fallback, "names": names}


def request_facts(request: Request) -> Facts:
    """What one side of an HTTP connection sends."""
    return {"method": request.method, "scheme": request.scheme, "host": request.host, "target": request.target,
            "headers": [list(pair) for pair in request.headers], "body_bytes": len(request.body), "sni": request.sni,
            "http_version": request.http_version}


def _routing(routing: Routing) -> Facts:
    match, location = routing.match, routing.location
    return {"host": routing.address.host if isinstance(routing.address, Address) else None,
            "host_match": str(match.reason) if match is not None else None,
            "path": routing.path, "rule_chosen": _rule(location.rule) if location is not None else None,
            "losers": [_loser(each) for each in losers(routing)]}


def _rule(rule: Rule) -> Facts:
    return {"ingress": str(rule.ingress.key) if rule.ingress is not None else None, "host": rule.host,
            "path": rule.path, "path_type": rule.path_type, "is_implicit": rule.is_implicit,
            "backend": str(rule.backend) if rule.backend is not None else None,
            "created": iso(rule.ingress.created) if rule.ingress is not None else None}


def _loser(loser: Loser) -> Facts:
    return {"rule": _rule(loser.rule), "because": str(loser.loss),
            "by": _rule(loser.by) if loser.by is not None else None,
            "class_because": str(loser.class_match.reason) if loser.class_match is not None else None}


def _near(miss: NearMiss) -> Facts:
    return {"rule": _rule(miss.loser.rule), "differs_in": str(miss.near)}


def _notes(notes: Iterable[Note]) -> list[Facts]:
    return [{"annotation": note.name, "value": note.value, "outcome": str(note.outcome),
             "nearest": note.nearest or None} for note in notes]


def _upstream(upstream: Upstream) -> Facts:
    return {"service": str(upstream.service), "port": upstream.wanted or None, "state": str(upstream.state),
            "endpoints": [_peer(each) for each in upstream.peers],
            "not_ready": [str(key) for key in upstream.unready if key is not None]}


def _peer(peer: Peer) -> Facts:
    return {"address": ip.text(peer.address) if peer.address is not None else None, "host": peer.host,
            "port": peer.port, "pod": str(peer.pod) if peer.pod is not None else None}


def _attempts(attempts: Iterable[object]) -> list[Facts]:
    return [{"target": each.target, "verdict": str(each.verdict)} for each in attempts if isinstance(each, Attempt)]
