"""The Cookie header read as nginx does."""

from __future__ import annotations

from simnet.dataplane.http.message import Request


def cookies_of(request: Request) -> dict[str, str]:
    """Name -> value of every cookie sent; of two with one name the first counts."""
    found: dict[str, str] = {}
    for name, value in request.headers:
        if name.lower() == "cookie":
            for part in value.split(";"):
                key, equals, text = part.strip().partition("=")
                if equals:
                    found.setdefault(key, text)
    return found
