"""HTTP/1 as the door reads it: what is a request, what is refused and with which status."""

from __future__ import annotations

import pytest

from simnet.server.http.bodies import CHUNKED, UNTIL_CLOSE
from simnet.server.http.heads import Refused
from simnet.server.http.limits import Limits
from simnet.server.http.reading import (
    End,
    Event,
    Piece,
    Reader,
    RequestHead,
    RequestReader,
    ResponseHead,
    ResponseReader,
)

LIMITS = Limits(head_bytes=1000, fields=10, body_bytes=5000)


def events(data: bytes, reader: Reader | None = None) -> list[Event]:
    reader = reader or RequestReader(LIMITS)
    reader.receive(data)
    found = []
    while (event := reader.next()) is not None:
        found.append(event)
    return found


def test_a_request_without_a_body() -> None:
    head, end = events(b"GET /a?b=1 HTTP/1.1\r\nHost: x\r\nAccept:  */* \r\n\r\n")
    assert head == RequestHead("GET", "/a?b=1", "1.1", (("Host", "x"), ("Accept", "*/*")), 0) and end == End()


def test_requests_that_were_sent_ahead_come_one_after_another() -> None:
    found = events(b"\r\nPOST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.0\r\n\r\n")
    assert [each for each in found if not isinstance(each, RequestHead)] == [Piece(b"abc"), End(), End()]
    assert [(each.target, each.version) for each in found if isinstance(each, RequestHead)] == [("/1", "1.1"), ("/2", "1.0")]


def test_a_chunked_body_with_extension_and_trailer() -> None:
    head, *rest = events(b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0A \t; x\r\n0123456789\r\n"
                         b"0\r\nX-Sum: 1\r\n\r\n")
    assert isinstance(head, RequestHead) and head.length == CHUNKED
    assert rest == [Piece(b"abc"), Piece(b"0123456789"), End()]


def test_bytes_that_are_no_utf8_are_kept() -> None:
    head = events(b"GET /\xff HTTP/1.1\r\nX: \xfe\r\n\r\n")[0]
    assert isinstance(head, RequestHead) and head.target.encode("utf-8", "surrogateescape") == b"/\xff"


