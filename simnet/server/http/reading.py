"""HTTP/1 messages out of bytes, without any input or output: bytes go in, events come out.

`receive` is given what has arrived, `next` answers one event after another and None when more bytes are needed. However
the bytes are split, the events are the same, but for where the pieces of a body begin. Nothing raises, whatever arrives.
"""

from __future__ import annotations

from typing import NamedTuple

from simnet.dataplane.http.message import Headers
from simnet.server.http.bodies import Body, body_of, length_of_request, length_of_response
from simnet.server.http.heads import (
    HeadBuffer,
    Refused,
    read_fields,
    read_request_line,
    read_status_line,
    words_of,
)
from simnet.server.http.limits import Limits

SWITCHING = 101


class RequestHead(NamedTuple):
    """A request without its body. `length` is the body's, 0 for none, or bodies.CHUNKED."""

    method: str
    target: str
    version: str
    headers: Headers
    length: int

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants the connection again."""
        words = words_of(self.headers, "connection")
        return "close" not in words and (self.version == "1.1" or "keep-alive" in words)

    @property
    def wants_upgrade(self) -> bool:
        """Whether the client asks for another protocol on this connection."""
        return "upgrade" in words_of(self.headers, "connection") and bool(words_of(self.headers, "upgrade"))

    @property
    def waits_for_continue(self) -> bool:
        """Whether the body comes only after leave to send it."""
        return self.version == "1.1" and "100-continue" in words_of(self.headers, "expect")


class ResponseHead(NamedTuple):
    """A response without its body. `length` is the body's, or bodies.CHUNKED or UNTIL_CLOSE."""

    status: int
    version: str
    headers: Headers
    length: int

    @property
    def is_interim(self) -> bool:
        """Whether the real response is still to come; no End follows this one."""
        return self.status < 200 and self.status != SWITCHING


class Piece(NamedTuple):
    """Some bytes of a body."""

    data: bytes


class End(NamedTuple):
    """The message is whole."""


Event = RequestHead | ResponseHead | Piece | End | Refused


class Reader:
    """One side's messages, one after another. After a refusal nothing comes any more."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._buffer = HeadBuffer(bytearray())
        self._body: Body | None = None
        self._is_dead = False

    @property
    def waiting(self) -> int:
        """Bytes that have arrived and are not used yet."""
        return len(self._buffer.data)

    @property
    def is_between(self) -> bool:
        """Whether no message has begun."""
        return self._body is None and not self._buffer.data

    def receive(self, data: bytes) -> None:
        """Take what has arrived."""
        if not self._is_dead:
            self._buffer.data += data

    def rest(self) -> bytes:
        """Everything that is not used yet, taken out: the first bytes of another protocol."""
        return self._buffer.take(len(self._buffer.data))

    def next(self) -> Event | None:
        """The next event, None when more bytes are needed."""
        if self._is_dead:
            return None
        event = self._head() if self._body is None else self._piece(self._body)
        if isinstance(event, Refused):
            self._is_dead = True
            self._buffer.data.clear()
        return event

    def _head(self) -> Event | None:
        head = self._buffer.head(self.limits)
        if head is None or isinstance(head, Refused):
            return head
        event = self._read(head)
        if not isinstance(event, Refused) and not (isinstance(event, ResponseHead) and event.is_interim):
            self._body = body_of(event.length, self.limits)
        return event

    def _read(self, head: str) -> RequestHead | ResponseHead | Refused:
        raise NotImplementedError

    def _piece(self, body: Body) -> Event | None:
        data = None if body.is_done else body.read(self._buffer)
        if data is not None:
            return data if isinstance(data, Refused) else Piece(data)
        if not body.is_done:
            return None
        self._body = None
        return End()


class RequestReader(Reader):
    """The server's side."""

    def _read(self, head: str) -> RequestHead | Refused:
        line = read_request_line(head)
        if isinstance(line, Refused):
            return line
        start, at = line
        headers = read_fields(head, at, self.limits)
        if isinstance(headers, Refused):
            return headers
        length = length_of_request(headers, start.version, self.limits)
        if isinstance(length, Refused):
            return length
        return RequestHead(start.method, start.target, start.version, headers, length)


class ResponseReader(Reader):
    """The client's side. `method` is that of the request being answered; 1xx come as heads of their own."""

    def __init__(self, limits: Limits, method: str = "GET") -> None:
        super().__init__(limits)
        self.method = method

    def _read(self, head: str) -> ResponseHead | Refused:
        line = read_status_line(head)
        if isinstance(line, Refused):
            return line
        start, at = line
        headers = read_fields(head, at, self.limits)
        if isinstance(headers, Refused):
            return Refused(502, headers.why)
        length = length_of_response(headers, start.status, self.method)
        if isinstance(length, Refused):
            return length
        return ResponseHead(start.status, start.version, headers, length)

    def close(self) -> End | Refused:
        """The sender has closed: the end of a body without a length, otherwise a message that broke off."""
        is_whole = self._body is not None and self._body.ends_by_closing
        return End() if is_whole else Refused(502, "the answer broke off")
