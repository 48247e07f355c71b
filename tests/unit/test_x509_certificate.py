"""Certificates made by OpenSSL are read as OpenSSL shows them.

The samples in `x509/` were made once with OpenSSL 3.0; the expectations below are what `openssl x509 -text`,
`-fingerprint -sha256` and `openssl rsa|ec -text` print for them.

    openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout article.key -out article.crt \
        -subj "/CN=example.com/O=example.com"
    openssl rsa -in article.key -traditional -out article-pkcs1.key

    openssl ecparam -name prime256v1 -genkey -out names.key
    openssl pkcs8 -topk8 -nocrypt -in names.key -out names-pkcs8.key
    openssl req -x509 -key names.key -days 40000 -utf8 -out names.crt -set_serial 0x1d2c \
        -subj "/C=SE/O=Ångström, Inc./OU=one/OU=two/CN=shop.example.test" \
        -addext "subjectAltName=DNS:shop.example.test,DNS:*.shop.example.test,IP:10.0.0.1,IP:fd00::1,
                 email:nobody@example.test,URI:https://example.test/" -addext "basicConstraints=CA:FALSE"

    openssl ecparam -name secp384r1 -genkey -noout -out authority.key
    openssl req -x509 -key authority.key -sha384 -days 3650 -out authority.crt -subj "/O=Test authority/CN=root"
    openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
    openssl req -new -key leaf.key -subj "/CN=leaf.example.test" -out leaf.csr
    openssl x509 -req -in leaf.csr -CA authority.crt -CAkey authority.key -sha384 -days 365 -set_serial 0x8001 \
        -out leaf.crt                                                  # a version 1 certificate: no extensions
    (openssl x509 -in leaf.crt -text -certopt no_pubkey,no_sigdump; cat authority.crt) > chain.crt

    openssl req -x509 -nodes -newkey ed25519 -keyout ed25519.key -out ed25519.crt -days 365 -subj "/CN=ed.example.test"
    openssl ecparam -name secp521r1 -genkey -noout -out p521.key
    openssl pkcs8 -topk8 -in names.key -passout pass:secret -out encrypted.key
    openssl ec -in names.key -aes128 -passout pass:secret -out encrypted-sec1.key
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from simnet.x509.certificate import Certificate, read_certificates
from simnet.x509.ec import P256, P384
from simnet.x509.errors import DerError, PemError
from simnet.x509.pem import write_pem
from simnet.x509.public import EcPublicKey, OtherPublicKey, RsaPublicKey

SAMPLES = Path(__file__).parent / "x509"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8")


def der_of(pem: str) -> bytes:
    return b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))


@pytest.fixture
def article() -> Certificate:
    return read_certificates(sample("article.crt"))[0]


@pytest.fixture
def names() -> Certificate:
    return read_certificates(sample("names.crt"))[0]


def test_the_certificate_of_the_usual_tutorial_has_only_a_common_name(article: Certificate) -> None:
    assert (article.common_name, article.organization) == ("example.com", "example.com")
    assert (article.dns_names, article.ip_addresses, article.names) == ((), (), ("example.com",))
    assert (article.not_before, article.not_before_text) == (1795385972, "2026-11-22T22:19:32Z")
    assert (article.not_after, article.not_after_text) == (1826921972, "2027-11-22T22:19:32Z")
    assert article.serial == 0x2136853517443A1ABC81B8A5C3D6F4D3A77D621E
    assert article.signature_algorithm == "sha256WithRSAEncryption"
    assert article.is_ca
    assert article.is_self_issued
    assert article.fingerprint == "26f9472fdc5c21cd77f3c0cb9f00c37625fb10a6112e95ec9de6ad99840cc8fa"


def test_an_rsa_key_is_modulus_and_exponent(article: Certificate) -> None:
    key = article.public_key
    assert isinstance(key, RsaPublicKey)
    assert (key.algorithm, key.bits, key.exponent) == ("RSA", 2048, 65537)
    assert f"{key.modulus:X}".startswith("C565CD81ED9872DEA5B9A6F7BEAF69F39ABF331B5E674CB2F13651F828F2A0E0B0701C64")


def test_alternative_names_are_hosts_and_addresses_only(names: Certificate) -> None:
    assert names.dns_names == ("shop.example.test", "*.shop.example.test")
    assert names.ip_addresses == ("10.0.0.1", "fd00::1")
    assert names.names == names.dns_names
    assert not names.is_ca


def test_a_name_keeps_the_order_and_the_letters_of_its_attributes(names: Certificate) -> None:
    assert names.subject.attributes == (
        ("C", "SE"), ("O", "Ångström, Inc."), ("OU", "one"), ("OU", "two"), ("CN", "shop.example.test"),
    )  # fmt: skip
    assert str(names.subject) == "C=SE, O=Ångström, Inc., OU=one, OU=two, CN=shop.example.test"


def test_times_from_2050_on_are_read(names: Certificate) -> None:
    assert (names.not_after, names.not_after_text) == (5251385972, "2136-05-29T22:19:32Z")


def test_an_ec_key_is_a_point(names: Certificate) -> None:
    assert names.public_key == EcPublicKey(
        P256,
        (
            0x8547F3CEE6F5E83BA52FFA5EE31694FCD1DFF8F642B48DE7D5B18682E0FD3300,
            0x1BB4F238E82EBDFD2DFE5B73C7E1E94EA024059F6CF85AD5B1BA9C69EEA844CF,
        ),
    )
    assert (names.public_key.algorithm, names.signature_algorithm) == ("EC P-256", "ecdsa-with-SHA256")


def test_a_chain_is_read_in_its_order() -> None:
    leaf, authority = read_certificates(sample("chain.crt"))
    assert (leaf.common_name, leaf.serial, str(leaf.issuer)) == ("leaf.example.test", 0x8001, str(authority.subject))
    assert (leaf.is_ca, leaf.is_self_issued, leaf.signature_algorithm) == (False, False, "ecdsa-with-SHA384")
    assert authority == read_certificates(sample("authority.crt"))[0]
    assert isinstance(authority.public_key, EcPublicKey)
    assert (authority.public_key.algorithm, authority.public_key.bits) == ("EC P-384", 384)
    assert authority.public_key.curve == P384
    assert leaf.issuer.encoded == authority.subject.encoded


def test_keys_of_other_algorithms_have_a_name() -> None:
    (certificate,) = read_certificates(sample("ed25519.crt"))
    assert isinstance(certificate.public_key, OtherPublicKey)
    assert (certificate.public_key.algorithm, certificate.signature_algorithm) == ("Ed25519", "ED25519")


def test_der_bytes_are_read_too(article: Certificate) -> None:
    assert read_certificates(der_of(sample("article.crt"))) == [article]
    assert read_certificates(sample("article.crt").replace("\n", "\r\n").encode()) == [article]


def test_blocks_of_other_kinds_are_passed_over(article: Certificate) -> None:
    assert read_certificates(sample("article.key") + sample("article.crt")) == [article]


def test_validity_includes_both_ends(article: Certificate) -> None:
    # RFC 5280 section 4.1.2.5: notBefore through notAfter, inclusive.
    valid = [article.is_valid_at(moment) for moment in (1795385971, 1795385972, 1826921972, 1826921973)]
    assert valid == [False, True, True, False]


def test_the_common_name_counts_unless_alternative_names_are_asked_for(article: Certificate) -> None:
    # Rules T-4 (the common name counts if there are no alternative names) and T-5 (here it does not).
    assert article.covers("example.com")
    assert not article.covers("example.com", san_only=True)


def test_hosts_and_addresses_are_covered(names: Certificate) -> None:
    assert names.covers("cart.shop.example.test").by == "*.shop.example.test"
    assert names.covers("[FD00::0:1]").by == "fd00::1"
    assert not names.covers("example.test")


def test_text_without_certificate_names_what_is_there_instead() -> None:
    with pytest.raises(PemError) as caught:
        read_certificates(sample("names.key"), "shop.crt")
    assert str(caught.value) == "shop.crt:1: expected a CERTIFICATE block, found EC PARAMETERS, EC PRIVATE KEY"


def test_a_mistake_in_a_chain_names_block_and_field() -> None:
    damaged = der_of(sample("authority.crt")).replace(bytes.fromhex("170d"), bytes.fromhex("190d"), 1)
    text = sample("article.crt") + write_pem("CERTIFICATE", damaged)
    with pytest.raises(DerError) as caught:
        read_certificates(text, "shop.crt")
    lines = len(sample("article.crt").splitlines())
    assert str(caught.value) == (
        f"shop.crt:{lines + 1}: certificate 2: Certificate.tbsCertificate.validity.notBefore: expected UTCTime or "
        "GeneralizedTime, found tag 0x19 (byte 91)"
    ), "openssl asn1parse prints the same offset"


ARTICLE_RSA = "06092a864886f70d01010b"  # sha256WithRSAEncryption

# what is done to a good certificate, sample, hexadecimal before, after, count, what the message says
DAMAGES = [
    ("version 4", "names.crt", "a003020102", "a003020103", "expected version 0, 1 or 2 (called v1, v2, v3)"),
    ("two signature algorithms", "article.crt", ARTICLE_RSA, ARTICLE_RSA[:-1] + "c", "differs from signatureAlgorithm"),
    ("a point off the curve", "names.crt", "048547f3", "048547f4", "the point is not on the curve P-256"),
    ("a compressed point", "names.crt", "048547f3", "028547f3", "expected an uncompressed point of P-256: 04 and 64"),
    ("an RSA key without exponent", "article.crt", "0203010001", "0403010001", "expected INTEGER, found OCTET STRING"),
    ("an extension twice", "article.crt", "0603551d23", "0603551d0e", "extension 2.5.29.14 occurs twice"),
    ("a flag that is no flag", "article.crt", "0101ff", "010101", "a BOOLEAN is one byte, 00 or ff"),
    ("an address of four bytes as name", "names.crt", "87040a000001", "8204c3000001", "a DNS name holds ASCII"),
    ("a name of 17 bytes as address", "names.crt", "821173686f70", "871173686f70", "an IP address has 4 or 16 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "before", "after", "message"), DAMAGES, ids=[row[0] for row in DAMAGES])
def test_what_go_refuses_is_refused(what: str, name: str, before: str, after: str, message: str) -> None:
    # Go crypto/x509 ParseCertificate, which decides for the controllers, refuses each of these.
    good = der_of(sample(name))
    assert bytes.fromhex(before) in good
    with pytest.raises(DerError) as caught:
        read_certificates(good.replace(bytes.fromhex(before), bytes.fromhex(after), 1))
    assert message in str(caught.value)


def test_bytes_that_are_nothing_are_refused_as_der() -> None:
    with pytest.raises(DerError, match=r"^cert.der: certificate: Certificate: expected SEQUENCE, found tag 0x6e"):
        read_certificates(b"nothing", "cert.der")


def test_bytes_after_a_certificate_are_refused() -> None:
    with pytest.raises(DerError, match=r"Certificate: 1 bytes follow the end of the value$"):
        read_certificates(der_of(sample("article.crt")) + b"\0")


def test_a_certificate_can_be_a_key_of_a_mapping(article: Certificate) -> None:
    assert {article: 1}[read_certificates(sample("article.crt"))[0]] == 1
