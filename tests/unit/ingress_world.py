"""A cluster with one Ingress controller on the node's own ports, and manifests in the shortest form that matters."""

from __future__ import annotations

from typing import Any

import simnet

NODE = "198.51.100.1"
CLIENT = "203.0.113.7"


def pod(name: str, app: str, port: int = 8080, image: str = "registry.example/app") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}},
            "spec": {"containers": [{"name": "c", "image": image, "ports": [{"containerPort": port}]}]}}


def service(name: str, target: int | str = 8080, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": target}], **spec}}


def ingress(target: str = "web", host: str = "h.t", name: str = "i", path: str = "/",
            path_type: str = "Prefix", **annotations: str) -> dict[str, Any]:
    named = {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    backend = {"service": {"name": target, "port": {"number": 80}}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": named},
            "spec": {"ingressClassName": "nginx", "rules": [
                {"host": host, "http": {"paths": [{"path": path, "pathType": path_type, "backend": backend}]}}]}}


def cluster_of(*objects: dict[str, Any], config: dict[str, str] | None = None, nodes: Any = None,
               **settings: Any) -> simnet.Cluster:
    controller = {"shape": "hostport", "config": config or {}, **settings.pop("ingress", {})}
    cluster = simnet.Cluster(nodes=nodes or {"node": NODE}, ingress=controller, **settings)
    cluster.apply(list(objects))
    return cluster


def ask(cluster: simnet.Cluster, url: str = "http://h.t/x", **options: Any) -> simnet.Trace:
    return cluster.request(url, CLIENT, at=NODE, insecure=True, **options)


def status(trace: simnet.Trace) -> int:
    assert trace.response is not None, trace
    return trace.response.status


def taker(trace: simnet.Trace) -> str:
    """The app of the pod that answered, or the status of an answer of the controller's own."""
    if trace.endpoint is None or trace.endpoint.pod is None:
        return str(status(trace))
    return trace.endpoint.pod.name.rpartition("-")[0]


def shares(cluster: simnet.Cluster, url: str = "http://h.t/x", **options: Any) -> dict[str, Any]:
    """Probability of each taker."""
    found: dict[str, Any] = {}
    for share, trace in cluster.outcomes(url, CLIENT, at=NODE, insecure=True, **options):
        found[taker(trace)] = found.get(taker(trace), 0) + share
    return found
