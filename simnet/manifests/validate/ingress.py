"""Ingress and IngressClass: rules V-1 to V-13.

Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnet import ip
from simnet.errors import UsageError
from simnet.manifests.findings import (
    Finding,
    Findings,
    each_invalid,
    forbidden,
    invalid,
    required,
    too_long,
    unsupported,
)
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import (
    dns1035_label_problem,
    dns1123_label_problem,
    dns1123_subdomain_problem,
    port_name_problem,
    wildcard_dns_problem,
)

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
MAX_CONTROLLER = 250

_BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS = ("/..", "/.")
_DOMAIN_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")


def ingress(data: Mapping[str, Any]) -> Findings:
    """Every rule for an Ingress; see `created_ingress` too."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    spec = data.get("spec") or {}
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        yield invalid(("spec",), spec.get("rules") or [], "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend") is not None:
        yield from _backend(spec["defaultBackend"], ("spec", "defaultBackend"))
    for index, rule in enumerate(spec.get("rules") or ()):
        yield from _rule(rule, ("spec", "rules", index))
    for index, tls in enumerate(spec.get("tls") or ()):
        yield from _tls(tls, ("spec", "tls", index))
    name = spec.get("ingressClassName")
    if name is not None:
        yield from each_invalid(("spec", "ingressClassName"), name, dns1123_subdomain_problem(name))


def created_ingress(data: Mapping[str, Any]) -> Findings:
    """What is asked of an Ingress only when it is created (rule V-11)."""
    name = (data.get("spec") or {}).get("ingressClassName")
    if name is None:
        return
    noted = (data.get("metadata", {}).get("annotations") or {}).get(CLASS_ANNOTATION)
    if noted is not None and noted != name:
        # the API server leaves out "metadata" here (rule V-11)
        yield Finding("Invalid", ("metadata", "annotations", CLASS_ANNOTATION), noted,
                      "must match `ingressClassName` when both are specified", field=f"annotations.{CLASS_ANNOTATION}")


def _rule(rule: Mapping[str, Any], path: Path) -> Findings:
    host = rule.get("host") or ""
    if host:
        if _is_address(host):
            yield invalid((*path, "host"), host, "must be a DNS name, not an IP address")
        yield from each_invalid((*path, "host"), host, host_problem(host))
    http = rule.get("http")
    if http is None:
        return
    if not http.get("paths"):
        yield required((*path, "http", "paths"))
    for index, entry in enumerate(http.get("paths") or ()):
        yield from _path(entry, (*path, "http", "paths", index))


def host_problem(host: str) -> str:
    """What the API server says about a host of a rule or of tls: exact name, or `*.` and a name."""
    return wildcard_dns_problem(host) if "*" in host else dns1123_subdomain_problem(host)


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except UsageError:
        return False
    return True


def _path(entry: Mapping[str, Any], path: Path) -> Findings:
    """An absent path type ends the judgement of the entry at once (rule V-4)."""
    kind, text = entry.get("pathType"), entry.get("path") or ""
    if kind is None:
        yield required((*path, "pathType"), "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        if not text.startswith("/"):
            yield invalid((*path, "path"), text, "must be an absolute path")
        for sequence in _BAD_SEQUENCES:
            if sequence in text:
                yield invalid((*path, "path"), text, f"must not contain '{sequence}'")
        for end in _BAD_ENDS:
            if text.endswith(end):
                yield invalid((*path, "path"), text, f"cannot end with '{end}'")
    elif kind != "ImplementationSpecific":
        yield unsupported((*path, "pathType"), kind, PATH_TYPES)
    elif text and not text.startswith("/"):
        yield invalid((*path, "path"), text, "must be an absolute path")
    yield from _backend(entry.get("backend") or {}, (*path, "backend"))


def _backend(backend: Mapping[str, Any], path: Path) -> Findings:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from _reference(resource, (*path, "resource"))
    elif service is not None:
        yield from _service_backend(service, path)
    else:
        yield invalid(path, "", "resource or service backend is required")


def _service_backend(service: Mapping[str, Any], path: Path) -> Findings:
    name, port = service.get("name") or "", service.get("port") or {}
    if name:
        yield from each_invalid((*path, "service", "name"), name, dns1035_label_problem(name))
    else:
        yield required((*path, "service", "name"))
    number, port_name = port.get("number") or 0, port.get("name") or ""
    if number and port_name:
        yield invalid(path, "", "cannot set both port name & port number")
    elif port_name:
        yield from each_invalid((*path, "service", "port", "name"), port_name, port_name_problem(port_name))
    elif number:
        yield from rules.port_number(number, (*path, "service", "port", "number"))
    else:
        yield required(path, "port name or number is required")


def _reference(given: Mapping[str, Any], path: Path) -> Findings:
    group = given.get("apiGroup")
    if group is not None:
        yield from each_invalid((*path, "apiGroup"), group, dns1123_subdomain_problem(group))
    for key in ("kind", "name"):
        if not given.get(key):
            yield required((*path, key))


def _tls(tls: Mapping[str, Any], path: Path) -> Findings:
    for index, host in enumerate(tls.get("hosts") or ()):
        yield from each_invalid((*path, "hosts", index), host, host_problem(host))
    secret = tls.get("secretName") or ""
    if secret:
        yield from each_invalid((*path, "secretName"), secret, dns1123_subdomain_problem(secret))


def ingress_class(data: Mapping[str, Any]) -> Findings:
    """Every rule for an IngressClass (rule V-12)."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=False)
    spec = data.get("spec") or {}
    controller, path = spec.get("controller") or "", ("spec", "controller")
    if not controller:
        yield required(path)
    else:
        if len(controller.encode()) > MAX_CONTROLLER:
            yield too_long(path, MAX_CONTROLLER)
        yield from _domain_path(controller, path)
    if spec.get("parameters") is not None:
        yield from _parameters(spec["parameters"], ("spec", "parameters"))


def _domain_path(text: str, path: Path) -> Findings:
    """`acme.io/ingress`: a domain, a slash, a path.

    Source: apimachinery pkg/util/validation IsDomainPrefixedPath.
    """
    domain, slash, rest = text.partition("/")
    if not slash or not domain or not rest:
        yield invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")")
        return
    yield from each_invalid(path, domain, dns1123_subdomain_problem(domain))
    if not _DOMAIN_PATH.fullmatch(rest):
        yield invalid(path, rest, f"Invalid path (regex used for validation is '{_DOMAIN_PATH.pattern}')")


def _parameters(given: Mapping[str, Any], path: Path) -> Findings:
    yield from _reference(given, path)
    namespace, scope = given.get("namespace"), given.get("scope")
    if scope == "Namespace" and namespace is None:
        yield required((*path, "namespace"), "`parameters.scope` is set to 'Namespace'")
    elif scope == "Namespace" and namespace is not None:
        yield from each_invalid((*path, "namespace"), namespace, dns1123_label_problem(namespace))
    elif scope == "Cluster" and namespace is not None:
        yield forbidden((*path, "namespace"), "`parameters.scope` is set to 'Cluster'")
