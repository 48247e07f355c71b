"""Answers that are kept: what a story sees of a change, and when. Rules D58, D95, D96."""

from __future__ import annotations

from typing import Any

import simnet
from simnet.dataplane.dns import reasons
from simnet.testing import pod, service

WEB = "web.default.svc.cluster.local."
DB = "db.default.svc.cluster.local."


def cluster(**dns: Any) -> simnet.Cluster:
    made = simnet.Cluster(nodes=2, addons=["coredns"], dns=dns)
    made.apply([pod("client"), pod("other"), service("web")])
    return made


def headless(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"clusterIP": "None", "selector": {"app": name}, "ports": [{"port": 80}]}}


def test_without_a_cache_a_change_shows_at_once() -> None:
    net = cluster()
    assert net.query("late.default.svc.cluster.local.").rcode == "NXDOMAIN"
    net.apply(service("late"))
    assert net.query("late.default.svc.cluster.local.").rcode == "NOERROR"


def test_the_server_keeps_a_miss_until_its_time_is_over() -> None:
    """`cache 30` and `ttl 30`: a client that asks too early gets NXDOMAIN for 30 seconds (D95)."""
    net = cluster(cache=30)
    assert net.resolve("late", "pod/client").status == "EAI_NONAME"
    net.apply(service("late"))
    net.advance(29)
    early = net.resolve("late", "pod/client")
    kept = early.queries[0].reason
    assert early.status == "EAI_NONAME"
    assert isinstance(kept, reasons.Remembered) and (kept.keeper, kept.age_seconds) == ("server", 29)
    net.advance(1)
    assert net.resolve("late", "pod/client").is_ok


def test_the_server_keeps_an_address_and_counts_its_ttl_down() -> None:
    net = cluster(cache={"positive": 30, "negative": 30}, ttl=20)
    before = net.query(WEB)
    assert [record.ttl for record in before.answer] == [20]
    net.delete("service/web")
    net.advance(12)
    assert [record.ttl for record in net.query(WEB).answer] == [8]
    net.advance(8)
    assert net.query(WEB).rcode == "NXDOMAIN"


def test_a_short_ttl_is_stretched_to_five_seconds_by_the_server_and_never_by_a_client() -> None:
    """coredns/coredns plugin/cache: the least time is 5 seconds; a client obeys the TTL."""
    server, client = cluster(cache=30, ttl=1), cluster(client_cache=30, ttl=1)
    for net in (server, client):
        assert net.resolve("web", "pod/client").is_ok
        net.delete("service/web")
        net.advance(2)
    assert server.resolve("web", "pod/client").is_ok
    assert not client.resolve("web", "pod/client").is_ok


def test_a_limit_is_shorter_than_the_ttl() -> None:
    net = cluster(client_cache={"positive": 10, "negative": 0})
    assert net.resolve("web", "pod/client").is_ok
    net.delete("service/web")
    net.advance(9)
    assert net.resolve("web", "pod/client").is_ok
    net.advance(1)
    assert not net.resolve("web", "pod/client").is_ok


def test_a_client_remembers_for_itself_alone() -> None:
    net = cluster(client_cache=30)
    assert net.resolve("web", "pod/client").is_ok
    net.delete("service/web")
    assert net.resolve("web", "pod/client").is_ok
    assert not net.resolve("web", "pod/other").is_ok


def test_a_node_remembers_for_its_pods() -> None:
    """NodeLocal DNSCache: the pods of the other node ask afresh (D96)."""
    net = cluster(node_cache={"positive": 30, "negative": 5})
    net.apply([pod("beside", node=net.get("pod", "client").node_name)])
    assert net.get("pod", "other").node_name != net.get("pod", "client").node_name
    assert net.resolve("web", "pod/client").is_ok
    net.delete("service/web")
    assert net.resolve("web", "pod/beside").is_ok
    assert not net.resolve("web", "pod/other").is_ok


def test_what_is_remembered_near_the_client_asks_nobody() -> None:
    """The pods of CoreDNS are gone; a remembered name still resolves, another one does not."""
    net = cluster(client_cache=30)
    assert net.request("http://web/", "pod/client").steps[0].because.lookup.is_ok
    net.delete("deployment/kube-system/coredns")
    assert net.resolve("web", "pod/client").is_ok
    assert net.resolve("other", "pod/client").status == "EAI_AGAIN"


def test_a_dry_run_leaves_nothing_behind_and_a_request_does() -> None:
    net = cluster(client_cache=30)
    net.trace("http://web/", "pod/client")
    net.delete("service/web")
    assert net.trace("http://web/", "pod/client").verdict == simnet.Verdict.UNRESOLVED
    net.apply(service("web"))
    net.request("http://web/", "pod/client")
    net.delete("service/web")
    assert net.trace("http://web/", "pod/client").verdict != simnet.Verdict.UNRESOLVED


def test_a_headless_name_that_was_asked_too_early_stays_away_for_the_negative_time() -> None:
    """A peer of a StatefulSet asked before it is ready (kubernetes issue 92559)."""
    net = cluster(cache={"positive": 30, "negative": 10})
    net.apply([headless("db")])
    assert net.query(DB).rcode == "NXDOMAIN"
    net.apply(pod("db-0", labels={"app": "db"}))
    assert net.query(DB).rcode == "NXDOMAIN"
    net.advance(10)
    assert net.query(DB).addresses == (str(net.get("pod", "db-0").manifest["status"]["podIP"]),)


def test_a_fork_remembers_apart() -> None:
    net = cluster(cache=30)
    net.query(WEB)
    twin = net.fork()
    twin.query("late.default.svc.cluster.local.")
    for each in (net, twin):
        each.delete("service/web")
        each.apply(service("late"))
    assert twin.query(WEB).rcode == "NOERROR"
    assert twin.query("late.default.svc.cluster.local.").rcode == "NXDOMAIN"
    assert net.query("late.default.svc.cluster.local.").rcode == "NOERROR"
