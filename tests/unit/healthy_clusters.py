"""Three healthy clusters that have little in common: one namespace or several, iptables or nftables, other images,
names, kinds of workload and ways in. Every fault can be planted in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simnet.cluster import Cluster
from simnet.testing import deployment, ingress, pod, service
from simnet.x509.make import make_certificate


def _certificate(host: str) -> Any:
    return make_certificate([host], not_before=1_700_000_000, not_after=2_000_000_000, seed=host.encode())


def _secret(name: str, host: str, namespace: str = "default") -> dict[str, Any]:
    made = _certificate(host)
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name, "namespace": namespace},
            "stringData": {"tls.crt": made.certificate_pem, "tls.key": made.key_pem}}


def _stateful(name: str, port: int, namespace: str = "default", replicas: int = 2) -> list[dict[str, Any]]:
    container = {"name": "main", "image": "registry.example.com/store:1", "ports": [{"containerPort": port}]}
    return [{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": namespace}, "spec": {
        "serviceName": name, "replicas": replicas, "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}}},
        service(name, port=port, namespace=namespace, clusterIP="None")]


def _named(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """The first port of a Deployment's container gets a name."""
    whole["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"] = name
    return whole


def one_namespace() -> Cluster:
    """Everything but a blog in the default namespace; three nodes, a web server, an API with a named port, a store."""
    cluster = Cluster(nodes=3, trust=[_certificate("api.example.test").certificate_pem])
    cluster.apply([
        deployment("web", labels={"app": "web", "release": "stable"}, image="nginx:1.29"),
        service("web", selector={"app": "web"}, type="NodePort"),
        _named(deployment("api", image="registry.example.com/api:3", port=8080), "http"),
        service("api", target_port="http", type="LoadBalancer"), *_stateful("store", 5432), pod("client", port=None),
        ingress("web", host="shop.example.test"), _secret("api-tls", "api.example.test"),
        ingress("api", host="api.example.test", tls="api-tls"),
        deployment("blog", namespace="blog", replicas=1), service("blog", namespace="blog")])
    return cluster


def many_namespaces() -> Cluster:
    """A front, a back and a monitor, each in a namespace; four nodes; Apache; alias, load balancer and node port in front."""
    cluster = Cluster(nodes=4, seed=11, trust=[_certificate("login.corp.example").certificate_pem])
    labels = {"app.kubernetes.io/name": "portal", "app.kubernetes.io/component": "frontend"}
    cluster.apply([
        deployment("portal", replicas=3, labels=labels, image="httpd:2.4", namespace="front"),
        service("portal", selector={"app.kubernetes.io/name": "portal"}, type="LoadBalancer", namespace="front"),
        _named(deployment("login", replicas=2, image="registry.example.com/login:9", port=9000, namespace="front"), "auth"),
        service("login", port=9090, target_port="auth", namespace="front"),
        ingress("portal", host="portal.corp.example", namespace="front"),
        ingress("login", host="login.corp.example", port=9090, tls="login-cert", namespace="front"),
        _secret("login-cert", "login.corp.example", "front"), pod("shell", port=None, namespace="front"),
        deployment("orders", replicas=1, image="registry.example.com/orders:2", port=3000, namespace="back"),
        service("orders", target_port=3000, namespace="back"), *_stateful("ledger", 6379, "back", 3),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "orders-alias", "namespace": "front"}, "spec": {
            "type": "ExternalName", "externalName": "orders.back.svc.cluster.local"}},
        deployment("probe", replicas=1, namespace="monitor"), service("probe", namespace="monitor")])
    return cluster


def small_and_nftables() -> Cluster:
    """Two nodes in nftables mode with ranges of their own; one pod behind most Services."""
    cluster = Cluster(nodes={"alpha": "192.168.40.11", "beta": "192.168.40.12"}, seed=3, proxy={"mode": "nftables"},
                      pod_cidr="10.20.0.0/16", service_cidr="10.30.0.0/16",
                      trust=[_certificate("secure.class.example").certificate_pem])
    cluster.apply([
        deployment("lesson", replicas=1, labels={"course": "net", "part": "one"}, image="nginxinc/nginx-unprivileged:1.29",
                   port=8080),
        service("lesson", selector={"course": "net"}, target_port=8080, type="NodePort"),
        _named(deployment("grader", replicas=1, image="registry.example.com/grader:1", port=7000), "work"),
        service("grader", port=7000, target_port="work", type="LoadBalancer"),
        ingress("lesson", host="lesson.class.example"), ingress("grader", host="secure.class.example", port=7000, tls="grader-tls"),
        _secret("grader-tls", "secure.class.example"), *_stateful("notes", 27017, replicas=1), pod("student", port=None),
        pod("guest", port=None, namespace="visitors"), deployment("board", replicas=1, namespace="visitors"),
        service("board", namespace="visitors")])
    return cluster


HEALTHY: dict[str, Callable[[], Cluster]] = {
    "one namespace": one_namespace, "many namespaces": many_namespaces, "small, nftables": small_and_nftables}
