"""Which certificate a controller shows, why that one, and whether a client accepts it. Pure.

No signature is checked anywhere: a certificate is trusted when it, or the one its issuer's name stands for, is among
the trusted ones.

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go createServers and extractTLSSecretName,
rootfs/etc/nginx/lua/certificate.lua; RFC 6125 (names); rules T-1 to T-6, T-9, T-12.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from simnet.control.ingress_class import object_key
from simnet.dataplane.http.ingresses import ANY_HOST
from simnet.dataplane.http.message import ServedCertificate
from simnet.dataplane.http.servers import Server
from simnet.dataplane.http.settings import ClientCertificates
from simnet.dataplane.http.table import ControllerTable, HostReason
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.x509.certificate import Certificate, read_certificates
from simnet.x509.errors import X509Error


class CertificateReason(StrEnum):
    """Why this certificate was shown. All but the first two mean: the default one."""

    LISTED = "listed"
    MATCHED = "matched"
    NO_SNI = "no-sni"
    UNKNOWN_NAME = "unknown-name"
    NO_TLS = "no-tls"
    NO_SECRET_NAME = "no-secret-name"
    NOT_LISTED = "not-listed"
    SECRET_MISSING = "secret-missing"
    UNUSABLE = "unusable"
    WRONG_NAMES = "names-do-not-cover"


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate for one server name and why.

    `secret` is the one the Ingress asks for, whether or not it could be used; `host` the rule host that brought it;
    `flaw` says what is wrong with the Secret (reason `unusable`).
    """

    served: ServedCertificate
    reason: CertificateReason
    secret: ObjectKey | None = None
    host: str = ""
    flaw: str = ""

    @property
    def is_default(self) -> bool:
        return self.reason not in (CertificateReason.LISTED, CertificateReason.MATCHED)


def show(table: ControllerTable, sni: str | None) -> Shown:
    """The certificate for the name in a TLS handshake, None for none (rules T-1 to T-5).

    An exact host's own certificate, else the wildcard host's above it, else the default one. Cost: two or three
    look-ups, and 5 ms for a Secret that was not read before.
    """
    if sni is None:
        return _default(table, CertificateReason.NO_SNI)
    name = sni.lower().removesuffix(".")
    server = _with_certificate(table, name)
    if server is not None:
        return choose(table, server)
    known = table.find(name).reason not in (HostReason.DEFAULT, HostReason.WWW)
    return _default(table, CertificateReason.NO_TLS if known else CertificateReason.UNKNOWN_NAME)


def has_certificate(table: ControllerTable, name: str) -> bool:
    """Whether any certificate is configured for the host, a default one given by a tls section included (rule T-6)."""
    return _with_certificate(table, name) is not None


def _with_certificate(table: ControllerTable, name: str) -> Server | None:
    """The server whose tls section decides for this name (rule T-3). Aliases and from-to-www counterparts count only
    when the certificate names them (rule T-4)."""
    if not name:
        return None
    match = table.find(name)
    if match.reason is HostReason.EXACT and match.server.tls is not None:
        return match.server
    if match.reason in (HostReason.ALIAS, HostReason.WWW) and match.server.tls is not None:
        shown = choose(table, match.server)
        if not shown.is_default and shown.served.certificate is not None and shown.served.certificate.covers(name):
            return match.server
    wildcard = table.server("*." + name.partition(".")[2])
    return wildcard if wildcard is not None and wildcard.tls is not None else None


def choose(table: ControllerTable, server: Server) -> Shown:
    """Which Secret a host's tls section leads to, and whether it can be used (rules T-4, T-5)."""
    ingress, host = server.tls, server.host
    if ingress is None or host == ANY_HOST:
        return _default(table, CertificateReason.NO_TLS, host=host)
    name = _listed(ingress, host)
    reason = CertificateReason.LISTED
    if name is None:
        name, reason = _naming(table, ingress, host), CertificateReason.MATCHED
        if not name:
            return _default(table, CertificateReason.NOT_LISTED, host=host)
    if not name:
        return _default(table, CertificateReason.NO_SECRET_NAME, host=host)
    key = ObjectKey(ingress.namespace, name)
    read = table.keyring.secret(key)
    if read is None:
        return _default(table, CertificateReason.SECRET_MISSING, key, host)
    if read.pair is None:
        return _default(table, CertificateReason.UNUSABLE, key, host, read.flaw)
    if not read.pair.certificate.covers(host):
        return _default(table, CertificateReason.WRONG_NAMES, key, host)
    return Shown(read.served(), reason, key, host)


