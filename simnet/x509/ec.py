"""The curves P-256 and P-384: points, signatures that need no random numbers, and their verification.

For test certificates only. Nothing here hides the key from somebody who can measure how long a call takes.
A point is a pair of integers, `None` is the point at infinity. Cost of one multiplication: about 3 ms (P-256) or
6 ms (P-384); a signature is one, a verification two.

Source: curves NIST SP 800-186 section 3.2.1 (also SEC 2 sections 2.4.2, 2.5.1); signatures FIPS 186-5 section 6.4;
deterministic signatures RFC 6979 section 3.2.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Point: TypeAlias = tuple[int, int]
# Jacobian coordinates: (X, Y, Z) stands for (X / Z**2, Y / Z**3); Z = 0 is the point at infinity.
_Jacobian: TypeAlias = tuple[int, int, int]
_INFINITY: Final[_Jacobian] = (1, 1, 0)


@dataclass(frozen=True, slots=True, repr=False)
class Curve:
    """y**2 = x**3 - 3x + b over the integers modulo p, with a generator of prime order n."""

    name: str
    p: int
    b: int
    n: int
    generator: Point
    hash_name: str

    @property
    def size(self) -> int:
        """Bytes of one coordinate; the order takes as many."""
        return (self.p.bit_length() + 7) // 8

    def __repr__(self) -> str:
        return f"Curve({self.name!r})"

    def contains(self, point: Point) -> bool:
        """Whether both coordinates are in range and satisfy the equation."""
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x + 3 * x - self.b) % self.p == 0


P256: Final = Curve(
    name="P-256",
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    generator=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    hash_name="sha256",
)
P384: Final = Curve(
    name="P-384",
    p=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    generator=(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    hash_name="sha384",
)


def multiply(curve: Curve, factor: int, point: Point) -> Point | None:
    """`factor` times a point of the curve, for 0 <= factor."""
    x, y = point
    product = _INFINITY
    for bit in f"{factor:b}":
        product = _double(curve.p, product)
        if bit == "1":
            product = _add(curve.p, product, (x, y, 1))
    return _affine(curve.p, product)


def public_point(curve: Curve, scalar: int) -> Point:
    """The public key of the private key `scalar`. Raises ValueError unless 1 <= scalar < n."""
    point = multiply(curve, scalar, curve.generator) if 0 < scalar < curve.n else None
    if point is None:
        raise ValueError(f"a private key of {curve.name} is a number from 1 to the order of the curve less 1")
    return point


def sign(curve: Curve, scalar: int, message: bytes, hash_name: str = "") -> tuple[int, int]:
    """The ECDSA signature (r, s) of `message`, the same one every time (RFC 6979).

    `hash_name` is hashlib's, by default the one of the curve's strength: sha256, sha384.
    """
    hash_name = hash_name or curve.hash_name
    digest = hashlib.new(hash_name, message).digest()
    number = _leading_bits(curve, digest)
    attempts = (_signature_with(curve, scalar, number, k) for k in _nonces(curve, scalar, digest, hash_name))
    return next(attempt for attempt in attempts if all(attempt))


def verify(curve: Curve, public: Point, message: bytes, signature: tuple[int, int], hash_name: str = "") -> bool:
    """Whether `signature` is one of `message` by the private key of `public`, a point of the curve."""
    r, s = signature
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    number = _leading_bits(curve, hashlib.new(hash_name or curve.hash_name, message).digest())
    inverse = pow(s, -1, curve.n)
    parts = (
        multiply(curve, number * inverse % curve.n, curve.generator),
        multiply(curve, r * inverse % curve.n, public),
    )
    total = _INFINITY
    for part in parts:
        if part is not None:
            total = _add(curve.p, total, (*part, 1))
    point = _affine(curve.p, total)
    return point is not None and point[0] % curve.n == r


def _signature_with(curve: Curve, scalar: int, number: int, k: int) -> tuple[int, int]:
    """The signature of the number of a message by the one-time number k; useless if one of the two is 0."""
    r = public_point(curve, k)[0] % curve.n
    return r, pow(k, -1, curve.n) * (number + r * scalar) % curve.n


def _leading_bits(curve: Curve, digest: bytes) -> int:
    """As many leading bits of a digest as the order has: `bits2int` of RFC 6979 section 2.3.2."""
    return int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - curve.n.bit_length())


def _nonces(curve: Curve, scalar: int, digest: bytes, hash_name: str) -> Iterator[int]:
    """The candidates for k of RFC 6979 section 3.2, steps b to h. The first one serves, but for one case in 2**32."""
    size = curve.size
    seed = scalar.to_bytes(size, "big") + (_leading_bits(curve, digest) % curve.n).to_bytes(size, "big")
    key, value = bytes(len(digest)), b"\x01" * len(digest)
    for mark in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + mark + seed, hash_name)
        value = hmac.digest(key, value, hash_name)
    while True:
        stream = b""
        while len(stream) < size:
            value = hmac.digest(key, value, hash_name)
            stream += value
        k = _leading_bits(curve, stream)
        if 0 < k < curve.n:
            yield k
        key = hmac.digest(key, value + b"\x00", hash_name)
        value = hmac.digest(key, value, hash_name)


def _double(p: int, point: _Jacobian) -> _Jacobian:
    """Twice a point, for curves with a = -3. Source: Explicit-Formulas Database, shortw jacobian-3 dbl-2001-b."""
    x, y, z = point
    if not z or not y:
        return _INFINITY
    delta, gamma = z * z % p, y * y % p
    beta, alpha = x * gamma % p, 3 * (x - delta) * (x + delta) % p
    tripled_x = (alpha * alpha - 8 * beta) % p
    doubled_z = 2 * y * z % p
    return tripled_x, (alpha * (4 * beta - tripled_x) - 8 * gamma * gamma) % p, doubled_z


def _add(p: int, left: _Jacobian, right: _Jacobian) -> _Jacobian:
    """The sum of two points. Source: Explicit-Formulas Database, shortw jacobian add-1998-cmo-2."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1 or not z2:
        return right if not z1 else left
    zz1, zz2 = z1 * z1 % p, z2 * z2 % p
    u1, u2 = x1 * zz2 % p, x2 * zz1 % p
    s1, s2 = y1 * zz2 * z2 % p, y2 * zz1 * z1 % p
    if u1 == u2:
        return _double(p, left) if s1 == s2 else _INFINITY
    h, r = u2 - u1, s2 - s1
    hh = h * h % p
    hhh, v = h * hh % p, u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 * h % p


def _affine(p: int, point: _Jacobian) -> Point | None:
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, p)
    return x * inverse * inverse % p, y * inverse * inverse * inverse % p
