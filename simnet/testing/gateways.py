"""Short ways to write Gateway API manifests in tests. Each returns a plain mapping that `Cluster.apply` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.control.gateway import CONTROLLER
from simnet.objects.gateway import GROUP

Backends = str | Mapping[str, int] | Sequence[Mapping[str, Any]]


def gateway_class(name: str = "simnet", *, controller: str = CONTROLLER) -> dict[str, Any]:
    """A GatewayClass, simnet's own unless told otherwise."""
    return {"apiVersion": f"{GROUP}/v1", "kind": "GatewayClass", "metadata": {"name": name},
            "spec": {"controllerName": controller}}


def listener(name: str = "http", *, port: int | None = None, hostname: str | None = None,
             tls: str | Sequence[str] = (), routes_from: str | Mapping[str, str] = "Same") -> dict[str, Any]:
    """One entry of a Gateway's listeners: HTTPS with the Secrets `tls` (`NAME` or `NAMESPACE/NAME`), else HTTP.

    `routes_from` is Same, All, None, or the labels that a namespace must have.
    """
    secrets = [tls] if isinstance(tls, str) else list(tls)
    source = {"from": routes_from} if isinstance(routes_from, str) else {
        "from": "Selector", "selector": {"matchLabels": dict(routes_from)}}
    entry: dict[str, Any] = {"name": name, "port": port or (443 if secrets else 80),
                             "protocol": "HTTPS" if secrets else "HTTP", "allowedRoutes": {"namespaces": source}}
    if hostname is not None:
        entry["hostname"] = hostname
    if secrets:
        entry["tls"] = {"certificateRefs": [_named(each) for each in secrets]}
    return entry


def gateway(name: str = "gw", *listeners: Mapping[str, Any], class_name: str = "simnet", namespace: str = "default"
            ) -> dict[str, Any]:
    """A Gateway with these listeners, or with one for HTTP on port 80."""
    spec = {"gatewayClassName": class_name, "listeners": [dict(each) for each in listeners] or [listener()]}
    return _object("Gateway", name, namespace, spec)


def http_route(name: str = "web", *, to: Backends | None = None, parent: str | Sequence[str] = "gw",
               hosts: str | Sequence[str] = (), paths: Mapping[str, Backends] | None = None,
               rules: Sequence[Mapping[str, Any]] | None = None, namespace: str = "default") -> dict[str, Any]:
    """An HTTPRoute. `parent` is `NAME`, `NAMESPACE/NAME`, with `#LISTENER` behind it for one listener.

    `paths` maps a path (all PathPrefix) to where it goes: a Service `NAME[:PORT]` or `NAMESPACE/NAME[:PORT]` (port 80 by
    default), or several of them with their weights. `to` is the same for every path; it defaults to the Service called
    like the route. `rules` are written out instead.
    """
    written = [dict(each) for each in rules] if rules is not None else [
        {"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": _backends(backends)}
        for path, backends in (paths or {"/": name if to is None else to}).items()]
    spec: dict[str, Any] = {"parentRefs": [_parent(each) for each in ([parent] if isinstance(parent, str) else parent)]}
    if hosts:
        spec["hostnames"] = [hosts] if isinstance(hosts, str) else list(hosts)
    return _object("HTTPRoute", name, namespace, {**spec, "rules": written})


def reference_grant(name: str = "grant", *, source: str, namespace: str, source_kind: str = "HTTPRoute",
                    kind: str = "Service", to: str = "") -> dict[str, Any]:
    """A ReferenceGrant in `namespace`: objects of `source_kind` in the namespace `source` may name its objects of `kind`,
    all of them or only `to`."""
    target = {"group": "", "kind": kind, **({"name": to} if to else {})}
    return _object("ReferenceGrant", name, namespace, {
        "from": [{"group": GROUP, "kind": source_kind, "namespace": source}], "to": [target]})


def _named(text: str) -> dict[str, Any]:
    namespace, slash, name = text.rpartition("/")
    return {"name": name, **({"namespace": namespace} if slash else {})}


def _parent(text: str) -> dict[str, Any]:
    name, mark, section = text.partition("#")
    return {**_named(name), **({"sectionName": section} if mark else {})}


def _backends(given: Backends) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [_backend(given)]
    if isinstance(given, Mapping):
        return [{**_backend(name), "weight": weight} for name, weight in given.items()]
    return [dict(each) for each in given]


def _backend(text: str) -> dict[str, Any]:
    name, colon, port = text.partition(":")
    return {**_named(name), "port": int(port) if colon else 80}


def _object(kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace},
            "spec": dict(spec)}
