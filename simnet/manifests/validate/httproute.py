"""HTTPRoute: what the definitions of the Gateway API refuse. Rules G-20, G-21.

Source: kubernetes-sigs/gateway-api apis/v1/{httproute,shared,object_reference}_types.go, the markers
`+kubebuilder:validation`, with their messages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.clock import parse_duration
from simnet.manifests.findings import Findings, invalid, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.manifests.validate.gateway import (
    HOSTNAME,
    PRECISE_HOSTNAME,
    SECTION_NAME,
    between,
    limited,
    needed,
    pattern,
    port,
)
from simnet.names import dns1123_subdomain_problem

Data = Mapping[str, Any]

_DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
_HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$"
_PATH = r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$"
_REDIRECTS = (301, 302, 303, 307, 308)
_PLAIN = ("Exact", "PathPrefix")
_NOT_IN_PATH = ("//", "/./", "/../", "%2f", "%2F", "#")
_NOT_AT_END = ("/..", "/.")
_ONCE = ("CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite")
_BODY_OF = {"cors": "CORS", "extensionRef": "ExtensionRef", "externalAuth": "ExternalAuth",
            "requestHeaderModifier": "RequestHeaderModifier", "requestMirror": "RequestMirror",
            "requestRedirect": "RequestRedirect", "responseHeaderModifier": "ResponseHeaderModifier",
            "urlRewrite": "URLRewrite"}


def http_route(data: Data) -> Findings:
    """Every rule for an HTTPRoute; `data` has its defaults."""
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    yield from needed(data, "HTTPRoute")
    spec = data.get("spec") or {}
    yield from _parents(spec.get("parentRefs") or ())
    yield from limited(spec.get("hostnames") or (), ("spec", "hostnames"), 16)
    for index, host in enumerate(spec.get("hostnames") or ()):
        yield from pattern(host, ("spec", "hostnames", index), HOSTNAME, 253)
    yield from _rules(spec.get("rules") or (), ("spec", "rules"))


def _parents(parents: Sequence[Data]) -> Findings:
    """Two references to one parent must differ in section (or port, in the experimental channel)."""
    yield from limited(parents, ("spec", "parentRefs"), 32)
    for index, parent in enumerate(parents):
        yield from pattern(parent.get("sectionName"), ("spec", "parentRefs", index, "sectionName"), SECTION_NAME, 253)
        yield from port(parent.get("port"), ("spec", "parentRefs", index, "port"))
    places: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for parent in parents:
        who = tuple(parent.get(name) or "" for name in ("group", "kind", "namespace", "name"))
        places.setdefault(who, []).append((parent.get("sectionName") or "", parent.get("port") or 0))
    for group in places.values():
        if len(group) > 1 and ("", 0) in group:
            yield invalid(("spec", "parentRefs"), "array", "sectionName must be specified when parentRefs includes 2 or "
                          "more references to the same parent")
        elif len(set(group)) < len(group):
            yield invalid(("spec", "parentRefs"), "array", "sectionName must be unique when parentRefs includes 2 or "
                          "more references to the same parent")


def _rules(given: Sequence[Data], path: Path) -> Findings:
    yield from limited(given, path, 16)
    if sum(len(rule.get("matches") or ()) for rule in given) > 128:
        yield invalid(path, "array", "While 16 rules and 64 matches per rule are allowed, the total number of matches "
                      "across all rules in a route must be less than 128")
    names = Counter(rule["name"] for rule in given if rule.get("name"))
    if any(count > 1 for count in names.values()):
        yield invalid(path, "array", "Rule name must be unique within the route")
    for index, rule in enumerate(given):
        yield from _rule(rule, (*path, index))


def _rule(rule: Data, path: Path) -> Findings:
    yield from limited(rule.get("matches") or (), (*path, "matches"), 64)
    yield from limited(rule.get("backendRefs") or (), (*path, "backendRefs"), 16)
    for index, match in enumerate(rule.get("matches") or ()):
        yield from _match(match, (*path, "matches", index))
    filters = rule.get("filters") or ()
    yield from _filters(filters, (*path, "filters"))
    if rule.get("backendRefs") and any(each.get("requestRedirect") is not None for each in filters):
        yield invalid(path, "object", "RequestRedirect filter must not be used together with backendRefs")
    yield from _prefix_replaced(rule, filters, path, "When")
    for index, backend in enumerate(rule.get("backendRefs") or ()):
        yield from _backend(backend, (*path, "backendRefs", index))
        yield from _filters(backend.get("filters") or (), (*path, "backendRefs", index, "filters"))
        yield from _prefix_replaced(rule, backend.get("filters") or (), path, "Within backendRefs, when")
    if rule.get("timeouts") is not None:
        yield from _timeouts(rule["timeouts"], (*path, "timeouts"))


def _prefix_replaced(rule: Data, filters: Sequence[Data], path: Path, where: str) -> Findings:
    """ReplacePrefixMatch needs to know which prefix was matched."""
    matches: Sequence[Data] = rule.get("matches") or ()
    is_clear = len(matches) == 1 and (matches[0].get("path") or {}).get("type") == "PathPrefix"
    for body, name in (("requestRedirect", "RequestRedirect"), ("urlRewrite", "URLRewrite")):
        modifiers = [(each.get(body) or {}).get("path") or {} for each in filters]
        if not is_clear and any(each.get("type") == "ReplacePrefixMatch" for each in modifiers):
            yield invalid(path, "object", f"{where} using {name} filter with path.replacePrefixMatch, exactly one "
                          "PathPrefix match must be specified")


# matches --------------------------------------------------------------------------------------------------------

def _match(match: Data, path: Path) -> Findings:
    given = match.get("path")
    if given is not None:
        yield from _path(given, (*path, "path"))
    for part in ("headers", "queryParams"):
        yield from limited(match.get(part) or (), (*path, part), 16)
        for index, each in enumerate(match.get(part) or ()):
            yield from pattern(each.get("name"), (*path, part, index, "name"), _HEADER_NAME, 256)
            yield from _filled(each.get("value"), (*path, part, index, "value"), 4096 if part == "headers" else 1024)


def _path(given: Data, path: Path) -> Findings:
    """The path's own rules stand at the path, not at its value."""
    value, kind = given.get("value") or "", given.get("type")
    if len(value) > 1024:
        yield invalid((*path, "value"), value, "may not be more than 1024 bytes")
    if kind not in _PLAIN:
        return
    of_types = "when type one of ['Exact', 'PathPrefix']"
    if not value.startswith("/"):
        yield invalid(path, "object", f"value must be an absolute path and start with '/' {of_types}")
    for sequence in _NOT_IN_PATH:
        if sequence in value:
            yield invalid(path, "object", f"must not contain '{sequence}' {of_types}")
    for end in _NOT_AT_END:
        if value.endswith(end):
            yield invalid(path, "object", f"must not end with '{end}' {of_types}")
    if not re.fullmatch(_PATH[1:-1], value):
        yield invalid(path, "object", f"must only contain valid characters (matching {_PATH}) for types ['Exact', "
                      "'PathPrefix']")


