"""The values the API server stores where a manifest leaves them out.

Addresses and ports that are allocated (clusterIP, nodePort, ipFamilies) are not defaults: control decides them.

Source: kubernetes/kubernetes pkg/apis/{core,apps,networking,discovery}/v1/defaults.go and
pkg/registry/core/service/strategy.go (clusterIPs), rules SV-1, A-3, V-12; null values as Go's JSON decoder reads them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from simnet.manifests.convert import Tree, converted, copied
from simnet.manifests.defaults_gateway import gateway_defaults, route_defaults
from simnet.manifests.defaults_pod import pod_level_defaults, pod_spec_defaults
from simnet.manifests.schema import Field, tables

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"


class Defaulted(dict[str, Any]):
    """A manifest in the current version of its kind, without nulls, with every default filled in."""


def defaulted(data: Mapping[str, Any]) -> Defaulted:
    """The manifest as the API server would store it, except for what it allocates. The input stays untouched.

    Old versions are converted. Null values are dropped (in a map of strings a null value is the empty string). Kinds
    that are not modelled come back as a plain copy. Doing it twice changes nothing and costs nothing.
    """
    if isinstance(data, Defaulted):
        return data
    current = converted(data)
    table = tables().kind(str(current.get("apiVersion")), str(current.get("kind")))
    if not table:
        return Defaulted(copied(current))
    result: Tree = _without_nulls(current, Field(table))
    fill = _FILLERS.get(table)
    if fill is not None:
        fill(result)
    return Defaulted(result)


def is_externally_accessible(spec: Mapping[str, Any]) -> bool:
    """Whether externalTrafficPolicy has a meaning for a Service (rule SV-1)."""
    kind = spec.get("type", "ClusterIP")
    return kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _without_nulls(value: Any, field: Field) -> Any:
    """A copy in plain dicts and lists. Null members are left out; null items become the zero value of their type."""
    if field.container == "list" and isinstance(value, list | tuple):
        return [_zero(field) if inner is None else _without_nulls(inner, field.item) for inner in value]
    if field.container == "map" and isinstance(value, Mapping):
        return {key: _zero(field) if inner is None else inner for key, inner in value.items()}
    if field.base in tables().types and isinstance(value, Mapping):
        fields = tables().types[field.base]
        return {key: _without_nulls(inner, fields[key]) if key in fields else copied(inner)
                for key, inner in value.items() if inner is not None}
    return copied(value)


def _zero(field: Field) -> Any:
    return {} if not field.is_scalar else "" if field.base in ("string", "bytes", "time") else 0


def _service(data: Tree) -> None:
    spec: Tree = data.setdefault("spec", {})
    _default(spec, "type", "ClusterIP")
    _affinity(spec)
    for port in spec.get("ports", ()):
        _default(port, "protocol", "TCP")
        if port.get("targetPort", 0) in (0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if is_externally_accessible(spec):
        _default(spec, "externalTrafficPolicy", "Cluster")
    if spec["type"] != "ExternalName":
        _default(spec, "internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for entry in (data.get("status", {}).get("loadBalancer") or {}).get("ingress", ()):
            if entry.get("ip"):
                entry.setdefault("ipMode", "VIP")
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def _affinity(spec: Tree) -> None:
    _default(spec, "sessionAffinity", "None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", 10800)


def _pod(data: Tree) -> None:
    spec: Tree = data.setdefault("spec", {})
    pod_spec_defaults(spec)
    pod_level_defaults(spec)


def _template(data: Tree) -> Tree:
    """The spec of a workload, its pod template filled in."""
    spec: Tree = data.setdefault("spec", {})
    template: Tree = spec.setdefault("template", {})
    pod_spec_defaults(template.setdefault("spec", {}))
    return spec


def _deployment(data: Tree) -> None:
    spec = _template(data)
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    _default(strategy, "type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _replica_set(data: Tree) -> None:
    _template(data).setdefault("replicas", 1)


def _daemon_set(data: Tree) -> None:
    spec = _template(data)
    strategy = spec.setdefault("updateStrategy", {})
    _default(strategy, "type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def _stateful_set(data: Tree) -> None:
    spec = _template(data)
    _default(spec, "podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    _default(retention, "whenDeleted", "Retain")
    _default(retention, "whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.update({"volumeClaimTemplates": [_claim(each) for each in spec["volumeClaimTemplates"]]}
                if spec.get("volumeClaimTemplates") else {})


def _claim(template: Tree) -> Tree:
    """A claim as it is stored in a StatefulSet (SetDefaults_PersistentVolumeClaim, apps/v1 conversion.go)."""
    spec = {**template.get("spec", {})}
    spec.setdefault("volumeMode", "Filesystem")
    return {**template, "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec,
            "status": {"phase": "Pending", **template.get("status", {})}}


def _network_policy(data: Tree) -> None:
    spec = data.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
        for port in rule.get("ports", ()):
            port.setdefault("protocol", "TCP")


def _endpoints(data: Tree) -> None:
    for subset in data.get("subsets", ()):
        for port in subset.get("ports", ()):
            _default(port, "protocol", "TCP")


def _endpoint_slice(data: Tree) -> None:
    for port in data.get("ports", ()):
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _ingress_class(data: Tree) -> None:
    parameters = data.get("spec", {}).get("parameters")
    if parameters is not None:
        parameters.setdefault("scope", "Cluster")


def _secret(data: Tree) -> None:
    """stringData is write-only: it lands in data, over entries of the same key."""
    _default(data, "type", "Opaque")
    texts = data.pop("stringData", None)
    if texts:
        data["data"] = {**data.get("data", {}),
                        **{key: b64encode(text.encode()).decode() for key, text in texts.items()}}


def _node(data: Tree) -> None:
    """The single podCIDR is the first of podCIDRs (pkg/apis/core/v1/conversion.go Convert_v1_NodeSpec_To_core_NodeSpec)."""
    spec = data.get("spec", {})
    if spec.get("podCIDR") and not spec.get("podCIDRs"):
        spec["podCIDRs"] = [spec["podCIDR"]]


def _namespace(data: Tree) -> None:
    name = data.get("metadata", {}).get("name")
    if name:
        data["metadata"].setdefault("labels", {})[NAMESPACE_NAME_LABEL] = name


def _default(holder: Tree, key: str, value: Any) -> None:
    """Set a field that is absent or empty text (zero values that Go cannot tell from absent)."""
    if not holder.get(key):
        holder[key] = value


_FILLERS: Mapping[str, Callable[[Tree], None]] = {
    "Service": _service, "Pod": _pod, "Deployment": _deployment, "ReplicaSet": _replica_set,
    "DaemonSet": _daemon_set, "StatefulSet": _stateful_set, "NetworkPolicy": _network_policy,
    "Endpoints": _endpoints, "EndpointSlice": _endpoint_slice, "IngressClass": _ingress_class,
    "Secret": _secret, "Namespace": _namespace, "Node": _node, "Gateway": gateway_defaults,
    "HTTPRoute": route_defaults,
}
