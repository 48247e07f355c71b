"""Hostnames of listeners and routes: exact, or `*.` and a name, which stands for one label or more. Rules G-4, G-7, G-8.

Source: kubernetes-sigs/gateway-api apis/v1/{gateway,httproute}_types.go Listener.hostname, HTTPRouteSpec.hostnames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def covers(hostname: str, name: str) -> bool:
    """Whether a hostname ('' for every) stands for an exact name in lower case."""
    return hostname in ("", name) or (hostname.startswith("*.") and name.endswith(hostname[1:])
                                      and len(name) >= len(hostname))


def intersection(listener: str, route: str) -> str | None:
    """What both stand for ('' for every name); None when they have nothing in common (rule G-7)."""
    if not listener or not route:
        return listener or route
    if listener == route or covers(route, listener):
        return listener
    return route if covers(listener, route) else None


def from_most_specific(name: str) -> Iterator[str]:
    """The hostnames that stand for a name, the most specific first: itself, wildcards from the longest, '' (G-4, G-8)."""
    if name:
        yield name
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest:
            yield f"*.{rest}"
    yield ""


def shares_any(listener: str, hostnames: Iterable[str]) -> bool:
    """Whether a route with these hostnames (none: every) has a name in common with a listener."""
    return any(intersection(listener, each) is not None for each in tuple(hostnames) or ("",))
