"""auth-url: the question a controller asks before it lets a request in, and what it makes of the answers (rule K-3).

Source: kubernetes/ingress-nginx internal/ingress/annotations/authreq/main.go, rootfs/etc/nginx/template/nginx.tmpl
(buildAuthLocation, buildAuthSignURL); nginx ngx_http_auth_request_module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlsplit

from simnet import ip
from simnet.dataplane.http.credentials import OuterAuth
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing
from simnet.dataplane.http.message import Headers, Request, Response
from simnet.dataplane.http.target import Address
from simnet.dataplane.http.variables import expanded

_NOT_ASKED: Final = frozenset(("host", "content-length", "transfer-encoding", "connection", "x-original-url",
                               "x-original-method", "x-sent-from", "x-real-ip", "x-forwarded-for"))
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class Question:
    """A request of the controller's own: where it goes, and what it says."""

    auth: OuterAuth
    host: str
    port: int
    request: Request


def question_of(auth: OuterAuth, routing: Routing) -> Question:
    """GET to the URL (or `auth-method`), with the client's headers and where it wanted to go; no body."""
    parts = urlsplit(expanded(auth.url, routing))
    host = parts.hostname or ""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = Request(auth.method, parts.scheme, parts.netloc.rpartition("@")[2], target,
                      (*_headers(routing), *_passed(routing.request)), b"", host if parts.scheme == "https" else None,
                      "1.1", insecure=True)
    return Question(auth, host, parts.port or DEFAULT_PORTS[parts.scheme], request)


def _headers(routing: Routing) -> Headers:
    client = ip.text(routing.client.address)
    return (("X-Original-URL", _wanted(routing)), ("X-Original-Method", routing.request.method),
            ("X-Sent-From", "nginx-ingress-controller"), ("X-Real-IP", client), ("X-Forwarded-For", client),
            ("X-Auth-Request-Redirect", _raw(routing)))


def _passed(request: Request) -> Headers:
    return tuple((name, value) for name, value in request.headers if name.lower() not in _NOT_ASKED)


def _raw(routing: Routing) -> str:
    return routing.address.raw if isinstance(routing.address, Address) else "/"


def _host(routing: Routing) -> str:
    return routing.address.host_header if isinstance(routing.address, Address) else ""


def _wanted(routing: Routing) -> str:
    return f"{routing.client.scheme}://{_host(routing)}{_raw(routing)}"


def verdict_of(question: Question, routing: Routing, response: Response | None) -> tuple[Answer | None, Headers]:
    """What the answer means: (None, headers for the backend) lets the request in, an Answer keeps it out."""
    status = response.status if response is not None else 0
    if response is not None and 200 <= status < 300:
        return None, tuple((name, value) for name in question.auth.response_headers
                           if (value := response.header(name)) is not None)
    if status == 401 and question.auth.signin:
        return Answer(AnswerReason.OUTER_AUTH, 302, _signin(question.auth, routing)), ()
    challenge = response.header("www-authenticate") if response is not None and status == 401 else None
    return (Answer(AnswerReason.OUTER_AUTH, status if status in (401, 403) else 500),
            (("WWW-Authenticate", challenge),) if challenge else ())


def _signin(auth: OuterAuth, routing: Routing) -> str:
    """Where the client logs in, with the way back unless the URL already has one."""
    url = expanded(auth.signin, routing)
    query = urlsplit(url).query
    if any(part.partition("=")[0] == auth.signin_parameter for part in query.split("&")):
        return url
    back = f"{routing.client.scheme}://{_host(routing)}{quote(_raw(routing), safe='')}"
    return f"{url}{'&' if query else '?'}{auth.signin_parameter}={back}"


def with_headers(request: Request, headers: Headers) -> Request:
    """The backend's request with what the answer added, in place of what the client sent under these names."""
    if not headers:
        return request
    names = {name.lower() for name, _ in headers}
    kept = tuple(each for each in request.headers if each[0].lower() not in names)
    return replace(request, headers=(*kept, *headers))
