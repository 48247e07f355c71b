"""Cross-origin requests: the preflight answer and the headers on every other (rule K-6).

Source: kubernetes/ingress-nginx internal/ingress/annotations/cors/main.go, internal/ingress/controller/template/
template.go buildCorsOriginRegex, rootfs/etc/nginx/template/nginx.tmpl (block CORS).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.notes import Outcome

METHODS: Final = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
HEADERS: Final = ("DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,"
                  "Authorization")
MAX_AGE: Final = 1728000
_ORIGIN: Final = re.compile(r"\*|(?:(?:[a-z][a-z0-9+.-]*://)?(?:\*\.)?[A-Za-z0-9._-]+(?::\d+)?)")
_METHODS: Final = re.compile(r"[A-Za-z]+(?:,\s?[A-Za-z]+)*")
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9_-]+(?:,\s?[A-Za-z0-9_-]+)*")
_EXPOSED: Final = re.compile(r"\*|[A-Za-z0-9_-]+(?:,\s?[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """enable-cors and its details; `origins` is ('*',) for any."""

    origins: tuple[str, ...] = ("*",)
    methods: str = METHODS
    headers: str = HEADERS
    exposed: str = ""
    credentials: bool = True
    max_age: int = MAX_AGE

    @property
    def is_open(self) -> bool:
        return self.origins == ("*",)

    def allows(self, origin: str | None) -> bool:
        """Whether requests from this Origin get the headers; an open policy also serves requests without one."""
        return self.is_open or (origin is not None and any(_origin_matches(each, origin) for each in self.origins))


def _origin_matches(allowed: str, origin: str) -> bool:
    """Compared without case; `*.` stands for one label."""
    pattern = re.escape(allowed).replace(r"\*\.", r"[A-Za-z0-9-]+\.")
    return re.fullmatch(pattern, origin, re.IGNORECASE) is not None


def read_cors(reader: Reader) -> Cors | None:
    """The policy, None when CORS is off. Values that cannot be used leave their default."""
    if not reader.flag("enable-cors"):
        return None
    credentials = reader.flag("cors-allow-credentials")
    age = reader.number("cors-max-age")
    return Cors(
        origins=_origins(reader), methods=reader.text("cors-allow-methods", _METHODS, Outcome.IGNORED) or METHODS,
        headers=reader.text("cors-allow-headers", _HEADER_NAMES, Outcome.IGNORED) or HEADERS,
        exposed=reader.text("cors-expose-headers", _EXPOSED, Outcome.IGNORED),
        credentials=True if credentials is None else credentials, max_age=MAX_AGE if age is None else age)


def _origins(reader: Reader) -> tuple[str, ...]:
    given = [part.strip() for part in reader.values.get("cors-allow-origin", "").split(",") if part.strip()]
    usable = tuple(part for part in given if _ORIGIN.fullmatch(part))
    if len(usable) < len(given):
        reader.refuse("cors-allow-origin", Outcome.IGNORED)
    return ("*",) if "*" in usable or not usable else usable


def is_preflight(cors: Cors, request: Request) -> bool:
    """Whether the proxy answers by itself."""
    return request.method == "OPTIONS" and cors.allows(request.header("origin"))


def cors_headers(cors: Cors, request: Request) -> Headers:
    """The headers on an answer; none for an Origin that is not allowed."""
    origin = request.header("origin")
    if not cors.allows(origin):
        return ()
    found = [("Access-Control-Allow-Origin", "*" if cors.is_open else origin or "")]
    if cors.credentials:
        found.append(("Access-Control-Allow-Credentials", "true"))
    found += [("Access-Control-Allow-Methods", cors.methods), ("Access-Control-Allow-Headers", cors.headers)]
    if cors.exposed:
        found.append(("Access-Control-Expose-Headers", cors.exposed))
    return (*found, ("Access-Control-Max-Age", str(cors.max_age)))
