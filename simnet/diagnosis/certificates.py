"""TLS that the client does not accept: the fallback certificate, an unknown one, plain text on one side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.http.keyring import read_secret
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.tls import CertificateReason, Shown, show
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import Asked, asked_of, is_address
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
    if shown.reason is CertificateReason.NO_SNI:
        yield _unnamed(cluster, table, controller.pod, asked_of(trace))
    elif shown.is_default:
        host = request.sni or ""
        yield wrong_certificate(cluster, shown, _ingress(table, host), host, asked_of(trace))


def _ingress(table: ControllerTable, name: str) -> Ingress | None:
    """The Ingress whose tls section should have decided, or else the first of the host."""
    server = table.find(name.lower().removesuffix(".")).server
    return server.tls or next((each.ingress for each in server.sources), None)


def _unnamed(cluster: Cluster, table: ControllerTable, pod: ObjectKey, asked: Asked) -> Suspicion:
    """No name in the handshake: the one wanted is that of the Host header, if it has one."""
    host = "" if is_address(asked.named_host) else asked.named_host
    hosts = tls_hosts(cluster)
    names = [each for each in dict.fromkeys((host, *hosts)) if each and not each.startswith("*")]
    ingress = _ingress(table, host) if host else None
    owners = [ingress] if ingress is not None else [each for each in cluster.list("Ingress") if each.tls and not host]
    fact = "the client named no host in the handshake, as with a bare address"
    late = f"; the Host header {host} comes too late" if host else ""
    typed = f": {asked.naming(names[0]).command}" if names else ""
    return Suspicion(
        code="TLS-FALLBACK", objects=tuple(each.ref for each in owners) or (f"host/{host}" if host else f"pod/{pod}",),
        symptom=WARNED, summary=fact + late,
        cause=f"The controller shows its own fallback certificate, because {fact}. A certificate is chosen by that name "
              "(SNI), before any header is sent, and an address is no name.",
        evidence=tuple(_by_name(cluster, table, ingress, host, hosts)),
        observed=f"fallback certificate ({CertificateReason.NO_SNI})",
        expected=f"{host or 'a name'} in the handshake", nearest=host,
        candidates=tuple(Instead(asked.naming(each), "name in the handshake", "", each) for each in names[:3]),
        advice=f"Connect by the host's name, or keep the name and fix the address with --resolve{typed}.")


def _by_name(cluster: Cluster, table: ControllerTable, ingress: Ingress | None, host: str,
             hosts: list[str]) -> Iterator[str]:
    """What a handshake that names the host of the Host header would get."""
    if host:
        shown = show(table, host)
        owner = f" of Ingress {ingress.key}" if ingress is not None else ""
        if shown.is_default:
            yield f"By the name {host} it would still be the fallback: {_fact(cluster, shown, ingress, host)}."
        else:
            yield f"By the name {host} it would be the certificate in Secret {shown.secret}{owner}."
    yield _hosts_fact(hosts)


def tls_hosts(cluster: Cluster) -> list[str]:
    """Every host a tls section is for: those it lists, or, where it lists none, those of the Ingress's rules."""
    return sorted({host for known in cluster.list("Ingress") for entry in known.tls
                   for host in entry.hosts or (rule.host for rule in known.rules if rule.host)})


def wrong_certificate(cluster: Cluster, shown: Shown, ingress: Ingress | None, host: str,
                      asked: Asked | None = None) -> Suspicion:
    """The default certificate is shown for the name `host`."""
    hosts = tls_hosts(cluster)
    patches: list[Patch | Instead] = list(_patches(cluster, shown, ingress, host)) if ingress is not None else []
    if asked is not None and shown.reason is CertificateReason.UNKNOWN_NAME:
        near = nearest_first(host, hosts) or hosts
        patches += [Instead(asked.naming(each), "name in the handshake", host, each) for each in near[:3]]
    fact = _fact(cluster, shown, ingress, host)
    others = unlisted(cluster, shown, ingress)
    reason = CertificateReason.WRONG_NAMES if any(not each.flaw for each in others) else shown.reason
    return Suspicion(
        code="TLS-FALLBACK", objects=_objects(shown, others, ingress, host), symptom=WARNED, nearest=_nearest(patches),
        summary=fact, cause=f"The controller shows its own fallback certificate, because {fact}.",
        evidence=tuple(_evidence(cluster, shown, ingress, hosts)), observed=f"fallback certificate ({reason})",
        expected=f"the certificate for {host}", candidates=tuple(patches),
        advice="Put a Secret of type kubernetes.io/tls with the host's certificate into the Ingress's namespace, and "
               "name host and Secret in spec.tls.")


def _nearest(patches: Iterable[Patch | Instead]) -> str:
    """The Secret that was probably meant."""
    found = next((each for each in patches if isinstance(each, Patch) and each.path[-1] == "secretName"), None)
    if found is None or not found.old:
        return ""
    old, new = str(found.old), str(found.new)
    return f"Secret {new}, {difference(old, new)}" if is_near(old, new) else f"Secret {new}"


