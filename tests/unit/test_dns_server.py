"""The cluster's DNS server: what every form of name answers, and why."""

from __future__ import annotations

from typing import Any

import pytest

from simnet.dataplane.dns import reasons
from simnet.names import ObjectKey
from simnet.objects.meta import Object
from tests.unit.dns_net import Net, endpoint, key, namespace, numbers, pod, service, slice_of

DUAL = service("default/dual", "10.96.0.40", "fd00::40")
OBJECTS: list[Object] = [
    *namespace("default", "shop", "empty", "kube-system"),
    service("kube-system/kube-dns", "10.96.0.10", ports=(("dns", 53, "UDP"), ("dns-tcp", 53))),
    service("default/web", "10.96.0.20"), slice_of("default/web", endpoint("10.244.1.10", pod="default/web-x")),
    service("default/plain", "10.96.0.22", ports=(("", 6379),)),
    service("default/two", "10.96.0.23", ports=(("http", 80), ("grpc", 9090))),
    service("default/lonely", "10.96.0.24"),
    DUAL,
    service("default/db", ports=(("pg", 5432),), selector={"app": "db"}),
    slice_of("default/db", endpoint("10.244.1.20", "db-0", pod="default/db-0"),
             endpoint("10.244.2.20", "db-1", pod="default/db-1"),
             endpoint("10.244.1.21", "db-2", ready=False, pod="default/db-2"), ports=(("pg", 15432),)),
    service("default/cache", ports=(("redis", 6379),)),
    slice_of("default/cache", endpoint("10.244.1.30", pod="default/cache-x"), ports=(("redis", 6379),)),
    service("default/portless", ports=()), slice_of("default/portless", endpoint("10.244.1.31"), ports=()),
    service("default/idle"), slice_of("default/idle", endpoint("10.244.1.40", ready=False, pod="default/idle-x")),
    service("default/six"), slice_of("default/six", endpoint("fd00::6"), family=6),
    service("shop/web", "10.96.0.30"),
    service("shop/pay", external_name="pay.example.com"),
    service("shop/gone", external_name="nowhere.example.com"),
    service("shop/alias", external_name="web.default.svc.cluster.local"),
    service("shop/chain", external_name="alias.shop.svc.cluster.local"),
    service("shop/dead", external_name="nosuch.default.svc.cluster.local"),
    service("shop/self", external_name="x.self.shop.svc.cluster.local"),
    service("shop/ring", external_name="gnir.shop.svc.cluster.local"),
    service("shop/gnir", external_name="ring.shop.svc.cluster.local"),
    service("shop/byip", external_name="192.0.2.9"),
    pod("default/db-2", "10.244.1.21", hostname="db-2", subdomain="db", labels={"app": "db"}),
    pod("default/cache-x", "10.244.1.30"),
    pod("default/stray", "10.244.1.50", hostname="stray", subdomain="elsewhere", labels={"app": "db"}),
]
UPSTREAM = {"records": ["pay.example.com. 60 IN A 192.0.2.20"], "rcodes": {"broken.example.com.": "SERVFAIL"}}


def net_of(*objects: Object, **dns: Any) -> Net:
    return Net(*(objects or OBJECTS), dns={"ttl": 5, "upstream": UPSTREAM, **dns})


@pytest.fixture(scope="module")
def net() -> Net:
    return net_of()


