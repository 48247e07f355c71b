"""The one line every request follows: it always ends, explores every branch, and reaches every kind of decision."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, get_args

import pytest

import simnet
from simnet.dataplane import decisions as core
from simnet.dataplane.packet import Place
from simnet.dataplane.step import Fork, Step, Trace
from simnet.dataplane.union import Decision
from simnet.dataplane.walk import PROXY_LIMIT, STAGE_AT, flow_hash
from simnet.testing import deployment, gateway, gateway_class, ingress, listener
from simnet.testing import pod as built_pod
from simnet.testing import service as built_service
from tests.unit.flow_net import (
    NODE_A,
    NODE_B,
    NODE_PORT,
    OUTSIDE,
    VIP,
    WEB,
    WEB_A,
    WEB_B,
    load_balancer,
    net,
    only,
    pod,
    service,
)

CONTROLLER = {"name": "ingress-nginx-controller", "port": {"number": 80}}


def looping(replicas: int = 1, **annotations: str) -> simnet.Cluster:
    """An Ingress whose backend is the controller's own Service."""
    cluster = simnet.Cluster(nodes=2)
    if replicas > 1:
        controller = cluster.get("deployment", "ingress-nginx-controller", namespace="ingress-nginx").manifest
        cluster.apply({**controller, "spec": {**controller["spec"], "replicas": replicas}})
    loop = ingress("loop", host="loop.test", namespace="ingress-nginx", annotations=annotations)
    loop["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"] = CONTROLLER
    cluster.apply(loop)
    return cluster


# it ends ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("annotations", [{}, {"service-upstream": "true"}])
def test_a_proxy_that_routes_to_itself_ends_as_a_loop(annotations: dict[str, str]) -> None:
    cluster = looping(**annotations)
    trace = cluster.request("http://loop.test/", OUTSIDE)
    assert (trace.verdict, trace.result, trace.response, trace.endpoint) == (simnet.Verdict.LOOPED, "loop", None, None)
    passed = [step for step in trace.steps if isinstance(step.because, core.ProxyReached)]
    assert len(passed) == PROXY_LIMIT + 1
    assert cluster.outcomes("http://loop.test/", OUTSIDE).results == {"loop": 1}
    assert "loop" in simnet.explain(trace)
    simnet.expect(cluster, f"GET http://loop.test/ from {OUTSIDE} is loop")


def test_every_replica_is_another_branch_and_all_of_them_end() -> None:
    outcomes = looping(replicas=2).outcomes("http://loop.test/", OUTSIDE)
    assert outcomes.results == {"loop": 1} and len(outcomes) == 2 ** (PROXY_LIMIT + 1)


def test_a_chain_of_two_proxies_is_no_loop() -> None:
    cluster = looping()
    cluster.apply([deployment("web"), built_service("web"), ingress("web", host="web.test")])
    chained = ingress("chain", host="chain.test", namespace="ingress-nginx", annotations={"upstream-vhost": "web.test"})
    chained["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"] = CONTROLLER
    cluster.apply(chained)
    trace = cluster.request("http://chain.test/", OUTSIDE)
    assert trace.result == "200" and trace.endpoint.pod.name.startswith("web-")


# failures of a proxy's own connections ----------------------------------------------------------------------------

def shop(replicas: int, **annotations: str) -> simnet.Cluster:
    """`replicas` pods behind an Ingress, none of which listens where the Service sends."""
    cluster = simnet.Cluster(nodes=1)
    cluster.apply([deployment("web", replicas=replicas), built_service("web", target_port=81),
                   ingress("web", host="shop.test", annotations=annotations)])
    return cluster


@pytest.mark.parametrize(("replicas", "annotations", "tries"), [
    (1, {}, 1), (2, {}, 2), (5, {}, 3), (30, {"proxy-next-upstream-tries": "0"}, 30)])
def test_other_endpoints_are_tried_in_turn_and_the_proxy_gives_up_in_the_end(
        replicas: int, annotations: dict[str, str], tries: int) -> None:
    """B-7; kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer.lua."""
    outcomes = shop(replicas, **annotations).outcomes("http://shop.test/", OUTSIDE)
    assert outcomes.results == {"502": 1}
    assert len(outcomes) == replicas, "a random start, then one after another"
    for trace in outcomes.traces:
        tried = [each.target for each in trace.last.because.attempts]
        assert len(tried) == len(set(tried)) == tries
        order = [peer.text for peer in trace.last.because.upstream.peers]
        start = order.index(tried[0])
        assert tried == [order[(start + n) % replicas] for n in range(tries)]


