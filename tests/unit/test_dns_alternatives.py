"""What another way to ask would have cost, and the page of `simnet resolve`. Rules D86, D90, D91."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.explain.lookup import lookup_data, lookup_table
from simnet.testing import pod, service

VIP = "10.96.0.50"


@pytest.fixture(scope="module")
def net() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1, addons=["coredns"], dns={"upstream": {"records": ["example.com. 300 IN A 192.0.2.10"]}})
    web = service("web")
    web["spec"]["clusterIP"] = VIP
    made.apply([web, pod("client", image="debian:12"), pod("musl", image="alpine:3.20"),
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pinned"}, "spec": {
                    "hostAliases": [{"ip": "192.0.2.9", "hostnames": ["known"]}],
                    "containers": [{"name": "main", "image": "debian:12"}]}}])
    return made


def ways(net: simnet.Cluster, name: str, source: str = "pod/client", **how: Any) -> dict[tuple[str, int | None], tuple[int, bool]]:
    return {(each.name, each.ndots): (each.lookup.query_count, each.is_same)
            for each in net.alternatives(name, source, **how)}


ROWS = [  # name, what other ways cost: (name, ndots) -> (questions, finds the same)
    ("web", {("web.default.svc.cluster.local.", None): (2, True), ("web.default", None): (4, True),
             ("web.default.svc", None): (6, True), ("web.", None): (2, False)}),
    ("web.default.svc.cluster.local", {
        ("web.default.svc.cluster.local.", None): (2, True), ("web", None): (2, True), ("web.default", None): (4, True),
        ("web.default.svc", None): (6, True), ("web.default.svc.cluster.local", 1): (2, True),
        ("web.default.svc.cluster.local", 2): (2, True)}),
    ("example.com", {("example.com.", None): (2, True), ("example.com", 1): (2, True)}),
    ("nosuch", {("nosuch.", None): (2, False)}),
]


@pytest.mark.parametrize(("name", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_other_ways_to_ask(net: simnet.Cluster, name: str, expected: dict[tuple[str, int | None], tuple[int, bool]]) -> None:
    """Counts by the rules: two questions a name, three search domains, then the name itself."""
    assert ways(net, name) == expected


def test_one_family_costs_half(net: simnet.Cluster) -> None:
    assert ways(net, "example.com", family=4)[("example.com.", None)] == (1, True)


def test_nobody_who_does_not_search_has_other_ways(net: simnet.Cluster) -> None:
    assert net.alternatives("web", "laptop") == ()
    assert net.alternatives("known", "pod/pinned") == ()
    assert net.alternatives("192.0.2.1", "pod/client") == ()


def test_fewer_ndots_lose_a_name_on_musl(net: simnet.Cluster) -> None:
    """D90: with enough dots musl never searches."""
    found = {(each.name, each.ndots): each.lookup.status for each in net.alternatives("web.default", "pod/musl")}
    assert found[("web.default", 1)] == "EAI_NONAME"


def test_looking_for_other_ways_changes_nothing(net: simnet.Cluster) -> None:
    twin = simnet.Cluster(nodes=1, addons=["coredns"], dns={"client_cache": 30})
    twin.apply([service("web"), pod("client")])
    twin.alternatives("web", "pod/client")
    twin.delete("service/web")
    assert not twin.resolve("web", "pod/client").is_ok


def test_the_page_of_a_lookup(net: simnet.Cluster) -> None:
    lookup = net.resolve("example.com", "pod/client", family=4)
    text = lookup_table(lookup, "pod/client", net.resolv_conf("pod/client"), net.alternatives("example.com", "pod/client", family=4))
    lines = text.splitlines()
    assert lines[0] == "example.com from pod/client (glibc): 192.0.2.10"
    assert lines[1] == ("4 questions to 10.96.0.10; search default.svc.cluster.local svc.cluster.local cluster.local; ndots 5")
    assert lines[3].split() == ["NAME", "TYPE", "ANSWER", "WHY"]
    assert lines[4].startswith("example.com.default.svc.cluster.local.  A     no such name  no Service com in namespace default")
    assert lines[7].split() == ["example.com.", "A", "192.0.2.10", "known", "outside", "the", "cluster"]
    assert lines[9] == "other ways to ask"
    assert [line.split() for line in lines[12:]] == [["example.com.", "as", "it", "is", "1", "the", "same"],
                                                     ["example.com", "1", "1", "the", "same"]]


def test_the_page_of_a_name_nobody_was_asked_for(net: simnet.Cluster) -> None:
    conf = net.resolv_conf("pod/pinned")
    assert lookup_table(net.resolve("known", "pod/pinned"), "pod/pinned", conf) == (
        "known from pod/pinned (glibc): 192.0.2.9\nfound in the hosts file; nobody was asked\n")
    assert lookup_table(net.resolve("10.0.0.1", "pod/client"), "pod/client", conf) == (
        "10.0.0.1 from pod/client (glibc): 10.0.0.1\nan address already; nobody was asked\n")


def test_a_large_answer_is_asked_for_again_over_tcp() -> None:
    """D69: 29 addresses of this length fit into 512 octets, 30 do not; a cluster IP always does."""
    made = simnet.Cluster(nodes=1, addons=["coredns"])
    made.apply([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "big", "namespace": "many"},
                 "spec": {"clusterIP": "None", "selector": {"app": "big"}, "ports": [{"port": 80}]}}, pod("client")])
    made.apply([pod(f"p{i}", labels={"app": "big"}, namespace="many") for i in range(29)])
    assert made.resolve("big.many.", "pod/client").truncated == ()
    found = made.resolve("big.many.svc.cluster.local.", "pod/client")
    assert found.truncated == () and len(found.addresses) == 29
    made.apply(pod("p29", labels={"app": "big"}, namespace="many"))
    found = made.resolve("big.many.svc.cluster.local.", "pod/client")
    assert [(each.name, each.type) for each in found.truncated] == [("big.many.svc.cluster.local.", "A")]
    assert "did not fit into 512 octets and was asked for again over TCP" in simnet.explain(found)
    assert "asked for again over TCP" in lookup_table(found, "pod/client", made.resolv_conf("pod/client"))


def test_old_musl_makes_do_with_what_fits() -> None:
    """D90, D69: 29 of 100; musl 1.2.5 asks again over TCP and keeps 48."""
    made = simnet.Cluster(nodes=1, addons=["coredns"])
    made.apply([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "big", "namespace": "many"},
                 "spec": {"clusterIP": "None", "selector": {"app": "big"}, "ports": [{"port": 80}]}}, pod("client"),
                *(pod(f"p{i}", labels={"app": "big"}, namespace="many") for i in range(100))])
    name = "big.many.svc.cluster.local."
    found = {libc: made.resolve(name, "pod/client", libc=libc) for libc in ("glibc", "musl", "musl-1.2.3")}
    assert {libc: len(each.addresses) for libc, each in found.items()} == {"glibc": 100, "musl": 48, "musl-1.2.3": 29}
    assert "did not fit into 512 octets and the rest was lost" in simnet.explain(found["musl-1.2.3"])


def test_the_data_of_a_lookup(net: simnet.Cluster) -> None:
    lookup, conf = net.resolve("web", "pod/client"), net.resolv_conf("pod/client")
    more = [net.query(lookup.steps[0].name, "SRV")]
    data = lookup_data(lookup, "pod/client", conf, net.alternatives("web", "pod/client"), more)
    assert (data["schema"], data["source"], data["ndots"], data["query_count"]) == ("simnet/resolve/v1", "pod/client", 5, 2)
    assert data["addresses"] == [VIP] and len(data["queries"]) == 2 and data["other_types"][0]["type"] == "SRV"
    assert data["alternatives"][0] == {"name": "web.default.svc.cluster.local.", "ndots": None, "query_count": 2,
                                       "status": "ok", "same_addresses": True}