Z = "cluster.local."
ANSWERS = [  # name without the zone, type, data, rule
    ("web.default.svc", "A", "10.96.0.20", "D11"),
    ("web.default.svc", "AAAA", "NODATA", "D11: single stack"),
    ("dual.default.svc", "A", "10.96.0.40", "D11"),
    ("dual.default.svc", "AAAA", "fd00::40", "D11"),
    ("lonely.default.svc", "A", "10.96.0.24", "D12: no endpoints, still a name"),
    ("web.default.svc", "SRV", f"0 100 80 web.default.svc.{Z}", "D14, D16"),
    ("_http._tcp.web.default.svc", "SRV", f"0 100 80 web.default.svc.{Z}", "D13: the Service's port"),
    ("_http._udp.web.default.svc", "SRV", "NXDOMAIN", "D13: wrong protocol"),
    ("_nope._tcp.web.default.svc", "SRV", "NXDOMAIN", "D13: no such port"),
    ("_http._tcp.web.default.svc", "A", "10.96.0.20", "D17"),
    ("_tcp.web.default.svc", "SRV", "NODATA", "D57: a named port lies below"),
    ("_udp.web.default.svc", "SRV", "NXDOMAIN", "D57: nothing lies below"),
    ("plain.default.svc", "SRV", f"0 100 6379 plain.default.svc.{Z}", "D14: unnamed ports too"),
    ("two.default.svc", "SRV", f"0 50 80 two.default.svc.{Z} 0 50 9090 two.default.svc.{Z}", "D16: shares"),
    ("dual.default.svc", "SRV", f"0 50 80 dual.default.svc.{Z}", "D16: two pairs, one record"),
    ("10-244-1-10.web.default.svc", "A", "10.244.1.10", "D18: endpoint names under a cluster IP"),
    ("10-244-1-10.web.default.svc", "SRV", f"0 100 8080 10-244-1-10.web.default.svc.{Z}", "D18"),
    ("db.default.svc", "A", "10.244.1.20 10.244.2.20", "D20, D21: the ready ones"),
    ("db-0.db.default.svc", "A", "10.244.1.20", "D26, D27"),
    ("db-2.db.default.svc", "A", "NXDOMAIN", "D27: not ready"),
    ("_pg._tcp.db.default.svc", "SRV", f"0 50 15432 db-0.db.default.svc.{Z} 0 50 15432 db-1.db.default.svc.{Z}",
     "D29: the endpoints' port"),
    ("10-244-1-20.db.default.svc", "A", "NXDOMAIN", "D28: it goes by its hostname"),
    ("10-244-1-30.cache.default.svc", "A", "10.244.1.30", "D25"),
    ("cache-x.cache.default.svc", "A", "NXDOMAIN", "D27: a pod's name alone is none"),
    ("portless.default.svc", "A", "10.244.1.31", "D30"),
    ("portless.default.svc", "SRV", "NODATA", "D30"),
    ("_x._tcp.portless.default.svc", "SRV", "NXDOMAIN", "D30"),
    ("idle.default.svc", "A", "NXDOMAIN", "D24: nobody is ready"),
    ("idle.default.svc", "TXT", "NXDOMAIN", "D24: for every type"),
    ("six.default.svc", "A", "NODATA", "D24: the other family is ready"),
    ("six.default.svc", "AAAA", "fd00::6", "D20"),
    ("fd00--6.six.default.svc", "AAAA", "fd00::6", "D25"),
    ("pay.shop.svc", "CNAME", "pay.example.com.", "D33"),
    ("pay.shop.svc", "A", "192.0.2.20 pay.example.com.", "D34"),
    ("pay.shop.svc", "AAAA", "pay.example.com.", "D34: the alias alone"),
    ("gone.shop.svc", "A", "nowhere.example.com.", "D34: even when the target does not exist"),
    ("alias.shop.svc", "A", f"10.96.0.20 web.default.svc.{Z}", "D35"),
    ("alias.shop.svc", "AAAA", "NODATA", "D36: the target has none"),
    ("chain.shop.svc", "A", f"10.96.0.20 alias.shop.svc.{Z} web.default.svc.{Z}", "D35, twice"),
    ("dead.shop.svc", "A", "NODATA", "D36: in the zone, without the alias"),
    ("dead.shop.svc", "CNAME", f"nosuch.default.svc.{Z}", "D33: whether or not the target exists"),
    ("self.shop.svc", "A", "NODATA", "D37: the target lies below the name"),
    ("ring.shop.svc", "A", "NODATA", "D37: a loop"),
    ("ring.shop.svc", "CNAME", f"gnir.shop.svc.{Z}", "D37: the record shows"),
    ("byip.shop.svc", "A", "NXDOMAIN", "D38"),
    ("byip.shop.svc", "CNAME", "NXDOMAIN", "D38"),
    ("pay.shop.svc", "SRV", "NODATA", "D39"),
    ("_http._tcp.pay.shop.svc", "SRV", "NXDOMAIN", "D39"),
    ("x.pay.shop.svc", "A", "NXDOMAIN", "D7, D39"),
    ("10-244-1-99.default.pod", "A", "10.244.1.99", "D41: nobody checks"),
    ("10-244-1-99.default.pod", "AAAA", "NODATA", "D41"),
    ("fd00--1.shop.pod", "AAAA", "fd00::1", "D41"),
    ("web.default.pod", "A", "NXDOMAIN", "D41: not an address"),
    ("10-244-1-99.nosuch.pod", "A", "NXDOMAIN", "D41: no such namespace"),
    ("10-244-1-99.default.pod", "SRV", "NODATA", "D44"),
    ("", "A", "NODATA", "D59"),
    ("svc", "A", "NODATA", "D59"),
    ("pod", "AAAA", "NODATA", "D59"),
    ("dns", "A", "NODATA", "D57"),
    ("default.svc", "SRV", "NODATA", "D59, D9: a namespace does not list its services"),
    ("empty.svc", "A", "NODATA", "D59"),
    ("nosuch.svc", "A", "NXDOMAIN", "D59"),
    ("empty.pod", "A", "NODATA", "D59"),
    ("web.nosuch.svc", "A", "NXDOMAIN", "D4"),
    ("nosuch.default.svc", "A", "NXDOMAIN", "D59"),
    ("*.default.svc", "A", "NXDOMAIN", "D9"),
    ("any.default.svc", "A", "NXDOMAIN", "D9"),
    ("foo", "A", "NXDOMAIN", "D59"),
    ("a.b.c.web.default.svc", "A", "NXDOMAIN", "D7"),
    ("dns-version", "TXT", '"1.1.0"', "D48"),
    ("dns-version", "A", "NODATA", "D49"),
    ("", "NS", f"kube-dns.kube-system.svc.{Z}", "D46"),
    ("svc", "NS", "NODATA", "D46"),
    ("ns.dns", "A", "10.96.0.10", "D47"),
    ("ns.dns", "AAAA", "NODATA", "D47"),
    ("web.default.svc", "MX", "NODATA", "D49"),
    ("web.default.svc", "ANY", "NODATA", "D49: not expanded"),
    ("web.default.svc", "PTR", "NODATA", "D49"),
    ("web.default.svc", "CNAME", "NODATA", "D49"),
    ("web.default.svc", "SOA", "NODATA", "D49"),
    ("nosuch.default.svc", "MX", "NXDOMAIN", "D49, D60"),
    ("", "AXFR", "REFUSED", "D50"),
]


