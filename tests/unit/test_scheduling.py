"""Where pods go, and why some wait."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet.control.scheduling import Scheduler, Unschedulable, Wish, refusal
from simnet.names import ObjectKey
from simnet.objects.node import Node, Taint
from simnet.objects.pod import Container, ContainerPort, PodSpec
from simnet.testing import deployment, pod

NODES = {"node-a": "192.168.0.11", "node-b": "192.168.0.12", "node-c": "192.168.0.13"}


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": NODES, "addons": (), **settings})


def places(each: simnet.Cluster) -> dict[str, str]:
    return {found.name: found.node_name for found in each.list("pod")}


def node(name: str, **spec: Any) -> dict[str, Any]:
    labels = spec.pop("labels", {})
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": spec,
            "status": {"addresses": [{"type": "InternalIP", "address": NODES[name]}]}}


def test_pods_go_to_the_node_with_the_fewest_ties_by_name() -> None:
    each = cluster()
    for name in ("p1", "p2", "p3", "p4"):
        each.apply(pod(name))
    assert places(each) == {"p1": "node-a", "p2": "node-b", "p3": "node-c", "p4": "node-a"}
    each.delete("pod/p2")
    each.apply(pod("p5"))
    assert places(each)["p5"] == "node-b"


def test_a_pod_that_names_its_node_counts_there() -> None:
    each = cluster()
    each.apply([pod("p1", node="node-a"), pod("p2", node="node-a")])
    each.apply([pod("p3"), pod("p4"), pod("p5")])
    assert Counter(places(each).values()) == {"node-a": 2, "node-b": 2, "node-c": 1}


def test_pods_that_ended_take_no_place() -> None:
    each = cluster(nodes={"node-a": "192.168.0.11", "node-b": "192.168.0.12"})
    each.apply(pod("job", image="busybox", port=None, restartPolicy="Never", node="node-a"))
    each.apply(pod("p1"))
    assert places(each)["p1"] == "node-a"


def test_many_replicas_spread_evenly() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=9))
    assert set(Counter(places(each).values()).values()) == {3}


WAITING: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("a node selector nobody has", {"labels": {"disk": "hdd"}}, {"nodeSelector": {"disk": "ssd"}},
     "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
    ("a taint the pod does not tolerate", {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}, {},
     "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}."),
    ("a cordoned node", {"unschedulable": True}, {}, "0/1 nodes are available: 1 node(s) were unschedulable."),
]


@pytest.mark.parametrize("row", WAITING, ids=[row[0] for row in WAITING])
def test_a_pod_that_no_node_takes_says_why(row: tuple[str, dict[str, Any], dict[str, Any], str]) -> None:
    """Sentences: pkg/scheduler/framework/plugins/{nodeaffinity,tainttoleration,nodeunschedulable}."""
    _, node_spec, pod_spec, sentence = row
    each = cluster(nodes=0)
    each.apply(node("node-a", **node_spec))
    each.apply(pod("p1", **pod_spec))
    waiting = each.get("pod", "p1")
    assert (waiting.phase, waiting.node_name, waiting.message) == ("Pending", "", sentence)
    told = [event for event in each.list("event") if event.reason == "FailedScheduling"]
    assert [(event.involved.name, event.message) for event in told] == [("p1", sentence)]


def test_without_nodes_a_pod_waits_for_one() -> None:
    each = cluster(nodes=0)
    each.apply(pod("p1"))
    assert each.get("pod", "p1").message == "no nodes available to schedule pods"
    each.apply(node("node-a"))
    assert each.get("pod", "p1").phase == "Running" and places(each) == {"p1": "node-a"}


def test_a_pod_waits_for_the_node_it_names() -> None:
    each = cluster(nodes=0)
    each.apply(pod("p1", node="node-a"))
    assert each.get("pod", "p1").phase == "Pending"
    each.apply(node("node-a"))
    assert each.get("pod", "p1").ready


def test_a_toleration_lets_it_in() -> None:
    each = cluster(nodes=0)
    each.apply(node("node-a", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]))
    each.apply(pod("p1", tolerations=[{"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}]))
    assert each.get("pod", "p1").ready


def host_port_pod(name: str, port: int, **more: Any) -> dict[str, Any]:
    made = pod(name, **more)
    made["spec"]["containers"][0]["ports"] = [{"containerPort": port, "hostPort": port}]
    return made


def test_the_second_pod_with_a_host_port_waits_until_the_first_is_gone() -> None:
    """Source: users.md item 33; pkg/scheduler/framework/plugins/nodeports."""
    each = cluster(nodes={"node-a": "192.168.0.11"})
    each.apply([host_port_pod("p1", 80), host_port_pod("p2", 80), host_port_pod("p3", 81)])
    assert [found.phase for found in each.list("pod")] == ["Running", "Pending", "Running"]
    assert each.get("pod", "p2").message == (
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")
    each.delete("pod/p1")
    assert each.get("pod", "p2").phase == "Running"


def test_a_host_port_conflict_moves_the_pod_to_another_node() -> None:
    each = cluster()
    each.apply([host_port_pod("p1", 80), host_port_pod("p2", 80), host_port_pod("p3", 80), host_port_pod("p4", 80)])
    assert places(each) == {"p1": "node-a", "p2": "node-b", "p3": "node-c", "p4": ""}


def test_on_a_named_node_whoever_came_first_keeps_the_port() -> None:
    each = cluster()
    each.apply([host_port_pod("p1", 80, node="node-a"), host_port_pod("p2", 80, node="node-a")])
    assert [found.phase for found in each.list("pod")] == ["Running", "Pending"]
    each.delete("pod/p1")
    assert each.get("pod", "p2").ready


def test_the_pods_of_a_deleted_node_are_made_anew_elsewhere() -> None:
    """Source: pkg/controller/podgc (orphaned pods); its quarantine is not modelled."""
    each = cluster()
    each.apply([deployment("web", replicas=3), pod("single", node="node-a")])
    each.delete("node/node-a")
    assert "node-a" not in places(each).values() and "single" not in places(each)
    assert each.get("deployment", "web").ready_replicas == 3


TOLERATIONS = [  # toleration (key, operator, value, effect), tolerates gpu=yes:NoSchedule
    (("gpu", "Equal", "yes", "NoSchedule"), True),
    (("gpu", "", "yes", ""), True),
    (("gpu", "Equal", "no", "NoSchedule"), False),
    (("gpu", "Exists", "", ""), True),
    (("", "Exists", "", ""), True),
    (("gpu", "Exists", "", "NoExecute"), False),
    (("cpu", "Exists", "", ""), False),
]


@pytest.mark.parametrize(("toleration", "tolerates"), TOLERATIONS)
def test_tolerations(toleration: tuple[str, str, str, str], tolerates: bool) -> None:
    """Source: kubernetes/api core/v1/toleration.go ToleratesTaint."""
    tainted = Node(key=ObjectKey("", "n"), taints=(Taint("gpu", "NoSchedule", "yes"),))
    assert (refusal(tainted, (), (toleration,)) == "") is tolerates


def test_preferences_and_unready_nodes() -> None:
    soft = Node(key=ObjectKey("", "n"), taints=(Taint("slow", "PreferNoSchedule"),))
    unready = Node(key=ObjectKey("", "n"), ready=False)
    assert refusal(soft, (), ()) == ""
    assert refusal(unready, (), ()) == "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"


def test_reasons_are_counted_and_sorted() -> None:
    answer = Unschedulable(3, (("node(s) were unschedulable", 1), ("node(s) had untolerated taint {a: }", 2)))
    assert str(answer) == ("0/3 nodes are available: 1 node(s) were unschedulable, "
                           "2 node(s) had untolerated taint {a: }.")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_the_quick_choice_is_the_thorough_one(acts: list[tuple[bool, int]]) -> None:
    """Random arrivals and departures: both ways of choosing keep the same books, and pick the emptiest node."""
    quick, thorough = Scheduler(), Scheduler()
    for each in (quick, thorough):
        for number in range(4):
            each.set_node(f"n{number}", Node(key=ObjectKey("", f"n{number}")))
    counts = {f"n{number}": 0 for number in range(4)}
    placed: list[tuple[ObjectKey, str]] = []
    for serial, (arrives, which) in enumerate(acts):
        if arrives or not placed:
            key = ObjectKey("default", f"p{serial}")
            expected = min(counts, key=lambda name: (counts[name], name))
            assert quick.choose_any(key) == thorough.choose(key, Wish()) == expected
            counts[expected] += 1
            placed.append((key, expected))
        else:
            key, name = placed.pop(which % len(placed))
            quick.forget(key)
            thorough.forget(key)
            counts[name] -= 1


def test_host_network_pods_occupy_all_their_declared_ports() -> None:
    spec = PodSpec(containers=(Container("c", ports=(ContainerPort(80), ContainerPort(53, protocol="UDP"))),),
                   host_network=True)
    assert [(each.port, each.protocol) for each in Wish.of(spec).ports] == [(80, "TCP"), (53, "UDP")]


# required node affinity -------------------------------------------------------------------------------------------

def affine(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [*terms]}}}}


def wants(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": [*values]} if values else {})}]}


BOTH = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}, {"key": "cores", "operator": "Gt", "values": ["8"]}]}
# row, terms, the node it goes to ('' none); node-a has disk=hdd, node-b disk=ssd cores=16, node-c no labels
AFFINITIES = [
    ("In", [wants("disk", "In", "ssd", "nvme")], "node-b"),
    ("NotIn is met by a node without the label", [wants("disk", "NotIn", "hdd", "ssd")], "node-c"),
    ("Exists", [wants("cores", "Exists")], "node-b"), ("DoesNotExist", [wants("disk", "DoesNotExist")], "node-c"),
    ("Gt compares numbers", [wants("cores", "Gt", "9")], "node-b"), ("Lt", [wants("cores", "Lt", "16")], ""),
    ("all requirements of a term", [BOTH], "node-b"), ("one of the terms", [wants("disk", "In", "tape"), BOTH], "node-b"),
    ("an empty term matches nothing", [{}], ""),
    ("a field", [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-c"]}]}], "node-c"),
]


@pytest.mark.parametrize(("row", "terms", "wanted"), AFFINITIES, ids=[row[0] for row in AFFINITIES])
def test_required_node_affinity(row: str, terms: list[dict[str, Any]], wanted: str) -> None:
    """Source: kubernetes/component-helpers scheduling/corev1/nodeaffinity/nodeaffinity_test.go."""
    each = cluster(nodes=0)
    each.apply([node("node-a", labels={"disk": "hdd"}), node("node-b", labels={"disk": "ssd", "cores": "16"}), node("node-c")])
    each.apply(pod("p1", **affine(*terms)))
    assert places(each) == {"p1": wanted}
    if not wanted:
        assert each.get("pod", "p1").message == "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."


def test_a_daemonset_keeps_to_its_affinity() -> None:
    each = cluster(nodes=0)
    each.apply([node("node-a", labels={"disk": "hdd"}), node("node-b", labels={"disk": "ssd"})])
    daemons = {**deployment("agent"), "kind": "DaemonSet"}
    del daemons["spec"]["replicas"]
    daemons["spec"]["template"]["spec"].update(affine(wants("disk", "In", "ssd")))
    each.apply(daemons)
    assert list(places(each).values()) == ["node-b"]


def test_a_label_that_comes_later_lets_the_pod_in() -> None:
    each = cluster(nodes=0)
    each.apply([node("node-a"), pod("p1", **affine(wants("disk", "In", "ssd")))])
    assert places(each) == {"p1": ""}
    each.apply(node("node-a", labels={"disk": "ssd"}))
    assert places(each) == {"p1": "node-a"}