def _filled(value: Any, path: Path, longest: int) -> Findings:
    if value is not None and not value:
        yield invalid(path, value, "should be at least 1 chars long")
    elif value is not None and len(value) > longest:
        yield invalid(path, value, f"may not be more than {longest} bytes")


# filters --------------------------------------------------------------------------------------------------------

def _filters(filters: Sequence[Data], path: Path) -> Findings:
    yield from limited(filters, path, 16)
    types = Counter(str(each.get("type")) for each in filters)
    if types["RequestRedirect"] and types["URLRewrite"]:
        yield invalid(path, "array", "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, "
                      "but not both")
    for name in _ONCE:
        if types[name] > 1:
            yield invalid(path, "array", f"{name} filter cannot be repeated")
    for index, given in enumerate(filters):
        yield from _filter(given, (*path, index))


def _filter(given: Data, path: Path) -> Findings:
    """The body must be the one of the type, and what is in it must be right."""
    kind = given.get("type")
    for body, name in _BODY_OF.items():
        if given.get(body) is not None and kind != name:
            yield invalid(path, "object", f"filter.{body} must be nil if the filter.type is not {name}")
        elif given.get(body) is None and kind == name:
            yield invalid(path, "object", f"filter.{body} must be specified for {name} filter.type")
    for body in ("requestHeaderModifier", "responseHeaderModifier"):
        yield from _header_filter(given.get(body) or {}, (*path, body))
    if given.get("requestRedirect") is not None:
        yield from _redirect(given["requestRedirect"], (*path, "requestRedirect"))
    if given.get("urlRewrite") is not None:
        yield from pattern(given["urlRewrite"].get("hostname"), (*path, "urlRewrite", "hostname"), PRECISE_HOSTNAME, 253)
        yield from _modifier(given["urlRewrite"].get("path"), (*path, "urlRewrite", "path"))
    if given.get("requestMirror") is not None:
        yield from _mirror(given["requestMirror"], (*path, "requestMirror"))


