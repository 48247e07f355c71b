"""One HTTP exchange as a client program experiences it: where it connected, what came back, or how it failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urljoin

from simnet import ip
from simnet.console.desk import Call, Forward
from simnet.console.forwards import LOOPBACK, forward_at
from simnet.dataplane.client import Target, parse_url
from simnet.dataplane.decisions import CertificateRefused
from simnet.dataplane.dns.decisions import NameResolved
from simnet.dataplane.http.message import Response
from simnet.dataplane.packet import Place
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.errors import UsageError


class Failure(Enum):
    """How an exchange can end without an answer."""

    NO_NAME = auto()
    REFUSED = auto()
    TIMEOUT = auto()
    UNREACHABLE = auto()
    CERTIFICATE = auto()
    NOT_TLS = auto()
    EMPTY = auto()


_FAILURES = {Verdict.UNRESOLVED: Failure.NO_NAME, Verdict.REFUSED: Failure.REFUSED, Verdict.DROPPED: Failure.TIMEOUT,
             Verdict.UNREACHABLE: Failure.UNREACHABLE, Verdict.LOOPED: Failure.TIMEOUT, Verdict.DELIVERED: Failure.EMPTY}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `address` is what was connected to ('' if the name had none); `resolved` all addresses found;
    `is_forwarded`: through a port of `kubectl port-forward`."""

    trace: Trace
    address: str
    source: str
    source_port: int
    resolved: tuple[str, ...] = ()
    is_forwarded: bool = False

    @property
    def response(self) -> Response | None:
        return self.trace.response

    @property
    def failure(self) -> Failure | None:
        if self.trace.response is not None:
            return None
        if self.trace.verdict is Verdict.TLS_FAILED:
            return Failure.CERTIFICATE if self.refusal is not None else Failure.NOT_TLS
        if self.is_forwarded:  # kubectl has taken the connection, and ends it when the pod does not
            return Failure.EMPTY
        return _FAILURES[self.trace.verdict]

    @property
    def refusal(self) -> CertificateRefused | None:
        """The certificate the client did not accept."""
        because = self.trace.last.because
        return because if isinstance(because, CertificateRefused) else None


def exchange(call: Call, url: str, **options: Any) -> Exchange:
    """Send one request from where the shell runs. Raises UsageError for a URL that cannot be used."""
    target = parse_url(url)
    led = forward_at(call, target.host, target.port)
    trace = call.cluster.request(url, call.source, **options) if led is None else _led(call, target, led, options)
    call.desk.note(trace)
    first = trace.steps[0]
    address = ""
    resolved: tuple[str, ...] = ()
    if first.before.place is not Place.NAME:
        address = ip.text(first.before.destination)
    elif isinstance(first.because, NameResolved):
        address, resolved = ip.text(first.because.address), first.because.lookup.addresses
    sent = first.after if first.after is not None else first.before
    return Exchange(trace, address, ip.text(sent.source) if sent.source else "", sent.source_port, resolved, led is not None)


def _led(call: Call, target: Target, led: Forward, options: Mapping[str, Any]) -> Trace:
    """The request as it comes out of a forwarded port, inside the pod; the client's Host stays."""
    headers = list(options.get("headers") or ())
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("Host", target.netloc))
    return call.cluster.request(f"{target.scheme}://localhost:{led.port}{target.path}", led.source,
                                **{**options, "headers": headers, "at": LOOPBACK})


def header_lines(response: Response) -> list[str]:
    """Status line and headers as they come over the wire, without line ends."""
    version = response.http_version
    status = f"HTTP/{version} {response.status} " + ("" if version == "2" else reason_phrase(response.status))
    return [status, *(f"{name.lower() if version == '2' else name}: {value}" for name, value in response.headers)]


def redirected(url: str, response: Response) -> str:
    """Where a redirect leads, '' for none; a URL without a path gets its slash."""
    location = response.header("Location")
    if not location or response.status not in (301, 302, 303, 307, 308):
        return ""
    try:
        return with_path(urljoin(url, location))
    except ValueError:  # such as `http://[::1`: the client refuses it when it tries to go there
        return location


def host_of(url: str) -> str:
    """The host of a URL in lower case; '' for what is no URL."""
    try:
        return parse_url(url).host.lower()
    except UsageError:
        return ""


def with_scheme(url: str) -> str:
    """What a client makes of `web-service` or `10.0.0.1:80`: plain HTTP."""
    return url if "://" in url else f"http://{url}"


def with_path(url: str) -> str:
    """The URL with `/` as its path if it has none, as clients send and print it. Source: RFC 3986 section 6.2.3."""
    scheme, mark, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    behind = rest[len(authority):]
    return url if not mark or not authority or behind.startswith("/") else f"{scheme}://{authority}/{behind}"


def reason_phrase(status: int) -> str:
    """The words behind a status; '' for one without. Source: RFC 9110 section 15."""
    return _PHRASES.get(status, "")


_PHRASES = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently",
    302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 409: "Conflict", 413: "Request Entity Too Large", 418: "I'm a teapot",
    421: "Misdirected Request", 426: "Upgrade Required", 429: "Too Many Requests", 499: "Client Closed Request",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Temporarily Unavailable",
    504: "Gateway Time-out", 505: "HTTP Version Not Supported",
}


def header_pairs(given: Sequence[str]) -> list[tuple[str, str]]:
    """`Name: value` texts of -H and --header; `Name:` alone removes a header and `Name;` sends it empty."""
    found = []
    for text in given:
        name, colon, value = text.partition(":")
        if colon and value.strip():
            found.append((name.strip(), value.strip()))
        elif text.rstrip().endswith(";"):
            found.append((text.rstrip()[:-1], ""))
    return found
