"""From what the client saw to the causes worth looking at: the index of symptoms.

The order is that of likelihood; the first finding is what `diagnose ... says CODE` compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.dns.decisions import NameUnresolved
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen, UpstreamFailed
from simnet.dataplane.http.matching import AnswerReason, Routing
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.union import decision_of
from simnet.dataplane.verdict import Verdict
from simnet.diagnosis import aliases, backends, certificates, denied, gateways, names, policies, ports, routing
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress


def is_healthy(trace: Trace) -> bool:
    """Open and answered, or an HTTP status below 400, and no fallback certificate where another one was wanted."""
    if _unwanted_certificate(trace) is not None:
        return False
    if trace.response is not None:
        return trace.response.status < 400
    return trace.verdict is Verdict.DELIVERED and not _hangs(trace)


def _hangs(trace: Trace) -> bool:
    """Whether the receiver has it, and its answer goes past the node that would have to translate it back."""
    return any(way.depth == 0 and way.is_bypassed for way in trace.ways_back)


def suspects(cluster: Cluster, trace: Trace) -> Iterator[Suspicion]:
    """Causes of what happened in `trace`, likeliest first; nothing for a healthy trace."""
    if trace.verdict is Verdict.DELIVERED and _hangs(trace):
        yield from denied.lost_answer(trace)
    elif trace.response is None or trace.response.status >= 400:
        yield from _of_end(cluster, trace, trace.last)
    proxy = _unwanted_certificate(trace)
    if proxy is not None:
        yield from certificates.fallback(cluster, trace, proxy)


def _unwanted_certificate(trace: Trace) -> ObjectKey | None:
    """The controller pod that showed its default certificate though a tls section wants another one."""
    for step in trace.steps:
        if isinstance(step.because, core.ProxyReached) and step.because.certificate_reason in certificates.UNWANTED:
            return step.because.pod.key
    return None


def _of_end(cluster: Cluster, trace: Trace, step: Step) -> Iterator[Suspicion]:
    """Causes of the step at which a walk, or one connection of it, ended."""
    match decision_of(step):
        case NameUnresolved() as decision:
            yield from _no_name(cluster, trace, decision)
        case core.NoEndpoints(claim):
            fault = service_fault(cluster, claim.rules.service, claim.rules.port)
            if fault is not None:
                yield fault
        case core.NotListening() as decision:
            yield from ports.not_listening(cluster, trace, step, decision)
        case core.LeftCluster() as decision:
            yield from ports.nobody_there(cluster, trace, step, decision)
        case core.RejectedByMode() | core.DroppedByMode() as decision:
            yield from ports.nobody_there(cluster, trace, step, decision)
        case core.NoLocalEndpoints() as decision:
            yield from policies.no_local_endpoints(decision)
        case core.SourceOutOfRange() as decision:
            yield from policies.source_out_of_range(decision)
        case core.NoPath() as decision:
            yield from policies.no_path(decision)
        case core.NoAddress() as decision:
            yield from policies.no_address(decision)
        case core.ReplyLost() as decision:
            yield from denied.lost_answer(trace, decision)
        case core.Looped() as decision:
            yield from denied.circle(trace, decision)
        case other:
            yield from _of_answer(cluster, trace, other)


def _of_answer(cluster: Cluster, trace: Trace, decision: object) -> Iterator[Suspicion]:
    """Causes of a bad answer, or of a handshake that failed."""
    match decision:
        case core.CertificateRefused():
            yield from certificates.refused(cluster, trace, decision)
        case core.NotTLS():
            yield from certificates.not_tls(trace, decision)
        case core.PlainToTLS():
            yield from certificates.plain_to_tls(trace, decision)
        case core.NameRefused():
            yield from gateways.refused(trace, decision)
        case ProxyAnswered(_, RouteRouting() as route):
            yield from gateways.answered(cluster, trace, route, decision)
        case ProxyAnswered(_, Routing() as rules) if decision.answer.reason is AnswerReason.DEFAULT_BACKEND:
            yield from routing.no_rule(cluster, trace, rules)
        case ProxyAnswered() if decision.answer.reason is AnswerReason.NO_UPSTREAM:
            yield from backends.no_upstream(cluster, decision)
        case ProxyAnswered():
            yield from denied.answered(decision)
        case UpstreamFailed():
            yield from _of_attempts(cluster, trace)
        case core.Delivered():
            yield from _of_receiver(cluster, trace)
        case _:
            return


def _of_attempts(cluster: Cluster, trace: Trace) -> Iterator[Suspicion]:
    """A proxy gave up: the causes of the last connection that failed."""
    failed = [step for step in trace.steps if step.before.flow.parent is not None and step.because.verdict is not None]
    rule = next((step.because for step in reversed(trace.steps) if isinstance(step.because, RuleChosen)), None)
    if failed and rule is not None and isinstance(failed[-1].because, NameUnresolved):
        lookup = failed[-1].because.lookup
        yield aliases.dead_target(cluster, rule.upstream.service, lookup.name,
                                  f"the controller's own lookup ends with {lookup.status}")
    elif failed:
        yield from map(_of_objects, _of_end(cluster, trace, failed[-1]))


def _of_objects(suspicion: Suspicion) -> Suspicion:
    """Without other requests to try: it is not the client's own connection that failed."""
    return replace(suspicion, candidates=tuple(each for each in suspicion.candidates if isinstance(each, Patch)))


def _of_receiver(cluster: Cluster, trace: Trace) -> Iterator[Suspicion]:
    """Somebody received the request and answered with an error."""
    rule = next((step.because for step in reversed(trace.steps) if isinstance(step.because, RuleChosen)), None)
    rules = rule.routing if rule is not None and isinstance(rule.routing, Routing) else None
    if rule is not None and rules is not None and (rule.rule.is_implicit or rule.rule.backend is None):
        yield from routing.no_rule(cluster, trace, rules)
    elif rule is not None and rules is not None:
        yield from backends.rewritten(trace, rule)
    yield from aliases.alias_answers(trace)


def _no_name(cluster: Cluster, trace: Trace, decision: NameUnresolved) -> Iterator[Suspicion]:
    """The name server was not reached, or it answered that there is nothing; or an Ingress nobody serves has it."""
    lost = next((path for _, path in decision.paths if path.verdict not in (Verdict.DELIVERED, Verdict.ANSWERED)), None)
    if lost is not None:
        for each in map(_of_objects, _of_end(cluster, lost, lost.last)):
            yield replace(each, cause=f"The query never reached the name server. {each.cause}")
        return
    ingress = _unserved_ingress(cluster, decision.lookup.name)
    if ingress is not None and trace.steps[0].before.flow.actor.is_outside:
        yield routing.unserved(cluster, ingress, next((match for _, match in cluster.view.ingress.classes_of(ingress)), None))
        return
    yield from names.unresolved(cluster, trace, decision)


def _unserved_ingress(cluster: Cluster, host: str) -> Ingress | None:
    """An Ingress with a rule for this host that no controller serves."""
    found: list[Ingress] = cluster.list("Ingress")
    return next((ingress for ingress in found
                 if any(rule.host.lower() == host.lower().rstrip(".") for rule in ingress.rules)
                 and not any(match for _, match in cluster.view.ingress.classes_of(ingress))), None)
