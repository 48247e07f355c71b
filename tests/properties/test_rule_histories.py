"""The rules of every node after any history are those of a cluster rebuilt from what is there, in both modes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import simnet
from simnet.explain.rules import rules_text
from simnet.testing import deployment, pod, service

NODES = ("node-1", "node-2", "node-3")
PODS = st.integers(0, 4).map("p{}".format)
APPS = st.sampled_from(["a", "b"])
SERVICES = st.integers(0, 2).map("s{}".format)
POLICIES = st.sampled_from(["Cluster", "Local"])
SPECS = st.fixed_dictionaries(
    {"type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]), "internalTrafficPolicy": POLICIES},
    optional={"sessionAffinity": st.just("ClientIP"), "publishNotReadyAddresses": st.booleans(),
              "trafficDistribution": st.sampled_from(["PreferClose", "PreferSameNode"])})
CHANGES: dict[str, dict[str, Any]] = {"unready": {"ready": False}, "ready": {"ready": True}, "ending": {"deleted": 1.0},
                                      "failed": {"phase": "Failed"}}


class Histories(RuleBasedStateMachine):
    """Services of every type, pods, readiness, labels, scaling and zones; half of the time on a fork."""

    @initialize(mode=st.sampled_from(["iptables", "nftables"]))
    def start(self, mode: str) -> None:
        self.settings: dict[str, Any] = {"addons": (), "proxy": mode}
        self.cluster = simnet.Cluster(nodes=3, **self.settings)
        self.cluster.apply([service("s0", selector={"app": "a"}, type="NodePort"), pod("p0", labels={"app": "a"})])

    @rule(name=SERVICES, app=APPS, spec=SPECS, policy=POLICIES, ranges=st.lists(st.just("10.0.0.0/8"), max_size=1))
    def apply_service(self, name: str, app: str, spec: dict[str, Any], policy: str, ranges: list[str]) -> None:
        if spec["type"] != "ClusterIP":
            spec = {**spec, "externalTrafficPolicy": policy}
        if spec["type"] == "LoadBalancer":
            spec = {**spec, "loadBalancerSourceRanges": ranges}
        self.forget("service", name)
        self.cluster.apply(service(name, selector={"app": app}, **spec))

    @rule(name=SERVICES)
    def delete_service(self, name: str) -> None:
        self.forget("service", name)

    @rule(name=PODS, app=APPS, node=st.sampled_from(NODES))
    def apply_pod(self, name: str, app: str, node: str) -> None:
        self.forget("pod", name)
        self.cluster.apply(pod(name, labels={"app": app}, node=node))

    @rule(name=PODS, change=st.sampled_from(sorted(CHANGES)))
    def change_pod(self, name: str, change: str) -> None:
        if self.knows("pod", name):
            self.cluster.put(replace(self.cluster.get("pod", name), **CHANGES[change]))

    @rule(name=PODS, app=APPS)
    def relabel_pod(self, name: str, app: str) -> None:
        if self.knows("pod", name):
            self.cluster.put(replace(self.cluster.get("pod", name), labels={"app": app}))

    @rule(replicas=st.integers(0, 4), app=APPS)
    def scale(self, replicas: int, app: str) -> None:
        self.cluster.apply(deployment(f"d-{app}", replicas=replicas, labels={"app": app}))

    @rule(node=st.sampled_from(NODES), zone=st.sampled_from(["z1", "z2"]))
    def move_node(self, node: str, zone: str) -> None:
        found = self.cluster.get("node", node)
        self.cluster.put(replace(found, labels={**found.labels, "topology.kubernetes.io/zone": zone}))

    @rule()
    def go_on_with_a_fork(self) -> None:
        self.cluster = self.cluster.fork()

    @rule()
    def look_at_the_rules(self) -> None:
        """What has been looked at may be remembered; that must not show later."""
        for node in NODES:
            self.cluster.rules(node)

    def teardown(self) -> None:
        rebuilt = simnet.Cluster(nodes=0, **self.settings)
        rebuilt.load(self.cluster.dump())
        for node in NODES:
            assert rules_text(self.cluster.rules(node)) == rules_text(rebuilt.rules(node))

    def forget(self, kind: str, name: str) -> None:
        if self.knows(kind, name):
            self.cluster.delete(kind, name)

    def knows(self, kind: str, name: str) -> bool:
        return any(each.name == name for each in self.cluster.list(kind))


TestHistories = Histories.TestCase
TestHistories.settings = settings(stateful_step_count=20)
