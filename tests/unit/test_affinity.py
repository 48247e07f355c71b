"""Session affinity by client address. Rules AF-1 to AF-6 (kubernetes/kubernetes pkg/proxy/iptables/proxier.go
writeServiceToEndpointRules; issues 55429, 103000)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from tests.unit.flow_net import (
    EXTERNAL_IP,
    LB_IP,
    NODE_A,
    NODE_B,
    NODE_PORT,
    OUTSIDE,
    VIP,
    WEB,
    WEB_A,
    WEB_B,
    asked,
    net,
    pod,
    service,
)

MANY = tuple(pod(f"web-{n}", "ab"[n % 2], f"10.244.{n % 2}.{10 + n}") for n in range(10))
PODS = (*MANY, WEB[2], pod("other", "a", "10.244.0.8", app="client"))
STICKY = {"sessionAffinity": "ClientIP"}


def cluster_of(**spec: Any) -> simnet.Cluster:
    return net(service(**{**STICKY, **spec}), pods=PODS)


def got(cluster: simnet.Cluster, to: str = f"{VIP}:80", source: str = "pod/client", **options: Any) -> str:
    trace = cluster.connect(f"tcp://{to}", source, **options)
    assert trace.endpoint is not None
    return trace.endpoint.text


def test_without_affinity_new_connections_go_anywhere() -> None:
    cluster = net(service(), pods=PODS)
    assert len({got(cluster) for _ in range(50)}) > 5, "LB-1"


def test_a_client_stays_and_the_trace_says_that_it_was_remembered() -> None:
    cluster = cluster_of()
    assert len({got(cluster) for _ in range(20)}) == 1, "AF-1: the source port does not matter"
    chosen = cluster.trace(f"tcp://{VIP}:80", "pod/client").steps[1].because
    assert chosen.sticky and len(chosen.among) == 10


def test_clients_are_told_apart_by_their_address() -> None:
    cluster = cluster_of()
    mine = got(cluster)
    spread = {got(cluster, source=f"pod/web-{n}") for n in range(10)}
    assert len(spread) > 1, "AF-1"
    assert got(cluster) == mine


def test_a_dry_run_remembers_nothing() -> None:
    cluster = cluster_of()
    cluster.trace(f"tcp://{VIP}:80", "pod/client")
    assert len(asked(cluster, f"{VIP}:80")) == 10
    got(cluster)
    assert len(asked(cluster, f"{VIP}:80")) == 1


def test_the_key_is_the_source_before_it_is_rewritten() -> None:
    """Two outside clients come in by the same node and are both masqueraded to it."""
    cluster = net(service(**STICKY, type="NodePort", ports=[{"port": 80, "targetPort": 8080, "nodePort": NODE_PORT}]), pods=PODS)
    spread = {got(cluster, f"{NODE_A}:{NODE_PORT}", f"198.51.100.{n}") for n in range(1, 21)}
    assert len(spread) > 1, "AF-1"


def test_each_node_has_a_memory_of_its_own() -> None:
    cluster = net(service(**STICKY, type="NodePort", ports=[{"port": 80, "targetPort": 8080, "nodePort": NODE_PORT}]), pods=PODS)
    got(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE)
    assert len(asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE)) == 1
    assert len(asked(cluster, f"{NODE_B}:{NODE_PORT}", OUTSIDE)) == 10, "AF-1"


def test_the_memory_is_shared_by_all_addresses_and_policies_of_the_port() -> None:
    cluster = net(service(**STICKY, type="LoadBalancer", externalIPs=[EXTERNAL_IP], ingress=[{"ip": LB_IP}],
                          externalTrafficPolicy="Local",
                          ports=[{"port": 80, "targetPort": 8080, "nodePort": NODE_PORT}]), pods=PODS)
    first = got(cluster)
    for to in (f"{LB_IP}:80", f"{EXTERNAL_IP}:80", f"{NODE_A}:{NODE_PORT}"):
        assert asked(cluster, to) == {first: 1}, "AF-4"


def test_the_memory_is_not_shared_between_ports() -> None:
    ports = [{"name": f"p{n}", "port": 80 + n, "targetPort": 8080} for n in range(10)]
    cluster = net(service(**STICKY, ports=ports), pods=PODS)
    assert len({got(cluster, f"{VIP}:{80 + n}") for n in range(10)}) > 1, "AF-4"


def test_with_policy_local_an_outside_client_sticks_to_a_local_endpoint() -> None:
    cluster = net(service(**STICKY, type="LoadBalancer", externalTrafficPolicy="Local", ingress=[{"ip": LB_IP}]), pods=PODS)
    assert {got(cluster, f"{LB_IP}:80", OUTSIDE, via="b").partition(".1.")[0] for _ in range(5)} == {"10.244"}, "AF-5"
    assert len(asked(cluster, f"{LB_IP}:80", OUTSIDE, via="b")) == 1


# timeoutSeconds, pause, whether the client still has its endpoint
PAUSES = [(10800, 10800, True), (10800, 10801, False), (60, 60, True), (60, 61, False), (1, 1, True), (1, 2, False)]


@pytest.mark.parametrize(("timeout", "pause", "kept"), PAUSES)
def test_a_quiet_period_longer_than_the_timeout_forgets(timeout: int, pause: int, kept: bool) -> None:
    cluster = cluster_of(sessionAffinityConfig={"clientIP": {"timeoutSeconds": timeout}})
    got(cluster)
    cluster.advance(pause)
    assert (len(asked(cluster, f"{VIP}:80")) == 1) == kept, "AF-2, AF-3"


def test_every_new_connection_starts_the_clock_again() -> None:
    cluster = cluster_of(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}})
    first = got(cluster)
    for _ in range(5):
        cluster.advance(50)
        assert got(cluster) == first, "AF-3"


def test_packets_of_an_open_connection_do_not_count() -> None:
    cluster = cluster_of(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}})
    link = cluster.open(f"http://{VIP}/", "pod/client")
    cluster.advance(50)
    link.request("/again")
    cluster.advance(50)
    assert len(asked(cluster, f"{VIP}:80")) == 10, "AF-3"


def test_an_endpoint_that_left_does_not_get_its_client_back() -> None:
    cluster = cluster_of()
    first = got(cluster)
    name = next(each for each in MANY if f"{each['status']['podIP']}:8080" == first)["metadata"]["name"]
    gone = cluster.get("pod", name).manifest
    cluster.load({**gone, "status": {**gone["status"], "conditions": [{"type": "Ready", "status": "False"}]}})
    second = got(cluster)
    assert second != first
    cluster.load(gone)
    assert asked(cluster, f"{VIP}:80") == {second: 1}, "AF-6"


def test_of_several_memories_the_first_in_text_order_wins() -> None:
    """An outsider gets web-b at the cluster IP, then at the load-balancer IP, whose policy is Local, web-a."""
    local = service(**STICKY, type="LoadBalancer", externalTrafficPolicy="Local", ingress=[{"ip": LB_IP}])
    cluster = net(local)
    outsider = next(address for address in (f"198.51.100.{n}" for n in range(1, 100))
                    if cluster.trace(f"tcp://{VIP}:80", address, via="a").endpoint.text == WEB_B)
    assert got(cluster, source=outsider, via="a") == WEB_B
    assert got(cluster, f"{LB_IP}:80", outsider, via="a") == WEB_A, "AF-5"
    assert asked(cluster, f"{VIP}:80", outsider, via="a") == {WEB_A: 1}, "AF-6"


def test_affinity_without_config_lasts_three_hours_and_none_erases_the_config() -> None:
    cluster = simnet.Cluster()
    cluster.apply([{**service("one"), "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}], **STICKY}},
                   {**service("two"), "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}], "sessionAffinity": "None",
                                               "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}}])
    assert cluster.get("service", "one").affinity_timeout_seconds == 10800, "AF-2"
    assert "sessionAffinityConfig" not in cluster.get("service", "two").manifest["spec"], "SV-1"


def test_a_fork_remembers_by_itself() -> None:
    cluster = cluster_of()
    twin = cluster.fork()
    got(cluster)
    assert len(asked(twin, f"{VIP}:80")) == 10
    assert len(asked(cluster.fork(), f"{VIP}:80")) == 1


def test_a_service_made_anew_starts_without_memory() -> None:
    cluster = cluster_of()
    got(cluster)
    cluster.delete("service/web")
    cluster.load(service(**STICKY))
    assert len(asked(cluster, f"{VIP}:80")) == 10


@pytest.mark.parametrize(("mode", "kept"), [("iptables", 100), ("nftables", 130)])
def test_an_endpoint_remembers_a_hundred_clients_in_iptables_mode(mode: str, kept: int) -> None:
    """AF-7: kernel module xt_recent, parameter ip_list_tot; the client that has been quiet longest is lost."""
    cluster = net(service(sessionAffinity="ClientIP"), pods=WEB[:1], proxy={"mode": mode})
    sources = [f"198.51.100.{n}" for n in range(1, 131)]
    for source in sources:
        cluster.connect(f"tcp://{VIP}:80", source, via="a")
    cluster.load(WEB[1])
    bound = [source for source in sources if len(cluster.outcomes(f"tcp://{VIP}:80", source, via="a")) == 1]
    assert bound == sources[-kept:]


def bound(cluster: simnet.Cluster, sources: list[str], second: Any) -> list[str]:
    """The clients that still have their endpoint when there is a second one."""
    cluster.load(second)
    return [source for source in sources if len(cluster.outcomes(f"tcp://{VIP}:80", source, via="a")) == 1]


def test_of_a_full_list_the_client_that_has_been_quiet_longest_is_lost() -> None:
    """AF-7: net/netfilter/xt_recent.c recent_entry_init takes the head of the list, recent_entry_update moves to its end."""
    cluster = net(service(**STICKY), pods=WEB[:1])
    sources = [f"198.51.100.{n}" for n in range(1, 101)]
    for source in (*sources, sources[0]):
        cluster.connect(f"tcp://{VIP}:80", source, via="a")
    cluster.connect(f"tcp://{VIP}:80", "198.51.100.200", via="a")
    assert bound(cluster.fork(), sources, WEB[1]) == [sources[0], *sources[2:]]
    cluster.load(WEB[1])
    cluster.delete("pod/web-b")
    cluster.connect(f"tcp://{VIP}:80", "198.51.100.201", via="a")
    assert bound(cluster, sources, WEB[1]) == [sources[0], *sources[3:]]


def test_a_list_is_one_of_an_endpoint_not_of_the_service() -> None:
    cluster = net(service(**STICKY), pods=PODS)
    sources = [f"198.51.{n // 200}.{n % 200 + 1}" for n in range(600)]
    for source in sources:
        cluster.connect(f"tcp://{VIP}:80", source, via="a")
    assert all(len(cluster.outcomes(f"tcp://{VIP}:80", source, via="a")) == 1 for source in sources), "60 each, or so"
