"""What a fresh cluster contains. Names and labels are those of kubeadm's CoreDNS (cmd/kubeadm/app/phases/addons/dns) and
of ingress-nginx's deploy/static/provider manifests; addresses are kubeadm's (first of the range, tenth of the range)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.testing import deployment, ingress, service

SYSTEM = ["default", "kube-node-lease", "kube-public", "kube-system"]


def names(cluster: simnet.Cluster, kind: str, namespace: str | None = None) -> list[str]:
    return [each.name for each in cluster.list(kind, namespace=namespace)]


def address(cluster: simnet.Cluster, name: str, namespace: str) -> str:
    return ip.text(cluster.get("service", name, namespace=namespace).cluster_ips[0])


def test_without_add_ons_there_are_only_the_nodes() -> None:
    cluster = simnet.Cluster(nodes=3, addons=())
    assert {each["kind"] for each in cluster.dump()} == {"Node"}
    assert names(cluster, "node") == ["node-1", "node-2", "node-3"]


# ranges, address of the API server, of the DNS server
RANGES = [("10.96.0.0/12", "10.96.0.1", "10.96.0.10"), ("192.168.0.0/24", "192.168.0.1", "192.168.0.10"),
          ("fd00:10::/112", "fd00:10::1", "fd00:10::a")]


@pytest.mark.parametrize(("cidr", "api", "dns"), RANGES)
def test_the_first_address_is_the_api_servers_and_the_tenth_the_dns_servers(cidr: str, api: str, dns: str) -> None:
    family = {"pod_cidr": "fd00:244::/48", "nodes": {"node-1": "fd00:18::2"}} if ":" in cidr else {}
    cluster = simnet.Cluster(service_cidr=cidr, **family)
    assert address(cluster, "kubernetes", "default") == api, "CI-1"
    assert address(cluster, "kube-dns", "kube-system") == dns, "CI-1"
    url = f"tcp://{ip.host_port(ip.number(api), 443)}"
    assert cluster.connect(url, "node/node-1").result == "open"
    assert cluster.resolve("kubernetes.default.svc.cluster.local", "node/node-1").status != "ok", "nodes do not ask it"


def test_system_namespaces_exist() -> None:
    assert names(simnet.Cluster(addons=["coredns"]), "namespace") == SYSTEM
    assert names(simnet.Cluster(), "namespace") == sorted([*SYSTEM, "ingress-nginx"])


def test_coredns_answers_on_both_protocols_and_for_metrics() -> None:
    cluster = simnet.Cluster()
    found = cluster.get("service", "kube-dns", namespace="kube-system")
    assert [(port.name, port.port, port.protocol) for port in found.ports] == [
        ("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP")]
    assert {scheme: cluster.connect(f"{scheme}://10.96.0.10:53", "node/node-1").result for scheme in ("udp", "tcp")} == {
        "udp": "open", "tcp": "open"}
    assert cluster.query("kubernetes.default.svc.cluster.local", "A").rcode == "NOERROR"


def test_a_dns_address_outside_the_range_is_asked_for_and_nobody_has_it() -> None:
    cluster = simnet.Cluster(kubelet={"cluster_dns": "169.254.20.10"})
    assert address(cluster, "kube-dns", "kube-system") != "169.254.20.10"
    assert "nameserver 169.254.20.10" in str(cluster.resolv_conf(f"pod/ingress-nginx/{names(cluster, 'pod', 'ingress-nginx')[0]}"))


def test_the_ingress_controller_takes_the_first_load_balancer_address() -> None:
    cluster = simnet.Cluster()
    assert [each.controller for each in cluster.list("ingressclass")] == ["k8s.io/ingress-nginx"]
    assert not cluster.list("ingressclass")[0].is_default
    for url in ("http://203.0.113.1/", "http://172.18.0.2/"):
        trace = cluster.request(url, "198.51.100.7")
        assert (trace.result, trace.response.by) == ("404", "default-backend"), "its host ports and its Service"


# row, settings of the controller, what can be seen of them
SHAPES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("by host port there is no Service", {"shape": "hostport"},
     lambda cluster: names(cluster, "service", "ingress-nginx"), []),
    ("a default class", {"is_default_class": True}, lambda cluster: cluster.list("ingressclass")[0].is_default, True),
    ("a class of another name", {"ingress_class": "public"}, lambda cluster: names(cluster, "ingressclass"), ["public"]),
    ("a namespace of its own", {"namespace": "edge", "name": "gate"},
     lambda cluster: [each.partition("-controller")[0] for each in names(cluster, "pod", "edge")], ["gate"]),
    ("a node of its own", {"node": "node-2"},
     lambda cluster: [each.node_name for each in cluster.list("pod", namespace="ingress-nginx")], ["node-2"]),
    ("configuration", {"config": {"hsts": "false"}},
     lambda cluster: dict(cluster.get("configmap", "ingress-nginx-controller", namespace="ingress-nginx").data), {"hsts": "false"}),
    ("ports", {"http_port": 8000}, lambda cluster: cluster.request("http://172.18.0.3:8000/", "198.51.100.7", via="node-2").result
     if cluster.list("pod", namespace="ingress-nginx")[0].node_name == "node-2"
     else cluster.request("http://172.18.0.2:8000/", "198.51.100.7").result, "404"),
]


@pytest.mark.parametrize(("row", "given", "look", "expected"), SHAPES, ids=[row[0] for row in SHAPES])
def test_what_a_controller_can_be_told(row: str, given: dict[str, Any], look: Any, expected: Any) -> None:
    assert look(simnet.Cluster(nodes=2, ingress=given)) == expected


def test_the_published_address_follows_the_shape() -> None:
    published = {}
    for shape in ("loadbalancer", "hostport"):
        cluster = simnet.Cluster(nodes=1, ingress={"shape": shape})
        cluster.apply(ingress("web", host="a.test"))
        published[shape] = cluster.get("ingress", "web").addresses
    assert published == {"loadbalancer": ("203.0.113.1",), "hostport": ("172.18.0.2",)}


def test_several_controllers_serve_their_own_classes() -> None:
    cluster = simnet.Cluster(nodes=2, ingress=[
        {"name": "public", "namespace": "public", "ingress_class": "public", "class_controller": "k8s.io/public"},
        {"name": "inner", "namespace": "inner", "ingress_class": "inner", "class_controller": "k8s.io/inner"}])
    cluster.apply([deployment("web"), service("web"), ingress("web", host="a.test", class_name="inner")])
    entries = {name: ip.text(cluster.get("service", f"{name}-controller", namespace=name).load_balancer_ips[0])
               for name in ("public", "inner")}
    assert {name: cluster.request("http://a.test/", "198.51.100.7", at=entry).result for name, entry in entries.items()} == {
        "public": "404", "inner": "200"}


def test_several_controllers_may_share_a_namespace_and_a_class() -> None:
    """Two controllers of one class each serve its Ingresses, from their own ports."""
    cluster = simnet.Cluster(nodes=1, ingress=[{"name": "a"}, {"name": "b", "http_port": 8080, "https_port": 8443}])
    cluster.apply([deployment("web"), service("web"), ingress("web", host="a.test")])
    for name in ("a", "b"):
        entry = f"ingress-nginx/{name}-controller"
        assert cluster.request("http://a.test/", "198.51.100.7", front_end=entry).result == "200"


def test_add_ons_can_be_looked_at_and_taken_away() -> None:
    cluster = simnet.Cluster(addons={"coredns": "node-1"})
    cluster.delete("deployment", "coredns", namespace="kube-system")
    assert names(cluster, "pod", "kube-system") == []
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client"},
                   "spec": {"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "1d"]}]}})
    assert cluster.resolve("kubernetes.default", "pod/client").status == "EAI_AGAIN"
