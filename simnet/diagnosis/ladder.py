"""The ladder one climbs when something does not answer, with ticks: exists, name, address, endpoints, listening,
policy, route, certificate."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns.reasons import NoSuchService
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.union import decision_of
from simnet.diagnosis.finding import QUESTIONS, Rung
from simnet.explain.told_gateway import entry_text
from simnet.explain.words import counted, destination_of, listed, named


def ladder_of(trace: Trace) -> tuple[Rung, ...]:
    """Every question in order. One that did not come up, or was not reached any more, stays open; of several answers
    (a proxy tries one endpoint after the other) the last counts."""
    answers: dict[str, Rung] = {}
    for step in trace.steps:
        answers.update((rung.question, rung) for rung in _rungs(step))
    unjudged = unjudged_policies(trace)
    if unjudged:
        answers["policy"] = Rung("policy", None, f"not judged: {listed(unjudged)}")
    return tuple(answers.get(question, Rung(question, None)) for question in QUESTIONS)


def unjudged_policies(trace: Trace) -> list[str]:
    """The NetworkPolicies that select a pod of the walk; simnet reads them and does not judge by them."""
    own = trace.steps[0].before.flow.actor.unjudged
    met = (key for step in trace.steps for key in getattr(step.because, "unjudged", ()))
    return list(dict.fromkeys(map(str, (*own, *met))))


def _rungs(step: Step) -> Iterator[Rung]:
    match decision_of(step):
        case dns.NameResolved(lookup, address):
            yield Rung("name", True, f"{lookup.name} is {ip.text(address)}")
        case dns.NameUnresolved(lookup):
            missing = next((each.reason for each in lookup.queries if isinstance(each.reason, NoSuchService)), None)
            if missing is not None:
                where = f"in namespace {listed(missing.elsewhere)} only" if missing.elsewhere else ""
                yield Rung("exists", bool(missing.elsewhere), where or f"no Service {missing.service}")
            yield Rung("name", False, f"{lookup.name}: {lookup.status}")
        case core.ServiceCaptured(claim):
            yield Rung("exists", True, f"Service {claim.rules.service.key}")
            yield Rung("address", True, f"{destination_of(step.before)} is its {claim.kind}")
        case core.PodAddressed(pod):
            yield Rung("address", True, f"{ip.text(step.before.destination)} is pod {pod.key}")
        case core.NodeAddressed(node):
            yield Rung("address", True, f"{ip.text(step.before.destination)} is node {node} itself")
        case core.LeftCluster() | core.RejectedByMode() | core.DroppedByMode() as lost:
            service = lost.near if isinstance(lost, core.LeftCluster) else None
            if service is not None:
                yield Rung("exists", True, f"Service {service.key}")
            yield Rung("address", False, f"nobody has {destination_of(step.before)}")
        case core.EndpointChosen() as chosen:
            yield Rung("endpoints", True, f"{len(chosen.among)} of {len(chosen.claim.rules.targets)} to choose from")
        case core.NoEndpoints(claim):
            yield Rung("endpoints", False, f"0 of {len(claim.rules.targets)} are ready" if claim.rules.targets else "none")
        case core.NoLocalEndpoints(claim):
            yield Rung("endpoints", False, f"none on node {claim.node}")
        case core.Delivered(receiver):
            yield Rung("listening", True, f"{named(receiver)} on port {step.before.port}")
        case core.NotListening() as refused:
            yield Rung("listening", False, f"{named(refused.receiver)} not on port {refused.port}; open: "
                       f"{listed(refused.open_ports) or 'none'}")
        case other:
            yield from _of_proxy(other)


def _of_proxy(decision: object) -> Iterator[Rung]:
    match decision:
        case core.ProxyReached() if decision.is_gateway:
            yield Rung("listening", True, f"pod {decision.pod.key} of Gateway {decision.controller}")
            if decision.certificate is not None:
                yield Rung("certificate", True, f"{decision.certificate.name} ({decision.certificate_reason})")
        case core.NameRefused():
            yield Rung("certificate", False, f"Gateway {decision.gateway}: {decision.reason}")
        case http.RuleChosen(_, RouteRouting() as route) if route.entry is not None:
            yield Rung("route", True, entry_text(route.entry))
            yield Rung("endpoints", True, f"{counted(len(decision.among), 'endpoint')} of Service "
                       f"{decision.upstream.service} to choose from")
        case core.ProxyReached() if decision.certificate is None:
            yield Rung("listening", True, f"Ingress controller pod {decision.pod.key}")
        case core.ProxyReached() if decision.certificate is not None:
            yield Rung("listening", True, f"Ingress controller pod {decision.pod.key}")
            is_wanted = decision.certificate_reason in ("listed", "matched")
            yield Rung("certificate", is_wanted, f"{decision.certificate.name} ({decision.certificate_reason})")
        case core.CertificateRefused():
            yield Rung("certificate", False, f"{decision.certificate.name}: {decision.reason}")
        case core.NotTLS() | core.PlainToTLS():
            yield Rung("certificate", False, f"one side of {named(decision.receiver)} speaks TLS, the other does not")
        case http.RuleChosen():
            owner = decision.rule.ingress
            yield Rung("route", not decision.rule.is_implicit, f"{decision.rule.host or 'any host '}{decision.rule.path}"
                       + (f" of Ingress {owner.key}" if owner is not None else " (default backend)"))
            yield Rung("endpoints", True, f"{counted(len(decision.among), 'endpoint')} of Service "
                       f"{decision.upstream.service} to choose from")
        case http.ProxyAnswered():
            if decision.upstream is not None:
                yield Rung("route", True, f"backend Service {decision.upstream.service}")
                yield Rung("endpoints", False, str(decision.upstream.state))
            else:
                yield Rung("route", False, str(decision.answer.reason))
        case _:
            return
