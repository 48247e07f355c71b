"""Answers of an Ingress controller that nobody wanted: the host, the class, the path, or the backend is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from simnet.cluster import Cluster
from simnet.control.ingress_class import CLASS_ANNOTATION, ClassMatch, ClassReason
from simnet.dataplane.http.losing import Loss, Near, NearMiss, losers, names, near_misses, takes
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.table import HostReason
from simnet.dataplane.http.target import Address
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import asked_of, is_address
from simnet.diagnosis.denied import unusable
from simnet.diagnosis.near import difference, distance, is_near
from simnet.diagnosis.suspicion import Instead, Patch, Suspicion
from simnet.explain.words import listed
from simnet.objects.ingress import Ingress

NOT_FOUND = "The controller answers 404 for everything this Ingress is about."
MOST_INSTEAD = 3
PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")


def no_rule(cluster: Cluster, trace: Trace, routing: Routing) -> Iterator[Suspicion]:
    """Causes of an answer from the default backend."""
    misses = near_misses(routing)
    unclaimed = next((miss for miss in misses if miss.near is Near.CLASS), None)
    if unclaimed is not None and unclaimed.loser.class_match is not None and unclaimed.loser.rule.ingress is not None:
        yield unserved(cluster, unclaimed.loser.rule.ingress, unclaimed.loser.class_match)
    elif (dropped := _dropped(routing)) is not None:
        yield dropped
    elif routing.match is not None and routing.match.reason is HostReason.DEFAULT:
        yield _no_host(trace, routing, [miss.loser.rule for miss in misses if miss.near is Near.HOST])
    else:
        yield _no_path(trace, routing, misses)


def _dropped(routing: Routing) -> Suspicion | None:
    """An Ingress with a rule for the host that the controller drops for one of its annotations."""
    host = routing.address.host if isinstance(routing.address, Address) else ""
    for loser in losers(routing):
        ingress = loser.rule.ingress
        if loser.loss is Loss.DROPPED and ingress is not None and names(loser.rule.host, host):
            return unusable(ingress, routing.table.settings_of(ingress), routing.table.flags.annotations_prefix)
    return None


# the host -------------------------------------------------------------------------------------------------------

def _no_host(trace: Trace, routing: Routing, rules: list[Rule]) -> Suspicion:
    address = routing.address
    host = address.host if isinstance(address, Address) else ""
    rules = sorted(rules, key=lambda rule: (distance(host, rule.host), rule.host))
    hosts = list(dict.fromkeys(rule.host for rule in rules))
    asked = asked_of(trace)
    candidates: list[Patch | Instead] = [patch for rule in rules if is_near(host, rule.host)
                                         for patch in _host_patches(rule, host)]
    candidates += [Instead(asked.naming(name), "Host", host, name)
                   for name in (each.replace("*.", "www.", 1) for each in hosts[:MOST_INSTEAD])]
    near = hosts[0] if hosts and is_near(host, hosts[0]) else ""
    evidence = ["A request to a bare address names that address as its host."] if is_address(host) else []
    known = listed(hosts, 4)
    nothing = "no Ingress is served here" if _is_bare(routing) else "no Ingress that is served here names a host"
    evidence.append(f"Hosts with rules: {listed(hosts)}." if hosts else f"{nothing[:1].upper()}{nothing[1:]}.")
    return Suspicion(
        code="ING-HOST", objects=tuple(dict.fromkeys(rule.ingress.ref for rule in rules if rule.ingress is not None)),
        summary=f"no Ingress names the host {host or '(none)'}; "
                + (f"there are rules for {known}" if hosts else nothing),
        cause=f"One address serves many hosts, and the request's Host header decides. It says {host or 'nothing'}, for "
              "which no Ingress has a rule, so the default backend answers.",
        evidence=tuple(evidence), observed=f"Host: {host}",
        expected=f"one of {known}" if hosts else "an Ingress with a rule for this host",
        nearest=f"{near}, {difference(host, near)}" if near else "", candidates=tuple(candidates),
        advice="Send the host of a rule: with -H 'Host: ...', with --resolve, or by its name." if hosts
        else "Create an Ingress for this host, of a class whose controller runs.")


def _is_bare(routing: Routing) -> bool:
    """Whether the controller has no rule of any Ingress, not even one for every host. Asked when no host has one."""
    return routing.match is None or all(rule.ingress is None for rule in routing.match.server.rules)


def _host_patches(rule: Rule, host: str) -> Iterator[Patch]:
    """The rule's host set to the one asked for."""
    if rule.ingress is None or is_address(host):
        return
    for index, each in enumerate(rule.ingress.rules):
        if each.host.lower() == rule.host:
            yield Patch(rule.ingress, ("spec", "rules", index, "host"), each.host, host, distance(each.host, host))


# the class ------------------------------------------------------------------------------------------------------