@pytest.mark.parametrize(("name", "kind", "data", "rule"), ANSWERS, ids=[f"{r[0] or 'zone'} {r[1]}" for r in ANSWERS])
def test_every_form_of_name_answers_by_its_rule(net: Net, name: str, kind: str, data: str, rule: str) -> None:
    assert net.ask(f"{name}.{Z}".lstrip("."), kind) == data, rule


@pytest.mark.parametrize(("name", "kind"), [(r[0], r[1]) for r in ANSWERS if r[2] in ("NODATA", "NXDOMAIN")],
                         ids=str)
def test_a_miss_carries_the_soa_and_nothing_else(net: Net, name: str, kind: str) -> None:
    """D45, D58."""
    answer = net.dns.query(f"{name}.{Z}".lstrip("."), kind)
    assert [str(record) for record in answer.authority] == [
        f"{Z} 5 IN SOA ns.dns.{Z} hostmaster.{Z} 1800000000 7200 1800 86400 5"]
    assert (answer.answer, answer.additional, answer.is_authoritative) == ((), (), True)


def test_existence_does_not_depend_on_the_type(net: Net) -> None:
    """D60: a name is NXDOMAIN for every type or for none."""
    for name in {row[0] for row in ANSWERS}:
        kinds = {net.dns.query(f"{name}.{Z}".lstrip("."), kind).rcode
                 for kind in ("A", "AAAA", "SRV", "TXT", "MX", "CNAME", "PTR", "ANY", "SOA", "NS")}
        assert len(kinds) == 1, name


def test_the_question_is_repeated_and_names_made_by_the_server_end_in_its_zone(net: Net) -> None:
    """D8."""
    answer = net.dns.query("_HTTP._tcp.WEB.default.svc.Cluster.Local.", "SRV")
    assert [str(record) for record in answer.answer + answer.additional] == [
        "_HTTP._tcp.WEB.default.svc.Cluster.Local. 5 IN SRV 0 100 80 web.default.svc.Cluster.Local.",
        "web.default.svc.Cluster.Local. 5 IN A 10.96.0.20"]


