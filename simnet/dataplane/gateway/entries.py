"""HTTPRoutes of one hostname -> matches in the order of their precedence. Pure; compiled once after each change.

Source: kubernetes-sigs/gateway-api apis/v1/httproute_types.go (HTTPRouteRule.matches, HTTPRouteMatch); rules G-9, G-10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl

from simnet.dataplane.http.message import Request
from simnet.objects.httproute import HTTPRoute, Named, RouteMatch, RouteRule


class Part(StrEnum):
    """The parts of a match, in the order they are tried."""

    PATH = "path"
    METHOD = "method"
    HEADER = "header"
    QUERY = "query parameter"


@dataclass(slots=True)
class Asked:
    """A request as matches see it: the path as sent, without decoding or dot segment removal; headers by lower case
    name, repeated ones joined; of repeated query parameters the first. `host` is the Host that counts, None for none;
    `query` None without a `?`."""

    request: Request
    host: str | None
    path: str
    query: str | None
    _headers: dict[str, str] | None = None
    _parameters: dict[str, str] | None = None

    @property
    def arguments(self) -> str:
        """`?query`, or '' without one."""
        return "" if self.query is None else f"?{self.query}"

    @property
    def headers(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = {} if self.host is None else {"host": self.host}
            for name, value in self.request.headers:
                key = name.lower()
                self._headers[key] = f"{self._headers[key]},{value}" if key in self._headers else value
        return self._headers

    @property
    def parameters(self) -> dict[str, str]:
        if self._parameters is None:
            self._parameters = {}
            for name, value in parse_qsl(self.query or "", keep_blank_values=True):
                self._parameters.setdefault(name, value)
        return self._parameters


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One match of one rule of one route. `patterns` are those of its parts that are regular expressions; one that
    cannot be read matches nothing."""

    route: HTTPRoute
    rule: RouteRule
    match: RouteMatch
    place: tuple[int, int]
    patterns: dict[str, re.Pattern[str] | None] = field(default_factory=dict)

    @property
    def precedence(self) -> tuple[object, ...]:
        """Smaller goes first (rule G-10). A regular expression stands among the prefixes, by its length."""
        return (*self.rank, int(self.route.created), str(self.route.key), self.place)

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """What counts before age and name: Exact, length, method, number of headers, number of parameters."""
        match = self.match
        is_exact = match.path_type == "Exact"
        return (not is_exact, 0 if is_exact else -len(match.path), not match.method, -len(match.headers),
                -len(match.query))

    def failing(self, asked: Asked) -> Part | None:
        """The first part that does not hold, None when all do."""
        if not self.takes_path(asked.path):
            return Part.PATH
        if self.match.method and self.match.method != asked.request.method:
            return Part.METHOD
        if self.match.headers and not all(self._holds(each, asked.headers.get(each.name.lower()))
                                          for each in self.match.headers):
            return Part.HEADER
        if self.match.query and not all(self._holds(each, asked.parameters.get(each.name)) for each in self.match.query):
            return Part.QUERY
        return None

    def takes_path(self, path: str) -> bool:
        match self.match.path_type:
            case "Exact":
                return path == self.match.path
            case "RegularExpression":
                return self._matches(self.match.path, path)
            case _:
                return has_prefix(path, self.match.path)

    def _holds(self, wanted: Named, value: str | None) -> bool:
        if value is None:
            return False
        return self._matches(wanted.value, value) if wanted.is_regex else value == wanted.value

    def _matches(self, pattern: str, text: str) -> bool:
        """A full match, as simnet reads regular expressions (rule G-9)."""
        if pattern not in self.patterns:
            self.patterns[pattern] = _compiled(pattern)
        compiled = self.patterns[pattern]
        return compiled is not None and compiled.fullmatch(text) is not None


def has_prefix(path: str, prefix: str) -> bool:
    """Element by element; a final slash of the prefix does not count (rule G-9)."""
    start = prefix.removesuffix("/")
    return path.startswith(start) and (len(path) == len(start) or path[len(start)] == "/")


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def compile_entries(routes: Iterable[HTTPRoute]) -> tuple[Entry, ...]:
    """All matches of some routes, the one that wins first. O(matches times log)."""
    found = [Entry(route, rule, match, (i, j)) for route in routes for i, rule in enumerate(route.spec.rules)
             for j, match in enumerate(rule.matches)]
    return tuple(sorted(found, key=lambda each: each.precedence))
