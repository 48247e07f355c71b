"""Addresses and networks: their texts, the refusal of bad ones in exact words, and the arithmetic of blocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simnet import ip
from simnet.errors import UsageError
from simnet.ip import V6, IPAddress, IPNetwork

CANONICAL = [  # text as written, text as printed, source
    ("10.0.0.1", "10.0.0.1", "dotted decimal"),
    ("0.0.0.0", "0.0.0.0", "dotted decimal"),
    ("255.255.255.255", "255.255.255.255", "dotted decimal"),
    ("2001:0db8::0001", "2001:db8::1", "RFC 5952 section 4.1: leading zeros go"),
    ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1", "RFC 5952 section 4.2.1: '::' is used to its maximum"),
    ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "RFC 5952 section 4.2.2: '::' is not for one group"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "RFC 5952 section 4.2.3: the longest run"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "RFC 5952 section 4.2.3: the first of equal runs"),
    ("2001:DB8::AbCd", "2001:db8::abcd", "RFC 5952 section 4.3: lower case"),
    ("0:0:0:0:0:ffff:c000:201", "::ffff:192.0.2.1", "RFC 5952 section 5: dotted tail in ::ffff:0:0/96"),
    ("::ffff:0:0", "::ffff:0.0.0.0", "RFC 5952 section 5"),
    ("::192.0.2.1", "::c000:201", "RFC 4291 section 2.5.5.1: the IPv4-compatible form is deprecated"),
    ("::fffe:1:2", "::fffe:1:2", "RFC 4291 section 2.2"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221", "RFC 6052 section 2.4"),
    ("::", "::", "RFC 4291 section 2.2"),
    ("::1", "::1", "RFC 4291 section 2.2"),
    ("1::", "1::", "RFC 4291 section 2.2"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "RFC 5952 section 4.2.2"),
]


@pytest.mark.parametrize(("given", "printed"), [row[:2] for row in CANONICAL])
def test_an_address_is_printed_canonically(given: str, printed: str) -> None:
    assert ip.text(ip.number(given)) == printed
    assert str(IPAddress.parse(given)) == printed


REFUSED = [  # text, message after "TEXT is not an IP address: "
    ("", "it is empty"),
    ("10.0.0", "IPv4 has four octets, here are 3"),
    ("10", "IPv4 has four octets, here is 1"),
    ("10.0.0.0.1", "IPv4 has four octets, here are 5"),
    ("10.0..1", "octet 3 is empty"),
    ("10.0.0.256", "octet 4 is 256, the highest is 255"),
    ("10.0.0.1000", "octet 4 is 1000, the highest is 255"),
    ("10.0.0.x", "octet 4 is 'x', only the digits 0 to 9 are allowed"),
    ("+10.0.0.1", "octet 1 is '+10', only the digits 0 to 9 are allowed"),
    ("10.0.0.-1", "octet 4 is '-1', only the digits 0 to 9 are allowed"),
    ("10.0.0.\u0661", "octet 4 is '\u0661', only the digits 0 to 9 are allowed"),
    (
        "010.0.0.1",
        "octet 1 is '010', leading zeros are not allowed (some programs read them as octal); did you mean 10.0.0.1?",
    ),
    (
        "::ffff:1.2.3.00",
        "octet 4 is '00', leading zeros are not allowed (some programs read them as octal); "
        "did you mean ::ffff:1.2.3.0?",
    ),
    ("010.0.0", "IPv4 has four octets, here are 3"),
    ("10.0.0. 1", "it contains a blank; did you mean 10.0.0.1?"),
    ("10.0.0.1\n", "it contains a blank; did you mean 10.0.0.1?"),
    ("10.0.0.1/24", "it has a prefix length, which only networks have; did you mean 10.0.0.1?"),
    ("10.0.0.1:80", "it has a port; did you mean 10.0.0.1?"),
    ("[fd00::1]:80", "brackets and a port belong to a URL; did you mean fd00::1?"),
    ("fe80::1%eth0", "zone identifiers are not used in a cluster; did you mean fe80::1?"),
    ("web", "neither four octets separated by '.' nor groups separated by ':'"),
    ("1:2:3", "IPv6 has eight groups, here are 3; '::' may stand for zero groups"),
    ("1:2:3:4:5:6:7:8:9", "IPv6 has eight groups, here are 9"),
    ("1:2:3:4:5:6:7:8::", "'::' stands for at least one group, but the other 8 are already there"),
    ("1:2:3:4:5:6:7::1.2.3.4", "'::' stands for at least one group, but the other 9 are already there"),
    ("1::2::3", "'::' occurs more than once, so its length is not known"),
    (":::1", "':::' occurs; a run of zero groups is written '::'"),
    (":1:2:3:4:5:6:7", "it starts with a single ':'"),
    ("1:2:3:4:5:6:7:", "it ends with a single ':'"),
    ("::1:", "it ends with a single ':'"),
    ("fd00::12345", "group 2 is '12345', four hexadecimal digits are the most"),
    ("1:2::g", "group 3 is 'g', only hexadecimal digits are allowed"),
    ("::-1", "group 1 is '-1', only hexadecimal digits are allowed"),
    ("1.2.3.4::", "group 1 is '1.2.3.4', a dotted IPv4 part may only stand at the end"),
    ("::1.2.3.4:5", "group 1 is '1.2.3.4', a dotted IPv4 part may only stand at the end"),
    ("::1.2.3", "IPv4 has four octets, here are 3"),
    ("::1.2.3.256", "octet 4 is 256, the highest is 255"),
]


def refusal(call: Callable[[], object]) -> str:
    """The text of the UsageError the call ends in; the library's inner errors must not show."""
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_bad_text_is_refused_with_the_part_at_fault_and_the_rule(given: str, reason: str) -> None:
    assert refusal(lambda: ip.number(given)) == f"{given!r} is not an IP address: {reason}"


