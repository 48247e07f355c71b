"""One location of an Ingress controller -> what an HTTPRoute's rule does with the requests it takes.

Source: the rules of both sides: X-2 to X-9, R-1 to R-3, T-6 to T-8, B-2, Y-3 to Y-5, K-6, K-12; G-13 to G-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from simnet.dataplane.http.canary import CanaryPolicy
from simnet.dataplane.http.controllers import Controllers
from simnet.dataplane.http.matching import goes_to_https
from simnet.dataplane.http.servers import Location, Server
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.target import escape_path
from simnet.dataplane.http.upstreams import wanted_port
from simnet.names import ObjectKey
from simnet.objects.ingress import IngressBackend

Rule = dict[str, Any]
REDIRECTS: Final = (301, 302, 303, 307, 308)
_RECIPE: Final = re.compile(r"(?P<path>/[\w\-./~]*?)(?P<rest>\(/\|\$\)\(\.\*\)|/\(\.\*\)|\(\.\*\)|/\?\(\.\*\))\$?")
_GROUPS: Final = {"(/|$)(.*)": "$2", "/(.*)": "$1", "(.*)": "$1", "/?(.*)": "$1"}


@dataclass(slots=True)
class Draft:
    """The rules of one host in one namespace; `crossing` are the Services of other namespaces that they name."""

    rules: list[Rule] = field(default_factory=list)
    crossing: set[ObjectKey] = field(default_factory=set)


class Actions:
    """Makes rules for the locations of one host. `namespace` is that of the routes they will stand in."""

    def __init__(self, backends: Controllers, table: ControllerTable, server: Server) -> None:
        self.backends, self.table, self.server = backends, table, server

    def rules(self, location: Location, match: Rule, https: bool, draft: Draft, namespace: str) -> Iterator[Rule]:
        """The rules for requests that `match`, in order; none when the location leads to the built-in default backend."""
        host = self.server.host.replace("*", "label")
        redirect = location.settings.redirect
        if redirect is not None:
            yield from _redirected(match, redirect.url, redirect.status)
        elif not https and goes_to_https(self.table, location, host):
            yield {"matches": [match], "filters": [_filter("RequestRedirect", {
                "scheme": "https", **_status(self.table.config.http_redirect_code)})]}
        elif location.rule.backend is not None and location.rule.ingress is not None:
            yield from self._forwarded(location, match, https, draft, namespace)

    def _forwarded(self, location: Location, match: Rule, https: bool, draft: Draft, namespace: str) -> Iterator[Rule]:
        """To the backend, and to its canary if it has one: by header, by cookie, then by weight."""
        assert location.rule.backend is not None and location.rule.ingress is not None
        match, filters = _rewritten(location, match)
        filters = [*filters, *self._others(location, https)]
        common: Rule = {**({"filters": filters} if filters else {}), **self._timeouts(location)}
        main = self._backend(location.rule.backend, location.rule.ingress.namespace, draft, namespace)
        canary, policy = self._canary(location, draft, namespace)
        if canary is None or policy is None:
            yield {"matches": [match], **common, "backendRefs": [main]}
            return
        for condition, is_canary in _decided(policy):
            yield {"matches": [{**match, "headers": [condition]}], **common, "backendRefs": [canary if is_canary else main]}
        share = policy.share
        refs = [{**main, "weight": share.denominator - share.numerator}, {**canary, "weight": share.numerator}]
        yield {"matches": [match], **common, "backendRefs": [each for each in refs if each["weight"]]}

    def _canary(self, location: Location, draft: Draft, namespace: str) -> tuple[Rule | None, CanaryPolicy | None]:
        """The backend of the first canary attached to the location's own backend (rules Y-1, Y-6)."""
        for source in self.server.canaries:
            for rule in source.ingress.rules:
                for path in rule.paths or () if rule.host.lower() == self.server.host else ():
                    same_path = (path.path or "/") == location.rule.path and (
                        (path.path_type or "ImplementationSpecific") == location.rule.path_type)
                    if same_path and source.settings.canary is not None:
                        return (self._backend(path.backend, source.ingress.namespace, draft, namespace),
                                source.settings.canary)
        return None, None

    def _backend(self, backend: IngressBackend, own: str, draft: Draft, namespace: str) -> Rule:
        """A backendRef; a port by name or by target port becomes the Service's number (rule B-2)."""
        key = ObjectKey(own, backend.service)
        found = self.backends.upstream(key, wanted_port(backend))
        port = found.port.port if found.port is not None else backend.port_number or 80
        if own != namespace:
            draft.crossing.add(key)
        return {"name": backend.service, **({"namespace": own} if own != namespace else {}), "port": port}

    def _timeouts(self, location: Location) -> Rule:
        given = location.settings.proxy_read_timeout
        seconds = self.table.config.proxy_read_timeout if given is None else given
        return {"timeouts": {"backendRequest": f"{int(seconds)}s"}} if seconds else {}

    def _others(self, location: Location, https: bool) -> Iterator[Rule]:
        """Host for the backend, the prefix header, CORS, HSTS."""
        settings, config = location.settings, self.table.config
        if settings.x_forwarded_prefix and location.rewrites:
            yield _filter("RequestHeaderModifier", {"set": [
                {"name": "X-Forwarded-Prefix", "value": settings.x_forwarded_prefix}]})
        if settings.cors is not None:
            cors = settings.cors
            yield _filter("CORS", {
                "allowOrigins": list(cors.origins), "allowCredentials": cors.credentials, "maxAge": cors.max_age,
                "allowMethods": _words(cors.methods), "allowHeaders": _words(cors.headers),
                **({"exposeHeaders": _words(cors.exposed)} if cors.exposed else {})})
        if https and config.hsts:
            value = f"max-age={config.hsts_max_age}" + ("; includeSubDomains" if config.hsts_include_subdomains else "")
            yield _filter("ResponseHeaderModifier", {"set": [{
                "name": "Strict-Transport-Security", "value": value + ("; preload" if config.hsts_preload else "")}]})


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _filter(kind: str, body: Rule) -> Rule:
    name = {"CORS": "cors", "URLRewrite": "urlRewrite"}.get(kind, kind[:1].lower() + kind[1:])
    return {"type": kind, name: body}


