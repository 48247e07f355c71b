"""The tracker of EndpointSlices, driven through random histories, agrees with a recomputation from scratch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import simnet
from simnet import ip
from simnet.control.endpoints import recompute
from simnet.dataplane.ruletable import node_rules
from simnet.explain.rules import rules_text
from simnet.objects.endpointslice import MANAGED_BY_LABEL, Endpoint, EndpointPort
from simnet.objects.pod import Pod
from simnet.testing import deployment, pod, service

LABELS = st.fixed_dictionaries({}, optional={"app": st.sampled_from("ab"), "tier": st.sampled_from("xy")})
SELECTORS = st.fixed_dictionaries({"app": st.sampled_from("ab")}, optional={"tier": st.sampled_from("xy")})
NAMES = st.integers(0, 5).map("p{}".format)
SERVICES = st.sampled_from(["s0", "s1", "s2"])
NODES = st.sampled_from(["node-1", "node-2", "node-3"])
Entry = tuple[str, frozenset[EndpointPort], Endpoint]


class Histories(RuleBasedStateMachine):
    """Pods, Services, nodes and a Deployment come, change and go; half of the time on a fork."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = simnet.Cluster(nodes=2, addons=())

    @initialize(selector=SELECTORS)
    def start(self, selector: dict[str, str]) -> None:
        self.cluster.apply(service("s0", selector=selector))

    @rule(name=NAMES, labels=LABELS, port=st.sampled_from([80, 8080, None]), node=st.one_of(st.none(), NODES))
    def apply_pod(self, name: str, labels: dict[str, str], port: int | None, node: str | None) -> None:
        if self.known("pod", name):
            self.cluster.delete("pod", name)
        made = pod(name, labels=labels, port=None, node=node)
        if port is not None:
            made["spec"]["containers"][0]["ports"] = [{"containerPort": port, "name": "http"}]
        self.cluster.apply(made)

    @rule(name=NAMES, labels=LABELS)
    def relabel(self, name: str, labels: dict[str, str]) -> None:
        if self.known("pod", name):
            self.cluster.put(replace(self.cluster.get("pod", name), labels=labels))

    @rule(name=NAMES, change=st.sampled_from(["unready", "ready", "terminating", "failed", "no address"]))
    def change_pod(self, name: str, change: str) -> None:
        if self.known("pod", name):
            found: Pod = self.cluster.get("pod", name)
            changes: dict[str, dict[str, Any]] = {
                "unready": {"ready": False}, "ready": {"ready": True}, "terminating": {"deleted": 1.0},
                "failed": {"phase": "Failed"}, "no address": {"pod_ips": (), "reason": "stated"}}
            self.cluster.put(replace(found, **changes[change]))

    @rule(name=NAMES)
    def delete_pod(self, name: str) -> None:
        if self.known("pod", name):
            self.cluster.delete("pod", name)

    @rule(name=SERVICES, selector=SELECTORS, port=st.sampled_from([80, "http"]), publish=st.booleans(),
          hints=st.sampled_from(["", "PreferSameNode", "PreferSameZone", "Auto"]), policy=st.sampled_from(["Cluster", "Local"]))
    def apply_service(self, name: str, selector: dict[str, str], port: int | str, publish: bool, hints: str, policy: str) -> None:
        made = service(name, selector=selector, target_port=port, publishNotReadyAddresses=publish, internalTrafficPolicy=policy)
        if hints == "Auto":
            made["metadata"]["annotations"] = {"service.kubernetes.io/topology-mode": "Auto"}
        elif hints:
            made["spec"]["trafficDistribution"] = hints
        self.cluster.apply(made)

    @rule(name=SERVICES)
    def delete_service(self, name: str) -> None:
        if self.known("service", name):
            self.cluster.delete("service", name)

    @rule(replicas=st.sampled_from([0, 1, 7, 103, 205]), labels=SELECTORS)
    def scale(self, replicas: int, labels: dict[str, str]) -> None:
        name = "-".join(["web", *labels.values()])
        self.cluster.apply(deployment(name, replicas=replicas, labels=labels))

    @rule(name=NODES, zone=st.sampled_from(["", "z1", "z2"]), cpu=st.sampled_from(["1", "500m", "0"]))
    def apply_node(self, name: str, zone: str, cpu: str) -> None:
        labels = {"topology.kubernetes.io/zone": zone} if zone else {}
        self.cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
                            "status": {"addresses": [{"type": "InternalIP", "address": f"172.18.0.{name[-1]}"}],
                                       "allocatable": {"cpu": cpu}}})

    @rule(name=NODES)
    def delete_node(self, name: str) -> None:
        if self.known("node", name):
            self.cluster.delete("node", name)

    @rule()
    def go_on_with_a_fork(self) -> None:
        self.cluster = self.cluster.fork()

    @rule()
    def damage_a_slice(self) -> None:
        slices = self.cluster.list("endpointslice")
        if slices:
            self.cluster.put(replace(slices[0], endpoints=slices[0].endpoints[1:]))

    @invariant()
    def slices_are_what_a_recomputation_says(self) -> None:
        cluster = self.cluster
        nodes = {node.name: node for node in cluster.list("node")}
        expected = recompute(cluster.list("service"), cluster.list("pod"), nodes)
        found: dict[Any, list[Entry]] = {key: [] for key in expected}
        for each in cluster.list("endpointslice"):
            assert MANAGED_BY_LABEL in each.labels and len(each.endpoints) <= 100 and each.service in expected
            found[each.service] += [(each.address_type, frozenset(each.ports), endpoint) for endpoint in each.endpoints]
        for key, members in expected.items():
            assert Counter(found[key]) == Counter((f"IPv{family}", ports, endpoint) for family, ports, endpoint in members)

    @invariant()
    def every_service_has_a_slice(self) -> None:
        owners = {each.service for each in self.cluster.list("endpointslice")}
        assert owners == {each.key for each in self.cluster.list("service")}

    def teardown(self) -> None:
        """What the history led to is what a cluster gives that is told the outcome only: endpoints, rules, every possible
        way of every packet."""
        rebuilt = simnet.Cluster(nodes=0, addons=())
        rebuilt.load(self.cluster.dump())
        assert members(rebuilt) == members(self.cluster)
        for node in self.cluster.list("node"):
            assert ways(rebuilt, node.name) == ways(self.cluster, node.name)
            assert rules(rebuilt, node.name) == rules(self.cluster, node.name)

    def known(self, kind: str, name: str) -> bool:
        return any(each.name == name for each in self.cluster.list(kind))


def members(cluster: simnet.Cluster) -> Counter[tuple[Any, ...]]:
    """Every endpoint with the Service and ports of its slice."""
    return Counter((each.service, each.address_type, frozenset(each.ports), endpoint)
                   for each in cluster.list("endpointslice") for endpoint in each.endpoints)


def ways(cluster: simnet.Cluster, node: str) -> dict[str, Any]:
    """What becomes of a connection from this node to each Service: results and receivers with their probabilities."""
    found = {}
    for each in cluster.list("service"):
        outcomes = cluster.outcomes(f"tcp://{ip.text(each.cluster_ips[0])}:80", f"node/{node}")
        found[each.name] = (outcomes.results, outcomes.endpoints)
    return found


def rules(cluster: simnet.Cluster, node: str) -> str:
    """What kube-proxy would program there, to the byte."""
    return rules_text(node_rules(cluster.view, node, 4))


TestHistories = Histories.TestCase
TestHistories.settings = settings(stateful_step_count=20)
