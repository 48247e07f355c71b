"""A name without an address: another namespace, a slip, a name server that does not know it."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.cluster import Cluster
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.packet import Actor
from simnet.dataplane.step import Trace
from simnet.diagnosis import aliases
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.headless import pod_name
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
    of_pod = pod_name(cluster, lookup)
    if of_pod is not None:
        yield of_pod
    elif lookup.near_misses:
        yield _other_namespace(trace, lookup)
    elif alias is not None:
        yield aliases.dead_target(cluster, alias.service, alias.target, reason_text(alias))
    elif fault is not None:
        yield fault
    elif (own := _own_server(cluster, lookup, actor)) is not None:
        yield own
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


def _own_server(cluster: Cluster, lookup: Lookup, actor: Actor) -> Suspicion | None:
    """The Service exists, and this pod does not ask the name server that knows it, or knows no domain to look in."""
    pod = actor.pod
    if pod is None or not lookup.steps:
        return None
    name, _, rest = lookup.name.rstrip(".").partition(".")
    service = cluster.view.service(ObjectKey(rest.partition(".")[0] or pod.namespace, name))
    policy, asks_cluster = pod.spec.dns_policy, cluster.view.dns.clients.cluster_server(actor) is not None
    if service is None or (asks_cluster and policy != "None"):
        return None
    wanted = "ClusterFirstWithHostNet" if pod.spec.host_network else "ClusterFirst"
    on_host = " and hostNetwork true" if pod.spec.host_network and policy == "ClusterFirst" else ""
    fact = "asks the cluster's DNS without its search domains" if asks_cluster else "does not ask the cluster's DNS"
    return Suspicion(
        code="DNS-NONAME", objects=(pod.ref, service.ref),
        summary=f"pod {pod.key} {fact} (dnsPolicy {policy}{on_host}), so it does not find Service {service.key}",
        cause=f"Service {service.key} exists, but pod {pod.key} has dnsPolicy {policy}{on_host}: it {fact}.",
        evidence=(f"Name server asked: {lookup.nameserver or 'none'}; names tried: {_tried(lookup)}.",),
        observed=f"dnsPolicy: {policy}", expected=f"dnsPolicy: {wanted}", nearest=f"dnsPolicy {wanted}",
        advice=f"Set dnsPolicy: {wanted} and make the pod anew: a running pod keeps the one it has.")


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