def _listed(ingress: Ingress, host: str) -> str | None:
    """The Secret of the first tls entry that lists the host ('' if that names none); None when none lists it."""
    return next((entry.secret_name for entry in ingress.tls
                 if host in (each.lower() for each in entry.hosts)), None)


def _naming(table: ControllerTable, ingress: Ingress, host: str) -> str:
    """The first entry's Secret whose certificate has the host among its alternative names, '' if none has."""
    for entry in ingress.tls:
        read = table.keyring.secret(ObjectKey(ingress.namespace, entry.secret_name)) if entry.secret_name else None
        if read is not None and read.pair is not None and read.pair.certificate.covers(host, san_only=True):
            return entry.secret_name
    return ""


def _default(table: ControllerTable, reason: CertificateReason, secret: ObjectKey | None = None, host: str = "",
             flaw: str = "") -> Shown:
    """The default certificate: the Secret the controller was given if it can be used, else its own (rule T-2)."""
    key = table.flags.default_ssl_certificate
    read = table.keyring.secret(key) if key is not None else None
    served = read.served() if read is not None and read.pair is not None else table.keyring.fake()
    return Shown(served, reason, secret, host, flaw)


def asked_certificate(table: ControllerTable, server: Server) -> ClientCertificates | None:
    """What a host asks of its clients' certificates: the first Ingress counts whose Secret has a `ca.crt` (rule K-18)."""
    for ingress, wanted in server.client_certificates:
        key = object_key(wanted.secret)
        secret = table.keyring.net.secret(key) if key is not None and key.namespace == ingress.namespace else None
        if secret is not None and secret.data.get("ca.crt"):
            return wanted
    return None


# the client's side ----------------------------------------------------------------------------------------------

class Refusal(StrEnum):
    """Why a client does not accept a certificate; the first that applies, in OpenSSL's order."""

    BAD_CACERT = "bad-cacert"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown-issuer"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    NAME = "name"


def own_certificate(receiver: str) -> ServedCertificate:
    """What a pod shows that speaks TLS by itself: nobody has said what is in it, so no client can trust it."""
    return ServedCertificate(receiver)


def verify(served: ServedCertificate, host: str, now: float, trust: Iterable[Certificate], cacert: str = "",
           insecure: bool = False) -> str:
    """Why the client does not accept what it was shown when it wanted `host` (a `Refusal`), '' when it does.

    `trust` holds what every client trusts; `cacert` is the PEM text of --cacert, `insecure` is -k. The common name
    never counts (rule T-12). `now` is in seconds since 1970.
    """
    if insecure:
        return ""
    try:
        trusted = [*trust, *(read_certificates(cacert) if cacert else ())]
    except X509Error:
        return Refusal.BAD_CACERT
    certificate = served.certificate
    if certificate is None or not _is_trusted(certificate, served.chain, trusted):
        own = certificate is None or certificate.is_self_issued
        return Refusal.SELF_SIGNED if own else Refusal.UNKNOWN_ISSUER
    if now < certificate.not_before:
        return Refusal.NOT_YET_VALID
    if now > certificate.not_after:
        return Refusal.EXPIRED
    return "" if certificate.covers(host, san_only=True) else Refusal.NAME


def _is_trusted(certificate: Certificate, chain: tuple[Certificate, ...], trusted: list[Certificate]) -> bool:
    """The certificate itself, or, name by name up the chain sent along, an issuer is among the trusted ones."""
    known = {each.der for each in trusted}
    issuers = {each.subject.encoded for each in trusted if each.is_ca}
    at: Certificate | None = certificate
    for _ in range(len(chain) + 1):
        if at is None:
            return False
        if at.der in known or (not at.is_self_issued and at.issuer.encoded in issuers):
            return True
        at = next((each for each in chain if each.subject.encoded == at.issuer.encoded and each is not at), None)
    return False
