"""Words for the receiver: who listens, which certificate is shown, whether the client accepts it."""

from __future__ import annotations

from typing import assert_never

from simnet.dataplane import decisions as core
from simnet.dataplane.http.message import ServedCertificate
from simnet.dataplane.step import Step
from simnet.explain.told_refusal import AT_ONCE, RESET
from simnet.explain.words import Said, listed, named

Arrival = (core.Delivered | core.ProxyReached | core.NotListening | core.CertificateRefused | core.NotTLS | core.NameRefused
           | core.PlainToTLS)

KNOWN_WORDS = {
    "profile": "known from its image", "declared": "declared in its manifest", "outside": "declared for this host",
    "endpoint": "taken for granted: an endpoint that no pod owns", "node": "a program of the node itself",
    "assumed": "taken for granted: nobody said what this pod listens on",
}
CERTIFICATE_WORDS = {
    "listed": "the tls section lists the host", "matched": "its names cover the host",
    "no-sni": "the client named no host in the handshake, so the default one is shown",
    "unknown-name": "no Ingress has this host, so the default one is shown",
    "no-tls": "the Ingress of this host has no tls section, so the default one is shown",
    "no-secret-name": "the tls section names no Secret, so the default one is shown",
    "not-listed": "no tls section lists the host or has a certificate for it, so the default one is shown",
    "secret-missing": "the Secret of the tls section does not exist, so the default one is shown",
    "unusable": "the Secret of the tls section cannot be used, so the default one is shown",
    "names-do-not-cover": "the Secret's certificate is for other names, so the default one is shown",
}
REFUSAL_WORDS = {
    "self-signed": "it is self-signed and the client does not know it",
    "unknown-issuer": "the client does not know who issued it", "name": "it is for other names",
    "expired": "it has expired", "not-yet-valid": "it is not valid yet", "bad-cacert": "the given CA file is no certificate",
}


def arrival_told(step: Step, decision: Arrival) -> Said:
    port = step.before.port
    match decision:
        case core.Delivered(receiver, _, container, known_by, certificate):
            inside = f" (container {container})" if container else ""
            facts = [f"the port is open: {KNOWN_WORDS.get(known_by, known_by)}", *certificate_facts(certificate, "")]
            return f"{named(receiver)} takes it on port {port}{inside}", facts
        case core.ProxyReached(pod, controller, certificate, reason, True):
            return (f"pod {pod.key}, which serves Gateway {controller}, takes it on port {port} and reads the request",
                    certificate_facts(certificate, reason))
        case core.ProxyReached(_, controller, certificate, reason):
            return (f"pod {controller}, an Ingress controller, takes it on port {port} and reads the request",
                    certificate_facts(certificate, reason))
        case core.NotListening():
            return _not_listening(decision, step.before.protocol)
        case core.CertificateRefused(receiver, _, certificate, reason, host, shown_because):
            why, request = REFUSAL_WORDS.get(reason, reason), step.before.flow.request
            wanted = (request.sni if request is not None else None) or host
            return (f"the client wants {wanted} and does not accept the certificate of {named(receiver)}: {why}",
                    certificate_facts(certificate, shown_because))
        case core.NotTLS(receiver):
            return f"the client starts TLS and {named(receiver)} answers in plain text on port {port}", []
        case core.NameRefused(_, _, gateway, name, reason):
            who = f"asks for {name}" if name else "names no server"
            return f"the client {who}, and Gateway {gateway} ends the handshake: {reason}", []
        case core.PlainToTLS(receiver, _, response):
            return f"the client sends plain HTTP and port {port} of {named(receiver)} wants TLS: {response.status}", []
        case other:
            assert_never(other)


def _not_listening(decision: core.NotListening, protocol: str) -> Said:
    opened = listed(decision.open_ports)
    facts = [f"ports that are open there: {opened or 'none'}"]
    if decision.loopback_only:
        facts = [f"a program listens on {decision.port}, but only on 127.0.0.1, inside"]
    facts += [f"rule {decision.rule}", RESET if protocol == "TCP" else AT_ONCE]
    return f"nothing listens on port {decision.port} of {named(decision.receiver)}: the connection is refused", facts


def certificate_facts(served: ServedCertificate | None, reason: str) -> list[str]:
    """Which certificate is shown, whose names it has, and why this one."""
    if served is None:
        return []
    name = "the controller's own fallback" if served.is_fallback else served.name
    names = f" for {listed(served.certificate.names)}" if served.certificate is not None else ""
    why = CERTIFICATE_WORDS.get(reason, reason)
    return [f"certificate: {name}{names}" + (f"; {why}" if why else "")]
