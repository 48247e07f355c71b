"""What glibc and musl ask, in which order, and when they give up.

Rules: D86 to D90. Source: bminor/glibc resolv/res_query.c __res_context_search, resolv/res_send.c; bminor/musl
src/network/lookup_name.c name_from_dns_search, src/network/res_msend.c. Behaviour is that of glibc 2.36, musl 1.2.5
and, as `musl-1.2.3`, of musl before it asked again over TCP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simnet import ip
from simnet.control.resolv_conf import ResolvConf
from simnet.dataplane.dns.encode import records_over_udp
from simnet.dataplane.dns.lookup import Lookup, LookupStep
from simnet.dataplane.dns.questions import absolute, joined, name_problem
from simnet.dataplane.dns.records import ADDRESS_TYPES, Answer, Rcode, Record

Ask = Callable[[str, str], Answer]
"""One question to the name server: (absolute name, type) -> Answer."""

MUSL_MOST = 48
MAX_TIMEOUT = {"glibc": 30, "musl": 60}
HEARD = {"glibc": frozenset(Rcode) - {Rcode.TIMEOUT}, "musl": frozenset((Rcode.NOERROR, Rcode.NXDOMAIN))}
NODATA = {"glibc": "EAI_NODATA", "musl": "EAI_NODATA", "musl-1.2.3": "EAI_NONAME"}
"""What getaddrinfo says of a name without addresses, by C library."""
_STATUS = {"NODATA": "EAI_NODATA", "NXDOMAIN": "EAI_NONAME", "FORMERR": "EAI_NONAME", "MALFORMED": "EAI_NONAME"}


def look_up(name: str, conf: ResolvConf, libc: str, family: int | None, ask: Ask) -> Lookup:
    """Ask for the addresses of `name` (not an address itself) as the C library does.

    `family` 4 or 6 asks for one type only, None for both (D87). Cost: the questions it takes.
    """
    run = _Run(name, conf, libc, family, ask)
    status = run.musl() if run.libc == "musl" else run.glibc()
    numbers = run.numbers if status == "ok" else ()
    nameserver = conf.nameservers[0] if conf.nameservers and run.steps else ""
    return Lookup(name, libc, "dns", status, numbers, tuple(run.steps), nameserver, run.waited_seconds)


class _Run:
    """One lookup in progress: the steps taken so far."""

    def __init__(self, name: str, conf: ResolvConf, libc: str, family: int | None, ask: Ask) -> None:
        self.name, self.conf, self.ask = name, conf, ask
        self.version = libc
        self.libc = "musl" if libc.startswith("musl") else "glibc"
        self.types = tuple(kind for kind, each in ADDRESS_TYPES.items() if family in (None, each))
        self.domains = conf.searched(libc)
        self.is_rooted = name.endswith(".")
        self.has_enough_dots = name.count(".") >= conf.ndots
        self.steps: list[LookupStep] = []

    def step(self, name: str) -> LookupStep | None:
        """Ask one name; None when it is no name that could be sent."""
        if name == "." or name_problem(name):
            return None
        step = LookupStep(name, tuple(self.ask(name, kind) for kind in self.types))
        self.steps.append(step)
        return step

    # glibc -----------------------------------------------------------------------------------------------------------

    def glibc(self) -> str:
        """First as it is with enough dots, then the search list, then as it is if that was not done (D86, D88)."""
        first = ""
        if self.has_enough_dots or self.is_rooted:
            first = self._glibc_step(absolute(self.name))
            if first == "ANSWER" or self.is_rooted:
                return self._glibc_status(first)
        met = self._glibc_search()
        last = met[-1] if met else first
        if last in ("ANSWER", "UNREACHABLE"):
            return self._glibc_status(last)
        if not first and not any(domain in ("", ".") for domain in self.domains[:len(met)]):
            last = self._glibc_step(absolute(self.name))
            if last == "ANSWER":
                return self._glibc_status(last)
        return self._glibc_status(first or next((kind for kind in ("NODATA", "SERVFAIL") if kind in met), last))

    def _glibc_search(self) -> list[str]:
        """What each search domain gave; ends at an answer and at any failure but SERVFAIL."""
        met: list[str] = []
        for domain in self.domains:
            met.append(self._glibc_step(joined(self.name, domain)))
            if met[-1] not in ("NODATA", "NXDOMAIN", "SERVFAIL"):
                break
        return met

    def _glibc_step(self, name: str) -> str:
        """ANSWER if any reply has a record; else the first reply that is an error, else NODATA."""
        step = self.step(name)
        if step is None:
            return "MALFORMED"
        if step.is_answered:
            return "ANSWER"
        return next((kind for kind in step.kinds.values() if kind != "NODATA"), "NODATA")

    def _glibc_status(self, met: str) -> str:
        if met == "ANSWER":
            return "ok" if self.numbers else "EAI_NONAME"
        return _STATUS.get(met, "EAI_AGAIN")

    # musl ------------------------------------------------------------------------------------------------------------

    def musl(self) -> str:
        """The search list only with too few dots, and never after the name itself; NODATA ends the search (D90)."""
        domains = () if self.has_enough_dots or self.is_rooted else self.domains
        for domain in domains:
            status = self._musl_step("" if domain == "." else joined(self.name, domain))
            if status:
                return status
        return self._musl_step(absolute(self.name)) or "EAI_NONAME"

    def _musl_step(self, name: str) -> str:
        """'' to go on. NXDOMAIN for either family counts for both; no usable reply ends the lookup."""
        step = self.step(name) if name else None
        for answer in step.answers if step is not None else ():
            if answer.rcode is Rcode.NXDOMAIN:
                return ""
            if answer.rcode is not Rcode.NOERROR:
                return "EAI_AGAIN"
        if step is None:
            return ""
        return "ok" if self.numbers else NODATA[self.version]

    # both ------------------------------------------------------------------------------------------------------------

    @property
    def numbers(self) -> tuple[int, ...]:
        """The addresses in the last step's answers, IPv4 first."""
        found = [record.data for answer in self.steps[-1].answers for record in self._received(answer)
                 if record.type == answer.type and isinstance(record.data, int)] if self.steps else []
        numbers = tuple(sorted(dict.fromkeys(found), key=ip.family))
        return numbers[:MUSL_MOST] if self.libc == "musl" else numbers

    def _received(self, answer: Answer) -> Sequence[Record]:
        """The records that reach the program: all of them, over TCP if need be, but with old musl what fits (D90)."""
        return answer.answer if self.version != "musl-1.2.3" else answer.answer[:records_over_udp(answer)]

    @property
    def waited_seconds(self) -> int:
        """Time lost on servers that keep silent, or that musl takes for silent: it only believes NOERROR and NXDOMAIN.

        glibc waits for each server in turn, `attempts` times over; musl asks all at once and waits for one time-out.
        """
        steps = sum(any(answer.rcode not in HEARD[self.libc] for answer in step.answers) for step in self.steps)
        if not steps:
            return 0
        conf = self.conf
        timeout = conf.option("timeout", 5, MAX_TIMEOUT[self.libc])
        if self.libc == "musl":
            return steps * timeout
        count = max(1, len(conf.servers))
        one_round = timeout + sum(max(1, (timeout << i) // count) for i in range(1, count))
        return steps * one_round * conf.option("attempts", 2, 5)
