"""Host header and request target, read once into what routing compares: a name and a normalised path.

Source: nginx src/http/ngx_http_parse.c (complex URI), src/http/ngx_http_request.c (host validation);
rules H-4, H-7, N-1 to N-6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from simnet.dataplane.http.message import Request

_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
_ABSOLUTE: Final = re.compile(r"(?i:https?)://([^/?#]*)(.*)", re.DOTALL)
_RAW_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_BAD_HOST: Final = re.compile(r"[\x00-\x20/\x7f]|\.\.")
_IN_PATH: Final = frozenset(b"-._~!$&'()*+,;=:@/[]"
                            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


class Malformed(StrEnum):
    """Why a request is answered 400 before any server is chosen."""

    NO_HOST = "HTTP/1.1 without a Host header"
    EMPTY_HOST = "an empty Host header"
    TWO_HOSTS = "more than one Host header"
    BAD_HOST = "a Host header that is no host"
    NOT_A_PATH = "a target that is neither a path nor an absolute URL"
    BAD_ESCAPE = "a % in the path that is no escape, or %00"
    ABOVE_ROOT = "a path that climbs above the root"
    BAD_CHARACTER = "a blank or control character in the target"


@dataclass(slots=True)
class Address:
    """Where a request is addressed to, as routing sees it.

    `host` is the name for matching: lower case, no port, no trailing dot; '' when HTTP/1.0 sent none. `host_header` is
    the Host as sent ('_' when there was none), which redirects and backends see. `path` is decoded, without dot
    segments and double slashes; bytes that are no UTF-8 stand in it as surrogate escapes. `query` is None without `?`.
    `raw` is the target as sent, without scheme and host.
    """

    host: str
    host_header: str
    path: str
    query: str | None
    raw: str

    @property
    def arguments(self) -> str:
        """`?query`, or '' without one."""
        return f"?{self.query}" if self.query else ""


def read_address(request: Request, normalises: bool = True) -> Address | Malformed:
    """Host and target of a request, or why it is malformed. O(length). Without `normalises` the path stays as sent."""
    host_header = _host_header(request)
    if isinstance(host_header, Malformed):
        return host_header
    raw, name = request.target, "" if host_header is None else host_name(host_header)
    if not name and host_header is not None:
        return Malformed.BAD_HOST
    absolute = None if raw[:1] == "/" else _ABSOLUTE.fullmatch(raw)
    if absolute is not None:
        raw = absolute[2] if absolute[2].startswith("/") else "/" + absolute[2]
        name = host_name(absolute[1].rpartition("@")[2])
        if _BAD_HOST.search(name):
            return Malformed.BAD_HOST
    target = _read_path(raw, normalises)
    if isinstance(target, Malformed):
        return target
    return Address(name, "_" if host_header is None else host_header, target[0], target[1], raw)


def _host_header(request: Request) -> str | Malformed | None:
    """The one Host header; None when HTTP/1.0 sent none (rule H-7)."""
    hosts = [] if request.host is None else [request.host]
    if request.headers:
        hosts += [value for name, value in request.headers if name.lower() == "host"]
    if len(hosts) > 1:
        return Malformed.TWO_HOSTS
    if not hosts:
        return None if request.http_version == "1.0" else Malformed.NO_HOST
    host = hosts[0]
    if not host:
        return Malformed.EMPTY_HOST
    return Malformed.BAD_HOST if _BAD_HOST.search(host) else host


def host_name(host: str) -> str:
    """A Host header as it is compared: lower case, without port and one trailing dot (rule H-4).

    An IPv6 literal keeps its brackets.
    """
    lowered = host.lower()
    if lowered.startswith("["):
        return lowered[:lowered.find("]") + 1] or lowered
    return lowered.partition(":")[0].removesuffix(".")


def without_port(host: str) -> str:
    """A Host header without its port, spelled as sent."""
    if host.startswith("["):
        return host[:host.find("]") + 1] or host
    return host.partition(":")[0]


def _read_path(raw: str, normalises: bool) -> tuple[str, str | None] | Malformed:
    if not raw.startswith("/"):
        return Malformed.NOT_A_PATH
    if _RAW_CONTROL.search(raw):
        return Malformed.BAD_CHARACTER
    before, mark, query = raw.partition("#")[0].partition("?")
    if not normalises:
        return before, query if mark else None
    decoded = decode_path(before)
    if isinstance(decoded, Malformed):
        return decoded
    path = _resolve_segments(decoded)
    return Malformed.ABOVE_ROOT if path is None else (path, query if mark else None)


def decode_path(path: str) -> str | Malformed:
    """Percent escapes decoded once; `+` is not a blank (rules N-1, N-4)."""
    if "%" not in path:
        return path
    data = path.encode("utf-8", "surrogateescape")
    if any(found[1] is None or found[1] == b"00" for found in _ESCAPE.finditer(data)):
        return Malformed.BAD_ESCAPE
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), data).decode("utf-8", "surrogateescape")


def _resolve_segments(path: str) -> str | None:
    """Dot segments resolved, runs of slashes made one (rules N-2, N-3); None when it climbs above the root."""
    if "//" not in path and "/." not in path:
        return path
    kept: list[str] = []
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        if segment == "..":
            if not kept:
                return None
            kept.pop()
        elif segment != ".":
            kept.append(segment)
    if not kept:
        return "/"
    ends_open = path.endswith("/") or segments[-1] in (".", "..")
    return "/" + "/".join(kept) + ("/" if ends_open else "")


def escape_path(path: str) -> str:
    """A decoded path as nginx writes it into a new request: what may stand in a path stays, the rest is `%XX` (X-9)."""
    return "".join(chr(byte) if byte in _IN_PATH else f"%{byte:02X}"
                   for byte in path.encode("utf-8", "surrogateescape"))
