"""Resource records and answers, as values and as the lines `dig` prints.

Rules: D65, D66, D75. Source: RFC 1035 section 3.3, RFC 2782, RFC 3596; coredns/coredns plugin/backend_lookup.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from simnet import ip
from simnet.dataplane.dns.questions import absolute
from simnet.dataplane.dns.reasons import Reason
from simnet.errors import UsageError

ADDRESS_TYPES = {"A": 4, "AAAA": 6}
_NAME_TYPES = frozenset(("CNAME", "NS", "PTR"))
_TEXT_TYPES = frozenset(("MX", "HINFO"))
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
         "NAPTR": 35, "OPT": 41, "DS": 43, "RRSIG": 46, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65, "IXFR": 251, "AXFR": 252,
         "ANY": 255, "CAA": 257}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
"""The wire number of each type that has a name here (D75)."""


def type_name(number: int) -> str:
    """`A` for 1; a type of no name of its own is `TYPE1234` (RFC 3597)."""
    return TYPE_NAMES.get(number) or f"TYPE{number}"


def type_number(name: str) -> int:
    """The reverse of `type_name`. Raises KeyError for a word that names no type."""
    name = name.upper()
    return int(name[4:]) if name.startswith("TYPE") and name[4:].isdecimal() else TYPES[name]


class Rcode(StrEnum):
    """How a server answered; the last two mean that no server did: silence, or the port was closed or rejected."""

    NOERROR = "NOERROR"
    FORMERR = "FORMERR"
    SERVFAIL = "SERVFAIL"
    NXDOMAIN = "NXDOMAIN"
    NOTIMP = "NOTIMP"
    REFUSED = "REFUSED"
    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"


class SRV(NamedTuple):
    """Where a service listens. Lower priorities first; within one priority the weights are shares."""

    priority: int
    weight: int
    port: int
    target: str

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target}"


class SOA(NamedTuple):
    """The start of a zone. Times in seconds; `minimum` bounds how long a miss may be remembered."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int

    def __str__(self) -> str:
        return " ".join(map(str, self))


class TXT(NamedTuple):
    strings: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join('"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in self.strings)


Data = int | str | SRV | SOA | TXT
"""A and AAAA: the address as a number; CNAME, NS and PTR: a name; types of no interest here: their text as given."""


class Record(NamedTuple):
    """One resource record of class IN. `name` is absolute, in the spelling it is sent with; `ttl` in seconds."""

    name: str
    ttl: int
    type: str
    data: Data

    @property
    def data_text(self) -> str:
        return ip.text(self.data) if isinstance(self.data, int) else str(self.data)

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} IN {self.type} {self.data_text}"

    @classmethod
    def parse(cls, line: str) -> Record:
        """Read `OWNER TTL IN TYPE DATA`. Raises UsageError naming the line and what is wrong with it."""
        words = line.split(None, 4)
        if len(words) != 5 or not words[1].isdecimal() or words[2].upper() != "IN":
            raise UsageError(f"{line!r} is not a record; write OWNER TTL IN TYPE DATA, "
                             "example.com. 300 IN A 192.0.2.10 for one")
        owner, ttl, _, kind, data = words
        if kind.upper() not in TYPES and not (kind.upper().startswith("TYPE") and kind[4:].isdecimal()):
            raise UsageError(f"record {line!r}: {kind} is no type of record")
        return cls(absolute(owner), int(ttl), kind.upper(), _data(kind.upper(), data, line))


def _data(kind: str, text: str, line: str) -> Data:
    if kind in ADDRESS_TYPES:
        try:
            number = ip.number(text)
        except ValueError as problem:
            raise UsageError(f"record {line!r}: {problem}") from None
        if ip.family(number) != ADDRESS_TYPES[kind]:
            raise UsageError(f"record {line!r}: {kind} holds an IPv{ADDRESS_TYPES[kind]} address, {text} is none")
        return number
    if kind in _NAME_TYPES:
        return absolute(text)
    if kind == "TXT":
        return TXT(tuple(text.strip('"').split('" "')))
    if kind == "SRV":
        return _srv(text, line)
    if kind == "SOA":
        return _soa(text, line)
    if kind not in _TEXT_TYPES and not text.startswith("\\# "):
        raise UsageError(f"record {line!r}: the data of {kind} is written \\# SIZE HEX")
    return text


def _soa(text: str, line: str) -> SOA:
    words = text.split()
    if len(words) != 7 or not all(word.isdecimal() for word in words[2:]):
        raise UsageError(f"record {line!r}: SOA data is MNAME RNAME SERIAL REFRESH RETRY EXPIRE MINIMUM")
    serial, refresh, retry, expire, minimum = map(int, words[2:])
    return SOA(absolute(words[0]), absolute(words[1]), serial, refresh, retry, expire, minimum)


def _srv(text: str, line: str) -> SRV:
    words = text.split()
    if len(words) != 4 or not all(word.isdecimal() for word in words[:3]):
        raise UsageError(f"record {line!r}: SRV data is PRIORITY WEIGHT PORT TARGET")
    return SRV(int(words[0]), int(words[1]), int(words[2]), absolute(words[3]))


@dataclass(slots=True)
class Answer:
    """One question and what came back. Never written after creation.

    `name` is the question as asked, absolute. `is_authoritative` is the AA bit: the server's own zones (D65).
    `reason` holds the facts behind the answer, good or bad.
    """

    name: str
    type: str
    rcode: Rcode
    reason: Reason
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    is_authoritative: bool = False

    @property
    def records(self) -> tuple[Record, ...]:
        """The answer section."""
        return self.answer

    @property
    def kind(self) -> str:
        """ANSWER (at least one record), NODATA (the name exists, the type does not), or the rcode."""
        if self.rcode is not Rcode.NOERROR:
            return self.rcode.value
        return "ANSWER" if self.answer else "NODATA"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses in the answer section, as text."""
        return tuple(record.data_text for record in self.answer if record.type in ADDRESS_TYPES)

    def __str__(self) -> str:
        return "\n".join(map(str, self.answer)) or self.kind
