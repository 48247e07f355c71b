"""Which endpoint a Service gives, seen from outside: packets are sent, rules are not looked at.

Rules INT, EXT, FW, NE, MQ-1, MQ-4 and CAT of the Service semantics; their sources are kubernetes/kubernetes
pkg/proxy/topology.go, pkg/proxy/iptables/proxier.go and its tests.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from simnet.dataplane.decisions import EndpointChosen, LeftCluster, NoEndpoints, NoLocalEndpoints, SourceOutOfRange
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
    load_balancer,
    net,
    only,
    pod,
    seen,
    service,
)

HALF = Fraction(1, 2)
BOTH = {WEB_A: HALF, WEB_B: HALF}
ALL_ADDRESSES = [f"{VIP}:80", f"{NODE_A}:{NODE_PORT}", f"{LB_IP}:80", f"{EXTERNAL_IP}:80"]
EXTERNAL = ALL_ADDRESSES[1:]
SOURCES = ["pod/client", "node/a", OUTSIDE]


@pytest.mark.parametrize("to", ALL_ADDRESSES)
@pytest.mark.parametrize("source", SOURCES)
def test_with_policy_cluster_every_endpoint_is_equally_likely_whatever_was_dialled(to: str, source: str) -> None:
    """LB-1, INT-1, EXT-1."""
    assert asked(net(load_balancer()), to, source) == BOTH


# external policy Local: row, dialled from, possible endpoints, source of the rule
LOCAL = [
    ("a pod of the cluster reaches every endpoint", "pod/client", BOTH, "EXT-2"),
    ("a process of the node reaches every endpoint", "node/a", BOTH, "EXT-3"),
    ("an outside client reaches the endpoints of the node it came to", OUTSIDE, {WEB_A: Fraction(1)}, "EXT-4"),
]


@pytest.mark.parametrize("to", EXTERNAL)
@pytest.mark.parametrize(("row", "source", "possible", "rule"), LOCAL, ids=[row[0] for row in LOCAL])
def test_external_policy_local(row: str, source: str, possible: dict[str, Fraction], rule: str, to: str) -> None:
    cluster = net(load_balancer("Local"))
    assert asked(cluster, to, source, via="a") == possible, rule
    trace = cluster.trace(f"tcp://{to}", source, via="a")
    chosen = next(step.because for step in trace.steps if isinstance(step.because, EndpointChosen))
    assert chosen.reason == rule


def test_external_policy_local_does_not_touch_the_cluster_ip() -> None:
    assert asked(net(load_balancer("Local")), f"{VIP}:80", OUTSIDE) == BOTH, "INT-1"


def test_internal_policy_local_does_not_touch_external_addresses() -> None:
    cluster = net(load_balancer(internalTrafficPolicy="Local"))
    assert asked(cluster, f"{VIP}:80") == {WEB_A: 1}, "INT-1"
    for to in EXTERNAL:
        assert asked(cluster, to) == BOTH, "INT-1"


@pytest.mark.parametrize("source", SOURCES)
def test_internal_policy_local_without_a_local_endpoint_is_silence_for_everybody(source: str) -> None:
    cluster = net(service(internalTrafficPolicy="Local"), pods=WEB[1:])
    trace = only(cluster, f"{VIP}:80", source, **({"via": "a"} if source == OUTSIDE else {}))
    assert trace.result == "timeout" and isinstance(trace.last.because, NoLocalEndpoints), "NE-2"
    assert trace.service is not None and trace.service.result == "DROP"


def test_a_node_without_local_endpoint_drops_what_comes_from_outside_only() -> None:
    cluster = net(load_balancer("Local"), pods=WEB[1:])
    assert asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE) == {"timeout": 1}, "NE-2"
    assert asked(cluster, f"{NODE_B}:{NODE_PORT}", OUTSIDE) == {WEB_B: 1}, "EXT-4"
    assert asked(cluster, f"{NODE_A}:{NODE_PORT}") == {WEB_B: 1}, "EXT-2"


def test_a_process_of_another_node_counts_as_an_outsider() -> None:
    cluster = net(load_balancer("Local"))
    assert asked(cluster, f"{NODE_B}:{NODE_PORT}", "node/a") == {WEB_B: 1}, "EXT-4, MT-5"


# nobody there ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("policy", ["Cluster", "Local"])
@pytest.mark.parametrize("to", ALL_ADDRESSES)
@pytest.mark.parametrize("source", ["pod/client", OUTSIDE])
def test_without_any_endpoint_everybody_is_refused_at_once(to: str, source: str, policy: str) -> None:
    cluster = net(load_balancer(policy, loadBalancerSourceRanges=["192.0.2.0/24"]), pods=WEB[2:])
    trace = only(cluster, to, source)
    assert trace.result == "refused" and isinstance(trace.last.because, NoEndpoints), "NE-1, FW-5"
    assert trace.service is not None and trace.service.result == "REJECT"


# mode, dialled by a host process, how it ends, source
HOST_PROCESS = [
    ("iptables", f"{VIP}:80", "refused", "NE-4"),
    ("iptables", f"{NODE_A}:{NODE_PORT}", "refused", "NE-4"),
    ("iptables", f"127.0.0.1:{NODE_PORT}", "refused", "NE-4"),
    ("iptables", f"{LB_IP}:80", "timeout", "NE-4"),
    ("iptables", f"{EXTERNAL_IP}:80", "timeout", "NE-4"),
    ("nftables", f"{LB_IP}:80", "refused", "NF-3"),
    ("nftables", f"{EXTERNAL_IP}:80", "refused", "NF-3"),
]


@pytest.mark.parametrize(("mode", "to", "result", "rule"), HOST_PROCESS)
def test_a_host_process_and_a_service_without_endpoints(mode: str, to: str, result: str, rule: str) -> None:
    trace = only(net(load_balancer(), pods=WEB[2:], proxy=mode), to, "node/a")
    assert trace.result == result, rule
    if result == "timeout":
        left = trace.last.because
        assert isinstance(left, LeftCluster) and left.near is not None and trace.service is None


def test_udp_and_sctp_behave_like_tcp() -> None:
    ports = [{"name": name.lower(), "port": 53, "protocol": name, "targetPort": 53} for name in ("UDP", "SCTP", "TCP")]
    cluster = net(service(ports=ports), pods=WEB[2:])
    assert {scheme: cluster.connect(f"{scheme}://{VIP}:53", "pod/client").result for scheme in ("tcp", "udp", "sctp")} == {
        "tcp": "refused", "udp": "refused", "sctp": "refused"}, "NE-5"


# readiness ------------------------------------------------------------------------------------------------------

def terminating(name: str, node: str, address: str, ready: bool = False) -> dict[str, Any]:
    """A pod that ends but still serves."""
    each = pod(name, node, address, ready=ready)
    each["metadata"]["deletionTimestamp"] = "2027-01-01T00:01:00Z"
    return each


def test_endpoints_that_are_not_ready_get_nothing() -> None:
    pods = (WEB[0], pod("web-b", "b", "10.244.1.2", ready=False), WEB[2])
    assert asked(net(service(), pods=pods), f"{VIP}:80") == {WEB_A: 1}, "CAT-1"
    assert asked(net(service(), pods=pods[1:]), f"{VIP}:80") == {"refused": 1}, "CAT-1, NE-1"


def test_with_nobody_ready_those_that_end_but_serve_are_used() -> None:
    ending = (terminating("web-a", "a", "10.244.0.2", ready=True), terminating("web-b", "b", "10.244.1.2", ready=True))
    cluster = net(service(), pods=(*ending, WEB[2]))
    assert asked(cluster, f"{VIP}:80") == BOTH, "CAT-3"
    assert asked(net(service(), pods=(WEB[0], ending[1], WEB[2])), f"{VIP}:80") == {WEB_A: 1}, "CAT-3"


def test_cluster_and_local_lists_fall_back_independently() -> None:
    """Cluster-IP traffic goes to the remote ready pod, outside traffic drains to the node's own ending one."""
    pods = (terminating("web-a", "a", "10.244.0.2", ready=True), WEB[1], WEB[2])
    cluster = net(load_balancer("Local"), pods=pods)
    assert asked(cluster, f"{VIP}:80") == {WEB_B: 1}, "CAT-4"
    assert asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE) == {WEB_A: 1}, "CAT-4"


