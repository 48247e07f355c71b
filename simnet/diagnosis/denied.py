"""Requests that the controller answers by itself for what an annotation says, answers that get lost, and circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen
from simnet.dataplane.http.matching import AnswerReason, Routing
from simnet.dataplane.http.settings import IngressSettings
from simnet.dataplane.step import Trace
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.told_proxy import answer_sentence
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress

ADVICE: Final[Mapping[AnswerReason, str]] = MappingProxyType({
    AnswerReason.FORBIDDEN: "Add the client's range to allowlist-source-range, or ask from an address that is in it.",
    AnswerReason.TOO_LARGE: "Send less, or raise proxy-body-size.",
    AnswerReason.TOO_MANY: "Ask less often, or raise limit-rps or limit-rpm.",
    AnswerReason.UNAUTHORIZED: "Send credentials that the Secret of auth-secret holds (curl -u NAME:PASSWORD).",
    AnswerReason.OUTER_AUTH: "Look at what the service behind auth-url answers to this request.",
    AnswerReason.NO_CLIENT_CERTIFICATE: "Show a client certificate (curl --cert).",
    AnswerReason.CLIENT_NAME: "Show a client certificate whose name auth-tls-match-cn lets in.",
    AnswerReason.MISDIRECTED: "Name the same host in the TLS handshake and in the Host header.",
    AnswerReason.DENIED: "Correct the annotation; until then nothing of this location is served.",
    AnswerReason.EMPTY_REWRITE: "Let rewrite-target begin with a slash.",
    AnswerReason.MALFORMED: "Send a request line and a Host header that HTTP allows.",
})
RANGES: Final = ("allowlist-source-range", "whitelist-source-range")


def answered(decision: ProxyAnswered) -> Iterator[Suspicion]:
    """An annotation, a limit or the request itself makes the controller answer without asking the backend."""
    routing = decision.routing
    assert isinstance(routing, Routing), "Gateways have findings of their own"
    location = routing.location
    ingress = location.rule.ingress if location is not None else None
    owner = f"Ingress {ingress.key}" if ingress is not None else f"controller {decision.controller}"
    sentence = answer_sentence(decision)
    yield Suspicion(
        code="ING-DENIED", objects=(ingress.ref,) if ingress is not None else (f"pod/{decision.controller}",),
        summary=f"{owner} does not let the request through: {sentence}",
        cause=f"The request reached the controller and a rule took it, but the backend was never asked: {sentence}."
        if ingress is not None else f"The controller was reached, and no backend was asked: {sentence}.",
        observed=f"{decision.answer.status}: {decision.answer.reason}", expected="a request that the Ingress lets through",
        candidates=tuple(_ranges(routing)) if decision.answer.reason is AnswerReason.FORBIDDEN else (),
        advice=ADVICE.get(decision.answer.reason, "Change the annotation, or ask for something else."))


def unusable(ingress: Ingress, settings: IngressSettings, prefix: str) -> Suspicion | None:
    """An annotation whose value cannot be used: the whole Ingress is dropped, or its paths answer 503."""
    name = settings.dropped_by or settings.denied_by
    if not name:
        return None
    key = f"{prefix}/{name}"
    value = ingress.annotations.get(key, "")
    what = "the controller drops the whole Ingress" if settings.dropped_by else "the controller answers 503 for all its paths"
    return Suspicion(
        code="ING-DENIED", objects=(ingress.ref,), symptom="Requests that this Ingress is about are not served.",
        summary=f"Ingress {ingress.key}: annotation {name} cannot be used, so {what}",
        cause=f"The annotation {name} of Ingress {ingress.key} has the value {value or '(none)'}, which the controller does "
              f"not understand: {what}.", observed=f"{name}: {value}", expected=f"a value that {name} allows",
        candidates=(Patch(ingress, ("metadata", "annotations", key), value, None, len(value) + 1),) if value else (),
        advice="Correct the annotation, or take it out.")


def _ranges(routing: Routing) -> Iterator[Patch]:
    """The client's address added to the list that leaves it out."""
    location = routing.location
    ingress = location.rule.ingress if location is not None else None
    client = routing.client.address
    host = f"{ip.text(client)}/{128 if ip.family(client) == 6 else 32}"
    for name in RANGES:
        key = f"{routing.table.flags.annotations_prefix}/{name}"
        old = ingress.annotations.get(key) if ingress is not None else None
        if ingress is not None and old:
            yield Patch(ingress, ("metadata", "annotations", key), old, f"{old},{host}", len(host))


def lost_answer(trace: Trace, decision: core.ReplyLost | None = None) -> Iterator[Suspicion]:
    """The answer of the client's own connection passes by the node that would have to translate it back."""
    way = next((each for each in trace.ways_back if each.depth == 0 and each.is_bypassed), None)
    node = decision.node if decision is not None else way.entry.node if way is not None and way.entry is not None else ""
    receiver = decision.receiver if decision is not None else way.receiver if way is not None else ""
    service = next((step.because.claim.rules.service for step in trace.steps
                    if isinstance(step.because, core.EndpointChosen)), None)
    if service is None or not node:
        return
    yield Suspicion(
        code="NAT-REPLY", objects=(service.ref, f"node/{node}"),
        symptom="The client hears from an address it did not call, and waits in vain.",
        summary=f"the answer of Service {service.key} goes from {receiver} past node {node}, which alone can translate it back",
        cause=f"Node {node} turned the address of Service {service.key} into that of a pod on {receiver} and left the client's "
              "address as it was, so the pod answers the client directly, from an address that the client never called.",
        evidence=("That happens to clients that the proxy takes for pods or for the node's own.",),
        observed=f"no masquerade on {node}", expected=f"a masquerade on {node}, or an endpoint there",
        advice="Come in by a node port or a load balancer, send to a node that has an endpoint, or tell kube-proxy the range "
               "of the pods (clusterCIDR).")


def circle(trace: Trace, decision: core.Looped) -> Iterator[Suspicion]:
    """A request that comes back to the controller it came from."""
    rules = Counter(step.because.upstream.service for step in trace.steps if isinstance(step.because, RuleChosen))
    if not rules:
        return
    key: ObjectKey = rules.most_common(1)[0][0]
    rule = next(step.because.rule for step in trace.steps if isinstance(step.because, RuleChosen)
                and step.because.upstream.service == key)
    ingress = rule.ingress.ref if rule.ingress is not None else "ingress"
    yield Suspicion(
        code="NET-LOOP", objects=(ingress, f"service/{key}"), symptom="The request goes round until somebody gives up.",
        summary=f"{ingress} sends to Service {key}, which leads back to the controller",
        cause=f"The backend Service {key} leads to the controller itself, with the same host, so the same rule takes the "
              "request again and again.",
        evidence=(f"After {decision.limit} steps it was given up.",), observed="the same rule for the same request",
        expected="a backend that is not the controller",
        advice="Let the backend be the Service of the program, not that of the controller, and no host of its own Ingress.")
