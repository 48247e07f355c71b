"""What glibc and musl ask, in which order, and how they fail.

Sources: rules D85 to D92, verified there with glibc 2.36 and musl 1.2.5; bminor/glibc resolv/res_query.c; bminor/musl
src/network/lookup_name.c.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.dataplane.dns import reasons
from simnet.dataplane.packet import Actor
from simnet.objects.meta import Object
from tests.unit.dns_net import Net, actor, endpoint, key, namespace, numbers, pod, service, slice_of

Z = "cluster.local."
D = f"default.svc.{Z}"
UPSTREAM = {
    "records": ["example.com. 300 IN A 192.0.2.10", "example.com. 300 IN AAAA 2001:db8::10",
                "a.b.c.d.e.f. 60 IN A 192.0.2.30", "intra.corp.example. 60 IN A 192.0.2.77",
                "v6.example. 60 IN AAAA 2001:db8::6", "dead.example. 60 IN CNAME gone.example.",
                "gone.example. 60 IN TXT \"nothing\"", "data.corp.example. 60 IN TXT \"x\""],
    "rcodes": {"broken.example.": "SERVFAIL", "private.example.": "REFUSED", "x.corp.example.": "SERVFAIL",
               "y.corp.example.": "REFUSED"}}
OBJECTS: list[Object] = [
    *namespace("default", "other", "kube-system", "com"),
    service("default/web", "10.96.0.20"), service("other/web", "10.96.0.30"), service("other/only", "10.96.0.31"),
    service("default/db"), slice_of("default/db", endpoint("10.244.1.20", "db-0")),
    service("default/dual", "10.96.0.40", "fd00::40"),
    service("default/gone", external_name="nosuch.example"),
    service("default/many"), slice_of("default/many", *(endpoint(f"10.1.0.{i}") for i in range(1, 61))),
]


def net_of(*objects: Object, **settings: Any) -> Net:
    kubelet = {"host_resolv_conf": "nameserver 192.0.2.53\n", **settings.pop("kubelet", {})}
    return Net(*OBJECTS, *objects, dns={"upstream": UPSTREAM, **settings.pop("dns", {})}, kubelet=kubelet, **settings)


CLIENT = pod("default/client", "10.244.1.99")


def asked(net: Net, name: str, libc: str = "glibc", each: Any = CLIENT, family: int | None = None) -> list[str]:
    """`NAME A/AAAA`, one a step: what was asked and what came back."""
    lookup = net.look_up(name, each, libc, family)
    return [f"{step.name} {'/'.join(step.kinds.values())}" for step in lookup.steps] + [lookup.status]


# D91: the table, for a pod in namespace default with ndots:5 --------------------------------------------------------

NX = "NXDOMAIN/NXDOMAIN"
SEQUENCES = [  # name, libc, steps and status
    ("web", "both", [f"web.{D} ANSWER/NODATA", "ok"]),
    ("web.other", "both", [f"web.other.{D} {NX}", f"web.other.svc.{Z} ANSWER/NODATA", "ok"]),
    ("web.other.svc", "both", [f"web.other.svc.{D} {NX}", f"web.other.svc.svc.{Z} {NX}",
                               f"web.other.svc.{Z} ANSWER/NODATA", "ok"]),
    ("web.default.svc.cluster.local", "both", [
        f"web.{D}{D} {NX}", f"web.{D}svc.{Z} {NX}", f"web.{D}{Z} {NX}", f"web.{D} ANSWER/NODATA", "ok"]),
    (f"web.{D}", "both", [f"web.{D} ANSWER/NODATA", "ok"]),
    ("db-0.db.default.svc.cluster.local", "both", [f"db-0.db.{D} ANSWER/NODATA", "ok"]),
    ("a.b.c.d.e.f", "both", ["a.b.c.d.e.f. ANSWER/NODATA", "ok"]),
    ("a.b.c.d.e.x", "glibc", [f"a.b.c.d.e.x. {NX}", f"a.b.c.d.e.x.{D} {NX}", f"a.b.c.d.e.x.svc.{Z} {NX}",
                              f"a.b.c.d.e.x.{Z} {NX}", "EAI_NONAME"]),
    ("a.b.c.d.e.x", "musl", [f"a.b.c.d.e.x. {NX}", "EAI_NONAME"]),
    ("example.com", "both", [f"example.com.{D} {NX}", f"example.com.svc.{Z} {NX}", f"example.com.{Z} {NX}",
                             "example.com. ANSWER/ANSWER", "ok"]),
    ("example.com.", "both", ["example.com. ANSWER/ANSWER", "ok"]),
    ("nosuch", "both", [f"nosuch.{D} {NX}", f"nosuch.svc.{Z} {NX}", f"nosuch.{Z} {NX}", f"nosuch. {NX}", "EAI_NONAME"]),
    ("kube-system", "glibc", [f"kube-system.{D} {NX}", f"kube-system.svc.{Z} NODATA/NODATA", f"kube-system.{Z} {NX}",
                              f"kube-system. {NX}", "EAI_NODATA"]),
    ("kube-system", "musl", [f"kube-system.{D} {NX}", f"kube-system.svc.{Z} NODATA/NODATA", "EAI_NODATA"]),
]


BY_LIBC = [(name, each, expected) for name, libc, expected in SEQUENCES
           for each in (("glibc", "musl") if libc == "both" else (libc,))]


@pytest.mark.parametrize(("name", "libc", "expected"), BY_LIBC, ids=[f"{row[1]} {row[0]}" for row in BY_LIBC])
def test_the_names_asked_are_those_the_libraries_ask(name: str, libc: str, expected: list[str]) -> None:
    assert asked(net_of(), name, libc) == expected


def test_a_com_namespace_hijacks_example_com() -> None:
    """D92."""
    net = net_of(service("com/example", "10.96.0.66"))
    assert asked(net, "example.com") == [f"example.com.{D} {NX}", f"example.com.svc.{Z} ANSWER/NODATA", "ok"]
    assert net.look_up("example.com", CLIENT).addresses == ("10.96.0.66",)


# ways to fail (D88, D90) --------------------------------------------------------------------------------------------

CORP = {"kubelet": {"host_resolv_conf": "nameserver 192.0.2.53\nsearch corp.example\n"}}
NODE_DNS = pod("default/client", "10.244.1.99", dns_policy="Default")
FAILURES = [  # name, libc, settings, steps and status, why
    ("broken.example.", "glibc", {}, ["broken.example. SERVFAIL/SERVFAIL", "EAI_AGAIN"], "D88"),
    ("broken.example.", "musl", {}, ["broken.example. SERVFAIL/SERVFAIL", "EAI_AGAIN"], "D90"),
    ("private.example.", "glibc", {}, ["private.example. REFUSED/REFUSED", "EAI_AGAIN"], "D88"),
    ("private.example.", "musl", {}, ["private.example. REFUSED/REFUSED", "EAI_AGAIN"], "D90: as no reply"),
    ("x", "glibc", CORP, ["x.corp.example. SERVFAIL/SERVFAIL", f"x. {NX}", "EAI_AGAIN"], "D86: SERVFAIL goes on"),
    ("x", "musl", CORP, ["x.corp.example. SERVFAIL/SERVFAIL", "EAI_AGAIN"], "D90: SERVFAIL ends it"),
    ("y", "glibc", CORP, ["y.corp.example. REFUSED/REFUSED", f"y. {NX}", "EAI_NONAME"], "D86, D88: the last step's"),
    ("data", "glibc", CORP, ["data.corp.example. NODATA/NODATA", f"data. {NX}", "EAI_NODATA"], "D88"),
    ("dead.example", "glibc", CORP, ["dead.example. ANSWER/ANSWER", "EAI_NONAME"], "D88: an alias alone"),
    ("dead.example", "musl", CORP, ["dead.example. ANSWER/ANSWER", "EAI_NODATA"], "D88: an alias alone"),
    ("broken.example", "glibc", CORP, ["broken.example. SERVFAIL/SERVFAIL", f"broken.example.corp.example. {NX}",
                                       "EAI_AGAIN"], "D88: the error of the name as it is"),
]


@pytest.mark.parametrize(("name", "libc", "settings", "expected", "why"), FAILURES,
                         ids=[f"{row[1]} {row[0]} {row[4]}" for row in FAILURES])
def test_failures_end_a_lookup_as_the_libraries_end_it(
        name: str, libc: str, settings: dict[str, Any], expected: list[str], why: str) -> None:
    assert asked(net_of(**settings), name, libc, NODE_DNS) == expected, why


def test_an_external_name_to_nowhere_ends_the_walk_without_an_address() -> None:
    """D34, D88: the alias alone is an answer."""
    net = net_of()
    assert asked(net, "gone") == [f"gone.{D} ANSWER/ANSWER", "EAI_NONAME"]
    assert asked(net, "gone", "musl") == [f"gone.{D} ANSWER/ANSWER", "EAI_NODATA"]
    assert net.look_up("gone", CLIENT).rcode == "NOERROR"


def test_old_musl_has_one_error_for_both_misses() -> None:
    """D90: EAI_NONAME in 1.2.3 where 1.2.5 says EAI_NODATA; the search ends at NODATA in both."""
    net = net_of()
    assert asked(net, "kube-system", "musl-1.2.3")[-2:] == [f"kube-system.svc.{Z} NODATA/NODATA", "EAI_NONAME"]
    assert net.look_up("kube-system", CLIENT, "musl-1.2.3").rcode == "NOERROR"
    assert asked(net, "nosuch.", "musl-1.2.3") == [f"nosuch. {NX}", "EAI_NONAME"]
    assert asked(net, f"web.{D}", "musl-1.2.3", family=6)[-1] == "EAI_NONAME"
    assert [asked(net, "10.0.0.1", libc, family=6) for libc in ("musl", "musl-1.2.3")] == [["EAI_NODATA"], ["EAI_NONAME"]]


@pytest.mark.parametrize(("family", "expected"), [
    (4, [f"dual.{D} ANSWER", "ok"]), (6, [f"dual.{D} ANSWER", "ok"]), (None, [f"dual.{D} ANSWER/ANSWER", "ok"])])
def test_one_family_asks_one_type(family: int | None, expected: list[str]) -> None:
    """D87."""
    assert asked(net_of(), "dual", family=family) == expected


def test_a_name_without_the_family_asked_for_is_nodata() -> None:
    assert asked(net_of(), f"web.{D}", family=6) == [f"web.{D} NODATA", "EAI_NODATA"]


def test_ipv4_comes_first() -> None:
    assert net_of().look_up("dual", CLIENT).addresses == ("10.96.0.40", "fd00::40")


def test_musl_returns_48_addresses_at_most() -> None:
    """D90."""
    net = net_of()
    assert [len(net.look_up("many", CLIENT, libc).addresses) for libc in ("glibc", "musl")] == [60, 48]


def test_ndots_one_finds_names_of_other_namespaces_with_glibc_only() -> None:
    """D90."""
    tuned = pod("default/tuned", "10.244.1.98", dns_config={"options": (("ndots", "1"),)})
    net = net_of()
    assert asked(net, "web.other", "glibc", tuned) == [
        f"web.other. {NX}", f"web.other.{D} {NX}", f"web.other.svc.{Z} ANSWER/NODATA", "ok"]
    assert asked(net, "web.other", "musl", tuned) == [f"web.other. {NX}", "EAI_NONAME"]
    assert asked(net, "example.com", "glibc", tuned) == ["example.com. ANSWER/ANSWER", "ok"]


def test_search_dot_asks_the_name_as_it_is_once() -> None:
    """D79, D83: glibc takes it for the root domain; musl cannot form the name and goes on to the name itself."""
    net = net_of(kubelet={"host_resolv_conf": None})
    assert asked(net, "nosuch", "glibc", NODE_DNS) == [f"nosuch. {NX}", "EAI_NONAME"]
    assert asked(net, "nosuch", "musl", NODE_DNS) == [f"nosuch. {NX}", "EAI_NONAME"]


def test_without_a_search_line_glibc_searches_the_hosts_own_domain() -> None:
    """D89."""
    each = pod("default/peer", "10.244.1.97", hostname="peer", subdomain="db", set_hostname_as_fqdn=True,
               dns_policy="None", dns_config={"nameservers": ("10.96.0.10",)})
    net = net_of()
    assert asked(net, "db-0", "glibc", each) == [f"db-0.db.{D} ANSWER/NODATA", "ok"]
    assert asked(net, "db-0", "musl", each) == [f"db-0. {NX}", "EAI_NONAME"]


def test_musl_skips_a_search_line_that_does_not_fit_its_buffer() -> None:
    """musl src/network/resolvconf.c: lines of 256 characters and more are ignored."""
    domains = tuple(f"{'d' * 60}.example" for _ in range(1)) + tuple(f"{str(i) * 60}.example" for i in range(3))
    each = pod("default/wide", "10.244.1.96", dns_policy="None",
               dns_config={"nameservers": ("10.96.0.10",), "searches": domains})
    net = net_of()
    assert len(net.look_up("nosuch", each).steps) == 5
    assert len(net.look_up("nosuch", each, "musl").steps) == 1


@pytest.mark.parametrize("name", ["", ".", "web..", f"{'x' * 64}.", "a" * 260])
@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_what_is_no_name_is_not_sent(name: str, libc: str) -> None:
    lookup = net_of().look_up(name, CLIENT, libc)
    assert (lookup.status, lookup.query_count, lookup.rcode) == ("EAI_NONAME", 0, "NXDOMAIN")


def test_a_search_domain_that_makes_the_name_too_long_ends_glibcs_search() -> None:
    """res_query.c: the name cannot be formed, which is no failure that goes on; musl takes the next domain."""
    name = ".".join(["x" * 60, "y" * 60, "z" * 60, "w" * 55])
    net = net_of()
    assert asked(net, name) == [f"{name}. {NX}", "EAI_NONAME"]
    assert [step.name for step in net.look_up(name, CLIENT, "musl").steps] == [f"{name}.{Z}", f"{name}."]


# hosts file and literals (D85) --------------------------------------------------------------------------------------

DB_2 = pod("default/db-2", "10.244.1.21", "fd00::21", hostname="db-2", subdomain="db")
LOCAL = [  # name, libc, family, via, status, addresses
    ("db-2", "glibc", None, "hosts", "ok", ("10.244.1.21", "fd00::21")),
    ("DB-2", "glibc", 6, "hosts", "ok", ("fd00::21",)),
    ("db-2.db.default.svc.cluster.local", "musl", 4, "hosts", "ok", ("10.244.1.21",)),
    ("localhost", "glibc", None, "hosts", "ok", ("127.0.0.1", "::1")),
    ("localhost", "musl", 6, "hosts", "ok", ("::1",)),
    ("ip6-loopback", "musl", 4, "hosts", "EAI_NODATA", ()),
    ("192.0.2.7", "glibc", None, "literal", "ok", ("192.0.2.7",)),
    ("2001:db8::7", "musl", 6, "literal", "ok", ("2001:db8::7",)),
    ("192.0.2.7", "glibc", 6, "literal", "EAI_ADDRFAMILY", ()),
    ("192.0.2.7", "musl", 6, "literal", "EAI_NODATA", ()),
]


@pytest.mark.parametrize(("name", "libc", "family", "via", "status", "addresses"), LOCAL,
                         ids=[f"{row[1]} {row[0]} v{row[2] or 'any'}" for row in LOCAL])
def test_the_hosts_file_and_literals_need_no_query(
        name: str, libc: str, family: int | None, via: str, status: str, addresses: tuple[str, ...]) -> None:
    lookup = net_of().look_up(name, DB_2, libc, family)
    assert (lookup.via, lookup.status, lookup.addresses, lookup.query_count) == (via, status, addresses, 0)


def test_glibc_asks_dns_when_the_hosts_file_has_the_other_family_only() -> None:
    lookup = net_of().look_up("ip6-loopback", DB_2, "glibc", 4)
    assert (lookup.via, lookup.status, len(lookup.steps)) == ("dns", "EAI_NONAME", 4)


# who answers --------------------------------------------------------------------------------------------------------

def test_a_pod_with_another_name_server_does_not_see_the_cluster() -> None:
    """The first name server decides: the cluster's, or else the world outside."""
    outsider = pod("default/out", "10.244.1.95", dns_policy="None", dns_config={"nameservers": ("198.51.100.7",)})
    net = net_of()
    assert net.look_up(f"web.{D}", outsider).status == "EAI_NONAME"
    assert net.look_up("example.com", outsider).addresses == ("192.0.2.10", "2001:db8::10")
    assert net.dns.clients.cluster_server(actor(outsider)) is None
    assert net.dns.clients.cluster_server(actor(CLIENT)) == numbers("10.96.0.10")[0]


