"""What one controller knows: its hosts, each compiled when first asked for and forgotten when something it is made of
changes.

Source: rules H-1 to H-6, H-8, H-9, C-5, Y-1, K-17; nginx ngx_http_core_module server_name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from simnet.control.ingress_class import SPEC, ClassMatch, ControllerFlags, match_class, object_key
from simnet.dataplane.http.annotations import read_annotations
from simnet.dataplane.http.balancing import Balancing, alternatives_of, balancing_of, first_seen_in_canary
from simnet.dataplane.http.config import ProxyConfig
from simnet.dataplane.http.cors import cors_headers
from simnet.dataplane.http.credentials import Credentials, users_in
from simnet.dataplane.http.ingresses import ANY_HOST, Ingresses, has_default
from simnet.dataplane.http.keyring import Keyring
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.servers import Location, Server, Source, compile_server, in_order
from simnet.dataplane.http.settings import IngressSettings, Reference
from simnet.dataplane.http.upstreams import BackendKey
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.store.work import Work

NO_SETTINGS = IngressSettings()  # annotations are nothing the documents promise
_LABEL = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


class HostReason(StrEnum):
    """How a request's host found its server (rule H-5)."""

    EXACT = "exact host"
    ALIAS = "alias"
    WWW = "counterpart of a host with from-to-www-redirect"
    WILDCARD_ALIAS = "wildcard alias"
    WILDCARD = "wildcard host"
    PATTERN_ALIAS = "pattern alias"
    DEFAULT = "no host matches: the default server"


@dataclass(slots=True)
class HostMatch:
    """The server a host leads to, and how; `name` is the rule host, alias or pattern that matched."""

    server: Server
    reason: HostReason
    name: str


