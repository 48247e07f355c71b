"""Test certificates: the same bytes every time, what was asked for inside, and a warning on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

import simnet.x509.der as der
from simnet.errors import UsageError
from simnet.x509.certificate import Certificate
from simnet.x509.ec import P256, P384, verify
from simnet.x509.key import EcPrivateKey
from simnet.x509.make import TEST_ORGANIZATION, TestCertificate, derive_key, fake_certificate, make_certificate
from simnet.x509.pair import read_tls_pair
from simnet.x509.public import EcPublicKey

START, END = 1798761600, 1830297600  # 2027-01-01T00:00:00Z and a year later


def shop(**changes: Any) -> TestCertificate:
    usual: dict[str, Any] = {"names": ["shop.t", "*.shop.t"], "not_before": START, "not_after": END, "seed": "s"}
    return make_certificate(**usual | changes)


def signed_part(certificate: Certificate) -> tuple[bytes, tuple[int, int]]:
    """The bytes that were signed, and the signature."""
    fields = der.read_der(certificate.der, "Certificate").fields()
    signed = fields.take("tbsCertificate").encoded
    fields.take("signatureAlgorithm")
    numbers = der.read_der(fields.take("signature").bits(), "Ecdsa-Sig-Value").fields()
    return signed, (numbers.take("r").integer(), numbers.take("s").integer())


def is_signed_by(certificate: Certificate, key: EcPrivateKey, hash_name: str) -> bool:
    signed, signature = signed_part(certificate)
    return verify(key.curve, key.public_key.point, signed, signature, hash_name)


def test_what_was_asked_for_is_in_the_certificate() -> None:
    certificate = shop(ips=["10.0.0.1", "FD00::1"]).certificate
    assert certificate.dns_names == ("shop.t", "*.shop.t")
    assert certificate.ip_addresses == ("10.0.0.1", "fd00::1")
    assert (certificate.not_before_text, certificate.not_after_text) == ("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
    assert (certificate.common_name, certificate.organization) == ("shop.t", TEST_ORGANIZATION)
    assert (certificate.signature_algorithm, certificate.public_key.algorithm) == ("ecdsa-with-SHA256", "EC P-256")
    assert (certificate.is_ca, certificate.is_self_issued) == (False, True)


def test_equal_input_gives_equal_bytes() -> None:
    assert shop() == shop()
    # Written down when the format was settled, so that another machine or a later version cannot differ unnoticed.
    # OpenSSL's view of the same bytes is in tests/edges/test_openssl.py.
    digest = hashlib.sha256((shop().certificate_pem + shop().key_pem).encode()).hexdigest()
    assert digest == "017455fcd5d9ca1638821786c55d33adb4010c66f563b3dba6781224fedec4a4"


DIFFERENCES: list[dict[str, Any]] = [
    {"seed": "t"}, {"names": ["shop.t"]}, {"common_name": "other"}, {"ips": ["10.0.0.1"]}, {"organization": "else"},
    {"not_before": START + 1}, {"not_after": END + 1}, {"is_ca": True},
]  # fmt: skip


@pytest.mark.parametrize("changes", DIFFERENCES, ids=str)
def test_different_input_gives_another_serial_number(changes: dict[str, Any]) -> None:
    # RFC 5280 section 4.1.2.2: issuer and serial number identify a certificate.
    assert shop(**changes).certificate.serial != shop().certificate.serial


def test_seed_and_names_give_the_key_and_dates_do_not() -> None:
    assert shop(seed="t").key != shop().key
    assert shop(names=["other.t"]).key != shop().key
    assert shop(not_after=END + 1).key == shop().key
    assert shop(seed=b"s").key == shop().key


def test_pair_and_signature_fit() -> None:
    made = shop()
    assert read_tls_pair(made.certificate_pem, made.key_pem).certificate == made.certificate
    assert is_signed_by(made.certificate, made.key, "sha256")


def test_everything_says_that_it_is_a_test_certificate() -> None:
    made = fake_certificate()
    for text in (made.certificate_pem, made.key_pem):
        assert text.splitlines()[0].startswith("simnet test certificate, unfit for production")
    assert b"simnet test certificate, unfit for production" in made.certificate.der
    assert "do not trust" in shop().certificate.organization


def test_a_certificate_can_have_a_common_name_only() -> None:
    # As `openssl req -x509 -subj /CN=example.com/O=example.com` makes it (rule T-12).
    certificate = shop(names=[], common_name="example.com", organization="example.com").certificate
    assert (certificate.common_name, certificate.names) == ("example.com", ("example.com",))
    assert bytes.fromhex("0603551d11") not in certificate.der, "no subjectAltName extension at all"


def test_the_default_certificate_of_ingress_nginx() -> None:
    # Rule T-2; kubernetes/ingress-nginx internal/net/ssl/ssl.go getFakeHostSSLCert.
    made = fake_certificate()
    assert str(made.certificate.subject) == "O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate"
    assert made.certificate.names == ("ingress.local",)
    assert (made.certificate.not_before, made.certificate.not_after) == (START, END)
    assert made == fake_certificate()


def test_a_given_key_is_used() -> None:
    key = EcPrivateKey(P384, 12345)
    made = shop(key=key)
    assert made.certificate.public_key == EcPublicKey(P384, key.public_key.point)
    assert made.certificate.signature_algorithm == "ecdsa-with-SHA384"
    assert is_signed_by(made.certificate, key, "sha384")
    assert read_tls_pair(made.certificate_pem, made.key_pem).key == key


def test_an_authority_signs_others() -> None:
    authority = shop(names=[], common_name="root", is_ca=True, key=EcPrivateKey(P384, 7))
    leaf = shop(issuer=authority)
    assert authority.certificate.is_ca
    assert leaf.certificate.issuer.encoded == authority.certificate.subject.encoded
    assert (leaf.certificate.signature_algorithm, leaf.certificate.is_self_issued) == ("ecdsa-with-SHA384", False)
    assert is_signed_by(leaf.certificate, authority.key, "sha384")


def test_the_serial_number_can_be_given() -> None:
    assert shop(serial=4711).certificate.serial == 4711


def test_derived_keys_are_spread_over_the_curve() -> None:
    keys = {derive_key("seed", [str(number)]).scalar for number in range(100)}
    assert len(keys) == 100
    assert all(0 < key < P256.n for key in keys)


# what is asked, the call, the message
REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("no name at all", lambda: shop(names=[]), "a certificate needs a name: give names, ips or a common_name"),
    ("a name beyond ASCII", lambda: shop(names=["größe.t"]), "'größe.t' is not a name for a certificate: expected"),
    ("an empty name", lambda: shop(names=[""]), "'' is not a name for a certificate"),
    ("an address among the names", lambda: shop(names=["10.0.0.1"]), "'10.0.0.1' is an address, which no client"),
    ("a common name of 65", lambda: shop(common_name="a" * 65), f"the common name '{'a' * 65}' has 65 characters, 64"),
    ("an end before the start", lambda: shop(not_after=0), f"the certificate ends (0) before it begins ({START})"),
    ("the year 10000", lambda: shop(not_after=10**12), f"{START} to {10**12} is not a validity: expected seconds"),
    ("a serial number of 0", lambda: shop(serial=0), "0 is not a serial number: expected 1 to 2**159 - 1"),
    ("an issuer that is no authority", lambda: shop(issuer=shop()), "O=simnet test certificate, do not trust, CN=shop.t"
     " cannot issue certificates: make it with is_ca=True"),
    ("an address that is none", lambda: shop(ips=["10.0.0.256"]), "'10.0.0.256' is not an IP address: octet 4 is 256"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "call", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_no_certificate_can_hold_is_refused(what: str, call: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_a_long_first_name_is_left_out_of_the_subject() -> None:
    # RFC 5280 appendix A.1: ub-common-name is 64.
    long = "a" * 60 + ".example.t"
    assert shop(names=[long]).certificate.common_name == ""
    assert shop(names=[long, "b.t"]).certificate.common_name == "b.t"


def test_an_issuer_may_not_be_nobody() -> None:
    # RFC 5280 section 4.1.2.4: the issuer field MUST contain a non-empty distinguished name.
    with pytest.raises(UsageError, match=r"^a certificate needs an organization or a common_name"):
        shop(names=["a" * 60 + ".example.t"], organization="")
