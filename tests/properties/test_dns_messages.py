"""Messages: what is written is read back, arbitrary octets do no harm, a truncated answer is the start of the whole one."""

from __future__ import annotations

import contextlib
import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.decode import Malformed, Reply, read_name, read_query
from simnet.dataplane.dns.encode import write_name, write_query, write_reply
from simnet.dataplane.dns.message import CLASS_IN, QR, TC, Edns, Query, Rejected
from simnet.dataplane.dns.records import SOA, SRV, TXT, TYPES, Answer, Rcode, Record
from simnet.server.dns import answer, framed, frames
from simnet.testing import service

MESSAGES = 1_000_000
WHY = reasons.ZoneFurniture("")

labels = st.binary(min_size=1, max_size=20).map(
    lambda octets: "".join(chr(each) if 0x21 <= each < 0x7F and each not in b".\\" else f"\\{each:03d}" for each in octets))
names = st.lists(labels, max_size=6).map(lambda parts: ".".join(parts) + ".")
plain_names = st.lists(st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True), max_size=5).map(lambda parts: ".".join(parts) + ".")
numbers = st.integers(0, 0xFFFF)
seconds = st.integers(0, 0x7FFFFFFF)
datas = st.one_of(
    st.integers(0, 0xFFFFFFFF).map(lambda number: ("A", number)),
    st.integers(0, (1 << 128) - 1).map(lambda number: ("AAAA", number + ip.V6)),
    st.tuples(st.sampled_from(["CNAME", "NS", "PTR"]), plain_names),
    st.builds(SRV, numbers, numbers, numbers, plain_names).map(lambda data: ("SRV", data)),
    st.builds(SOA, plain_names, plain_names, seconds, seconds, seconds, seconds, seconds).map(lambda data: ("SOA", data)),
    st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40), min_size=1, max_size=3)
    .map(lambda strings: ("TXT", TXT(tuple(strings)))))
records = st.builds(lambda name, ttl, data: Record(name, ttl, *data), plain_names, seconds, datas)
sections = st.lists(records, max_size=8).map(tuple)
edns = st.one_of(st.none(), st.builds(Edns, st.integers(512, 4096), st.just(0), st.booleans()))


def query_for(name: str, kind: str = "A", sent: Edns | None = None, number: int = 7) -> Query:
    query = read_query(write_query(name, kind, number, sent))
    assert isinstance(query, Query)
    return query


@given(names, st.sampled_from(sorted(TYPES)), numbers, edns)
def test_a_query_is_read_as_it_was_written(name: str, kind: str, number: int, sent: Edns | None) -> None:
    query = query_for(name, kind, sent, number)
    assert (query.name, query.kind, query.question.klass, query.id, query.edns) == (name, kind, CLASS_IN, number, sent)
    assert query.question.octets == write_name(name) + TYPES[kind].to_bytes(2, "big") + b"\0\1"


@given(names)
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    octets = write_name(name)
    assert read_name(octets, 0) == (name, len(octets))


@given(plain_names, sections, sections, sections, edns, st.booleans())
def test_a_reply_is_read_as_it_was_written(name: str, first: tuple[Record, ...], second: tuple[Record, ...],
                                           third: tuple[Record, ...], sent: Edns | None, authoritative: bool) -> None:
    given_answer = Answer(name, "A", Rcode.NOERROR, WHY, first, second, third, authoritative)
    reply = Reply(write_reply(query_for(name, "A", sent), given_answer, 65535))
    assert (reply.answer, reply.authority, reply.additional) == (first, second, third)
    assert reply.flags & QR and not reply.flags & TC and bool(reply.flags & 0x0400) == authoritative
    assert reply.edns == sent


@given(plain_names, sections, sections, sections, edns, st.integers(200, 700))
def test_a_truncated_reply_is_the_start_of_the_whole_one(name: str, first: tuple[Record, ...], second: tuple[Record, ...],
                                                         third: tuple[Record, ...], sent: Edns | None, limit: int) -> None:
    """D69: records go from the end, and TC says so."""
    given_answer = Answer(name, "A", Rcode.NOERROR, WHY, first, second, third, True)
    message = write_reply(query_for(name, "A", sent), given_answer, limit)
    reply = Reply(message)
    kept, whole = (*reply.answer, *reply.authority, *reply.additional), (*first, *second, *third)
    assert len(message) <= limit and kept == whole[:len(kept)] and reply.edns == sent
    assert bool(reply.flags & TC) == (len(kept) < len(whole))


