"""What a program's resolver did to turn a name into addresses: every question, every answer, the outcome.

Rules: D85 to D92.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.encode import records_over_udp
from simnet.dataplane.dns.records import Answer, Rcode
from simnet.names import ObjectKey

_RCODES = {"ok": Rcode.NOERROR, "EAI_NODATA": Rcode.NOERROR, "EAI_NONAME": Rcode.NXDOMAIN,
           "EAI_ADDRFAMILY": Rcode.NOERROR}


@dataclass(slots=True)
class LookupStep:
    """One name that was asked, with the answer for each type: A, AAAA or both."""

    name: str
    answers: tuple[Answer, ...]

    @property
    def kinds(self) -> dict[str, str]:
        """Type -> ANSWER, NODATA, or the rcode."""
        return {answer.type: answer.kind for answer in self.answers}

    @property
    def is_answered(self) -> bool:
        """Whether a reply holds any record, even an alias alone: then glibc looks no further."""
        return any(answer.kind == "ANSWER" for answer in self.answers)


@dataclass(slots=True)
class Lookup:
    """One call of getaddrinfo. Never written after creation.

    `via` says where the answer came from: dns, hosts (the hosts file) or literal (the name was an address). `status`
    is ok or the name of the error (EAI_NONAME, EAI_NODATA, EAI_AGAIN ...). `numbers` are the addresses, IPv4 first.
    `steps` are the names asked, in order; a name sent again because nobody answered is listed once. `nameserver` is
    the server asked, '' when none was. `waited_seconds` is the time lost on servers that kept silent.
    """

    name: str
    libc: str
    via: str
    status: str
    numbers: tuple[int, ...] = ()
    steps: tuple[LookupStep, ...] = ()
    nameserver: str = ""
    waited_seconds: int = 0

    @property
    def is_ok(self) -> bool:
        return self.status == "ok"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses as text."""
        return tuple(ip.text(number) for number in self.numbers)

    @property
    def queries(self) -> tuple[Answer, ...]:
        """Every question sent, in order, each with its rcode, records and reason."""
        return tuple(answer for step in self.steps for answer in step.answers)

    @property
    def query_count(self) -> int:
        return sum(len(step.answers) for step in self.steps)

    @property
    def rcode(self) -> str:
        """NOERROR when the name was found (even without an address), else what stood in the way."""
        if self.status == "EAI_AGAIN":
            bad = (answer.rcode for answer in self.queries
                   if answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN))
            return next(bad, Rcode.SERVFAIL).value
        if self.status == "EAI_NONAME" and self.steps and all(each.rcode is Rcode.NOERROR for each in self.steps[-1].answers):
            return Rcode.NOERROR.value
        return _RCODES.get(self.status, Rcode.SERVFAIL).value

    @property
    def left_node(self) -> bool:
        """Whether a question had to leave the client's node: one that nobody there remembered."""
        return any(not (isinstance(answer.reason, reasons.Remembered) and answer.reason.keeper != "server")
                   for answer in self.queries)

    @property
    def truncated(self) -> tuple[Answer, ...]:
        """Answers too large for 512 octets, which is what a C library takes over UDP (D69, D76).

        They are asked for again over TCP, except by `musl-1.2.3`, which makes do with what came (D90).
        Cost: each large answer is encoded.
        """
        return tuple(answer for answer in self.queries if records_over_udp(answer) < len(answer.answer))

    @property
    def near_misses(self) -> tuple[ObjectKey, ...]:
        """Services of a name that was tried, in other namespaces than those tried."""
        found: dict[ObjectKey, None] = {}
        for answer in self.queries:
            if isinstance(answer.reason, reasons.NoSuchService):
                missed = answer.reason
                found.update((ObjectKey(namespace, missed.service.name), None) for namespace in missed.elsewhere)
        return tuple(found)

    @property
    def assumed(self) -> str:
        """The Ingress host whose address an outside client was taken to know, '' when nothing was assumed."""
        hosts = (answer.reason.host for answer in self.queries if isinstance(answer.reason, reasons.IngressHost))
        return next(hosts, "")
