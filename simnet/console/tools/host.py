"""host: the addresses and mail exchangers of a name in sentences, or with -v every message section by section.

Source: bin/dig/host.c of BIND 9.18. Rule D93.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.desk import Call
from simnet.console.flags import GETOPT, Flag, FlagError, read_flags, switch
from simnet.console.output import Output, failed
from simnet.console.tools.dig import header, question, rdata, reverse_name, sections
from simnet.console.tools.nameserver import Place, end_of_aliases, place_of, unreached
from simnet.dataplane.dns.encode import message_size
from simnet.dataplane.dns.records import Answer, Rcode

_FLAGS = (Flag("t", "t"), switch("v", "v"), switch("a", "a"), Flag("W", "W"), switch("T", "T"), switch("4", "4"),
          switch("6", "6"), Flag("R", "R"), Flag("N", "N"))
_NUMBERS = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
_WORDS = {"A": "has address", "AAAA": "has IPv6 address", "CNAME": "is an alias for", "PTR": "domain name pointer",
          "SRV": "has SRV record", "MX": "mail is handled by", "NS": "name server", "TXT": "descriptive text",
          "SOA": "has SOA record"}


def host(call: Call) -> Output:
    """`host [-a] [-v] [-t TYPE] NAME [SERVER]`: A, then AAAA and MX for the name that worked; -a asks for ANY, with -v."""
    try:
        flags = read_flags(call.args, _FLAGS, GETOPT)
    except FlagError as problem:
        return failed(f"host: {problem}")
    if not flags.operands:
        return failed("Usage: host [-aTvW] [-t type] name [server]")
    name, server = flags.operands[0], "".join(flags.operands[1:2])
    place = place_of(call, server)
    if place is None:
        return failed(f"host: couldn't get address for '{server}': not found")
    reverse = ip.number_or_none(name) is not None
    kind = "ANY" if flags.on("a") else flags.get("t").upper() or ("PTR" if reverse else "A")
    asked = reverse_name(name) if reverse else name
    tried = list(place.tried(asked, kind, search=not reverse))
    if not tried or place.server.ask is None:
        return unreached(place, 2)
    head = f"Using domain server:\nName: {server}\nAddress: {place.server.label}\nAliases: \n\n" if server else ""
    is_verbose = flags.on("v") or flags.on("a")
    if is_verbose:
        head = "".join(_trying(each) for each in tried) + head
    first = tried[-1]
    if first.rcode is not Rcode.NOERROR:
        said = f"Host {asked} not found: {_NUMBERS.get(first.rcode.value, 2)}({first.rcode.value})\n"
        times = 2 if not reverse and name.count(".") >= place.ndots else 1  # it tells twice of a name that is not searched
        return Output(head + said + _received(place, first) * times * is_verbose, status=1)
    answers = [first]
    if not flags.has("t") and not flags.on("a") and not reverse:
        end = end_of_aliases(first)
        answers += [place.server.ask(end, other) for other in ("AAAA", "MX")]
    if is_verbose:
        return Output(head + _message(place, first) + "".join(
            _trying(each) + _message(place, each) for each in answers[1:]))
    text = "".join(map(_sentences, answers))
    if not text and len(answers) == 1:
        text = f"{first.name.rstrip('.')} has no {kind} record\n"
    return Output(head + "".join(dict.fromkeys(text.splitlines(keepends=True))))


def _sentences(answer: Answer) -> str:
    return "".join(f"{record.name.rstrip('.')} {_WORDS.get(record.type, f'has {record.type} record')} {rdata(record)}\n"
                   for record in answer.answer)


def _trying(answer: Answer) -> str:
    return f'Trying "{answer.name.rstrip(".")}"\n'


def _message(place: Place, answer: Answer) -> str:
    """One reply as -v shows it; host sends no OPT."""
    text = header(answer, 0) + "\n;; QUESTION SECTION:\n" + question(answer) + "\n"
    text += "".join(f";; {name.upper()} SECTION:\n{lines}\n" for name, lines in sections(answer))
    return text + _received(place, answer)


def _received(place: Place, answer: Answer) -> str:
    return f"Received {message_size(answer, edns=False)} bytes from {place.server.label} in 0 ms\n"
