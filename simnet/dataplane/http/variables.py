"""nginx variables in annotation texts, as far as a request alone tells them. Source: ngx_http_core_module, variables."""

from __future__ import annotations

import re
from typing import Final

from simnet import ip
from simnet.dataplane.http.cookies import cookies_of
from simnet.dataplane.http.matching import Routing
from simnet.dataplane.http.target import Address

_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def expanded(text: str, routing: Routing) -> str:
    """The text with its variables filled in; one that is not known is empty."""
    return _VARIABLE.sub(lambda found: variable(found[1] or found[2], routing), text)


def variable(name: str, routing: Routing) -> str:
    """The value of one variable, '' when the request does not tell it."""
    request, address, client = routing.request, routing.address, routing.client
    if not isinstance(address, Address):
        return ""
    if name.startswith("http_"):
        return request.header(name[5:].replace("_", "-")) or (address.host_header if name == "http_host" else "")
    if name.startswith("cookie_"):
        return cookies_of(request).get(name[7:], "")
    if name.startswith("arg_"):
        return _argument(address.query or "", name[4:])
    simple = {
        "request_uri": address.raw, "uri": address.path, "document_uri": address.path, "args": address.query or "",
        "query_string": address.query or "", "is_args": "?" if address.query else "", "host": address.host,
        "best_http_host": address.host_header, "remote_addr": ip.text(client.address),
        "binary_remote_addr": ip.text(client.address), "the_real_ip": ip.text(client.address), "scheme": request.scheme,
        "pass_access_scheme": client.scheme, "request_method": request.method, "server_port": client.port}
    return simple.get(name, "")


def _argument(query: str, name: str) -> str:
    """The first argument of that name, without decoding."""
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key.lower() == name.lower():
            return value
    return ""