def test_an_address_of_the_dns_service_is_the_clusters_server_too() -> None:
    net = net_of(*namespace("kube-system"), service("kube-system/kube-dns", "10.96.7.7"))
    each = pod("default/own", "10.244.1.94", dns_policy="None", dns_config={"nameservers": ("10.96.7.7",)})
    assert net.look_up(f"web.{D}", each).addresses == ("10.96.0.20",)


def test_outside_clients_know_public_names_and_the_hosts_of_ingresses() -> None:
    net = net_of(ingress={"shop.example.com": "203.0.113.1", "lb.example.com": "example.com", "wait.example.com": ""})
    laptop = Actor("laptop", numbers("192.0.2.1"))
    found = {name: net.dns.clients.lookup(laptop, name) for name in (
        "example.com", "shop.example.com", "lb.example.com", "wait.example.com", "web", f"web.{D}")}
    assert {name: (lookup.addresses, lookup.status, lookup.assumed) for name, lookup in found.items()} == {
        "example.com": (("192.0.2.10", "2001:db8::10"), "ok", ""),
        "shop.example.com": (("203.0.113.1",), "ok", "shop.example.com"),
        "lb.example.com": (("192.0.2.10", "2001:db8::10"), "ok", "lb.example.com"),
        "wait.example.com": ((), "EAI_NONAME", ""),
        "web": ((), "EAI_NONAME", ""),
        f"web.{D}": ((), "EAI_NONAME", "")}


