"""X.509 certificates: what a TLS server shows, and what a client or a controller looks at.

Read are names, validity, public key and whether it is an authority; extensions without a meaning here are passed over.
No signature and no chain is verified. Where Go's crypto/x509, which the controllers use, refuses a certificate as
malformed, so does this reader.

Source: RFC 5280 section 4.1 and 4.2.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

import simnet.x509.der as der
from simnet.errors import Place, Problem
from simnet.ip import V6, text
from simnet.x509.coverage import Coverage, find_coverage
from simnet.x509.distinguished import DistinguishedName, read_name
from simnet.x509.errors import DerError, PemError
from simnet.x509.pem import is_pem, read_pem
from simnet.x509.public import PublicKey, read_public_key

SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
ECDSA_WITH_SHA256: Final = "1.2.840.10045.4.3.2"
ECDSA_WITH_SHA384: Final = "1.2.840.10045.4.3.3"
DNS_NAME: Final = der.context(2, constructed=False)
IP_ADDRESS: Final = der.context(7, constructed=False)
_SIGNATURES: Final = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption", "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption", "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption", "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1", ECDSA_WITH_SHA256: "ecdsa-with-SHA256",
    ECDSA_WITH_SHA384: "ecdsa-with-SHA384", "1.2.840.10045.4.3.4": "ecdsa-with-SHA512", "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Times are UTC seconds since the epoch; `signature_algorithm` is OpenSSL's name for it.

    `dns_names` and `ip_addresses` are the subject alternative names, in the order of the certificate.
    """

    subject: DistinguishedName
    issuer: DistinguishedName
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    not_before: int
    not_after: int
    serial: int
    public_key: PublicKey
    is_ca: bool
    signature_algorithm: str
    der: bytes = field(repr=False)

    @property
    def common_name(self) -> str:
        """The subject's common name; empty if it has none."""
        return self.subject.common_name

    @property
    def organization(self) -> str:
        """The subject's organization; empty if it has none."""
        return self.subject.organization

    @property
    def not_before_text(self) -> str:
        """The first second of validity, `2027-01-01T00:00:00Z`."""
        return f"{der.moment_of(self.not_before):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def not_after_text(self) -> str:
        """The last second of validity, `2028-01-01T00:00:00Z`."""
        return f"{der.moment_of(self.not_after):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return self.subject.encoded == self.issuer.encoded

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the bytes, in lower-case hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts it speaks for by rule T-4: its DNS names, or if there are none, its common name."""
        return self.dns_names or ((self.common_name,) if self.common_name else ())

    def is_valid_at(self, seconds: int) -> bool:
        """Whether a moment (UTC seconds since the epoch) lies in its validity, both ends included."""
        return self.not_before <= seconds <= self.not_after

    def covers(self, host: str, *, san_only: bool = False) -> Coverage:
        """Whether it speaks for `host`, a value that is true or false and knows why.

        The common name counts when there is no DNS name (T-4; curl and other clients on OpenSSL do so too), unless
        `san_only` (the second search of T-5; browsers and clients written in Go).
        """
        return find_coverage(host, self.dns_names, self.ip_addresses, "" if san_only else self.common_name)


def read_certificates(data: str | bytes, file: str = "") -> list[Certificate]:
    """All certificates of a PEM text in their order, or the one of DER bytes; at least one.

    PEM blocks of other kinds are passed over. `file` names the input in errors. Raises `PemError` (not PEM, or no
    CERTIFICATE block in it) or `DerError`. Cost: below 1 ms a certificate.
    """
    if isinstance(data, bytes) and not is_pem(data):
        return [_read_placed(data, Place(file), "certificate")]
    blocks = read_pem(data, file)
    found = [block for block in blocks if block.label == "CERTIFICATE"]
    if not found:
        detail = f"expected a CERTIFICATE block, found {', '.join(block.label for block in blocks)}"
        raise PemError(Problem(detail, type="Syntax", place=blocks[0].place))
    return [_read_placed(block.content, block.place, f"certificate {at}") for at, block in enumerate(found, 1)]


def _read_placed(data: bytes, place: Place, object: str) -> Certificate:
    try:
        return _read(data)
    except DerError as error:
        raise DerError(error.placed(place, object)) from None


def _read(data: bytes) -> Certificate:
    fields = der.read_der(data, "Certificate").fields()
    signed = fields.take("tbsCertificate", der.SEQUENCE)
    algorithm = fields.take("signatureAlgorithm", der.SEQUENCE)
    fields.take("signature", der.BIT_STRING).bits()
    fields.end()
    return _read_signed(signed, algorithm, data)


def _read_signed(signed: der.Element, outer: der.Element, data: bytes) -> Certificate:
    """The part of a certificate that its issuer signed, in the order of its fields."""
    fields = signed.fields()
    version = fields.take_if("version", der.context(0))
    if version is not None and _version(version) not in (0, 1, 2):
        raise version.error("expected version 0, 1 or 2 (called v1, v2, v3)")
    serial = fields.take("serialNumber", der.INTEGER).integer()
    algorithm = fields.take("signature", der.SEQUENCE)
    if algorithm.encoded != outer.encoded:
        raise algorithm.error("differs from signatureAlgorithm")
    issuer = read_name(fields.take("issuer", der.SEQUENCE))
    not_before, not_after = _validity(fields.take("validity", der.SEQUENCE))
    subject = read_name(fields.take("subject", der.SEQUENCE))
    public_key = read_public_key(fields.take("subjectPublicKeyInfo", der.SEQUENCE))
    extensions = _extensions(fields)
    dns_names, ip_addresses = _alternative_names(extensions.get(SUBJECT_ALT_NAME))
    return Certificate(
        subject, issuer, dns_names, ip_addresses, not_before, not_after, serial, public_key,
        _is_authority(extensions.get(BASIC_CONSTRAINTS)), _signature_name(algorithm), data,
    )  # fmt: skip


def _version(element: der.Element) -> int:
    fields = element.fields()
    number = fields.take("number", der.INTEGER).integer()
    fields.end()
    return number


def _signature_name(algorithm: der.Element) -> str:
    identifier = algorithm.fields().take("algorithm", der.OBJECT_IDENTIFIER).object_identifier()
    return _SIGNATURES.get(identifier, identifier)


def _validity(validity: der.Element) -> tuple[int, int]:
    fields = validity.fields()
    not_before = fields.take("notBefore", der.UTC_TIME, der.GENERALIZED_TIME).seconds()
    not_after = fields.take("notAfter", der.UTC_TIME, der.GENERALIZED_TIME).seconds()
    fields.end()
    return not_before, not_after


def _extensions(fields: der.Fields) -> dict[str, der.Element]:
    """The last fields of the signed part: identifier -> extnValue of each extension; none may occur twice."""
    fields.take_if("issuerUniqueID", der.context(1, constructed=False))
    fields.take_if("subjectUniqueID", der.context(2, constructed=False))
    wrapper = fields.take_if("extensions", der.context(3))
    fields.end()
    found: dict[str, der.Element] = {}
    if wrapper is not None:
        inner = wrapper.fields()
        listing = inner.take("list", der.SEQUENCE)
        inner.end()
        for extension in listing.children("extension", der.SEQUENCE):
            identifier, value = _extension(extension)
            if identifier in found:
                raise extension.error(f"extension {identifier} occurs twice")
            found[identifier] = value
    return found


def _extension(extension: der.Element) -> tuple[str, der.Element]:
    fields = extension.fields()
    identifier = fields.take("extnID", der.OBJECT_IDENTIFIER).object_identifier()
    if critical := fields.take_if("critical", der.BOOLEAN):
        critical.boolean()
    value = fields.take("extnValue", der.OCTET_STRING)
    fields.end()
    return identifier, value


def _alternative_names(extension: der.Element | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """DNS names and addresses; other kinds of names (mail, URI, directory ...) are no names of hosts."""
    if extension is None:
        return (), ()
    names = der.read_der(extension.content, "subjectAltName").children("name")
    dns_names = tuple(_dns_name(name) for name in names if name.tag == DNS_NAME)
    return dns_names, tuple(_address(name) for name in names if name.tag == IP_ADDRESS)


def _dns_name(name: der.Element) -> str:
    if not name.content.isascii():
        raise name.error("a DNS name holds ASCII characters only")
    return name.content.decode("ascii")


def _address(name: der.Element) -> str:
    if len(name.content) not in (4, 16):
        raise name.error(f"an IP address has 4 or 16 bytes, here are {len(name.content)}")
    return text(int.from_bytes(name.content, "big") + (V6 if len(name.content) == 16 else 0))


def _is_authority(extension: der.Element | None) -> bool:
    if extension is None:
        return False
    flag = der.read_der(extension.content, "basicConstraints").fields().take_if("cA", der.BOOLEAN)
    return flag is not None and flag.boolean()
