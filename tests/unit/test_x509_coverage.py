"""Which hosts a certificate speaks for."""

from __future__ import annotations

import pytest

from simnet.x509.coverage import NameKind, find_coverage

SAN = NameKind.ALTERNATIVE_NAME
ADDRESS = NameKind.ALTERNATIVE_ADDRESS
CN = NameKind.COMMON_NAME
T4 = "rule T-4"
GO = "kubernetes/ingress-nginx internal/ingress/controller/certificate.go verifyHostname"
MATCH = "kubernetes/ingress-nginx internal/ingress/controller/certificate.go matchHostnames"

# the sentence, host, DNS names, addresses, common name, name that covers it, kind, source
CASES = [
    ("an alternative name covers its host", "a.t", ["a.t"], [], "", "a.t", SAN, T4),
    ("the second alternative name counts as well", "b.t", ["a.t", "b.t"], [], "", "b.t", SAN, T4),
    ("case does not matter", "A.T", ["a.T"], [], "", "a.T", SAN, GO),
    ("a trailing dot does not matter", "a.t.", ["a.t"], [], "", "a.t", SAN, MATCH),
    ("another host is not covered", "b.t", ["a.t"], [], "", "", SAN, T4),
    ("a subdomain is not covered by its parent", "x.a.t", ["a.t"], [], "", "", SAN, MATCH),
    ("a star stands for one label", "x.a.t", ["*.a.t"], [], "", "*.a.t", SAN, T4),
    ("a star does not stand for two labels", "y.x.a.t", ["*.a.t"], [], "", "", SAN, T4),
    ("a star does not stand for no label", "a.t", ["*.a.t"], [], "", "", SAN, T4),
    ("a star inside a label is no wildcard", "xy.a.t", ["x*.a.t"], [], "", "", SAN, T4),
    ("a star as second label is no wildcard", "a.x.t", ["a.*.t"], [], "", "", SAN, T4),
    ("a wildcard host is covered by the same wildcard", "*.a.t", ["*.a.t"], [], "", "*.a.t", SAN, MATCH),
    ("a wildcard host is not covered by one of its hosts", "*.a.t", ["x.a.t"], [], "", "", SAN, MATCH),
    ("the common name counts if there are no alternative names", "a.t", [], [], "a.t", "a.t", CN, T4),
    ("the common name may be a wildcard too", "x.a.t", [], [], "*.a.t", "*.a.t", CN, GO),
    ("the common name is not looked at beside alternative names", "a.t", ["b.t"], [], "a.t", "", SAN, T4),
    ("alternative addresses do not silence the common name", "a.t", [], ["10.0.0.1"], "a.t", "a.t", CN, GO),
    ("an address is covered by an alternative address", "10.0.0.1", [], ["10.0.0.1"], "", "10.0.0.1", ADDRESS, GO),
    ("an address is never covered by a name", "10.0.0.1", ["10.0.0.1"], [], "10.0.0.1", "", ADDRESS, GO),
    ("addresses are compared by value", "fd00:0::1", [], ["fd00::1"], "", "fd00::1", ADDRESS, GO),
    ("brackets around an address do not matter", "[fd00::1]", [], ["fd00::1"], "", "fd00::1", ADDRESS, GO),
    ("no host is covered by nothing", "a.t", [], [], "", "", SAN, MATCH),
    ("an empty host is not covered", "", [""], [], "", "", SAN, MATCH),
    ("a lone dot is not covered", ".", ["."], [], "", "", SAN, MATCH),
]


@pytest.mark.parametrize(
    ("sentence", "host", "dns_names", "addresses", "common_name", "by", "kind", "source"),
    CASES,
    ids=[row[0] for row in CASES],
)
def test_coverage(
    sentence: str, host: str, dns_names: list[str], addresses: list[str], common_name: str, by: str, kind: NameKind,
    source: str,
) -> None:  # fmt: skip
    coverage = find_coverage(host, dns_names, addresses, common_name)
    assert (coverage.by, coverage.kind) == (by, kind), source
    assert bool(coverage) == bool(by)


def test_a_miss_shows_what_was_considered() -> None:
    assert find_coverage("c.t", ["a.t", "b.t"], ["10.0.0.1"], "c.t").names == ("a.t", "b.t")
    assert find_coverage("10.0.0.2", ["a.t"], ["10.0.0.1"], "c.t").names == ("10.0.0.1",)
    assert find_coverage("d.t", [], [], "c.t").names == ("c.t",)
