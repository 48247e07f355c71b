"""Where redirects point: texts of the Location header, to the letter.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/lua_ingress.lua rewrite, lua/nginx/ngx_srv_redirect.lua,
rootfs/etc/nginx/template/nginx.tmpl; nginx ngx_http_core_find_config_phase; rules H-9, P-5, R-1, T-7.
"""

from __future__ import annotations

from simnet.dataplane.http.believed import Client
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.servers import Location, Server
from simnet.dataplane.http.table import ControllerTable
from simnet.dataplane.http.target import Address, escape_path, without_port


def https_location(table: ControllerTable, location: Location, address: Address, client: Client) -> str:
    """`https://` + Host without port, spelled as sent + raw target without one final slash (rule T-7)."""
    settings, config = location.settings, table.config
    keeps = settings.preserve_trailing_slash
    if keeps is None:
        keeps = config.preserve_trailing_slash
    with_port = settings.use_port_in_redirects
    if with_port is None:
        with_port = config.use_port_in_redirects
    host = without_port(client.host or address.host_header)
    port = f":{table.flags.https_port}" if with_port else ""
    return f"https://{host}{port}{address.raw if keeps else address.raw.removesuffix('/')}"


def www_location(host: str, address: Address, client: Client) -> str:
    """`scheme://H:PORT` + raw target without one final slash; the port is always written (rule H-9)."""
    return f"{client.scheme}://{host}:{client.port}{address.raw.removesuffix('/')}"


def app_root_location(server: Server, address: Address, request: Request) -> str:
    """`scheme://HOST/x`: the Host header with its port, the query dropped (rule R-1)."""
    return f"{request.scheme}://{address.host_header}{server.app_root}"


def slash_location(location: Location, address: Address, request: Request, relative: bool) -> str:
    """The location's path with its slash, plus the query; host in lower case without port (rule P-5)."""
    path = escape_path(location.path) + address.arguments
    return path if relative else f"{request.scheme}://{address.host or '_'}{path}"
