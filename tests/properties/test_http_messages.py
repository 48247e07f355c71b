"""The door's reader against random requests: split anywhere it reads the same, and nothing makes it raise or hang."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from simnet.server.http.heads import Refused
from simnet.server.http.limits import Limits
from simnet.server.http.reading import End, Event, Piece, Reader, RequestHead, RequestReader, ResponseReader

LIMITS = Limits(head_bytes=120, fields=6, body_bytes=60)
tokens = st.text("ABCxyz-_19", min_size=1, max_size=8).map(str.encode)
texts = st.text("ab c;=,/\x80ÿ", max_size=12).map(lambda text: text.encode("latin-1"))
endings = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"", b"\r\n\r\n", b"\r\n "])
fields = st.one_of(
    st.tuples(tokens, st.just(b": "), texts).map(b"".join),
    st.sampled_from([b"Content-Length: 4", b"Content-Length: 0", b"Content-Length: 61", b"Transfer-Encoding: chunked", b"Host: a"]))
lines = st.sampled_from([b"GET / HTTP/1.1", b"POST /a HTTP/1.1", b"GET / HTTP/1.0", b"GET /", b"", b"PUT * HTTP/1.1"])
bodies = st.sampled_from([b"", b"abcd", b"4\r\nabcd\r\n0\r\n\r\n", b"3;x\r\nabc\r\n1\r\nd\r\n0\r\nX: y\r\n\r\n", b"4\r\nabcde\r\n", b"0\r\n\r\n",
                          b"2\nab\r\n0\r\n\r\n", b"3d\r\n"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Mostly well-formed, often nearly so."""
    head = draw(lines) + draw(endings)
    for field in draw(st.lists(fields, max_size=5)):
        head += field + draw(endings)
    return head + b"\r\n" + draw(bodies)


streams = st.lists(requests(), min_size=1, max_size=3).map(b"".join)


def drained(reader: Reader) -> list[Event]:
    found = []
    while (event := reader.next()) is not None:
        found.append(event)
    return found


def joined(events: list[Event]) -> list[Event]:
    """Pieces of one body put together: where they begin is the one thing that splitting may change."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Piece) and found and isinstance(found[-1], Piece):
            found[-1] = Piece(found[-1].data + event.data)
        else:
            found.append(event)
    return found


def read(reader: Reader, parts: list[bytes]) -> list[Event]:
    found: list[Event] = []
    for part in parts:
        reader.receive(part)
        found += drained(reader)
    return joined(found)


@given(streams, st.lists(st.integers(0, 400), max_size=8))
def test_split_anywhere_a_stream_reads_the_same(stream: bytes, cuts: list[int]) -> None:
    at = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    parts = [stream[start:end] for start, end in itertools.pairwise(at)]
    whole = read(RequestReader(LIMITS), [stream])
    assert read(RequestReader(LIMITS), parts) == whole
    assert read(RequestReader(LIMITS), [bytes((octet,)) for octet in stream]) == whole


@given(st.one_of(st.binary(max_size=400), streams), st.sampled_from(["GET", "HEAD"]))
def test_arbitrary_bytes_neither_raise_nor_hang(stream: bytes, method: str) -> None:
    for reader in (RequestReader(LIMITS), ResponseReader(LIMITS, method)):
        found = read(reader, [stream])
        assert len(found) <= 3 * len(stream) + 1
        assert all(not isinstance(event, Refused) for event in found[:-1]), "nothing comes behind a refusal"
        assert reader.waiting <= max(len(stream), LIMITS.head_bytes)


@given(streams)
def test_what_is_read_keeps_its_order_and_its_lengths(stream: bytes) -> None:
    """Head, at most one joined body of the length that was told, end; then the next."""
    found = read(RequestReader(LIMITS), [stream])
    for index, event in enumerate(found):
        if isinstance(event, RequestHead) and event.length > 0 and index + 2 < len(found) and not isinstance(found[index + 2], Refused):
            body, end = found[index + 1:index + 3]
            assert isinstance(body, Piece) and len(body.data) == event.length and end == End()


@given(st.lists(st.tuples(tokens, texts.filter(lambda text: text == text.strip(b" "))), max_size=4),
       st.lists(st.binary(min_size=1, max_size=9), max_size=4))
def test_what_is_written_is_read_back(headers: list[tuple[bytes, bytes]], parts: list[bytes]) -> None:
    """An independent writer; a chunked body of any bytes comes back as it was."""
    head = b"POST /x HTTP/1.1\r\n" + b"".join(b"X-%b: %b\r\n" % pair for pair in headers) + b"Transfer-Encoding: chunked\r\n\r\n"
    sent = head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    found = read(RequestReader(Limits()), [sent])
    assert isinstance(found[0], RequestHead) and found[-1] == End()
    kept = [(f"X-{name.decode()}", value.decode("utf-8", "surrogateescape")) for name, value in headers]
    assert list(found[0].headers[:-1]) == kept
    assert b"".join(event.data for event in found if isinstance(event, Piece)) == b"".join(parts)
