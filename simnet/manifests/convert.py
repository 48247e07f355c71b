"""Older API versions of the modelled kinds, turned into the current one, with the warning the API server gave.

Source: kubernetes/kubernetes pkg/apis/networking/v1beta1/conversion.go and defaults.go (rules A-1 to A-3),
pkg/apis/discovery/v1beta1/conversion.go, pkg/apis/{extensions,apps}/v1beta1/defaults.go; texts and versions:
k8s.io/api zz_generated.prerelease-lifecycle.go, kubernetes/apiserver pkg/endpoints/deprecation/deprecation.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simnet.manifests.paths import Path, at

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Older:
    """Another version of a kind than the `current` one that is stored; deprecated and removed in these releases ('' =
    neither). `convert` changes a copy in place; None when only the version differs."""

    current: str
    deprecated: str
    removed: str
    convert: Callable[[Tree], None] | None = None


def replacement(api_version: str, kind: str) -> Older | None:
    """What became of an older version of a modelled kind; None for current versions and kinds not modelled."""
    return OLDER.get(f"{api_version}/{kind}")


def deprecation(api_version: str, kind: str) -> str:
    """The warning of the API server about a version, '' for a current one."""
    if (api_version, kind) == ("v1", "Endpoints"):
        return "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    older = replacement(api_version, kind)
    if older is None or not older.deprecated:
        return ""
    return (f"{api_version} {kind} is deprecated in v{older.deprecated}+, unavailable in v{older.removed}+; "
            f"use {older.current} {kind}")


def converted(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest in the current version of its kind. Current ones are returned as they are; an older one gives a
    new mapping and stays untouched. Annotations are kept, the class annotation of an Ingress too."""
    older = replacement(str(data.get("apiVersion")), str(data.get("kind")))
    if older is None:
        return data
    result = {**copied(data), "apiVersion": older.current}
    if older.convert is not None:
        older.convert(result)
    return result


def old_path(api_version: str, kind: str, path: Path) -> Path:
    """The path that a field of the current version has in the version the user wrote (rule A-2: errors of the old
    versions name the old fields)."""
    older = replacement(api_version, kind)
    if older is None or older.convert is not _ingress or path[:1] != ("spec",):
        return path
    if path[:2] == ("spec", "defaultBackend"):
        return ("spec", "backend", *_old_backend(path[2:]))
    if len(path) > 6 and path[1] == "rules" and path[6] == "backend":
        return (*path[:7], *_old_backend(path[7:]))
    return path


def copied(value: Any) -> Any:
    """A deep copy in plain dicts and lists, without positions."""
    if isinstance(value, Mapping):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [copied(inner) for inner in value]
    return value


def _old_backend(rest: Path) -> Path:
    match rest:
        case ("service", "name"):
            return ("serviceName",)
        case ("service", "port", *_):
            return ("servicePort",)
        case ("service", *_):
            return ()
        case _:
            return rest


def _ingress(data: Tree) -> None:
    spec = data.get("spec")
    if not isinstance(spec, dict):
        return
    data["spec"] = {("defaultBackend" if key == "backend" else key): _backend(value) if key == "backend" else value
                    for key, value in spec.items()}
    for rule in _dicts(data["spec"].get("rules")):
        for path in _dicts(at(rule, ("http", "paths"))):
            if path.get("pathType") is None:
                path["pathType"] = "ImplementationSpecific"
            if path.get("backend") is not None:
                path["backend"] = _backend(path["backend"])


def _backend(old: Any) -> Any:
    """A backend with neither name nor port has no service at all, as upstream converts it."""
    if not isinstance(old, dict):
        return old
    new = {key: value for key, value in old.items() if key not in ("serviceName", "servicePort")}
    name, port = old.get("serviceName"), old.get("servicePort")
    if name or port not in (None, 0):
        new["service"] = {"name": name or "", "port": {} if port is None else
                          {"number": port} if isinstance(port, int) else {"name": port}}
    return new


def _slice(data: Tree) -> None:
    """topology held node and zone before they were fields; the rest of it is kept as deprecatedTopology."""
    for endpoint in _dicts(data.get("endpoints")):
        topology = endpoint.pop("topology", None) or {}
        zone = topology.pop("topology.kubernetes.io/zone", None)
        host = topology.pop("kubernetes.io/hostname", None)
        if zone is not None:
            endpoint["zone"] = zone
        if host is not None:
            endpoint.setdefault("nodeName", host)
        if topology:
            endpoint["deprecatedTopology"] = topology


def _workload(data: Tree) -> None:
    """The selector defaulted to the template's labels; rollbackTo and templateGeneration are gone."""
    spec = data.get("spec")
    if not isinstance(spec, dict):
        return
    spec.pop("rollbackTo", None)
    spec.pop("templateGeneration", None)
    labels = at(spec, ("template", "metadata", "labels"))
    if not spec.get("selector") and labels:
        spec["selector"] = {"matchLabels": dict(labels)}


def _event(data: Tree) -> None:
    """events.k8s.io names the fields differently; the store holds one form."""
    for new, old in (("regarding", "involvedObject"), ("note", "message"), ("deprecatedSource", "source"),
                     ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
                     ("deprecatedCount", "count"), ("reportingController", "reportingComponent")):
        if new in data:
            data[old] = data.pop(new)


def _dicts(value: Any) -> list[Tree]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


OLDER: Mapping[str, Older] = {
    "extensions/v1beta1/Ingress": Older("networking.k8s.io/v1", "1.14", "1.22", _ingress),
    "networking.k8s.io/v1beta1/Ingress": Older("networking.k8s.io/v1", "1.19", "1.22", _ingress),
    "networking.k8s.io/v1beta1/IngressClass": Older("networking.k8s.io/v1", "1.19", "1.22"),
    "extensions/v1beta1/NetworkPolicy": Older("networking.k8s.io/v1", "1.9", "1.16"),
    "discovery.k8s.io/v1beta1/EndpointSlice": Older("discovery.k8s.io/v1", "1.21", "1.25", _slice),
    "extensions/v1beta1/Deployment": Older("apps/v1", "1.8", "1.16", _workload),
    "extensions/v1beta1/DaemonSet": Older("apps/v1", "1.8", "1.16", _workload),
    "extensions/v1beta1/ReplicaSet": Older("apps/v1", "1.8", "1.16", _workload),
    "apps/v1beta1/Deployment": Older("apps/v1", "1.8", "1.16", _workload),
    "apps/v1beta1/StatefulSet": Older("apps/v1", "1.8", "1.16", _workload),
    "apps/v1beta2/Deployment": Older("apps/v1", "1.9", "1.16"),
    "apps/v1beta2/DaemonSet": Older("apps/v1", "1.9", "1.16"),
    "apps/v1beta2/ReplicaSet": Older("apps/v1", "1.9", "1.16"),
    "apps/v1beta2/StatefulSet": Older("apps/v1", "1.9", "1.16"),
    **{f"gateway.networking.k8s.io/v1beta1/{kind}": Older("gateway.networking.k8s.io/v1", "", "")
       for kind in ("GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant")},
    "events.k8s.io/v1beta1/Event": Older("v1", "1.19", "1.25", _event),
    "events.k8s.io/v1/Event": Older("v1", "", "", _event),
}