def test_srv_brings_the_addresses_of_its_targets(net: Net) -> None:
    """D16: A and AAAA of each target, once each."""
    answer = net.dns.query(f"dual.default.svc.{Z}", "SRV")
    assert [str(record) for record in answer.additional] == [
        f"dual.default.svc.{Z} 5 IN A 10.96.0.40", f"dual.default.svc.{Z} 5 IN AAAA fd00::40"]


def test_the_alias_comes_before_what_it_leads_to(net: Net) -> None:
    """D67."""
    assert [record.type for record in net.dns.query(f"chain.shop.svc.{Z}", "A").answer] == ["CNAME", "CNAME", "A"]


@pytest.mark.parametrize(("name", "problem"), [
    (f"{'x' * 64}.default.svc.{Z}", "label too long"), (f"web..svc.{Z}", "empty label")])
def test_what_is_no_name_is_a_format_error(net: Net, name: str, problem: str) -> None:
    """D10."""
    answer = net.dns.query(name, "A")
    assert (answer.rcode, answer.reason) == ("FORMERR", reasons.Malformed(name, problem))


# why ----------------------------------------------------------------------------------------------------------------

WEB, DB, IDLE, CACHE = key("default/web"), key("default/db"), key("default/idle"), key("default/cache")
REASONS = [  # name without the zone, type, reason
    ("web.default.svc", "A", reasons.ServiceAddress(WEB)),
    ("web.default.svc", "AAAA", reasons.OtherFamily("web.default.svc", 6, 4)),
    ("six.default.svc", "A", reasons.OtherFamily("six.default.svc", 4, 6)),
    ("web.default.svc", "MX", reasons.NoSuchType("web.default.svc", "MX", ("A", "SRV"))),
    ("db.default.svc", "A", reasons.ReadyEndpoints(DB, "", 2, ("default/db-2",))),
    ("db-0.db.default.svc", "A", reasons.ReadyEndpoints(DB, "db-0", 2, ("default/db-2",))),
    ("db-2.db.default.svc", "A", reasons.EndpointNotReady(DB, "db-2", "default/db-2")),
    ("10-244-1-20.db.default.svc", "A", reasons.NoSuchEndpoint(DB, "10-244-1-20", ("db-0", "db-1"), "db-0")),
    ("stray.db.default.svc", "A", reasons.NoSuchEndpoint(
        DB, "stray", ("db-0", "db-1"), "", key("default/stray"), "stray", "elsewhere", True)),
    ("cache-x.cache.default.svc", "A", reasons.NoSuchEndpoint(
        CACHE, "cache-x", ("10-244-1-30",), "", key("default/cache-x"), "", "", False)),
    ("x.cache.default.svc", "A", reasons.NoSuchEndpoint(CACHE, "x", ("10-244-1-30",))),
    ("idle.default.svc", "A", reasons.NobodyReady(IDLE, ("default/idle-x",))),
    ("x.idle.default.svc", "A", reasons.NobodyReady(IDLE, ("default/idle-x",))),
    ("_x._tcp.web.default.svc", "SRV", reasons.NoSuchPort(WEB, "x", "tcp", (("http", "tcp"),))),
    ("_x._tcp.db.default.svc", "SRV", reasons.NoSuchPort(DB, "x", "tcp", (("pg", "tcp"),))),
    ("web.nosuch.svc", "A", reasons.NoSuchNamespace("nosuch", False)),
    ("web.empty.svc", "A", reasons.NoSuchService(key("empty/web"), ("default", "shop"))),
    ("pay.shop.svc", "CNAME", reasons.Alias(key("shop/pay"), "pay.example.com.")),
    ("gone.shop.svc", "A", reasons.TargetMissing(
        key("shop/gone"), "nowhere.example.com.", reasons.NoSuchOutsideName("nowhere.example.com."))),
    ("dead.shop.svc", "A", reasons.TargetMissing(
        key("shop/dead"), f"nosuch.default.svc.{Z}", reasons.NoSuchService(key("default/nosuch"), ()))),
    ("ring.shop.svc", "A", reasons.AliasLoop(key("shop/gnir"), f"ring.shop.svc.{Z}")),
    ("byip.shop.svc", "A", reasons.TargetIsAddress(key("shop/byip"), "192.0.2.9")),
    ("x.pay.shop.svc", "A", reasons.AliasOnly(key("shop/pay"))),
    ("default.svc", "A", reasons.OnlyNamesBelow("default.svc")),
    ("web.default.pod", "A", reasons.NotAnAddress("web")),
    ("10-0-0-1.default.pod", "A", reasons.PodAddress("default", numbers("10.0.0.1")[0], None)),
    ("foo", "A", reasons.NoSuchForm("foo")),
    ("", "AXFR", reasons.TransferRefused(Z)),
]


