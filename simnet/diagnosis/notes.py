"""What surprises about a request that went well: more lookups, another source address, an affinity nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.decisions import NameResolved
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.http.decisions import RuleChosen
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.packet import Actor
from simnet.dataplane.step import Step, Trace
from simnet.diagnosis.ladder import unjudged_policies
from simnet.diagnosis.suspicion import Suspicion
from simnet.explain.words import counted, listed, named


def surprises(cluster: Cluster, trace: Trace) -> Iterator[Suspicion]:
    """Everything worth knowing about a trace, in the order of the walk."""
    for step in trace.steps:
        match step.because:
            case NameResolved(lookup):
                yield from _lookups(cluster, lookup, trace.steps[0].before.flow.actor)
            case RuleChosen() as chosen:
                yield from _shadowed(chosen)
                yield from _unused_affinity(cluster, chosen)
            case core.EndpointChosen() as chosen if chosen.sticky:
                yield _affinity(step, chosen)
            case _:
                pass
    yield from _other_source(trace)
    yield from _unjudged(cluster, trace)


def _lookups(cluster: Cluster, lookup: Lookup, actor: Actor) -> Iterator[Suspicion]:
    """An outside name that went through the search list."""
    last = lookup.steps[-1] if lookup.steps else None
    if last is None or len(lookup.steps) < 2 or not any(isinstance(each.reason, reasons.UpstreamRecord)
                                                        for each in last.answers):
        return
    name, ndots = lookup.name, cluster.resolv_conf(actor.name).ndots
    wasted = sum(len(step.answers) for step in lookup.steps[:-1])
    yield Suspicion(
        code="DNS-NDOTS", objects=(actor.name,),
        summary=f"{name} took {lookup.query_count} queries, {wasted} of them for names that do not exist",
        cause=f"{name} has {counted(name.count('.'), 'dot')}, fewer than the {ndots} of ndots in its resolv.conf, so "
              "the resolver tries it with every search suffix first.",
        evidence=(f"Names tried: {listed(step.name.rstrip('.') for step in lookup.steps)}, each for A and AAAA.",),
        observed=f"{lookup.query_count} queries", expected=f"{len(last.answers)} queries", nearest=f"{name}.",
        advice=f"Write the name with a dot at its end, {name}., or set ndots lower in dnsConfig; then a name such as "
               "web.shop.svc is tried as an outside name first, which costs one lookup with glibc and fails with musl.")


def _shadowed(chosen: RuleChosen) -> Iterator[Suspicion]:
    """A younger Ingress has the same host and path, and never gets a request."""
    routing = chosen.routing
    server = routing.match.server if isinstance(routing, Routing) and routing.match is not None else None
    for each in server.shadowed if server is not None else ():
        if each.by is chosen.rule and each.rule.ingress is not None and each.rule.ingress is not chosen.rule.ingress:
            yield shadowed_rule(each.rule, chosen.rule)


def shadowed_rule(rule: Rule, by: Rule) -> Suspicion:
    """Two Ingresses have one host and path: the older one wins."""
    assert rule.ingress is not None and by.ingress is not None
    where = f"{rule.host or 'any host'}{rule.path}"
    return Suspicion(
        code="ING-SHADOWED", objects=(rule.ingress.ref, by.ingress.ref),
        symptom="Requests that were meant for one Service reach another.",
        summary=f"Ingress {rule.ingress.key} never gets {where}: the older Ingress {by.ingress.key} has it",
        cause=f"Ingress {rule.ingress.key} and Ingress {by.ingress.key} both have a rule for {where}. The older one wins "
              f"and leads to {by.backend}; the rule of the younger, to {rule.backend}, is never used.",
        evidence=("The admission webhook of ingress-nginx would refuse the second one.",),
        observed=f"two rules for {where}", expected=f"one rule for {where}",
        advice="Give one of them another host or path, or delete it.")


def _unused_affinity(cluster: Cluster, chosen: RuleChosen) -> Iterator[Suspicion]:
    service = cluster.view.service(chosen.upstream.service)
    if service is None or service.session_affinity != "ClientIP" or len(chosen.among) < 2:
        return
    yield Suspicion(
        code="LBS-AFFINITY", objects=(service.ref,),
        summary=f"sessionAffinity of Service {service.key} is not used: the Ingress controller picks the pod itself",
        cause=f"Service {service.key} has sessionAffinity ClientIP, which kube-proxy keeps. An Ingress controller sends to "
              "the pods directly and passes kube-proxy by, so a client may get another pod with each request.",
        evidence=(f"The controller chose among {counted(len(chosen.among), 'endpoint')}.",),
        observed="a pod chosen by the controller", expected="the client's pod",
        advice="Use the controller's own affinity (nginx.ingress.kubernetes.io/affinity: cookie).")


def _affinity(step: Step, chosen: core.EndpointChosen) -> Suspicion:
    service = chosen.claim.rules.service
    source = ip.text(step.before.source)
    return Suspicion(
        code="LBS-AFFINITY", objects=(service.ref,),
        summary=f"Service {service.key} remembers {source}: every new connection from there goes to {chosen.target.text}",
        cause=f"Service {service.key} has sessionAffinity ClientIP, and its key is the source address that the proxy sees, "
              f"here {source}. Everybody behind one address (a NAT, a proxy) shares one pod.",
        evidence=(f"It is forgotten {service.affinity_timeout_seconds} s after the last new connection, and each new one "
                  "starts the time anew.",),
        observed=f"{source} always reaches {chosen.target.text}", expected="one of all ready endpoints",
        advice="Set sessionAffinity: None if connections should spread.")


def _unjudged(cluster: Cluster, trace: Trace) -> Iterator[Suspicion]:
    """Policies select a pod of the walk, and nobody has asked them."""
    policies = unjudged_policies(trace)
    if not policies:
        return
    ignored = cluster.settings.policies == "not-enforced"
    yield Suspicion(
        code="POL-UNJUDGED", objects=tuple(f"networkpolicy/{key}" for key in policies),
        summary=f"policies that select a pod on the way are not judged: {listed(policies)}",
        cause="The network of this cluster does not enforce policies, so everything is let through, whatever they say."
        if ignored else "simnet reads NetworkPolicies and does not judge by them yet; on a real cluster they may drop this.",
        evidence=(f"They select a pod of this request: {listed(policies)}.",), observed="let through, unjudged",
        expected="what the policies say",
        advice="Use a network plugin that enforces policies." if ignored else "Read them by hand, or let `simnet lint` do it.")


def _other_source(trace: Trace) -> Iterator[Suspicion]:
    """The receiver sees an address that is not the client's."""
    seen = trace.seen_source
    first = trace.steps[0].before
    own = [ip.text(number) for number in first.flow.actor.addresses]
    receiver = trace.endpoint
    if seen is None or receiver is None or receiver.pod is None or not own or seen in own:
        return
    proxy = next((step.because for step in trace.steps if isinstance(step.because, core.ProxyReached)), None)
    masks = [step for step in trace.steps if isinstance(step.because, core.Departed) and step.because.masqueraded_to]
    service = next((step.because.claim.rules.service for step in trace.steps
                    if isinstance(step.because, core.EndpointChosen)), None)
    if proxy is not None:
        why = (f"The request came through the Ingress controller pod {proxy.pod.key}, which opens a connection of its own; "
               "the client's address is in X-Forwarded-For, which no NetworkPolicy reads.")
    else:
        node = masks[-1].before.node if masks else ""
        why = (f"Node {node} put its own address there (masquerade), so that the answer comes back the same way."
               if masks else "It was rewritten on the way.")
    advice = ("Read X-Forwarded-For in the program." if proxy is not None else
              "externalTrafficPolicy: Local keeps the client's address, on nodes that have an endpoint.")
    itself = first.flow.actor.pod is not None and receiver.pod == first.flow.actor.pod.key
    if itself:
        advice = "Nothing has to be changed: without that translation the answer would not find its way back."
        why += " The endpoint chosen is the caller itself."
    yield Suspicion(
        code="NAT-HAIRPIN" if itself else "NAT-SNAT",
        objects=(f"pod/{receiver.pod}", *((service.ref,) if service is not None else ())),
        summary=f"pod {receiver.pod} sees {seen}, not {own[0]}",
        cause=f"The source address that {named(f'pod/{receiver.pod}')} sees is {seen}; the client is {own[0]}. {why}",
        observed=seen, expected=own[0], advice=advice)