class ControllerTable:
    """The servers of one controller. Reading fills it; only `Controllers` makes it forget.

    `ingresses` are the cluster's; which of them are this controller's is asked for each host when it is compiled.
    """

    def __init__(self, flags: ControllerFlags, config: ProxyConfig, ingresses: Ingresses, keyring: Keyring,
                 work: Work) -> None:
        self.flags, self.config, self.ingresses, self.keyring, self.work = flags, config, ingresses, keyring, work
        self._servers: dict[str, Server | None] = {}
        self._exact: dict[str, HostMatch] = {}
        self._settings: dict[ObjectKey, tuple[Ingress, IngressSettings]] = {}
        self._balancing: dict[BackendKey, Balancing] = {}

    # what is mine ------------------------------------------------------------------------------------------------

    def class_of(self, ingress: Ingress) -> ClassMatch:
        """Whether the Ingress is this controller's, and why (rules C-1 to C-3)."""
        return match_class(ingress, self.ingresses.class_named, self.flags)

    def settings_of(self, ingress: Ingress) -> IngressSettings:
        """What the annotations of an Ingress say to this controller. Read once a version of the object."""
        if self.flags.profile == SPEC:
            return NO_SETTINGS
        found = self._settings.get(ingress.key)
        if found is None or found[0] is not ingress:
            settings = read_annotations(ingress.annotations, self.flags.annotations_prefix,
                                        validates=self.flags.enable_annotation_validation,
                                        allows_snippets=self.config.allow_snippet_annotations)
            found = self._settings[ingress.key] = (ingress, settings)
        return found[1]

    def _sources(self, ingresses: Iterable[Ingress]) -> list[Source]:
        """Those that count, in M order: mine, and not dropped for an annotation that cannot be used."""
        found = [Source(each, self.settings_of(each)) for each in in_order(ingresses) if self.class_of(each)]
        return [each for each in found if not each.settings.dropped_by]

    # what locations refer to ------------------------------------------------------------------------------------

    def missing_reference(self, location: Location) -> str:
        """The annotation that names a Secret or ConfigMap which is not there, not allowed or lacks its key; '' when all
        are (rule K-17, second outcome)."""
        assert location.rule.ingress is not None, "only Ingresses have annotations"
        namespace = location.rule.ingress.namespace
        return next((each.annotation for each in location.settings.references if not self._is_there(each, namespace)), "")

    def _is_there(self, reference: Reference, namespace: str) -> bool:
        key = object_key(reference.name)
        if reference.kind == "ConfigMap":
            configmap = self.keyring.net.configmap(key) if key is not None else None
            return configmap is not None and all(_is_header(name) and name in self.config.global_allowed_response_headers
                                                 for name in configmap.data)
        if key is None and reference.annotation == "auth-secret":
            key = ObjectKey(namespace, reference.name)
        if key is None or (key.namespace != namespace and not self.config.allow_cross_namespace_resources):
            return False
        secret = self.keyring.net.secret(key)
        return secret is not None and (not reference.key or reference.key in secret.data)

    def users_of(self, credentials: Credentials, namespace: str) -> dict[str, str]:
        """Who may log in: what the Secret of `auth-secret` holds."""
        key = object_key(credentials.secret) or ObjectKey(namespace, credentials.secret)
        secret = self.keyring.net.secret(key)
        return users_in(credentials, secret.data) if secret is not None else {}

    def headers_of(self, location: Location, request: Request) -> Headers:
        """The headers a location puts on every answer: its CORS policy's and those of custom-headers."""
        settings = location.settings
        headers = cors_headers(settings.cors, request) if settings.cors is not None else ()
        key = object_key(settings.custom_headers) if settings.custom_headers else None
        configmap = self.keyring.net.configmap(key) if key is not None else None
        return (*headers, *configmap.data.items()) if configmap is not None else headers

    # servers -----------------------------------------------------------------------------------------------------

    def server(self, host: str) -> Server | None:
        """The server of exactly this host (`*.` hosts literally); None when no Ingress of mine names it. The default
        server always exists. O(1) once compiled, O(the host's rules) the first time."""
        if host in self._servers:
            return self._servers[host]
        ingresses = self.ingresses.at_host(host)
        if not ingresses and host != ANY_HOST:
            return None
        sources = self._sources(ingresses)
        server = None
        if host == ANY_HOST or not all(each.settings.is_canary for each in sources):
            server = compile_server(host, sources, not self.flags.disable_catch_all, self._is_reserved)
            self.work.hosts_compiled += 1
        self._servers[host] = server
        return server

    def documented_default(self, server: Server) -> Ingress | None:
        """Whose default backend gets what no rule of the host takes, by the API documents: the oldest Ingress of the host
        that has one, else the oldest of all. O(Ingresses with a default backend)."""
        own = next((each.ingress for each in server.sources if has_default(each.ingress)), None)
        if own is not None:
            return own
        return next((each.ingress for each in self._sources(self.ingresses.with_default())), None)

    def _is_reserved(self, backend: BackendKey) -> bool:
        """Whether only canaries have this backend (rule Y-9)."""
        if not self.ingresses.canaries():
            return False
        return first_seen_in_canary(self._sources(self.ingresses.using(backend)), backend)

    def balancing(self, backend: BackendKey) -> Balancing:
        """How the endpoints of a backend are chosen, and its canary. O(1) until an Ingress changes; then O(Ingresses
        that use it), and where there are canaries O(their rules)."""
        found = self._balancing.get(backend)
        if found is None:
            found = self._balancing[backend] = balancing_of(self._sources(self.ingresses.using(backend)), backend)
            canaries = self._sources(self.ingresses.canaries()) if self.ingresses.canaries() else []
            if canaries:
                found.canaries = alternatives_of(canaries, backend, self.server, self.balancing_alone)
        return found

    def balancing_alone(self, backend: BackendKey) -> Balancing:
        """The same without canaries of its own: what a canary's backend is asked for."""
        return balancing_of(self._sources(self.ingresses.using(backend)), backend)

    def default_server(self) -> Server:
        found = self.server(ANY_HOST)
        assert found is not None
        return found

    def find(self, name: str) -> HostMatch:
        """The server for a host name as `target.host_name` gives it, in nginx's order (rule H-5). One look-up for an
        exact host, else O(labels)."""
        known = self._exact.get(name)
        if known is not None:
            return known
        server = self.server(name) if name and "*" not in name else None
        if server is not None:
            found = self._exact[name] = HostMatch(server, HostReason.EXACT, name)
            return found
        if not name:
            return HostMatch(self.default_server(), HostReason.DEFAULT, "")
        return (self._by_alias(name, HostReason.ALIAS) or self._by_www(name) or self._by_wildcard_alias(name)
                or self._by_wildcard(name) or HostMatch(self.default_server(), HostReason.DEFAULT, ""))

    def _by_alias(self, alias: str, reason: HostReason) -> HostMatch | None:
        """Of several hosts with this alias the first by name keeps it (rule H-8)."""
        servers = [server for server in self._aliased(alias) if alias in server.aliases]
        return HostMatch(min(servers, key=lambda each: each.host), reason, alias) if servers else None

    def _aliased(self, alias: str) -> list[Server]:
        hosts = dict.fromkeys(rule.host.lower() for each in self.ingresses.with_alias(alias) for rule in each.rules)
        return [server for host in hosts if (server := self.server(host)) is not None]

    def _by_www(self, name: str) -> HostMatch | None:
        """The redirecting server of the counterpart (rule H-9)."""
        counterpart = name.removeprefix("www.") if name.startswith("www.") else f"www.{name}"
        server = self.server(counterpart)
        return HostMatch(server, HostReason.WWW, name) if server is not None and server.from_to_www else None

    def _by_wildcard_alias(self, name: str) -> HostMatch | None:
        """An alias `*.x` spans any number of labels; the longest one wins (rules H-5, H-8)."""
        rest = name
        while "." in rest:
            rest = rest.partition(".")[2]
            found = self._by_alias(f"*.{rest}", HostReason.WILDCARD_ALIAS)
            if found is not None:
                return found
        return None

    def _by_wildcard(self, name: str) -> HostMatch | None:
        """Ingress wildcard hosts and pattern aliases, which are both patterns for nginx, by order of server name."""
        found = []
        label, _, rest = name.partition(".")
        server = self.server(f"*.{rest}") if _LABEL.fullmatch(label) else None
        if server is not None:
            found.append(HostMatch(server, HostReason.WILDCARD, server.host))
        for each in self._aliased("~"):
            pattern = next((alias for alias in each.aliases if alias.startswith("~") and _matches(alias, name)), "")
            if pattern:
                found.append(HostMatch(each, HostReason.PATTERN_ALIAS, pattern))
        return min(found, key=lambda match: match.server.host) if found else None

    # forgetting --------------------------------------------------------------------------------------------------

    def forget_hosts(self, hosts: Iterable[str]) -> None:
        self._balancing.clear()
        for host in hosts:
            self._servers.pop(host, None)
            self._exact.pop(host, None)

    def forget_ingress(self, key: ObjectKey) -> None:
        self._settings.pop(key, None)

    def fork(self, ingresses: Ingresses, keyring: Keyring, work: Work) -> ControllerTable:
        """The same servers, shared, over another cluster's files."""
        twin = ControllerTable(self.flags, self.config, ingresses, keyring, work)
        twin._servers, twin._exact, twin._settings = self._servers.copy(), self._exact.copy(), self._settings.copy()
        twin._balancing = self._balancing.copy()
        return twin


def _is_header(name: str) -> bool:
    return _HEADER.fullmatch(name) is not None


def _matches(alias: str, name: str) -> bool:
    """Whether a `~pattern` alias matches; one that Python cannot read matches nothing."""
    try:
        return re.search(alias[1:], name, re.IGNORECASE) is not None
    except re.error:
        return False
