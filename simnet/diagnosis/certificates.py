"""TLS that the client does not accept: the fallback certificate, an unknown one, plain text on one side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.http.keyring import read_secret
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.tls import CertificateReason, Shown, show
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import Asked, asked_of
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.diagnosis.suspicion import Instead, Patch, Suspicion
from simnet.explain.told_arrival import REFUSAL_WORDS
from simnet.explain.words import listed, named
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.secret import Secret

UNWANTED = frozenset((CertificateReason.NO_SNI, CertificateReason.NO_SECRET_NAME, CertificateReason.NOT_LISTED,
                      CertificateReason.SECRET_MISSING, CertificateReason.UNUSABLE, CertificateReason.WRONG_NAMES))
"""Reasons for the default certificate that mean: somebody wanted another one."""

WARNED = "Browsers show a warning: the certificate is the controller's own fallback."


def refused(cluster: Cluster, trace: Trace, decision: core.CertificateRefused) -> Iterator[Suspicion]:
    """Causes of a handshake that the client ended."""
    if decision.certificate_reason and decision.certificate_reason not in ("listed", "matched"):
        yield from fallback(cluster, trace, decision.pod.key if decision.pod is not None else None)
        return
    names = listed(decision.certificate.certificate.names) if decision.certificate.certificate is not None else ""
    why = REFUSAL_WORDS.get(decision.reason, decision.reason)
    request = trace.steps[0].before.flow.request
    host = (request.sni if request is not None else None) or decision.host
    yield Suspicion(
        code="TLS-UNTRUSTED", objects=(decision.receiver,),
        summary=f"the client does not accept the certificate of {named(decision.receiver)}: {why}",
        cause=f"The certificate {decision.certificate.name} was shown for {host}, and {why}.",
        evidence=(f"Names in it: {names or 'unknown'}.",), observed=decision.reason,
        expected=f"a certificate for {host} that the client trusts",
        advice="Tell the client to trust it (curl --cacert), or look away for a test (curl -k).")


def fallback(cluster: Cluster, trace: Trace, pod: ObjectKey | None) -> Iterator[Suspicion]:
    """The controller in `pod` shows its default certificate: why not the one somebody wanted."""
    request = trace.steps[0].before.flow.request
    controller = next((each for each in cluster.view.ingress.all() if each.pod == pod), None)
    if request is None or controller is None:
        return
    table = cluster.view.ingress.table_of(controller)
    shown = show(table, request.sni)
    ingress = _ingress(table, request.sni or "")
    if shown.is_default:
        yield wrong_certificate(cluster, shown, ingress, request.sni or "", asked_of(trace))


def _ingress(table: ControllerTable, name: str) -> Ingress | None:
    """The Ingress whose tls section should have decided, or else the first of the host."""
    server = table.find(name.lower().removesuffix(".")).server
    return server.tls or next((each.ingress for each in server.sources), None)


def wrong_certificate(cluster: Cluster, shown: Shown, ingress: Ingress | None, host: str,
                      asked: Asked | None = None) -> Suspicion:
    """The default certificate is shown for `host` ('' when the client named none)."""
    hosts = sorted({each for known in cluster.list("Ingress") for entry in known.tls for each in entry.hosts})
    patches: list[Patch | Instead] = list(_patches(cluster, shown, ingress, host)) if ingress is not None else []
    if asked is not None and shown.reason in (CertificateReason.NO_SNI, CertificateReason.UNKNOWN_NAME):
        near = nearest_first(host, hosts) or hosts
        patches += [Instead(asked.naming(each), "name in the handshake", host, each) for each in near[:3]]
    fact = fact_of(shown, ingress, host)
    return Suspicion(
        code="TLS-FALLBACK", objects=_objects(shown, ingress, host), symptom=WARNED, nearest=_nearest(patches),
        summary=fact, cause=f"The controller shows its own fallback certificate, because {fact}.",
        evidence=tuple(_evidence(cluster, shown, ingress, hosts)), observed=f"fallback certificate ({shown.reason})",
        expected=f"the certificate for {host}" if host else "a name in the handshake", candidates=tuple(patches),
        advice="Put a Secret of type kubernetes.io/tls with the host's certificate into the Ingress's namespace, and "
               "name host and Secret in spec.tls.")


def _nearest(patches: Iterable[Patch | Instead]) -> str:
    """The Secret that was probably meant."""
    found = next((each for each in patches if isinstance(each, Patch) and each.path[-1] == "secretName"), None)
    if found is None or not found.old:
        return ""
    old, new = str(found.old), str(found.new)
    return f"Secret {new}, {difference(old, new)}" if is_near(old, new) else f"Secret {new}"


def fact_of(shown: Shown, ingress: Ingress | None, host: str) -> str:
    """Why the default certificate is shown, with the names of this case."""
    owner = f"Ingress {ingress.key}" if ingress is not None else "the Ingress"
    match shown.reason:
        case CertificateReason.NO_SNI:
            return "the client named no host in the handshake, as with a bare address"
        case CertificateReason.UNKNOWN_NAME:
            return f"no Ingress has the host {host}"
        case CertificateReason.NO_TLS:
            return f"{owner} has no tls section"
        case CertificateReason.NO_SECRET_NAME:
            return f"the tls section of {owner} names no Secret"
        case CertificateReason.NOT_LISTED:
            return f"the tls section of {owner} does not list the host {host}"
        case CertificateReason.SECRET_MISSING:
            return f"{owner} asks for Secret {shown.secret}, which does not exist"
        case CertificateReason.UNUSABLE:
            return f"{owner} asks for Secret {shown.secret}, which cannot be used: {shown.flaw}"
        case CertificateReason.WRONG_NAMES:
            return f"the certificate in Secret {shown.secret} is not for {host}"
        case CertificateReason.LISTED | CertificateReason.MATCHED:
            return f"Secret {shown.secret} is used"


def _objects(shown: Shown, ingress: Ingress | None, host: str) -> tuple[str, ...]:
    refs = [ingress.ref] if ingress is not None else [f"host/{host}"]
    return (*refs, f"secret/{shown.secret}") if shown.secret is not None else tuple(refs)


def _evidence(cluster: Cluster, shown: Shown, ingress: Ingress | None, hosts: list[str]) -> Iterator[str]:
    if shown.secret is not None and shown.reason is CertificateReason.SECRET_MISSING:
        others = [each.key for each in cluster.list("Secret") if each.name == shown.secret.name]
        if others:
            yield (f"A Secret of that name exists in namespace {listed(key.namespace for key in others)}, but an Ingress "
                   "can only use Secrets of its own namespace.")
    if ingress is not None:
        known = [f"{each.name} ({each.type})" for each in cluster.list("Secret", namespace=ingress.namespace)]
        yield f"Secrets in namespace {ingress.namespace}: {listed(known) or 'none'}."
    yield f"Hosts with a tls section: {listed(hosts) or 'none'}."


def _patches(cluster: Cluster, shown: Shown, ingress: Ingress, host: str) -> Iterator[Patch]:
    """Another Secret, one more host, or a tls section, from what exists in the Ingress's namespace."""
    secrets = usable_secrets(cluster.list("Secret", namespace=ingress.namespace), host)
    match shown.reason:
        case (CertificateReason.SECRET_MISSING | CertificateReason.UNUSABLE | CertificateReason.WRONG_NAMES
              | CertificateReason.NO_SECRET_NAME):
            old = shown.secret.name if shown.secret is not None else ""
            for index, entry in enumerate(ingress.tls):
                if entry.secret_name == old:
                    yield from (Patch(ingress, ("spec", "tls", index, "secretName"), old or None, name, distance(old, name))
                                for name in sorted(secrets, key=lambda name: (distance(old, name), name)))
        case CertificateReason.NOT_LISTED:
            for index, entry in enumerate(ingress.tls):
                yield Patch(ingress, ("spec", "tls", index, "hosts"), [*entry.hosts], [*entry.hosts, host], len(host))
        case CertificateReason.NO_TLS:
            for name in secrets:
                yield Patch(ingress, ("spec", "tls"), None, [{"hosts": [host], "secretName": name}], len(name))
        case _:
            return


