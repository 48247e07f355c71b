"""Clusters for the referee: every kind of Service, endpoint and proxy setting, and questions about all of it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import simnet
from simnet.ip import family, text
from simnet.objects.service import Service
from tests.edges.kernel.referee import Question

NODES = {"a": ("172.18.0.2", "fd00:18::2", "172.19.0.2"), "b": ("172.18.0.3", "fd00:18::3", "172.19.0.3"),
         "c": ("172.18.0.4", "fd00:18::4")}
OUTSIDE = ("198.51.100.7", "192.0.2.77", "2001:db8:77::7")
RANGES = ("198.51.100.0/24", "10.244.1.0/24", "172.18.0.0/30", "2001:db8:77::/64", "0.0.0.0/0")
POLICIES = st.sampled_from(["Cluster", "Local"])
PROXIES = st.fixed_dictionaries(
    {"mode": st.sampled_from(["iptables", "nftables"])},
    optional={"masquerade_all": st.booleans(), "localhost_node_ports": st.booleans(),
              "cluster_cidrs": st.sampled_from([[], ["10.244.0.0/16"], ["10.244.0.0/17", "fd00:244::/56"]]),
              "node_port_addresses": st.sampled_from([["172.18.0.0/16"], ["primary"], ["127.0.0.0/8", "172.19.0.0/16"],
                                                      ["fd00:18::/64"]])})
Object = dict[str, Any]


@st.composite
def clusters(draw: st.DrawFn) -> simnet.Cluster:
    """Two or three dual-stack nodes, a client on each, up to four pods behind up to two Services."""
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", pod_cidr=["10.244.0.0/16", "fd00:244::/56"],
                             service_cidr=["10.96.0.0/12", "fd00:96::/108"], proxy=draw(PROXIES))
    names = draw(st.sampled_from(["ab", "abc"]))
    objects = [_node(name, draw(st.sampled_from(["", "z1", "z2"]))) for name in names]
    objects += [_pod(f"client-{name}", name, index, 9, {"app": "client"}) for index, name in enumerate(names)]
    objects += [draw(_endpoints(number, names)) for number in range(draw(st.integers(0, 4)))]
    objects += [draw(_services(number)) for number in range(1, draw(st.integers(1, 2)) + 1)]
    cluster.load(objects)
    return cluster


def questions(cluster: simnet.Cluster) -> list[Question]:
    """Everything that can be asked: each address of each Service and two more, from each kind of client."""
    nodes = [node.name for node in cluster.list("node")]
    pods = [f"pod/{pod.key}" for pod in cluster.list("pod") if not pod.spec.host_network]
    found = []
    for url, is_version_6 in _urls(cluster, nodes):
        found += [Question(url, source) for source in (*pods, *(f"node/{name}" for name in nodes))]
        found += [Question(url, address, via=node) for address in OUTSIDE if (":" in address) == is_version_6
                  for node in nodes]
    return [each for each in found if _has_address(cluster, each)]


def _urls(cluster: simnet.Cluster, nodes: list[str]) -> list[tuple[str, bool]]:
    """Addresses of Services, their node ports on every address of every node and on loopback, a port nobody has."""
    found: list[tuple[str, int, str]] = [("10.96.9.9", 80, "tcp")]
    for service in cluster.list("service"):
        for port in service.ports:
            scheme = port.protocol.lower()
            found += [(text(number), port.port, scheme) for number in _addresses(service)]
            found += [(text(number), 81, scheme) for number in service.cluster_ips]
            if port.node_port:
                found += [(address, port.node_port, scheme) for name in nodes for address in NODES[name]]
                found += [("127.0.0.1", port.node_port, scheme), ("::1", port.node_port, scheme)]
    return [(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}", ":" in host)
            for host, port, scheme in found]


def _addresses(service: Service) -> tuple[int, ...]:
    return (*service.cluster_ips, *service.external_ips, *service.load_balancer_ips)


def _has_address(cluster: simnet.Cluster, question: Question) -> bool:
    """Whether the client has an address of the family, and loopback is asked by nodes only."""
    host = question.target[0]
    if host in ("127.0.0.1", "::1"):
        return question.source.startswith("node/")
    wanted = 6 if ":" in host else 4
    return any(family(number) == wanted for number in cluster.actor(question.source).addresses)


# objects ----------------------------------------------------------------------------------------------------------

def _node(name: str, zone: str) -> Object:
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    addresses = [{"type": "InternalIP", "address": address} for address in NODES[name]]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "status": {"addresses": addresses}}


def _pod(name: str, node: str, block: int, host: int, labels: Object, ready: bool = True, ending: bool = False,
         families: tuple[int, ...] = (4, 6), on_host: bool = False) -> Object:
    own = {4: f"10.244.{block}.{host}", 6: f"fd00:244:0:{block}::{host}"}
    addresses = [NODES[node][each == 6] if on_host else own[each] for each in families]
    metadata: Object = {"name": name, "namespace": "default", "labels": labels}
    if ending:
        metadata["deletionTimestamp"] = "2027-01-01T00:00:00Z"
    ports = [{"name": "main", "containerPort": 8080 + on_host * host, "protocol": protocol}
             for protocol in ("TCP", "UDP", "SCTP")]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"nodeName": node, "hostNetwork": on_host, "containers": [
                {"name": "main", "image": "simnet.example/echo", "ports": ports}]},
            "status": {"phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses],
                       "conditions": [{"type": "Ready", "status": str(ready)}]}}


@st.composite
def _endpoints(draw: st.DrawFn, number: int, nodes: str) -> Object:
    node = draw(st.sampled_from(nodes))
    return _pod(f"web-{number}", node, nodes.index(node), 20 + number, {"app": draw(st.sampled_from("xy"))},
                ready=draw(st.sampled_from([True, True, True, False])), ending=draw(st.sampled_from([False, False, True])),
                families=draw(st.sampled_from([(4, 6), (4, 6), (4,), (6,)])), on_host=draw(st.sampled_from([False] * 4 + [True])))


@st.composite
def _services(draw: st.DrawFn, number: int) -> Object:
    """Cluster IPs of one or both families, and whatever its type allows besides."""
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"]))
    both = [f"10.96.0.{10 + number}", f"fd00:96::{10 + number}"]
    cluster_ips = draw(st.sampled_from([both, both[:1], both[1:]]))
    protocols = draw(st.sampled_from([["TCP"], ["TCP"], ["UDP"], ["TCP", "UDP"], ["SCTP"]]))
    ports = [{"name": protocol.lower(), "port": 80, "protocol": protocol, "targetPort": "main",
              **({"nodePort": 30080 + number} if kind != "ClusterIP" else {})} for protocol in protocols]
    spec: Object = {
        "type": kind, "selector": {"app": draw(st.sampled_from("xy"))}, "ports": ports, "clusterIP": cluster_ips[0],
        "clusterIPs": cluster_ips, "ipFamilies": ["IPv6" if ":" in each else "IPv4" for each in cluster_ips],
        "internalTrafficPolicy": draw(POLICIES), "externalTrafficPolicy": draw(POLICIES),
        "sessionAffinity": draw(st.sampled_from(["None", "None", "ClientIP"])),
        "externalIPs": draw(st.sampled_from([[], [f"203.0.113.{20 + number}"], [f"2001:db8:e::{number}"]])),
        **draw(st.fixed_dictionaries({}, optional={"trafficDistribution": st.sampled_from(["PreferClose", "PreferSameNode"])}))}
    whole: Object = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}", "namespace": "default"},
                     "spec": spec}
    if kind == "LoadBalancer":
        spec["loadBalancerSourceRanges"] = draw(st.lists(st.sampled_from(RANGES), max_size=2))
        whole["status"] = {"loadBalancer": {"ingress": [{"ip": f"203.0.113.{40 + number}"}, {"ip": f"2001:db8:1b::{number}"}]}}
    return whole

