"""Small manifests for the tests of the schema stage, and what the rules say about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests import validate

API = {
    "Deployment": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1",
    "Ingress": "networking.k8s.io/v1", "IngressClass": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "EndpointSlice": "discovery.k8s.io/v1",
}


def manifest(kind: str, name: str = "web", *, metadata: Mapping[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A manifest of a kind in its current version; `parts` are its other top-level fields."""
    return {"apiVersion": API.get(kind, "v1"), "kind": kind, "metadata": {"name": name, **(metadata or {})}, **parts}


def service(*, name: str = "web", **spec: Any) -> dict[str, Any]:
    """A Service; with nothing given it has the one port 80."""
    return manifest("Service", name, spec={"ports": [{"port": 80}], **spec})


def pod(*containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """A Pod; with nothing given it has the one container `app`."""
    return manifest("Pod", spec={"containers": list(containers) or [container()], **spec})


def container(name: str = "app", image: str = "nginx:1.27", **fields: Any) -> dict[str, Any]:
    """A container of a pod."""
    return {"name": name, "image": image, **fields}


def workload(kind: str = "Deployment", labels: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A workload whose selector and template say app=web."""
    template = {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": [container()]}}
    return manifest(kind, spec={"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec})


def ingress(*paths: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """An Ingress with one rule for shop.example.com; with nothing given it has the path / to web:80."""
    http = {"paths": list(paths) or [path("/")]}
    return manifest("Ingress", spec={"rules": [{"host": "shop.example.com", "http": http}], **spec})


def path(text: str, kind: str | None = "Prefix", **backend: Any) -> dict[str, Any]:
    """One path of an Ingress rule, by default to web:80."""
    found = {"path": text, "backend": backend or {"service": {"name": "web", "port": {"number": 80}}}}
    return {**found, "pathType": kind} if kind is not None else found


def refusals(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Field and error type of everything that `validate` refuses."""
    return [(problem.field, problem.type) for problem in validate(data)]


def statements(data: Mapping[str, Any]) -> list[str]:
    """The texts of everything that `validate` refuses, without the object."""
    return [str(problem).partition(": ")[2] for problem in validate(data)]