# source ranges --------------------------------------------------------------------------------------------------

RANGED = load_balancer(loadBalancerSourceRanges=[" 198.51.100.0/24 "])
# row, from, to, allowed, source
RANGES = [
    ("a source inside the range", OUTSIDE, f"{LB_IP}:80", True, "FW-1: blanks do not matter"),
    ("a source outside of it", "192.0.2.1", f"{LB_IP}:80", False, "FW-1"),
    ("a pod is not exempt", "pod/client", f"{LB_IP}:80", False, "FW-3"),
    ("a host process is not exempt", "node/a", f"{LB_IP}:80", False, "FW-3"),
    ("the cluster IP is not guarded", "pod/client", f"{VIP}:80", True, "FW-2"),
    ("node ports are not guarded", "192.0.2.1", f"{NODE_A}:{NODE_PORT}", True, "FW-2"),
    ("external IPs are not guarded", "192.0.2.1", f"{EXTERNAL_IP}:80", True, "FW-2"),
]


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
@pytest.mark.parametrize(("row", "source", "to", "allowed", "rule"), RANGES, ids=[row[0] for row in RANGES])
def test_source_ranges(row: str, source: str, to: str, allowed: bool, rule: str, policy: str) -> None:
    ranged = {**RANGED, "spec": {**RANGED["spec"], "externalTrafficPolicy": policy}}
    got = asked(net(ranged), to, source)
    assert (set(got) <= {WEB_A, WEB_B}) == allowed, rule
    if not allowed:
        trace = only(net(ranged), to, source)
        assert trace.result == "timeout" and isinstance(trace.last.because, SourceOutOfRange), rule
        assert trace.service is not None and trace.service.result == "DROP"