# what, bytes, status; sources: RFC 9112 unless another is named
REFUSED = [
    ("both lengths (6.1)", b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("both lengths, the other way round (6.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
    ("two different lengths (6.3)", b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
    ("one length twice: allowed to refuse (6.3), nginx does", b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400),
    ("a list of lengths (6.3)", b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", 400),
    ("a length with a sign (6.2)", b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", 400),
    ("a negative length (6.2)", b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n", 400),
    ("an empty length (6.2)", b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
    ("a length in other digits (6.2)", "POST / HTTP/1.1\r\nContent-Length: ٣\r\n\r\n".encode(), 400),
    ("Transfer-Encoding twice (6.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("chunked is not the only coding (6.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("identity, which is no coding any more (6.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ("a coding that looks like chunked (6.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", 400),
    ("chunked in HTTP/1.0 (6.1)", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("a chunk size that is none (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ("a chunk size with 0x (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", 400),
    ("an empty chunk size (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
    ("a chunk size that overflows (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n", 400),
    ("a chunk longer than it says (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
    ("a chunk line that ends in LF (7.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n", 400),
    ("a CR in an extension (7.1.1)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n", 400),
    ("a trailer that is no field (7.1.2)", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad\r\n\r\n", 400),
    ("bare LF after the request line (2.2)", b"GET / HTTP/1.1\nHost: x\r\n\r\n", 400),
    ("bare LF everywhere (2.2)", b"GET / HTTP/1.1\nHost: x\n\n", 400),
    ("bare LF in a header (2.2)", b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
    ("bare CR in a header (2.2)", b"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400),
    ("a folded line (5.2)", b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", 400),
    ("a line folded before the first field (2.2)", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    ("a blank before the colon (5.1)", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ("a header without a name (5.1)", b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
    ("a header without a colon (5.1)", b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
    ("NUL in a value (RFC 9110 5.5)", b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", 400),
    ("HTTP/0.9", b"GET /\r\n\r\n", 400),
    ("two blanks in the request line (3)", b"GET  / HTTP/1.1\r\n\r\n", 400),
    ("a blank in the target (3.2)", b"GET /a b HTTP/1.1\r\n\r\n", 400),
    ("a method that is no token (3.1)", b"G(T / HTTP/1.1\r\n\r\n", 400),
    ("http in lower case (2.3)", b"GET / http/1.1\r\n\r\n", 400),
    ("HTTP/2 without TLS (RFC 9110 15.6.6)", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("a TLS handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
    ("a line that is too long (RFC 9110 15.5.15)", b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\n\r\n", 414),
    ("headers that are too long (RFC 6585 5)", b"GET / HTTP/1.1\r\nX: " + b"a" * 1000 + b"\r\n\r\n", 431),
    ("headers that never end (RFC 6585 5)", b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 300, 431),
    ("too many headers (RFC 6585 5)", b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 11 + b"\r\n", 431),
    ("a body that is too long (RFC 9110 15.5.14)", b"POST / HTTP/1.1\r\nContent-Length: 5001\r\n\r\n", 413),
    ("a length of many digits", b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 900 + b"\r\n\r\n", 413),
    ("chunks that are too long", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1389\r\n", 413),
]


@pytest.mark.parametrize(("data", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_two_readers_could_read_differently_is_refused(data: bytes, status: int) -> None:
    *_, last = events(data)
    assert isinstance(last, Refused) and last.status == status and last.why


@pytest.mark.parametrize("data", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_nothing_is_read_behind_a_refusal(data: bytes) -> None:
    reader = RequestReader(LIMITS)
    assert isinstance(events(data, reader)[-1], Refused)
    assert events(b"GET / HTTP/1.1\r\n\r\n", reader) == [] and not reader.waiting


KEPT = [
    (b"GET / HTTP/1.1\r\n\r\n", True),
    (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", False),
    (b"GET / HTTP/1.1\r\nConnection: Upgrade, Close\r\n\r\n", False),
    (b"GET / HTTP/1.0\r\n\r\n", False),
    (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
]


@pytest.mark.parametrize(("data", "kept"), KEPT)
def test_who_keeps_the_connection(data: bytes, kept: bool) -> None:
    """RFC 9112 section 9.3."""
    head = events(data)[0]
    assert isinstance(head, RequestHead) and head.keeps_alive is kept


# status and headers, method asked with, length; RFC 9112 section 6.3
LENGTHS = [
    (b"200 OK\r\nContent-Length: 3", "GET", 3), (b"200\r\nTransfer-Encoding: chunked", "GET", CHUNKED), (b"200 OK", "GET", UNTIL_CLOSE),
    (b"204 No Content", "GET", 0), (b"304 x\r\nContent-Length: 3", "GET", 0), (b"200 OK\r\nContent-Length: 3", "HEAD", 0),
    (b"200 OK\r\nContent-Length: 3\r\nContent-Length: 3", "GET", 3),
]


@pytest.mark.parametrize(("head", "method", "length"), LENGTHS)
def test_the_length_of_a_response(head: bytes, method: str, length: int) -> None:
    found = events(b"HTTP/1.1 " + head + b"\r\n\r\n", ResponseReader(LIMITS, method))[0]
    assert isinstance(found, ResponseHead) and found.length == length


@pytest.mark.parametrize("data", [b"HTTP/2 200\r\n\r\n", b"hello\r\n\r\n", b"HTTP/1.1 200\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                                  b"HTTP/1.1 200\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 99 x\r\n\r\n"])
def test_responses_that_cannot_be_read(data: bytes) -> None:
    assert isinstance(events(data, ResponseReader(LIMITS))[-1], Refused)


def test_a_response_that_ends_by_closing_is_whole_and_any_other_broke_off() -> None:
    reader = ResponseReader(LIMITS)
    events(b"HTTP/1.0 200 OK\r\n\r\nabc", reader)
    assert reader.close() == End()
    reader = ResponseReader(LIMITS)
    events(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabc", reader)
    assert isinstance(reader.close(), Refused)
