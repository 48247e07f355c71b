"""The way back: what a node remembers of a translated connection, and whether the answer passes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.dataplane.decisions import ReplyLost
from simnet.dataplane.step import Trace
from tests.unit.flow_net import (
    LB_IP,
    NODE_A,
    NODE_B,
    NODE_PORT,
    OUTSIDE,
    VIP,
    WEB,
    decisions,
    load_balancer,
    net,
    only,
    pod,
    service,
)

FAR = WEB[1:]  # the only endpoint is on node b
NO_CIDR = {"proxy": {"cluster_cidrs": []}}
NEAR_OTHER = (WEB[0], pod("client", "b", "10.244.1.9", app="client"), pod("web-c", "c", "10.244.2.2"))

# row, Service, pods, settings, destination, source, options, nodes of the way back ('' outside), does it hang
ROWS: list[tuple[str, Any, Any, dict[str, Any], str, str, dict[str, Any], tuple[str, ...], bool]] = [
    ("a pod's own node translates", service(), FAR, {}, f"{VIP}:80", "pod/client", {}, ("b", "a"), False),
    ("from outside, rewritten: back through the node", load_balancer(), FAR, {}, f"{NODE_A}:{NODE_PORT}", OUTSIDE, {},
     ("b", "a", ""), False),
    ("policy Local: the endpoint is on the node", load_balancer("Local"), FAR, {}, f"{NODE_B}:{NODE_PORT}", OUTSIDE, {},
     ("b", ""), False),
    ("MQ-4: outside to a cluster IP without a cluster CIDR, endpoint elsewhere", service(), FAR, NO_CIDR, f"{VIP}:80", OUTSIDE,
     {"via": "a"}, ("b", ""), True),
    ("the same with the endpoint on the node", service(), FAR, NO_CIDR, f"{VIP}:80", OUTSIDE, {"via": "b"}, ("b", ""), False),
    ("MT-6: a pod to another node's node port, policy Local, endpoint on the pod's own node", load_balancer("Local"),
     (WEB[0], WEB[2]), {}, f"{NODE_B}:{NODE_PORT}", "pod/client", {}, ("a",), True),
    ("nothing is translated: nothing is remembered", service(), FAR, {}, "10.244.1.2:8080", "pod/client", {}, ("b", "a"), False),
]


@pytest.mark.parametrize(("row", "made", "pods", "settings", "to", "source", "options", "nodes", "hangs"), ROWS,
                         ids=[row[0] for row in ROWS])
def test_the_answer_takes_this_way(row: str, made: Any, pods: Any, settings: dict[str, Any], to: str, source: str,
                                   options: dict[str, Any], nodes: tuple[str, ...], hangs: bool) -> None:
    """Source: kubernetes/kubernetes pkg/proxy/iptables/proxier_test.go TestInternalExternalMasquerade (who is rewritten);
    which router an answer meets follows from the addresses. Rules MT-6, MQ-4."""
    way, = only(net(made, pods=pods, **settings), to, source, **options).ways_back
    assert (way.nodes, way.is_bypassed) == (nodes, hangs)


def test_a_pod_to_the_node_port_of_another_node_hangs_when_the_endpoint_is_on_a_third() -> None:
    """Rule MT-6 [K]: nothing is rewritten under policy Local, so the answer goes straight to the pod."""
    cluster = net(load_balancer("Local"), pods=NEAR_OTHER, nodes={"a": NODE_A, "b": NODE_B, "c": "172.18.0.4"})
    ways = {trace.endpoint.pod.name: trace.ways_back[0].is_bypassed
            for trace in cluster.outcomes(f"tcp://{NODE_A}:{NODE_PORT}", "pod/client").traces if trace.endpoint}
    assert ways == {"web-a": False, "web-c": True}


def test_the_entry_of_a_rewritten_connection() -> None:
    trace = only(net(load_balancer(), pods=FAR), f"{LB_IP}:80", OUTSIDE, source_port=40000)
    entry, = trace.conntrack
    new_port = trace.last.before.source_port
    assert (entry.node, entry.protocol) == ("a", "TCP")
    assert entry.original == (ip.number(OUTSIDE), 40000, ip.number(LB_IP), 80)
    assert entry.reply == (ip.number("10.244.1.2"), 8080, ip.number(NODE_A), new_port)
    assert str(entry) == f"tcp {OUTSIDE}:40000 > {LB_IP}:80 [reply 10.244.1.2:8080 > {NODE_A}:{new_port}]"


def test_a_pod_to_the_outside_is_remembered_too() -> None:
    entry, = only(net(), "192.0.2.1:80").conntrack if only(net(), "192.0.2.1:80").endpoint else (None,)
    assert entry is None  # the laptop listens on nothing, so nothing was established
    cluster = net(outside={"api.test": {"address": "192.0.2.9", "listen": [80]}})
    entry, = only(cluster, "192.0.2.9:80").conntrack
    assert entry is not None and entry.reply[2] == ip.number(NODE_A)


def test_every_connection_of_a_request_through_a_proxy_has_its_own_way_back() -> None:
    cluster = simnet.Cluster()
    cluster.apply([simnet.testing.pod("web"), simnet.testing.service("web"),
                   simnet.testing.ingress("web", host="shop.test")])
    trace = cluster.request("http://shop.test/", OUTSIDE, at="203.0.113.1")
    assert [way.depth for way in trace.ways_back] == [0, 1]
    assert [way.entry is None for way in trace.ways_back] == [False, True], "the controller dials the endpoint itself"


def hung() -> Trace:
    return net(service(), pods=FAR, **NO_CIDR).request(f"http://{VIP}/", OUTSIDE, via="a")


def test_a_request_whose_answer_gets_lost_times_out() -> None:
    trace = hung()
    assert (trace.result, trace.response, trace.seen_source) == ("timeout", None, None)
    assert isinstance(trace.last.because, ReplyLost) and trace.last.because.rule == "MQ-4"
    assert trace.service is not None and trace.service.result == "FORWARD"


def test_a_plain_connection_is_delivered_and_the_trace_says_that_it_hangs() -> None:
    trace = only(net(service(), pods=FAR, **NO_CIDR), f"{VIP}:80", OUTSIDE, via="a")
    assert trace.verdict is simnet.Verdict.DELIVERED and decisions(trace)[-1] == "Delivered"
    assert simnet.explain(trace).splitlines()[-1] == (
        "way back: b > outside, past a, which alone can translate it back: the client hears from a stranger and the "
        "connection hangs")


def test_the_way_back_stands_in_the_json() -> None:
    way, = json.loads(simnet.explain(hung(), format="json"))["ways_back"]
    assert way == {"depth": 0, "nodes": ["b", None], "bypassed": True, "tracked": {
        "node": "a", "protocol": "TCP", "original": [OUTSIDE, 32768, VIP, 80],
        "reply": ["10.244.1.2", 8080, OUTSIDE, 32768]}}
