"""Cookie affinity and hashing through a cluster (rules K-7, K-10), and the arithmetic of both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet import ip
from simnet.dataplane.http.sticky import Stickiness, Sticky, hashed, hashed_subset
from simnet.dataplane.http.upstreams import Peer
from tests.unit.ingress_world import CLIENT, NODE, ask, cluster_of, ingress, pod, service

STICKY_LUA = "kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer/sticky.lua"
PEERS = tuple(Peer(f"10.0.0.{number}", 80, ip.number(f"10.0.0.{number}")) for number in range(1, 6))


def world(**annotations: str) -> simnet.Cluster:
    return cluster_of(service("web"), ingress(path="/app", affinity="cookie", **annotations),
                      *(pod(f"web-{number}", "web") for number in range(4)))


def cookie(trace: simnet.Trace) -> str:
    assert trace.response is not None
    return trace.response.header("set-cookie") or ""


def by(trace: simnet.Trace) -> str:
    assert trace.response is not None
    return trace.response.by


# annotations, scheme, the cookie's attributes, source
ATTRIBUTES = [
    ({}, "http", "Path=/app; HttpOnly", "K-7"),
    ({}, "https", "Path=/app; Secure; HttpOnly", "K-7"),
    ({"session_cookie_secure": "true"}, "http", "Path=/app; Secure; HttpOnly", "K-7"),
    ({"session_cookie_secure": "false"}, "https", "Path=/app; Secure; HttpOnly", "K-7: false changes nothing"),
    ({"session_cookie_path": "/"}, "http", "Path=/; HttpOnly", "K-7"),
    ({"session_cookie_max_age": "60", "session_cookie_expires": "60", "session_cookie_samesite": "Lax",
      "session_cookie_domain": "h.t"}, "http",
     "Expires=Fri, 01-Jan-27 00:01:00 GMT; Max-Age=60; Domain=h.t; Path=/app; HttpOnly; SameSite=Lax", "lua-resty-cookie"),
]


@pytest.mark.parametrize(("annotations", "scheme", "attributes", "source"), ATTRIBUTES)
def test_the_cookie_of_a_first_answer(annotations: dict[str, str], scheme: str, attributes: str, source: str) -> None:
    found = cookie(ask(world(**annotations), f"{scheme}://h.t/app/x"))
    assert found.startswith("INGRESSCOOKIE=") and found.partition("; ")[2] == attributes, source


def test_the_cookie_leads_back_to_its_pod_and_is_not_set_again() -> None:
    cluster = world(session_cookie_name="stay")
    outcomes = cluster.outcomes("http://h.t/app", CLIENT, at=NODE)
    assert len({by(trace) for trace in outcomes.traces}) == 4, "K-7: without a cookie every endpoint is possible"
    for trace in outcomes.traces:
        value = cookie(trace).partition(";")[0]
        again = cluster.outcomes("http://h.t/app", CLIENT, at=NODE, headers=[("Cookie", value)])
        assert [by(each) for each in again.traces] == [by(trace)] and cookie(again.traces[0]) == "", "K-7"


def test_any_value_is_accepted_in_balanced_mode_and_replaced_in_persistent_mode() -> None:
    mine = [("Cookie", "INGRESSCOOKIE=whatever")]
    balanced, persistent = world(), world(affinity_mode="persistent")
    assert len(balanced.outcomes("http://h.t/app", CLIENT, at=NODE, headers=mine)) == 1, "K-7"
    assert cookie(ask(balanced, "http://h.t/app", headers=mine)) == "", "K-7"
    assert len(persistent.outcomes("http://h.t/app", CLIENT, at=NODE, headers=mine)) == 4, "K-7"
    assert cookie(ask(persistent, "http://h.t/app", headers=mine)).startswith("INGRESSCOOKIE="), "K-7"


def test_a_persistent_cookie_outlives_other_pods_and_not_its_own() -> None:
    cluster = world(affinity_mode="persistent")
    first = ask(cluster, "http://h.t/app")
    headers = [("Cookie", cookie(first).partition(";")[0])]
    others = [f"pod/web-{number}" for number in range(4) if not by(first).endswith(f"web-{number}")]
    cluster.delete(others[0])
    assert by(ask(cluster, "http://h.t/app", headers=headers)) == by(first), "K-7"
    cluster.delete(by(first).replace("pod/default/", "pod/"))
    assert cookie(ask(cluster, "http://h.t/app", headers=headers)).startswith("INGRESSCOOKIE="), "K-7"


def test_paths_of_another_ingress_set_no_cookie() -> None:
    cluster = world()
    cluster.apply(ingress(name="other", path="/other"))
    assert cookie(ask(cluster, "http://h.t/other")) == "", "K-7"


def test_after_a_failed_try_the_endpoint_is_kept_unless_told_otherwise() -> None:
    for change, expected in (("false", "502"), ("true", "200")):
        cluster = world(session_cookie_change_on_failure=change)
        seen = ask(cluster, "http://h.t/app")
        name = by(seen).rpartition("/")[2]
        value = cookie(seen).partition(";")[0]
        address = cluster.get("pod", name).pod_ips[0]
        cluster.load({**pod(name, "web", image="traefik/whoami:v1.10.1", port=8080), "status": {
            "phase": "Running", "podIP": ip.text(address), "conditions": [{"type": "Ready", "status": "True"}]}})
        assert ask(cluster, "http://h.t/app", headers=[("Cookie", value)]).result == expected, f"K-7, {STICKY_LUA} balance"


# hashing ---------------------------------------------------------------------------------------------------------

def test_equal_texts_lead_to_one_endpoint() -> None:
    cluster = cluster_of(service("web"), ingress(upstream_hash_by="$request_uri"),
                         *(pod(f"web-{number}", "web") for number in range(4)))
    takers = {path: {by(ask(cluster, f"http://h.t{path}", source_port=port)) for port in (40000, 40001, 40002)}
              for path in ("/a", "/b", "/c", "/d", "/e", "/f")}
    assert all(len(each) == 1 for each in takers.values()), "K-10"
    assert len({name for each in takers.values() for name in each}) > 1, "K-10"


def test_a_subset_is_as_large_as_it_is_said_to_be() -> None:
    annotations = {"upstream_hash_by": "$host", "upstream_hash_by_subset": "true"}
    for size, more in ((3, {}), (2, {"upstream_hash_by_subset_size": "2"})):
        cluster = cluster_of(service("web"), ingress(**annotations, **more),
                             *(pod(f"web-{number}", "web") for number in range(5)))
        assert len(cluster.outcomes("http://h.t/", CLIENT, at=NODE)) == size, "K-10"


def test_affinity_beats_hashing() -> None:
    cluster = world(upstream_hash_by="$host")
    assert len(cluster.outcomes("http://h.t/app", CLIENT, at=NODE)) == 4, "K-10"


@given(st.text(max_size=8), st.sampled_from(PEERS))
def test_a_peer_that_goes_moves_only_its_own_keys(key: str, gone: Peer) -> None:
    left = tuple(peer for peer in PEERS if peer is not gone)
    before = hashed(key, PEERS)
    assert hashed(key, left) is before or before is gone, "K-7: adding a pod moves some clients"
    assert before in hashed_subset(key, PEERS, 2)


@given(st.sampled_from(PEERS), st.booleans())
def test_the_cookie_a_peer_sets_leads_to_it(peer: Peer, persistent: bool) -> None:
    found = Stickiness(Sticky(is_persistent=persistent), "mark", "/", True)
    value = found.set_cookie(peer, PEERS, False, 0).partition("=")[2].partition(";")[0]
    assert found.peer_of(value, PEERS) is peer and found.is_held(value)
