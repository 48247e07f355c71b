"""Certificates, keys and the layers below them: what goes in comes out, and of rubbish comes only our own error."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import simnet.x509.der as der
from simnet.x509.certificate import read_certificates
from simnet.x509.ec import P256, P384, Curve, multiply, public_point, sign, verify
from simnet.x509.errors import X509Error
from simnet.x509.key import EcPrivateKey, read_private_key, write_private_key
from simnet.x509.make import make_certificate
from simnet.x509.pair import read_tls_pair
from simnet.x509.pem import read_pem, write_pem

SAMPLES = Path(__file__).parents[1] / "unit" / "x509"  # how they were made: tests/unit/test_x509_certificate.py


def content_of(name: str) -> bytes:
    text = (SAMPLES / name).read_text("utf-8")
    body = text[text.rindex("-----BEGIN") :].splitlines()
    return b64decode("".join(line for line in body if not line.startswith("-----")))


CERTIFICATES = [content_of(f"{name}.crt") for name in ("article", "names", "authority", "chain", "ed25519")]
KEYS = [content_of(f"{name}.key") for name in ("article", "article-pkcs1", "names", "names-pkcs8", "authority", "p521")]


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of the originals with a byte changed, dropped or doubled, or with its end cut off."""
    data = draw(st.sampled_from(originals))
    at = draw(st.integers(0, len(data) - 1))
    middle = draw(st.one_of(st.binary(min_size=1, max_size=1), st.just(b""), st.just(data[at : at + 1] * 2)))
    return draw(st.sampled_from([data[:at] + middle + data[at + 1 :], data[:at]]))


def read_or_refuse(data: bytes | str) -> None:
    """Read as everything there is; any error but X509Error fails the test."""
    for read in (read_certificates, read_private_key, lambda given: read_tls_pair(given, given)):
        try:
            read(data)
        except X509Error as error:
            assert error.problems
            assert str(error)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x17, 0xA0, 0x80, 0x81, 1, 9]), max_size=40))
def test_bytes_that_resemble_der_are_read_or_refused(data: list[int]) -> None:
    read_or_refuse(bytes(data))
    read_or_refuse(der.sequence(der.sequence(bytes(data)), der.sequence(bytes(data)), der.bit_string(b"")))


@settings(deadline=None)
@given(st.text(max_size=100), st.binary(max_size=100), st.sampled_from(["CERTIFICATE", "EC PRIVATE KEY"]))
def test_any_text_and_any_block_is_read_or_refused(text: str, content: bytes, label: str) -> None:
    read_or_refuse(text)
    read_or_refuse(text + "\n" + write_pem(label, content))


@settings(max_examples=400, deadline=None)
@given(damaged(CERTIFICATES))
def test_a_damaged_certificate_is_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@settings(max_examples=400, deadline=None)
@given(damaged(KEYS))
def test_a_damaged_key_is_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@settings(deadline=None)
@given(st.sampled_from(CERTIFICATES), st.integers(0, 2000), st.characters())
def test_a_damaged_letter_of_pem_is_read_or_refused(content: bytes, at: int, letter: str) -> None:
    text = write_pem("CERTIFICATE", content)
    read_or_refuse(text[:at] + letter + text[at + 1 :])


@settings(deadline=None)
@given(st.integers(-(2**200), 2**200))
def test_integers_survive(value: int) -> None:
    assert der.read_der(der.integer(value), "value", der.INTEGER).integer() == value


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**60), max_size=8))
def test_object_identifiers_survive(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, [first, second, *rest]))
    encoded = der.object_identifier(dotted)
    assert der.read_der(encoded, "value", der.OBJECT_IDENTIFIER).object_identifier() == dotted


@settings(deadline=None)
@given(st.integers(-62135596800, 253402300799))  # years 1 to 9999
def test_times_survive(seconds: int) -> None:
    encoded = der.time(seconds)
    assert der.read_der(encoded, "value", encoded[0]).seconds() == seconds


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_sequences_survive(contents: list[bytes]) -> None:
    encoded = der.sequence(*(der.encode(der.OCTET_STRING, content) for content in contents))
    assert [child.content for child in der.read_der(encoded, "list").children("item")] == contents


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", " \n", "\n\n"]))
def test_pem_blocks_survive_whatever_ends_their_lines(contents: list[bytes], line_end: str) -> None:
    text = "".join(write_pem("THING", content, "text around") for content in contents)
    assert [block.content for block in read_pem(text.replace("\n", line_end))] == contents


curves = st.sampled_from([P256, P384])


@settings(max_examples=20, deadline=None)
@given(curves, st.integers(1, P384.n - 1), st.integers(1, P384.n - 1))
def test_multiplication_is_associative(curve: Curve, left: int, right: int) -> None:
    both = multiply(curve, left * right % curve.n, curve.generator)
    once = multiply(curve, right % curve.n, curve.generator)
    assert once is None or multiply(curve, left % curve.n, once) == both


@settings(max_examples=15, deadline=None)
@given(curves, st.integers(1, P256.n - 1), st.binary(max_size=50), st.binary(max_size=50))
def test_a_signature_is_good_for_its_message_only(
    curve: Curve, scalar: int, message: bytes, other: bytes
) -> None:
    signature = sign(curve, scalar, message)
    public = public_point(curve, scalar)
    assert verify(curve, public, message, signature)
    assert verify(curve, public, other, signature) == (message == other)


@settings(max_examples=20, deadline=None)
@given(curves, st.integers(1, P256.n - 1))
def test_keys_survive(curve: Curve, scalar: int) -> None:
    key = EcPrivateKey(curve, scalar)
    assert read_private_key(write_private_key(key, key.public_key)) == key


labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
hosts = st.lists(labels, min_size=1, max_size=4).map(lambda found: ".".join([*found, "test"]))  # never an address
moments = st.integers(0, 253402300799)


@settings(max_examples=25, deadline=None)
@given(st.lists(hosts, max_size=5), hosts.filter(lambda name: len(name) <= 64), moments, moments, st.binary())
def test_a_made_certificate_holds_what_was_asked_for(
    names: list[str], common_name: str, start: int, end: int, seed: bytes
) -> None:
    start, end = sorted((start, end))
    made = make_certificate(names, common_name=common_name, not_before=start, not_after=end, seed=seed)
    (certificate,) = read_certificates(made.certificate_pem)
    assert (certificate.dns_names, certificate.common_name) == (tuple(names), common_name)
    assert (certificate.not_before, certificate.not_after) == (start, end)
    assert all(certificate.covers(name) for name in names or [common_name])
    assert read_tls_pair(made.certificate_pem, made.key_pem).certificate == certificate
