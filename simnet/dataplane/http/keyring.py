"""Secrets read as certificate and key, each version once, and the certificate a controller makes for itself.

Source: kubernetes/ingress-nginx internal/ingress/controller/store/backend_ssl.go, internal/net/ssl/ssl.go; rules T-2,
T-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simnet.clock import from_iso
from simnet.dataplane.http.lookups import Lookups
from simnet.dataplane.http.message import ServedCertificate
from simnet.names import ObjectKey
from simnet.objects.secret import Secret
from simnet.x509.make import fake_certificate
from simnet.x509.pair import TlsPair, UnusablePair, read_tls_pair

FAKE: Final = "fake"


@dataclass(frozen=True, slots=True)
class ReadSecret:
    """A Secret as a TLS pair: `pair` is None when it cannot be used, and `flaw` says why."""

    key: ObjectKey
    pair: TlsPair | None
    flaw: str = ""

    def served(self) -> ServedCertificate:
        """What a server shows with it. Only for a usable pair."""
        assert self.pair is not None
        return ServedCertificate(str(self.key), self.pair.certificate, self.pair.chain)


def read_secret(secret: Secret) -> ReadSecret:
    """Its `tls.crt` and `tls.key`; the type of the Secret is not looked at (rule T-4). About 5 ms."""
    for name in ("tls.crt", "tls.key"):
        if not secret.data.get(name):
            return ReadSecret(secret.key, None, f"no {name}")
    try:
        return ReadSecret(secret.key, read_tls_pair(secret.data["tls.crt"], secret.data["tls.key"]))
    except UnusablePair as error:
        return ReadSecret(secret.key, None, str(error.flaw))


class Keyring:
    """What controllers have read so far. Forks share nothing but the values."""

    def __init__(self, net: Lookups) -> None:
        self.net = net
        self._read: dict[ObjectKey, tuple[Secret, ReadSecret]] = {}
        self._fake: ServedCertificate | None = None

    def secret(self, key: ObjectKey) -> ReadSecret | None:
        """The Secret as a pair, None if there is none. Read again only when the object has changed."""
        found = self.net.secret(key)
        if found is None:
            return None
        known = self._read.get(key)
        if known is None or known[0] is not found:
            known = self._read[key] = (found, read_secret(found))
        return known[1]

    def fake(self) -> ServedCertificate:
        """The self-signed one of a controller without a default certificate, valid from the cluster's first day."""
        if self._fake is None:
            start = int(from_iso(self.net.settings.now))
            self._fake = ServedCertificate(FAKE, fake_certificate(start).certificate)
        return self._fake

    def fork(self, net: Lookups) -> Keyring:
        twin = Keyring(net)
        twin._read, twin._fake = self._read.copy(), self._fake
        return twin
