"""Private keys: does this one belong to that certificate?

Read are RSA keys (PKCS#1 and PKCS#8) and keys on P-256 and P-384 (SEC 1 and PKCS#8), as PEM or DER. A public part that
rides along is not looked at; it is computed.

Source: RFC 8017 appendix A.1.2 (PKCS#1), RFC 5208 section 5 and RFC 5958 (PKCS#8), RFC 5915 (SEC 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import simnet.x509.der as der
from simnet.errors import Place, Problem
from simnet.x509.certificate import Certificate
from simnet.x509.ec import Curve, public_point
from simnet.x509.errors import DerError, PemError, UnknownAlgorithm, UnusableKey
from simnet.x509.pem import PemBlock, is_pem, read_pem
from simnet.x509.public import (
    CURVE_IDENTIFIERS,
    RSA_ENCRYPTION,
    EcPublicKey,
    RsaPublicKey,
    read_curve,
    read_key_algorithm,
    write_key_algorithm,
)

_READ_HERE: Final = "RSA, P-256 and P-384 keys are read"


@dataclass(frozen=True, slots=True)
class RsaPrivateKey:
    """An RSA key, of which only the public half is kept: nothing here is ever signed with it."""

    public_key: RsaPublicKey

    @property
    def algorithm(self) -> str:
        """`RSA`."""
        return self.public_key.algorithm

    def belongs_to(self, certificate: Certificate) -> bool:
        """Whether modulus and exponent are those of the certificate."""
        return certificate.public_key == self.public_key


@dataclass(frozen=True, slots=True)
class EcPrivateKey:
    """A key on P-256 or P-384; `scalar` is the secret number, from 1 to the order of the curve less 1."""

    curve: Curve
    scalar: int = field(repr=False)

    @property
    def algorithm(self) -> str:
        """`EC P-256` or `EC P-384`."""
        return f"EC {self.curve.name}"

    @property
    def public_key(self) -> EcPublicKey:
        """The point of the key, computed anew at each call. Cost: about 3 ms (P-256), 6 ms (P-384)."""
        return EcPublicKey(self.curve, public_point(self.curve, self.scalar))

    def belongs_to(self, certificate: Certificate) -> bool:
        """Whether the point is that of the certificate. Cost: that of `public_key` if the curves agree, else none."""
        theirs = certificate.public_key
        return isinstance(theirs, EcPublicKey) and theirs.curve == self.curve and theirs == self.public_key


PrivateKey: TypeAlias = RsaPrivateKey | EcPrivateKey


def read_private_key(data: str | bytes, file: str = "") -> PrivateKey:
    """The first private key of a PEM text, or the one DER bytes are. `file` names the input in errors.

    PEM blocks of other kinds (EC PARAMETERS, certificates) are passed over. Raises `PemError` (not PEM, or no key in
    it), `DerError`, or `UnusableKey`: encrypted, with numbers that contradict each other, or of another algorithm
    (`UnknownAlgorithm`).
    """
    if isinstance(data, bytes) and not is_pem(data):
        return _read_placed(data, Place(file), "private key")
    blocks = read_pem(data, file)
    key = next((block for block in blocks if _is_key(block)), None)
    if key is None:
        detail = f"expected a PRIVATE KEY block, found {', '.join(block.label for block in blocks)}"
        raise PemError(Problem(detail, type="Syntax", place=blocks[0].place))
    if key.is_encrypted:
        detail = "it is encrypted; a key without password is needed (openssl pkey -in FILE -out FILE)"
        raise UnusableKey(Problem(detail, type="Syntax", place=key.place, object="private key"))
    return _read_placed(key.content, key.place, "private key")


def write_private_key(key: EcPrivateKey, public_key: EcPublicKey) -> bytes:
    """The PKCS#8 bytes of a key and its public part, which the caller knows already."""
    size = key.curve.size
    inner = der.sequence(
        der.integer(1),
        der.encode(der.OCTET_STRING, key.scalar.to_bytes(size, "big")),
        der.encode(der.context(1), der.bit_string(public_key.encoded_point())),
    )
    return der.sequence(der.integer(0), write_key_algorithm(key.curve), der.encode(der.OCTET_STRING, inner))


