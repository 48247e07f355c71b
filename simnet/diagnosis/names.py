"""A name without an address: another namespace, a slip, an alias; and an alias that changes less than one thinks."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.packet import Actor
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.near import difference, nearest_first
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Instead, Suspicion
from simnet.explain.reasons import reason_text
from simnet.explain.words import listed, short
from simnet.names import ObjectKey


def unresolved(cluster: Cluster, trace: Trace, decision: dns.NameUnresolved) -> Iterator[Suspicion]:
    """Causes of a name that gave no address, the name server having answered."""
    lookup = decision.lookup
    actor = trace.steps[0].before.flow.actor
    found = tuple(dict.fromkeys(answer.reason for answer in lookup.queries))
    alias = next((each for each in found if isinstance(each, reasons.TargetMissing | reasons.AliasLoop
                                                       | reasons.TargetIsAddress)), None)
    waiting = next((each for each in found if isinstance(each, reasons.NobodyReady | reasons.EmptyService)), None)
    service = cluster.view.service(waiting.service) if waiting is not None else None
    fault = service_fault(cluster, service) if service is not None else None
    if lookup.near_misses:
        yield _other_namespace(trace, lookup)
    elif alias is not None:
        yield dead_target(alias.service, alias.target, reason_text(alias))
    elif fault is not None:
        yield fault
    elif actor.is_outside:
        yield _inside_only(cluster, trace, lookup)
    else:
        yield _no_such_name(cluster, trace, lookup, actor)


def _tried(lookup: Lookup) -> str:
    return listed(step.name.rstrip(".") for step in lookup.steps)


def _instead(trace: Trace, host: str) -> Instead:
    asked = asked_of(trace)
    return Instead(asked.to(host, asked.port), "name", asked.host, host)


def _other_namespace(trace: Trace, lookup: Lookup) -> Suspicion:
    places = lookup.near_misses
    first = places[0]
    return Suspicion(
        code="DNS-NS", objects=tuple(f"service/{key}" for key in places),
        summary=f"{lookup.name} is no Service of this namespace; namespace {listed(key.namespace for key in places)} "
                f"has a {first.name}",
        cause=f"A short name is looked for in the client's own namespace first, and Service {first.name} is in namespace "
              f"{first.namespace}.",
        evidence=(f"Names tried: {_tried(lookup)}. None exists.",), observed=f"{lookup.name}: {lookup.status}",
        expected=f"{first.name}.{first.namespace}", nearest=f"{first.name}.{first.namespace}",
        candidates=tuple(_instead(trace, f"{key.name}.{key.namespace}") for key in places),
        advice=f"Add the namespace to the name: {first.name}.{first.namespace}.")


def _no_such_name(cluster: Cluster, trace: Trace, lookup: Lookup, actor: Actor) -> Suspicion:
    namespace = actor.pod.namespace if actor.pod is not None else "default"
    name, _, rest = lookup.name.partition(".")
    asked_in = rest.partition(".")[0] or namespace
    known = {each.name: each.key for each in cluster.list("Service", namespace=asked_in)}
    near = [name_ for name_ in nearest_first(name, known) if name_ != name]
    why = next((answer.reason for answer in lookup.queries), None)
    return Suspicion(
        code="DNS-NONAME", objects=tuple(f"service/{known[each]}" for each in near),
        summary=f"no Service is called {name} in namespace {asked_in}",
        cause=f"The name {lookup.name} does not exist: {reason_text(why)}." if why is not None
        else f"The name {lookup.name} does not exist.",
        evidence=(f"Names tried: {_tried(lookup)}.",) if lookup.steps else (),
        observed=f"{lookup.name}: {lookup.status}", expected="the name of a Service, or of a host outside",
        nearest=f"Service {short(known[near[0]])}, {difference(name, near[0])}" if near else "",
        candidates=tuple(_instead(trace, f"{each}.{rest}" if rest else each) for each in near),
        advice="Check that the Service exists and how it is spelled: kubectl get services.")


def _inside_only(cluster: Cluster, trace: Trace, lookup: Lookup) -> Suspicion:
    """Somebody outside asks for a name that only the cluster's own name server knows, or nobody knows."""
    host = lookup.name.rstrip(".")
    name, _, rest = host.partition(".")
    service = cluster.view.service(ObjectKey(rest.partition(".")[0] or "default", name))
    evidence = [] if service is None else [
        f"Service {service.key} exists, but its name is known inside the cluster only."]
    return Suspicion(
        code="DNS-NONAME", objects=(service.ref,) if service is not None else (),
        summary=f"{host} is not known outside the cluster",
        cause=f"The client is outside the cluster and asks the public DNS, which has no name {host}. Names of "
              "Services are answered by the cluster's own name server, for pods.",
        evidence=tuple(evidence), observed=f"{lookup.name}: {lookup.status}",
        expected="a host declared outside, or of an Ingress",
        advice="Use a node port, a load balancer's address or the host of an Ingress from outside.")


# aliases --------------------------------------------------------------------------------------------------------

def dead_target(service: ObjectKey, target: str, why: str) -> Suspicion:
    """A Service of type ExternalName whose target has no address; `why` is a clause that says how it fails."""
    target = target.rstrip(".")
    return Suspicion(
        code="SVC-EXTNAME", objects=(f"service/{service}",),
        symptom="The name of this Service has no address.",
        summary=f"Service {service} is an alias for {target}, which leads nowhere",
        cause=f"Service {service} is of type ExternalName: only an alias, with no address of its own.",
        evidence=(f"{why[:1].upper()}{why[1:]}.",),
        observed=f"{target} has no address", expected="externalName: a DNS name that exists",
        advice="Set spec.externalName to a name that exists; an address or the Service's own name cannot work.")


def alias_answers(trace: Trace) -> Iterator[Suspicion]:
    """The host behind an alias answered with an error: it may know itself by another name than the client used."""
    step = trace.steps[0]
    request = step.before.flow.request
    if not isinstance(step.because, dns.NameResolved) or request is None or trace.response is None:
        return
    alias = next((answer.reason for answer in step.because.lookup.queries
                  if isinstance(answer.reason, reasons.Alias)), None)
    if alias is None or request.host == alias.target:
        return
    asked, target = asked_of(trace), alias.target.rstrip(".")
    yield Suspicion(
        code="SVC-EXTNAME", objects=(f"service/{alias.service}",),
        summary=f"Service {alias.service} is only an alias for {target}; the request still names {request.host}",
        cause=f"Service {alias.service} is of type ExternalName: an alias in the DNS and nothing more. It changes the "
              f"address the client connects to ({ip.text(step.because.address)}), not the name inside HTTP and TLS.",
        evidence=(f"The client sends Host {request.host}; the host outside expects {target}.",
                  "Ports of such a Service are ignored too, and no proxy takes part."),
        observed=f"Host: {request.host}", expected=f"Host: {target}", nearest=f"Host: {target}",
        candidates=(Instead(asked.naming(target), "Host header", request.host or "", target),
                    _instead(trace, target)),
        advice=f"Ask for {target} by its own name, or send it as the Host header.")