def test_an_ingress_that_appears_later_is_found() -> None:
    """What outside clients know is not remembered: it depends on Ingresses, which DNS does not follow."""
    published: dict[str, str] = {}
    net = net_of(ingress=published)
    laptop = Actor("laptop", numbers("192.0.2.1"))
    assert net.dns.clients.lookup(laptop, "shop.example.com").status == "EAI_NONAME"
    published["shop.example.com"] = "203.0.113.1"
    assert net.dns.clients.lookup(laptop, "shop.example.com").addresses == ("203.0.113.1",)


# the server is not reached ------------------------------------------------------------------------------------------

UNREACHED = [  # libc, at once, name, names asked, seconds
    ("glibc", True, "web", [f"web.{D}"], 0),
    ("glibc", False, "web", [f"web.{D}", "web."], 20),
    ("musl", True, "web", [f"web.{D}"], 5),
    ("musl", False, "web", [f"web.{D}"], 5),
    ("glibc", True, "a.b.c.d.e.f", ["a.b.c.d.e.f.", f"a.b.c.d.e.f.{D}"], 0),
    ("glibc", False, "web.", ["web."], 10),
]


@pytest.mark.parametrize(("libc", "at_once", "name", "names", "seconds"), UNREACHED)
def test_without_a_server_glibc_fails_at_once_when_rejected_and_everybody_waits_on_silence(
        libc: str, at_once: bool, name: str, names: list[str], seconds: int) -> None:
    """Two attempts of five seconds each with glibc; one time-out of five with musl, which hears no rejection."""
    lookup = net_of().dns.clients.unreached(actor(CLIENT, libc), name, None, at_once)
    assert [step.name for step in lookup.steps] == names
    assert (lookup.status, lookup.waited_seconds) == ("EAI_AGAIN", seconds)
    assert lookup.rcode == ("UNREACHABLE" if at_once else "TIMEOUT")
    assert lookup.queries[0].reason == reasons.NobodyThere("10.96.0.10", at_once)