def _is_key(block: PemBlock) -> bool:
    return block.label == "PRIVATE KEY" or block.label.endswith(" PRIVATE KEY")


def _read_placed(data: bytes, place: Place, object: str) -> PrivateKey:
    try:
        return _read(data)
    except (DerError, UnusableKey) as error:
        raise type(error)(error.placed(place, object)) from None


def _read(data: bytes) -> PrivateKey:
    """Tell the three forms apart by their second and third fields: PKCS#1 goes on with numbers, SEC 1 with a string."""
    whole = der.read_der(data, "PrivateKey")
    fields = whole.fields()
    fields.take("version", der.INTEGER).integer()
    second = fields.take("key", der.INTEGER, der.OCTET_STRING, der.SEQUENCE)
    if second.tag == der.INTEGER:
        return _read_pkcs1(whole)
    if second.tag == der.OCTET_STRING:
        return _read_sec1(whole, None)
    return _read_pkcs8(whole)


def _read_pkcs8(whole: der.Element) -> PrivateKey:
    fields = whole.fields()
    version = fields.take("version", der.INTEGER)
    if version.integer() not in (0, 1):
        raise version.error("expected version 0 or 1")
    algorithm = fields.take("privateKeyAlgorithm", der.SEQUENCE)
    content = fields.take("privateKey", der.OCTET_STRING).content
    fields.take_if("attributes", der.context(0))
    fields.take_if("publicKey", der.context(1, constructed=False))
    fields.end()
    identifier, curve, name = read_key_algorithm(algorithm)
    if identifier == RSA_ENCRYPTION:
        return _read_pkcs1(der.read_der(content, "RSAPrivateKey"))
    if curve is None:
        raise UnknownAlgorithm(Problem(f"its algorithm is {name}; {_READ_HERE}", type="Syntax"))
    return _read_sec1(der.read_der(content, "ECPrivateKey"), curve)


def _read_pkcs1(whole: der.Element) -> RsaPrivateKey:
    fields = whole.fields()
    version = fields.take("version", der.INTEGER)
    if version.integer() != 0:
        raise version.error("expected version 0: keys of more than two primes are not read")
    n, e, d, p, q = (
        fields.take(name, der.INTEGER).natural()
        for name in ("modulus", "publicExponent", "privateExponent", "prime1", "prime2")
    )
    for name in ("exponent1", "exponent2", "coefficient"):
        fields.take(name, der.INTEGER).natural()
    fields.end()
    # What Go's rsa.PrivateKey.Validate asks for, but for the test that p and q are prime.
    if p < 2 or q < 2 or p * q != n or (d * e - 1) % (p - 1) or (d * e - 1) % (q - 1):
        raise _unusable("the numbers of an RSA key contradict each other")
    return RsaPrivateKey(RsaPublicKey(n, e))


def _read_sec1(whole: der.Element, curve: Curve | None) -> EcPrivateKey:
    """An ECPrivateKey; `curve` is the one the PKCS#8 wrapper names, None if there is no wrapper."""
    fields = whole.fields()
    version = fields.take("version", der.INTEGER)
    if version.integer() != 1:
        raise version.error("expected version 1")
    digits = fields.take("privateKey", der.OCTET_STRING).content
    parameters = fields.take_if("parameters", der.context(0))
    fields.take_if("publicKey", der.context(1))
    fields.end()
    curve = curve or _named_curve(parameters)
    scalar = int.from_bytes(digits, "big")
    if not 0 < scalar < curve.n:
        raise _unusable(f"its number is not between 1 and the order of {curve.name}")
    return EcPrivateKey(curve, scalar)


def _named_curve(parameters: der.Element | None) -> Curve:
    if parameters is None:
        raise _unusable(f"it does not name its curve; expected {' or '.join(CURVE_IDENTIFIERS)}")
    curve, name = read_curve(parameters.fields().take("namedCurve"))
    if curve is None:
        raise UnknownAlgorithm(Problem(f"its algorithm is {name}; {_READ_HERE}", type="Syntax"))
    return curve


def _unusable(detail: str) -> UnusableKey:
    return UnusableKey(Problem(detail, type="Syntax"))
