"""Answers of a Gateway that nobody wanted: an unattached route, a missing grant, no listener or match, a lost backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from simnet.cluster import Cluster
from simnet.control.gateway import CONTROLLER
from simnet.control.gateway.attaching import Attachment, Refused
from simnet.control.gateway.references import Flaw, Resolved, references_of
from simnet.dataplane import decisions as core
from simnet.dataplane.gateway.losing import RouteNear, RouteNearMiss, route_losers, route_near_misses
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http.decisions import ProxyAnswered
from simnet.dataplane.http.matching import AnswerReason
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Instead, Patch, Path, Suspicion
from simnet.explain.told_gateway import entry_text, near_text
from simnet.explain.words import listed
from simnet.objects.gateway import Gateway, GatewayClass
from simnet.objects.httproute import HTTPRoute

NOT_FOUND = "The Gateway answers 404 for everything this HTTPRoute is about."
BROKEN = "The Gateway answers 500 for requests to this backend."


def answered(cluster: Cluster, trace: Trace, routing: RouteRouting, decision: ProxyAnswered) -> Iterator[Suspicion]:
    """Causes of an answer that the Gateway gave by itself."""
    route = routing.entry.route if routing.entry is not None else None
    match decision.answer.reason:
        case AnswerReason.NO_ROUTE:
            yield from _no_route(trace, routing)
        case AnswerReason.BAD_BACKEND if decision.flaw is not None and route is not None:
            yield lost_backend(cluster, route, decision.flaw)
        case AnswerReason.NO_UPSTREAM if decision.upstream is not None:
            service = cluster.view.service(decision.upstream.service)
            fault = service_fault(cluster, service, decision.upstream.port) if service is not None else None
            if fault is not None:
                yield fault
        case AnswerReason.NO_BACKEND if route is not None:
            yield _no_backend(route)
        case AnswerReason.OTHER_LISTENER:
            yield _misdirected(routing)
        case _:
            return


# no route -------------------------------------------------------------------------------------------------------

def _no_route(trace: Trace, routing: RouteRouting) -> Iterator[Suspicion]:
    misses = route_near_misses(routing)
    loose = next((miss.loser for miss in misses if miss.near is RouteNear.ATTACHMENT), None)
    if loose is not None and loose.attachment is not None:
        yield unattached(routing.gateway, loose.entry.route, loose.attachment)
    elif routing.hostname is None:
        yield _no_host(trace, routing)
    else:
        yield _no_match(trace, routing, misses)


def _no_host(trace: Trace, routing: RouteRouting) -> Suspicion:
    """No listener has the host, or none of the listener's routes has."""
    host, asked = routing.host, asked_of(trace)
    routes = {each.entry.route.ref: each.entry.route for each in route_losers(routing)}
    hosts = nearest_first(host, [each for route in routes.values() for each in route.spec.hostnames])
    known = [*dict.fromkeys(each for route in routes.values() for each in route.spec.hostnames)]
    listeners = [each.listener.hostname for each in routing.known.states if each.listener.hostname]
    text = listed(known) or listed(listeners) or "none"
    who = "no listener" if routing.listener is None else f"no route of listener {routing.listener.listener.name}"
    return Suspicion(
        code="GWY-HOST", objects=(routing.gateway.ref, *routes), summary=f"{who} of Gateway {routing.gateway.key} has the "
        f"host {host or '(none)'}; hostnames there are {text}",
        cause=f"The request's Host header says {host or 'nothing'}. The most specific listener is chosen by it, then the most "
              "specific hostname of that listener's routes; here there is none, and a Gateway has no default backend.",
        observed=f"Host: {host}", expected=f"one of {text}",
        nearest=f"{hosts[0]}, {difference(host, hosts[0])}" if hosts and is_near(host, hosts[0]) else "",
        candidates=tuple(Instead(asked.naming(each), "host", host, each) for each in hosts[:3] if "*" not in each),
        advice="Ask for a hostname of a route, or add the hostname to the route.")


def _no_match(trace: Trace, routing: RouteRouting, misses: list[RouteNearMiss]) -> Suspicion:
    asked = asked_of(trace)
    matches = listed(entry_text(each) for each in routing.among)
    paths = [miss for miss in misses if miss.near in (RouteNear.SLASH, RouteNear.CASE, RouteNear.BOUNDARY)]
    near = [f"{entry_text(miss.loser.entry)} would take it {near_text(miss)}" for miss in misses
            if miss.near not in (RouteNear.HOST, RouteNear.ATTACHMENT)]
    return Suspicion(
        code="GWY-MATCH", objects=tuple(dict.fromkeys(each.route.ref for each in routing.among)),
        summary=f"no match takes {routing.request.method} {routing.path} for host {routing.host}; there are {matches}",
        cause="The host has routes, and none of their matches takes the request, so the Gateway answers 404: it has no "
              "default backend.",
        evidence=("PathPrefix /foo takes /foo, /foo/ and /foo/x, but not /foobar; Exact /foo takes /foo alone; the path is "
                  "compared as sent.",),
        observed=f"{routing.request.method} {routing.request.target}", expected=f"one of {matches}",
        nearest=near[0] if near else "",
        candidates=tuple(Instead(asked.asking_for(miss.loser.entry.match.path), "path", routing.path,
                                 miss.loser.entry.match.path) for miss in paths),
        advice="Ask for a path that a match takes, or add a match.")