def test_timeout_and_attempts_are_read_from_the_options() -> None:
    each = pod("default/quick", "10.244.1.93", dns_config={"options": (("timeout", "1"), ("attempts", "3"))})
    clients = net_of().dns.clients
    assert clients.unreached(actor(each), "web.", None, False).waited_seconds == 3
    assert clients.unreached(actor(each, "musl"), "web.", None, False).waited_seconds == 1


def test_a_further_name_server_outside_answers_instead() -> None:
    each = pod("default/two", "10.244.1.92", dns_config={"nameservers": ("198.51.100.7",)})
    lookup = net_of().dns.clients.unreached(actor(each), "example.com.", None, True)
    assert (lookup.addresses, lookup.nameserver) == (("192.0.2.10", "2001:db8::10"), "198.51.100.7")


# what a lookup tells ------------------------------------------------------------------------------------------------

def test_every_query_is_listed_with_its_reason() -> None:
    queries = net_of().look_up("web.other", CLIENT).queries
    assert [(query.name, query.type, query.rcode, [str(record) for record in query.records]) for query in queries] == [
        (f"web.other.{D}", "A", "NXDOMAIN", []), (f"web.other.{D}", "AAAA", "NXDOMAIN", []),
        (f"web.other.svc.{Z}", "A", "NOERROR", [f"web.other.svc.{Z} 30 IN A 10.96.0.30"]),
        (f"web.other.svc.{Z}", "AAAA", "NOERROR", [])]
    assert [query.reason for query in queries] == [
        reasons.NoSuchService(key("default/other"), ()), reasons.NoSuchService(key("default/other"), ()),
        reasons.ServiceAddress(key("other/web")), reasons.OtherFamily("web.other.svc", 6, 4)]