def test_one_good_endpoint_among_bad_ones_answers_as_often_as_the_tries_allow() -> None:
    cluster = simnet.Cluster(nodes=1)
    bad = [built_pod(f"bad-{n}", labels={"app": "web"}, port=81) for n in range(3)]
    cluster.apply([built_pod("good", labels={"app": "web"}), *bad, built_service("web"), ingress("web", host="shop.test")])
    assert cluster.outcomes("http://shop.test/", OUTSIDE).results == {"200": Fraction(3, 4), "502": Fraction(1, 4)}, "B-7"


# exploring --------------------------------------------------------------------------------------------------------

def test_every_branch_is_explored_and_shares_add_up() -> None:
    pods = tuple(pod(f"web-{n}", "ab"[n % 2], f"10.244.{n % 2}.{10 + n}") for n in range(7))
    outcomes = net(service(), pods=(*pods, WEB[2])).outcomes(f"tcp://{VIP}:80", "pod/client")
    assert set(outcomes.endpoints.values()) == {Fraction(1, 7)} and len(outcomes.endpoints) == 7


def test_equal_packets_are_merged() -> None:
    """Two DNS servers give the same answer; the request behind it is walked once."""
    cluster = simnet.Cluster(nodes=2)
    coredns = cluster.get("deployment", "coredns", namespace="kube-system").manifest
    cluster.apply([{**coredns, "spec": {**coredns["spec"], "replicas": 2}}, built_pod("client"), built_service("web"),
                   built_pod("web", labels={"app": "web"})])
    assert len(cluster.outcomes("http://web/", "pod/client")) == 1


def test_walking_counts_its_stages() -> None:
    cluster = net(service(), pods=WEB[1:])
    with cluster.counting() as work:
        trace = cluster.connect(f"tcp://{VIP}:80", "pod/client")
    assert work.stages_run == len(trace.steps) == 6


# choosing ---------------------------------------------------------------------------------------------------------

def chosen(seed: int, source_port: int, count: int = 10) -> int:
    packet = only(net(), WEB_B, source_port=source_port).steps[0].before
    return flow_hash(seed)(packet, Fork(count, lambda packet, index: pytest.fail("not needed")))


def test_equal_connections_choose_alike_and_seeds_differ() -> None:
    assert chosen(0, 4000) == chosen(0, 4000)
    assert len({chosen(seed, 4000) for seed in range(30)}) > 5
    assert len({chosen(0, port) for port in range(4000, 4030)}) > 5


def test_choices_are_spread_evenly() -> None:
    """5000 connections over 10 branches: each within a fifth of its share (chi-square far below the 0.1 % limit 27.9)."""
    packet = only(net(), WEB_B).steps[0].before
    fork, choose, counts = Fork(10, lambda packet, index: pytest.fail("not needed")), flow_hash(0), [0] * 10
    for port in range(5000):
        packet.source_port = port
        counts[choose(packet, fork)] += 1
    assert all(400 <= count <= 600 for count in counts)
    assert sum((count - 500) ** 2 / 500 for count in counts) < 27.9


def test_weights_are_honoured() -> None:
    packet = only(net(), WEB_B).steps[0].before
    weights = (Fraction(0), Fraction(9, 10), Fraction(1, 10))
    fork, choose, counts = Fork(3, lambda packet, index: pytest.fail("not needed"), weights), flow_hash(0), [0, 0, 0]
    for port in range(1000):
        packet.source_port = port
        counts[choose(packet, fork)] += 1
    assert counts[0] == 0 and 860 <= counts[1] <= 940


# every kind of decision -------------------------------------------------------------------------------------------

POLICY_LOCAL = load_balancer("Local", loadBalancerSourceRanges=["192.0.2.0/24"], healthCheckNodePort=31000)
HOST_PORT = pod("web-a", "a", "10.244.0.2")
HOST_PORT["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "hostPort": 8000}]
SLICE = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "x"}, "addressType": "IPv4",
         "endpoints": [{"addresses": ["192.168.77.7"]}], "ports": [{"name": "", "port": 9000}]}
TLS_POD = {"simnet.example/echo": {"listen": [{"port": 8080, "tls": True}]}}


def proxied(path: str = "/", scheme: str = "http", **options: Any) -> Trace:
    cluster = simnet.Cluster(nodes=1)
    cluster.apply([built_pod("web", labels={"app": "web"}), built_service("web"), ingress("web", host="shop.test"),
                   built_service("bad", target_port=81, selector={"app": "web"}),
                   ingress("bad", host="shop.test", paths={"/bad": "bad"})])
    return cluster.request(f"{scheme}://shop.test{path}", OUTSIDE, **options)


