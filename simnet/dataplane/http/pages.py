"""What nginx and the default backend write into a response they make themselves.

Source: nginx src/http/ngx_http_special_response.c; rule D-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from simnet.dataplane.http.message import Headers, Response

DEFAULT_BACKEND: Final = "default backend - 404"
HTML: Final = "text/html"
TEXT: Final = "text/plain; charset=utf-8"

_PHRASES: Final[Mapping[int, str]] = {
    302: "Found", 308: "Permanent Redirect", 413: "Request Entity Too Large", 414: "Request-URI Too Large",
    503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def phrase(status: int) -> str:
    """The reason phrase nginx writes, '' for a status nobody has named."""
    known = _PHRASES.get(status)
    if known is not None:
        return known
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def nginx_page(status: int) -> bytes:
    """The HTML page nginx sends with a status of its own."""
    title = f"{status} {phrase(status)}".strip()
    return (f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            f"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n").encode()


def nginx_response(status: int, by: str, location: str = "") -> Response:
    """A response nginx makes itself, with a Location for redirects. 2xx have no page."""
    headers: Headers = (("Location", location),) if location else ()
    if 200 <= status < 300:
        return Response(status, headers, by=by)
    body = nginx_page(status)
    return Response(status, (("Content-Type", HTML), ("Content-Length", str(len(body))), *headers), body, by=by)


def default_backend_response() -> Response:
    """The built-in default backend: 404, with the text of the separate image that older installations ran."""
    body = DEFAULT_BACKEND.encode()
    return Response(404, (("Content-Type", TEXT), ("Content-Length", str(len(body)))), body, by="default-backend")