def unattached(gateway: Gateway, route: HTTPRoute, attachment: Attachment) -> Suspicion:
    """A route that names a Gateway and that no listener took."""
    parent = attachment.parent
    index = route.spec.parents.index(parent)
    fix, patches = "", []
    match attachment.refused:
        case Refused.NO_PARENT if parent.section:
            names = nearest_first(parent.section, [each.name for each in attachment.met])
            place: Path = ("spec", "parentRefs", index, "sectionName")
            patches = [Patch(route, place, parent.section, each, distance(parent.section, each)) for each in names]
            fix = "Name a listener of the Gateway in sectionName."
        case Refused.NO_PARENT:
            fix = "Name a port that a listener of the Gateway has, or leave port out."
        case Refused.NOT_ALLOWED:
            place = ("spec", "listeners", 0, "allowedRoutes", "namespaces")
            where = [i for i, each in enumerate(gateway.listeners) if each in attachment.met]
            patches = [Patch(gateway, (*place[:2], i, *place[3:]), {"from": gateway.listeners[i].allow_from},
                             {"from": "All"}, 1) for i in where]
            fix = "Let the listener take routes of this namespace: allowedRoutes.namespaces.from All, or a Selector."
        case _:
            fix = "Give the route a hostname that one of the listeners has."
    return Suspicion(
        code="GWY-ATTACH", objects=(route.ref, gateway.ref), symptom=NOT_FOUND,
        summary=f"HTTPRoute {route.key} is not attached to Gateway {gateway.key}: {attachment.what}",
        cause=f"A route counts only where a listener takes it. {attachment.what[:1].upper()}{attachment.what[1:]} "
              f"({attachment.refused}).",
        evidence=(f"Its status says Accepted False, {attachment.refused}.",), observed=str(attachment.refused),
        expected="Accepted True", candidates=tuple(patches), advice=fix)


# backends -------------------------------------------------------------------------------------------------------

def lost_backend(cluster: Cluster, route: HTTPRoute, flaw: Resolved) -> Suspicion:
    """A backendRef that leads nowhere."""
    target = flaw.ref.target
    if flaw.flaw is Flaw.NOT_PERMITTED:
        grants = [each.name for each in cluster.list("ReferenceGrant", namespace=target.namespace)]
        return Suspicion(
            code="GWY-GRANT", objects=(route.ref,), symptom=BROKEN,
            summary=f"HTTPRoute {route.key} names {flaw.ref} in another namespace, and no ReferenceGrant permits it",
            cause=f"A reference into namespace {target.namespace} needs a ReferenceGrant there, which says that HTTPRoutes of "
                  f"namespace {route.namespace} may name the Service. Without one it does not matter whether the Service "
                  "exists.",
            evidence=(f"ReferenceGrants in {target.namespace}: {listed(grants) or 'none'}.",),
            observed="RefNotPermitted", expected=f"a ReferenceGrant in namespace {target.namespace}",
            advice=f"Create a ReferenceGrant in namespace {target.namespace}: from group gateway.networking.k8s.io, kind "
                   f"HTTPRoute, namespace {route.namespace}; to group \"\", kind Service, name {target.name}.")
    known = [each.name for each in cluster.list("Service", namespace=target.namespace)]
    near = nearest_first(target.name, known) if flaw.service is None else []
    ports = listed(str(each.port) for each in flaw.service.ports) if flaw.service is not None else ""
    return Suspicion(
        code="GWY-BACKEND", objects=(route.ref, f"service/{target.namespace}/{target.name}"), symptom=BROKEN,
        summary=f"HTTPRoute {route.key}: {flaw.ref} {flaw.what}",
        cause=f"The backend of the rule is {flaw.ref}, which {flaw.what}. Its share of the requests is answered 500.",
        evidence=(f"Its ports are {ports}." if ports else f"Services of {target.namespace}: {listed(known) or 'none'}.",),
        observed=str(flaw.flaw), expected=f"one of port {ports}" if ports else f"a Service of {target.namespace}",
        nearest=f"Service {near[0]}, {difference(target.name, near[0])}" if near else "",
        candidates=tuple(_backend_patches(route, flaw, near)), advice="Point the rule to a Service and a port that exist.")


