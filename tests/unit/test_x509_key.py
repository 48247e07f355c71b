"""Private keys made by OpenSSL; how the samples came about is said in test_x509_certificate.py."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

import simnet.x509.der as der
from simnet.x509.certificate import read_certificates
from simnet.x509.ec import P256, P384
from simnet.x509.errors import DerError, PemError, UnknownAlgorithm, UnusableKey
from simnet.x509.key import EcPrivateKey, RsaPrivateKey, read_private_key, write_private_key

SAMPLES = Path(__file__).parent / "x509"
NAMES_SCALAR = 0x087AA588F120235390085D8DA3243016F2823DA76C2B48B73126F3CD93A35681  # openssl ec -text
AUTHORITY_SCALAR = int(
    "12a7ea532083567c05386f2a1a7aea41f64fee006a20fbb54e483022e299e0129a268f69ab4c4f5920cdb8bdb3f98ec1", 16
)


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8")


def der_of(pem: str) -> bytes:
    body = pem[pem.rindex("-----BEGIN") :].splitlines()
    return b64decode("".join(line for line in body if not line.startswith("-----")))


# form, sample, certificate it belongs to, algorithm
KEYS = [
    ("RSA in PKCS#8", "article.key", "article.crt", "RSA"),
    ("RSA in PKCS#1", "article-pkcs1.key", "article.crt", "RSA"),
    ("P-256 in SEC 1, after its parameters", "names.key", "names.crt", "EC P-256"),
    ("P-256 in PKCS#8", "names-pkcs8.key", "names.crt", "EC P-256"),
    ("P-256 in SEC 1, alone", "leaf.key", "chain.crt", "EC P-256"),
    ("P-384 in SEC 1", "authority.key", "authority.crt", "EC P-384"),
]


@pytest.mark.parametrize(("form", "key", "certificate", "algorithm"), KEYS, ids=[row[0] for row in KEYS])
def test_a_key_belongs_to_its_certificate_and_to_no_other(
    form: str, key: str, certificate: str, algorithm: str
) -> None:
    private = read_private_key(sample(key))
    assert private.algorithm == algorithm
    assert read_private_key(der_of(sample(key))) == private, "DER holds the same key"
    others = {"article.crt", "names.crt", "chain.crt", "authority.crt", "ed25519.crt"} - {certificate}
    assert private.belongs_to(read_certificates(sample(certificate))[0])
    assert [name for name in others if private.belongs_to(read_certificates(sample(name))[0])] == []


def test_the_secret_number_is_read() -> None:
    assert read_private_key(sample("names.key")) == EcPrivateKey(P256, NAMES_SCALAR)
    assert read_private_key(sample("authority.key")) == EcPrivateKey(P384, AUTHORITY_SCALAR)


def test_the_secret_number_is_not_shown() -> None:
    assert str(NAMES_SCALAR) not in repr(read_private_key(sample("names.key")))


def test_the_public_part_is_computed_not_believed() -> None:
    # RFC 5915 section 3: publicKey is OPTIONAL; this key has none.
    inner = der.sequence(
        der.integer(1),
        der.encode(der.OCTET_STRING, NAMES_SCALAR.to_bytes(32, "big")),
        der.encode(der.context(0), der.object_identifier("1.2.840.10045.3.1.7")),
    )
    assert read_private_key(inner).belongs_to(read_certificates(sample("names.crt"))[0])


def test_the_first_key_of_a_text_is_taken() -> None:
    text = sample("article.crt") + sample("names.key") + sample("article.key")
    assert read_private_key(text) == EcPrivateKey(P256, NAMES_SCALAR)


@pytest.mark.parametrize("name", ["names-pkcs8.key"])
def test_a_key_is_written_as_openssl_writes_it(name: str) -> None:
    key = EcPrivateKey(P256, NAMES_SCALAR)
    assert write_private_key(key, key.public_key) == der_of(sample(name))


# what is the matter, sample, message
REFUSED = [
    ("PKCS#8 with a password", "encrypted.key", UnusableKey, "encrypted.key:1: private key: it is encrypted; a key "
     "without password is needed (openssl pkey -in FILE -out FILE)"),
    ("SEC 1 with a password", "encrypted-sec1.key", UnusableKey, "encrypted-sec1.key:1: private key: it is encrypted; "
     "a key without password is needed (openssl pkey -in FILE -out FILE)"),
    ("Ed25519", "ed25519.key", UnknownAlgorithm, "ed25519.key:1: private key: its algorithm is Ed25519; RSA, P-256 and "
     "P-384 keys are read"),
    ("P-521", "p521.key", UnknownAlgorithm, "p521.key:1: private key: its algorithm is EC P-521; RSA, P-256 and P-384 "
     "keys are read"),
    ("a certificate", "article.crt", PemError, "article.crt:1: expected a PRIVATE KEY block, found CERTIFICATE"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "error", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_keys_that_are_not_read(what: str, name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        read_private_key(sample(name), name)
    assert str(caught.value) == message


def rsa_with(**changes: int) -> bytes:
    """A textbook RSA key of p = 61 and q = 53, with some of its numbers changed."""
    numbers = {"version": 0, "n": 3233, "e": 17, "d": 2753, "p": 61, "q": 53, "dp": 53, "dq": 49, "qinv": 38} | changes
    return der.sequence(*map(der.integer, numbers.values()))


def test_a_consistent_rsa_key_is_read() -> None:
    key = read_private_key(rsa_with())
    assert isinstance(key, RsaPrivateKey)
    assert (key.public_key.modulus, key.public_key.exponent) == (3233, 17)


@pytest.mark.parametrize("changes", [{"n": 3234}, {"e": 19}, {"d": 2755}, {"p": 53, "q": 53}, {"p": 3233, "q": 1}])
def test_rsa_numbers_that_contradict_each_other_are_refused(changes: dict[str, int]) -> None:
    # Go crypto/rsa PrivateKey.Validate: the product of the primes, and d * e = 1 modulo each prime less 1.
    with pytest.raises(UnusableKey, match=r"the numbers of an RSA key contradict each other$"):
        read_private_key(rsa_with(**changes))


def test_rsa_keys_of_three_primes_are_refused() -> None:
    with pytest.raises(DerError, match="expected version 0: keys of more than two primes are not read"):
        read_private_key(rsa_with(version=1))


@pytest.mark.parametrize("scalar", [0, P256.n, 2**256 - 1])
def test_a_number_outside_the_curve_is_refused(scalar: int) -> None:
    parameters = der.encode(der.context(0), der.object_identifier("1.2.840.10045.3.1.7"))
    key = der.sequence(der.integer(1), der.encode(der.OCTET_STRING, scalar.to_bytes(32, "big")), parameters)
    with pytest.raises(UnusableKey, match=r"its number is not between 1 and the order of P-256$"):
        read_private_key(key)


def test_a_sec1_key_alone_has_to_name_its_curve() -> None:
    key = der.sequence(der.integer(1), der.encode(der.OCTET_STRING, b"\1"))
    with pytest.raises(UnusableKey, match=r"it does not name its curve; expected P-256 or P-384$"):
        read_private_key(key)


def test_explicit_curve_parameters_are_not_modelled() -> None:
    parameters = der.encode(der.context(0), der.sequence(der.integer(1)))
    key = der.sequence(der.integer(1), der.encode(der.OCTET_STRING, b"\1"), parameters)
    with pytest.raises(UnknownAlgorithm, match="its algorithm is EC with explicit parameters"):
        read_private_key(key)