def test_a_short_name_of_another_namespace_is_a_near_miss() -> None:
    lookup = net_of().look_up("only", CLIENT)
    assert (lookup.status, lookup.rcode, lookup.near_misses) == ("EAI_NONAME", "NXDOMAIN", (key("other/only"),))


def test_rcodes_of_lookups() -> None:
    net = net_of()
    assert {name: net.look_up(name, CLIENT).rcode for name in ("web", "nosuch", "kube-system", "broken.example.",
                                                               "localhost", "192.0.2.1")} == {
        "web": "NOERROR", "nosuch": "NXDOMAIN", "kube-system": "NOERROR", "broken.example.": "SERVFAIL",
        "localhost": "NOERROR", "192.0.2.1": "NOERROR"}


# remembering --------------------------------------------------------------------------------------------------------

def test_a_lookup_is_worked_out_once_for_all_pods_of_a_namespace_until_something_changes() -> None:
    net = net_of()
    other = pod("default/other-client", "10.244.1.91")
    first = net.look_up("web", CLIENT)
    assert net.look_up("web", CLIENT) is first
    assert net.look_up("web", other) is first
    assert net.work.lookups == 1
    net.add(pod("default/newcomer", "10.244.1.90"))
    assert net.look_up("web", CLIENT) is first
    net.add(service("default/web", "10.96.0.99"))
    assert net.look_up("web", CLIENT).addresses == ("10.96.0.99",)
    assert net.work.lookups == 2


def test_libraries_and_families_are_remembered_apart() -> None:
    net = net_of()
    assert len({id(net.look_up("dual", CLIENT, libc, family))
                for libc in ("glibc", "musl") for family in (None, 4, 6)}) == 6


def test_a_pod_that_changes_its_hosts_file_is_looked_at_anew() -> None:
    net = net_of()
    assert net.look_up("db-2", DB_2).addresses == ("10.244.1.21", "fd00::21")
    assert net.look_up("db-2", pod("default/db-2", "10.244.1.77", hostname="db-2")).addresses == ("10.244.1.77",)