def test_an_own_address_of_the_service_passes_when_its_node_may() -> None:
    """The load-balancer IP is bound on node a: packets that come from it are let in if node a itself would be."""
    for cidr, allowed in (("172.18.0.0/16", True), ("192.0.2.0/24", False)):
        cluster = net(load_balancer(loadBalancerSourceRanges=[cidr]))
        got = asked(cluster, f"{LB_IP}:80", "node/a", source_address=LB_IP)
        assert (set(got) == {WEB_A, WEB_B}) == allowed, "FW-4"


# masquerade -----------------------------------------------------------------------------------------------------

def test_without_a_cluster_cidr_pods_are_not_told_from_others() -> None:
    cluster = net(load_balancer("Local"), proxy={"cluster_cidrs": []})
    assert asked(cluster, f"{LB_IP}:80", via="a") == {WEB_A: 1}, "MQ-4: pods fall to EXT-4"
    assert seen(cluster, f"{VIP}:80", OUTSIDE) == {WEB_A: OUTSIDE, WEB_B: OUTSIDE}, "MQ-4"


def test_masquerade_all_is_about_the_cluster_ip_alone() -> None:
    cluster = net(load_balancer("Local"), proxy={"masquerade_all": True})
    assert seen(cluster, f"{VIP}:80") == {WEB_A: NODE_A, WEB_B: NODE_A}, "INT-2"
    assert seen(cluster, f"{LB_IP}:80", OUTSIDE, via="a") == {WEB_A: OUTSIDE}, "MQ-4"


@pytest.mark.parametrize("to", ALL_ADDRESSES)
def test_a_pod_that_reaches_itself_sees_its_node(to: str) -> None:
    cluster = net(load_balancer("Local"))
    assert seen(cluster, to, "pod/web-a")[WEB_A] == NODE_A, "MQ-1"


