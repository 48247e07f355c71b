"""Short ways to write manifests in tests. Each returns a plain mapping that `Cluster.apply` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Labels = Mapping[str, str]
Paths = Mapping[str, str]


def pod(name: str = "pod", *, labels: Labels | None = None, image: str = "simnet.example/echo", port: int | None = 80,
        namespace: str = "default", node: str | None = None, **spec: Any) -> dict[str, Any]:
    """A pod with one container and the label app=NAME, which `service(NAME)` selects; `labels={}` gives it none.

    `port` is declared as a container port (and so listened on); None declares none. Further keywords
    become fields of spec: `hostNetwork=True`, `dnsPolicy="Default"`.
    """
    whole = {**_container_spec(image, port), **({"nodeName": node} if node else {}), **spec}
    return manifest("v1", "Pod", name, namespace, {"app": name} if labels is None else labels, spec=whole)


def deployment(name: str = "web", *, replicas: int = 2, labels: Labels | None = None, image: str = "simnet.example/echo",
               port: int | None = 80, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A Deployment whose pods carry `labels` (default: app=NAME). Further keywords become fields of the pod's spec."""
    labels = dict(labels or {"app": name})
    template = {"metadata": {"labels": dict(labels)}, "spec": {**_container_spec(image, port), **spec}}
    return manifest("apps/v1", "Deployment", name, namespace, labels, spec={
        "replicas": replicas, "selector": {"matchLabels": labels}, "template": template})


def replica_set(name: str = "web", *, replicas: int = 2, labels: Labels | None = None,
               image: str = "simnet.example/echo", port: int | None = 80, namespace: str = "default",
               **spec: Any) -> dict[str, Any]:
    """A ReplicaSet, as `deployment` makes its kind."""
    return {**deployment(name, replicas=replicas, labels=labels, image=image, port=port, namespace=namespace, **spec),
            "kind": "ReplicaSet"}


def stateful_set(name: str = "db", *, replicas: int = 2, service: str = "", labels: Labels | None = None,
                image: str = "simnet.example/echo", port: int | None = 80, namespace: str = "default",
                **spec: Any) -> dict[str, Any]:
    """A StatefulSet whose pods NAME-0, NAME-1 ... have names below the headless Service `service` (default: NAME)."""
    whole = deployment(name, replicas=replicas, labels=labels, image=image, port=port, namespace=namespace, **spec)
    whole["kind"] = "StatefulSet"
    whole["spec"]["serviceName"] = service or name
    return whole


def daemon_set(name: str = "agent", *, labels: Labels | None = None, image: str = "simnet.example/echo",
              port: int | None = 80, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A DaemonSet: one pod a node. Further keywords become fields of the pod's spec."""
    whole = {**deployment(name, labels=labels, image=image, port=port, namespace=namespace, **spec), "kind": "DaemonSet"}
    del whole["spec"]["replicas"]
    return whole


def service(name: str = "web", *, selector: Labels | None = None, port: int = 80, target_port: int | str | None = None,
            type: str | None = None, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A Service with one port, selecting app=NAME unless told otherwise (`selector={}`: nothing). Further keywords become
    fields of spec."""
    entry: dict[str, Any] = {"port": port, "targetPort": port if target_port is None else target_port}
    whole: dict[str, Any] = {"selector": {"app": name} if selector is None else dict(selector), "ports": [entry], **spec}
    if type is not None:
        whole["type"] = type
    return manifest("v1", "Service", name, namespace, None, spec=whole)


def ingress(name: str = "web", *, host: str | None = None, paths: Paths | None = None, port: int = 80,
            class_name: str | None = "nginx", tls: str | Sequence[str] = (), annotations: Labels | None = None,
            namespace: str = "default") -> dict[str, Any]:
    """An Ingress with one rule: `paths` maps a path to a Service (default: `/` to the Service called NAME), all Prefix.

    `tls` names one Secret or several for `host`; `annotations` without the nginx prefix get it.
    """
    entries = [{"path": path, "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": port}}}}
               for path, backend in (paths or {"/": name}).items()]
    rule: dict[str, Any] = {"http": {"paths": entries}}
    if host is not None:
        rule["host"] = host
    spec: dict[str, Any] = {"rules": [rule]}
    if class_name is not None:
        spec["ingressClassName"] = class_name
    secrets = [tls] if isinstance(tls, str) else list(tls)
    if secrets:
        spec["tls"] = [{"secretName": secret, **({"hosts": [host]} if host else {})} for secret in secrets]
    whole = manifest("networking.k8s.io/v1", "Ingress", name, namespace, None, spec=spec)
    if annotations:
        whole["metadata"]["annotations"] = {
            key if "/" in key else f"nginx.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}
    return whole


def _container_spec(image: str, port: int | None) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": image}
    if port is not None:
        container["ports"] = [{"containerPort": port}]
    return {"containers": [container]}


def manifest(api_version: str, kind: str, name: str, namespace: str | None, labels: Labels | None,
             **fields: Any) -> dict[str, Any]:
    """An object of any kind: its metadata, and its other fields as keywords."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