def usable_secrets(secrets: Iterable[Secret], host: str) -> list[str]:
    """Names of the Secrets that hold a certificate and key for this host. About 5 ms a Secret."""
    found = []
    for secret in secrets:
        read = read_secret(secret) if "tls.crt" in secret.data else None
        if read is not None and read.pair is not None and read.pair.certificate.covers(host):
            found.append(secret.name)
    return found


# plain text on one side -----------------------------------------------------------------------------------------

def not_tls(trace: Trace, decision: core.NotTLS) -> Iterator[Suspicion]:
    yield Suspicion(
        code="TLS-PLAIN", objects=(decision.receiver,),
        summary=f"{named(decision.receiver)} speaks plain HTTP on this port; the client started TLS",
        cause=f"The URL says https, and {named(decision.receiver)} speaks plain HTTP on this port.",
        evidence=("Nothing between a Service and its pods ends TLS; an Ingress controller would.",),
        observed="plain text", expected="TLS", candidates=(Instead(asked_of(trace).over("http"), "scheme", "https", "http"),),
        advice="Use http://, or a port that speaks TLS.")


def plain_to_tls(trace: Trace, decision: core.PlainToTLS) -> Iterator[Suspicion]:
    yield Suspicion(
        code="TLS-WANTED", objects=(decision.receiver,),
        summary=f"{named(decision.receiver)} wants TLS on this port; the client sent plain HTTP",
        cause=f"The URL says http, and {named(decision.receiver)} speaks TLS on this port: it answers 400.",
        observed="plain HTTP", expected="TLS",
        candidates=(Instead(asked_of(trace).over("https"), "scheme", "http", "https"),), advice="Use https://.")
