"""An update of a Service as the API server understands it, before it judges it.

Fields that the old type needed and the new one does not are dropped unless somebody changed them, and the two fields of
cluster IPs follow each other.

Source: kubernetes/kubernetes pkg/registry/core/service/strategy.go dropTypeDependentFields, storage/storage.go
normalizeClusterIPs; rules CI-6 and NP-6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.defaults import is_externally_accessible
from simnet.manifests.validate.service import needs_health_check

Spec = Mapping[str, Any]


def without_stale(new: Mapping[str, Any], old: Mapping[str, Any]) -> Mapping[str, Any]:
    """The new manifest of a Service so understood; other kinds as they are. Both in the current version."""
    if new.get("kind") != "Service" or old.get("kind") != "Service":
        return new
    before = old.get("spec") or {}
    after = _with_one_cluster_ip(new.get("spec") or {}, before)
    gone = {name for name in _stale_fields(before, after) if name in after and after[name] == before.get(name)}
    spec = {name: value for name, value in after.items() if name not in gone}
    if _needs_node_ports(before) and not _needs_node_ports(after) and _node_ports(before) == _node_ports(after):
        spec["ports"] = [{key: value for key, value in port.items() if key != "nodePort"} for port in after.get("ports") or ()]
    return {**new, "spec": spec}


def _with_one_cluster_ip(after: Spec, before: Spec) -> Spec:
    """When only `clusterIP` was changed or cleared, `clusterIPs` follows; when only `clusterIPs` is missing, it stays."""
    one, several, was = after.get("clusterIP") or "", after.get("clusterIPs") or [], before.get("clusterIPs") or []
    if one == (before.get("clusterIP") or "") and was and not several:
        return {**after, "clusterIPs": was}
    if one == (before.get("clusterIP") or "") or several != was:
        return after
    rest = {name: value for name, value in after.items() if name != "clusterIPs"}
    return {**rest, "clusterIPs": [one]} if one else rest


def _stale_fields(before: Spec, after: Spec) -> tuple[str, ...]:
    names: tuple[str, ...] = ()
    if _type(before) != "ExternalName" and _type(after) == "ExternalName":
        names += ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
    if _type(before) == "LoadBalancer" != _type(after):
        names += ("allocateLoadBalancerNodePorts", "loadBalancerClass")
    if is_externally_accessible(before) and not is_externally_accessible(after):
        names += ("externalTrafficPolicy",)
    if needs_health_check(before) and not needs_health_check(after):
        names += ("healthCheckNodePort",)
    return names


def _type(spec: Spec) -> Any:
    return spec.get("type") or "ClusterIP"


def _needs_node_ports(spec: Spec) -> bool:
    return _type(spec) == "NodePort" or (
        _type(spec) == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False)


def _node_ports(spec: Spec) -> set[Any]:
    return {port.get("nodePort") or 0 for port in spec.get("ports") or ()} - {0}
