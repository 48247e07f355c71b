"""Faults of nodes, addresses and links."""

from __future__ import annotations

from random import Random

from simnet import ip
from simnet.cluster import Cluster
from simnet.objects.workload import Workload
from simnet.testing.faults.target import SYSTEM, Planted, patched, services, shuffled

MANY = 260
"""More pods than a /24 has addresses."""


def node_full(cluster: Cluster, random: Random) -> Planted | None:
    """A workload grows until its nodes have no address left. Costs as many pods as the nodes have addresses."""
    nodes = len(cluster.list("Node"))
    for workload in _workloads(cluster, random):
        done = patched(cluster, workload, ("spec", "replicas"), workload.replicas, MANY * nodes)
        if done is not None:
            return Planted("IPM-EXHAUSTED", *done)
    return None


def node_in_service_range(cluster: Cluster, random: Random) -> Planted | None:
    network = next((each for each in cluster.settings.service_cidrs if each.family == 4), None)
    if network is None:
        return None
    address = ip.text(network.nth(random.randrange(4000, 5000) % (network.size - 1)))
    twin = cluster.fork()
    twin.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "stray"}, "spec": {"unschedulable": True},
                "status": {"addresses": [{"type": "InternalIP", "address": address}]}})
    return Planted("IPM-OVERLAP", twin, f"a node with the address {address}")


def host_ports(cluster: Cluster, random: Random) -> Planted | None:
    """One pod more than there are nodes wants the same host port."""
    port = random.randrange(20000, 29000)
    spec = {"containers": [{"name": "main", "image": "registry.example.com/agent:1",
                            "ports": [{"containerPort": 80, "hostPort": port}]}]}
    twin = cluster.fork()
    twin.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "agent"}, "spec": {
        "replicas": len(cluster.list("Node")) + 1, "selector": {"matchLabels": {"app": "agent"}},
        "template": {"metadata": {"labels": {"app": "agent"}}, "spec": spec}}})
    return Planted("POD-HOSTPORT", twin, f"more pods than nodes with host port {port}")


def no_such_node(cluster: Cluster, random: Random) -> Planted | None:
    for workload in _workloads(cluster, random):
        label = {"example.com/disk": "ssd"}
        done = patched(cluster, workload, ("spec", "template", "spec", "nodeSelector"), None, label)
        if done is not None:
            return Planted("POD-PENDING", *done)
    return None


def _workloads(cluster: Cluster, random: Random) -> list[Workload]:
    return shuffled([each for kind in ("Deployment", "StatefulSet") for each in cluster.list(kind)
                     if each.namespace not in SYSTEM], random)


# links ----------------------------------------------------------------------------------------------------------

def cut_off(cluster: Cluster, random: Random) -> Planted | None:
    """The nodes of a Service's pods lose their link; clients outside come by another node, or by none."""
    for service, port, pods in services(cluster, random):
        if not port.node_port:
            continue
        nodes = {pod.node_name for pod in pods}
        twin = cluster.fork()
        for name in sorted(nodes):
            twin.cut(f"node/{name}", "router")
        door = next((ip.text(node.addresses[0]) for node in cluster.list("Node") if node.name not in nodes),
                    ip.text(cluster.list("Node")[0].addresses[0]))
        return Planted("NET-CUT", twin, f"the links of the nodes of {service.ref}", f"tcp://{door}:{port.node_port}")
    return None


def nobody(cluster: Cluster, random: Random) -> Planted | None:
    network = next((each for each in cluster.settings.service_cidrs if each.family == 4), None)
    if network is None:
        return None
    free = [number for number in (network.nth(each) for each in random.sample(range(300, 3000), 50))
            if not cluster.view.is_service_address(number)]
    return Planted("NET-NOBODY", cluster.fork(), "a request to an address that nobody has", f"tcp://{ip.text(free[0])}:80")


def other_family(cluster: Cluster, random: Random) -> Planted | None:
    """An IPv6 address asked by a pod that has IPv4 alone."""
    pods = [pod for pod in cluster.list("Pod") if pod.ready and len(pod.pod_ips) == 1 and ip.family(pod.pod_ips[0]) == 4
            and pod.namespace not in SYSTEM]
    if not pods:
        return None
    return Planted("NET-FAMILY", cluster.fork(), "a request to an IPv6 address", "tcp://[2001:db8::1]:80",
                   random.choice(pods).ref)
