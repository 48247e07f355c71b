"""TLS Secrets: usable or not, and why. The samples are those of test_x509_certificate.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.x509.pair import PairFlaw, UnusablePair, read_tls_pair

SAMPLES = Path(__file__).parent / "x509"
T4 = "rule T-4"
SSL_GO = "kubernetes/ingress-nginx internal/net/ssl/ssl.go CreateSSLCert"
PAIR_GO = "Go crypto/tls X509KeyPair"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8") if name else ""


# what is in the Secret, tls.crt, tls.key, source
USABLE = [
    ("an RSA pair without alternative names", "article.crt", "article.key", T4),
    ("the same key in PKCS#1", "article.crt", "article-pkcs1.key", T4),
    ("a P-256 pair whose key comes after its parameters", "names.crt", "names.key", PAIR_GO),
    ("a chain with the key of its first certificate", "chain.crt", "leaf.key", PAIR_GO),
    ("a P-384 pair", "authority.crt", "authority.key", T4),
]


@pytest.mark.parametrize(("what", "certificate", "key", "source"), USABLE, ids=[row[0] for row in USABLE])
def test_usable_secrets(what: str, certificate: str, key: str, source: str) -> None:
    pair = read_tls_pair(sample(certificate), sample(key).encode())
    assert pair.key.belongs_to(pair.certificate), source
    assert len(pair.chain) == (1 if certificate == "chain.crt" else 0)


# what is in the Secret, tls.crt, tls.key, flaw, message, source
UNUSABLE = [
    ("nothing", "", "article.key", PairFlaw.NOT_PEM, "tls.crt: expected PEM, a line", T4),
    ("a certificate without key", "article.crt", "", PairFlaw.NOT_PEM, "tls.key: expected PEM, a line", T4),
    ("both the wrong way round", "article.key", "article.crt", PairFlaw.NO_CERTIFICATE, "tls.crt: expected '-----BEGIN "
     "CERTIFICATE-----' as the first block", SSL_GO),
    ("two certificates", "article.crt", "article.crt", PairFlaw.NO_KEY, "tls.key:1: expected a PRIVATE KEY block, found"
     " CERTIFICATE", PAIR_GO),
    ("the key of another certificate", "article.crt", "names.key", PairFlaw.KEY_DOES_NOT_BELONG, "tls.key: the EC P-256"
     " key does not belong to the RSA certificate", T4),
    ("the key of another certificate on the curve", "names.crt", "leaf.key", PairFlaw.KEY_DOES_NOT_BELONG, "tls.key: "
     "the EC P-256 key does not belong to the EC P-256 certificate", T4),
    ("the key of the authority", "chain.crt", "authority.key", PairFlaw.KEY_DOES_NOT_BELONG, "tls.key: the EC P-384 key"
     " does not belong to the EC P-256 certificate", PAIR_GO),
    ("a key with a password", "names.crt", "encrypted.key", PairFlaw.BAD_KEY, "tls.key:1: private key: it is encrypted",
     PAIR_GO),
    ("an Ed25519 pair", "ed25519.crt", "ed25519.key", PairFlaw.ALGORITHM_NOT_MODELLED, "tls.key:1: private key: its "
     "algorithm is Ed25519", "simnet reads RSA, P-256 and P-384"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "certificate", "key", "flaw", "message", "source"), UNUSABLE, ids=[row[0] for row in UNUSABLE]
)
def test_unusable_secrets(what: str, certificate: str, key: str, flaw: PairFlaw, message: str, source: str) -> None:
    with pytest.raises(UnusablePair) as caught:
        read_tls_pair(sample(certificate), sample(key))
    assert caught.value.flaw == flaw, source
    assert str(caught.value).startswith(message)


def test_a_key_before_the_certificate_makes_the_secret_unusable() -> None:
    # CreateSSLCert looks at the first PEM block of tls.crt only.
    with pytest.raises(UnusablePair) as caught:
        read_tls_pair(sample("article.key") + sample("article.crt"), sample("article.key"))
    assert caught.value.flaw == PairFlaw.NO_CERTIFICATE


def test_a_damaged_certificate_is_named_with_its_line() -> None:
    text = sample("article.crt").replace("MIID", "MIIC", 1)
    with pytest.raises(UnusablePair) as caught:
        read_tls_pair(text, sample("article.key"))
    assert caught.value.flaw == PairFlaw.BAD_CERTIFICATE
    assert str(caught.value).startswith("tls.crt:1: certificate 1: Certificate: ")


def test_damaged_base64_is_not_pem() -> None:
    with pytest.raises(UnusablePair) as caught:
        read_tls_pair(sample("article.crt"), sample("article.key").replace("M", "…", 1))
    assert (caught.value.flaw, str(caught.value)) == (
        PairFlaw.NOT_PEM, "tls.key:2:1: '…' is not a base64 character",
    )  # fmt: skip


def test_der_in_a_secret_is_not_pem() -> None:
    with pytest.raises(UnusablePair) as caught:
        read_tls_pair(b"\x30\x82\x01\x00", sample("article.key"))
    assert caught.value.flaw == PairFlaw.NOT_PEM


def test_files_given_on_a_command_line_are_named() -> None:
    with pytest.raises(UnusablePair, match=r"^shop.key: the EC P-256 key does not belong to the RSA certificate$"):
        read_tls_pair(sample("article.crt"), sample("names.key"), ("shop.crt", "shop.key"))
