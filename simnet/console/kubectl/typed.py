"""Empty parts that kubectl's typed objects carry along when it prints what it would create.

A struct is never left out by Go's encoder, so `--dry-run=client -o yaml` shows `status: {}` and its like.
Source: the fields without pointers of kubernetes/api core/v1, apps/v1 and networking/v1 types.go. `creationTimestamp:
null` is not among them any more: it is `omitzero` since Kubernetes 1.34.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_AT_THE_END: dict[str, dict[str, Any]] = {
    "Namespace": {"spec": {}, "status": {}}, "Service": {"status": {"loadBalancer": {}}}, "Pod": {"status": {}},
    "Ingress": {"status": {"loadBalancer": {}}}, "Deployment": {"status": {}},
}


def typed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest as kubectl prints it before it is sent."""
    kind = str(manifest["kind"])
    whole = {**_AT_THE_END.get(kind, {}), **manifest}
    if kind == "Pod":
        whole["spec"] = _with_resources(whole["spec"])
    elif kind == "Deployment":
        template = whole["spec"]["template"]
        whole["spec"] = {"strategy": {}, **whole["spec"], "template": {**template, "spec": _with_resources(template["spec"])}}
    return whole


def _with_resources(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {**spec, "containers": [{"resources": {}, **each} for each in spec["containers"]]}
