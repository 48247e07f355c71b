"""Pods and pod templates.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec, validatePodDNSConfig,
ValidateHostAliases, ValidateTolerations, validatePodHostNetworkDeps, ValidatePodTemplateSpec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.findings import Findings, duplicate, each_invalid, forbidden, invalid, negative, required
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.manifests.validate.containers import containers
from simnet.names import (
    dns1123_label_problem,
    dns1123_subdomain_problem,
    label_value_problem,
    qualified_name_problem,
)

Spec = Mapping[str, Any]

MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048


def pod(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Pod."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    spec = data.get("spec") or {}
    yield from pod_spec(spec, ("spec",))
    yield from _host_network(spec, ("spec",), in_template=False)


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
    volumes: set[str] = set()
    yield from _volumes(spec, path, volumes)
    yield from containers(spec, path, volumes)
    yield from rules.labels(spec.get("nodeSelector"), (*path, "nodeSelector"))
    yield from _dns(spec, path)
    for name, problem in (("serviceAccountName", dns1123_subdomain_problem), ("nodeName", dns1123_subdomain_problem),
                          ("hostname", dns1123_label_problem), ("subdomain", dns1123_label_problem)):
        text = spec.get(name) or ""
        if text:
            yield from each_invalid((*path, name), text, problem(text))
    yield from _tolerations(spec, path)
    yield from _host_aliases(spec, path)
    yield from negative((*path, "terminationGracePeriodSeconds"), spec.get("terminationGracePeriodSeconds"))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2147483647:
        yield invalid((*path, "activeDeadlineSeconds"), deadline, "must be between 1 and 2147483647, inclusive")


def _volumes(spec: Spec, path: Path, names: set[str]) -> Findings:
    """Names of the volumes, collected in `names`. What a volume is made of is not judged."""
    for index, volume in enumerate(spec.get("volumes") or ()):
        name, here = volume.get("name") or "", (*path, "volumes", index, "name")
        if not name:
            yield required(here)
            continue
        yield from each_invalid(here, name, dns1123_label_problem(name))
        if name in names:
            yield duplicate(here, name)
        names.add(name)


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


def _tolerations(spec: Spec, path: Path) -> Findings:
    for index, given in enumerate(spec.get("tolerations") or ()):
        here = (*path, "tolerations", index)
        key, operator, value = given.get("key") or "", given.get("operator") or "", given.get("value") or ""
        if key:
            yield from each_invalid((*here, "key"), key, qualified_name_problem(key))
        elif operator != "Exists":
            yield invalid((*here, "operator"), operator, "operator must be Exists when `key` is empty, which means "
                          '"match all values and all keys"')
        if given.get("tolerationSeconds") is not None and given.get("effect") != "NoExecute":
            yield invalid((*here, "effect"), given.get("effect") or "",
                          "effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator in ("", "Equal"):
            yield from each_invalid((*here, "operator"), value, label_value_problem(value))
        elif operator == "Exists" and value:
            yield invalid((*here, "operator"), value, "value must be empty when `operator` is 'Exists'")


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