def _header_filter(given: Data, path: Path) -> Findings:
    for part in ("set", "add", "remove"):
        yield from limited(given.get(part) or (), (*path, part), 16)
    for part in ("set", "add"):
        for index, each in enumerate(given.get(part) or ()):
            yield from pattern(each.get("name"), (*path, part, index, "name"), _HEADER_NAME, 256)
            yield from _filled(each.get("value"), (*path, part, index, "value"), 4096)


def _redirect(given: Data, path: Path) -> Findings:
    yield from pattern(given.get("hostname"), (*path, "hostname"), PRECISE_HOSTNAME, 253)
    yield from port(given.get("port"), (*path, "port"))
    status = given.get("statusCode")
    if status is not None and status not in _REDIRECTS:
        yield unsupported((*path, "statusCode"), status, tuple(map(str, _REDIRECTS)))
    yield from _modifier(given.get("path"), (*path, "path"))


def _modifier(given: Data | None, path: Path) -> Findings:
    if given is None:
        return
    for kind, field in (("ReplaceFullPath", "replaceFullPath"), ("ReplacePrefixMatch", "replacePrefixMatch")):
        if given.get("type") == kind and given.get(field) is None:
            yield invalid(path, "object", f"{field} must be specified when type is set to '{kind}'")
        elif given.get("type") != kind and given.get(field) is not None:
            yield invalid(path, "object", f"type must be '{kind}' when {field} is set")


def _mirror(given: Data, path: Path) -> Findings:
    yield from _backend(given.get("backendRef") or {}, (*path, "backendRef"))
    yield from between(given.get("percent"), (*path, "percent"), 0, 100)
    fraction = given.get("fraction")
    if fraction is None:
        return
    if given.get("percent") is not None:
        yield invalid(path, "object", "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter")
    if (fraction.get("numerator") or 0) > (fraction.get("denominator") or 100):
        yield invalid((*path, "fraction"), "object", "numerator must be less than or equal to denominator")


# backends, timeouts ---------------------------------------------------------------------------------------------

def _backend(given: Data, path: Path) -> Findings:
    yield from port(given.get("port"), (*path, "port"))
    yield from between(given.get("weight"), (*path, "weight"), 0, 1_000_000)
    if given.get("kind") == "Service" and not given.get("group") and given.get("port") is None:
        yield invalid(path, "object", "Must have port for Service reference")


def _timeouts(given: Data, path: Path) -> Findings:
    """Both durations, and the one attempt no longer than the whole exchange, unless that has no limit."""
    for name in ("request", "backendRequest"):
        yield from pattern(given.get(name), (*path, name), _DURATION)
    texts = [given.get(name) for name in ("request", "backendRequest")]
    if all(text is not None and re.fullmatch(_DURATION[1:-1], text) for text in texts):
        whole, attempt = (parse_duration(str(text)) for text in texts)
        if whole and attempt > whole:
            yield invalid(path, "object", "backendRequest timeout cannot be longer than request timeout")
