"""Test certificates: equal input gives equal bytes, on every machine and in every process.

They are unfit for production, and say so in the text above the PEM blocks, in a comment extension and by default in
their organization: the private key follows from the seed, so everybody has it.

Source: RFC 5280 sections 4.1 and 4.2, RFC 5758 section 3.2 (ECDSA), RFC 7093 section 2 (key identifiers); the comment
is Netscape's extension nsComment, which `openssl x509 -text` shows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import simnet.x509.der as der
from simnet.errors import UsageError
from simnet.ip import V6, number
from simnet.x509.certificate import (
    BASIC_CONSTRAINTS,
    DNS_NAME,
    ECDSA_WITH_SHA256,
    ECDSA_WITH_SHA384,
    IP_ADDRESS,
    SUBJECT_ALT_NAME,
    Certificate,
    read_certificates,
)
from simnet.x509.coverage import address_number
from simnet.x509.distinguished import write_name
from simnet.x509.ec import P256, P384, sign
from simnet.x509.key import EcPrivateKey, write_private_key
from simnet.x509.pem import write_pem
from simnet.x509.public import EcPublicKey, write_public_key

TEST_ORGANIZATION: Final = "simnet test certificate, do not trust"
COMMENT: Final = "simnet test certificate, unfit for production: everybody can compute its private key"
FAKE_COMMON_NAME: Final = "Kubernetes Ingress Controller Fake Certificate"
YEAR_SECONDS: Final = 365 * 24 * 3600

_SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
_KEY_USAGE: Final = "2.5.29.15"
_AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
_EXTENDED_KEY_USAGE: Final = "2.5.29.37"
_SERVER_AUTHENTICATION: Final = "1.3.6.1.5.5.7.3.1"
_NETSCAPE_COMMENT: Final = "2.16.840.1.113730.1.13"
_SIGNATURES: Final = {P256.name: ECDSA_WITH_SHA256, P384.name: ECDSA_WITH_SHA384}
_LONGEST_COMMON_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class TestCertificate:
    """A certificate made here with its private key; the PEM texts begin with a line that warns."""

    __test__: ClassVar[bool] = False  # the name does not make it a pytest class

    certificate_pem: str
    key_pem: str
    certificate: Certificate
    key: EcPrivateKey


def make_certificate(
    names: Sequence[str],
    *,
    not_before: int,
    not_after: int,
    seed: bytes | str,
    common_name: str | None = None,
    organization: str = TEST_ORGANIZATION,
    ips: Sequence[str] = (),
    serial: int | None = None,
    key: EcPrivateKey | None = None,
    issuer: TestCertificate | None = None,
    is_ca: bool = False,
) -> TestCertificate:
    """Make a certificate for `names` and `ips`, signed with its own key, or with that of `issuer`.

    Times are UTC seconds since the epoch. The key is on P-256 and follows from `seed`, the names and the common name,
    unless `key` is given. `common_name` is by default the first name of at most 64 characters; with only a common name
    the certificate has no alternative names at all, as that of `openssl req -x509 -subj /CN=...`. `serial` by default
    follows from everything else. `is_ca` makes one that can be an `issuer`.

    Raises UsageError for names that no certificate can hold. Cost: about 10 ms; keep what you need twice.
    """
    _check_names(names)
    subject_name = _checked_common_name(common_name, (*names, *ips))
    subject = _subject(organization, subject_name)
    key = key or derive_key(seed, (subject_name, *names, *ips))
    public = key.public_key
    signer = issuer.key if issuer else key
    algorithm = der.sequence(der.object_identifier(_SIGNATURES[signer.curve.name]))
    body = (
        algorithm,
        _issuer_name(issuer) or subject,
        der.sequence(*_validity(not_before, not_after)),
        subject,
        write_public_key(public),
        der.encode(der.context(3), der.sequence(*_extensions(names, ips, public, issuer, is_ca))),
    )
    signed = der.sequence(der.encode(der.context(0), der.integer(2)), der.integer(_serial(serial, body)), *body)
    signature = der.sequence(*map(der.integer, sign(signer.curve, signer.scalar, signed)))
    content = der.sequence(signed, algorithm, der.bit_string(signature))
    return TestCertificate(
        certificate_pem=write_pem("CERTIFICATE", content, COMMENT),
        key_pem=write_pem("PRIVATE KEY", write_private_key(key, public), COMMENT),
        certificate=read_certificates(content)[0],
        key=key,
    )


def fake_certificate(not_before: int = 1798761600) -> TestCertificate:
    """The certificate ingress-nginx makes for itself when it starts, valid for a year from `not_before`.

    The default is 2027-01-01T00:00:00Z, when the logical clock starts. The real one has a new RSA key at each start;
    this one always has the same key on P-256. Cost: about 10 ms at each call, nothing is kept.
    Source: rule T-2; kubernetes/ingress-nginx internal/net/ssl/ssl.go getFakeHostSSLCert.
    """
    return make_certificate(
        ["ingress.local"],
        common_name=FAKE_COMMON_NAME,
        organization="Acme Co",
        not_before=not_before,
        not_after=not_before + YEAR_SECONDS,
        seed="ingress-nginx default certificate",
    )


def derive_key(seed: bytes | str, labels: Sequence[str] = ()) -> EcPrivateKey:
    """The P-256 key that follows from a seed and any number of words. Cost: below 0.1 ms."""
    secret = seed.encode() if isinstance(seed, str) else seed
    digest = hmac.digest(secret, "\0".join(("simnet test key", *labels)).encode(), "sha512")
    return EcPrivateKey(P256, int.from_bytes(digest, "big") % (P256.n - 1) + 1)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not name or not name.isascii() or "\0" in name:
            raise UsageError(f"{name!r} is not a name for a certificate: expected ASCII characters, `xn--` for others")
        if address_number(name) is not None:
            raise UsageError(f"{name!r} is an address, which no client looks for among the names: give it in ips")


def _checked_common_name(given: str | None, names: Sequence[str]) -> str:
    """The common name, which may be empty only if there are alternative names."""
    if given is None:
        given = next((name for name in names if len(name) <= _LONGEST_COMMON_NAME), "")
    if len(given) > _LONGEST_COMMON_NAME:
        raise UsageError(f"the common name {given!r} has {len(given)} characters, {_LONGEST_COMMON_NAME} are the most")
    if not given and not names:
        raise UsageError("a certificate needs a name: give names, ips or a common_name")
    return given


def _subject(organization: str, common_name: str) -> bytes:
    attributes = [(name, value) for name, value in (("O", organization), ("CN", common_name)) if value]
    if not attributes:
        raise UsageError("a certificate needs an organization or a common_name: its issuer may not be empty")
    return write_name(attributes)


def _issuer_name(issuer: TestCertificate | None) -> bytes:
    if issuer is None:
        return b""
    if not issuer.certificate.is_ca:
        raise UsageError(f"{issuer.certificate.subject} cannot issue certificates: make it with is_ca=True")
    return issuer.certificate.subject.encoded


def _validity(not_before: int, not_after: int) -> tuple[bytes, bytes]:
    if not_after < not_before:
        raise UsageError(f"the certificate ends ({not_after}) before it begins ({not_before})")
    try:
        return der.time(not_before), der.time(not_after)
    except OverflowError:
        message = f"{not_before} to {not_after} is not a validity: expected seconds since 1970 in the years 1 to 9999"
        raise UsageError(message) from None


def _serial(given: int | None, body: Sequence[bytes]) -> int:
    """By default 16 bytes of the hash of everything else, so that different certificates have different numbers."""
    if given is None:
        digest = hashlib.sha256(b"".join(body)).digest()
        return int.from_bytes(digest[:16], "big") >> 2 | 1 << 126
    if not 0 < given < 1 << 159:
        raise UsageError(f"{given} is not a serial number: expected 1 to 2**159 - 1 (RFC 5280 section 4.1.2.2)")
    return given


def _extensions(
    names: Sequence[str], ips: Sequence[str], public: EcPublicKey, issuer: TestCertificate | None, is_ca: bool
) -> Iterator[bytes]:
    identifier = _key_identifier(public)
    yield _extension(BASIC_CONSTRAINTS, der.sequence(*[der.encode(der.BOOLEAN, b"\xff")] * is_ca), critical=True)
    # digitalSignature; for authorities keyCertSign and cRLSign as well
    usage = der.bit_string(b"\x86", unused=1) if is_ca else der.bit_string(b"\x80", unused=7)
    yield _extension(_KEY_USAGE, usage, critical=True)
    if not is_ca:
        yield _extension(_EXTENDED_KEY_USAGE, der.sequence(der.object_identifier(_SERVER_AUTHENTICATION)))
    if names or ips:
        entries = [der.encode(DNS_NAME, name.encode("ascii")) for name in names]
        entries += [der.encode(IP_ADDRESS, _packed(ip)) for ip in ips]
        yield _extension(SUBJECT_ALT_NAME, der.sequence(*entries))
    yield _extension(_SUBJECT_KEY_IDENTIFIER, der.encode(der.OCTET_STRING, identifier))
    above = _key_identifier(issuer.key.public_key) if issuer else identifier
    authority = der.sequence(der.encode(der.context(0, constructed=False), above))
    yield _extension(_AUTHORITY_KEY_IDENTIFIER, authority)
    yield _extension(_NETSCAPE_COMMENT, der.encode(der.IA5_STRING, COMMENT.encode("ascii")))


def _extension(identifier: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der.encode(der.BOOLEAN, b"\xff") if critical else b""
    return der.sequence(der.object_identifier(identifier), flag, der.encode(der.OCTET_STRING, value))


def _key_identifier(key: EcPublicKey) -> bytes:
    return hashlib.sha256(key.encoded_point()).digest()[:20]


def _packed(address: str) -> bytes:
    value = number(address)
    return (value - V6).to_bytes(16, "big") if value >= V6 else value.to_bytes(4, "big")
