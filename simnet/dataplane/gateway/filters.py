"""What a rule's filters make of requests and responses. Rules G-13 to G-15, G-22.

Source: kubernetes-sigs/gateway-api apis/v1/httproute_types.go (HTTPHeaderFilter, HTTPRequestRedirectFilter,
HTTPPathModifier, HTTPURLRewriteFilter, HTTPCORSFilter), conformance/tests/httproute-{redirect,rewrite}-*, httproute-cors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from simnet.dataplane.gateway.entries import Asked
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.target import without_port
from simnet.objects.httproute import CORSFilter, HeaderFilter, PathModifier, RedirectFilter, RouteMatch

WELL_KNOWN: Final = {"http": 80, "https": 443}


def modified(headers: Headers, change: HeaderFilter) -> Headers:
    """Headers after `set`, `add` and `remove`, names without case (rule G-13)."""
    result = list(headers)
    for name, value in change.set:
        result = [each for each in result if each[0].lower() != name.lower()]
        result.append((name, value))
    for name, value in change.add:
        old = [each[1] for each in result if each[0].lower() == name.lower()]
        result = [each for each in result if each[0].lower() != name.lower()]
        result.append((name, ",".join((*old, value))))
    gone = {name.lower() for name in change.remove}
    return tuple(each for each in result if each[0].lower() not in gone)


def new_path(path: str, modifier: PathModifier | None, match: RouteMatch) -> str:
    """The path after a redirect or rewrite; prefixes are replaced by whole elements (rule G-15)."""
    if modifier is None:
        return path
    if modifier.is_full:
        return modifier.value or "/"
    rest = path[len(match.path.removesuffix("/")):] if match.path_type == "PathPrefix" else ""
    return modifier.value.removesuffix("/") + rest or "/"


def redirect_location(redirect: RedirectFilter, asked: Asked, port: int, match: RouteMatch) -> str:
    """The Location of a redirect; `port` is the listener's (rule G-14)."""
    scheme = redirect.scheme or asked.request.scheme
    host = redirect.hostname or without_port(asked.host or "")
    if not redirect.port and redirect.scheme:
        port = WELL_KNOWN[scheme]
    elif redirect.port:
        port = redirect.port
    shown = "" if WELL_KNOWN.get(scheme) == port else f":{port}"
    return f"{scheme}://{host}{shown}{new_path(asked.path, redirect.path, match)}{asked.arguments}"


# CORS -----------------------------------------------------------------------------------------------------------

def allows(cors: CORSFilter, origin: str) -> bool:
    """Whether an Origin is allowed; `*` in an allowed one spans labels (rule G-22)."""
    return any(re.fullmatch(re.escape(each.lower()).replace(r"\*", ".*"), origin.lower()) for each in cors.origins)


def is_preflight(request: Request) -> bool:
    return (request.method == "OPTIONS" and request.header("origin") is not None
            and request.header("access-control-request-method") is not None)


def preflight_headers(cors: CORSFilter, request: Request) -> Headers:
    """The headers that answer a preflight; none when the Origin is not allowed."""
    origin = request.header("origin") or ""
    if not allows(cors, origin):
        return ()
    headers = [*_always(cors, origin)]
    asked = {"methods": request.header("access-control-request-method"),
             "headers": request.header("access-control-request-headers")}
    for name, listed in (("methods", cors.methods), ("headers", cors.headers)):
        value = _listed(listed, asked[name], cors.credentials)
        if value:
            headers.append((f"Access-Control-Allow-{name.title()}", value))
    return (*headers, ("Access-Control-Max-Age", str(cors.max_age)))


def response_headers(cors: CORSFilter, request: Request) -> Headers:
    """The headers added to the response of any other request."""
    origin = request.header("origin")
    if origin is None or not allows(cors, origin):
        return ()
    exposed = _listed(cors.expose, None, False)
    return (*_always(cors, origin), *((("Access-Control-Expose-Headers", exposed),) if exposed else ()))


def _always(cors: CORSFilter, origin: str) -> Iterable[tuple[str, str]]:
    yield "Access-Control-Allow-Origin", origin
    if cors.credentials:
        yield "Access-Control-Allow-Credentials", "true"


def _listed(values: tuple[str, ...], asked: str | None, credentials: bool) -> str:
    """The list; with credentials a `*` stands for nothing, so what was asked for is echoed."""
    if "*" in values and credentials and asked is not None:
        return asked
    return ", ".join(values)