def _backend_patches(route: HTTPRoute, flaw: Resolved, near: list[str]) -> Iterator[Patch]:
    """Another name, or another port, wherever the rules name the backend."""
    for i, rule in enumerate(route.spec.rules):
        for j, backend in enumerate(rule.backends):
            if backend != flaw.ref:
                continue
            place: Path = ("spec", "rules", i, "backendRefs", j)
            if flaw.service is None:
                name = backend.target.name
                yield from (Patch(route, (*place, "name"), name, each, distance(name, each)) for each in near)
            elif flaw.flaw is Flaw.NOT_FOUND:
                old = str(backend.port)
                yield from (Patch(route, (*place, "port"), backend.port, each.port, distance(old, str(each.port)))
                            for each in flaw.service.ports)


def _no_backend(route: HTTPRoute) -> Suspicion:
    return Suspicion(
        code="GWY-BACKEND", objects=(route.ref,), symptom=BROKEN,
        summary=f"a rule of HTTPRoute {route.key} has no backend with a weight above 0",
        cause="Requests are shared out by weight, and nobody has any; the answer is 500.", observed="sum of weights 0",
        expected="a backend with a weight", advice="Give one of the backends a weight, or name one.")


# TLS ------------------------------------------------------------------------------------------------------------

def refused(trace: Trace, decision: core.NameRefused) -> Iterator[Suspicion]:
    """A handshake for a name that no listener has."""
    name = decision.server_name
    yield Suspicion(
        code="GWY-TLS", objects=(f"gateway/{decision.gateway}",),
        summary=f"Gateway {decision.gateway} ends the handshake for {name or 'a client that names no server'}: "
                f"{decision.reason}",
        cause="The name in the TLS handshake chooses the listener, and with it the certificate. There is no fallback "
              "certificate as an Ingress controller has one.",
        observed=f"SNI {name or 'none'}", expected="the hostname of an HTTPS listener",
        advice="Ask by a hostname of an HTTPS listener (curl --resolve), or add a listener without a hostname.")


def _misdirected(routing: RouteRouting) -> Suspicion:
    sni = routing.request.sni or "none"
    return Suspicion(
        code="GWY-TLS", objects=(routing.gateway.ref,),
        summary=f"the handshake was for {sni}, the request is for {routing.host}: two listeners",
        cause="One connection belongs to one listener, chosen by the name in the handshake; a request for a host of another "
              "listener is answered 421.",
        observed=f"SNI {sni}, Host {routing.host}", expected="the same name in both",
        advice="Ask by the name itself (curl --resolve) instead of setting the Host header.")


# at rest --------------------------------------------------------------------------------------------------------

def gateways_at_rest(cluster: Cluster) -> Iterator[Suspicion]:
    """Gateways of no class of ours, routes that are not attached, backends that lead nowhere."""
    for gateway in cluster.list("Gateway"):
        table = cluster.view.gateways.table(gateway.key)
        if table is None:
            yield from _unserved(cluster, gateway)
            continue
        for route, attachments in table.known().routes.values():
            yield from (unattached(gateway, route, each) for each in attachments if each.refused is not None)
    for route in cluster.list("HTTPRoute"):
        for rule in route.spec.rules:
            for ref in references_of(rule):
                found = cluster.view.gateways.resolved(route.namespace, ref)
                if found.flaw is not None:
                    yield lost_backend(cluster, route, found)


def _unserved(cluster: Cluster, gateway: Gateway) -> Iterator[Suspicion]:
    """Nobody here looks after the class; a status that a real controller wrote is left alone."""
    if any(each.status == "True" for each in gateway.conditions):
        return
    classes = cast("list[GatewayClass]", cluster.list("GatewayClass"))
    served = [each.name for each in classes if each.controller == CONTROLLER]
    found = next((each for each in classes if each.name == gateway.class_name), None)
    fact = f"is that of {found.controller}" if found is not None else "does not exist"
    yield Suspicion(
        code="GWY-CLASS", objects=(gateway.ref,), symptom="The Gateway has no address and serves nothing.",
        summary=f"no controller serves Gateway {gateway.key}: its class {gateway.class_name} {fact}",
        cause=f"Gateway {gateway.key} asks for the class {gateway.class_name}, which {fact}. simnet serves classes whose "
              f"controllerName is {CONTROLLER}.",
        observed=f"gatewayClassName: {gateway.class_name}", expected=listed(served) or f"a GatewayClass of {CONTROLLER}",
        candidates=tuple(Patch(gateway, ("spec", "gatewayClassName"), gateway.class_name, each,
                               distance(gateway.class_name, each)) for each in served),
        advice=f"Create a GatewayClass {gateway.class_name} with controllerName {CONTROLLER}.")