def unserved(cluster: Cluster, ingress: Ingress, match: ClassMatch | None) -> Suspicion:
    """No controller, or another one, takes care of the Ingress. `match` None: there is no controller at all."""
    classes = {each.name: each.controller for each in cluster.list("IngressClass")}
    wanted = ingress.ingress_class_name
    controllers = {controller.flags.controller_class for controller in cluster.view.ingress.all()}
    served = [name for name, controller in classes.items() if controller in controllers]
    near = sorted(served, key=lambda name: (distance(wanted or "", name), name))
    patches = [Patch(ingress, ("spec", "ingressClassName"), wanted, name, distance(wanted or "", name))
               for name in near if name != wanted]
    if match is not None and match.reason is ClassReason.ANNOTATION_MISMATCH:
        place = ("metadata", "annotations", CLASS_ANNOTATION)
        patches = [Patch(ingress, place, match.name, match.wanted, distance(match.name, match.wanted))]
    fact = _class_fact(match)
    listing = listed(f"{name} (controller {controller})" for name, controller in classes.items())
    return Suspicion(
        code="ING-CLASS", objects=(ingress.ref,), symptom=NOT_FOUND,
        summary=f"no controller serves Ingress {ingress.key}: it {fact}",
        cause=f"Ingress {ingress.key} {fact}. A controller ignores an Ingress that is not of its class, so its ADDRESS "
              "stays empty and its rules do not exist for anybody.",
        evidence=(f"Classes there are: {listing or 'none'}.",), observed=f"ingressClassName: {wanted or 'not set'}",
        expected=f"one of {listed(served)}" if served else "an Ingress controller",
        nearest=_near_class(wanted, near), candidates=tuple(patches),
        advice="Set spec.ingressClassName to a class whose controller runs.")


def _class_fact(match: ClassMatch | None) -> str:
    """Why nobody serves the Ingress, as the rest of a sentence that begins with it."""
    if match is None:
        return "waits for an Ingress controller, and none runs in this cluster"
    match match.reason:
        case ClassReason.NO_CLASS:
            return "has neither ingressClassName nor the old annotation, and no class is the default"
        case ClassReason.UNKNOWN_CLASS:
            return f"asks for the class {match.name}, which does not exist"
        case ClassReason.OTHER_CONTROLLER:
            return f"asks for the class {match.name}, which is that of {match.controller}"
        case ClassReason.ANNOTATION_MISMATCH:
            return f"has the class annotation {match.name}, and the controller here takes {match.wanted}"
        case reason:
            return f"is not served: {reason}"


def _near_class(wanted: str | None, near: list[str]) -> str:
    if not near:
        return ""
    if wanted and wanted != near[0] and is_near(wanted, near[0]):
        return f"class {near[0]}, {difference(wanted, near[0])}"
    return f"class {near[0]}"


# the path -------------------------------------------------------------------------------------------------------

def _no_path(trace: Trace, routing: Routing, misses: list[NearMiss]) -> Suspicion:
    host = routing.match.server.host if routing.match is not None else ""
    rules = [rule for rule in (routing.match.server.rules if routing.match is not None else ()) if not rule.is_implicit]
    near = [miss.loser.rule for miss in misses if miss.near in (Near.CASE, Near.SLASH, Near.BOUNDARY)]
    paths = listed(f"{rule.path} ({rule.path_type})" for rule in rules)
    asked = asked_of(trace)
    candidates: list[Patch | Instead] = [patch for rule in rules for patch in _type_patches(rule, routing.path)]
    candidates += [Instead(asked.asking_for(rule.path), "path", routing.path, rule.path) for rule in near]
    close = _closest(rules, near, routing.path)
    return Suspicion(
        code="ING-PATH" if close is None else "ING-PATHTYPE",
        objects=tuple(dict.fromkeys(rule.ingress.ref for rule in rules if rule.ingress is not None)),
        summary=f"host {host} has no path for {routing.path}; its paths are {paths or 'none'}",
        cause=f"The host {host} is known, but none of its paths takes {routing.path}, so the default backend answers.",
        evidence=("Prefix /foo takes /foo, /foo/ and /foo/x, but not /foobar; Exact /foo takes /foo alone; upper and "
                  "lower case always count.", *(() if close is None else (_truth_table(close, routing.path),))),
        observed=routing.path, expected=f"a path under one of {paths}" if paths else "a rule with a path",
        nearest=f"{near[0].path} ({near[0].path_type})" if near else "", candidates=tuple(candidates),
        advice="Ask for a path that a rule takes, or add a rule.")


def _closest(rules: list[Rule], near: list[Rule], path: str) -> Rule | None:
    """The rule that would take the path with other letters, another end or another pathType; None if none is close."""
    by_type = (rule for rule in rules for kind in PATH_TYPES if takes(replace(rule, path_type=kind), path))
    return next(iter(near), None) or next(by_type, None)


def _truth_table(rule: Rule, path: str) -> str:
    """What each pathType would make of the request."""
    answers = [f"{kind} {'yes' if takes(replace(rule, path_type=kind), path) else 'no'}" for kind in PATH_TYPES]
    return (f"{path} against {rule.path}: {', '.join(answers)} (ImplementationSpecific is a Prefix to ingress-nginx); the rule "
            f"is {rule.path_type}.")


def _type_patches(rule: Rule, path: str) -> Iterator[Patch]:
    """An Exact path below which the request lies could be a Prefix."""
    if rule.is_exact and path.startswith(rule.path.rstrip("/") + "/"):
        for place, value in _places(rule, "pathType"):
            yield Patch(place[0], place[1], value, "Prefix", 1)


def _places(rule: Rule, field: str) -> Iterator[tuple[tuple[Ingress, tuple[str | int, ...]], str]]:
    """Where the rule stands in its Ingress's manifest, and what `field` says there."""
    if rule.ingress is None:
        return
    for i, each in enumerate(rule.ingress.rules):
        for j, path in enumerate(each.paths or ()):
            if each.host.lower() == rule.host and path.path == rule.path and path.backend == rule.backend:
                place = ("spec", "rules", i, "http", "paths", j, field)
                yield (rule.ingress, place), path.path_type if field == "pathType" else ""


def paths_to(rule: Rule) -> Iterable[tuple[str | int, ...]]:
    """The path of each place in the Ingress's manifest where this rule stands."""
    return [place[:-1] for (_, place), _ in _places(rule, "pathType")]
