"""Ranges of addresses that get into each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from simnet import ip
from simnet.cluster import Cluster
from simnet.diagnosis.suspicion import Suspicion
from simnet.ip import IPNetwork


def overlaps(cluster: Cluster) -> Iterator[Suspicion]:
    """Pod ranges, Service ranges and node addresses of the cluster that overlap. O(ranges² + nodes)."""
    settings = cluster.settings
    ranges = [("pod range", each) for each in settings.pod_cidrs] + [("Service range", each) for each in settings.service_cidrs]
    for (one, first), (other, second) in combinations(ranges, 2):
        if first.family == second.family and first.overlaps(second):
            yield _two_ranges(cluster, f"{one} {first}", f"{other} {second}", first, second)
    for node in cluster.list("Node"):
        for number in node.addresses:
            holder = next(((name, each) for name, each in ranges if number in each), None)
            if holder is not None:
                yield _node_inside(node.name, ip.text(number), f"{holder[0]} {holder[1]}")


def _two_ranges(cluster: Cluster, one: str, other: str, first: IPNetwork, second: IPNetwork) -> Suspicion:
    both = [ip.text(number) for pod in cluster.list("Pod") for number in pod.pod_ips
            if number in first and number in second and not pod.spec.host_network]
    example = f" {both[0]} is a pod's address and could be a Service's." if both else ""
    return Suspicion(
        code="IPM-OVERLAP", objects=("cluster",), symptom="Some addresses cannot be reached, or reach somebody else.",
        about=f"{first} {second}", summary=f"{one} and {other} overlap",
        cause=f"{one[:1].upper()}{one[1:]} and {other} overlap, so one address can belong to a pod and to a Service: the "
              f"Service's rules win, and the pod is not reached.{example}",
        observed=f"{one} and {other}", expected="ranges that share no address",
        advice="Choose ranges apart from each other when the cluster is made; they cannot be changed later.")


def _node_inside(node: str, address: str, where: str) -> Suspicion:
    return Suspicion(
        code="IPM-OVERLAP", objects=(f"node/{node}",), symptom="Some addresses cannot be reached, or reach somebody else.",
        summary=f"node {node} has the address {address}, which lies in the {where}",
        cause=f"The address {address} of node {node} lies in the {where}: a pod or Service may be given the same one.",
        observed=address, expected=f"a node's address outside the {where}",
        advice="Choose ranges that no node's network uses; they cannot be changed later.")
