"""The body of an HTTP/1 message: how long it is, and its bytes as they come.

Source: RFC 9112 sections 6 (length) and 7 (chunked). Whatever two readers could understand differently is refused: both
lengths, several lengths, a chunk that is longer or shorter than it says, extensions with control characters.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from simnet.dataplane.http.message import Headers
from simnet.server.http.heads import HeadBuffer, Refused, read_fields, values_of
from simnet.server.http.limits import Limits

_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LONGEST_CHUNK_LINE: Final = 512
_MOST_DIGITS: Final = 15

UNTIL_CLOSE: Final = -1
CHUNKED: Final = -2


class Body(Protocol):
    """A body being read. `read` gives bytes, None when more must come, or a refusal; `is_done` says when it is whole.
    `ends_by_closing`: the sender says that it is whole by closing the connection."""

    is_done: bool
    ends_by_closing: bool

    def read(self, buffer: HeadBuffer) -> bytes | Refused | None: ...


def length_of_request(headers: Headers, version: str, limits: Limits) -> int | Refused:
    """The number of bytes, 0 for none, or CHUNKED."""
    lengths, codings = values_of(headers, "content-length"), values_of(headers, "transfer-encoding")
    if codings:
        return _coded(codings, bool(lengths), version)
    if not lengths:
        return 0
    return _counted(lengths, limits)


def _coded(codings: list[str], has_length: bool, version: str) -> int | Refused:
    if has_length:
        return Refused(400, "both Content-Length and Transfer-Encoding")
    if version == "1.0":
        return Refused(400, "Transfer-Encoding in HTTP/1.0")
    if len(codings) > 1:
        return Refused(400, "Transfer-Encoding twice")
    return CHUNKED if codings[0].lower() == "chunked" else Refused(501, f"Transfer-Encoding {codings[0]!a}; chunked is known")


def _counted(lengths: list[str], limits: Limits) -> int | Refused:
    if len(lengths) > 1:
        return Refused(400, "Content-Length twice")
    text = lengths[0]
    if not (text.isascii() and text.isdigit()):
        return Refused(400, f"Content-Length {text!a} is no number")
    if len(text.lstrip("0")) > _MOST_DIGITS or int(text) > limits.body_bytes:
        return Refused(413, f"a body of more than {limits.body_bytes} bytes")
    return int(text)


def length_of_response(headers: Headers, status: int, method: str) -> int | Refused:
    """The number of bytes, CHUNKED or UNTIL_CLOSE."""
    if method == "HEAD" or status in (204, 304) or status < 200:
        return 0
    lengths, codings = values_of(headers, "content-length"), values_of(headers, "transfer-encoding")
    if codings:
        if [each.lower() for each in codings] != ["chunked"] or lengths:
            return Refused(502, "a Transfer-Encoding that cannot be read")
        return CHUNKED
    if not lengths:
        return UNTIL_CLOSE
    if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()) or len(lengths[0]) > _MOST_DIGITS:
        return Refused(502, "a Content-Length that cannot be read")
    return int(lengths[0])


def body_of(length: int, limits: Limits) -> Body:
    """The reader of a body of this length."""
    return Chunks(limits) if length == CHUNKED else Everything() if length == UNTIL_CLOSE else Counted(length)


class Counted:
    """So many bytes."""

    ends_by_closing = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_done = not length

    def read(self, buffer: HeadBuffer) -> bytes | Refused | None:
        if not buffer.data or self.is_done:
            return None
        data = buffer.take(min(self._left, len(buffer.data)))
        self._left -= len(data)
        self.is_done = not self._left
        return data


class Everything:
    """All that comes until the sender closes; never done by itself."""

    is_done, ends_by_closing = False, True

    def read(self, buffer: HeadBuffer) -> bytes | Refused | None:
        return buffer.take(len(buffer.data)) if buffer.data else None


class Chunks:
    """Chunked: sizes, bytes, trailers. Extensions and trailers are read and dropped."""

    ends_by_closing = False

    def __init__(self, limits: Limits) -> None:
        self.is_done = False
        self._limits = limits
        self._left = 0  # bytes of this chunk still to come
        self._ends_chunk = False  # the CRLF behind a chunk is next
        self._in_trailers = False
        self._total = 0
        self._trailers = b""

    def read(self, buffer: HeadBuffer) -> bytes | Refused | None:
        while not self.is_done:
            if self._left:
                if not buffer.data:
                    return None
                data = buffer.take(min(self._left, len(buffer.data)))
                self._left -= len(data)
                self._ends_chunk = not self._left
                return data
            found = self._between(buffer)
            if found is None or isinstance(found, Refused):
                return found
        return None

    def _between(self, buffer: HeadBuffer) -> bytes | Refused | None:
        """Read the next piece of what stands around the bytes of chunks, and return it; None when more must come."""
        if self._ends_chunk:
            if buffer.data[:2] != b"\r\n":
                is_short = b"\r\n".startswith(bytes(buffer.data[:2]))
                return None if is_short else Refused(400, "a chunk that is longer than it says")
            self._ends_chunk = False
            return buffer.take(2)
        line = _line(buffer, self._limits.head_bytes - len(self._trailers) if self._in_trailers else _LONGEST_CHUNK_LINE)
        if line is None or isinstance(line, Refused):
            return line
        return self._trailer(line) if self._in_trailers else self._size(line)

    def _size(self, line: bytes) -> bytes | Refused:
        found = _CHUNK.fullmatch(line)
        if found is None:
            return Refused(400, "a line that is no chunk size")
        self._left = int(found[1], 16)
        self._total += self._left
        if self._total > self._limits.body_bytes:
            return Refused(413, f"a body of more than {self._limits.body_bytes} bytes")
        self._in_trailers = not self._left
        return line

    def _trailer(self, line: bytes) -> bytes | Refused:
        if line != b"\r\n":
            self._trailers += line
            return line
        fields = read_fields(self._trailers.decode("utf-8", "surrogateescape"), 0, self._limits)
        self.is_done = not isinstance(fields, Refused)
        return fields if isinstance(fields, Refused) else line


def _line(buffer: HeadBuffer, longest: int) -> bytes | Refused | None:
    """One line with its CRLF, taken out; None when more must come."""
    end = buffer.data.find(b"\n", 0, longest)
    if end >= 0:
        return buffer.take(end + 1) if buffer.data[end - 1:end] == b"\r" else Refused(400, "a line that ends without CR")
    return Refused(400, "a line of a chunked body that does not end") if len(buffer.data) >= longest else None
