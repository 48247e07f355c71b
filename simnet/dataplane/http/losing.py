"""Why every other rule lost, and which came close. Derived from a `Routing` when somebody reads it, never before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from os.path import commonpath

from simnet.control.ingress_class import ClassMatch, match_class
from simnet.dataplane.http.annotations import read_annotations
from simnet.dataplane.http.ingresses import hosts_of
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.servers import Rule, Server, Shadowed, in_order
from simnet.dataplane.http.target import Address
from simnet.errors import nearest
from simnet.objects.ingress import Ingress


class Loss(StrEnum):
    """Why a rule was not the one."""

    HOST = "another host"
    CLASS = "its Ingress is not this controller's"
    CANARY = "its Ingress is a canary, which has no paths of its own"
    DROPPED = "its Ingress is dropped for an annotation"
    RESERVED = "its Service was first seen in a canary, which keeps it from other Ingresses"
    RESOURCE = "its backend is a resource, which this controller skips"
    PATTERN = "its path is no pattern, and the host needs patterns"
    OLDER = "an older rule has the same host, path and type"
    CONFLICT = "it cannot stand beside an older rule"
    PATH = "its path does not match"
    SHORTER = "it matches, and a longer path wins"
    EXACT = "it matches, and an Exact path of the same length wins"
    LATER = "it would match, and an earlier pattern is tried first"
    UNREACHED = "the request is answered before any path is looked at"


class Near(StrEnum):
    """What one change would have made a rule match."""

    CLASS = "class"
    CASE = "case"
    SLASH = "final slash"
    BOUNDARY = "path element"
    HOST = "host"
    NEAREST = "path"


@dataclass(frozen=True, slots=True)
class Loser:
    """A rule that lost: `by` is the one that beat it, `class_match` says whose it is when it is not the controller's,
    `annotation` which one dropped it."""

    rule: Rule
    loss: Loss
    by: Rule | None = None
    class_match: ClassMatch | None = None
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that would have taken the request if one thing had been different."""

    loser: Loser
    near: Near


def losers(routing: Routing) -> list[Loser]:
    """Every rule that did not take the request: those of its host first, then all others. O(all rules)."""
    server = routing.match.server if routing.match is not None else None
    found = list(_of_server(routing, server)) if server is not None else []
    for host, ingresses in sorted(routing.known.hosts.items()):
        for ingress in in_order(ingresses):
            is_source = server is not None and any(each.ingress is ingress for each in server.sources)
            if server is None or host != server.host or not is_source:
                found += _elsewhere(routing, ingress, host)
    return found


def _of_server(routing: Routing, server: Server) -> Iterator[Loser]:
    chosen = routing.location.rule if routing.location is not None else None
    for rule in server.rules:
        if rule is not chosen:
            yield Loser(rule, _loss(routing, server, rule), chosen)
    for shadowed in server.shadowed:
        yield Loser(shadowed.rule, _shadow(shadowed), shadowed.by)


def _shadow(shadowed: Shadowed) -> Loss:
    if shadowed.by is not None:
        return Loss.CONFLICT if shadowed.is_conflict else Loss.OLDER
    if shadowed.is_reserved:
        return Loss.RESERVED
    return Loss.RESOURCE if shadowed.rule.backend is not None and shadowed.rule.backend.resource else Loss.PATTERN


def _loss(routing: Routing, server: Server, rule: Rule) -> Loss:
    """Why a rule with a location of its own was not chosen."""
    if routing.location is None:
        return Loss.UNREACHED
    path = routing.path
    if server.is_regex:
        matches = any(each.pattern is not None and each.pattern.search(path)
                      for each in server.patterns if each.rule is rule)
        return Loss.LATER if matches else Loss.PATH
    if not takes(rule, path):
        return Loss.PATH
    same_length = len(rule.path.rstrip("/")) == len(routing.location.rule.path.rstrip("/"))
    return Loss.EXACT if routing.location.rule.is_exact and same_length else Loss.SHORTER


def takes(rule: Rule, path: str) -> bool:
    """Whether a plain rule's path matches, element by element (rules P-1, P-2)."""
    if rule.is_exact:
        return path == rule.path
    start = rule.path.rstrip("/")
    return path == start or path.startswith(start + "/")


def _elsewhere(routing: Routing, ingress: Ingress, host: str) -> Iterator[Loser]:
    """The rules of one Ingress for a host that is not the server's, or of an Ingress the server does not count."""
    flags = routing.table.flags
    match = match_class(ingress, routing.known.classes.get, flags)
    settings = read_annotations(ingress.annotations, flags.annotations_prefix,
                                validates=flags.enable_annotation_validation,
                                allows_snippets=routing.table.config.allow_snippet_annotations)
    loss = (Loss.CLASS if not match else Loss.CANARY if settings.is_canary else Loss.DROPPED if settings.dropped_by
            else Loss.HOST)
    for rule in _rules(ingress, host):
        yield Loser(rule, loss, None, None if match else match, settings.dropped_by if loss is Loss.DROPPED else "")


def _rules(ingress: Ingress, host: str) -> Iterator[Rule]:
    for each in ingress.rules:
        if each.host.lower() == host:
            for path in each.paths or ():
                yield Rule(host, path.path or "/", path.path_type or "ImplementationSpecific", path.backend, ingress)
    if not ingress.rules and host in hosts_of(ingress):
        yield Rule(host, "/", "Prefix", ingress.default_backend, ingress)


# near misses ----------------------------------------------------------------------------------------------------

def near_misses(routing: Routing) -> list[NearMiss]:
    """Rules that one change would have made match, the closest kind first. O(all rules)."""
    address = routing.address
    if not isinstance(address, Address):
        return []
    found = [NearMiss(loser, near) for loser in losers(routing) if not loser.rule.is_implicit
             for near in (_near(address, loser),) if near is not None]
    order = list(Near)
    return sorted(found, key=lambda miss: order.index(miss.near)) or _nearest(address, losers(routing))


def _nearest(address: Address, lost: list[Loser]) -> list[NearMiss]:
    """The rule of the host whose path is most like the one asked for; nothing when the host has no rules."""
    paths = {loser.rule.path: loser for loser in reversed(lost)
             if loser.loss is Loss.PATH and not loser.rule.is_implicit}
    if not paths:
        return []
    name = nearest(address.path, list(paths)) or max(paths, key=lambda path: len(commonpath((path, address.path))))
    return [NearMiss(paths[name], Near.NEAREST)]


def _near(address: Address, loser: Loser) -> Near | None:
    rule, path = loser.rule, address.path
    if loser.loss is Loss.CLASS:
        return Near.CLASS if names(rule.host, address.host) and takes(rule, path) else None
    if loser.loss is Loss.HOST:
        return Near.HOST if rule.host and takes(rule, path) else None
    if loser.loss is not Loss.PATH:
        return None
    if rule.is_exact and path.rstrip("/") == rule.path.rstrip("/"):
        return Near.SLASH
    lowered = Rule(rule.host, rule.path.lower(), rule.path_type, rule.backend, rule.ingress)
    if takes(lowered, path.lower()):
        return Near.CASE
    return Near.BOUNDARY if not rule.is_exact and path.startswith(rule.path) else None


def names(rule_host: str, name: str) -> bool:
    """Whether a rule's host stands for a name: any, exactly, or one label in place of `*` (rules H-1 to H-3)."""
    if rule_host.startswith("*."):
        return name.partition(".")[2] == rule_host[2:] and bool(name)
    return rule_host in ("", name)
