"""Domain names: the grammar of the cluster zone, zones, limits, and names of addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet import ip
from simnet.dataplane.dns.questions import (
    Apex,
    Branch,
    EndpointName,
    NameServer,
    NamespaceName,
    NoForm,
    PodName,
    PortName,
    ProtocolName,
    SchemaVersion,
    ServiceName,
    dashed,
    is_within,
    joined,
    name_problem,
    parse,
    reverse_address,
    reverse_name,
    zone_of,
)

FORMS = [  # name relative to the zone, what it is, rule
    ("", Apex(), "D6"),
    ("svc", Branch("svc"), "D6"),
    ("pod", Branch("pod"), "D6"),
    ("dns", Branch("dns"), "D57: ns.dns lies below"),
    ("dns-version", SchemaVersion(), "D48"),
    ("ns.dns", NameServer(), "D47"),
    ("shop.svc", NamespaceName("shop", "svc"), "D6"),
    ("shop.pod", NamespaceName("shop", "pod"), "D6"),
    ("web.shop.svc", ServiceName("web", "shop"), "D11"),
    ("web-0.web.shop.svc", EndpointName("web-0", "web", "shop"), "D18"),
    ("_http._tcp.web.shop.svc", PortName("http", "tcp", "web", "shop"), "D13"),
    ("_http._nonsense.web.shop.svc", PortName("http", "nonsense", "web", "shop"), "D13: fails later, as no such port"),
    ("_tcp.web.shop.svc", ProtocolName("tcp", "web", "shop"), "D57: named ports lie below"),
    ("_smtp.web.shop.svc", EndpointName("_smtp", "web", "shop"), "D6"),
    ("10-1-2-3.shop.pod", PodName("10-1-2-3", "shop"), "D40"),
    ("http.tcp.web.shop.svc", NoForm(), "section 15: underscores are not optional here"),
    ("_._tcp.web.shop.svc", NoForm(), "D15: an unnamed port has no such name"),
    ("a.b.c.web.shop.svc", NoForm(), "D7"),
    ("x.10-1-2-3.shop.pod", NoForm(), "section 15: extra labels are not ignored here"),
    ("foo", NoForm(), "D59"),
    ("x.dns", NoForm(), "D6"),
    ("ns", NoForm(), "D6"),
]


@pytest.mark.parametrize(("name", "expected", "rule"), FORMS, ids=[row[0] or "the zone" for row in FORMS])
def test_a_name_is_read_once_into_a_record(name: str, expected: object, rule: str) -> None:
    assert parse(name) == expected, rule


@pytest.mark.parametrize(("text", "address"), [
    ("10-1-2-3", "10.1.2.3"),
    ("2001-db8--1", "2001:db8::1"),
    ("2001-db8-0-0-0-0-0-1", "2001:db8::1"),
    ("--1", "::1"),
    ("1-2-3", None),
    ("10-1-2-300", None),
    ("web-0", None),
    ("1--2-3", "1::2:3"),
], ids=str)
def test_three_single_dashes_make_ipv4_and_everything_else_ipv6(text: str, address: str | None) -> None:
    """D40."""
    assert PodName(text, "shop").address == (ip.number(address) if address else None)


@pytest.mark.parametrize(("address", "label"), [
    ("10.1.2.3", "10-1-2-3"),
    ("5678:abcd::1", "5678-abcd--1"),
    ("2001:db8::", "2001-db8--0"),
    ("2001:DB8:0:0::1", "2001-db8--1"),
])
def test_an_endpoint_without_a_hostname_is_called_by_its_address(address: str, label: str) -> None:
    """D25."""
    assert dashed(ip.number(address)) == label


@pytest.mark.parametrize(("name", "zone"), [
    ("web.cluster.local.", "cluster.local."),
    ("a.deep.cluster.local.", "deep.cluster.local."),
    ("xcluster.local.", ""),
    ("cluster.local.", "cluster.local."),
    ("local.", ""),
])
def test_a_name_belongs_to_the_longest_zone_on_a_label_boundary(name: str, zone: str) -> None:
    """D2."""
    assert zone_of(name, ("cluster.local.", "deep.cluster.local.")) == zone


def test_the_root_zone_holds_every_name() -> None:
    assert is_within("example.com.", ".")


@pytest.mark.parametrize(("name", "domain", "expected"), [
    ("web", "cluster.local", "web.cluster.local."),
    ("web", "cluster.local.", "web.cluster.local."),
    ("web", ".", "web."),
    ("web", "", "web."),
])
def test_a_name_is_put_into_a_domain(name: str, domain: str, expected: str) -> None:
    assert joined(name, domain) == expected


@pytest.mark.parametrize(("name", "problem"), [
    (".", ""),
    ("web.", ""),
    (f"{'x' * 63}.local.", ""),
    (f"{'x' * 64}.local.", "label too long"),
    (f"{'x' * 70}.", "label too long"),
    ("web..local.", "empty label"),
    (".web.", "empty label"),
    (".".join(["x" * 62] * 4) + ".", ""),
    (".".join(["x" * 63] * 4) + ".", "name too long"),
    ("ü" * 40 + ".", "label too long"),
])
def test_a_name_must_fit_into_a_message(name: str, problem: str) -> None:
    """D10: labels of 63 octets, names of 255 octets, length octets and root included."""
    assert name_problem(name) == problem


def wire_length_problem(name: str) -> str:
    """The limits, spelled out on the encoded form."""
    labels = [label.encode() for label in name[:-1].split(".")]
    if b"" in labels:
        return "empty label"
    if any(len(label) > 63 for label in labels):
        return "label too long"
    octets = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return "name too long" if len(octets) > 255 else ""


@given(st.lists(st.text("abß-", min_size=0, max_size=70), min_size=1, max_size=9))
def test_limits_are_those_of_the_wire_format(labels: list[str]) -> None:
    name = ".".join(labels) + "."
    if name != ".":
        assert name_problem(name) == wire_length_problem(name)


@pytest.mark.parametrize(("name", "address"), [
    ("20.0.96.10.in-addr.arpa.", "10.96.0.20"),
    ("0.96.10.in-addr.arpa.", None),
    ("1.20.0.96.10.in-addr.arpa.", None),
    ("256.0.96.10.in-addr.arpa.", None),
    ("in-addr.arpa.", None),
    ("1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::1"),
    ("0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa.", None),
    ("x.1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa.", None),
    ("10." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa.", None),
])
def test_a_reverse_name_stands_for_an_address_or_for_none(name: str, address: str | None) -> None:
    """D55: exactly 4 labels or 32 nibbles."""
    assert reverse_address(name) == (ip.number(address) if address else None)


@given(st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1).map(lambda value: value + ip.V6)))
def test_reverse_names_lead_back_to_their_address(address: int) -> None:
    assert reverse_address(reverse_name(address)) == address
