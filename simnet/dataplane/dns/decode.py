"""From octets to a question, and from a reply's octets back to records. Never raises on what arrives, never loops.

Rules: D10, D70, D71, D74. Source: RFC 1035 section 4.1, RFC 6891 section 6.1; miekg/dns acceptfunc.go for what is dropped
and what is answered with an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct, unpack_from

from simnet import ip
from simnet.dataplane.dns.encode import write_name
from simnet.dataplane.dns.message import (
    CLASS_IN,
    DO,
    HEADER_SIZE,
    MOST_LABEL,
    MOST_NAME,
    OPCODE,
    OPT,
    QR,
    Edns,
    Query,
    Question,
    Rejected,
)
from simnet.dataplane.dns.records import SOA, SRV, TXT, Data, Record, type_name

_FORMERR, _NOTIMP = 1, 4
_NOTIFY = 0x2000
_PLAIN = {byte: chr(byte) for byte in range(0x21, 0x7F) if chr(byte) not in ".\\"}
_PLAIN_OCTETS = bytes(_PLAIN)
_ESCAPED = [_PLAIN.get(byte) or f"\\{byte:03d}" for byte in range(256)]
_HEADER = Struct("!6H")
_RECORD = Struct("!2HIH")
NOTHING_KNOWN: Mapping[bytes, Question] = {}


class Malformed(ValueError):
    """The octets are no message. Caught in this module's own functions wherever they come from outside."""


def read_query(message: bytes, known: Mapping[bytes, Question] = NOTHING_KNOWN) -> Query | Rejected | None:
    """The question in a message; what to reject it with; or None for what is met with silence. O(size).

    `known` are questions read before, by their octets: these are not read again.
    Silence: fewer than 12 octets, or a reply. NOTIMP: another opcode than QUERY or NOTIFY. FORMERR: not exactly one
    question, more records than a question comes with, a broken name, a misplaced OPT, octets that end early.
    """
    if len(message) < HEADER_SIZE:
        return None
    number, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    if flags & QR:
        return None
    if flags & OPCODE not in (0, _NOTIFY):
        return Rejected(number, flags, _NOTIMP)
    if questions != 1 or answers > 1 or authorities > 1 or additionals > 2:
        return Rejected(number, flags, _FORMERR)
    try:
        at = message.find(0, HEADER_SIZE) + 5  # where it ends, if no label has a zero in it
        question = known.get(message[HEADER_SIZE:at])
        if question is None:
            question, at = _question(message)
        others = answers + authorities
        edns = _edns(message, at, others, additionals) if others or additionals else None
    except Malformed:
        return Rejected(number, flags, _FORMERR)
    return Query(number, flags, question, edns)


def _question(message: bytes) -> tuple[Question, int]:
    """The question of a message, and the offset behind it."""
    name, at = read_name(message, HEADER_SIZE)
    end = at + 4
    if end > len(message):
        raise Malformed("the message ends early")
    kind, klass = unpack_from("!2H", message, at)
    octets = message[HEADER_SIZE:end]
    if at - HEADER_SIZE != len(name) + 1 and name != ".":
        octets = write_name(name) + message[at:end]  # a pointer would lead into the header, which changes
    return Question(name, type_name(kind), klass, octets), end


def _edns(message: bytes, at: int, others: int, additionals: int) -> Edns | None:
    """Read over the other records; the OPT among the additional ones, if any."""
    found: Edns | None = None
    for index in range(others + additionals):
        is_root = at < len(message) and message[at] == 0
        at = at + 1 if is_root else read_name(message, at)[1]
        if at + 10 > len(message):
            raise Malformed("a record ends early")
        kind, klass, ttl, size = _RECORD.unpack_from(message, at)
        at += 10 + size
        if at > len(message):
            raise Malformed("the data of a record ends early")
        if kind == OPT:
            if found is not None or not is_root or index < others:
                raise Malformed("an OPT record out of place")
            found = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & DO))
    return found


