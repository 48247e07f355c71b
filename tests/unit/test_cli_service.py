"""`simnet service`: the table of a Service, against the summary tables of its semantics (rules MQ-2, NE-1, NE-2, FW-1)."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

import simnet
from simnet.cli.main import main
from simnet.cli.service import Row, as_data, as_table, service_rows, why_empty
from simnet.dataplane.rules import AddressKind
from tests.unit.flow_net import LB_IP, NODE_A, NODE_PORT, VIP, WEB, WEB_A, WEB_B, load_balancer, net, pod, service

CLUSTER_IP, LOAD_BALANCER, EXTERNAL, NODE = (AddressKind.CLUSTER_IP, AddressKind.LOAD_BALANCER_IP,
                                             AddressKind.EXTERNAL_IP, AddressKind.NODE_PORT)
BOTH, HALF = {WEB_A, WEB_B}, Fraction(1, 2)


def rows(cluster: simnet.Cluster, name: str = "web") -> list[Row]:
    return service_rows(cluster, name, "default")


def found(table: list[Row], kind: AddressKind, client: str, node: str, address: str = "") -> Row:
    matching = [row for row in table if row.kind is kind and row.client == client and node in row.nodes
                and row.address.startswith(address)]
    assert len(matching) == 1, [row.address for row in matching]
    return matching[0]


# policy, address, client, endpoints seen from node a, whose address they see: rule MQ-2 cell by cell
SUMMARY = [
    ("Cluster", CLUSTER_IP, "a pod", BOTH, "client"),
    ("Cluster", CLUSTER_IP, "outside", BOTH, "node"),
    *(("Cluster", kind, client, BOTH, "node") for kind in (LOAD_BALANCER, EXTERNAL) for client in ("a pod", "outside")),
    ("Cluster", NODE, "a pod", BOTH, "node"),
    ("Cluster", NODE, "a process of another node", BOTH, "node"),
    ("Cluster", NODE, "outside", BOTH, "node"),
    ("Local", CLUSTER_IP, "a pod", BOTH, "client"),
    ("Local", CLUSTER_IP, "outside", BOTH, "node"),
    *(("Local", kind, "a pod", BOTH, "client") for kind in (LOAD_BALANCER, EXTERNAL, NODE)),
    *(("Local", kind, "outside", {WEB_A}, "client") for kind in (LOAD_BALANCER, EXTERNAL, NODE)),
    *((policy, kind, "a process of the node", BOTH, "client") for policy in ("Cluster", "Local")  # its own is the node's
      for kind in (CLUSTER_IP, LOAD_BALANCER, EXTERNAL)),
    ("Local", NODE, "a process of another node", {WEB_A}, "client"),
]


@pytest.mark.parametrize(("policy", "kind", "client", "endpoints", "seen"), SUMMARY,
                         ids=[f"{row[0]} {row[1]} {row[2]}" for row in SUMMARY])
def test_who_is_seen_where(policy: str, kind: AddressKind, client: str, endpoints: set[str], seen: str) -> None:
    address = f"{NODE_A}:" if kind is NODE else ""
    row = found(rows(net(load_balancer(policy))), kind, client, "a", address)
    assert (set(row.endpoints), row.results, row.seen) == (endpoints, {"open": 1}, (seen,))
    assert sum(row.endpoints.values()) == 1


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_a_pod_that_may_pick_itself_is_seen_as_both(policy: str) -> None:
    """MQ-1, with policy Cluster EXT-1 on top of it."""
    table = rows(net(load_balancer(policy)))
    assert set(found(table, CLUSTER_IP, "a pod that is an endpoint", "a").seen) == {"client", "node"}
    assert set(found(table, LOAD_BALANCER, "a pod that is an endpoint", "a").seen) == (
        {"node"} if policy == "Cluster" else {"client", "node"})


def test_a_reply_that_goes_past_the_node_is_no_answer() -> None:
    """MQ-4: without a cluster CIDR an outside client of the cluster IP is not masqueraded; only the endpoint of the node the
    packet came by can answer."""
    table = rows(net(load_balancer(), proxy={"cluster_cidrs": []}))
    assert found(table, CLUSTER_IP, "outside", "a").results == {"open": HALF, "no answer": HALF}
    assert found(table, CLUSTER_IP, "a pod", "a").results == {"open": 1}


def test_localhost_serves_the_node_port_and_is_masqueraded() -> None:
    row = found(rows(net(load_balancer("Local"))), NODE, "a process of the node", "a", "127.0.0.1")
    assert (row.seen, row.sources, set(row.endpoints), row.rule) == (("node",), (NODE_A,), BOTH, "EXT-3")


def test_nobody_anywhere_is_refused_and_nobody_here_is_silence() -> None:
    nothing = rows(net(load_balancer("Local"), pods=WEB[2:]))
    assert {(tuple(row.results), row.rule) for row in nothing if row.client != "a process of the node"} == {
        (("refused",), "NE-1")}
    elsewhere = rows(net(load_balancer("Local"), pods=WEB[1:]))
    assert found(elsewhere, LOAD_BALANCER, "outside", "a").results == {"timeout": 1}
    assert found(elsewhere, LOAD_BALANCER, "outside", "a").rule == "NE-2"
    assert found(elsewhere, LOAD_BALANCER, "outside", "b").results == {"open": 1}


def test_source_ranges_bring_a_client_from_each() -> None:
    table = rows(net(load_balancer(loadBalancerSourceRanges=["198.51.100.0/24", "172.18.0.2/32"])))
    got = {(row.client, node): (*row.results, row.rule) for row in table if row.kind is LOAD_BALANCER for node in row.nodes}
    assert got[("outside", "a")] == ("timeout", "FW-1")
    assert got[("outside, in 198.51.100.0/24", "a")] == ("open", "EXT-1")
    assert got[("a process of the node", "a")] == ("open", "EXT-1"), "its address is in the range"
    assert got[("a process of the node", "b")] == ("timeout", "FW-1"), "the other node's is not"
    assert got[("a pod", "a")] == ("timeout", "FW-1"), "FW-3"


def test_nodes_that_see_the_same_share_rows_and_the_cluster_is_left_alone() -> None:
    cluster = simnet.Cluster(nodes=40, addons=())
    cluster.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
                    "spec": {"nodeName": "node-7", "containers": [{"name": "c", "image": "nginx"}]}},
                   {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                    "spec": {"type": "NodePort", "externalTrafficPolicy": "Local", "selector": {"app": "web"},
                             "ports": [{"port": 80}]}}])
    before = cluster.dump()
    with cluster.counting() as work:
        table = rows(cluster)
    assert cluster.dump() == before
    outside = {tuple(row.nodes): [*row.results] for row in table if row.kind is NODE and row.client == "outside"}
    assert (outside[("node-7",)] == ["open"] and [len(nodes) for nodes in outside] == [39, 1]) or [1, 39]
    assert work.stages_run < 400, "two groups of nodes are asked, not forty nodes"


EMPTY = [
    ({"clusterIP": "None"}, "headless: its name leads to the pods themselves; no proxy looks at it"),
    ({"type": "ExternalName", "externalName": "db.example.com", "clusterIP": ""},
     "an alias for db.example.com in the DNS; no proxy looks at it"),
]


@pytest.mark.parametrize(("spec", "why"), EMPTY, ids=[row[1][:12] for row in EMPTY])
def test_a_service_without_addresses_says_why(spec: dict[str, Any], why: str) -> None:
    cluster = net(service(**spec))
    assert rows(cluster) == [] and why_empty(cluster.get("service", "web")) == why
    assert as_data(cluster.get("service", "web"), [])["without_addresses"] == why


def test_the_text_lists_every_row_and_the_data_hold_the_same() -> None:
    cluster = net(load_balancer("Local"))
    web, table = cluster.get("service", "web"), rows(cluster)
    text, data = as_table(web, table), as_data(web, table)
    assert text.split("\n")[0] == "Service default/web: LoadBalancer, internalTrafficPolicy Cluster, externalTrafficPolicy Local"
    assert len(text.strip().split("\n")) == len(table) + 3
    assert f"load-balancer IP {LB_IP}:80/TCP   outside" in text and f"cluster IP {VIP}:80/TCP" in text
    assert f"node port NODE:{NODE_PORT}/TCP" in text and f"node port {NODE_A}:{NODE_PORT}/TCP" in text
    assert data["schema"] == "simnet/service/v1" and len(data["rows"]) == len(table)
    assert json.loads(json.dumps(data)) == data


def test_both_families_have_their_own_rows() -> None:
    both = {"nodes": {"a": [NODE_A, "fd00:18::2"]}, "service_cidr": ["10.96.0.0/12", "fd00:10::/112"],
            "pod_cidr": ["10.244.0.0/16", "fd00:244::/48"]}
    dual = service(clusterIPs=[VIP, "fd00:10::50"], ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="PreferDualStack")
    table = rows(net(dual, pods=(pod("web-a", "a", "10.244.0.2"),), **both))
    assert found(table, CLUSTER_IP, "a pod", "a", VIP).results == {"open": 1}
    assert found(table, CLUSTER_IP, "a pod", "a", "[fd00:10::50]").results == {"refused": 1}, "DS-5"


def test_the_command(tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["service", "default/kubernetes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["service"] == "default/kubernetes"
    assert main(["service", "kubernetse"]) == 2
    assert capsys.readouterr().err == "service 'kubernetse' not found in namespace default; did you mean kubernetes?\n"
    assert main(["service", "kube-dns", "-n", "kube-system"]) == 0
    assert "cluster IP 10.96.0.10:53/UDP" in capsys.readouterr().out
