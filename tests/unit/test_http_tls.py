"""The certificate by server name, why it was that one, and what the client makes of it: rules T-1 to T-6, T-9, T-12."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.clock import from_iso
from simnet.dataplane.http.message import ServedCertificate
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.tls import CertificateReason, Refusal, own_certificate, show, verify
from simnet.names import ObjectKey
from simnet.objects.ingress import IngressTLS
from simnet.objects.secret import Secret
from simnet.x509.certificate import Certificate
from simnet.x509.make import TestCertificate, make_certificate
from tests.unit.http_net import Net, ask, ingress, key, outcome, rule, table

NOW = int(from_iso("2027-06-01T00:00:00Z"))
DAY = 24 * 3600


def made(*names: str, seed: str = "s", **more: object) -> TestCertificate:
    return make_certificate(names, not_before=NOW - DAY, not_after=NOW + DAY, seed=seed, **more)  # type: ignore[arg-type]


SITE = made("site.t")
WILD = made("*.w.t")
NAMELESS = made(common_name="cn.t")
EXPIRED = make_certificate(["old.t"], not_before=NOW - 9 * DAY, not_after=NOW - DAY, seed="x")


def secret(name: str, pair: TestCertificate, **instead: bytes) -> Secret:
    data = {"tls.crt": pair.certificate_pem.encode(), "tls.key": pair.key_pem.encode()}
    given = {entry.replace("_", "."): value for entry, value in instead.items()}
    return Secret(key=key(name), type="kubernetes.io/tls", data={**data, **given})


def tls(*hosts: str, name: str = "") -> tuple[IngressTLS, ...]:
    return (IngressTLS(hosts, name),)


def shown(found: ControllerTable, sni: str | None) -> tuple[str, CertificateReason]:
    result = show(found, sni)
    return result.served.name, result.reason


SERVED = table(
    secret("site", SITE), secret("wild", WILD), secret("nameless", NAMELESS), secret("expired", EXPIRED),
    secret("no-key", SITE, tls_key=b""), secret("other-key", SITE, tls_key=WILD.key_pem.encode()),
    ingress("site", rule("site.t", "Prefix / a:80"), tls=tls("SITE.t", name="site"), annotations={"server-alias": "alias.t"}),
    ingress("wild", rule("*.w.t", "Prefix / a:80"), tls=tls("*.w.t", name="wild")),
    ingress("under", rule("x.w.t", "Prefix / a:80")),
    ingress("cn", rule("cn.t", "Prefix / a:80"), tls=tls("cn.t", name="nameless")),
    ingress("old", rule("old.t", "Prefix / a:80"), tls=tls("old.t", name="expired")),
    ingress("gone", rule("gone.t", "Prefix / a:80"), tls=tls("gone.t", name="missing")),
    ingress("no-key", rule("nokey.t", "Prefix / a:80"), tls=tls("nokey.t", name="no-key")),
    ingress("odd", rule("odd.t", "Prefix / a:80"), tls=tls("odd.t", name="other-key")),
    ingress("foreign", rule("foreign.t", "Prefix / a:80"), tls=tls("foreign.t", name="site")),
    ingress("empty", rule("empty.t", "Prefix / a:80"), tls=tls("empty.t")),
    ingress("unlisted", rule("unlisted.t", "Prefix / a:80"), tls=tls(name="site")),
    ingress("plain", rule("plain.t", "Prefix / a:80")),
    ingress("any", rule("", "Prefix / a:80"), tls=tls(name="site")))

# what happens, server name, certificate, reason, source
CHOICES = [
    ("the Secret of the entry that lists the host", "site.t", "default/site", CertificateReason.LISTED, "T-5"),
    ("case and a final dot do not matter", "Site.T.", "default/site", CertificateReason.LISTED, "T-3"),
    ("a wildcard host's certificate", "a.w.t", "default/wild", CertificateReason.LISTED, "T-3"),
    ("an exact host without one uses the wildcard's", "x.w.t", "default/wild", CertificateReason.LISTED, "T-3"),
    ("two labels are not one", "b.a.w.t", "fake", CertificateReason.UNKNOWN_NAME, "T-3"),
    ("only a common name is enough", "cn.t", "default/nameless", CertificateReason.LISTED, "T-4 T-12"),
    ("an expired one is used", "old.t", "default/expired", CertificateReason.LISTED, "T-4"),
    ("no name at all", None, "fake", CertificateReason.NO_SNI, "T-2"),
    ("a name nobody serves", "nobody.t", "fake", CertificateReason.UNKNOWN_NAME, "T-2"),
    ("a host without tls section", "plain.t", "fake", CertificateReason.NO_TLS, "T-2"),
    ("the Secret is missing", "gone.t", "fake", CertificateReason.SECRET_MISSING, "T-4"),
    ("the Secret has no key", "nokey.t", "fake", CertificateReason.UNUSABLE, "T-4"),
    ("the key is another certificate's", "odd.t", "fake", CertificateReason.UNUSABLE, "T-4"),
    ("the certificate names another host", "foreign.t", "fake", CertificateReason.WRONG_NAMES, "T-4"),
    ("the entry names no Secret", "empty.t", "fake", CertificateReason.NO_SECRET_NAME, "T-5"),
    ("no entry lists the host and no certificate names it", "unlisted.t", "fake", CertificateReason.NOT_LISTED, "T-5"),
    ("an alias the certificate does not name", "alias.t", "fake", CertificateReason.NO_TLS, "T-4"),
]


@pytest.mark.parametrize(("what", "sni", "name", "reason", "source"), CHOICES, ids=[row[0] for row in CHOICES])
def test_choice(what: str, sni: str | None, name: str, reason: CertificateReason, source: str) -> None:
    assert shown(SERVED, sni) == (name, reason), source


def test_why_a_secret_is_unusable_is_told() -> None:
    assert show(SERVED, "nokey.t").flaw == "no tls.key"
    assert show(SERVED, "odd.t").flaw == "key does not belong to the certificate"
    assert show(SERVED, "gone.t").secret == ObjectKey("default", "missing")


def test_the_secret_of_the_ingresss_own_namespace_counts() -> None:
    found = table(secret("elsewhere/site", SITE), ingress("i", rule("site.t", "Prefix / a:80"), tls=tls("site.t", name="site")))
    assert shown(found, "site.t") == ("fake", CertificateReason.SECRET_MISSING), "T-5"


def test_an_unlisted_host_takes_the_first_certificate_with_its_alternative_name() -> None:
    found = table(secret("cn", NAMELESS), secret("site", SITE), ingress(
        "i", rule("site.t", "Prefix / a:80"), rule("cn.t", "Prefix / a:80"),
        tls=(IngressTLS(("other.t",), "cn"), IngressTLS((), "site"))))
    assert shown(found, "site.t") == ("default/site", CertificateReason.MATCHED), "T-5"
    assert shown(found, "cn.t") == ("fake", CertificateReason.NOT_LISTED), "T-5: the common name does not count here"


def test_the_oldest_ingress_with_a_tls_section_decides() -> None:
    found = table(secret("site", SITE), ingress("a", rule("site.t", "Prefix /a a:80"), age=3),
                  ingress("b", rule("site.t", "Prefix /b b:80"), age=2, tls=tls("site.t", name="missing")),
                  ingress("c", rule("site.t", "Prefix /c c:80"), age=1, tls=tls("site.t", name="site")))
    assert shown(found, "site.t") == ("fake", CertificateReason.SECRET_MISSING), "T-5"


def test_an_alias_gets_the_certificate_that_names_it() -> None:
    both = made("site.t", "alias.t")
    found = table(secret("site", both), ingress("i", rule("site.t", "Prefix / a:80"), tls=tls("site.t", name="site"),
                                                annotations={"server-alias": "alias.t, bare.t"}))
    assert shown(found, "alias.t") == ("default/site", CertificateReason.LISTED), "T-4"
    assert outcome(ask(found, "http://alias.t/")) == "308 https://alias.t", "T-6"
    assert outcome(ask(found, "http://bare.t/")) == "a /", "T-6"


def test_the_default_certificate_can_be_given() -> None:
    found = Net(secret("tls/own", SITE)).table(default_ssl_certificate=ObjectKey("tls", "own"))
    assert shown(found, "nobody.t") == ("tls/own", CertificateReason.UNKNOWN_NAME), "T-2"
    broken = Net().table(default_ssl_certificate=ObjectKey("tls", "own"))
    assert shown(broken, "nobody.t") == ("fake", CertificateReason.UNKNOWN_NAME), "T-2"


def test_the_fake_certificate_looks_like_the_real_one() -> None:
    fake = show(SERVED, None).served.certificate
    assert fake is not None
    assert (fake.common_name, fake.organization, fake.dns_names) == (
        "Kubernetes Ingress Controller Fake Certificate", "Acme Co", ("ingress.local",)), "T-2"


def test_a_secret_that_appears_is_used_at_once() -> None:
    net = Net(ingress("i", rule("site.t", "Prefix / a:80"), tls=tls("site.t", name="site")))
    assert shown(net.table(), "site.t") == ("fake", CertificateReason.SECRET_MISSING)
    net.put(secret("site", SITE))
    assert shown(net.table(), "site.t") == ("default/site", CertificateReason.LISTED)


# the client ------------------------------------------------------------------------------------------------------

AUTHORITY = made("ca.t", seed="ca", is_ca=True)
INTERMEDIATE = made("mid.t", seed="mid", is_ca=True, issuer=AUTHORITY)
LEAF = made("leaf.t", seed="leaf", issuer=AUTHORITY)
DEEP = made("deep.t", seed="deep", issuer=INTERMEDIATE)
FUTURE = make_certificate(["f.t"], not_before=NOW + DAY, not_after=NOW + 2 * DAY, seed="f")
ADDRESSED = made("a.t", ips=["192.0.2.1"])

# what the client sees, certificate, host, trusted, --cacert, refusal, source
CLIENTS = [
    ("a self-signed one that nobody trusts", SITE, "site.t", (), "", Refusal.SELF_SIGNED, "curl: (60)"),
    ("the same, given with --cacert", SITE, "site.t", (), SITE.certificate_pem, "", "issue 7: byte equality"),
    ("the same, trusted by everybody", SITE, "site.t", (SITE,), "", "", "stories.md certs"),
    ("one whose issuer is given", LEAF, "leaf.t", (), AUTHORITY.certificate_pem, "", "issue 7: issuer"),
    ("one whose issuer is not", LEAF, "leaf.t", (SITE,), "", Refusal.UNKNOWN_ISSUER, "OpenSSL verify error 20"),
    ("one for another name", SITE, "other.t", (SITE,), "", Refusal.NAME, "RFC 6125"),
    ("a wildcard for one label", WILD, "a.w.t", (WILD,), "", "", "RFC 6125"),
    ("a wildcard for two labels", WILD, "b.a.w.t", (WILD,), "", Refusal.NAME, "RFC 6125"),
    ("one with only a common name", NAMELESS, "cn.t", (NAMELESS,), "", Refusal.NAME, "T-12"),
    ("one asked for by its address", ADDRESSED, "192.0.2.1", (ADDRESSED,), "", "", "RFC 6125"),
    ("one asked for by another address", ADDRESSED, "192.0.2.2", (ADDRESSED,), "", Refusal.NAME, "RFC 6125"),
    ("an expired one", EXPIRED, "old.t", (EXPIRED,), "", Refusal.EXPIRED, "RFC 5280"),
    ("one of tomorrow", FUTURE, "f.t", (FUTURE,), "", Refusal.NOT_YET_VALID, "RFC 5280"),
    ("trust is judged before names", SITE, "other.t", (), "", Refusal.SELF_SIGNED, "OpenSSL: curl looks at names last"),
    ("a --cacert that is no certificate", SITE, "site.t", (), "nonsense", Refusal.BAD_CACERT, "curl: (77)"),
]


@pytest.mark.parametrize(("what", "pair", "host", "trust", "cacert", "refusal", "source"), CLIENTS,
                         ids=[row[0] for row in CLIENTS])
def test_client(what: str, pair: TestCertificate, host: str, trust: tuple[TestCertificate, ...], cacert: str,
                refusal: str, source: str) -> None:
    trusted: list[Certificate] = [each.certificate for each in trust]
    served = ServedCertificate("default/x", pair.certificate)
    assert verify(served, host, NOW, trusted, cacert) == refusal, source
    if refusal != Refusal.BAD_CACERT:
        assert verify(served, host, NOW, trusted, cacert, insecure=True) == "", "curl -k"


def test_a_chain_leads_to_a_trusted_issuer() -> None:
    served = ServedCertificate("default/x", DEEP.certificate, (INTERMEDIATE.certificate,))
    assert verify(served, "deep.t", NOW, [AUTHORITY.certificate]) == ""
    assert verify(ServedCertificate("default/x", DEEP.certificate), "deep.t", NOW, [AUTHORITY.certificate]) == "unknown-issuer"


def test_nobody_can_trust_a_certificate_nobody_has_described() -> None:
    assert verify(own_certificate("pod/default/web"), "web", NOW, []) == "self-signed"
    assert verify(own_certificate("pod/default/web"), "web", NOW, [], insecure=True) == ""


def test_addresses_are_compared_by_value() -> None:
    pair = made("a.t", ips=["2001:db8::1"])
    assert ip.number("2001:DB8:0::1") == ip.number("2001:db8::1")
    assert verify(ServedCertificate("x", pair.certificate), "[2001:DB8:0::1]", NOW, [pair.certificate]) == ""
