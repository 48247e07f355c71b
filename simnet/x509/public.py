"""Public keys as certificates carry them: SubjectPublicKeyInfo.

Source: RFC 3279 section 2.3.1 and RFC 8017 appendix A.1.1 (RSA), RFC 5480 section 2 (elliptic curves), RFC 8410 (the
others that have a name here).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import simnet.x509.der as der
from simnet.x509.ec import P256, P384, Curve, Point

RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
CURVES: Final = {"1.2.840.10045.3.1.7": P256, "1.3.132.0.34": P384}
CURVE_IDENTIFIERS: Final = {curve.name: identifier for identifier, curve in CURVES.items()}
_NAMES: Final = {
    "1.2.840.10040.4.1": "DSA", "1.3.101.110": "X25519", "1.3.101.111": "X448", "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448", "1.2.840.113549.1.1.10": "RSA-PSS", "1.3.132.0.33": "P-224", "1.3.132.0.35": "P-521",
    "1.3.132.0.10": "secp256k1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """An RSA key: both numbers are greater than zero."""

    modulus: int
    exponent: int

    @property
    def algorithm(self) -> str:
        """`RSA`."""
        return "RSA"

    @property
    def bits(self) -> int:
        """The size people speak of, 2048 for example."""
        return self.modulus.bit_length()


@dataclass(frozen=True, slots=True)
class EcPublicKey:
    """A point of P-256 or P-384."""

    curve: Curve
    point: Point

    @property
    def algorithm(self) -> str:
        """`EC P-256` or `EC P-384`."""
        return f"EC {self.curve.name}"

    @property
    def bits(self) -> int:
        """The size people speak of: 256 or 384."""
        return self.curve.p.bit_length()

    def encoded_point(self) -> bytes:
        """The point as 04, x, y (SEC 1 section 2.3.3, uncompressed)."""
        size = self.curve.size
        return b"\x04" + b"".join(coordinate.to_bytes(size, "big") for coordinate in self.point)


@dataclass(frozen=True, slots=True)
class OtherPublicKey:
    """A key of an algorithm whose keys are not read here: its name (or dotted identifier) and the bytes of the key."""

    algorithm: str
    content: bytes


PublicKey: TypeAlias = RsaPublicKey | EcPublicKey | OtherPublicKey


def read_public_key(info: der.Element) -> PublicKey:
    """The key of a SubjectPublicKeyInfo. Raises `DerError`, also for a point that is not on its curve."""
    fields = info.fields()
    algorithm = fields.take("algorithm", der.SEQUENCE)
    key = fields.take("subjectPublicKey", der.BIT_STRING)
    fields.end()
    identifier, curve, name = read_key_algorithm(algorithm)
    if identifier == RSA_ENCRYPTION:
        return _read_rsa(key)
    if curve is not None:
        return EcPublicKey(curve, _read_point(key, curve))
    return OtherPublicKey(name, key.bits())


def read_key_algorithm(algorithm: der.Element) -> tuple[str, Curve | None, str]:
    """What an AlgorithmIdentifier of a key says: identifier, curve (None for RSA and unknown ones), name to show."""
    fields = algorithm.fields()
    identifier = fields.take("algorithm", der.OBJECT_IDENTIFIER).object_identifier()
    if identifier != EC_PUBLIC_KEY:
        return identifier, None, "RSA" if identifier == RSA_ENCRYPTION else _NAMES.get(identifier, identifier)
    return identifier, *read_curve(fields.take("parameters"))


def read_curve(parameters: der.Element) -> tuple[Curve | None, str]:
    """The named curve of EC parameters (None if it is not read here) and the algorithm's name, `EC P-256`."""
    if parameters.tag != der.OBJECT_IDENTIFIER:
        return None, "EC with explicit parameters"
    identifier = parameters.object_identifier()
    curve = CURVES.get(identifier)
    return curve, f"EC {curve.name if curve else _NAMES.get(identifier, identifier)}"


def write_public_key(key: EcPublicKey) -> bytes:
    """The SubjectPublicKeyInfo of a key."""
    return der.sequence(write_key_algorithm(key.curve), der.bit_string(key.encoded_point()))


def write_key_algorithm(curve: Curve) -> bytes:
    """The AlgorithmIdentifier of keys on a curve."""
    return der.sequence(der.object_identifier(EC_PUBLIC_KEY), der.object_identifier(CURVE_IDENTIFIERS[curve.name]))


def _read_rsa(key: der.Element) -> RsaPublicKey:
    fields = der.read_der(key.bits(), f"{key.name}.RSAPublicKey").fields()
    modulus = fields.take("modulus", der.INTEGER).natural()
    exponent = fields.take("publicExponent", der.INTEGER).natural()
    fields.end()
    return RsaPublicKey(modulus, exponent)


def _read_point(key: der.Element, curve: Curve) -> Point:
    content = key.bits()
    size = curve.size
    if len(content) != 1 + 2 * size or content[0] != 4:
        raise key.error(f"expected an uncompressed point of {curve.name}: 04 and {2 * size} bytes")
    point = int.from_bytes(content[1 : 1 + size], "big"), int.from_bytes(content[1 + size :], "big")
    if not curve.contains(point):
        raise key.error(f"the point is not on the curve {curve.name}")
    return point