@pytest.mark.parametrize(("name", "kind", "reason"), REASONS, ids=[f"{row[0] or 'zone'} {row[1]}" for row in REASONS])
def test_every_answer_says_why(net: Net, name: str, kind: str, reason: object) -> None:
    assert net.why(f"{name}.{Z}".lstrip("."), kind) == reason


def test_a_declared_failure_of_the_upstream_is_passed_on(net: Net) -> None:
    """D61."""
    assert net.ask("broken.example.com.") == "SERVFAIL"
    assert net.why("broken.example.com.") == reasons.UpstreamFailure("broken.example.com.")


# options (D3) -------------------------------------------------------------------------------------------------------

OPTIONS = [  # options, name, type, data, rule
    ({"pods": "disabled"}, f"10-0-0-1.default.pod.{Z}", "A", "NXDOMAIN", "D43"),
    ({"pods": "disabled"}, f"default.pod.{Z}", "A", "NXDOMAIN", "D43"),
    ({"pods": "disabled"}, f"pod.{Z}", "A", "NODATA", "D43"),
    ({"pods": "verified"}, f"10-244-1-30.default.pod.{Z}", "A", "10.244.1.30", "D42"),
    ({"pods": "verified"}, f"10-244-1-30.shop.pod.{Z}", "A", "NXDOMAIN", "D42: another namespace's pod"),
    ({"pods": "verified"}, f"10-244-1-99.default.pod.{Z}", "A", "NXDOMAIN", "D42"),
    ({"namespaces": ["shop"]}, f"web.default.svc.{Z}", "A", "NXDOMAIN", "D4: not on the list"),
    ({"namespaces": ["shop"]}, f"web.shop.svc.{Z}", "A", "10.96.0.30", "D4"),
    ({"namespaces": ["shop"]}, "20.0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN", "D54"),
    ({"namespaces": ["ghost"]}, f"ghost.svc.{Z}", "A", "NXDOMAIN", "D4: on the list and not there"),
    ({"synced": False}, f"nosuch.default.svc.{Z}", "A", "SERVFAIL", "D5"),
    ({"synced": False}, f"web.default.svc.{Z}", "A", "10.96.0.20", "D5: what is known is said"),
    ({"synced": False}, f"default.svc.{Z}", "A", "NODATA", "D5"),
    ({"ignore_empty_service": True}, f"lonely.default.svc.{Z}", "A", "NXDOMAIN", "D12"),
    ({"ignore_empty_service": True}, f"_http._tcp.lonely.default.svc.{Z}", "SRV", "NXDOMAIN", "D12"),
    ({"ignore_empty_service": True}, f"web.default.svc.{Z}", "A", "10.96.0.20", "D12: somebody is ready"),
    ({"ignore_empty_service": True}, f"pay.shop.svc.{Z}", "CNAME", "pay.example.com.", "D12: not ExternalName"),
    ({"noendpoints": True}, f"db.default.svc.{Z}", "A", "NXDOMAIN", "D3"),
    ({"noendpoints": True}, f"10-244-1-10.web.default.svc.{Z}", "A", "NXDOMAIN", "D3"),
    ({"noendpoints": True}, f"web.default.svc.{Z}", "A", "10.96.0.20", "D3"),
    ({"endpoint_pod_names": True}, f"cache-x.cache.default.svc.{Z}", "A", "10.244.1.30", "D25"),
    ({"endpoint_pod_names": True}, f"10-244-1-30.cache.default.svc.{Z}", "A", "NXDOMAIN", "D25"),
    ({"dns_service": None, "dns_server_ips": ["10.0.0.7", "fd00::7"]}, Z, "NS", f"ns.dns.{Z}", "D46"),
    ({"dns_service": None, "dns_server_ips": ["10.0.0.7", "fd00::7"]}, f"ns.dns.{Z}", "AAAA", "fd00::7", "D47"),
    ({"fallthrough": ["cluster.local."]}, f"nosuch.default.svc.{Z}", "A", "192.0.2.66", "D64"),
    ({"fallthrough": ["cluster.local."]}, f"web.default.svc.{Z}", "AAAA", "NODATA", "D64: not for NODATA"),
    ({"zones": ["a.test.", "b.test."]}, "web.default.svc.b.test.", "A", "10.96.0.20", "D1: several zones"),
    ({"zones": ["a.test.", "b.test.", "in-addr.arpa."]}, "20.0.96.10.in-addr.arpa.", "PTR", "web.default.svc.a.test.",
     "D1: the primary zone"),
    ({"zones": ["cluster.local."]}, "20.0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN", "D1: reverse zones only if listed"),
]


