"""What travels between a resolver and a server, taken apart: numbers, the question, the reply before it is encoded.

Names inside are text with `\\DDD` for every octet that is not a printable ASCII character, for a dot inside a label and
for a backslash, so that a dot always ends a label. Rules: D65, D68 to D75. Source: RFC 1035 section 4, RFC 2782,
RFC 3596, RFC 6891.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from simnet.dataplane.dns.records import Rcode

QR, OPCODE, AA, TC, RD, RA, AD, CD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
DO = 0x8000
CLASS_IN = 1
OPT = 41
HEADER_SIZE = 12
MOST_LABEL, MOST_NAME = 63, 255
UDP_SIZE, TCP_SIZE = 512, 65535
BADVERS = 16

RCODES = {Rcode.NOERROR: 0, Rcode.FORMERR: 1, Rcode.SERVFAIL: 2, Rcode.NXDOMAIN: 3, Rcode.NOTIMP: 4, Rcode.REFUSED: 5}


@dataclass(slots=True)
class Edns:
    """The OPT record of a message: the largest reply its sender takes over UDP, the version, the DO bit (D70)."""

    size: int
    version: int = 0
    do: bool = False


class Question(NamedTuple):
    """What is asked: a name, a type, a class (1 for IN), and the octets that say so, without a pointer among them."""

    name: str
    kind: str
    klass: int
    octets: bytes


@dataclass(slots=True)
class Query:
    """A message with one question, as it arrived."""

    id: int
    flags: int
    question: Question
    edns: Edns | None = None

    @property
    def name(self) -> str:
        return self.question.name

    @property
    def kind(self) -> str:
        return self.question.kind


@dataclass(slots=True)
class Rejected:
    """A message that gets an error instead of an answer: its header, and the code for it (D71)."""

    id: int
    flags: int
    rcode: int
