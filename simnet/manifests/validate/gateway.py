"""GatewayClass, Gateway and ReferenceGrant: what the definitions of the Gateway API refuse. Rules G-1, G-21.

Source: kubernetes-sigs/gateway-api apis/v1/{gatewayclass,gateway,referencegrant,shared,object_reference}_types.go, the
markers `+kubebuilder:validation`; words: k8s.io/apiextensions-apiserver pkg/apiserver/validation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simnet.manifests.findings import Findings, invalid, required, too_many
from simnet.manifests.paths import Path, path_text
from simnet.manifests.schema import Field, tables
from simnet.manifests.validate import rules
from simnet.names import dns1123_subdomain_problem

Data = Mapping[str, Any]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
HOSTNAME = rf"^(\*\.)?{_SUBDOMAIN}$"
PRECISE_HOSTNAME = rf"^{_SUBDOMAIN}$"
SECTION_NAME = PRECISE_HOSTNAME
_CONTROLLER = rf"^{_SUBDOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
_PROTOCOL = rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|{_SUBDOMAIN}\/[A-Za-z0-9]+$"


def gateway_class(data: Data) -> Findings:
    """Every rule for a GatewayClass."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=False)
    yield from needed(data, "GatewayClass")
    spec = data.get("spec") or {}
    yield from pattern(spec.get("controllerName"), ("spec", "controllerName"), _CONTROLLER, 253)
    if len(str(spec.get("description") or "")) > 64:
        yield invalid(("spec", "description"), spec["description"], "may not be more than 64 bytes")


def gateway(data: Data) -> Findings:
    """Every rule for a Gateway."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    yield from needed(data, "Gateway")
    spec = data.get("spec") or {}
    listeners, path = spec.get("listeners") or (), ("spec", "listeners")
    if "listeners" in spec and not listeners:
        yield invalid(path, 0, "spec.listeners in body should have at least 1 items")
    yield from limited(listeners, path, 64)
    yield from limited(spec.get("addresses") or (), ("spec", "addresses"), 16)
    for index, listener in enumerate(listeners):
        yield from _listener(listener, (*path, index))
    for complaint, is_broken in _LISTENER_RULES:
        if is_broken(listeners):
            yield invalid(path, "array", complaint)


def _listener(listener: Data, path: Path) -> Findings:
    yield from pattern(listener.get("name"), (*path, "name"), SECTION_NAME, 253)
    yield from pattern(listener.get("hostname"), (*path, "hostname"), HOSTNAME, 253)
    yield from pattern(listener.get("protocol"), (*path, "protocol"), _PROTOCOL, 255)
    yield from port(listener.get("port"), (*path, "port"))
    allowed = listener.get("allowedRoutes") or {}
    yield from limited(allowed.get("kinds") or (), (*path, "allowedRoutes", "kinds"), 8)
    selector = (allowed.get("namespaces") or {}).get("selector")
    yield from rules.label_selector(selector, (*path, "allowedRoutes", "namespaces", "selector"))
    tls = listener.get("tls")
    if tls is None:
        return
    yield from limited(tls.get("certificateRefs") or (), (*path, "tls", "certificateRefs"), 64)
    if tls.get("mode") == "Terminate" and not tls.get("certificateRefs") and not tls.get("options"):
        yield invalid((*path, "tls"), "object", "certificateRefs or options must be specified when mode is Terminate")


def _repeats(values: Sequence[Any]) -> bool:
    return any(count > 1 for count in Counter(values).values())


def _mode(listener: Data) -> str:
    return str((listener.get("tls") or {}).get("mode") or "")


_LISTENER_RULES: Sequence[tuple[str, Callable[[Sequence[Data]], bool]]] = (
    ("tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
     lambda all: any(each.get("tls") is not None and each.get("protocol") in ("HTTP", "TCP", "UDP") for each in all)),
    ("tls mode must be Terminate for protocol HTTPS",
     lambda all: any(each.get("protocol") == "HTTPS" and _mode(each) not in ("", "Terminate") for each in all)),
    ("tls mode must be set for protocol TLS",
     lambda all: any(each.get("protocol") == "TLS" and not _mode(each) for each in all)),
    ("hostname must not be specified for protocols ['TCP', 'UDP']",
     lambda all: any(each.get("hostname") and each.get("protocol") in ("TCP", "UDP") for each in all)),
    ("Listener name must be unique within the Gateway", lambda all: _repeats([each.get("name") for each in all])),
    ("Combination of port, protocol and hostname must be unique for each listener",
     lambda all: _repeats([(each.get("port"), each.get("protocol"), each.get("hostname") or "") for each in all])),
)


def reference_grant(data: Data) -> Findings:
    """Every rule for a ReferenceGrant."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    yield from needed(data, "ReferenceGrant")
    spec = data.get("spec") or {}
    for name in ("from", "to"):
        entries = spec.get(name)
        if entries is not None and not entries:
            yield invalid(("spec", name), 0, f"spec.{name} in body should have at least 1 items")
        yield from limited(entries or (), ("spec", name), 16)


# what all four kinds share --------------------------------------------------------------------------------------

def needed(value: Any, table: str, path: Path = ()) -> Findings:
    """Fields that must be there and are not, all the way down."""
    fields = tables().types.get(table)
    if fields is None or not isinstance(value, Mapping):
        return
    for name, field in fields.items():
        inner = value.get(name)
        if inner is None and field.required:
            yield required((*path, name), "Required value")
        elif inner is not None:
            yield from _needed_in(inner, field, (*path, name))


def _needed_in(value: Any, field: Field, path: Path) -> Findings:
    if field.container == "list":
        for index, each in enumerate(value):
            yield from needed(each, field.base, (*path, index))
    elif not field.container:
        yield from needed(value, field.base, path)


def pattern(value: Any, path: Path, wanted: str, longest: int = 0) -> Findings:
    """A text must match; absent ones are somebody else's business, so are empty ones that may be."""
    if value is None:
        return
    if longest and len(value) > longest:
        yield invalid(path, value, f"may not be more than {longest} bytes")
    if not re.search(wanted, value) or value.endswith("\n"):
        yield invalid(path, value, f"{path_text(path)} in body should match '{wanted}'")


def between(value: Any, path: Path, least: int, most: int) -> Findings:
    """A number must lie in a range."""
    if value is not None and value < least:
        yield invalid(path, value, f"{path_text(path)} in body should be greater than or equal to {least}")
    if value is not None and value > most:
        yield invalid(path, value, f"{path_text(path)} in body should be less than or equal to {most}")


def port(value: Any, path: Path) -> Findings:
    yield from between(value, path, 1, 65535)


def limited(entries: Sequence[Any], path: Path, limit: int) -> Findings:
    if len(entries) > limit:
        yield too_many(path, len(entries), limit)
