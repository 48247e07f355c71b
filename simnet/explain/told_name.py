"""Words for what the stage `resolve` decided, and for a lookup by itself."""

from __future__ import annotations

from typing import assert_never

from simnet import ip
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.explain.reasons import reason_text
from simnet.explain.words import Said, counted, listed

Named = dns.NameResolved | dns.NameUnresolved

STATUS_WORDS = {
    "ok": "found", "EAI_NONAME": "no such name", "EAI_NODATA": "the name exists and has no address",
    "EAI_AGAIN": "no usable answer", "EAI_ADDRFAMILY": "an address of the other family",
}


def name_told(decision: Named) -> Said:
    match decision:
        case dns.NameResolved(lookup, address, among):
            others = [ip.text(number) for number in among if number != address]
            sentence = f"{lookup.name} is {ip.text(address)}" + (f", 1 of {len(among)} addresses" if others else "")
            facts = lookup_facts(lookup)
            if others:
                facts.append(f"could have been: {listed(others)}")
            return sentence, facts
        case dns.NameUnresolved(lookup):
            return f"{lookup.name} has no address: {status_text(lookup)}", lookup_facts(lookup)
        case other:
            assert_never(other)


def status_text(lookup: Lookup) -> str:
    """How the lookup ended, in words, with the C library's name for a failure."""
    words = STATUS_WORDS.get(lookup.status, lookup.status)
    return words if lookup.is_ok else f"{words} ({lookup.status})"


def lookup_facts(lookup: Lookup) -> list[str]:
    """Where the answer came from; every name asked, in order, with what came back and why; other places to look."""
    if lookup.via == "hosts":
        return ["found in the hosts file; nobody was asked"]
    if lookup.via == "literal":
        return ["an address already; nobody was asked"]
    asked = f"asked {lookup.nameserver}" if lookup.nameserver else "asked the public DNS"
    facts = [f"{asked}, {counted(lookup.query_count, 'question')}:"]
    facts += [f"  {answer_line(answer)}" for answer in lookup.queries]
    facts += truncation_lines(lookup)
    if lookup.waited_seconds:
        facts.append(f"waited {lookup.waited_seconds} s for answers that never came")
    if lookup.near_misses:
        facts.append(f"Services of that name elsewhere: {listed(lookup.near_misses)}")
    return facts


def truncation_lines(lookup: Lookup) -> list[str]:
    """What became of answers too large for a datagram."""
    what = "the rest was lost" if lookup.libc == "musl-1.2.3" else "was asked for again over TCP"
    return [f"{each.name} {each.type} did not fit into 512 octets and {what}" for each in lookup.truncated]


def answer_line(answer: Answer) -> str:
    """`web.default.svc.cluster.local. A: 10.96.0.7 (the cluster IP of Service default/web)`."""
    found = listed(record.data_text for record in answer.answer)
    return f"{answer.name} {answer.type}: {found or ANSWER_WORDS.get(answer.kind, answer.kind)} ({reason_text(answer.reason)})"


ANSWER_WORDS = {"NODATA": "no such record", "NXDOMAIN": "no such name", "TIMEOUT": "silence",
                "UNREACHABLE": "nobody listens"}