def _fact(cluster: Cluster, shown: Shown, ingress: Ingress | None, host: str) -> str:
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
            others = "; ".join(each.fact_for(host) for each in unlisted(cluster, shown, ingress))
            return (f"the tls section of {owner} lists no host, and {others}" if others
                    else f"the tls section of {owner} does not list the host {host}")
        case CertificateReason.SECRET_MISSING:
            return f"{owner} asks for Secret {shown.secret}, which does not exist"
        case CertificateReason.UNUSABLE:
            return f"{owner} asks for Secret {shown.secret}, which cannot be used: {shown.flaw}"
        case CertificateReason.WRONG_NAMES if shown.secret is not None:
            return content_of(cluster, shown.secret).fact_for(host)
        case CertificateReason.LISTED | CertificateReason.MATCHED | CertificateReason.WRONG_NAMES:
            return f"Secret {shown.secret} is used"


@dataclass(frozen=True, slots=True)
class Content:
    """What a Secret that a tls section asks for has to offer: names, or what is wrong with it."""

    secret: ObjectKey
    names: tuple[str, ...] = ()
    flaw: str = ""

    def fact_for(self, host: str) -> str:
        """Why it does not do for `host`, as a clause."""
        if self.flaw:
            return f"Secret {self.secret} {self.flaw}"
        return f"the certificate in Secret {self.secret} is for {listed(self.names) or 'no DNS name'}, not for {host}"


def content_of(cluster: Cluster, key: ObjectKey, *, san_only: bool = False) -> Content:
    """Read a Secret; with `san_only` a common name does not count. About 5 ms."""
    secret = cluster.store.get("Secret", key)
    if not isinstance(secret, Secret):
        return Content(key, flaw="does not exist")
    read = read_secret(secret)
    if read.pair is None:
        return Content(key, flaw=f"cannot be used: {read.flaw}")
    certificate = read.pair.certificate
    return Content(key, certificate.dns_names if san_only else certificate.names)


def unlisted(cluster: Cluster, shown: Shown, ingress: Ingress | None) -> list[Content]:
    """The Secrets of entries without hosts, which count for the names in their certificates alone (rule T-4)."""
    if shown.reason is not CertificateReason.NOT_LISTED or ingress is None:
        return []
    return [content_of(cluster, ObjectKey(ingress.namespace, entry.secret_name), san_only=True)
            for entry in ingress.tls if entry.secret_name and not entry.hosts]


def _objects(shown: Shown, others: Iterable[Content], ingress: Ingress | None, host: str) -> tuple[str, ...]:
    secrets = [shown.secret] if shown.secret is not None else [each.secret for each in others]
    return (ingress.ref if ingress is not None else f"host/{host}", *(f"secret/{key}" for key in secrets))


def _hosts_fact(hosts: Iterable[str]) -> str:
    return f"Hosts with a tls section: {listed(hosts) or 'none'}."


def _evidence(cluster: Cluster, shown: Shown, ingress: Ingress | None, hosts: list[str]) -> Iterator[str]:
    if shown.secret is not None and shown.reason is CertificateReason.SECRET_MISSING:
        others = [each.key for each in cluster.list("Secret") if each.name == shown.secret.name]
        if others:
            yield (f"A Secret of that name exists in namespace {listed(key.namespace for key in others)}, but an Ingress "
                   "can only use Secrets of its own namespace.")
    if ingress is not None:
        known = [f"{each.name} ({each.type})" for each in cluster.list("Secret", namespace=ingress.namespace)]
        yield f"Secrets in namespace {ingress.namespace}: {listed(known) or 'none'}."
    yield _hosts_fact(hosts)


def _patches(cluster: Cluster, shown: Shown, ingress: Ingress, host: str) -> Iterator[Patch]:
    """Another Secret, one more host, or a tls section, from what exists in the Ingress's namespace."""
    secrets = usable_secrets(cluster.list("Secret", namespace=ingress.namespace), host)
    match shown.reason:
        case (CertificateReason.SECRET_MISSING | CertificateReason.UNUSABLE | CertificateReason.WRONG_NAMES
              | CertificateReason.NO_SECRET_NAME):
            old = shown.secret.name if shown.secret is not None else ""
            for index, entry in enumerate(ingress.tls):
                if entry.secret_name == old:
                    yield from _other_secrets(ingress, index, old, secrets)
        case CertificateReason.NOT_LISTED:
            for index, entry in enumerate(ingress.tls):
                if entry.hosts:
                    yield Patch(ingress, ("spec", "tls", index, "hosts"), [*entry.hosts], [*entry.hosts, host], len(host))
                else:
                    yield from _other_secrets(ingress, index, entry.secret_name, secrets)
        case CertificateReason.NO_TLS:
            for name in secrets:
                yield Patch(ingress, ("spec", "tls"), None, [{"hosts": [host], "secretName": name}], len(name))
        case _:
            return


def _other_secrets(ingress: Ingress, index: int, old: str, secrets: list[str]) -> Iterator[Patch]:
    """Entry `index` of the tls section with each of these Secrets instead, nearest names first."""
    for name in sorted(secrets, key=lambda name: (distance(old, name), name)):
        yield Patch(ingress, ("spec", "tls", index, "secretName"), old or None, name, distance(old, name))


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
