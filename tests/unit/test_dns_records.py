"""Records as values and as lines."""

import pytest

from simnet import ip
from simnet.dataplane.dns.reasons import NoSuchOutsideName, UpstreamRecord
from simnet.dataplane.dns.records import SRV, TXT, Answer, Rcode, Record
from simnet.errors import UsageError


@pytest.mark.parametrize("line", [
    "example.com. 300 IN A 192.0.2.10",
    "example.com. 300 IN AAAA 2001:db8::10",
    "www.example.com. 60 IN CNAME example.com.",
    "_http._tcp.web.default.svc.cluster.local. 5 IN SRV 0 100 80 web.default.svc.cluster.local.",
    'dns-version.cluster.local. 28800 IN TXT "1.1.0"',
    "example.com. 300 IN MX 10 mail.example.com.",
    "10.2.0.192.in-addr.arpa. 5 IN PTR example.com.",
])
def test_a_line_read_is_the_line_written(line: str) -> None:
    assert str(Record.parse(line)) == line


@pytest.mark.parametrize(("line", "data"), [
    ("example.com 300 in a 192.0.2.10", ip.number("192.0.2.10")),
    ("x. 1 IN SRV 1 2 3 target", SRV(1, 2, 3, "target.")),
    ('x. 1 IN TXT "one" "two"', TXT(("one", "two"))),
    ("x. 1 IN CNAME target", "target."),
])
def test_the_data_of_a_line_has_the_type_of_its_kind(line: str, data: object) -> None:
    record = Record.parse(line)
    assert record.data == data
    assert record.name.endswith(".")


@pytest.mark.parametrize(("line", "message"), [
    ("example.com. A 192.0.2.10", "'example.com. A 192.0.2.10' is not a record; write OWNER TTL IN TYPE DATA, "
                                  "example.com. 300 IN A 192.0.2.10 for one"),
    ("x. 1 IN A 2001:db8::1", "record 'x. 1 IN A 2001:db8::1': A holds an IPv4 address, 2001:db8::1 is none"),
    ("x. 1 IN SRV 1 2 target", "record 'x. 1 IN SRV 1 2 target': SRV data is PRIORITY WEIGHT PORT TARGET"),
    ("x. 1 IN A 10.0.0.300", "record 'x. 1 IN A 10.0.0.300': '10.0.0.300' is not an IP address: octet 4 is 300, "
                             "the highest is 255"),
])
def test_a_bad_line_is_refused_with_the_line_and_the_rule(line: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        Record.parse(line)
    assert str(refusal.value) == message


def test_nodata_and_nxdomain_are_two_things() -> None:
    nodata = Answer("x.", "A", Rcode.NOERROR, NoSuchOutsideName("x."))
    missing = Answer("x.", "A", Rcode.NXDOMAIN, NoSuchOutsideName("x."))
    found = Answer("x.", "A", Rcode.NOERROR, UpstreamRecord("x."), (Record("x.", 5, "A", 1),))
    assert [each.kind for each in (nodata, missing, found)] == ["NODATA", "NXDOMAIN", "ANSWER"]
    assert found.addresses == ("0.0.0.1",)
    assert [str(each) for each in (nodata, found)] == ["NODATA", "x. 5 IN A 0.0.0.1"]
