"""topology-mode Auto: how many endpoints each zone gets, and when there are no hints. Rule ES-18.

Source: kubernetes/kubernetes staging/src/k8s.io/endpointslice/topologycache/{topologycache_test.go,utils_test.go}.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet.control.zonehints import NO_NODE_INFORMATION, NO_ZONE, OVERLOADED, TOO_FEW, cpu_shares, zone_hints
from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint
from simnet.objects.node import ZONE_LABEL, Node
from simnet.testing import pod, service


def node(name: str, zone: str, millicores: int, ready: bool = True, **labels: str) -> Node:
    given_labels = {**({ZONE_LABEL: zone} if zone else {}), **{key.replace("__", "/"): value for key, value in labels.items()}}
    return Node(key=ObjectKey("", name), labels=given_labels, millicores=millicores, ready=ready)


def endpoints(**zones: int) -> dict[ObjectKey, Endpoint]:
    """So many ready endpoints in each zone; zone `none` for none."""
    return {ObjectKey("default", f"{zone}-{index:03}"): Endpoint((1,), True, True, False, "n", "" if zone == "none" else zone)
            for zone, count in zones.items() for index in range(count)}


def shares(**cpu: int) -> dict[str, Fraction]:
    return dict(cpu_shares([node(f"n-{zone}", zone, 1000 * cores) for zone, cores in cpu.items()]))


# row, CPU of the zones, ready endpoints in the zones, hints by zone
SPLITS = [
    ("balanced: everybody at home", {"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 2}),
    ("one is lent", {"a": 1, "b": 1}, {"a": 3, "b": 1}, {"a": 2, "b": 2}),
    ("all in one zone", {"a": 1, "b": 1}, {"a": 4, "b": 0}, {"a": 2, "b": 2}),
    ("by CPU, not by zone", {"a": 3, "b": 1}, {"a": 4, "b": 4}, {"a": 6, "b": 2}),
    ("three zones", {"a": 4, "b": 4, "c": 4}, {"a": 7, "b": 1, "c": 1}, {"a": 3, "b": 3, "c": 3}),
    ("less than half an endpoint does not move", {"a": 81, "b": 80}, {"a": 41, "b": 41}, {"a": 41, "b": 41}),
    ("an endpoint in a zone without nodes stays for it", {"a": 1, "b": 1}, {"a": 3, "b": 3, "z": 2}, {"a": 3, "b": 3, "z": 2}),
]


@pytest.mark.parametrize(("row", "cpu", "zones", "wanted"), SPLITS, ids=[row[0] for row in SPLITS])
def test_hints_are_split_by_cpu(row: str, cpu: dict[str, int], zones: dict[str, int], wanted: dict[str, int]) -> None:
    hints = zone_hints(endpoints(**zones), shares(**cpu))
    assert isinstance(hints, dict) and Counter(hints.values()) == wanted


# row, CPU, endpoints, why not
REFUSALS = [
    ("no CPU known", {}, {"a": 2}, NO_NODE_INFORMATION),
    ("fewer endpoints than zones", {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1}, f"{TOO_FEW} (2 endpoints, 3 zones)"),
    ("minimums exceed the endpoints", {"a": 1, "b": 1}, {"a": 2, "b": 1}, f"{OVERLOADED} (3 endpoints, 2 zones)"),
    ("an endpoint without zone", {"a": 1, "b": 1}, {"a": 2, "b": 1, "none": 1}, NO_ZONE),
]


@pytest.mark.parametrize(("row", "cpu", "zones", "why"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_there_are_no_hints(row: str, cpu: dict[str, int], zones: dict[str, int], why: str) -> None:
    assert zone_hints(endpoints(**zones), shares(**cpu)) == why


def test_whose_cpu_counts() -> None:
    two = [node("a", "z1", 1000), node("b", "z2", 3000)]
    control = node("c", "", 0, **{"node-role.kubernetes.io__control-plane": ""})
    assert cpu_shares([*two, control, node("d", "z3", 1000, ready=False)]) == {"z1": Fraction(1, 4), "z2": Fraction(3, 4)}
    assert cpu_shares([*two, node("e", "", 1000)]) == {} == cpu_shares([*two, node("e", "z1", 0)])
    assert cpu_shares(two[:1]) == {}, "one zone is none"


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=2), st.dictionaries(
    st.sampled_from("abcd"), st.integers(0, 12), min_size=1))
def test_no_zone_gets_less_than_its_minimum(cpu: dict[str, int], zones: dict[str, int]) -> None:
    """topologycache.go: the overload of a zone is at most a fifth."""
    cores = shares(**cpu)
    hints = zone_hints(endpoints(**zones), cores)
    if isinstance(hints, str) or not set(zones) <= set(cpu):
        return
    count = Counter(hints.values())
    assert sum(count.values()) == sum(zones.values())
    assert all(count[zone] * Fraction(6, 5) >= share * sum(zones.values()) - 1 for zone, share in cores.items())


def test_events_tell_why_there_are_no_hints_and_when_they_come() -> None:
    auto = {"service.kubernetes.io/topology-mode": "Auto"}
    cluster = simnet.Cluster(nodes=0, addons=())
    for name, zone in (("a", "z1"), ("b", "z2")):
        cluster.load({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {ZONE_LABEL: zone}}, "status": {
            "addresses": [{"type": "InternalIP", "address": f"172.18.0.{ord(name)}"}], "allocatable": {"cpu": "500m"}}})
    web = {**service("web"), "metadata": {"name": "web", "annotations": auto}}
    cluster.apply([pod("w1", labels={"app": "web"}), web])
    cluster.apply(pod("w2", labels={"app": "web"}))
    told = [(each.reason, each.message) for each in cluster.events_of(cluster.get("service", "web"))]
    assert told[-2:] == [
        ("TopologyAwareHintsDisabled", f"{TOO_FEW} (1 endpoints, 2 zones), addressType: IPv4"),
        ("TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled, addressType: IPv4")]
