"""Pods that wait: for an address, for a host port, for a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from simnet.cluster import Cluster
from simnet.control.kubelet import FAILED_SANDBOX
from simnet.diagnosis.owners import owner_of, parts_of_template
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import counted, listed
from simnet.objects.pod import Pod

NO_PORT_FREE: Final = "didn't have free ports"
PENDING: Final = "The pod stays Pending or ContainerCreating, and nobody can reach it."


def waiting_pods(cluster: Cluster) -> Iterator[Suspicion]:
    """One suspicion for each node or owner whose pods wait. O(pods)."""
    seen: dict[tuple[str, ...], None] = {}
    for pod in cluster.list("Pod"):
        if is_waiting(pod) and not pod.is_terminal:
            found = waiting(cluster, pod)
            if (found.code, *found.objects[:1]) not in seen:
                seen[(found.code, *found.objects[:1])] = None
                yield found


def is_waiting(pod: Pod) -> bool:
    """Whether the pod has no node or no address, and somebody has said why."""
    return not pod.pod_ips and bool(pod.reason)


def waiting(cluster: Cluster, pod: Pod) -> Suspicion:
    """Why one pod waits."""
    if pod.reason == FAILED_SANDBOX:
        return _no_address(cluster, pod)
    if NO_PORT_FREE in pod.message:
        return _no_host_port(cluster, pod)
    return Suspicion(
        code="POD-PENDING", objects=(owner_of(cluster, pod).ref, pod.ref), symptom=PENDING,
        summary=f"pod {pod.key} found no node: {pod.message}",
        cause=f"The scheduler found no node for pod {pod.key}: {pod.message}", observed=pod.reason,
        expected="a node that takes the pod",
        candidates=tuple(_less_picky(cluster, pod)),
        advice="Give a node what the pod asks for (labels, a free port, no taint), or ask for less.")


def _no_address(cluster: Cluster, pod: Pod) -> Suspicion:
    node = cluster.view.node(pod.node_name)
    ranges = listed(node.pod_cidrs) if node is not None else ""
    others = [each for each in cluster.list("Pod") if each.node_name == pod.node_name]
    have = sum(bool(each.pod_ips) and not each.spec.host_network for each in others)
    wait = sum(each.reason == FAILED_SANDBOX for each in others)
    free = [name for name, kept in cluster.world.pod_ranges.items() if name != pod.node_name
            and all(each.free for each in kept)]
    return Suspicion(
        code="IPM-EXHAUSTED", objects=(f"node/{pod.node_name}", owner_of(cluster, pod).ref), symptom=PENDING,
        summary=f"node {pod.node_name} has no pod address left in {ranges}: {counted(have, 'pod')} have one, "
                f"{counted(wait, 'pod')} {'waits' if wait == 1 else 'wait'}",
        cause=f"Each node hands out addresses from a block of its own, and the block of node {pod.node_name}, {ranges}, is "
              "used up.",
        evidence=(f"The network plugin says: {pod.message}.",
                  f"Nodes with addresses left: {listed(free) or 'none'}."),
        observed=f"{counted(wait, 'pod')} without an address on {pod.node_name}", expected="a free address",
        advice="Run fewer pods, add a node, or give the nodes larger blocks when the cluster is made.")


def _no_host_port(cluster: Cluster, pod: Pod) -> Suspicion:
    wanted = [port for each in pod.spec.port_owners for port in each.ports if port.host_port]
    numbers = listed(dict.fromkeys(port.host_port for port in wanted))
    holders = [each for each in cluster.list("Pod") if each.node_name and each.spec.has_host_ports and each.key != pod.key
               and {port.host_port for one in each.spec.port_owners for port in one.ports} & {p.host_port for p in wanted}]
    return Suspicion(
        code="POD-HOSTPORT", objects=(owner_of(cluster, pod).ref, pod.ref), symptom=PENDING,
        summary=f"pod {pod.key} waits for host port {numbers}, which another pod has on every node",
        cause=f"Pod {pod.key} wants host port {numbers} of its node, and a node gives each port to one pod only.",
        evidence=(f"It is held by {listed(f'pod {each.key} on {each.node_name}' for each in holders) or 'nobody here'}.",
                  f"The scheduler says: {pod.message}"),
        observed=pod.message, expected=f"a node whose port {numbers} is free",
        candidates=tuple(_without_host_port(cluster, pod)),
        advice="Leave hostPort out and put a Service before the pods, or run one pod a node with a DaemonSet.")


def _without_host_port(cluster: Cluster, pod: Pod) -> Iterator[Patch]:
    for part in parts_of_template(cluster, pod):
        for index, port in enumerate(part.container.ports):
            if port.host_port:
                yield Patch(part.owner, (*part.path, "ports", index, "hostPort"), port.host_port, None, 1)


def _less_picky(cluster: Cluster, pod: Pod) -> Iterable[Patch]:
    """Without one label of the node selector."""
    for part in parts_of_template(cluster, pod):
        return [Patch(part.owner, (*part.path[:3], "nodeSelector", key), value, None, len(value))
                for key, value in pod.spec.node_selector.items()]
    return ()