def test_each_family_has_its_own_cluster_cidr() -> None:
    """The IPv6 proxy knows no cluster CIDR, so it masquerades nothing that goes to a cluster IP."""
    both = {"nodes": {"a": [NODE_A, "fd00:18::2"], "b": [NODE_B, "fd00:18::3"]},
            "service_cidr": ["10.96.0.0/12", "fd00:10::/112"], "pod_cidr": ["10.244.0.0/16", "fd00:244::/48"]}
    pods = (pod("web-a", "a", ["10.244.0.2", "fd00:244::2"]),)
    dual = service(clusterIPs=[VIP, "fd00:10::50"], ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="PreferDualStack")
    url = "[fd00:10::50]:80"
    assert seen(net(dual, pods=pods, **both), url, "2001:db8::7") == {"[fd00:244::2]:8080": "fd00:18::2"}, "INT-2"
    limited = net(dual, pods=pods, proxy={"cluster_cidrs": "10.244.0.0/16"}, **both)
    assert seen(limited, url, "2001:db8::7") == {"[fd00:244::2]:8080": "2001:db8::7"}, "DS-1, MQ-4"
    assert seen(limited, f"{VIP}:80", OUTSIDE) == {WEB_A: NODE_A}, "INT-2"


# two families ---------------------------------------------------------------------------------------------------

def test_a_process_bound_to_the_load_balancer_ip_is_of_the_node() -> None:
    """EXT-3: whatever a host process is bound to is a local address; it used to be taken for an outside one."""
    cluster = net(load_balancer("Local"))
    assert asked(cluster, f"{LB_IP}:80", "node/a", source_address=LB_IP) == BOTH
    assert set(seen(cluster, f"{LB_IP}:80", "node/a", source_address=LB_IP).values()) == {NODE_A}


# mode, what a source outside the ranges gets from a Service without endpoints; source
RANGES_ALONE = [("iptables", "refused", "FW-5"), ("nftables", "timeout", "nftables/proxier.go usesFWChain; the kernel")]


@pytest.mark.parametrize(("mode", "result", "source"), RANGES_ALONE, ids=[row[0] for row in RANGES_ALONE])
def test_source_ranges_of_a_service_without_endpoints(mode: str, result: str, source: str) -> None:
    cluster = net(RANGED, pods=WEB[2:], proxy={"mode": mode})
    assert asked(cluster, f"{LB_IP}:80", "192.0.2.99") == {result: 1}, source


def test_source_ranges_of_one_family_leave_the_other_open() -> None:
    both = {"nodes": {"a": [NODE_A, "fd00:18::2"]}, "service_cidr": ["10.96.0.0/12", "fd00:10::/112"],
            "pod_cidr": ["10.244.0.0/16", "fd00:244::/48"]}
    dual = service(type="LoadBalancer", clusterIPs=[VIP, "fd00:10::50"], ipFamilies=["IPv4", "IPv6"],
                   ipFamilyPolicy="PreferDualStack", loadBalancerSourceRanges=["192.0.2.0/24"],
                   ingress=[{"ip": LB_IP}, {"ip": "2001:db8::50"}])
    cluster = net(dual, pods=(pod("web-a", "a", ["10.244.0.2", "fd00:244::2"]),), **both)
    assert asked(cluster, f"{LB_IP}:80", OUTSIDE) == {"timeout": 1}, "FW-1"
    assert asked(cluster, "[2001:db8::50]:80", "2001:db8::7") == {"[fd00:244::2]:8080": 1}, "FW-6"


def test_a_family_that_no_pod_has_is_refused() -> None:
    dual = service(clusterIPs=[VIP, "fd00:10::50"], ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="PreferDualStack")
    pods = (pod("web-a", "a", "10.244.0.2"), pod("client", "a", [CLIENT_V4, "fd00:244::9"], app="client"))
    cluster = net(dual, pods=pods, service_cidr=["10.96.0.0/12", "fd00:10::/112"],
                  pod_cidr=["10.244.0.0/16", "fd00:244::/48"])
    assert asked(cluster, f"{VIP}:80") == {WEB_A: 1}
    assert asked(cluster, "[fd00:10::50]:80") == {"refused": 1}, "DS-5"


CLIENT_V4 = "10.244.0.9"
