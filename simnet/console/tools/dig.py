"""dig: one question to one server, printed section by section.

Source: dig(1) and bin/dig/dig.c, lib/dns/masterdump.c of BIND 9.18 (columns at 24, 32, 40 and 48).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simnet import ip
from simnet.console.desk import Call
from simnet.console.output import Output, failed
from simnet.console.tools.nameserver import NameServer, place_of
from simnet.dataplane.dns.encode import message_size
from simnet.dataplane.dns.records import Answer, Record
from simnet.errors import nearest

VERSION = "9.18.33"
TYPES = ("A", "AAAA", "CNAME", "SRV", "PTR", "NS", "SOA", "TXT", "MX", "ANY", "HINFO", "CAA", "HTTPS", "SVCB", "AXFR")
_SWITCHES = ("short", "search", "tcp", "vc", "all", "answer", "authority", "additional", "question", "comments", "cmd",
             "stats", "recurse", "edns", "trace", "multiline", "ignore", "cookie", "adflag", "ttlid", "class")
_VALUED = ("time", "tries", "retry", "ndots", "bufsize", "domain")


class DigError(Exception):
    """A word of the command line dig does not take."""


@dataclass(slots=True)
class Query:
    """What the command line asks for. `shown` are the sections to print."""

    name: str = ""
    kind: str = "A"
    server: str = ""
    tries: int = 3
    switches: dict[str, bool] = field(default_factory=dict)

    def on(self, name: str, default: bool = True) -> bool:
        """Whether a section is printed: its own switch, else +all or +noall, else the default."""
        return self.switches.get(name, self.switches.get("all", default))


def dig(call: Call) -> Output:
    """Ask and print. Status 0 for any reply, 9 for none."""
    try:
        query = _read(list(call.args))
    except DigError as problem:
        return failed(str(problem), 1)
    place = place_of(call, query.server)
    if place is None:
        return failed(f"dig: couldn't get address for '{query.server}': not found", 10)
    answer = place.look(query.name, query.kind, query.switches.get("search", False))
    banner = _banner(call, query)
    if answer is None:
        error = f";; communications error to {place.server.label}: {place.server.failure or 'timed out'}\n"
        if query.switches.get("short"):
            return Output(error * query.tries + ";; no servers could be reached\n", status=9)
        return Output(error * query.tries + banner + ";; no servers could be reached\n\n", status=9)
    if query.switches.get("short"):
        return Output("".join(f"{rdata(record)}\n" for record in answer.answer))
    return Output((banner if query.on("cmd") else "") + _printed(call, query, answer, place.server))


def _read(args: list[str]) -> Query:
    query = Query()
    rest: list[str] = []
    words = list(reversed(args))
    while words:
        word = words.pop()
        if word.startswith("@"):
            query.server = word[1:]
        elif word.startswith("+"):
            _read_switch(query, word[1:])
        elif word in ("-t", "-x", "-p", "-q", "-c") or word[:2] in ("-t", "-x"):
            value = word[2:] or (words.pop() if words else "")
            _read_option(query, word[:2], value, rest)
        elif word in ("-4", "-6", "-u", "-r"):
            continue
        elif word.startswith("-"):
            raise DigError(f"Invalid option: {word}\nUsage:  dig [@server] name [type] [+option...]")
        else:
            rest.append(word)
    for word in rest:
        if word.upper() in TYPES and (query.name or len(rest) > 1):
            query.kind = word.upper()
        elif word.upper() != "IN":
            query.name = word
    if not query.name:
        query.name, query.kind = ".", "NS"
    return query


def _read_option(query: Query, option: str, value: str, rest: list[str]) -> None:
    if option == "-t":
        if value.upper() not in TYPES:
            near = nearest(value.upper(), TYPES)
            raise DigError(f";; Warning, ignoring invalid type {value}" + (f"; did you mean {near}?" if near else ""))
        query.kind = value.upper()
    elif option == "-x":
        try:
            query.name, query.kind = reverse_name(value), "PTR"
        except ValueError as problem:
            raise DigError(f"Invalid IP address {value}: {problem}") from None
    elif option == "-q":
        rest.append(value)


def _read_switch(query: Query, text: str) -> None:
    name, _, value = text.partition("=")
    plain = name.removeprefix("no")
    if name in _VALUED:
        if name in ("tries", "retry") and value.isdigit():
            query.tries = int(value) + (name == "retry")
    elif name in _SWITCHES or plain in _SWITCHES:
        query.switches[name if name in _SWITCHES else plain] = name in _SWITCHES
    else:
        near = nearest(name, [*_SWITCHES, *_VALUED])
        raise DigError(f"Invalid option: +{text}" + (f"; did you mean +{near}?" if near else "")
                       + "\nUsage:  dig [@server] name [type] [+option...]")


def reverse_name(address: str) -> str:
    """`5.1.96.10.in-addr.arpa.` for 10.96.1.5, nibbles under ip6.arpa for IPv6. Raises ValueError."""
    number = ip.number(address)
    if ip.family(number) == 4:
        return ".".join(reversed(ip.text(number).split("."))) + ".in-addr.arpa."
    return ".".join(f"{number % (1 << 128):032x}"[::-1]) + ".ip6.arpa."


# printing -------------------------------------------------------------------------------------------------------

def _banner(call: Call, query: Query) -> str:
    found = "; (1 server found)\n" if query.server else ""
    return f"\n; <<>> DiG {VERSION} <<>> {' '.join(call.args)}\n{found};; global options: +cmd\n"


def _printed(call: Call, query: Query, answer: Answer, server: NameServer) -> str:
    text = _head(answer) if query.on("comments") else ""
    if query.on("question"):
        heading = ";; QUESTION SECTION:\n" if query.on("comments") else ""
        text += heading + question(answer)
        text += "\n" if query.on("comments") else ""
    for name, lines in sections(answer):
        if query.on(name):
            text += f";; {name.upper()} SECTION:\n{lines}\n" if query.on("comments") else lines
    if query.on("stats"):
        moment = datetime.fromtimestamp(call.cluster.now, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
        way = "TCP" if query.switches.get("tcp") or query.switches.get("vc") else "UDP"
        text += (f";; Query time: 0 msec\n;; SERVER: {server.label}({server.address}) ({way})\n;; WHEN: {moment}\n"
                 f";; MSG SIZE  rcvd: {message_size(answer)}\n\n")
    return text


def _head(answer: Answer) -> str:
    warning = (";; WARNING: .local is reserved for Multicast DNS\n"
               ";; You are currently testing what happens when an mDNS query is leaked to DNS\n"
               if answer.name.lower().endswith(".local.") else "")
    recursion = ";; WARNING: recursion requested but not available\n" if answer.is_authoritative else ""
    return (f";; Got answer:\n{warning}{header(answer, 1)}{recursion}\n"
            ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n")


def header(answer: Answer, options: int) -> str:
    """The two lines about the header of a reply with so many OPT records."""
    number = zlib.crc32(f"{answer.name}/{answer.type}".encode()) & 0xFFFF
    flags = "qr aa rd" if answer.is_authoritative else "qr rd ra"
    counts = (f"QUERY: 1, ANSWER: {len(answer.answer)}, AUTHORITY: {len(answer.authority)}, "
              f"ADDITIONAL: {len(answer.additional) + options}")
    return (f";; ->>HEADER<<- opcode: QUERY, status: {answer.rcode.value}, id: {number}\n"
            f";; flags: {flags}; {counts}\n")


def question(answer: Answer) -> str:
    """The line of the question section."""
    return ";" + _columns([(answer.name, 0), ("IN", 32), (answer.type, 40)]) + "\n"


def sections(answer: Answer) -> list[tuple[str, str]]:
    """(name, lines) of the sections with records."""
    given = (("answer", answer.answer), ("authority", answer.authority), ("additional", answer.additional))
    return [(name, "".join(_line(record) + "\n" for record in records)) for name, records in given if records]


def _line(record: Record) -> str:
    return _columns([(record.name, 0), (str(record.ttl), 24), ("IN", 32), (record.type, 40), (rdata(record), 48)])


def rdata(record: Record) -> str:
    """The data of a record as dig prints it."""
    return record.data_text


def _columns(cells: Iterable[tuple[str, int]]) -> str:
    """Put each text at its column with tabs, or behind one blank when the line is already wider."""
    text, at = "", 0
    for cell, column in cells:
        if text:
            column = max(column, at + 1)
            tabs = column // 8 - at // 8
            at = column // 8 * 8 if tabs else at
            text += "\t" * tabs + " " * (column - at)
            at = column
        text += cell
        at += len(cell)
    return text
