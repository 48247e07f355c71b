"""The locations of one host -> matches of HTTPRoutes, with the redirects that nginx gives to a missing final slash.

Source: rules P-1 to P-9, X-3 to X-5, R-1, H-9; G-9, G-10.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simnet.dataplane.http.matching import find_location
from simnet.dataplane.http.servers import Location, Server
from simnet.dataplane.http.target import escape_path

Match = dict[str, Any]


def matches_of(server: Server) -> Iterator[tuple[Location, Match]]:
    """Every location with the match that takes the same requests, in the order in which it has to stand."""
    if server.is_regex:
        yield from _patterns(server)
        return
    seen: set[int] = set()
    for each in (*server.exact.values(), *server.prefixes.values()):
        if id(each.rule) not in seen:
            seen.add(id(each.rule))
            kind = "Exact" if each.rule.is_exact else "PathPrefix"
            yield each, {"path": {"type": kind, "value": escape_path(each.rule.path)}}


def _patterns(server: Server) -> Iterator[tuple[Location, Match]]:
    """Patterns as nginx tries them; those behind an equal one, or behind one for every path, are never reached."""
    texts: set[str] = set()
    for each in server.patterns:
        if each.path not in texts:
            texts.add(each.path)
            yield each, {"path": {"type": "RegularExpression", "value": _whole(each.path)}}
        if each.path == "/":
            return


def slash_redirects(server: Server) -> Iterator[tuple[Location, Match, str]]:
    """Paths that only lack the final slash of a location, with the path nginx sends the client to (rule P-5)."""
    if server.is_regex:
        return
    locations = {each.rule.path: each for each in (*server.exact.values(), *server.prefixes.values())}
    for path, each in locations.items():
        if path != "/" and path.endswith("/") and find_location(server, path[:-1])[1]:
            yield each, {"path": {"type": "Exact", "value": escape_path(path[:-1])}}, escape_path(path)


def _whole(path: str) -> str:
    """A pattern that matches the whole path where nginx's is anchored at the start only and ignores case. Only the
    first of several alternatives is anchored, as nginx writes it (rule X-5)."""
    return f"(?i).*?(?:^{path}).*" if "|" in path and not _is_grouped(path) else f"(?i){path}.*"


def _is_grouped(path: str) -> bool:
    """Whether every `|` stands inside parentheses."""
    depth = 0
    for character in path:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            return False
    return True