def test_a_refusal_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="octet 4 is 256"):
        IPAddress.parse("1.2.3.256")


@pytest.mark.parametrize("given", [row[0] for row in CANONICAL])
def test_the_explaining_parser_reads_what_the_c_library_reads(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ip.number(given)

    def refuse(family: int, text: str) -> bytes:
        raise OSError("illegal IP address string")

    monkeypatch.setattr(ip, "inet_pton", refuse)
    assert ip.number(given) == expected


def test_one_space_of_integers_holds_both_families_apart() -> None:
    assert ip.number("0.0.0.1") == 1
    assert ip.number("::1") == V6 + 1
    assert (ip.family(ip.number("255.255.255.255")), ip.family(ip.number("::"))) == (4, 6)
    assert (IPAddress.parse("::1").value, IPAddress.parse("::1").family) == (1, 6)


@pytest.mark.parametrize("number", [-1, 1 << 32, V6 - 1, V6 + V6])
def test_an_integer_between_or_beyond_the_families_is_no_address(number: int) -> None:
    assert refusal(lambda: ip.text(number)) == f"{number} is not the number of an IP address"
    assert refusal(lambda: IPAddress(number)) == f"{number} is not the number of an IP address"


def test_addresses_are_values_ordered_by_family_then_number() -> None:
    texts = ["::1", "10.0.0.2", "9.255.255.255", "::", "10.0.0.10"]
    assert [str(address) for address in sorted(map(IPAddress.parse, texts))] == [
        "9.255.255.255", "10.0.0.2", "10.0.0.10", "::", "::1",
    ]
    assert len({IPAddress.parse("fd00::1"), IPAddress.parse("fd00:0::0:1")}) == 1
    assert repr(IPAddress.parse("10.0.0.1")) == "IPAddress('10.0.0.1')"


def test_a_port_is_joined_as_in_a_url() -> None:
    assert ip.host_port(ip.number("10.0.0.1"), 80) == "10.0.0.1:80"
    assert ip.host_port(ip.number("fd00::1"), 80) == "[fd00::1]:80"


REFUSED_NETWORKS = [
    ("10.0.0.0", "'10.0.0.0' is not a network: the prefix length is missing; did you mean 10.0.0.0/32?"),
    ("fd00::", "'fd00::' is not a network: the prefix length is missing; did you mean fd00::/128?"),
    ("10.0.0.0/33", "'10.0.0.0/33' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("fd00::/129", "'fd00::/129' is not a network: the prefix length of IPv6 is 0 to 128"),
    ("10.0.0.0/", "'10.0.0.0/' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("10.0.0.0/-8", "'10.0.0.0/-8' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("10.0.0.0/+8", "'10.0.0.0/+8' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("10.0.0.0/8/8", "'10.0.0.0/8/8' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("10.0.0.0/08", "'10.0.0.0/08' is not a network: leading zeros are not allowed; did you mean 10.0.0.0/8?"),
    (
        "10.0.0.0/255.255.0.0",
        "'10.0.0.0/255.255.0.0' is not a network: the prefix length of IPv4 is 0 to 32, not a mask; "
        "did you mean 10.0.0.0/16?",
    ),
    ("10.0.0.0/255.0.255.0", "'10.0.0.0/255.0.255.0' is not a network: the prefix length of IPv4 is 0 to 32"),
    ("10.0.0/8", "'10.0.0' is not an IP address: IPv4 has four octets, here are 3"),
    ("10.0.0.999/99", "'10.0.0.999' is not an IP address: octet 4 is 999, the highest is 255"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED_NETWORKS)
def test_a_bad_network_is_refused_with_what_would_do(given: str, message: str) -> None:
    assert refusal(lambda: IPNetwork.parse(given)) == message


def test_host_bits_are_cleared_or_when_strict_refused_with_the_network_meant() -> None:
    assert str(IPNetwork.parse("10.244.3.7/16")) == "10.244.0.0/16"
    assert refusal(lambda: IPNetwork.parse("10.244.3.7/16", strict=True)) == (
        "10.244.3.7/16 has host bits set; did you mean 10.244.0.0/16?"
    )
    assert str(IPNetwork.parse("fd00::/8", strict=True)) == "fd00::/8"


def test_a_network_knows_its_ends() -> None:
    network = IPNetwork.parse("192.168.1.0/29")
    assert (ip.text(network.first), ip.text(network.last), network.size) == ("192.168.1.0", "192.168.1.7", 8)
    assert (str(network.network_address), str(network.broadcast)) == ("192.168.1.0", "192.168.1.7")
    assert IPNetwork.parse("fd00::/64").broadcast is None
    assert IPNetwork.parse("10.0.0.0/31").broadcast is None
    assert repr(network) == "IPNetwork('192.168.1.0/29')"


def test_containment_takes_addresses_integers_and_texts_of_either_family() -> None:
    network = IPNetwork.parse("10.96.0.0/12")
    assert "10.111.255.255" in network
    assert ip.number("10.112.0.0") not in network
    assert IPAddress.parse("10.96.0.1") in network
    assert "::a60:1" not in network
    assert "10.96.0.1" not in IPNetwork.parse("::/0")


def test_overlap_and_cover_are_of_one_family() -> None:
    pods, node = IPNetwork.parse("10.244.0.0/16"), IPNetwork.parse("10.244.3.0/24")
    assert pods.covers(node)
    assert not node.covers(pods)
    assert node.overlaps(pods)
    assert not pods.overlaps(IPNetwork.parse("10.245.0.0/16"))
    assert not IPNetwork.parse("0.0.0.0/0").overlaps(IPNetwork.parse("::/0"))


def test_nth_counts_from_either_end_and_names_what_is_missing() -> None:
    network = IPNetwork.parse("10.0.0.0/30")
    assert [ip.text(network.nth(index)) for index in (0, 3, -1)] == ["10.0.0.0", "10.0.0.3", "10.0.0.3"]
    assert refusal(lambda: network.nth(4)) == "10.0.0.0/30 has 4 addresses, none with index 4"
    assert refusal(lambda: network.nth(-5)) == "10.0.0.0/30 has 4 addresses, none with index -5"


HOSTS = [  # network, addresses a machine may have
    ("10.0.0.0/29", ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]),
    ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),  # RFC 3021
    ("10.0.0.7/32", ["10.0.0.7"]),
    ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),
    ("fd00::/127", ["fd00::", "fd00::1"]),  # RFC 6164
    ("fd00::7/128", ["fd00::7"]),
]


@pytest.mark.parametrize(("network", "hosts"), HOSTS)
def test_hosts_leave_out_what_no_machine_may_have(network: str, hosts: list[str]) -> None:
    assert [ip.text(number) for number in IPNetwork.parse(network).hosts()] == hosts


def test_subnets_come_in_order_and_a_wrong_length_is_refused() -> None:
    network = IPNetwork.parse("10.0.0.0/22")
    assert [str(part) for part in network.subnets(24)] == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
    assert next(IPNetwork.parse("2001:db8::/32").subnets(64)).size == 1 << 64
    assert refusal(lambda: network.subnets(21)) == "10.0.0.0/22 has no /21 blocks: /22 to /32 lie in it"
