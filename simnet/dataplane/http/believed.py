"""Who the client is, as the proxy believes: the TCP peer, or what forwarded headers say where they are trusted.

Source: nginx ngx_http_realip_module (real_ip_recursive), kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl;
rules F-3, F-4, F-6, T-8.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet import ip
from simnet.dataplane.http.config import ProxyConfig
from simnet.dataplane.http.message import Request


@dataclass(slots=True)
class Client:
    """`address` is the client's as far as lists and headers are concerned, `peer` the one the connection came from;
    `scheme`, `port` and `host` (None: as sent) what redirects and forwarded headers say."""

    address: int
    peer: int
    scheme: str
    port: str
    host: str | None = None


def believe(request: Request, peer: int, port: int, config: ProxyConfig) -> Client:
    """The client of a request that arrived from `peer` on the controller's `port`."""
    plain = Client(peer, peer, request.scheme, str(port))
    if not config.use_forwarded_headers:
        return plain
    host = (request.header("x-forwarded-host") or "").partition(",")[0].strip()
    return Client(_forwarded_for(request, peer, config), peer, request.header("x-forwarded-proto") or request.scheme,
                  request.header("x-forwarded-port") or str(port), host or None)


def _forwarded_for(request: Request, peer: int, config: ProxyConfig) -> int:
    """The right-most address that is not trusted, the left-most when all are (rule F-4)."""
    trusted = config.proxy_real_ip_cidr
    listed = request.header("x-forwarded-for")
    if listed is None or not any(peer in cidr for cidr in trusted):
        return peer
    client = peer
    for part in reversed(listed.split(",")):
        try:
            client = ip.number(part.strip())
        except ValueError:
            return client
        if not any(client in cidr for cidr in trusted):
            return client
    return client