@pytest.mark.parametrize(("options", "name", "kind", "data", "rule"), OPTIONS,
                         ids=[f"{next(iter(r[0]))} {r[1]} {r[2]}" for r in OPTIONS])
def test_options_change_what_is_answered(options: dict[str, Any], name: str, kind: str, data: str, rule: str) -> None:
    upstream = {"records": [f"nosuch.default.svc.{Z} 60 IN A 192.0.2.66"]}
    assert net_of(**{"upstream": upstream, **options}).ask(name, kind) == data, rule


def test_an_unsynced_server_keeps_the_soa_and_says_what_it_would_have_said() -> None:
    """D5."""
    answer = net_of(synced=False).dns.query(f"foo.{Z}", "A")
    assert (answer.rcode, len(answer.authority)) == ("SERVFAIL", 1)
    assert answer.reason == reasons.NotSynced(reasons.NoSuchForm("foo"))


@pytest.mark.parametrize(("ttl", "soa_ttl"), [(5, 5), (30, 30), (300, 300), (3600, 300)])
def test_the_soa_lives_as_long_as_a_record_and_300_seconds_at_most(ttl: int, soa_ttl: int) -> None:
    """D45, D66."""
    net = net_of(ttl=ttl)
    soa = net.dns.query(Z, "SOA").answer[0]
    assert (soa.ttl, str(soa).split()[-1]) == (soa_ttl, str(ttl))
    assert net.dns.query(f"web.default.svc.{Z}", "A").answer[0].ttl == ttl
    assert net.dns.query(f"dns-version.{Z}", "TXT").answer[0].ttl == 28800


# reverse (section 8) ------------------------------------------------------------------------------------------------

PTRS = [  # name, type, data, rule
    ("20.0.96.10.in-addr.arpa.", "PTR", f"web.default.svc.{Z}", "D51"),
    ("20.1.244.10.in-addr.arpa.", "PTR", f"db-0.db.default.svc.{Z}", "D52"),
    ("30.1.244.10.in-addr.arpa.", "PTR", f"10-244-1-30.cache.default.svc.{Z}", "D52"),
    ("10.1.244.10.in-addr.arpa.", "PTR", f"10-244-1-10.web.default.svc.{Z}", "D52: any Service, not only headless"),
    ("21.1.244.10.in-addr.arpa.", "PTR", "NXDOMAIN", "D52: not ready"),
    ("50.1.244.10.in-addr.arpa.", "PTR", "NXDOMAIN", "D54: a pod in no Service"),
    ("0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN", "D55"),
    ("in-addr.arpa.", "PTR", "NODATA", "D55"),
    ("20.0.96.10.in-addr.arpa.", "A", "NODATA", "D56"),
    ("21.1.244.10.in-addr.arpa.", "A", "NXDOMAIN", "D60"),
    ("6." + "0." * 27 + "0.0.d.f.ip6.arpa.", "PTR", f"fd00--6.six.default.svc.{Z}", "D52"),
    ("0.4." + "0." * 26 + "0.0.d.f.ip6.arpa.", "PTR", f"dual.default.svc.{Z}", "D51: each family"),
]


@pytest.mark.parametrize(("name", "kind", "data", "rule"), PTRS, ids=[f"{r[0]} {r[1]}" for r in PTRS])
def test_addresses_lead_back_to_names(name: str, kind: str, data: str, rule: str) -> None:
    assert net_of(fallthrough=[]).ask(name, kind) == data, rule


