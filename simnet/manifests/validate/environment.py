"""Environment variables of containers.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateEnv, validateEnvVarValueFrom, ValidateEnvFrom;
names: apimachinery pkg/util/validation IsRelaxedEnvVarName (RelaxedEnvironmentVariableValidation, on since 1.34).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.manifests.findings import Findings, each_invalid, invalid, required, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate.rules import config_key_problem
from simnet.names import dns1123_subdomain_problem, qualified_name_problem

_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
           "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
_RESOURCES = ("limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
              "requests.memory")
_SUBSCRIPTED = re.compile(r"(metadata\.(?:annotations|labels))\['(.*)'\]")


def environment(container: Mapping[str, Any], path: Path) -> Findings:
    """`env` and `envFrom` of a container."""
    for index, variable in enumerate(container.get("env") or ()):
        yield from _variable(variable, (*path, "env", index))
    for index, source in enumerate(container.get("envFrom") or ()):
        yield from _whole_source(source, (*path, "envFrom", index))


def _name_problem(name: str) -> str:
    if all(" " <= letter <= "~" and letter != "=" for letter in name):
        return ""
    return "a valid environment variable name must consist only of printable ASCII characters other than '='"


def _variable(variable: Mapping[str, Any], path: Path) -> Findings:
    name = variable.get("name") or ""
    if name:
        yield from each_invalid((*path, "name"), name, _name_problem(name))
    else:
        yield required((*path, "name"))
    source, here = variable.get("valueFrom"), (*path, "valueFrom")
    if source is None:
        return
    given = [kind for kind in _SOURCES if source.get(kind) is not None]
    for kind in given:
        yield from _reference(kind, source[kind], (*here, kind))
    if not given:
        yield invalid(here, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`")
    elif variable.get("value"):
        yield invalid(here, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(here, "", "may not have more than one field specified at a time")


def _reference(kind: str, given: Mapping[str, Any], path: Path) -> Findings:
    if kind == "fieldRef":
        yield from _field(given.get("fieldPath") or "", path)
    elif kind == "resourceFieldRef":
        name = given.get("resource") or ""
        if not name:
            yield required((*path, "resource"))
        elif name not in _RESOURCES and not name.startswith(("requests.hugepages-", "limits.hugepages-")):
            yield unsupported((*path, "resource"), name, _RESOURCES)
    elif kind in ("configMapKeyRef", "secretKeyRef"):
        name, key = given.get("name") or "", given.get("key") or ""
        yield from each_invalid((*path, "name"), name, dns1123_subdomain_problem(name))
        if not key:
            yield required((*path, "key"))
        else:
            yield from each_invalid((*path, "key"), key, config_key_problem(key))


def _field(text: str, path: Path) -> Findings:
    found = _SUBSCRIPTED.fullmatch(text)
    if not text:
        yield required((*path, "fieldPath"))
    elif found is not None:
        key = found[2].lower() if found[1].endswith("annotations") else found[2]
        yield from each_invalid(path, key, qualified_name_problem(key))
    elif text not in _FIELDS:
        yield unsupported((*path, "fieldPath"), text, _FIELDS)


def _whole_source(source: Mapping[str, Any], path: Path) -> Findings:
    prefix = source.get("prefix") or ""
    yield from each_invalid((*path, "prefix"), prefix, _name_problem(prefix))
    given: Sequence[str] = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
    for kind in given:
        name = source[kind].get("name") or ""
        if not name:
            yield required((*path, kind, "name"))
        else:
            yield from each_invalid((*path, kind, "name"), name, dns1123_subdomain_problem(name))
    if not given:
        yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(given) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")
