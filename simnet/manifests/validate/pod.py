"""Pods and pod templates.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec, validatePodDNSConfig,
ValidateHostAliases, validatePodHostNetworkDeps, validateHostUsers, ValidatePodTemplateSpec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.findings import Finding, Findings, each_invalid, forbidden, invalid, negative, required
from simnet.manifests.paths import Path, path_text
from simnet.manifests.validate import rules
from simnet.manifests.validate.containers import PodNames, containers
from simnet.manifests.validate.placement import placement
from simnet.manifests.validate.resources import pod_claims
from simnet.manifests.validate.security import pod_security
from simnet.manifests.validate.volumes import volumes
from simnet.names import dns1123_label_problem, dns1123_subdomain_problem, qualified_name_problem

Spec = Mapping[str, Any]

_NAMES = {
    "serviceAccountName": dns1123_subdomain_problem, "nodeName": dns1123_subdomain_problem, "hostname": dns1123_label_problem,
    "subdomain": dns1123_label_problem, "priorityClassName": dns1123_subdomain_problem,
    "runtimeClassName": dns1123_subdomain_problem,
}
MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048


def pod(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Pod."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    spec = data.get("spec") or {}
    yield from pod_spec(spec, ("spec",))
    yield from _host_network(spec, ("spec",), in_template=False)
    for name in ("containers", "initContainers"):  # validateContainersOnlyForPod: templates may have it
        for index, container in enumerate(spec.get(name) or ()):
            image = container.get("image") or ""
            if image != image.strip():
                yield invalid(("spec", name, index, "image"), image, "must not have leading or trailing whitespace")


def created_pod(data: Mapping[str, Any]) -> Findings:
    """What is asked of a Pod only when it is created (ValidatePodCreate)."""
    spec = data.get("spec") or {}
    if spec.get("ephemeralContainers"):
        yield forbidden(("spec", "ephemeralContainers"), "cannot be set on create")
    if spec.get("schedulingGates") and spec.get("nodeName"):
        yield forbidden(("spec", "nodeName"), "cannot be set until all schedulingGates have been cleared")


def pod_template(template: Mapping[str, Any], path: Path) -> Findings:
    """Labels, annotations and spec of a template; the API server leaves `metadata` out of the first two paths."""
    metadata = template.get("metadata") or {}
    yield from rules.labels(metadata.get("labels"), (*path, "metadata", "labels"))
    yield from rules.annotation_texts(metadata.get("annotations"), (*path, "metadata", "annotations"))
    spec = template.get("spec") or {}
    yield from pod_spec(spec, (*path, "spec"))
    yield from _host_network(spec, (*path, "spec"), in_template=True)
    if spec.get("ephemeralContainers"):
        yield forbidden((*path, "spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template")


def pod_spec(spec: Spec, path: Path) -> Findings:
    """What pods and templates have in common."""
    known = PodNames(set(), set())
    yield from volumes(spec.get("volumes") or (), (*path, "volumes"), known.volumes)
    yield from pod_claims(spec.get("resourceClaims") or (), (*path, "resourceClaims"), known.claims)
    yield from containers(spec, path, known)
    yield from pod_security(spec, path)
    yield from _host_users(spec, path)
    yield from _dns(spec, path)
    for name, problem in _NAMES.items():
        text = spec.get(name) or ""
        if text:
            yield from each_invalid((*path, name), text, problem(text))
    yield from placement(spec, path)
    yield from _host_aliases(spec, path)
    yield from negative((*path, "terminationGracePeriodSeconds"), spec.get("terminationGracePeriodSeconds"))
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType") or ""
        yield from each_invalid((*path, "readinessGates", index, "conditionType"), kind, qualified_name_problem(kind))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2147483647:
        yield invalid((*path, "activeDeadlineSeconds"), deadline, "must be between 1 and 2147483647, inclusive")


def _host_users(spec: Spec, path: Path) -> Findings:
    """A user namespace of its own goes with no other namespace of the node. Two of the API server's paths name a Go field."""
    for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get("hostUsers") is False else ():
        if spec.get(name):
            called = name if name == "hostNetwork" else name[0].upper() + name[1:]
            yield Finding("Forbidden", (*path, name), None, "when `pod.Spec.HostUsers` is false",
                          field=path_text((*path, called)))


def _dns(spec: Spec, path: Path) -> Findings:
    here = (*path, "dnsConfig")
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        yield required(here, "must provide `dnsConfig` when `dnsPolicy` is None")
        return
    config = config or {}
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if spec.get("dnsPolicy") == "None" and not servers:
        yield required((*here, "nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None")
        return
    if len(servers) > MAX_NAMESERVERS:
        yield invalid((*here, "nameservers"), servers, f"must not have more than {MAX_NAMESERVERS} nameservers")
    for index, text in enumerate(servers):
        yield from rules.address(text, (*here, "nameservers", index))
    if len(searches) > MAX_SEARCHES:
        yield invalid((*here, "searches"), searches, f"must not have more than {MAX_SEARCHES} search paths")
    if len(" ".join(searches)) > MAX_SEARCH_CHARACTERS:
        yield invalid((*here, "searches"), searches,
                      f"must not have more than {MAX_SEARCH_CHARACTERS} characters (including spaces) in the search "
                      "list")
    for index, text in enumerate(searches):
        yield from each_invalid((*here, "searches", index), text, _search_problem(text))
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            yield required((*here, "options", index), "must not be empty")


def _search_problem(text: str) -> str:
    """Underscores and the single dot are allowed since 1.34 (RelaxedDNSSearchValidation)."""
    return "" if text == "." else dns1123_subdomain_problem(text.removesuffix(".").replace("_", "x"))


def _host_aliases(spec: Spec, path: Path) -> Findings:
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        here = (*path, "hostAliases", index)
        yield from rules.address(alias.get("ip") or "", (*here, "ip"))
        for inner, name in enumerate(alias.get("hostnames") or ()):
            yield from each_invalid((*here, "hostnames", inner), name, dns1123_subdomain_problem(name))


def _host_network(spec: Spec, path: Path, in_template: bool) -> Findings:
    """On the host network a host port is the container port; a template may leave it out."""
    if not spec.get("hostNetwork"):
        return
    for outer, container in enumerate(spec.get("containers") or ()):
        for index, port in enumerate(container.get("ports") or ()):
            host = port.get("hostPort") or 0
            if host != port.get("containerPort") and (host or not in_template):
                yield invalid((*path, "containers", outer, "ports", index, "hostPort"), host,
                              "must match `containerPort` when `hostNetwork` is true")
