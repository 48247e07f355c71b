"""Secrets, config maps, service accounts, network policies, and kinds without a description of their own.

Source: kubernetes/kubectl pkg/describe/describe.go describeSecret, ConfigMapDescriber, describeServiceAccount,
describeNetworkPolicy, genericDescriber.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.clock import iso
from simnet.console.kubectl.describe.page import Page
from simnet.console.kubectl.words import label_selector
from simnet.objects.configmap import ConfigMap
from simnet.objects.meta import Object
from simnet.objects.networkpolicy import NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule
from simnet.objects.secret import Secret
from simnet.objects.serviceaccount import ServiceAccount


def _head(page: Page, each: Object) -> None:
    page.write(0, "Name:", each.name)
    page.write(0, "Namespace:", each.namespace)
    page.labels(each.labels)
    page.annotations(each.annotations)


def describe_secret(page: Page, secret: Secret) -> None:
    """Sizes only: a Secret's values are not shown."""
    _head(page, secret)
    page.write(0, "")
    page.write(0, "Type:", secret.type)
    page.write(0, "")
    page.write(0, "Data")
    page.write(0, "====")
    for key in sorted(secret.data):
        page.write(0, f"{key}:", f"{len(secret.data[key])} bytes")


def describe_config_map(page: Page, config: ConfigMap) -> None:
    _head(page, config)
    page.write(0, "")
    page.write(0, "Data")
    page.write(0, "====")
    for key in sorted(config.data):
        page.write(0, f"{key}:")
        page.write(0, "----")
        page.write(0, config.data[key])
        page.write(0, "")
    page.write(0, "")
    page.write(0, "BinaryData")
    page.write(0, "====")
    page.write(0, "")
    page.events(config)


def describe_service_account(page: Page, account: ServiceAccount) -> None:
    _head(page, account)
    names = [str(each.get("name")) for each in account.raw.get("imagePullSecrets") or ()]
    page.several("Image pull secrets", names)
    page.events(account)


def describe_policy(page: Page, policy: NetworkPolicy) -> None:
    page.write(0, "Name:", policy.name)
    page.write(0, "Namespace:", policy.namespace)
    page.write(0, "Created on:", iso(policy.created).replace("T", " ").replace("Z", " +0000 UTC"))
    page.labels(policy.labels)
    page.annotations(policy.annotations)
    page.write(0, "Spec:")
    chosen = label_selector(policy.pod_selector)
    everybody = "<none> (Allowing the specific traffic to all pods in this namespace)"
    page.write(1, "PodSelector:     " + (everybody if chosen == "<none>" else chosen))
    for word, rules, peer in (("Ingress", policy.ingress, "From"), ("Egress", policy.egress, "To")):
        if word in policy.policy_types:
            page.write(1, f"Allowing {word.lower()} traffic:")
            _rules(page, rules or (), word.lower(), peer)
        else:
            page.write(1, f"Not affecting {word.lower()} traffic")
    page.write(1, f"Policy Types: {', '.join(policy.policy_types)}")


def _rules(page: Page, rules: Sequence[PolicyRule], way: str, peer: str) -> None:
    if not rules:
        page.write(2, f"<none> (Selected pods are isolated for {way} connectivity)")
    for place, rule in enumerate(rules):
        if place:
            page.write(2, "----------")
        for line in [_port(port) for port in rule.ports] or ["To Port: <any> (traffic allowed to all ports)"]:
            page.write(2, line)
        if not rule.peers:
            side = "source" if peer == "From" else "destination"
            page.write(2, f"{peer}: <any> (traffic not restricted by {side})")
        for each in rule.peers:
            page.write(2, f"{peer}:")
            _peer(page, each)


def _port(port: PolicyPort) -> str:
    shown = "<any>" if port.port is None else port.port
    if port.end_port is not None:
        return f"To Port Range: {shown}-{port.end_port}/{port.protocol}"
    return f"To Port: {shown}/{port.protocol}"


def _peer(page: Page, peer: PolicyPeer) -> None:
    if peer.ip_block is not None:
        page.write(3, "IPBlock:")
        page.write(4, f"CIDR: {peer.ip_block}")
        page.write(4, "Except: " + ", ".join(map(str, peer.excepted)))
    if peer.namespace_selector is not None:
        page.write(3, f"NamespaceSelector: {label_selector(peer.namespace_selector)}")
    if peer.pod_selector is not None:
        page.write(3, f"PodSelector: {label_selector(peer.pod_selector)}")


# any other kind -------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ACRONYMS = ("API", "URL", "UID", "GUID")
_SHOWN_ABOVE = ("name", "namespace", "labels", "annotations", "managedFields")


def describe_other(page: Page, each: Object) -> None:
    """Everything the object holds, field by field."""
    _head(page, each)
    whole = each.manifest
    metadata = {key: value for key, value in (whole.get("metadata") or {}).items() if key not in _SHOWN_ABOVE}
    _content(page, 0, {**whole, "metadata": metadata})
    page.events(each, str(whole.get("kind", "")))


def _content(page: Page, level: int, content: Mapping[str, Any]) -> None:
    for field in sorted(content):
        value = content[field]
        if isinstance(value, Mapping):
            page.write(level, f"{_label(field)}:")
            _content(page, level + 1, value)
        elif isinstance(value, (list, tuple)):
            page.write(level, f"{_label(field)}:")
            for child in value:
                if isinstance(child, Mapping):
                    _content(page, level + 1, child)
                else:
                    page.write(level + 1, str(child))
        else:
            page.write(level, f"{_label(field)}:", _shown(value))


def _shown(value: Any) -> str:
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _label(field: str) -> str:
    """`creationTimestamp` -> `Creation Timestamp`; a name with other characters than letters stays."""
    if not re.fullmatch(r"[A-Za-z-]+", field):
        return field
    words = [word.upper() if word.upper() in _ACRONYMS else word[:1].upper() + word[1:] for word in _WORD.findall(field)]
    return " ".join(words)
