"""A cluster of the size that Kubernetes supports builds and answers, and its events cost what those of a small one cost.

5,000 nodes, 10,000 Services, 150,000 pods with `--long`; a fiftieth of that otherwise. Source of the size:
kubernetes/community sig-scalability/configs-and-limits/thresholds.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import simnet
from simnet.store.work import Work
from simnet.testing import deployment, pod, service

Event = Callable[[simnet.Cluster], object]


class Size(NamedTuple):
    nodes: int
    services: int
    replicas: int = 15


def built(size: Size) -> simnet.Cluster:
    """Services spread over namespaces, each with a Deployment of 15 pods; the last ones carry affinity and Local policies."""
    nodes = {f"node-{n}": f"172.{16 + n // 50_000}.{n // 250 % 250}.{n % 250 + 2}" for n in range(size.nodes)}
    cluster = simnet.Cluster(nodes=nodes, addons=(), pod_cidr="10.0.0.0/8", service_cidr="192.168.0.0/16")
    spaces = max(size.services // 20, 1)
    objects: list[Any] = []
    for n in range(size.services):
        labels, where = {"app": f"a{n}"}, {"namespace": f"ns-{n % spaces}"}
        objects.append(service(f"s{n}", selector=labels, **where))
        objects.append(deployment(f"d{n}", replicas=size.replicas, labels=labels, **where))
    cluster.apply(objects)
    cluster.outcomes(f"tcp://{_vip(cluster)}:80", "node/node-1")  # tables are compiled on first use
    return cluster


EVENTS: dict[str, Event] = {
    "adding a pod": lambda cluster: cluster.apply(pod("new", labels={"app": "a0"}, namespace="ns-0")),
    "a pod that matches nothing": lambda cluster: cluster.apply(pod("alone", labels={"app": "none"}, namespace="ns-0")),
    "deleting a pod": lambda cluster: cluster.delete("pod", _first_pod(cluster), namespace="ns-0"),
    "a pod turns unready": lambda cluster: cluster.load(_unready(cluster)),
    "scaling a Deployment": lambda cluster: cluster.apply(deployment("d0", replicas=16, labels={"app": "a0"}, namespace="ns-0")),
    "a Service more": lambda cluster: cluster.apply(service("more", selector={"app": "a0"}, namespace="ns-0")),
    "a Service less": lambda cluster: cluster.delete("service", "s0", namespace="ns-0"),
    "a connection": lambda cluster: cluster.connect(f"tcp://{_vip(cluster)}:80", f"pod/ns-0/{_first_pod(cluster)}"),
    "every outcome of one": lambda cluster: cluster.outcomes(f"tcp://{_vip(cluster)}:80", "node/node-1"),
}


def _first_pod(cluster: simnet.Cluster) -> str:
    return str(min(each.name for each in cluster.list("pod", namespace="ns-0") if each.name.startswith("d0-")))


def _unready(cluster: simnet.Cluster) -> dict[str, Any]:
    manifest: dict[str, Any] = cluster.get("pod", _first_pod(cluster), namespace="ns-0").manifest
    return {**manifest, "status": {**manifest["status"], "conditions": [{"type": "Ready", "status": "False"}]}}


def _vip(cluster: simnet.Cluster) -> str:
    return str(cluster.get("service", "s0", namespace="ns-0").manifest["spec"]["clusterIP"])


@pytest.fixture(scope="module")
def clusters(scale: int) -> tuple[simnet.Cluster, simnet.Cluster]:
    return built(Size(10, 20)), built(Size(100 * scale, 200 * scale))


def cost(cluster: simnet.Cluster, event: Event) -> Work:
    with cluster.counting() as work:
        event(cluster)
    return work


def test_the_large_cluster_is_complete_and_answers(clusters: tuple[simnet.Cluster, simnet.Cluster], scale: int) -> None:
    large = clusters[1]
    assert large.store.count("Pod") == 3_000 * scale and large.store.count("Service") == 200 * scale
    assert sum(len(each.endpoints) for each in large.list("endpointslice")) == 3_000 * scale
    outcomes = large.outcomes(f"tcp://{_vip(large)}:80", "node/node-1")
    assert len(outcomes.endpoints) == 15 and set(outcomes.results) == {"open"}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_costs_the_same_in_a_large_cluster(name: str, clusters: tuple[simnet.Cluster, simnet.Cluster]) -> None:
    small, large = (cost(each.fork(), EVENTS[name]) for each in clusters)
    assert small == large
