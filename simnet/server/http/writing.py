"""HTTP/1 messages as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.pages import phrase
from simnet.server.http.bodies import CHUNKED

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"
PLAIN: Final = "text/plain; charset=utf-8"
_OF_ONE_CONNECTION: Final = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer",
                                       "content-length", "upgrade"))


def bytes_of(text: str) -> bytes:
    """Text as bytes; surrogate escapes become the bytes they stand for."""
    return text.encode("utf-8", "surrogateescape")


def fields_of(headers: Iterable[tuple[str, str]]) -> str:
    """Header lines. A line break inside one, which no reader would let through, becomes a blank."""
    return "".join([f"{_one_line(name)}: {_one_line(value)}\r\n" for name, value in headers])


def _one_line(text: str) -> str:
    return text if text.isprintable() else text.replace("\r", " ").replace("\n", " ")


def end_to_end(headers: Headers) -> Headers:
    """Without what belongs to one connection only: framing, Connection and the fields like it."""
    return tuple([each for each in headers if each[0].lower() not in _OF_ONE_CONNECTION])


def response_head(status: int, headers: Headers, length: int | None, closes: bool, more: Headers = ()) -> bytes:
    """Status line and headers. `length` None says nothing about the body; CHUNKED announces chunks. `more` come last,
    as they are; of `headers` only what is meant for the other end."""
    framing = "" if length is None else f"Content-Length: {length}\r\n"
    if length == CHUNKED:
        framing = "Transfer-Encoding: chunked\r\n"
    connection = "Connection: close\r\n" if closes else ""
    return bytes_of(f"HTTP/1.1 {status} {phrase(status)}\r\n{fields_of(end_to_end(headers))}{framing}{connection}"
                    f"{fields_of(more)}\r\n")


def request_head(request: Request, length: int, upgrade: str = "") -> bytes:
    """A request for a real server, which shall close behind it; `upgrade` names the protocols to switch to, if any."""
    host = f"Host: {request.host}\r\n" if request.host is not None else ""
    framing = f"Content-Length: {length}\r\n" if length or request.method in ("POST", "PUT", "PATCH") else ""
    connection = f"Upgrade: {upgrade}\r\nConnection: Upgrade\r\n" if upgrade else "Connection: close\r\n"
    others = tuple(each for each in end_to_end(request.headers) if each[0].lower() not in ("host", "expect"))
    return bytes_of(f"{request.method} {request.target} HTTP/1.1\r\n{host}{fields_of(others)}{framing}{connection}\r\n")


def chunk(data: bytes) -> bytes:
    """One chunk; empty data would end the body and is left out."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def text_response(status: int, text: str, closes: bool, *, content_type: str = PLAIN, more: Headers = (),
                  has_body: bool = True) -> bytes:
    """A whole response with a text."""
    body = bytes_of(text)
    headers = (("Content-Type", content_type), ("X-Content-Type-Options", "nosniff"))
    return response_head(status, headers, len(body), closes, more) + (body if has_body else b"")
