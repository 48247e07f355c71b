"""The head of an HTTP/1 message: start line and header fields, strictly.

Source: RFC 9112 sections 2.2 (bare CR and LF), 3 (request line), 5 (fields, obs-fold); RFC 9110 section 5.6.2 (tokens).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from simnet.dataplane.http.message import Headers
from simnet.server.http.limits import Limits

HEAD_END: Final = b"\r\n\r\n"
_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIELDS: Final = re.compile(r"(?:" + _TOKEN + r":[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_REQUEST: Final = re.compile(r"(" + _TOKEN + r") ([^\x00-\x20\x7f]+) HTTP/([0-9])\.([0-9])\r\n")
_STATUS: Final = re.compile(r"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")


class Refused(NamedTuple):
    """A message that is not accepted: the status that answers it, and why. Nothing more is read from its sender."""

    status: int
    why: str


class StartLine(NamedTuple):
    """`GET /path HTTP/1.1` as text; bytes that are no UTF-8 stand as surrogate escapes. `version` is 1.0 or 1.1."""

    method: str
    target: str
    version: str


class StatusLine(NamedTuple):
    """`HTTP/1.1 200`; the reason phrase is not kept."""

    status: int
    version: str


@dataclass(slots=True)
class HeadBuffer:
    """Bytes that have arrived and are not used yet, and how far the search for the end of a head has come."""

    data: bytearray
    searched: int = 0

    def take(self, count: int) -> bytes:
        """The first `count` bytes, taken out."""
        taken = bytes(self.data[:count])
        del self.data[:count]
        self.searched = 0
        return taken

    def head(self, limits: Limits) -> str | Refused | None:
        """One whole head with the CRLF of its last line, taken out; None when more must come. Bytes that are no UTF-8
        stand in it as surrogate escapes.

        What comes first decides, wherever the bytes were split: the end, a bare LF, or the limit. O(new bytes).
        """
        while self.data.startswith(b"\r\n"):
            self.take(2)  # empty lines before a request line: RFC 9112 section 2.2
        end = self.data.find(HEAD_END, max(0, self.searched - 3))
        bare = _BARE_LF.search(self.data, self.searched, end + 4 if end >= 0 else len(self.data))
        if bare is not None and bare.start() < limits.head_bytes:
            return Refused(400, "a line that ends without CR")
        if end + 4 > limits.head_bytes or (end < 0 and len(self.data) >= limits.head_bytes):
            return self._too_long(limits)
        if end < 0:
            self.searched = len(self.data)
            return None
        return self.take(end + 4)[:-2].decode("utf-8", "surrogateescape")

    def _too_long(self, limits: Limits) -> Refused:
        if self.data.find(b"\r\n", 0, limits.head_bytes) < 0:
            return Refused(414, f"a request line of more than {limits.head_bytes} bytes")
        return Refused(431, f"headers of more than {limits.head_bytes} bytes")


def read_request_line(head: str) -> tuple[StartLine, int] | Refused:
    """The request line and where the fields begin."""
    found = _REQUEST.match(head)
    if found is None:
        return Refused(400, "the first line is no request line of HTTP/1")
    method, target, major, minor = found.groups()
    if major != "1":
        return Refused(505, f"HTTP/{major} is not spoken here, HTTP/1.1 is")
    return StartLine(method, target, "1.0" if minor == "0" else "1.1"), found.end()


def read_status_line(head: str) -> tuple[StatusLine, int] | Refused:
    """The status line and where the fields begin."""
    found = _STATUS.match(head)
    if found is None:
        return Refused(502, "the first line is no status line of HTTP/1")
    return StatusLine(int(found[2]), f"1.{found[1]}"), found.end()


def read_fields(head: str, at: int, limits: Limits) -> Headers | Refused:
    """The header fields from `at` to the end. Folded lines, blanks before the colon and control characters are refused."""
    found = _FIELDS.match(head, at)
    end = found.end() if found is not None else at
    if end < len(head):
        return Refused(400, "a folded header line" if head[end] in " \t" else "a line that is no header field")
    lines = head[at:-2].split("\r\n") if at < end else []
    if len(lines) > limits.fields:
        return Refused(431, f"more than {limits.fields} header fields")
    return tuple([(name, value.strip(" \t")) for name, _, value in [line.partition(":") for line in lines]])


def values_of(headers: Headers, name: str) -> list[str]:
    """All values of a field, `name` in lower case."""
    length = len(name)
    return [value for each, value in headers if len(each) == length and each.lower() == name]


def words_of(headers: Headers, name: str) -> set[str]:
    """The words of a field that is a list of them, such as Connection, in lower case."""
    return {word.strip().lower() for value in values_of(headers, name) for word in value.split(",")}
