"""Blocks of pod addresses for nodes. Rules PI-1 to PI-5 (kubernetes/kubernetes pkg/controller/nodeipam/ipam)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.testing import pod


def node(name: str, block: str | None = None, address: str | None = None) -> dict[str, Any]:
    status = {"addresses": [{"type": "InternalIP", "address": address}]} if address else {}
    spec = {"podCIDR": block, "podCIDRs": [block]} if block else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec, "status": status}


def blocks(cluster: simnet.Cluster) -> dict[str, list[str]]:
    return {each.name: [str(block) for block in each.pod_cidrs] for each in cluster.list("node")}


def cluster_of(nodes: int, *ranges: str) -> simnet.Cluster:
    return simnet.Cluster(nodes=nodes, addons=(), pod_cidr=list(ranges))


def test_every_node_gets_a_block_of_each_range_in_order() -> None:
    assert blocks(cluster_of(2, "10.244.0.0/16", "fd00:244::/48")) == {
        "node-1": ["10.244.0.0/24", "fd00:244::/64"], "node-2": ["10.244.1.0/24", "fd00:244:0:1::/64"]}, "PI-1, PI-2"


def test_without_a_range_there_are_no_blocks_and_pods_wait() -> None:
    cluster = cluster_of(1)
    cluster.apply(pod("web"))
    assert blocks(cluster) == {"node-1": []}, "PI-1"
    assert (cluster.get("pod", "web").phase, cluster.get("pod", "web").message) == ("Pending", "node node-1 has no podCIDR")


def test_a_released_block_waits_until_the_search_has_gone_round() -> None:
    cluster = cluster_of(2, "10.244.0.0/22")
    cluster.delete("node/node-1")
    for name in ("node-3", "node-4", "node-5"):
        cluster.apply(node(name))
    assert blocks(cluster) == {"node-2": ["10.244.1.0/24"], "node-3": ["10.244.2.0/24"], "node-4": ["10.244.3.0/24"],
                               "node-5": ["10.244.0.0/24"]}, "PI-3"


def test_a_block_that_a_node_brings_is_given_to_nobody_else() -> None:
    cluster = cluster_of(1, "10.244.0.0/22")
    cluster.load(node("own", "10.244.1.0/24", "172.18.0.9"))
    cluster.apply(node("next"))
    assert blocks(cluster) == {"next": ["10.244.2.0/24"], "node-1": ["10.244.0.0/24"], "own": ["10.244.1.0/24"]}, "PI-5"


def test_a_block_outside_every_range_is_a_fact_like_any_other() -> None:
    cluster = cluster_of(1, "10.244.0.0/22")
    cluster.load(node("own", "192.168.7.0/24", "172.18.0.9"))
    cluster.apply(pod("web", node="own"))
    assert cluster.get("pod", "web").manifest["status"]["podIP"] == "192.168.7.2"
    cluster.delete("node/own")


# ranges, which of them runs out
EXHAUSTED = [(("10.244.0.0/23",), "IPv4"), (("10.244.0.0/16", "fd00:244::/63"), "IPv6"), (("fd00:244::/63", "10.244.0.0/16"), "IPv6")]


@pytest.mark.parametrize(("ranges", "family"), EXHAUSTED)
def test_a_node_that_gets_no_block_is_told_and_stays_without(ranges: tuple[str, ...], family: str) -> None:
    cluster = cluster_of(3, *ranges)
    assert blocks(cluster)["node-3"] == [], f"PI-4: {family} ran out, and half a pair is none"
    told = [each.message for each in cluster.events_of(cluster.get("node", "node-3"))]
    assert told == ["Node node-3 status is now: CIDRNotAvailable: CIDR allocation failed; there are no remaining CIDRs left to "
                    "allocate in the accepted range"], "PI-4"


@pytest.mark.parametrize("ranges", [each[0] for each in EXHAUSTED])
def test_a_block_that_is_given_back_goes_to_a_node_that_waits(ranges: tuple[str, ...]) -> None:
    cluster = cluster_of(3, *ranges)
    freed = blocks(cluster)["node-1"]
    cluster.delete("node/node-1")
    assert len(blocks(cluster)["node-3"]) == len(ranges)
    assert set(blocks(cluster)["node-3"]) & set(freed), "the range that had run out"
    cluster.apply(pod("web", node="node-3"))
    assert cluster.get("pod", "web").phase == "Running"


def test_a_node_that_waits_and_goes_asks_for_nothing_more() -> None:
    cluster = cluster_of(3, "10.244.0.0/23")
    cluster.delete("node/node-3")
    cluster.delete("node/node-1")
    cluster.apply(node("node-4"))
    assert blocks(cluster) == {"node-2": ["10.244.1.0/24"], "node-4": ["10.244.0.0/24"]}


def test_a_fork_waits_by_itself() -> None:
    cluster = cluster_of(3, "10.244.0.0/23")
    twin = cluster.fork()
    cluster.delete("node/node-1")
    assert blocks(twin)["node-3"] == [] != blocks(cluster)["node-3"]
    twin.delete("node/node-2")
    assert blocks(twin)["node-3"] == ["10.244.1.0/24"]


def test_with_a_node_its_pods_go() -> None:
    cluster = cluster_of(2, "10.244.0.0/16")
    cluster.apply([pod("one", node="node-1"), pod("two", node="node-2")])
    cluster.delete("node/node-1")
    assert [each.name for each in cluster.list("pod")] == ["two"]
    cluster.apply([node("node-1"), pod("three", node="node-1")])
    assert cluster.get("pod", "three").manifest["status"]["podIP"] == "10.244.2.2"


def test_a_block_too_small_for_pods_gives_none() -> None:
    cluster = cluster_of(0, "10.244.0.0/16")
    cluster.load(node("tiny", "10.244.9.0/31", "172.18.0.9"))
    cluster.apply(pod("web", node="tiny"))
    assert cluster.get("pod", "web").phase == "Pending", "PI-7"
