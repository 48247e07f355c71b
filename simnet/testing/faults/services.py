"""Faults of Services and of the pods behind them."""

from __future__ import annotations

from random import Random
from typing import Any

from simnet import ip
from simnet.cluster import Cluster
from simnet.diagnosis import is_healthy
from simnet.diagnosis.suspicion import thawed
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort
from simnet.testing.faults.target import (
    SYSTEM,
    Planted,
    address_of,
    client,
    containers,
    patched,
    remade,
    service_url,
    services,
    slip,
    workload_of,
)

CLOSED = 9  # discard: nothing in any of the images listens there
MOST_BALANCERS = 256


def selector_slip(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        key, value = random.choice(sorted(service.selector.pairs or ()))
        done = patched(cluster, service, ("spec", "selector", key), value, slip(value, random))
        if done is not None:
            return _asked("SEL-NOMATCH", done, service, port, pods, random)
    return None


def no_selector(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        twin = remade(cluster, service, lambda whole: whole["spec"].pop("selector"))
        return _asked("SEL-NONE", (twin, f"{service.ref} made anew without spec.selector"), service, port, pods, random)
    return None


def broad_selector(cluster: Cluster, random: Random) -> Planted | None:
    """Another program whose pods have the labels of the selector, but not all labels of the pods that are meant."""
    for service, port, pods in services(cluster, random):
        selected = dict(service.selector.pairs or ())
        more = sorted(set(pods[0].labels) - set(selected) - {"pod-template-hash", "controller-revision-hash"})
        if not more or isinstance(port.target_port, str) or any(
                each.labels.get(more[0]) != pods[0].labels[more[0]] for each in pods):
            continue
        labels = {**selected, more[0]: "stranger"}
        container = {"name": "main", "image": "registry.example.com/stranger:1", "ports": [{"containerPort": CLOSED}]}
        twin = cluster.fork()
        twin.apply({"apiVersion": "apps/v1", "kind": "Deployment",
                    "metadata": {"name": "stranger", "namespace": service.namespace}, "spec": {
                        "replicas": 1, "selector": {"matchLabels": labels},
                        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}})
        return Planted("SEL-BROAD", twin, f"Deployment stranger with the labels that {service.ref} selects")
    return None


def wrong_target_port(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        if isinstance(port.target_port, int):
            place = ("spec", "ports", service.ports.index(port), "targetPort")
            done = patched(cluster, service, place, port.target_port, CLOSED)
            if done is not None:
                return _asked("PRT-NOLISTEN", done, service, port, pods, random)
    return None


def wrong_port_name(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        if isinstance(port.target_port, str):
            place = ("spec", "ports", service.ports.index(port), "targetPort")
            done = patched(cluster, service, place, port.target_port, slip(port.target_port, random))
            if done is not None:
                return _asked("PRT-NAME", done, service, port, pods, random)
    return None


def bound_to_loopback(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        workload = workload_of(cluster, pods)
        if workload is None or len(workload.template.spec.containers) != 1 or isinstance(port.target_port, str):
            continue
        command = ["python3", "-m", "http.server", str(port.target_port), "--bind", "127.0.0.1"]
        twin = remade(cluster, workload, lambda whole, command=command: _run(whole, command))  # type: ignore[misc]
        return _asked("PRT-LOOPBACK", (twin, f"{workload.ref} binds to 127.0.0.1"), service, port, pods, random)
    return None


def _run(whole: dict[str, Any], command: list[str]) -> None:
    containers(whole)[0]["command"] = command
    containers(whole)[0].pop("args", None)
    containers(whole)[0].pop("readinessProbe", None)


def never_ready(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        workload = workload_of(cluster, pods)
        if workload is None:
            continue
        twin = remade(cluster, workload, _probe_closed_port)
        done = (twin, f"{workload.ref} made anew with a readiness probe on port {CLOSED}")
        return _asked("EPT-NOTREADY", done, service, port, pods, random)
    return None


def _probe_closed_port(whole: dict[str, Any]) -> None:
    containers(whole)[0]["readinessProbe"] = {"httpGet": {"path": "/", "port": CLOSED}}


# who may come, and where ------------------------------------------------------------------------------------------

def local_only(cluster: Cluster, random: Random) -> Planted | None:
    """externalTrafficPolicy Local, asked on a node without an endpoint."""
    for service, port, pods in services(cluster, random):
        free = _free_nodes(cluster, pods)
        if port.node_port and free:
            done = patched(cluster, service, ("spec", "externalTrafficPolicy"), "Cluster", "Local")
            if done is not None:
                return Planted("SVC-ETPLOCAL", *done, f"tcp://{random.choice(free)}:{port.node_port}")
    return None


def local_inside(cluster: Cluster, random: Random) -> Planted | None:
    """internalTrafficPolicy Local, asked by a pod of a node without an endpoint."""
    for service, port, pods in services(cluster, random):
        taken = {pod.node_name for pod in pods}
        askers = [pod for pod in cluster.list("Pod") if pod.ready and pod.node_name not in taken
                   and not pod.spec.host_network and pod.namespace not in SYSTEM]
        if askers:
            done = patched(cluster, service, ("spec", "internalTrafficPolicy"), "Cluster", "Local")
            if done is not None:
                return Planted("SVC-ITPLOCAL", *done, service_url(service, port), random.choice(askers).ref)
    return None


def _free_nodes(cluster: Cluster, pods: list[Pod]) -> list[str]:
    taken = {pod.node_name for pod in pods}
    return [ip.text(node.addresses[0]) for node in cluster.list("Node") if node.name not in taken]


def shut_out(cluster: Cluster, random: Random) -> Planted | None:
    """loadBalancerSourceRanges without the laptop."""
    for service, port, _ in services(cluster, random):
        if service.load_balancer_ips:
            done = patched(cluster, service, ("spec", "loadBalancerSourceRanges"), None, ["203.0.113.200/32"])
            if done is not None:
                return Planted("SVC-RANGES", *done, f"tcp://{ip.text(service.load_balancer_ips[0])}:{port.port}")
    return None


def no_address_left(cluster: Cluster, random: Random) -> Planted | None:
    """More Services of type LoadBalancer than the pool has addresses."""
    twin = cluster.fork()
    for service, _, _ in services(cluster, random):
        for number in range(MOST_BALANCERS):
            copy = thawed(service.raw)
            copy["metadata"] = {"name": f"{service.name}-{number}", "namespace": service.namespace}
            copy["spec"] = {key: copy["spec"][key] for key in ("selector", "ports")} | {"type": "LoadBalancer"}
            for port in copy["spec"]["ports"]:
                port.pop("nodePort", None)
            made = twin.apply(copy)[0].object
            if isinstance(made, Service) and made.pending_reason:
                return Planted("SVC-PENDING", twin, f"{number + 1} more load balancers than {service.ref}")
    return None


# mixed up by who asks ---------------------------------------------------------------------------------------------

def node_port_mixed_up(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, _ in services(cluster, random):
        if port.node_port:
            places = [f"{address_of(service)}:{port.node_port}", *(
                f"{ip.text(node.addresses[0])}:{port.port}" for node in cluster.list("Node"))]
            wrong = random.choice([place for place in places if not is_healthy(cluster.trace(f"tcp://{place}"))])
            return Planted("SVC-NODEPORT", cluster.fork(), f"a request to {wrong}", f"tcp://{wrong}")
    return None


def wrong_service_port(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        used = {each.port for each in service.ports}
        number = next(each for each in (8080, 8081, 8082) if each not in used)
        source = client(cluster, service.namespace, pods, random)
        if source is not None and port.node_port != number:
            url = service_url(service, port).replace(f":{port.port}", f":{number}")
            return Planted("SVC-PORT", cluster.fork(), f"a request to port {number} of {service.ref}", url, source)
    return None


def tls_to_plain(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, pods in services(cluster, random):
        source = client(cluster, service.namespace, pods, random)
        url = service_url(service, port).replace("tcp://", "https://")
        if source is not None and not is_healthy(cluster.trace(url, source)):
            return Planted("TLS-PLAIN", cluster.fork(), f"https to {service.ref}", url, source)
    return None


def _asked(code: str, done: tuple[Cluster, str], service: Service, port: ServicePort, pods: list[Pod],
           random: Random) -> Planted | None:
    """The fault, met by a pod of the Service's namespace, or by a node if there is none."""
    twin, what = done
    source = client(twin, service.namespace, pods, random)
    if source is None:
        nodes = twin.list("Node")
        return Planted(code, twin, what, f"tcp://{address_of(service)}:{port.port}", random.choice(nodes).ref)
    return Planted(code, twin, what, service_url(service, port), source)
