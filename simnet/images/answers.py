"""Which HTTP status a known program gives for `GET path`, before any application is put into it.

Source: the default configuration of the images (nginx, httpd, CoreDNS health and ready plugins, Prometheus and
Grafana HTTP APIs), httpbin's route list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from simnet.images.profile import Listen

NOT_HTTP: Final = ("tcp", "dns")
"""Values of `Listen.app` for programs that do not speak HTTP at all."""

_PATHS: Final[Mapping[str, Mapping[str, int]]] = {
    "nginx": {"/": 200, "/index.html": 200, "/50x.html": 200},
    "httpd": {"/": 200, "/index.html": 200},
    "default-backend": {"/healthz": 200, "/metrics": 200},
    "controller-status": {"/healthz": 200, "/metrics": 200, "/build": 200},
    "coredns-health": {"/health": 200},
    "coredns-ready": {"/ready": 200},
    "metrics": {"/": 200, "/metrics": 200},
    "prometheus": {"/": 302, "/graph": 200, "/metrics": 200, "/-/healthy": 200, "/-/ready": 200},
    "grafana": {"/": 302, "/login": 200, "/api/health": 200, "/healthz": 200, "/metrics": 200},
}

_HTTPBIN: Final = (
    (re.compile(r"/status/(\d{3})"), None),
    (re.compile(r"/(post|put|patch|delete)"), 405),
    (re.compile(r"/((absolute-|relative-)?redirect|links)/\d+|/redirect-to|/cookies/(set|delete).*"), 302),
    (re.compile(r"/(basic-auth|digest-auth)/.+|/bearer"), 401),
    (re.compile(r"/hidden-basic-auth/.+"), 404),
    (re.compile(r"/((get|headers|ip|user-agent|html|json|xml|robots\.txt|deny|uuid|cookies|cache|gzip|deflate|brotli|"
                r"legacy|spec\.json|image|response-headers)|(encoding/utf8|forms/post)|"
                r"(delay|bytes|stream|stream-bytes|drip|range|base64|etag|cache|links|image|flasgger_static)(/.*)?|"
                r"anything(/.*)?)?"), 200),
)


def status_of(listen: Listen, path: str) -> int | None:
    """The status of `GET path` on this socket; None when no HTTP is spoken there.

    A socket with an `answer` or without a known program answers every path with its `status`.
    """
    if listen.protocol != "TCP" or listen.app in NOT_HTTP:
        return None
    path = path.partition("?")[0].partition("#")[0]
    if listen.app == "httpbin":
        return _httpbin(path)
    paths = _PATHS.get(listen.app)
    return listen.status if paths is None or listen.answer is not None else paths.get(path, 404)


def _httpbin(path: str) -> int:
    for pattern, status in _HTTPBIN:
        found = pattern.fullmatch(path)
        if found:
            return int(found[1]) if status is None else status
    return 404
