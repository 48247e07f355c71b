"""All Ingresses of a cluster -> a Gateway, HTTPRoutes and grants, and what behaves differently all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from simnet.cluster import Cluster
from simnet.control.gateway import CONTROLLER
from simnet.convert.actions import Actions, Draft, Rule
from simnet.convert.matches import matches_of, slash_redirects
from simnet.convert.witness import Lost, differences
from simnet.dataplane.http.servers import Server
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.tls import choose, show
from simnet.errors import NotFound
from simnet.names import ObjectKey
from simnet.objects.gateway import GROUP

MOST_RULES: Final = 16
HTTP: Final = "http"


@dataclass(frozen=True, slots=True)
class Conversion:
    """`manifests` in the order to apply them; `lost` every behaviour that differs, each with a witness."""

    manifests: tuple[dict[str, Any], ...]
    lost: tuple[Lost, ...]
    converted: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    gateway: ObjectKey
    listeners: dict[str, Rule] = field(default_factory=dict)
    routes: list[Rule] = field(default_factory=list)
    grants: dict[tuple[str, str, str, str], None] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)


def convert(cluster: Cluster, gateway: str = "default/gateway", class_name: str = "simnet") -> Conversion:
    """Convert the Ingresses that a controller of the cluster serves. The cluster stays as it is: the comparison uses
    forks. Raises NotFound when there is no controller. Cost: O(rules), and some requests for each of them.
    """
    controllers = list(cluster.view.ingress.all())
    if not controllers:
        raise NotFound("controller", "ingress-nginx", "", [], "")
    table = cluster.view.ingress.table_of(controllers[0])
    namespace, _, name = gateway.rpartition("/")
    work = _Work(ObjectKey(namespace or "default", name), {HTTP: {"name": HTTP, "port": 80, "protocol": "HTTP"}})
    served = [each for each in cluster.list("Ingress") if table.class_of(each)]
    for host in sorted(table.ingresses.known().hosts):
        server = table.server(host)
        if server is not None:
            _of_host(cluster, table, server, work)
    manifests = tuple(_manifests(work, class_name))
    lost = tuple(differences(cluster, controllers[0].name, manifests, work.gateway, table))
    return Conversion(manifests, lost, tuple(each.ref for each in served))


def _of_host(cluster: Cluster, table: ControllerTable, server: Server, work: _Work) -> None:
    """The routes of one host: one for each namespace, listener and sixteen rules."""
    https = _https_listener(table, server, work)
    namespaces = list(dict.fromkeys(each.ingress.namespace for each in server.sources)) or ["default"]
    if server.is_regex:  # patterns are tried in one order, whosever they are
        namespaces = namespaces[:1]
    for namespace in namespaces:
        drafts = {HTTP: _draft(cluster, table, server, namespace, https=False)}
        if https:
            drafts[https] = _draft(cluster, table, server, namespace, https=True)
        for listener, draft in drafts.items():
            _add_routes(server, namespace, listener, draft, work)


def _https_listener(table: ControllerTable, server: Server, work: _Work) -> str:
    """The listener of a host with a certificate of its own or of the wildcard host above it that can be used, '' when it
    has none (rule T-3)."""
    shown = choose(table, server) if server.host.startswith("*") else show(table, server.host)
    if not server.host or shown.is_default or shown.secret is None:
        return ""
    name = f"https-{_slug(shown.host)}"
    secret = shown.secret
    reference: Rule = {"name": secret.name}
    if secret.namespace != work.gateway.namespace:
        reference["namespace"] = secret.namespace
        work.grants[secret.namespace, "Gateway", work.gateway.namespace, "Secret"] = None
    work.listeners[name] = {"name": name, "port": 443, "protocol": "HTTPS", "hostname": shown.host,
                            "tls": {"certificateRefs": [reference]}}
    return name


def _draft(cluster: Cluster, table: ControllerTable, server: Server, namespace: str, https: bool) -> Draft:
    """The rules of one namespace's Ingresses for this host, on one kind of listener."""
    draft, actions = Draft(), Actions(cluster.view.ingress, table, server)
    first = server.sources[0].ingress.namespace if server.sources else namespace
    if server.app_root and namespace == first:
        draft.rules.append(_full_redirect({"path": {"type": "Exact", "value": "/"}}, server.app_root, 302))
    for location, match, path in slash_redirects(server):
        if location.rule.ingress is not None and location.rule.ingress.namespace == namespace:
            draft.rules.append(_full_redirect(match, path, 301))
    for location, match in matches_of(server):
        owner = location.rule.ingress.namespace if location.rule.ingress is not None else first
        if owner == namespace or server.is_regex:
            draft.rules += actions.rules(location, match, https, draft, namespace)
    return draft


def _full_redirect(match: Rule, path: str, status: int) -> Rule:
    return {"matches": [match], "filters": [{"type": "RequestRedirect", "requestRedirect": {
        "path": {"type": "ReplaceFullPath", "replaceFullPath": path}, "statusCode": status}}]}


def _add_routes(server: Server, namespace: str, listener: str, draft: Draft, work: _Work) -> None:
    if not draft.rules:
        return
    work.namespaces.add(namespace)
    for key in draft.crossing:
        work.grants[key.namespace, "HTTPRoute", namespace, "Service"] = None
    gateway = {"name": work.gateway.name, **({"namespace": work.gateway.namespace}
                                             if work.gateway.namespace != namespace else {})}
    name = f"{_slug(server.host) or 'any-host'}{'' if listener == HTTP else '-https'}"
    hosts = [each for each in (server.host, *server.aliases) if each and not each.startswith("~")]
    for index in range(0, len(draft.rules), MOST_RULES):
        spec: Rule = {"parentRefs": [{**gateway, "sectionName": listener}]}
        if hosts:
            spec["hostnames"] = hosts
        spec["rules"] = draft.rules[index:index + MOST_RULES]
        suffix = f"-{index // MOST_RULES + 1:02}" if len(draft.rules) > MOST_RULES else ""
        work.routes.append(_object("HTTPRoute", name + suffix, namespace, spec))


def _manifests(work: _Work, class_name: str) -> Iterator[Rule]:
    yield {"apiVersion": f"{GROUP}/v1", "kind": "GatewayClass", "metadata": {"name": class_name},
           "spec": {"controllerName": CONTROLLER}}
    source = "All" if work.namespaces - {work.gateway.namespace} else "Same"
    listeners = [{**each, "allowedRoutes": {"namespaces": {"from": source}}} for each in work.listeners.values()]
    yield _object("Gateway", work.gateway.name, work.gateway.namespace,
                  {"gatewayClassName": class_name, "listeners": listeners})
    for namespace, kind, source_namespace, to in work.grants:
        yield _object("ReferenceGrant", f"{kind.lower()}s-of-{source_namespace}", namespace, {
            "from": [{"group": GROUP, "kind": kind, "namespace": source_namespace}], "to": [{"group": "", "kind": to}]})
    yield from work.routes


def _object(kind: str, name: str, namespace: str, spec: Rule) -> Rule:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _slug(host: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", host.lower().replace("*", "wildcard")).strip("-")[:50]
