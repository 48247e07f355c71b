"""NetworkPolicy, Endpoints, EndpointSlice.

Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go, pkg/apis/discovery/validation/validation.go,
pkg/apis/core/validation/validation.go validateEndpointSubsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.manifests.findings import Findings, duplicate, each_invalid, forbidden, invalid, required, too_many
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import (
    dns1123_label_problem,
    dns1123_subdomain_problem,
    port_name_problem,
    qualified_name_problem,
)

MAX_ADDRESSES = 100
MAX_PORTS = 100
MAX_ENDPOINTS = 1000


def network_policy(data: Mapping[str, Any]) -> Findings:
    """Every rule for a NetworkPolicy."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    spec = data.get("spec") or {}
    yield from rules.label_selector(spec.get("podSelector"), ("spec", "podSelector"))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path: Path = ("spec", direction, index)
            for inner, port in enumerate(rule.get("ports") or ()):
                yield from _policy_port(port, (*path, "ports", inner))
            for inner, peer in enumerate(rule.get(peers) or ()):
                yield from _peer(peer, (*path, peers, inner))
    types = spec.get("policyTypes") or ()
    if len(types) > 2:
        yield invalid(("spec", "policyTypes"), list(types), "may not specify more than two policyTypes")


def _policy_port(given: Mapping[str, Any], path: Path) -> Findings:
    port, end = given.get("port"), given.get("endPort")
    if port is None:
        if end is not None:
            yield invalid((*path, "endPort"), end, "may not be specified when `port` is not specified")
    elif isinstance(port, str):
        if end is not None:
            yield invalid((*path, "endPort"), end, "may not be specified when `port` is non-numeric")
        yield from each_invalid((*path, "port"), port, port_name_problem(port))
    else:
        yield from rules.port_number(port, (*path, "port"))
        if end is not None:
            if end < port:
                yield invalid((*path, "endPort"), end, "must be greater than or equal to `port`")
            yield from rules.port_number(end, (*path, "endPort"))


def _peer(peer: Mapping[str, Any], path: Path) -> Findings:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    for name in given:
        if name == "ipBlock":
            yield from _block(peer[name], (*path, name))
        else:
            yield from rules.label_selector(peer[name], (*path, name))
    if not given:
        yield required(path, "must specify a peer")
    elif "ipBlock" in given and len(given) > 1:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _block(block: Mapping[str, Any], path: Path) -> Findings:
    text = block.get("cidr") or ""
    if not text:
        yield required((*path, "cidr"))
        return
    whole = rules.network_of(text)
    if whole is None:
        yield invalid((*path, "cidr"), text, rules.CIDR_EXPECTED)
        return
    for index, inner in enumerate(block.get("except") or ()):
        part, here = rules.network_of(inner), (*path, "except", index)
        if part is None:
            yield invalid(here, inner, rules.CIDR_EXPECTED)
        elif not whole.covers(part) or part == whole:
            yield invalid(here, inner, "must be a strict subset of `cidr`")


def endpoints(data: Mapping[str, Any]) -> Findings:
    """Every rule for an Endpoints object."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    for index, subset in enumerate(data.get("subsets") or ()):
        path: Path = ("subsets", index)
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(path, "must specify `addresses` or `notReadyAddresses`")
        for name in ("addresses", "notReadyAddresses"):
            for inner, entry in enumerate(subset.get(name) or ()):
                yield from _address(entry, (*path, name, inner))
        ports = subset.get("ports") or ()
        for inner, port in enumerate(ports):
            here = (*path, "ports", inner)
            yield from _port_name(port, here, needed=len(ports) > 1)
            yield from rules.port_number(port.get("port"), (*here, "port"))


def _address(entry: Mapping[str, Any], path: Path) -> Findings:
    text = entry.get("ip") or ""
    yield from rules.address(text, (*path, "ip"))
    yield from rules.ordinary_address(text, (*path, "ip"))
    for name, problem in (("hostname", dns1123_label_problem), ("nodeName", dns1123_subdomain_problem)):
        if entry.get(name):
            yield from each_invalid((*path, name), entry[name], problem(entry[name]))


def _port_name(port: Mapping[str, Any], path: Path, needed: bool) -> Findings:
    name, protocol = port.get("name") or "", port.get("appProtocol")
    if name:
        yield from each_invalid((*path, "name"), name, dns1123_label_problem(name))
    elif needed:
        yield required((*path, "name"))
    if protocol is not None:
        yield from each_invalid((*path, "appProtocol"), protocol, qualified_name_problem(protocol))


def endpoint_slice(data: Mapping[str, Any]) -> Findings:
    """Every rule for an EndpointSlice."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    family = data.get("addressType") or ""
    if not family:
        yield required(("addressType",))
    members = data.get("endpoints") or ()
    if len(members) > MAX_ENDPOINTS:
        yield too_many(("endpoints",), len(members), MAX_ENDPOINTS)
        members = ()
    for index, member in enumerate(members):
        yield from _member(member, family, ("endpoints", index))
    yield from _slice_ports(data.get("ports") or ())


def _member(member: Mapping[str, Any], family: str, path: Path) -> Findings:
    addresses = member.get("addresses") or ()
    if not addresses:
        yield required((*path, "addresses"), "must contain at least 1 address")
    elif len(addresses) > MAX_ADDRESSES:
        yield too_many((*path, "addresses"), len(addresses), MAX_ADDRESSES)
    for index, text in enumerate(addresses):
        here = (*path, "addresses", index)
        if family in ("IPv4", "IPv6"):
            yield from rules.address(text, here, family=int(family[-1]))
            yield from rules.ordinary_address(text, here)
        elif family == "FQDN":
            yield from each_invalid(here, text, dns1123_subdomain_problem(text.removesuffix(".")))
    for name, problem in (("hostname", dns1123_label_problem), ("nodeName", dns1123_subdomain_problem)):
        if member.get(name):
            yield from each_invalid((*path, name), member[name], problem(member[name]))


def _slice_ports(ports: Sequence[Mapping[str, Any]]) -> Findings:
    """A port number may be absent (all ports); names are unique, the empty one included."""
    if len(ports) > MAX_PORTS:
        yield too_many(("ports",), len(ports), MAX_PORTS)
        return
    names: set[str] = set()
    for index, port in enumerate(ports):
        path: Path = ("ports", index)
        yield from _port_name(port, path, needed=False)
        if port.get("port") is not None:
            yield from rules.port_number(port["port"], (*path, "port"))
        name = port.get("name") or ""
        if name in names:
            yield duplicate((*path, "name"), name)
        names.add(name)
