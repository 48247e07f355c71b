"""Is this Secret usable: do `tls.crt` and `tls.key` make a pair?

Source: rule T-4; kubernetes/ingress-nginx internal/net/ssl/ssl.go CreateSSLCert, and tls.X509KeyPair of Go, which
`kubectl create secret tls` also asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from simnet.errors import Place, Problem
from simnet.x509.certificate import Certificate, read_certificates
from simnet.x509.errors import PemError, UnknownAlgorithm, X509Error
from simnet.x509.key import PrivateKey, read_private_key
from simnet.x509.pem import PemBlock, read_pem


class PairFlaw(StrEnum):
    """Why a certificate and a key cannot be used together.

    ALGORITHM_NOT_MODELLED is the one where a real server may well use them: Ed25519 and P-521 keys are not read here.
    """

    NOT_PEM = "not PEM"
    NO_CERTIFICATE = "no certificate"
    BAD_CERTIFICATE = "bad certificate"
    NO_KEY = "no key"
    BAD_KEY = "bad key"
    ALGORITHM_NOT_MODELLED = "algorithm not modelled"
    KEY_DOES_NOT_BELONG = "key does not belong to the certificate"


class UnusablePair(X509Error):
    """A pair that no server can use: `flaw` is the kind of reason; the message names entry, line and cause."""

    def __init__(self, flaw: PairFlaw, problems: Problem | Iterable[Problem]) -> None:
        self.flaw = flaw
        super().__init__(problems)


@dataclass(frozen=True, slots=True)
class TlsPair:
    """A server's certificate, the further certificates it sends along, and its key."""

    certificate: Certificate
    chain: tuple[Certificate, ...]
    key: PrivateKey


def read_tls_pair(
    certificate_text: str | bytes, key_text: str | bytes, files: tuple[str, str] = ("tls.crt", "tls.key")
) -> TlsPair:
    """Read the two entries of a TLS Secret, PEM both. Raises `UnusablePair`; expiry is not looked at (T-4).

    The first certificate is the server's, and nothing but certificates may stand before it. `files` names the entries
    in errors. Cost: about 5 ms for P-256, most of it for the public point; 1 ms for RSA.
    """
    if _blocks(certificate_text, files[0])[0].label != "CERTIFICATE":
        detail = "expected '-----BEGIN CERTIFICATE-----' as the first block"
        raise UnusablePair(PairFlaw.NO_CERTIFICATE, Problem(detail, type="Syntax", place=Place(files[0])))
    try:
        certificate, *chain = read_certificates(certificate_text, files[0])
    except X509Error as error:
        _refuse(PairFlaw.BAD_CERTIFICATE, error)
    _blocks(key_text, files[1])
    try:
        key = read_private_key(key_text, files[1])
    except PemError as error:
        _refuse(PairFlaw.NO_KEY, error)
    except UnknownAlgorithm as error:
        _refuse(PairFlaw.ALGORITHM_NOT_MODELLED, error)
    except X509Error as error:
        _refuse(PairFlaw.BAD_KEY, error)
    if not key.belongs_to(certificate):
        shown = f"the {key.algorithm} key does not belong to the {certificate.public_key.algorithm} certificate"
        place = Place(files[1])
        raise UnusablePair(PairFlaw.KEY_DOES_NOT_BELONG, Problem(shown, type="Syntax", place=place))
    return TlsPair(certificate, tuple(chain), key)


def _blocks(text: str | bytes, file: str) -> list[PemBlock]:
    try:
        return read_pem(text, file)
    except PemError as error:
        _refuse(PairFlaw.NOT_PEM, error)


def _refuse(flaw: PairFlaw, error: X509Error) -> NoReturn:
    raise UnusablePair(flaw, error.problems) from None
