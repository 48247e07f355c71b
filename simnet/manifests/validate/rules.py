"""Rules that many kinds share: names, labels, selectors, ports, addresses.

Source: kubernetes/apimachinery pkg/util/validation, pkg/apis/meta/v1/validation, pkg/api/validation/objectmeta.go;
kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateNonSpecialIP, ValidatePortNumOrName).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simnet import ip
from simnet.errors import UsageError
from simnet.ip import IPNetwork
from simnet.manifests.findings import Finding, Findings, each_invalid, forbidden, invalid, required, too_long
from simnet.manifests.paths import Path, path_text
from simnet.names import (
    dns1123_label_problem,
    label_value_problem,
    port_name_problem,
    qualified_name_problem,
)

ANNOTATIONS_LIMIT = 256 * 1024
SELECTOR_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

PORT_RANGE = "must be between 1 and 65535, inclusive"
IP_EXPECTED = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
CIDR_EXPECTED = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_CONFIG_KEY_SAYS = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")
_LONGEST_KEY = 253

NameRule = Callable[[str], str]


def metadata(data: Mapping[str, Any], name_rule: NameRule, namespaced: bool) -> Findings:
    """Name, namespace, labels and annotations of an object."""
    meta = data.get("metadata") or {}
    name, prefix = meta.get("name") or "", meta.get("generateName") or ""
    if prefix:
        yield from each_invalid(("metadata", "generateName"), prefix, name_rule(prefix.rstrip("-") + "x"))
    if name:
        yield from each_invalid(("metadata", "name"), name, name_rule(name))
    elif not prefix:
        yield required(("metadata", "name"), "name or generateName is required")
    namespace = meta.get("namespace")
    if namespaced and namespace:
        yield from each_invalid(("metadata", "namespace"), namespace, dns1123_label_problem(namespace))
    yield from labels(meta.get("labels"), ("metadata", "labels"))
    yield from annotation_texts(meta.get("annotations"), ("metadata", "annotations"))
    yield from _owners(meta.get("ownerReferences") or ())
    for finalizer in meta.get("finalizers") or ():
        yield from each_invalid(("metadata", "finalizers"), finalizer, qualified_name_problem(finalizer))


def _owners(given: Sequence[Mapping[str, Any]]) -> Findings:
    """Owner references. Source: apimachinery pkg/api/validation/objectmeta.go ValidateOwnerReferences."""
    controllers: list[str] = []
    for index, owner in enumerate(given):
        path: Path = ("metadata", "ownerReferences", index)
        for key, what in (("apiVersion", "version"), ("kind", "kind"), ("name", "name"), ("uid", "uid")):
            if not owner.get(key):
                yield invalid((*path, key), owner.get(key) or "", f"{what} must not be empty")
        if owner.get("controller"):
            controllers.append(str(owner.get("name")))
    if len(controllers) > 1:
        yield invalid(("metadata", "ownerReferences"), list(given),
                      "Only one reference can have Controller set to true. Found \"true\" in references for "
                      + " and ".join(controllers[:2]))


def descending_path(text: str, path: Path) -> Findings:
    """A path inside a directory that is not to be left. Source: validateLocalDescendingPath."""
    if text.startswith("/"):
        yield invalid(path, text, "must be a relative path")
    yield from without_backsteps(text, path)


def without_backsteps(text: str, path: Path) -> Findings:
    """A path that never goes up. Source: validatePathNoBacksteps."""
    if ".." in text.split("/"):
        yield invalid(path, text, "must not contain '..'")


def config_key_problem(key: str) -> str:
    """A key of a Secret or ConfigMap. Source: apimachinery pkg/util/validation IsConfigMapKey."""
    complaints = [f"must be no more than {_LONGEST_KEY} characters"] if len(key) > _LONGEST_KEY else []
    if not _CONFIG_KEY.fullmatch(key):
        complaints.append(_CONFIG_KEY_SAYS)
    elif key in (".", ".."):
        complaints.append(f"must not be '{key}'")
    elif key.startswith(".."):
        complaints.append("must not start with '..'")
    return "; ".join(complaints)


def labels(given: Mapping[str, str] | None, path: Path) -> Findings:
    """Keys and values of labels, and of selectors that are plain maps. The API server names the map, not the key."""
    for key, value in (given or {}).items():
        for text, complaint in ((key, qualified_name_problem(key)), (value, label_value_problem(value))):
            if complaint:
                yield Finding("Invalid", (*path, key), text, complaint, field=path_text(path))


def annotation_texts(given: Mapping[str, str] | None, path: Path) -> Findings:
    """Keys must be qualified names in lower case reading; all texts together have a limit."""
    size = 0
    for key, value in (given or {}).items():
        size += len(key.encode()) + len(value.encode())
        complaint = qualified_name_problem(key.lower())
        if complaint:
            yield Finding("Invalid", (*path, key), key, complaint, field=path_text(path))
    if size > ANNOTATIONS_LIMIT:
        yield too_long(path, ANNOTATIONS_LIMIT)


def label_selector(given: Mapping[str, Any] | None, path: Path) -> Findings:
    """A metav1.LabelSelector."""
    given = given or {}
    yield from labels(given.get("matchLabels"), (*path, "matchLabels"))
    for index, expression in enumerate(given.get("matchExpressions") or ()):
        yield from _expression(expression, (*path, "matchExpressions", index))


def _expression(given: Mapping[str, Any], path: Path) -> Findings:
    operator, values = given.get("operator", ""), given.get("values") or ()
    if operator in ("In", "NotIn") and not values:
        yield required((*path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist") and values:
        yield forbidden((*path, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator not in SELECTOR_OPERATORS:
        yield invalid((*path, "operator"), operator, "not a valid selector operator")
    key = given.get("key", "")
    yield from each_invalid((*path, "key"), key, qualified_name_problem(key))
    for index, value in enumerate(values):
        yield from each_invalid((*path, "values", index), value, label_value_problem(value))


def port_number(value: Any, path: Path) -> Findings:
    """A port from 1 to 65535; an absent one counts as 0."""
    number = 0 if value is None else value
    if not 1 <= number <= 65535:
        yield invalid(path, number, PORT_RANGE)


def port_or_name(value: Any, path: Path) -> Findings:
    """A port number or the name of a port; absent counts as the number 0."""
    if isinstance(value, str):
        yield from each_invalid(path, value, port_name_problem(value))
    else:
        yield from port_number(value, path)


def address(value: str, path: Path, family: int = 0) -> Findings:
    """An IP address, of one family if `family` is 4 or 6."""
    try:
        found = ip.family(ip.number(value))
    except UsageError:
        found = 0
    if not found or (family and found != family):
        yield invalid(path, value, f"must be a valid IPv{family} address" if family else IP_EXPECTED)


def ordinary_address(value: str, path: Path) -> Findings:
    """No unspecified, loopback or link-local address. Says nothing of text that is no address at all."""
    try:
        number = ip.number(value)
    except UsageError:
        return
    if number in (0, ip.V6):
        yield invalid(path, value, f"may not be unspecified ({value})")
    for networks, detail in _SPECIAL:
        if any(number in network for network in networks):
            yield invalid(path, value, detail)


def cidr(value: str, path: Path) -> Findings:
    """A network in prefix notation; host bits may be set."""
    if network_of(value) is None:
        yield invalid(path, value, CIDR_EXPECTED)


def network_of(value: str) -> IPNetwork | None:
    """The network of a text, None when it is none."""
    try:
        return IPNetwork.parse(value)
    except UsageError:
        return None


def _networks(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(IPNetwork.parse(text) for text in texts)


_SPECIAL = (
    (_networks("127.0.0.0/8", "::1/128"), "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    (_networks("169.254.0.0/16", "fe80::/10"), "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    (_networks("224.0.0.0/24", "ff02::/16"),
     "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
)
