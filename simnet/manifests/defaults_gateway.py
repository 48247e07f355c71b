"""The values that the Gateway API's definitions fill in.

Source: kubernetes-sigs/gateway-api apis/v1/{gateway,httproute,shared,object_reference}_types.go, the markers
`+kubebuilder:default`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.convert import Tree, copied

GROUP = "gateway.networking.k8s.io"
EVERY_PATH: Mapping[str, str] = {"type": "PathPrefix", "value": "/"}


def gateway_defaults(data: Tree) -> None:
    """Listeners, their certificates and the routes they take."""
    spec = data.setdefault("spec", {})
    for address in spec.get("addresses", ()):
        address.setdefault("type", "IPAddress")
    for listener in spec.get("listeners", ()):
        allowed = listener.setdefault("allowedRoutes", {})
        allowed.setdefault("namespaces", {}).setdefault("from", "Same")
        for kind in allowed.get("kinds", ()):
            kind.setdefault("group", GROUP)
        tls = listener.get("tls")
        if tls is not None:
            tls.setdefault("mode", "Terminate")
            for reference in tls.get("certificateRefs", ()):
                _reference(reference, "", "Secret")


def route_defaults(data: Tree) -> None:
    """Parents, rules, matches, filters and backends of an HTTPRoute."""
    spec = data.setdefault("spec", {})
    for parent in spec.get("parentRefs", ()):
        _reference(parent, GROUP, "Gateway")
    for rule in spec.setdefault("rules", [{}]):
        for match in rule.setdefault("matches", [{}]):
            _match(match)
        _filters(rule)
        for backend in rule.get("backendRefs", ()):
            _reference(backend, "", "Service")
            backend.setdefault("weight", 1)
            _filters(backend)


def _match(match: Tree) -> None:
    path = match.setdefault("path", copied(EVERY_PATH))
    for key, value in EVERY_PATH.items():
        path.setdefault(key, value)
    for part in ("headers", "queryParams"):
        for each in match.get(part, ()):
            each.setdefault("type", "Exact")


def _filters(holder: Tree) -> None:
    for each in holder.get("filters", ()):
        if "requestRedirect" in each:
            each["requestRedirect"].setdefault("statusCode", 302)
        if "cors" in each:
            each["cors"].setdefault("maxAge", 5)
        mirror = each.get("requestMirror")
        if mirror is not None:
            _reference(mirror.setdefault("backendRef", {}), "", "Service")
            if "fraction" in mirror:
                mirror["fraction"].setdefault("denominator", 100)


def _reference(given: dict[str, Any], group: str, kind: str) -> None:
    given.setdefault("group", group)
    given.setdefault("kind", kind)
