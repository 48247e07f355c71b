"""A small cluster for the tests of explanations and diagnoses: two web pods, a client, a Service, an Ingress."""

from __future__ import annotations

from typing import Any

import simnet
from simnet.x509.make import make_certificate

ENTRY = "203.0.113.1"  # the Ingress controller's load-balancer address
HOST = "shop.example.test"
CERTIFICATE = make_certificate([HOST], not_before=1_700_000_000, not_after=2_000_000_000, seed=b"shop")


def pod(name: str, app: str = "web", image: str = "nginx:1.25", namespace: str = "default", **container: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
            "spec": {"containers": [{"name": "main", "image": image, **container}]}}


def client(name: str = "client", namespace: str = "default") -> dict[str, Any]:
    return pod(name, "client", "curlimages/curl:8.5.0", namespace, command=["sleep", "1d"])


def deployment(app: str = "web", replicas: int = 2, **container: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": app}},
                "spec": {"containers": [{"name": "main", "image": "nginx:1.25", **container}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": template}}


def service(name: str = "web", namespace: str = "default", port: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": "10.96.0.50", "selector": {"app": name},
                     "ports": [port or {"port": 80, "targetPort": 80}], **spec}}


def ingress(name: str = "shop", namespace: str = "default", *, host: str = HOST, paths: Any = (("/", "Prefix"),),
            backend: dict[str, Any] | None = None, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    to = {"service": backend or {"name": "web", "port": {"number": 80}}}
    rule = {"http": {"paths": [{"path": path, "pathType": kind, "backend": to} for path, kind in paths]},
            **({"host": host} if host else {})}
    given = {"ingressClassName": "nginx", "rules": [rule], **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
            "spec": {key: value for key, value in given.items() if value is not None}}


def secret(name: str = "shop-tls", namespace: str = "default") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": CERTIFICATE.certificate_pem, "tls.key": CERTIFICATE.key_pem}}


def cluster_of(*objects: dict[str, Any], **settings: Any) -> simnet.Cluster:
    """Two nodes, CoreDNS, ingress-nginx, and these objects."""
    cluster = simnet.Cluster(nodes=2, **settings)
    if objects:
        cluster.apply(list(objects))
    return cluster


def shop(*more: dict[str, Any], **settings: Any) -> simnet.Cluster:
    """The healthy cluster: `client`, `web-1` and `web-2` behind Service `web` behind Ingress `shop`."""
    return cluster_of(client(), pod("web-1"), pod("web-2"), service(), ingress(), *more, **settings)


def controller_of(cluster: simnet.Cluster) -> str:
    """Name of the Ingress controller's pod, which is generated."""
    return str(next(each.name for each in cluster.list("pod", namespace="ingress-nginx")))