@given(st.lists(st.binary(max_size=300), max_size=6), st.binary(max_size=1))
def test_frames_are_found_again_wherever_the_stream_is_cut(messages: list[bytes], rest: bytes) -> None:
    stream = b"".join(map(framed, messages)) + rest
    assert frames(stream) == (messages, rest)
    for cut in range(0, len(stream) + 1, 7):
        early, left = frames(stream[:cut])
        late, remaining = frames(left + stream[cut:])
        assert early + late == messages and remaining == rest


# octets that are no messages --------------------------------------------------------------------------------------

@cache
def cluster() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1, addons=["coredns"])
    made.apply([service("web")])
    return made


SEEDS = [write_query(name, kind, 0x1234, sent) for name in
         ("web.default.svc.cluster.local.", "WEB.default.svc.cluster.local.", "10.0.96.10.in-addr.arpa.", "example.com.", ".")
         for kind in ("A", "SRV", "PTR", "ANY") for sent in (None, Edns(1232), Edns(0, 1, True))]


def damaged(source: random.Random) -> bytes:
    """A message with some octets changed, cut, doubled or repeated; or nothing but random octets."""
    if source.random() < 0.2:
        return source.randbytes(source.choice((0, 1, 11, 12, 13, 17, 40, 512)))
    message = bytearray(source.choice(SEEDS))
    for _ in range(source.randrange(1, 6)):
        at = source.randrange(len(message) + 1)
        match source.randrange(5):
            case 0 if at < len(message):
                message[at] = source.randrange(256)
            case 1 if at < len(message):
                message[at] = source.choice((0xC0, 0xFF, 0, 12, 63, 64))
            case 2:
                del message[at:at + source.randrange(4)]
            case 3:
                message[at:at] = source.randbytes(source.randrange(4))
            case _:
                message += message[at:at + 20]
    return bytes(message)


def test_damaged_messages_get_an_error_an_answer_or_silence(scale: int) -> None:
    """Nothing raises, nothing loops, what comes back is a message, and it is no longer than the sender can take."""
    source, net = random.Random(2027), cluster()
    outcomes: set[str] = set()
    for _ in range(MESSAGES * scale // 50):
        message = damaged(source)
        transport = "tcp" if source.random() < 0.2 else "udp"
        reply = answer(net, message, None, transport)
        if reply is None:
            assert len(message) < 12 or message[2] & 0x80, message.hex()
            outcomes.add("silence")
            continue
        whole, rest = frames(message)
        if transport == "udp" or not whole or rest:
            read = Reply(reply)
            assert read.flags & QR and reply[:2] == message[:2], message.hex()
            outcomes.add(str(read.rcode))
            query = read_query(message)
            if transport == "udp":
                assert isinstance(query, Rejected) or (query is not None and len(reply) <= max(
                    512, query.edns.size if query.edns is not None else 0)), message.hex()
    assert outcomes >= {"silence", "0", "1", "3", "4", "5", "16"}


@given(st.binary(max_size=600))
def test_any_octets_are_a_reply_or_malformed(octets: bytes) -> None:
    with contextlib.suppress(Malformed):
        Reply(octets)


LOOPS = {
    "to itself": "1234010000010000000000 00c00c00010001",
    "forward": "123401000001000000000000c00e00010001",
    "two that lead to each other": "1234010000010000000000000161c00ec00c00010001",
    "behind the end": "123401000001000000000000ffff00010001",
}


@pytest.mark.parametrize("octets", LOOPS.values(), ids=LOOPS)
def test_pointers_that_lead_nowhere_are_format_errors(octets: str) -> None:
    """D74; RFC 1035 section 4.1.4: a pointer is to a prior occurrence."""
    reply = answer(cluster(), bytes.fromhex(octets.replace(" ", "")))
    assert reply is not None and Reply(reply).rcode == 1