def test_reverse_misses_fall_through_to_the_upstream() -> None:
    """D64, as kubeadm sets it up: the answer is the upstream's, not authoritative, without the SOA."""
    answer = net_of().dns.query("99.1.244.10.in-addr.arpa.", "PTR")
    assert (answer.kind, answer.is_authoritative, answer.authority) == ("NXDOMAIN", False, ())


def test_a_reverse_miss_names_the_pods_that_have_the_address() -> None:
    assert net_of(fallthrough=[]).why("50.1.244.10.in-addr.arpa.", "PTR") == reasons.NoOwner(
        numbers("10.244.1.50")[0], (key("default/stray"),))


def test_two_services_over_one_address_give_two_names() -> None:
    """D53."""
    net = net_of(*OBJECTS, slice_of("default/second", endpoint("10.244.1.20", "db-0")))
    assert net.ask("20.1.244.10.in-addr.arpa.", "PTR") == f"db-0.db.default.svc.{Z} db-0.second.default.svc.{Z}"


def test_a_cluster_ip_wins_over_endpoints_of_the_same_address() -> None:
    """D53."""
    net = net_of(*OBJECTS, slice_of("default/odd", endpoint("10.96.0.20")))
    assert net.ask("20.0.96.10.in-addr.arpa.", "PTR") == f"web.default.svc.{Z}"


# change -------------------------------------------------------------------------------------------------------------

def test_answers_follow_every_change() -> None:
    net = net_of()
    name = f"new.default.svc.{Z}"
    seen = [net.ask(name)]
    for each in (service("default/new", "10.96.9.9"), service("default/new", "10.96.9.8"),
                 service("default/new", external_name="pay.example.com"), service("default/new")):
        net.add(each)
        seen.append(net.ask(name))
    net.add(slice_of("default/new", endpoint("10.244.9.9")))
    seen.append(net.ask(name))
    net.add(slice_of("default/new", endpoint("10.244.9.9", ready=False)))
    seen.append(net.ask(name))
    net.remove(service("default/new"))
    seen.append(net.ask(name))
    assert seen == ["NXDOMAIN", "10.96.9.9", "10.96.9.8", "192.0.2.20 pay.example.com.", "NXDOMAIN", "10.244.9.9",
                    "NXDOMAIN", "NXDOMAIN"]
    assert net.why(name) == reasons.NoSuchService(key("default/new"), ())


def test_a_namespace_that_goes_takes_its_names_along() -> None:
    """D4: even when a Service with that namespace is still there."""
    net = net_of()
    assert net.ask(f"web.shop.svc.{Z}") == "10.96.0.30"
    net.remove(namespace("shop")[0])
    assert net.ask(f"web.shop.svc.{Z}") == "NXDOMAIN"


def test_verified_pod_names_follow_the_pods() -> None:
    """D42: the primary address of a pod that has not ended."""
    net = net_of(pods="verified")
    name = f"10-244-7-7.default.pod.{Z}"
    net.add(pod("default/late", "10.244.7.7", "10.244.7.8"))
    assert net.ask(name) == "10.244.7.7"
    assert net.ask(f"10-244-7-8.default.pod.{Z}") == "NXDOMAIN"
    net.add(pod("default/late", "10.244.7.7", phase="Succeeded"))
    assert net.ask(name) == "NXDOMAIN"
    net.add(pod("shop/late", "10.244.7.7"))
    assert net.why(name) == reasons.NoSuchPod("default", numbers("10.244.7.7")[0], ("shop",))


def test_a_fork_answers_for_itself() -> None:
    net, twin = net_of(), Net()
    name = f"web.default.svc.{Z}"
    twin.store = net.store.fork(twin.work)
    twin._slices, twin._with, twin._pods = net._slices.fork(), net._with.fork(), net._pods.fork()
    twin._indexes = {"EndpointSlice": twin._slices, "Service": twin._with, "Pod": twin._pods}
    twin.dns = net.dns.fork(twin)
    twin.remove(service("default/web"))
    assert (net.ask(name), twin.ask(name)) == ("10.96.0.20", "NXDOMAIN")
    assert twin.why(name) == reasons.NoSuchService(ObjectKey("default", "web"), ("shop",))
    assert twin.ask("20.1.244.10.in-addr.arpa.", "PTR") == f"db-0.db.default.svc.{Z}"
