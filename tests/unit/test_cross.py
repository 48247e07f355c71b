"""From the deciding node to the receiver's, over links that may be gone."""

from __future__ import annotations

import pytest

from simnet.dataplane.decisions import Crossed, NoPath
from simnet.dataplane.step import Trace
from tests.unit.flow_net import NODE_B, NODE_PORT, OUTSIDE, VIP, WEB, WEB_A, WEB_B, load_balancer, net, only, pod, service


def crossed(trace: Trace) -> list[tuple[str, ...]]:
    return [step.because.path for step in trace.steps if isinstance(step.because, Crossed)]


# row, destination, asked from, the way
WAYS = [
    ("a pod of the same node: no node is left", WEB_A, "pod/client", ("node/a",)),
    ("a pod of another node", WEB_B, "pod/client", ("node/a", "router", "node/b")),
    ("a node to its own pod", WEB_A, "node/a", ("node/a",)),
    ("out of the cluster", "198.51.100.80:80", "pod/client", ("node/a", "router", "outside")),
]


@pytest.mark.parametrize(("row", "to", "source", "way"), WAYS, ids=[row[0] for row in WAYS])
def test_the_way_is_named(row: str, to: str, source: str, way: tuple[str, ...]) -> None:
    cluster = net(outside={"docs": {"address": "198.51.100.80", "listen": [80]}})
    assert crossed(only(cluster, to, source)) == [way]


# row, cut link, destination, asked from, the link that is named or None when the way does not need it
CUTS = [
    ("the sender's uplink", ("node/a", "router"), WEB_B, "pod/client", ("node/a", "router")),
    ("the receiver's uplink", ("node/b", "router"), WEB_B, "pod/client", ("router", "node/b")),
    ("the sender's veth", ("pod/default/client", "bridge/a"), WEB_B, "pod/client", ("pod/default/client", "bridge/a")),
    ("the receiver's veth", ("bridge/b", "pod/default/web-b"), WEB_B, "pod/client", ("bridge/b", "pod/default/web-b")),
    ("the receiver's bridge", ("bridge/b", "node/b"), WEB_B, "pod/client", ("node/b", "bridge/b")),
    ("the bridge to the node, for a neighbour", ("bridge/a", "node/a"), WEB_A, "pod/client", None),
    ("the other node's uplink", ("node/b", "router"), WEB_A, "pod/client", None),
    ("a node does not need the veth of another pod", ("pod/default/client", "bridge/a"), WEB_A, "node/a", None),
    ("from outside, the uplink of the node", ("router", "node/b"), WEB_B, OUTSIDE, ("router", "node/b")),
    ("from outside, the line itself", ("outside", "router"), WEB_B, OUTSIDE, ("outside", "router")),
]


@pytest.mark.parametrize(("row", "cut", "to", "source", "missing"), CUTS, ids=[row[0] for row in CUTS])
def test_a_cut_link_on_the_way_is_named(row: str, cut: tuple[str, str], to: str, source: str,
                                        missing: tuple[str, str] | None) -> None:
    cluster = net()
    cluster.cut(*cut)
    trace = only(cluster, to, source)
    if missing is None:
        assert trace.result == "open"
        return
    broken = trace.last.because
    assert trace.result == "unreachable" and isinstance(broken, NoPath) and broken.missing == missing
    cluster.mend(*cut)
    assert only(cluster, to, source).result == "open"


def test_a_service_choice_may_or_may_not_need_the_link() -> None:
    cluster = net(service())
    cluster.cut("node/b", "router")
    assert cluster.outcomes(f"tcp://{VIP}:80", "pod/client").results.keys() == {"open", "unreachable"}


def test_a_node_port_of_a_node_that_is_cut_off_is_unreachable() -> None:
    cluster = net(load_balancer())
    cluster.cut("node/b", "router")
    trace = only(cluster, f"{NODE_B}:{NODE_PORT}", "node/a")
    assert trace.result == "unreachable" and trace.last.because.goal == "node/b"


def test_partitions_are_undone_together() -> None:
    cluster = net()
    cluster.partition(["node/a"], ["node/b"])
    assert only(cluster, WEB_B).result == "unreachable" and only(cluster, WEB_A).result == "open"
    cluster.rejoin()
    assert only(cluster, WEB_B).result == "open"


def test_an_endpoint_that_only_a_slice_knows_lies_on_the_node_it_names() -> None:
    manual = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
              "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
              "endpoints": [{"addresses": ["192.168.77.7"], "nodeName": "b"}], "ports": [{"name": "", "port": 9000}]}
    trace = only(net(service(selector=None), manual), f"{VIP}:80")
    assert crossed(trace) == [("node/a", "router", "node/b")]


def test_a_loaded_pod_without_a_node_is_still_an_endpoint() -> None:
    """ARCHITECTURE, `load`: a pod with podIP and no nodeName stays unscheduled and is still an endpoint."""
    stray = pod("stray", "", "10.244.7.7")
    del stray["spec"]["nodeName"]
    cluster = net(service(), pods=(stray, WEB[2]))
    assert cluster.get("pod", "stray").node_name == ""
    trace = only(cluster, f"{VIP}:80")
    assert trace.endpoint is not None and str(trace.endpoint.pod) == "default/stray"
    assert crossed(trace) == [("node/a",)], "nobody knows where it is"
