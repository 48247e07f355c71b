"""From an answer to octets: header, question, records with compressed names, and what is left out when it does not fit.

Rules: D65, D68 to D70, D74. Source: RFC 1035 section 4.1.4, RFC 2782 (no compression in SRV targets), RFC 6891;
miekg/dns msg_truncate.go for the order in which records are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.message import (
    AA,
    BADVERS,
    CD,
    CLASS_IN,
    DO,
    HEADER_SIZE,
    OPCODE,
    OPT,
    QR,
    RA,
    RCODES,
    RD,
    TC,
    TCP_SIZE,
    UDP_SIZE,
    Edns,
    Query,
    Question,
    Rejected,
)
from simnet.dataplane.dns.records import SOA, SRV, TXT, Answer, Record, type_number

_HEADER = Struct("!6H")
_RECORD = Struct("!2HIH")
_A = Struct("!2HIHI")
_OPT = Struct("!BHHIH")
_SRV = Struct("!3H")
_SOA = Struct("!5I")
_ESCAPE = re.compile(rb"\\(\d{3})")
_FARTHEST = 0x3FFF
MOST_REMEMBERED = 20_000
FEW_RECORDS = 8  # so many addresses always fit
_QUESTION_POINTER = b"\xc0\x0c"
_COPIED = OPCODE | RD | CD
_NOT_FORWARDED = (reasons.NoUpstream, reasons.TransferRefused, reasons.Malformed)


def write_query(name: str, kind: str, number: int = 0, edns: Edns | None = None, flags: int = RD) -> bytes:
    """A message with one question, as a client sends it. Raises ValueError for a name that does not fit."""
    question = write_name(name) + type_number(kind).to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
    tail = b"" if edns is None else _OPT.pack(0, OPT, edns.size, edns.version << 16 | (DO if edns.do else 0), 0)
    return _HEADER.pack(number, flags, 1, 0, 0, int(edns is not None)) + question + tail


def write_name(name: str) -> bytes:
    """The octets of a name, uncompressed; the final dot may be missing. Raises ValueError for one that cannot be sent."""
    labels = [_label(each) for each in name.rstrip(".").split(".")] if name.rstrip(".") else []
    if not all(0 < len(label) < 64 for label in labels) or sum(map(len, labels)) + len(labels) > 254:
        raise ValueError(f"{name!r} does not fit into a message: labels have 1 to 63 octets, names at most 255")
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _label(text: str) -> bytes:
    label = text.encode("utf-8", "replace")
    return _ESCAPE.sub(lambda found: bytes((int(found[1]) & 0xFF,)), label) if b"\\" in label else label


def write_rejection(rejected: Rejected) -> bytes:
    """The header alone, with the code; the question of a rejected message is not echoed (D71)."""
    return _HEADER.pack(rejected.id, QR | rejected.flags & _COPIED | rejected.rcode, 0, 0, 0, 0)


def write_bad_version(query: Query) -> bytes:
    """The reply to an EDNS version other than 0: extended rcode BADVERS and nothing else (D70)."""
    size, do = (query.edns.size, query.edns.do) if query.edns is not None else (UDP_SIZE, False)
    tail = _OPT.pack(0, OPT, size, BADVERS >> 4 << 24 | (DO if do else 0), 0)
    flags = QR | query.flags & _COPIED | BADVERS & 15
    return _HEADER.pack(query.id, flags, 1, 0, 0, 1) + query.question.octets + tail


def size_limit(query: Query, transport: str) -> int:
    """How large the reply may be (D68)."""
    if transport == "tcp":
        return TCP_SIZE
    return max(UDP_SIZE, query.edns.size) if query.edns is not None else UDP_SIZE


def write_reply(query: Query, answer: Answer, limit: int) -> bytes:
    """The reply to a query. Records are dropped from the end until it fits, and then TC is set (D69). O(records)."""
    return write_around(query, write_body(query, answer, limit))


class Body(NamedTuple):
    """The part of a reply that is the same for every message that asks for one name, in one spelling, and one type:
    the flags an answer decides, how many records each section has, and their octets."""

    flags: int
    answers: int
    authorities: int
    additionals: int
    octets: bytes

    def fits(self, query: Query, limit: int) -> bool:
        """Whether it is whole, and a whole reply to `query` too."""
        opt = _OPT.size if query.edns is not None else 0
        return not self.flags & TC and HEADER_SIZE + len(query.question.octets) + len(self.octets) + opt <= limit


def write_body(query: Query, answer: Answer, limit: int) -> Body:
    """The records of a reply of at most `limit` octets. O(records)."""
    writer = Writer(query.question.octets, query.name, limit - (_OPT.size if query.edns is not None else 0))
    section = writer.section
    counts = section(answer.answer), section(answer.authority), section(answer.additional)
    flags = RCODES.get(answer.rcode, 2)
    if answer.is_authoritative:
        flags |= AA
    elif not isinstance(answer.reason, _NOT_FORWARDED):
        flags |= RA
    if writer.is_full:
        flags |= TC
    return Body(flags, *counts, bytes(writer.octets[len(query.question.octets):]))


def write_around(query: Query, body: Body) -> bytes:
    """The whole reply: header, the question as it was sent (D65), the records, and an OPT if the query had one (D70)."""
    flags, answers, authorities, additionals, octets = body
    flags |= QR | query.flags & _COPIED
    edns = query.edns
    if edns is None:
        return _HEADER.pack(query.id, flags, 1, answers, authorities, additionals) + query.question.octets + octets
    opt = _OPT.pack(0, OPT, edns.size, DO if edns.do else 0, 0)
    return _HEADER.pack(query.id, flags, 1, answers, authorities, additionals + 1) + query.question.octets + octets + opt


class Written:
    """Replies that stay good until the next change that matters: a whole one by the octets of the first message with a
    question, and its records by the question, for later messages that differ in an option or a flag."""

    __slots__ = ("bodies", "messages", "questions")

    def __init__(self) -> None:
        self.messages: dict[Hashable, bytes] = {}
        self.bodies: dict[Hashable, Body] = {}
        self.questions: dict[bytes, Question] = {}

    def keep(self, message: Hashable, octets: bytes) -> None:
        """Store a whole reply; all of them are forgotten when there are too many."""
        if len(self.messages) >= MOST_REMEMBERED:
            self.messages.clear()
        self.messages[message] = octets

    def keep_body(self, key: Hashable, question: Question, body: Body) -> None:
        """The same for the records of a reply and the question they answer."""
        if len(self.bodies) >= MOST_REMEMBERED:
            self.bodies.clear()
            self.questions.clear()
        self.bodies[key] = body
        self.questions[question.octets] = question

    def clear(self) -> None:
        """Forget everything."""
        self.messages.clear()
        self.bodies.clear()
        self.questions.clear()


def message_size(answer: Answer, edns: bool = True) -> int:
    """Octets of the whole reply over TCP, with the OPT record of a query that had one."""
    return len(write_reply(_query_for(answer, Edns(1232) if edns else None), answer, TCP_SIZE))


def records_over_udp(answer: Answer) -> int:
    """How many records of the answer section a C library gets over UDP: those that fit into 512 octets (D69, D76)."""
    if len(answer.answer) <= FEW_RECORDS:
        return len(answer.answer)
    return write_body(_query_for(answer, None), answer, UDP_SIZE).answers


def _query_for(answer: Answer, edns: Edns | None) -> Query:
    octets = write_name(answer.name) + type_number(answer.type).to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
    return Query(0, RD, Question(answer.name, answer.type, CLASS_IN, octets), edns)


class Writer:
    """Records written one after another behind a question, names pointing back to earlier ones, up to `limit` octets."""

    __slots__ = ("_known", "_limit", "_question", "is_full", "octets")

    def __init__(self, question: bytes, name: str, limit: int) -> None:
        self.octets = bytearray(question)
        self.is_full = False
        self._question = name
        self._limit = limit - HEADER_SIZE
        self._known: dict[str, int] | None = None  # made when a name other than the question's is written

    def section(self, records: Iterable[Record]) -> int:
        """Write as many records as fit; once one does not, nothing behind it is written either. Returns how many."""
        count, octets = 0, self.octets
        for record in () if self.is_full else records:
            at = len(octets)
            self._record(record)
            if len(octets) > self._limit:
                del octets[at:]
                self.is_full = True
                break
            count += 1
        return count

    def _record(self, record: Record) -> None:
        if record.name == self._question and record.name != ".":
            self.octets += _QUESTION_POINTER
        else:
            self._name(record.name)
        data = record.data
        if type(data) is int:
            self.octets += (_A.pack(1, CLASS_IN, record.ttl, 4, data) if record.type == "A" else
                            _RECORD.pack(28, CLASS_IN, record.ttl, 16) + (data - ip.V6).to_bytes(16, "big"))
            return
        self.octets += _RECORD.pack(type_number(record.type), CLASS_IN, record.ttl, 0)
        start = len(self.octets)
        self._data(record)
        self.octets[start - 2:start] = (len(self.octets) - start).to_bytes(2, "big")

    def _data(self, record: Record) -> None:
        match record.data:
            case SRV(priority, weight, port, target):
                self.octets += _SRV.pack(priority, weight, port) + write_name(target)
            case SOA() as soa:
                self._name(soa.mname)
                self._name(soa.rname)
                self.octets += _SOA.pack(soa.serial & 0xFFFFFFFF, soa.refresh, soa.retry, soa.expire, soa.minimum)
            case TXT(strings):
                for each in strings:
                    self.octets += _strings(each.encode("utf-8"))
            case str() as text if record.type in ("CNAME", "NS", "PTR"):
                self._name(text)
            case str() as text:
                self.octets += _other(record.type, text)

    def _name(self, name: str) -> None:
        """A name, its end replaced by a pointer when it was written before in the same spelling."""
        known = self._known
        if known is None:
            known = self._known = dict(_suffixes(self._question, HEADER_SIZE)) if self._question != "." else {}
        base = HEADER_SIZE + len(self.octets)
        while name and name != ".":
            offset = known.get(name)
            if offset is not None:
                self.octets += (0xC000 | offset).to_bytes(2, "big")
                return
            if base <= _FARTHEST:
                known[name] = base
            first, _, name = name.partition(".")
            label = _label(first)
            self.octets.append(len(label))
            self.octets += label
            base += len(label) + 1
        self.octets.append(0)


def _suffixes(name: str, at: int) -> Iterator[tuple[str, int]]:
    """Every ending of an absolute name, with the offset it stands at when the name stands at `at`."""
    while name:
        yield name, at
        first, _, name = name.partition(".")
        at += len(_label(first)) + 1


def _strings(data: bytes) -> bytes:
    """Character strings of at most 255 octets each."""
    parts = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return b"".join(bytes((len(part),)) + part for part in parts)


def _other(kind: str, text: str) -> bytes:
    """The data of a declared record of a type that the cluster itself never has: MX, or RFC 3597's `\\# SIZE HEX`."""
    words = text.split()
    if kind == "MX" and len(words) == 2 and words[0].isdecimal():
        return int(words[0]).to_bytes(2, "big") + write_name(words[1])
    if words[:1] == ["\\#"]:
        return bytes.fromhex("".join(words[2:]))
    return b"".join(_strings(each.strip('"').encode()) for each in words)
