"""The source a receiver sees. Table MQ-2 of the Service semantics and the exceptions around it
(kubernetes/kubernetes pkg/proxy/iptables/proxier_test.go TestInternalExternalMasquerade, pkg/proxy/nftables/README.md)."""

from __future__ import annotations

import pytest

from simnet.dataplane.decisions import Departed
from tests.unit.flow_net import (
    CLIENT,
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
    decisions,
    load_balancer,
    net,
    only,
    pod,
    seen,
    service,
)

# who asks, at cluster IP, at an external address under Cluster, the same under Local (endpoints seen: source)
SUMMARY = [
    ("pod", "pod/client", CLIENT, {WEB_A: CLIENT, WEB_B: CLIENT}, {WEB_A: NODE_A, WEB_B: NODE_A}, {WEB_A: CLIENT, WEB_B: CLIENT}),
    ("host process", "node/a", NODE_A, {WEB_A: NODE_A, WEB_B: NODE_A}, {WEB_A: NODE_A, WEB_B: NODE_A},
     {WEB_A: NODE_A, WEB_B: NODE_A}),
    ("outside machine", OUTSIDE, OUTSIDE, {WEB_A: NODE_A, WEB_B: NODE_A}, {WEB_A: NODE_A, WEB_B: NODE_A}, {WEB_A: OUTSIDE}),
]
EXTERNAL = [f"{NODE_A}:{NODE_PORT}", f"{LB_IP}:80", f"{EXTERNAL_IP}:80"]


@pytest.mark.parametrize(("row", "source", "client", "cluster_ip", "cluster", "local"), SUMMARY, ids=[row[0] for row in SUMMARY])
def test_the_summary_table(row: str, source: str, client: str, cluster_ip: dict[str, str], cluster: dict[str, str],
                           local: dict[str, str]) -> None:
    options = {"via": "a"} if source == OUTSIDE else {}
    for policy, expected in (("Cluster", cluster), ("Local", local)):
        each = net(load_balancer(policy))
        assert seen(each, f"{VIP}:80", source, **options) == cluster_ip, "MQ-2"
        for to in EXTERNAL:
            assert seen(each, to, source, **options) == expected, f"MQ-2 {policy} {to}"


def test_loopback_is_replaced_by_the_nodes_address() -> None:
    for policy in ("Cluster", "Local"):
        assert seen(net(load_balancer(policy)), f"127.0.0.1:{NODE_PORT}", "node/a") == {WEB_A: NODE_A, WEB_B: NODE_A}, "MQ-2"


def test_another_nodes_process_is_masqueraded_by_the_node_port_under_cluster_only() -> None:
    assert seen(net(load_balancer()), f"{NODE_B}:{NODE_PORT}", "node/a") == {WEB_A: NODE_B, WEB_B: NODE_B}, "MQ-2"
    assert seen(net(load_balancer("Local")), f"{NODE_B}:{NODE_PORT}", "node/a") == {WEB_B: NODE_A}, "MQ-2"


# row, who asks, what the hostNetwork receiver on node a sees, source
OWN_ADDRESS = [
    ("a pod keeps its address", "pod/client", CLIENT, "MQ-3"),
    ("an outside client keeps its address", OUTSIDE, OUTSIDE, "MQ-3"),
    ("a host process is rewritten to its own node", "node/a", NODE_A, "MQ-3"),
]


@pytest.mark.parametrize(("row", "source", "expected", "rule"), OWN_ADDRESS, ids=[row[0] for row in OWN_ADDRESS])
def test_a_packet_that_stays_with_the_node_itself_keeps_its_source(row: str, source: str, expected: str, rule: str) -> None:
    cluster = net(load_balancer(), pods=(pod("host", "a", NODE_A, hostNetwork=True), WEB[2]))
    for to in EXTERNAL:
        assert seen(cluster, to, source, via="a" if source == OUTSIDE else "") == {f"{NODE_A}:8080": expected}, rule
    assert seen(cluster, f"{NODE_B}:{NODE_PORT}", OUTSIDE) == {f"{NODE_A}:8080": NODE_B}, "MQ-2: it leaves node b"


def test_a_rewrite_that_was_wanted_and_not_made_is_told() -> None:
    cluster = net(load_balancer(), pods=(pod("host", "a", NODE_A, hostNetwork=True), WEB[2]))
    departed = next(step.because for step in only(cluster, f"{LB_IP}:80", OUTSIDE).steps if isinstance(step.because, Departed))
    assert (departed.masqueraded_to, departed.reason) == (None, "MQ-3")


def test_a_masqueraded_packet_has_another_source_port_and_the_nodes_primary_address() -> None:
    cluster = net(load_balancer(), nodes={"a": [NODE_A, "192.168.50.2"], "b": NODE_B})
    steps = cluster.trace(f"tcp://{LB_IP}:80", OUTSIDE).steps
    before, after = next((step.before, step.after) for step in steps if isinstance(step.because, Departed))
    assert after is not None and after.source != before.source and after.source_port != before.source_port, "MQ-5"
    assert set(seen(cluster, f"{LB_IP}:80", OUTSIDE).values()) == {NODE_A}, "MQ-5"


def test_pods_go_outside_with_the_address_of_their_node() -> None:
    cluster = net(outside={"docs": {"address": "198.51.100.80", "listen": [80]}})
    assert seen(cluster, "198.51.100.80:80") == {"198.51.100.80:80": NODE_A}
    assert seen(cluster, "198.51.100.80:80", "node/b") == {"198.51.100.80:80": NODE_B}


def test_between_pods_nothing_is_rewritten() -> None:
    assert seen(net(), WEB_B) == {WEB_B: CLIENT}


def policy(*types: str) -> dict[str, object]:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"},
            "spec": {"podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": list(types)}}


@pytest.mark.parametrize(("types", "named"), [(("Egress",), True), (("Ingress",), False), (("Ingress", "Egress"), True)])
def test_policies_on_the_sender_are_named_and_not_judged(types: tuple[str, ...], named: bool) -> None:
    trace = only(net(policy(*types)), WEB_B)
    assert trace.result == "open"
    assert ([each.kind for each in trace.assumed] == ["policy"]) == named


def test_a_process_on_the_nodes_network_is_selected_by_no_policy() -> None:
    """kubernetes/website content/en/docs/concepts/services-networking/network-policies.md: hostNetwork pods."""
    host = pod("host", "a", NODE_A, app="client", port=None, hostNetwork=True)
    assert only(net(policy("Egress"), pods=(*WEB[:2], host)), WEB_B, "pod/host").assumed == ()


def test_every_departure_is_a_step_of_its_own() -> None:
    assert decisions(only(net(service(), pods=WEB[1:]), f"{VIP}:80"))[2] == "Departed"
