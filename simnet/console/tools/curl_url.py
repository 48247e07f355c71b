"""What curl makes of a URL before it connects: which ones it refuses, and --resolve and --connect-to.

Source: lib/urlapi.c (junkscan, Curl_parse_port, hostname_check) and lib/strerror.c curl_url_strerror of curl 8.5;
lib/hostip.c Curl_loadhostpairs.
"""

from __future__ import annotations

import re

from simnet import ip
from simnet.console.flags import Parsed
from simnet.dataplane.client import parse_url
from simnet.errors import UsageError
from simnet.names import split_host_port

_AUTHORITY = re.compile(r"[^:/?#]+:/{1,3}(?:[^/?#]*@)?(?P<host>\[[^\]/?#]*\]|[^:/?#]*)(?::(?P<port>[^/?#]*))?")


class CurlError(UsageError):
    """A transfer that ends before anything is sent: curl's exit code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def refuse_url(url: str, is_redirect: bool = False) -> None:
    """Raise CurlError for a URL curl rejects. In a Location header a blank is allowed."""
    if any(character < " " or character == "\x7f" or (character == " " and not is_redirect) for character in url):
        raise CurlError(3, "URL rejected: Malformed input to a URL function")
    match = _AUTHORITY.match(url)
    if match is None:
        return
    port = match["port"] or "0"
    if not re.fullmatch(r"[0-9]+", port) or int(port[:9]) > 65535:
        raise CurlError(3, "URL rejected: Port number was not a decimal number between 0 and 65535")
    if not match["host"]:
        raise CurlError(3, "URL rejected: No host part in the URL")


def rejected(url: str, problem: UsageError) -> tuple[int, str]:
    """A name outside ASCII is looked up by curl and not found; anything else is no URL."""
    try:
        host = parse_url(url).host
    except UsageError as flaw:
        return 3, f"URL rejected: {flaw}"
    return (3, f"URL rejected: {problem}") if host.isascii() else (6, f"Could not resolve host: {host}")


def pinned(flags: Parsed, url: str) -> str:
    """The address that --resolve or --connect-to gives for this host and port, '' for none.

    Raises CurlError for an entry of --resolve that is not HOST:PORT:ADDRESS, whichever host it is about.
    """
    parts = parse_url(url)
    host, port = parts.host, parts.port
    entries = [_resolve_entry(text) for text in flags.all("resolve") if not text.startswith("-")]
    for name, number, address in entries:
        if name.lower() in (host.lower(), "*") and number == port:
            return address
    for text in flags.all("connect-to"):
        name, given, *target = text.split(":", 2)
        if name.lower() in (host.lower(), "") and given in (str(port), "") and target:
            address, other = split_host_port(target[0])
            return f"[{address}]:{other or port}" if ":" in address else f"{address}:{other or port}"
    return ""


def _resolve_entry(text: str) -> tuple[str, int, str]:
    """Host, port and first address of `[+]HOST:PORT:ADDRESS[,ADDRESS]...`."""
    match = re.fullmatch(r"\+?(\[[^\]]*\]|[^:]*):(\d{1,5}):(.+)", text)
    addresses = [each.removeprefix("[").removesuffix("]") for each in match[3].split(",")] if match else []
    if match is None or int(match[2]) > 65535 or not all(map(_is_address, addresses)):
        raise CurlError(49, f"Couldn't parse CURLOPT_RESOLVE entry '{text}'")
    return match[1].strip("[]"), int(match[2]), addresses[0]


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True
