"""A rule took the request and its backend cannot serve: another namespace, a slip, a wrong port, nobody ready."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.cluster import Cluster
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.upstreams import Upstream, UpstreamState
from simnet.dataplane.step import Trace
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.diagnosis.routing import paths_to
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import listed
from simnet.objects.ingress import Ingress
from simnet.objects.service import Service

UNAVAILABLE = "The controller answers 503 for this rule."


def no_upstream(cluster: Cluster, decision: ProxyAnswered) -> Iterator[Suspicion]:
    """Causes of a 503 by the controller itself."""
    location = decision.routing.location if isinstance(decision.routing, Routing) else None
    if decision.upstream is not None and location is not None and location.rule.ingress is not None:
        yield from backend_fault(cluster, location.rule.ingress, location.rule, decision.upstream)


def backend_fault(cluster: Cluster, ingress: Ingress, rule: Rule, upstream: Upstream) -> Iterator[Suspicion]:
    """What is wrong with a rule's backend; nothing when it can serve."""
    service = cluster.view.service(upstream.service)
    match upstream.state:
        case UpstreamState.READY:
            return
        case UpstreamState.NO_SERVICE:
            yield _no_service(cluster, ingress, rule, upstream)
        case UpstreamState.NO_PORT if service is not None:
            yield _no_port(ingress, rule, upstream, service)
        case UpstreamState.NO_ENDPOINTS | UpstreamState.NOT_READY if service is not None:
            fault = service_fault(cluster, service, upstream.port)
            if fault is not None:
                yield fault
        case state:
            yield Suspicion(
                code="ING-BACKEND", objects=(ingress.ref, f"service/{upstream.service}"), symptom=UNAVAILABLE,
                summary=f"Ingress {ingress.key} points to Service {upstream.service}: {state}",
                cause=f"The rule's backend is Service {upstream.service}, and {state}.", observed=str(state),
                expected="a Service the controller can reach", advice="Point the rule to another Service.")


def _no_service(cluster: Cluster, ingress: Ingress, rule: Rule, upstream: Upstream) -> Suspicion:
    name = upstream.service.name
    elsewhere = [each.key for each in cluster.list("Service") if each.name == name]
    local = [each.name for each in cluster.list("Service", namespace=ingress.namespace)]
    near = nearest_first(name, local)
    patches = [Patch(ingress, (*path, "backend", "service", "name"), name, each, distance(name, each))
               for path in paths_to(rule) for each in near]
    if not elsewhere:
        return Suspicion(
            code="ING-BACKEND", objects=(ingress.ref,), symptom=UNAVAILABLE,
            summary=f"Ingress {ingress.key} points to Service {upstream.service}, which does not exist",
            cause=f"The rule's backend is Service {name}, and there is no Service {upstream.service}.",
            evidence=(f"Services of this namespace: {listed(local) or 'none'}.",), observed=f"no Service {upstream.service}",
            expected=f"a Service of namespace {ingress.namespace}",
            nearest=f"Service {near[0]}, {difference(name, near[0])}" if near else "", candidates=tuple(patches),
            advice="Create the Service, or point the rule to one that exists.")
    return Suspicion(
        code="ING-XNS", objects=(ingress.ref, *(f"service/{key}" for key in elsewhere)), symptom=UNAVAILABLE,
        summary=f"Ingress {ingress.key} points to Service {name}; there is no {upstream.service}, but {listed(elsewhere)}",
        cause=f"The backend of an Ingress is always a Service of the Ingress's own namespace, {ingress.namespace}. "
              f"Service {elsewhere[0]} is in another one.",
        evidence=(f"Services of namespace {ingress.namespace}: {listed(local) or 'none'}.",),
        observed=f"no Service {upstream.service}", expected=f"Service {name} in namespace {ingress.namespace}",
        nearest=f"Service {elsewhere[0]}, in another namespace", candidates=tuple(patches),
        advice=f"Move the Ingress to namespace {elsewhere[0].namespace}, or make a Service of type ExternalName for "
               f"{name}.{elsewhere[0].namespace}.svc.cluster.local beside it; a Gateway with a ReferenceGrant may cross "
               "namespaces.")


def _no_port(ingress: Ingress, rule: Rule, upstream: Upstream, service: Service) -> Suspicion:
    wanted = upstream.wanted
    ports = listed(f"{each.name} ({each.port})" if each.name else each.port for each in service.ports)
    patches = []
    for path in paths_to(rule):
        for each in sorted(service.ports, key=lambda port: distance(wanted, str(port.port))):
            by_name = not wanted.isdigit() and bool(each.name)
            field, new = ("name", each.name) if by_name else ("number", each.port)
            if by_name or wanted.isdigit():
                old: str | int = int(wanted) if wanted.isdigit() else wanted
                patches.append(Patch(ingress, (*path, "backend", "service", "port", field), old, new,
                                     distance(wanted, str(new))))
    near = next((port.name for port in service.ports if port.name and is_near(wanted, port.name)), "")
    return Suspicion(
        code="ING-PORT", objects=(ingress.ref, service.ref), symptom=UNAVAILABLE,
        summary=f"Ingress {ingress.key} points to port {wanted} of Service {service.key}, which has {ports}",
        cause=f"The rule's backend is port {wanted} of Service {service.key}, and the Service has no such port.",
        evidence=(f"Its ports are {ports}. A rule names the Service's port, not the pod's.",),
        observed=f"port {wanted}", expected=f"one of {ports}", nearest=near or f"port {service.ports[0].port}",
        candidates=tuple(patches), advice="Name a port of the Service in the rule.")


def rewritten(trace: Trace, decision: RuleChosen) -> Iterator[Suspicion]:
    """The program's own 404 after the controller changed the path it was asked for."""
    routing, request = decision.routing, trace.steps[0].before.flow.request
    ingress = decision.rule.ingress if isinstance(routing, Routing) else None
    if not isinstance(routing, Routing) or ingress is None or request is None or not decision.location.rewrites:
        return
    if request.target == decision.request.target or trace.response is None or trace.response.status != 404:
        return
    name = f"{routing.table.flags.annotations_prefix}/rewrite-target"
    target = ingress.annotations.get(name, "")
    evidence = [f"{request.target} became {decision.request.target}."]
    if "$" not in target:
        evidence.append(f"The target {target} has no capture group: every request under the rule is sent as {target}.")
    yield Suspicion(
        code="ING-REWRITE", objects=(ingress.ref,),
        summary=f"Ingress {ingress.key} rewrites {request.target} to {decision.request.target}, which the program does "
                "not have",
        cause=f"The annotation rewrite-target of Ingress {ingress.key} changes the path before the program sees it.",
        evidence=tuple(evidence), observed=f"path {decision.request.target}", expected=f"path {request.target}",
        candidates=(Patch(ingress, ("metadata", "annotations", name), target, None, len(target)),),
        advice="Keep the rest of the path with a capture group: path /app(/|$)(.*) and rewrite-target /$2.")
