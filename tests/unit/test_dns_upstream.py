"""The servers outside the cluster."""

import pytest

from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.upstream import Upstream
from simnet.errors import UsageError
from tests.unit.dns_net import Net

RECORDS = (
    "example.com. 300 IN A 192.0.2.10",
    "example.com. 300 IN AAAA 2001:db8::10",
    "www.example.com. 60 IN CNAME example.com.",
    "far.example.com. 60 IN CNAME www.example.com.",
    "dead.example.com. 60 IN CNAME nowhere.example.com.",
    "loop.example.com. 60 IN CNAME loop.example.com.",
    "mail.example.com. 60 IN MX 10 example.com.",
    "a.b.example.com. 60 IN A 192.0.2.30",
)
RCODES = {"broken.example.com.": "SERVFAIL", "private.example.com": "REFUSED"}

ANSWERS = [  # name, type, rcode, data in order, rule
    ("example.com.", "A", "NOERROR", ["192.0.2.10"], "D61"),
    ("EXAMPLE.com.", "A", "NOERROR", ["192.0.2.10"], "D8"),
    ("www.example.com.", "A", "NOERROR", ["example.com.", "192.0.2.10"], "aliases are followed"),
    ("far.example.com.", "AAAA", "NOERROR", ["www.example.com.", "example.com.", "2001:db8::10"], "twice"),
    ("www.example.com.", "CNAME", "NOERROR", ["example.com."], "an alias asked for is not followed"),
    ("dead.example.com.", "A", "NXDOMAIN", ["nowhere.example.com."], "RFC 6604: the rcode is the last name's"),
    ("mail.example.com.", "A", "NOERROR", [], "a name with other types exists"),
    ("b.example.com.", "A", "NOERROR", [], "a name with names below it exists"),
    ("com.", "A", "NOERROR", [], "the same"),
    ("nosuch.example.com.", "A", "NXDOMAIN", [], "anything else does not"),
    ("broken.example.com.", "A", "SERVFAIL", [], "a declared rcode overrides"),
    ("private.example.com.", "AAAA", "REFUSED", [], "with or without the final dot"),
]


@pytest.mark.parametrize(("name", "kind", "rcode", "data", "rule"), ANSWERS, ids=[f"{r[0]} {r[1]}" for r in ANSWERS])
def test_an_upstream_answers_what_was_declared(name: str, kind: str, rcode: str, data: list[str], rule: str) -> None:
    answer = Upstream(RECORDS, RCODES).ask(name, kind)
    assert (answer.rcode, [record.data_text for record in answer.answer]) == (rcode, data), rule
    assert not answer.is_authoritative
    assert answer.authority == ()


def test_a_circle_of_aliases_ends() -> None:
    assert len(Upstream(RECORDS).ask("loop.example.com.", "A").answer) <= 8


def test_the_owner_repeats_the_question() -> None:
    """D8."""
    assert str(Upstream(RECORDS).ask("Example.COM.", "A").answer[0]) == "Example.COM. 300 IN A 192.0.2.10"


def test_declared_hosts_resolve_without_any_record() -> None:
    net = Net(outside={"docs.example.net": {"addresses": ["198.51.100.80", "2001:db8::80"]}})
    assert net.ask("docs.example.net.", "A") == "198.51.100.80"
    assert net.ask("docs.example.net.", "AAAA") == "2001:db8::80"
    assert net.ask("other.example.net.", "A") == "NXDOMAIN"


def test_without_an_upstream_names_outside_are_refused() -> None:
    """D62."""
    net = Net(dns={"upstream": None})
    assert net.ask("example.com.") == "REFUSED"
    assert net.why("example.com.") == reasons.NoUpstream("example.com.")


def test_a_stub_domain_has_an_upstream_of_its_own() -> None:
    """D63."""
    net = Net(dns={"upstream": {"records": ["db.corp.example. 60 IN A 192.0.2.1", "x.example. 60 IN A 192.0.2.2"]},
                   "stub_domains": {"corp.example": {"records": ["db.corp.example. 60 IN A 10.9.9.9"]}}})
    assert net.ask("db.corp.example.") == "10.9.9.9"
    assert net.ask("x.example.") == "192.0.2.2"
    assert net.ask("other.corp.example.") == "NXDOMAIN"


def test_an_unknown_rcode_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"rcodes\[x\]: 'SERVFAILED' is not one of .*; did you mean SERVFAIL\?"):
        Upstream((), {"x": "SERVFAILED"})


def test_a_stub_domain_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"stub_domains\[corp\]: .* is not a mapping with the keys records and rcodes"):
        Net(dns={"stub_domains": {"corp": ["10.0.0.1"]}})