def gateway_net() -> simnet.Cluster:
    cluster = simnet.Cluster(nodes=1)
    cluster.apply([gateway_class(), gateway("gw", listener("https", hostname="shop.t", tls="s"))])
    return cluster


def cut_off() -> Trace:
    cluster = net()
    cluster.cut("node/b", "router")
    return only(cluster, WEB_B)


REACHED: dict[str, Callable[[], Trace]] = {
    "NameResolved": lambda: proxied(),
    "NameUnresolved": lambda: net().connect("tcp://nobody.test:80", "pod/client"),
    "EnteredCluster": lambda: only(net(), WEB_B, OUTSIDE),
    "ServiceCaptured": lambda: only(net(service(), pods=WEB[1:]), f"{VIP}:80"),
    "HostPortCaptured": lambda: only(net(pods=(HOST_PORT, WEB[2])), f"{NODE_A}:8000", OUTSIDE),
    "PodAddressed": lambda: only(net(), WEB_B),
    "UnownedEndpoint": lambda: only(net(SLICE), "192.168.77.7:9000"),
    "NodeAddressed": lambda: only(net(), f"{NODE_A}:22"),
    "Loopback": lambda: only(net(), "127.0.0.1:8080", "pod/web-a"),
    "RoutedToNode": lambda: only(net(), f"{NODE_B}:22"),
    "OutsideAddressed": lambda: only(net(), "192.0.2.1:80"),
    "LeftCluster": lambda: only(net(), "192.0.2.200:80"),
    "RejectedByMode": lambda: only(net(service(), proxy="nftables"), f"{VIP}:81"),
    "DroppedByMode": lambda: only(net(proxy="nftables"), "10.96.7.7:80"),
    "HealthChecked": lambda: net(POLICY_LOCAL).request(f"http://{NODE_A}:31000/", OUTSIDE),
    "EndpointChosen": lambda: only(net(service(), pods=WEB[1:]), f"{VIP}:80"),
    "NoEndpoints": lambda: only(net(service(), pods=WEB[2:]), f"{VIP}:80"),
    "NoLocalEndpoints": lambda: only(net(POLICY_LOCAL, pods=WEB[1:]), f"{NODE_A}:{NODE_PORT}", OUTSIDE),
    "SourceOutOfRange": lambda: only(net(POLICY_LOCAL), "203.0.113.9:80", OUTSIDE),
    "Departed": lambda: only(net(), WEB_B),
    "Crossed": lambda: only(net(), WEB_B),
    "ReplyLost": lambda: net(service(), pods=WEB[1:], proxy={"cluster_cidrs": []}).request(f"http://{VIP}/", OUTSIDE, via="a"),
    "NoPath": cut_off,
    "NoAddress": lambda: only(net(), "[2001:db8::1]:80"),
    "Admitted": lambda: only(net(), WEB_B),
    "Delivered": lambda: only(net(), WEB_A),
    "ProxyReached": lambda: proxied(),
    "NotListening": lambda: only(net(), "10.244.0.2:9"),
    "CertificateRefused": lambda: proxied(scheme="https"),
    "NotTLS": lambda: net(images={"simnet.example/echo": {"listen": [8080]}}).request(f"https://{WEB_A}/", "pod/client"),
    "PlainToTLS": lambda: net(images=TLS_POD).request(f"http://{WEB_A}/", "pod/client"),
    "NameRefused": lambda: gateway_net().request("https://other.t/", OUTSIDE, front_end="default/gw"),
    "RuleChosen": lambda: proxied(),
    "ProxyAnswered": lambda: simnet.Cluster().request("http://x.test/", OUTSIDE, at="203.0.113.1"),
    "UpstreamFailed": lambda: proxied("/bad"),
    "Looped": lambda: looping().request("http://loop.test/", OUTSIDE),
}


def test_no_decision_is_left_out() -> None:
    assert set(REACHED) == {each.__name__ for each in get_args(Decision)}


@pytest.mark.parametrize("name", REACHED)
def test_every_decision_is_reached_by_some_packet_and_can_be_told(name: str) -> None:
    trace = REACHED[name]()
    assert name in [type(step.because).__name__ for step in trace.steps]
    for format in ("text", "tree", "json"):
        assert simnet.explain(trace, format=format)


def test_every_place_has_its_stage_and_only_the_last_step_rests() -> None:
    assert set(STAGE_AT) == set(Place)
    for walked in (proxied(), cut_off(), only(net(service(), pods=WEB[1:]), f"{VIP}:80")):
        assert [step.after is None for step in walked.steps] == [False] * (len(walked.steps) - 1) + [True]
        assert all(isinstance(step, Step) and (step.because.verdict is None) == (step.after is not None) for step in walked.steps)