def _status(code: int) -> Rule:
    return {"statusCode": code if code in REDIRECTS else 302}


def _redirected(match: Rule, url: str, status: int) -> Iterator[Rule]:
    """permanent-redirect and temporal-redirect: exactly this URL, as far as a redirect filter can say it."""
    parts = urlsplit(url)
    if "$" in url or not parts.scheme or not parts.hostname:
        return
    body: Rule = {"scheme": parts.scheme, "hostname": parts.hostname, **({"port": parts.port} if parts.port else {}),
                  "path": {"type": "ReplaceFullPath", "replaceFullPath": parts.path or "/"}, **_status(status)}
    yield {"matches": [match], "filters": [_filter("RequestRedirect", body)]}


def _decided(policy: CanaryPolicy) -> Iterator[tuple[Rule, bool]]:
    """Header conditions that decide for (True) or against the canary, before any weight (rules Y-3, Y-4)."""
    if policy.header and policy.header_value:
        yield {"name": policy.header, "value": policy.header_value}, True
    elif policy.header and policy.header_pattern:
        yield {"name": policy.header, "type": "RegularExpression", "value": f".*(?:{policy.header_pattern}).*"}, True
    elif policy.header:
        yield {"name": policy.header, "value": "always"}, True
        yield {"name": policy.header, "value": "never"}, False
    if policy.cookie:
        for word, is_canary in (("always", True), ("never", False)):
            yield {"name": "Cookie", "type": "RegularExpression",
                   "value": rf"(?:.*;\s*)?{re.escape(policy.cookie)}={word}(?:\s*;.*)?"}, is_canary


def _rewritten(location: Location, match: Rule) -> tuple[Rule, list[Rule]]:
    """The rewrite as a filter, with the match it needs. One with groups that is none of the usual recipes has no
    counterpart: the request then goes on with its own path."""
    settings = location.settings
    body: Rule = {"hostname": settings.upstream_vhost} if settings.upstream_vhost else {}
    if location.rewrites:
        target = settings.rewrite_target
        recipe = _RECIPE.fullmatch(location.rule.path)
        if "$" not in target:
            body["path"] = {"type": "ReplaceFullPath", "replaceFullPath": escape_path(target)}
        elif recipe is not None and target.endswith(_GROUPS[recipe["rest"]]) and target.count("$") == 1:
            prefix = target.removesuffix(_GROUPS[recipe["rest"]])
            match = {**match, "path": {"type": "PathPrefix", "value": escape_path(recipe["path"] or "/")}}
            body["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": escape_path(prefix) or "/"}
    return match, [_filter("URLRewrite", body)] if body else []
