"""What a loaded object must have right although it is taken as it is: text that is to become a number.

Everything else about a loaded object may be outside the rules (a clusterIP out of range, a container without image).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simnet.clock import from_iso
from simnet.errors import UsageError
from simnet.manifests.findings import Findings, invalid, required
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.manifests.validate.config import node_addresses, not_base64

_TIMES: Sequence[Path] = (("metadata", "creationTimestamp"), ("metadata", "deletionTimestamp"),
                          ("status", "startTime"), ("firstTimestamp",), ("lastTimestamp",))
_ADDRESSES: Mapping[str, Sequence[Path]] = {
    "Pod": (("status", "podIP"), ("status", "podIPs", "*", "ip"), ("spec", "hostAliases", "*", "ip")),
    "Service": (("spec", "externalIPs", "*"), ("status", "loadBalancer", "ingress", "*", "ip")),
    "Endpoints": (("subsets", "*", "addresses", "*", "ip"), ("subsets", "*", "notReadyAddresses", "*", "ip")),
}
_NETWORKS: Mapping[str, Sequence[Path]] = {
    "Node": (("spec", "podCIDR"), ("spec", "podCIDRs", "*")),
    "Service": (("spec", "loadBalancerSourceRanges", "*"),),
    "NetworkPolicy": tuple(
        ("spec", direction, "*", peers, "*", "ipBlock", *rest)
        for direction, peers in (("ingress", "from"), ("egress", "to")) for rest in (("cidr",), ("except", "*"))),
}

_SELECTORS: Mapping[str, Sequence[Path]] = {
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"), (("spec", "selector"),)),
    "NetworkPolicy": (("spec", "podSelector"), *(
        ("spec", direction, "*", peers, "*", name) for direction, peers in (("ingress", "from"), ("egress", "to"))
        for name in ("podSelector", "namespaceSelector"))),
}


def facts(data: Mapping[str, Any]) -> Findings:
    """The findings of `validate_facts`."""
    kind = str(data.get("kind"))
    if not (data.get("metadata") or {}).get("name"):
        yield required(("metadata", "name"), "an object that is loaded has a name")
    for pattern in _TIMES:
        for path, text in _texts(data, pattern):
            yield from _time(text, path)
    for pattern in _ADDRESSES.get(kind, ()):
        for path, text in _texts(data, pattern):
            yield from rules.address(text, path)
    for pattern in _NETWORKS.get(kind, ()):
        for path, text in _texts(data, pattern):
            yield from rules.cidr(text.strip(), path)
    for pattern in _SELECTORS.get(kind, ()):
        for path, selector in _each(data, pattern):
            yield from rules.label_selector(selector, path)
    special = _SPECIAL.get(kind)
    if special is not None:
        yield from special(data)


def _texts(data: Mapping[str, Any], pattern: Path) -> Iterator[tuple[Path, str]]:
    """The texts at the places that a pattern names, without the empty ones."""
    return ((path, node) for path, node in _each(data, pattern) if isinstance(node, str) and node)


def _each(node: Any, pattern: Path, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What stands at the places that a pattern names; `*` stands for every index. Absent values are left out."""
    if not pattern:
        if node is not None:
            yield path, node
    elif pattern[0] == "*":
        for index, inner in enumerate(node if isinstance(node, list | tuple) else ()):
            yield from _each(inner, pattern[1:], (*path, index))
    elif isinstance(node, Mapping):
        yield from _each(node.get(pattern[0]), pattern[1:], (*path, pattern[0]))


def _time(text: str, path: Path) -> Findings:
    try:
        from_iso(text)
    except UsageError as error:
        yield invalid(path, text, str(error))


def _service(data: Mapping[str, Any]) -> Findings:
    spec = data.get("spec") or {}
    given = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    for index, text in enumerate(given):
        if text != "None":
            yield from rules.address(text, ("spec", "clusterIPs", index))


def _secret(data: Mapping[str, Any]) -> Findings:
    yield from not_base64(data.get("data") or {}, ("data",))


def _slice(data: Mapping[str, Any]) -> Findings:
    """Addresses of the other family are read, too: the proxy drops them (rule PX-6)."""
    is_numeric = (data.get("addressType") or "IPv4") in ("IPv4", "IPv6")
    for path, text in _texts(data, ("endpoints", "*", "addresses", "*")) if is_numeric else ():
        yield from rules.address(text, path)


_SPECIAL: Mapping[str, Callable[[Mapping[str, Any]], Findings]] = {
    "Service": _service, "Node": node_addresses, "Secret": _secret, "EndpointSlice": _slice,
}
