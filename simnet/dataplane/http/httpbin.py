"""httpbin's answers: the routes people curl in tutorials, its JSON layout, and its front page.

Source: postmanlabs/httpbin httpbin/core.py, httpbin/helpers.py get_dict, templates/flasgger/index.html (its head).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.pages import HTML, phrase

JSON: Final = "application/json"
_HIDDEN: Final = frozenset(("x-varnish", "x-request-start", "x-real-ip", "x-forwarded-proto", "x-forwarded-protocol",
                            "x-forwarded-ssl", "x-forwarded-for", "x-forwarded-port", "x-request-id", "via",
                            "total-route-time", "connect-time"))
"""Headers that proxies add and httpbin leaves out, unless the query has `show_env`."""

_INDEX: Final = """\
<!DOCTYPE html>
<html lang="en">

<head>
    <meta charset="UTF-8">
    <title>httpbin.org</title>
    <link href="https://fonts.googleapis.com/css?family=Open+Sans:400,700|Source+Code+Pro:300,600|Titillium+Web:400,600,700"
        rel="stylesheet">
</head>

<body>
    <h2>httpbin.org</h2>
    <p>A simple HTTP Request &amp; Response Service.</p>
</body>

</html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    body: str
    content_type: str = JSON
    headers: Headers = ()


def page(request: Request, path: str, origin: str, status: int) -> Page:
    """The answer to a request; `status` is what the route list says for GET, `origin` the client's address."""
    if path == "/":
        return Page(200, _INDEX, "text/html; charset=utf-8")
    if path in ("/get", "/headers", "/ip", "/user-agent") and request.method not in ("GET", "HEAD"):
        return Page(405, _html(405), HTML)
    if status == 405 and path[1:] == request.method.lower():
        return Page(200, _json(_whole(request, origin)))
    if status == 404:
        return Page(404, _html(404), HTML)
    if path.startswith("/status/") or status in (401, 405):
        return Page(status, "", "text/html; charset=utf-8")
    if status == 302:
        return _redirect(path)
    return _data(request, path, origin)


def _data(request: Request, path: str, origin: str) -> Page:
    """The routes that give back what was sent; other routes of httpbin give an empty 200."""
    head = path.split("/")[1]
    match head:
        case "get":
            return Page(200, _json({name: _whole(request, origin)[name] for name in ("args", "headers", "origin", "url")}))
        case "anything":
            return Page(200, _json({**_whole(request, origin), "method": request.method}))
        case "headers":
            return Page(200, _json({"headers": _headers(request)}))
        case "ip":
            return Page(200, _json({"origin": _origin(request, origin)}))
        case "user-agent":
            return Page(200, _json({"user-agent": request.header("user-agent")}))
        case _:
            return Page(200, "", "text/html; charset=utf-8")


def _redirect(path: str) -> Page:
    """`/redirect/N` counts down to `/get`; other redirecting routes lead to `/get` at once."""
    count = path.rpartition("/")[2]
    left = int(count) - 1 if path.startswith(("/redirect/", "/relative-redirect/")) and count.isdigit() else 0
    location = f"/relative-redirect/{left}" if left > 0 else "/get"
    return Page(302, _html(302), "text/html; charset=utf-8", (("Location", location),))


def _whole(request: Request, origin: str) -> dict[str, Any]:
    """What httpbin says about a request with a body; the body is read as text."""
    data = request.body.decode("utf-8", "replace")
    is_form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    return {"args": _arguments(request.target.partition("?")[2]), "data": "" if is_form else data, "files": {},
            "form": _arguments(data) if is_form else {}, "headers": _headers(request), "json": _parsed(data, is_form),
            "origin": _origin(request, origin),
            "url": f"{request.header('x-forwarded-proto') or request.scheme}://{request.host or ''}{request.target}"}


def _arguments(text: str) -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(text, keep_blank_values=True).items()}


def _parsed(text: str, is_form: bool) -> Any:
    try:
        return None if is_form or not text else json.loads(text)
    except ValueError:
        return None


def _headers(request: Request) -> dict[str, str]:
    shows_all = "show_env" in _arguments(request.target.partition("?")[2])
    found = {"Host": request.host} if request.host is not None else {}
    found.update((name.title(), value) for name, value in request.headers if shows_all or name.lower() not in _HIDDEN)
    return dict(sorted(found.items()))


def _origin(request: Request, origin: str) -> str:
    return request.header("x-forwarded-for") or origin


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _html(status: int) -> str:
    return (f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>{status} {phrase(status)}</title>\n'
            f"<h1>{phrase(status)}</h1>\n")
