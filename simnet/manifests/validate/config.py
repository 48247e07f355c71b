"""Secret, ConfigMap, Namespace, Node, ServiceAccount, Event, and kinds simnet does not model.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateSecret, ValidateConfigMap,
ValidateNamespace, ValidateNode, validateNodeTaints; apimachinery pkg/api/validate/content IsPathSegmentName.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from simnet.manifests.findings import Finding, Findings, duplicate, each_invalid, invalid, required, too_long
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import (
    dns1123_label_problem,
    dns1123_subdomain_problem,
    label_value_problem,
    qualified_name_problem,
)

MAX_DATA_BYTES = 1024 * 1024
SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_JSON_KEYS = (".dockerconfigjson", ".dockercfg")
_NEEDED_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"), "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",), "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def secret(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Secret; `data` must be base64."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    entries = data.get("data") or {}
    yield from _keys(entries, ("data",))
    yield from not_base64(entries, ("data",))
    for key in _NEEDED_KEYS.get(data.get("type", ""), ()):
        if key not in entries:
            yield Finding("Required", ("data", key), field=f"data[{key}]")
        elif key in _JSON_KEYS and not _is_json(entries[key]):
            yield Finding("Invalid", ("data", key), "<secret contents redacted>", "is no JSON", field=f"data[{key}]")
    if data.get("type") == "kubernetes.io/basic-auth" and not {"username", "password"} & set(entries):
        for key in ("username", "password"):
            yield Finding("Required", ("data", key), field=f"data[{key}]")
    account = (data.get("metadata", {}).get("annotations") or {}).get(SERVICE_ACCOUNT_NAME)
    if data.get("type") == "kubernetes.io/service-account-token" and not account:
        yield required(("metadata", "annotations", SERVICE_ACCOUNT_NAME))
    if sum(len(text) * 3 // 4 for text in entries.values()) > MAX_DATA_BYTES:
        yield too_long(("data",), MAX_DATA_BYTES)


def _is_json(text: str) -> bool:
    try:
        json.loads(b64decode("".join(text.split())))
    except ValueError:
        return False
    return True


def config_map(data: Mapping[str, Any]) -> Findings:
    """Every rule for a ConfigMap."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    texts, binary = data.get("data") or {}, data.get("binaryData") or {}
    yield from _keys(texts, ("data",))
    yield from _keys(binary, ("binaryData",))
    yield from not_base64(binary, ("binaryData",))
    size = sum(len(text.encode()) for text in texts.values()) + sum(len(text) * 3 // 4 for text in binary.values())
    if size > MAX_DATA_BYTES:
        yield too_long((), MAX_DATA_BYTES)
    for key in texts:
        if key in binary:
            yield invalid(("data", key), key, "duplicate of key present in binaryData")


def not_base64(entries: Mapping[str, str], path: Path) -> Findings:
    """Values that do not decode, with the Go decoder's offset."""
    for key, text in entries.items():
        try:
            b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            yield Finding("Invalid", (*path, key), text, "illegal base64 data; use stringData for plain text"
                          if path == ("data",) else "illegal base64 data")


def _keys(entries: Mapping[str, Any], path: Path) -> Findings:
    for key in entries:
        yield from each_invalid((*path, key), key, rules.config_key_problem(key))


def namespace(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Namespace."""
    yield from rules.metadata(data, dns1123_label_problem, namespaced=False)


def service_account(data: Mapping[str, Any]) -> Findings:
    """Every rule for a ServiceAccount."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)


def node(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Node."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=False)
    spec = data.get("spec") or {}
    yield from _taints(spec.get("taints") or ())
    cidrs, path = list(spec.get("podCIDRs") or ()), ("spec", "podCIDRs")
    for index, text in enumerate(cidrs):
        yield from rules.cidr(text, (*path, index))
        if text in cidrs[:index]:
            yield duplicate((*path, index), text)
    if len(cidrs) > 1 and len({":" in text for text in cidrs}) != len(cidrs):
        yield invalid(path, cidrs, "may specify no more than one CIDR for each IP family")
    yield from node_addresses(data)


def node_addresses(data: Mapping[str, Any]) -> Findings:
    """The addresses in a Node's status, which count even on creation. The API server itself takes any text."""
    for index, entry in enumerate((data.get("status") or {}).get("addresses") or ()):
        if entry.get("type") in ("InternalIP", "ExternalIP"):
            yield from rules.address(entry.get("address") or "", ("status", "addresses", index, "address"))


def _taints(taints: Any) -> Findings:
    """The API server names metadata.taints here; the field itself is what a user needs."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        path: Path = ("spec", "taints", index)
        key, value, effect = taint.get("key") or "", taint.get("value") or "", taint.get("effect") or ""
        yield from each_invalid((*path, "key"), key, qualified_name_problem(key))
        yield from each_invalid((*path, "value"), value, label_value_problem(value))
        if not effect:
            yield required((*path, "effect"))
        if (key, effect) in seen:
            yield duplicate(path, key, "taints must be unique by key and effect pair")
        seen.add((key, effect))


def event(data: Mapping[str, Any]) -> Findings:
    """Every rule for an Event that concerns what is kept of it."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    if not (data.get("involvedObject") or {}).get("kind"):
        yield required(("involvedObject", "kind"))


def other(data: Mapping[str, Any]) -> Findings:
    """A kind that is not modelled: any name that can stand in a URL."""
    yield from rules.metadata(data, path_segment_problem, namespaced=True)


def path_segment_problem(name: str) -> str:
    """IsValidPathSegmentName, the rule of RBAC names and the least that every name obeys."""
    if name in (".", ".."):
        return f"may not be '{name}'"
    return "; ".join(f"may not contain '{mark}'" for mark in "/%" if mark in name)
