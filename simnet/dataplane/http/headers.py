"""What the backend is sent: the request as ingress-nginx writes it.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl (proxy_set_header), nginx ngx_http_proxy_module;
rules F-1 to F-5, D-5.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Final

from simnet import ip
from simnet.control.ingress_class import SPEC
from simnet.dataplane.http.believed import Client
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.servers import Location
from simnet.dataplane.http.target import Address
from simnet.dataplane.http.tls import asked_certificate
from simnet.dataplane.http.upstreams import wanted_port

_VALID_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_HOP_BY_HOP: Final = frozenset(("host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer",
                                "upgrade", "expect"))
_NOT_PASSED: Final = frozenset((
    "ssl-client-verify",
    "proxy", "x-request-id", "x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
    "x-forwarded-proto", "x-forwarded-scheme", "x-scheme", "x-original-forwarded-for", "x-original-forwarded-host"))


def backend_request(routing: Routing, source_port: int, is_fallback: bool = False) -> Request:
    """The request as the backend sees it. `is_fallback`: it goes, unrewritten, to the Ingress's default backend in
    place of one without endpoints (rule D-5)."""
    assert isinstance(routing.address, Address) and routing.location is not None
    request, location = routing.request, routing.location
    if routing.table.flags.profile == SPEC:
        return Request(request.method, "http", routing.address.host_header, routing.address.raw,
                       (*_passed(request, location, ()), *_upgrade(request)), request.body, None, "1.1")
    host = location.settings.upstream_vhost or _public_host(routing.address, routing.client)
    target = routing.address.raw if is_fallback else routing.target
    code: Headers = (("X-Code", "503"),) if is_fallback else ()
    headers = (*_forwarding(routing, routing.address, source_port), *_prefix(location), *code, *_client_headers(routing),
               *_passed(request, location), *_upgrade(request))
    return Request(request.method, _scheme(location, request), host, target, headers, request.body, None, "1.1")


def error_page_request(routing: Routing, source_port: int, status: int) -> Request:
    """The request for an error page: method and query as they came, path `/`, and what went wrong where (rule D-5)."""
    assert isinstance(routing.address, Address) and routing.location is not None
    request, rule = routing.request, routing.location.rule
    backend, ingress = rule.backend, rule.ingress
    told = [("X-Code", str(status)), ("X-Format", request.header("accept") or ""), ("X-Original-URI", routing.address.raw),
            ("X-Namespace", ingress.namespace if ingress is not None else ""),
            ("X-Ingress-Name", ingress.name if ingress is not None else ""),
            ("X-Service-Name", backend.service if backend is not None else ""),
            ("X-Service-Port", wanted_port(backend) if backend is not None else ""),
            ("X-Request-ID", request.header("x-request-id") or _request_id(request, routing.client, source_port)),
            ("X-Forwarded-For", ip.text(routing.client.address))]
    names = {name.lower() for name, _ in told}
    passed = tuple(each for each in _passed(request, routing.location) if each[0].lower() not in names)
    return Request(request.method, "http", _public_host(routing.address, routing.client),
                   f"/{routing.address.arguments}", (*(each for each in told if each[1]), *passed), request.body, None,
                   "1.1")


def _client_headers(routing: Routing) -> Headers:
    """What the backend of a host that asks for client certificates is told; here no client shows one (rule K-18)."""
    server = routing.match.server if routing.match is not None else None
    if server is None or not server.client_certificates or asked_certificate(routing.table, server) is None:
        return ()
    return (("ssl-client-verify", "NONE"),)


def _public_host(address: Address, client: Client) -> str:
    """The Host as the client sent it, or as a trusted front says it did (rule F-1)."""
    return client.host or address.host_header


def _scheme(location: Location, request: Request) -> str:
    """backend-protocol: the client's own scheme for AUTO_HTTP (rule K-9)."""
    match location.settings.backend_protocol:
        case "HTTPS" | "GRPCS":
            return "https"
        case "AUTO_HTTP":
            return request.scheme
        case _:
            return "http"


def _forwarding(routing: Routing, address: Address, source_port: int) -> Headers:
    """The headers set on every request (rule F-2)."""
    request, client, config = routing.request, routing.client, routing.table.config
    text = ip.text(client.address)
    forwarded_for = request.header("x-forwarded-for")
    if config.use_forwarded_headers and config.compute_full_forwarded_for and forwarded_for:
        chain = f"{forwarded_for}, {ip.text(client.peer)}"
    else:
        chain = text
    headers: list[tuple[str, str]] = [
        ("X-Request-ID", request.header("x-request-id") or _request_id(request, client, source_port)),
        ("X-Real-IP", text), ("X-Forwarded-For", chain), ("X-Forwarded-Host", _public_host(address, client)),
        ("X-Forwarded-Port", client.port), ("X-Forwarded-Proto", client.scheme),
        ("X-Forwarded-Scheme", client.scheme), ("X-Scheme", client.scheme)]
    for name, value in (("X-Original-Forwarded-For", forwarded_for),
                        ("X-Original-Forwarded-Host", request.header("x-forwarded-host"))):
        if value:
            headers.append((name, value))
    if config.proxy_add_original_uri_header:
        headers.append(("X-Original-URI", address.raw))
    return tuple(headers)


def _request_id(request: Request, client: Client, source_port: int) -> str:
    """32 hex digits; random in a cluster, here the same for the same connection and request."""
    text = f"{client.peer}:{source_port} {request.method} {request.host} {request.target}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _prefix(location: Location) -> Headers:
    """X-Forwarded-Prefix, only where the path is rewritten (rule F-5)."""
    prefix = location.settings.x_forwarded_prefix
    return (("X-Forwarded-Prefix", prefix),) if prefix and location.rewrites else ()


def _passed(request: Request, location: Location, taken: Collection[str] = _NOT_PASSED) -> Headers:
    """The client's other headers; those with odd characters in the name and hop-by-hop ones are dropped, and so are the
    credentials that were checked here (rule K-3)."""
    replaced = {name.lower() for name, _ in _prefix(location)}
    if location.settings.credentials is not None:
        replaced.add("authorization")
    return tuple((name, value) for name, value in request.headers
                 if name.lower() not in taken and name.lower() not in replaced and name.lower() not in _HOP_BY_HOP
                 and _VALID_NAME.fullmatch(name))


def _upgrade(request: Request) -> Headers:
    """A protocol switch is passed on, everything else keeps the connection to the backend open."""
    upgrade = request.header("upgrade")
    return (("Upgrade", upgrade), ("Connection", "upgrade")) if upgrade else ()
