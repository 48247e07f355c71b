"""OpenSSL and Python's `ssl` agree with simnet about certificates and keys, in both directions."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from simnet.x509.certificate import read_certificates
from simnet.x509.ec import P384
from simnet.x509.key import EcPrivateKey, read_private_key
from simnet.x509.make import TestCertificate, fake_certificate, make_certificate


def missing() -> str:
    """Why the tests of the command cannot run here; empty if they can."""
    if shutil.which("openssl") is None:
        return "the openssl command is not installed"
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, timeout=60, check=False).stdout
    return "" if version.startswith("OpenSSL ") else f"the openssl command is not OpenSSL's but {version.strip()!r}"


MISSING = missing()
needs_openssl = pytest.mark.skipif(bool(MISSING), reason=MISSING)

START, END = 1577836800, 4102444800  # 2020-01-01 to 2100-01-01: these tests meet the real clock


def openssl(*arguments: str, cwd: Path, given: str | None = None) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=cwd, input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"openssl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def shop() -> TestCertificate:
    names = ["shop.example.test", "*.shop.example.test"]
    return make_certificate(names, ips=["127.0.0.1", "::1"], not_before=START, not_after=END, seed="e")


@pytest.fixture(scope="module")
def authority() -> TestCertificate:
    key = EcPrivateKey(P384, 0xA11CE)
    return make_certificate([], common_name="root", is_ca=True, key=key, not_before=START, not_after=END, seed="e")


@pytest.fixture(scope="module")
def leaf(authority: TestCertificate) -> TestCertificate:
    return make_certificate(["leaf.example.test"], issuer=authority, not_before=START, not_after=END, seed="e")


# what the text of `openssl x509 -text` says about the shop's certificate
LINES = [
    "Version: 3 (0x2)",
    "Signature Algorithm: ecdsa-with-SHA256",
    "DNS:shop.example.test, DNS:*.shop.example.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    "Not Before: Jan  1 00:00:00 2020 GMT",
    "Not After : Jan  1 00:00:00 2100 GMT",
    "CN = shop.example.test",
    "CA:FALSE",
    "Digital Signature",
    "TLS Web Server Authentication",
    "NIST CURVE: P-256",
    "simnet test certificate, unfit for production",
]


@needs_openssl
def test_openssl_shows_what_was_asked_for(shop: TestCertificate, tmp_path: Path) -> None:
    text = openssl("x509", "-text", "-noout", cwd=tmp_path, given=shop.certificate_pem)
    flat = text.replace("CN=", "CN = ")  # OpenSSL 3.2 dropped the blanks
    assert [line for line in LINES if line not in flat] == []
    assert f"{shop.certificate.serial:x}" == "".join(line.strip() for line in serial_lines(text)).replace(":", "")


def serial_lines(text: str) -> list[str]:
    lines = text.splitlines()
    start = next(at for at, line in enumerate(lines) if "Serial Number:" in line)
    return lines[start + 1 : start + 2]


@needs_openssl
def test_openssl_agrees_with_our_reading_of_our_own(shop: TestCertificate, tmp_path: Path) -> None:
    shown = openssl("x509", "-noout", "-fingerprint", "-sha256", cwd=tmp_path, given=shop.certificate_pem)
    assert shown.strip().partition("=")[2].replace(":", "").lower() == shop.certificate.fingerprint
    assert "Key is valid" in openssl("pkey", "-check", "-noout", cwd=tmp_path, given=shop.key_pem)


@needs_openssl
@pytest.mark.parametrize("strictness", [(), ("-x509_strict",)], ids=["usual", "strict"])
def test_openssl_verifies_signature_and_chain(
    shop: TestCertificate,
    authority: TestCertificate,
    leaf: TestCertificate,
    strictness: tuple[str, ...],
    tmp_path: Path,
) -> None:
    for name, made in (("shop", shop), ("authority", authority), ("leaf", leaf)):
        (tmp_path / f"{name}.pem").write_text(made.certificate_pem, "utf-8")
    # -check_ss_sig: without it the signature of a trusted self-signed certificate is not looked at
    for anchor, name in (("shop", "shop"), ("authority", "authority"), ("authority", "leaf")):
        options = [*strictness, "-check_ss_sig", "-purpose", "any", "-CAfile", f"{anchor}.pem", f"{name}.pem"]
        assert openssl("verify", *options, cwd=tmp_path) == f"{name}.pem: OK\n"


@needs_openssl
def test_openssl_refuses_a_leaf_that_was_tampered_with(
    authority: TestCertificate, leaf: TestCertificate, tmp_path: Path
) -> None:
    (tmp_path / "authority.pem").write_text(authority.certificate_pem, "utf-8")
    tampered = leaf.certificate.der.replace(b"leaf.example", b"loaf.example")
    (tmp_path / "leaf.pem").write_text(ssl.DER_cert_to_PEM_cert(tampered), "utf-8")
    command = ["openssl", "verify", "-CAfile", "authority.pem", "leaf.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "certificate signature failure" in done.stderr


def handshake(
    made: TestCertificate, anchor: TestCertificate, host: str, folder: Path, *, common_name: bool = True
) -> ssl.SSLObject:
    """A whole TLS handshake in memory; the client trusts `anchor` alone and looks for `host`.

    Without `common_name` it behaves as browsers and Go do, and takes alternative names only.
    """
    (folder / "tls.crt").write_text(made.certificate_pem, "utf-8")
    (folder / "tls.key").write_text(made.key_pem, "utf-8")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    client_side = ssl.create_default_context(cadata=anchor.certificate_pem)
    client_side.hostname_checks_common_name = common_name
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    waiting = [client, server]
    for _ in range(20):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            return client
    raise AssertionError("the handshake does not end")


@pytest.mark.parametrize("host", ["shop.example.test", "cart.shop.example.test", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_certificate_connects(host: str, shop: TestCertificate, tmp_path: Path) -> None:
    client = handshake(shop, shop, host, tmp_path)
    assert client.getpeercert(binary_form=True) == shop.certificate.der
    assert shop.certificate.covers(host)


@pytest.mark.parametrize("host", ["example.test", "a.b.shop.example.test", "127.0.0.2"])
def test_client_and_coverage_agree_on_other_hosts(host: str, shop: TestCertificate, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)(hostname|ip address) mismatch"):
        handshake(shop, shop, host, tmp_path)
    assert not shop.certificate.covers(host)


def test_a_client_that_trusts_the_authority_connects(
    authority: TestCertificate, leaf: TestCertificate, tmp_path: Path
) -> None:
    assert handshake(leaf, authority, "leaf.example.test", tmp_path).version()


def test_a_client_that_trusts_another_certificate_does_not_connect(
    shop: TestCertificate, leaf: TestCertificate, tmp_path: Path
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"self[- ]signed certificate"):
        handshake(shop, leaf, "shop.example.test", tmp_path)


def test_a_certificate_without_alternative_names_is_good_for_some_clients_only(tmp_path: Path) -> None:
    # Rule T-12: browsers and Go clients refuse what OpenSSL's own check still accepts.
    made = make_certificate([], common_name="example.com", not_before=START, not_after=END, seed="e")
    assert handshake(made, made, "example.com", tmp_path).version()
    assert made.certificate.covers("example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(made, made, "example.com", tmp_path, common_name=False)
    assert not made.certificate.covers("example.com", san_only=True)


def test_the_default_certificate_of_ingress_nginx_can_be_served(tmp_path: Path) -> None:
    made = fake_certificate(int(time.time()) - 3600)
    assert handshake(made, made, "ingress.local", tmp_path).getpeercert(binary_form=True) == made.certificate.der


# algorithm of `openssl genpkey`, name of the algorithm here
GENERATED = [
    (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA"),
    (["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "EC P-256"),
    (["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "EC P-384"),
]


@needs_openssl
@pytest.mark.parametrize(("algorithm", "name"), GENERATED, ids=[row[1] for row in GENERATED])
def test_what_openssl_makes_is_read(algorithm: list[str], name: str, tmp_path: Path) -> None:
    openssl("genpkey", "-algorithm", *algorithm, "-out", "pkcs8.pem", cwd=tmp_path)
    old = ["pkey", "-in", "pkcs8.pem", "-traditional"]  # PKCS#1 for RSA, SEC 1 for elliptic curves
    openssl(*old, "-out", "old.pem", cwd=tmp_path)
    openssl(*old, "-outform", "DER", "-out", "old.der", cwd=tmp_path)
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "old.pem", "-outform", "DER", "-out", "pkcs8.der", cwd=tmp_path)
    assert f"BEGIN {name.split()[0]} PRIVATE KEY" in (tmp_path / "old.pem").read_text("utf-8")
    subject = ["-subj", "/O=Acme/CN=shop.t", "-addext", "subjectAltName=DNS:shop.t,IP:10.0.0.1"]
    openssl("req", "-x509", "-key", "pkcs8.pem", "-days", "30", *subject, "-out", "crt.pem", cwd=tmp_path)
    openssl("x509", "-in", "crt.pem", "-outform", "DER", "-out", "crt.der", cwd=tmp_path)

    (certificate,) = read_certificates((tmp_path / "crt.pem").read_text("utf-8"))
    assert read_certificates((tmp_path / "crt.der").read_bytes()) == [certificate]
    assert (certificate.public_key.algorithm, certificate.common_name) == (name, "shop.t")
    assert (certificate.dns_names, certificate.ip_addresses) == (("shop.t",), ("10.0.0.1",))
    assert certificate.not_after - certificate.not_before == 30 * 24 * 3600
    files = ("pkcs8.pem", "old.pem", "pkcs8.der", "old.der")
    keys = [read_private_key((tmp_path / file).read_bytes()) for file in files]
    assert keys == keys[:1] * 4
    assert keys[0].belongs_to(certificate)
    other = make_certificate(["shop.t"], not_before=START, not_after=END, seed="e")
    assert not keys[0].belongs_to(other.certificate)


@needs_openssl
def test_openssl_makes_a_certificate_with_our_key(tmp_path: Path) -> None:
    first = make_certificate(["a.t"], not_before=START, not_after=END, seed="e")
    (tmp_path / "ours.key").write_text(first.key_pem, "utf-8")
    (theirs,) = read_certificates(openssl("req", "-x509", "-key", "ours.key", "-subj", "/CN=a.t", cwd=tmp_path))
    assert theirs.public_key == first.certificate.public_key
    assert first.key.belongs_to(theirs)