def read_name(message: bytes, at: int) -> tuple[str, int]:
    """The name at an offset, absolute, and the offset behind it. Raises Malformed.

    A pointer must point before the place it stands at, and before every earlier one, so every name ends (D74).
    """
    labels: list[bytes] = []
    start, end, limit = at, -1, at
    try:
        while count := message[at]:
            if count <= MOST_LABEL:
                labels.append(message[at + 1:at + 1 + count])
                at += count + 1
                continue
            target = (count & 0x3F) << 8 | message[at + 1]
            end = end if end >= 0 else at + 2
            if count < 0xC0 or target >= limit or _size(labels) > MOST_NAME:
                raise Malformed("a label that is too long, or a pointer that does not point back")
            at = limit = target
    except IndexError:
        raise Malformed("a name ends early") from None
    if (at + 1 - start if end < 0 else _size(labels)) > MOST_NAME:
        raise Malformed("a name that is too long")
    return _text(labels), end if end >= 0 else at + 1


def _size(labels: list[bytes]) -> int:
    """Octets of a name in a message, uncompressed."""
    return sum(map(len, labels)) + len(labels) + 1


def _text(labels: list[bytes]) -> str:
    """Labels as text, absolute, with what is no plain character escaped."""
    labels.append(b"")
    text = b".".join(labels)
    if len(text.translate(None, _PLAIN_OCTETS)) == len(labels) - 1:  # the dots between labels are all that is not plain
        return text.decode("ascii") if text else "."
    labels.pop()
    return "".join("".join(_ESCAPED[each] for each in label) + "." for label in labels)


# replies ------------------------------------------------------------------------------------------------------------

class Reply:
    """A reply taken apart: header numbers, the question's octets, three sections of records, and the OPT if any.

    Records of a class other than IN are left out.
    """

    __slots__ = ("additional", "answer", "authority", "counts", "edns", "flags", "id", "question", "rcode")

    def __init__(self, message: bytes) -> None:
        """Raises Malformed when the octets are no whole message."""
        if len(message) < HEADER_SIZE:
            raise Malformed("shorter than a header")
        self.id, self.flags, *counts = unpack_from("!6H", message)
        self.counts = tuple(counts)
        at = HEADER_SIZE
        for _ in range(counts[0]):
            at = read_name(message, at)[1] + 4
        self.question = message[HEADER_SIZE:at]
        self.edns: Edns | None = None
        self.rcode = self.flags & 15
        sections: list[tuple[Record, ...]] = []
        for count in counts[1:]:
            records, at = self._section(message, at, count)
            sections.append(records)
        self.answer, self.authority, self.additional = sections

    def _section(self, message: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
        records: list[Record] = []
        for _ in range(count):
            name, at = read_name(message, at)
            if at + 10 > len(message):
                raise Malformed("a record ends early")
            kind, klass, ttl, size = unpack_from("!2HIH", message, at)
            at += 10
            if at + size > len(message):
                raise Malformed("the data of a record ends early")
            if kind == OPT:
                self.edns = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & DO))
                self.rcode |= ttl >> 24 << 4
            elif klass == CLASS_IN:
                records.append(Record(name, ttl, type_name(kind), _data(message, at, kind, size)))
            at += size
        return tuple(records), at


def _data(message: bytes, at: int, kind: int, size: int) -> Data:
    match type_name(kind), size:
        case "A", 4:
            return int.from_bytes(message[at:at + 4], "big")
        case "AAAA", 16:
            return int.from_bytes(message[at:at + 16], "big") + ip.V6
        case "CNAME" | "NS" | "PTR", _:
            return read_name(message, at)[0]
        case "SRV", _ if size > 6:
            priority, weight, port = unpack_from("!3H", message, at)
            return SRV(priority, weight, port, read_name(message, at + 6)[0])
        case "SOA", _ if size > 20:
            mname, after = read_name(message, at)
            rname, after = read_name(message, after)
            if after + 20 > len(message):
                raise Malformed("a SOA ends early")
            return SOA(mname, rname, *unpack_from("!5I", message, after))
        case "TXT", _:
            return TXT(_strings(message[at:at + size]))
    return f"\\# {size} {message[at:at + size].hex()}"


def _strings(data: bytes) -> tuple[str, ...]:
    found, at = [], 0
    while at < len(data):
        found.append(data[at + 1:at + 1 + data[at]].decode("utf-8", "replace"))
        at += 1 + data[at]
    return tuple(found)
