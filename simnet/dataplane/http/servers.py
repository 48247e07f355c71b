"""Ingresses -> the server of one host: its locations as nginx gets them. Pure; compiled once after each change.

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go getBackendServers and createServers,
location.go updateServerLocations, template/template.go buildLocation; rules M-1 to M-7, P-1 to P-8, X-2 to X-4, X-11,
D-3, D-4, B-5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from simnet.dataplane.http.ingresses import ANY_HOST
from simnet.dataplane.http.rewriting import pattern_of
from simnet.dataplane.http.settings import ClientCertificates, IngressSettings, LocationSettings
from simnet.dataplane.http.upstreams import BackendKey, backend_key
from simnet.objects.ingress import Ingress, IngressBackend

PLAIN_DEFAULT = LocationSettings(ssl_redirect=False, force_ssl_redirect=False, allow=(), deny=())


@dataclass(frozen=True, slots=True)
class Source:
    """An Ingress that the controller serves, with what its annotations say."""

    ingress: Ingress
    settings: IngressSettings


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One path of one Ingress for one host, as written; `path` '' is already '/'.

    `is_implicit` marks the `/` that every server is born with (rule M-5); its `ingress` is the first one of the host,
    None on the default server. `backend` None is the controller's default backend.
    """

    host: str
    path: str
    path_type: str
    backend: IngressBackend | None
    ingress: Ingress | None
    is_implicit: bool = False

    @property
    def is_exact(self) -> bool:
        return self.path_type == "Exact"

    @property
    def backend_key(self) -> BackendKey | None:
        """What its upstream is filed under; None for the controller's default backend and for resources."""
        return backend_key(self.ingress.namespace, self.backend) if self.ingress is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """One nginx location. `path` is what nginx compares: Prefix `/foo` becomes `/foo/` and exactly `/foo`.

    `pattern` is set on a regex host. `rewrites` when requests here get the rewrite target as their path.
    """

    rule: Rule
    path: str
    is_exact: bool
    settings: LocationSettings
    denied_by: str = ""
    pattern: re.Pattern[str] | None = None

    @property
    def rewrites(self) -> bool:
        """Rule X-2, on the location's own path: rule X-11."""
        return bool(self.settings.rewrite_target) and self.settings.rewrite_target != self.path


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A rule that has no location. `by` holds its place (None: it could have none at all).

    `is_conflict`: nginx would refuse the whole configuration; here the older rule wins and the rest goes on (M-7).
    `is_reserved`: its Service was first seen in a canary, which takes it out of every other Ingress (Y-9).
    """

    rule: Rule
    by: Rule | None
    is_conflict: bool = False
    is_reserved: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """All that one host needs. Built by `compile_server`, never changed.

    On a plain host `exact` and `prefixes` map whole paths; on a regex host `patterns` are tried in order. `sources` are
    its Ingresses, oldest first, `canaries` those that only mark alternatives; `tls` is the Ingress whose tls section
    decides about the certificate, `client_certificates` what its Ingresses ask of clients, the first usable one counts.
    """

    host: str
    sources: tuple[Source, ...]
    canaries: tuple[Source, ...]
    rules: tuple[Rule, ...]
    exact: dict[str, Location]
    prefixes: dict[str, Location]
    patterns: tuple[Location, ...]
    shadowed: tuple[Shadowed, ...]
    tls: Ingress | None
    aliases: tuple[str, ...]
    app_root: str
    from_to_www: bool
    client_certificates: tuple[tuple[Ingress, ClientCertificates], ...] = ()

    @property
    def is_regex(self) -> bool:
        return bool(self.patterns)

    def settings_of(self, ingress: Ingress | None) -> IngressSettings:
        """What the annotations of one of its Ingresses say; nothing for others."""
        return next((each.settings for each in self.sources if each.ingress is ingress), IngressSettings())


def in_order(ingresses: Iterable[Ingress]) -> list[Ingress]:
    """Oldest first by whole seconds; equal times by namespace/name in descending order (rule M-1)."""
    return sorted(sorted(ingresses, key=lambda each: str(each.key), reverse=True), key=lambda each: int(each.created))


def _nobody(key: BackendKey) -> bool:
    return False


def compile_server(host: str, mine: Sequence[Source], catch_all: bool = True,
                   is_reserved: Callable[[BackendKey], bool] = _nobody) -> Server:
    """The server of `host` from its Ingresses in M order. `catch_all`: an Ingress without rules may own the default
    server. A canary adds no path (rule Y-1); `is_reserved` says of a backend that only canaries have it (rule Y-9).
    O(their rules for this host, times log)."""
    sources = [source for source in mine if not source.settings.is_canary]
    with_rules = [source for source in sources if source.ingress.rules]
    draft = _Draft(host, is_reserved)
    draft.start(sources if catch_all else with_rules)
    for source in with_rules:
        draft.take(source)
    is_regex = any(location.rewrites or location.settings.use_regex for location in draft.expanded())
    if not is_regex:
        draft.drop_slash_twins()
    locations = draft.expanded()
    plain = [] if is_regex else locations[::-1]  # reversed, so that of equal paths the first one stays
    settings = [entry.settings for entry in draft.entries]
    return Server(
        host=host, sources=tuple(sources), canaries=tuple(each for each in mine if each.settings.is_canary),
        rules=tuple(entry.rule for entry in draft.entries),
        exact={each.path: each for each in plain if each.is_exact},
        prefixes={each.path: each for each in plain if not each.is_exact},
        patterns=_patterns(draft, locations) if is_regex else (), shadowed=tuple(draft.shadowed),
        tls=next((each.ingress for each in with_rules if each.ingress.tls), None) if host != ANY_HOST else None,
        aliases=next((each.settings.aliases for each in with_rules if each.settings.aliases), ()),
        app_root=next((each.app_root for each in settings if each.app_root), ""),
        from_to_www=any(entry.settings.from_to_www and not entry.rule.is_implicit for entry in draft.entries),
        client_certificates=tuple((each.ingress, wanted) for each in with_rules
                                  if (wanted := each.settings.client_certificates) is not None))


def locations_of(host: str, mine: Sequence[Source]) -> list[Location]:
    """All locations the Ingresses ask for on one host, also those that cannot stand beside each other (rule M-7): what
    the validating webhook looks at. O(their rules for this host)."""
    sources = [source for source in mine if not source.settings.is_canary]
    if not sources:
        return []
    draft = _Draft(host, _nobody)
    draft.start(sources)
    for source in sources:
        draft.take(source)
    return draft.expanded()


def _patterns(draft: _Draft, locations: Iterable[Location]) -> tuple[Location, ...]:
    """Locations of a regex host in the order nginx tries them: longest rule path first, ties by descending text."""
    ordered = sorted(locations, key=lambda each: each.rule.path, reverse=True)
    found = []
    for location in sorted(ordered, key=lambda each: -len(each.rule.path.encode("utf-8", "surrogateescape"))):
        pattern = pattern_of(location.path)
        if pattern is None:
            draft.shadowed.append(Shadowed(location.rule, None))
        else:
            found.append(replace(location, pattern=pattern))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    rule: Rule
    settings: LocationSettings
    denied_by: str


class _Draft:
    """The locations of one server while its Ingresses are taken in, one after the other."""

    def __init__(self, host: str, is_reserved: Callable[[BackendKey], bool]) -> None:
        self.host, self.is_reserved = host, is_reserved
        self.entries: list[_Entry] = []
        self.shadowed: list[Shadowed] = []
        self._at: dict[str, list[int]] = {}

    def start(self, sources: Sequence[Source]) -> None:
        """The implicit `/` (rule M-5); on the default server the first Ingress without rules owns it (rule D-3)."""
        if self.host != ANY_HOST:
            first = sources[0]
            backend = _service_backend(first.ingress.default_backend)
            rule = Rule(self.host, "/", "Prefix", backend, first.ingress, is_implicit=True)
            self._place(_Entry(rule, first.settings.location, first.settings.denied_by))
            return
        for source in sources:
            backend = _service_backend(source.ingress.default_backend)
            if not source.ingress.rules and backend is not None:
                rule = Rule(ANY_HOST, "/", "Prefix", backend, source.ingress)
                settings = replace(source.settings.location, rewrite_target="", use_regex=False, app_root="",
                                   ssl_redirect=False, force_ssl_redirect=False, redirect=None, from_to_www=False)
                self._place(_Entry(rule, settings, source.settings.denied_by))
                return
        self._place(_Entry(Rule(ANY_HOST, "/", "Prefix", None, None, is_implicit=True), PLAIN_DEFAULT, ""))

    def take(self, source: Source) -> None:
        """The paths of one Ingress for this host, in its order."""
        for each in source.ingress.rules:
            if each.host.lower() != self.host:
                continue
            for path in each.paths or ():
                rule = Rule(self.host, path.path or "/", path.path_type or "ImplementationSpecific", path.backend,
                            source.ingress)
                key = rule.backend_key
                if key is None or self.is_reserved(key):
                    self.shadowed.append(Shadowed(rule, None, is_reserved=key is not None))
                else:
                    self._add(_Entry(rule, source.settings.location, source.settings.denied_by))

    def _place(self, entry: _Entry) -> None:
        self._at.setdefault(entry.rule.path, []).append(len(self.entries))
        self.entries.append(entry)

    def _add(self, entry: _Entry) -> None:
        """Give a rule its place: taken over from the implicit `/`, new, or already held by an older one (M-3, M-4)."""
        same_path = self._at.get(entry.rule.path, [])
        same = next((index for index in same_path if self.entries[index].rule.is_exact == entry.rule.is_exact), None)
        if same is None:
            self._place(entry)
        elif self.entries[same].rule.is_implicit:
            self.entries[same] = entry
        else:
            self.shadowed.append(Shadowed(entry.rule, self.entries[same].rule, is_conflict=same != same_path[0]))

    def drop_slash_twins(self) -> None:
        """Prefix `/foo` and Prefix `/foo/` are one nginx location: the older one keeps it (rule M-7)."""
        held: dict[str, Rule] = {}
        for entry in tuple(self.entries):
            if entry.rule.is_exact:
                continue
            slashed = _slashed(entry.rule.path)
            if slashed in held:
                self.entries.remove(entry)
                self.shadowed.append(Shadowed(entry.rule, held[slashed], is_conflict=True))
            held.setdefault(slashed, entry.rule)

    def expanded(self) -> list[Location]:
        """The locations nginx gets. A Prefix path without rewrite or regex is two, unless an Exact rule has the other
        one. Source: location.go updateServerLocations."""
        exact = {entry.rule.path for entry in self.entries if entry.rule.is_exact}
        found: list[Location] = []
        for entry in self.entries:
            rule, settings = entry.rule, entry.settings
            plain = Location(rule, rule.path, rule.is_exact, settings, entry.denied_by)
            if rule.path == "/" or rule.is_exact or plain.rewrites or settings.use_regex:
                found.append(plain)
                continue
            found.append(replace(plain, path=_slashed(rule.path)))
            if rule.path not in exact:
                found.append(replace(plain, is_exact=True))
        return found


def _slashed(path: str) -> str:
    return path if path.endswith("/") else path + "/"


def _service_backend(backend: IngressBackend | None) -> IngressBackend | None:
    """A resource as default backend counts as none (rule B-5)."""
    return backend if backend is not None and backend.resource is None else None
