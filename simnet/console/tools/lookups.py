"""nslookup, host and getent beside dig.

Source: bin/dig/nslookup.c, host.c of BIND 9.18; busybox networking/nslookup.c (all search domains are asked, for names
without a dot); getent(1) of glibc. Rule D93.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.desk import Call
from simnet.console.flags import GETOPT, Flag, FlagError, read_flags, switch
from simnet.console.output import Output, failed
from simnet.console.tools.dig import dig, rdata, reverse_name
from simnet.console.tools.nameserver import Place, place_of
from simnet.dataplane.dns.records import ADDRESS_TYPES, SOA, Answer, Rcode

__all__ = ["dig", "getent", "host", "nslookup"]


_WORDS = {"MX": "mail exchanger", "NS": "nameserver", "TXT": "text"}


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True


def _unreached(place: Place, times: int) -> Output:
    why = place.server.failure or "timed out"
    return Output(f";; communications error to {place.server.label}: {why}\n" * times + ";; no servers could be reached\n\n",
                  status=1)


# nslookup -------------------------------------------------------------------------------------------------------

def nslookup(call: Call) -> Output:
    """`nslookup [-type=TYPE] NAME [SERVER]`."""
    kinds = [word.partition("=")[2].upper() for word in call.args
             if word.startswith(("-type=", "-query=", "-q=", "-querytype="))]
    words = [word for word in call.args if not word.startswith("-")]
    if not words or len(words) > 2:
        return failed("nslookup: usage: nslookup [-type=TYPE] NAME [SERVER]")
    name, server = words[0], words[1] if len(words) > 1 else ""
    place = place_of(call, server)
    if place is None:
        return failed(f"nslookup: couldn't get address for '{server}': not found")
    if call.desk.is_busybox("nslookup"):
        return _busybox_nslookup(place, name, kinds)
    return _bind_nslookup(place, name, kinds)


def _bind_nslookup(place: Place, name: str, kinds: list[str]) -> Output:
    reverse = not kinds and _is_address(name)
    asked = reverse_name(name) if reverse else name
    tried = list(place.tried(asked, kinds[0] if kinds else "PTR" if reverse else "A", search=not reverse))
    if not tried or place.server.ask is None:
        return _unreached(place, 3)
    first = tried[-1]
    head = "".join(_recursion(place, answer) for answer in tried)
    if not reverse:
        head += f"Server:\t\t{place.server.address}\nAddress:\t{place.server.label}\n\n"
    if first.rcode is not Rcode.NOERROR:
        return Output(head + f"** server can't find {asked.rstrip('.')}: {first.rcode.value}\n\n", status=1)
    text = _nslookup_lines(first)
    if not kinds and not reverse:
        asked = _end_of_aliases(first)
        other = place.server.ask(asked, "AAAA")
        text += _recursion(place, other) + (_nslookup_lines(other) or _no_answer(asked) * (not text))
    text = text or _no_answer(asked)
    if not first.is_authoritative and first.type not in ADDRESS_TYPES:
        text += "\nAuthoritative answers can be found from:\n"
    return Output(head + _non_authoritative(first) + text + "\n")


def _no_answer(name: str) -> str:
    return f"*** Can't find {name.rstrip('.')}: No answer\n"


def _recursion(place: Place, answer: Answer) -> str:
    """What nslookup says of a reply without RA, unless it was told whom to ask."""
    return "" if place.is_told or not answer.is_authoritative else (
        f";; Got recursion not available from {place.server.address}\n")


def _end_of_aliases(answer: Answer) -> str:
    """The name the aliases of an answer lead to: what the tool asks about next."""
    at = answer.name
    for record in answer.answer:
        if record.type == "CNAME" and record.name.lower() == at.lower():
            at = str(record.data)
    return at


def _non_authoritative(answer: Answer) -> str:
    return "" if answer.is_authoritative else "Non-authoritative answer:\n"


def _nslookup_lines(answer: Answer, dot: str = ".") -> str:
    text = ""
    for record in answer.answer:
        owner = record.name.rstrip(".")
        match record.type:
            case "A" | "AAAA":
                text += f"Name:\t{owner}\nAddress: {rdata(record)}\n"
            case "CNAME":
                text += f"{owner}\tcanonical name = {rdata(record).rstrip('.')}{dot}\n"
            case "PTR":
                text += f"{owner}\tname = {rdata(record).rstrip('.')}{dot}\n"
            case "SRV":
                text += f"{owner}\tservice = {rdata(record)}\n"
            case "SOA" if isinstance(record.data, SOA):
                text += _nslookup_soa(owner, record.data)
            case kind:
                text += f"{owner}\t{_WORDS.get(kind, kind.lower())} = {rdata(record)}\n"
    return text


def _nslookup_soa(owner: str, soa: SOA) -> str:
    lines = (f"origin = {soa.mname.rstrip('.')}", f"mail addr = {soa.rname.rstrip('.')}", f"serial = {soa.serial}",
             f"refresh = {soa.refresh}", f"retry = {soa.retry}", f"expire = {soa.expire}", f"minimum = {soa.minimum}")
    return owner + "\n" + "".join(f"\t{line}\n" for line in lines)


def _busybox_nslookup(place: Place, name: str, kinds: list[str]) -> Output:
    """Every search domain is asked when the name has no dot, none when it has one; each reply is printed."""
    head = f"Server:\t\t{place.server.address}\nAddress:\t{ip.host_port(ip.number(place.server.address), 53)}\n\n"
    if place.server.ask is None:
        silent = "write to '{0}': Connection refused" if place.server.failure == "connection refused" else \
            ";; connection timed out; no servers could be reached\n"
        return failed(f"nslookup: {silent.format(place.server.address)}" if "write" in silent else silent, 1)
    if _is_address(name):
        names, kinds = [reverse_name(name)], kinds or ["PTR"]
    elif "." in name or not place.searches:
        names = [name.rstrip(".") + "."]
    else:
        names = [f"{name}.{domain.strip('.')}." for domain in place.searches]
    text, status = "", 0
    for kind in kinds or ["A", "AAAA"]:
        for each in names:
            answer = place.server.ask(each, kind)
            if answer.rcode is Rcode.NOERROR:
                text += _nslookup_lines(answer, dot="") + "\n"
            else:
                text += f"** server can't find {each.rstrip('.')}: {answer.rcode.value}\n\n"
                status = 1
    return Output(head + text, status=status)


# host -----------------------------------------------------------------------------------------------------------

_HOST = (Flag("t", "t"), switch("v", "v"), switch("a", "a"), Flag("W", "W"), switch("T", "T"), switch("4", "4"),
         switch("6", "6"), Flag("R", "R"), Flag("N", "N"))


def host(call: Call) -> Output:
    """`host [-t TYPE] NAME [SERVER]`: A, then AAAA and MX for the name that worked."""
    try:
        flags = read_flags(call.args, _HOST, GETOPT)
    except FlagError as problem:
        return failed(f"host: {problem}")
    if flags.on("a") or flags.on("v"):
        return failed("host: -a and -v are not modelled; dig shows the whole answer")
    if not flags.operands:
        return failed("Usage: host [-aTvW] [-t type] name [server]")
    name, server = flags.operands[0], "".join(flags.operands[1:2])
    place = place_of(call, server)
    if place is None:
        return failed(f"host: couldn't get address for '{server}': not found")
    reverse = _is_address(name)
    kind = flags.get("t").upper() or ("PTR" if reverse else "A")
    first = place.look(reverse_name(name) if reverse else name, kind, search=not reverse)
    if first is None:
        return _unreached(place, 2)
    head = (f"Using domain server:\nName: {server}\nAddress: {place.server.label}\nAliases: \n\n" if server else "")
    if first.rcode is not Rcode.NOERROR:
        number = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}.get(first.rcode.value, 2)
        asked = reverse_name(name).rstrip(".") + "." if reverse else name
        return Output(head + f"Host {asked} not found: {number}({first.rcode.value})\n", status=1)
    answers = [first]
    if not flags.has("t") and not reverse and place.server.ask is not None:
        end = _end_of_aliases(first)
        answers += [place.server.ask(end, other) for other in ("AAAA", "MX")]
    text = "".join(_host_lines(answer) for answer in answers)
    if not text and len(answers) == 1:
        text = f"{first.name.rstrip('.')} has no {kind} record\n"
    return Output(head + "".join(dict.fromkeys(text.splitlines(keepends=True))))


def _host_lines(answer: Answer) -> str:
    words = {"A": "has address", "AAAA": "has IPv6 address", "CNAME": "is an alias for", "PTR": "domain name pointer",
             "SRV": "has SRV record", "MX": "mail is handled by", "NS": "name server", "TXT": "descriptive text",
             "SOA": "has SOA record"}
    return "".join(f"{record.name.rstrip('.')} {words.get(record.type, f'has {record.type} record')} {rdata(record)}\n"
                   for record in answer.answer)


# getent ---------------------------------------------------------------------------------------------------------

def getent(call: Call) -> Output:
    """`getent hosts|ahosts NAME`: what the C library finds, hosts file and search list included. Status 2 for nothing."""
    if len(call.args) != 2 or call.args[0] not in ("hosts", "ahosts", "ahostsv4", "ahostsv6"):
        return failed("getent: 'getent hosts NAME' and 'getent ahosts NAME' are what is modelled", 1)
    database, name = call.args
    if database == "hosts" and _is_address(name):
        return _name_of(call, name)
    family = {"ahostsv4": 4, "ahostsv6": 6}.get(database)
    lookup = call.cluster.resolve(name, call.source, family=family)
    if not lookup.addresses:
        return Output(status=2)
    answered = next((step for step in reversed(lookup.steps) if step.is_answered), None)
    canonical = answered.name.rstrip(".") if answered is not None else name
    if database == "hosts":
        six = [address for address in lookup.addresses if ":" in address]
        return Output("".join(f"{address:<15} {canonical}\n" for address in (six or lookup.addresses)))
    lines = []
    for place, address in enumerate(lookup.addresses):
        lines += [f"{address:<15} {kind:<6} {canonical if kind == 'STREAM' and not place else ''}"
                  for kind in ("STREAM", "DGRAM", "RAW")]
    return Output("".join(line + "\n" for line in lines))


def _name_of(call: Call, address: str) -> Output:
    """The name of an address: that of its PTR record. Status 2 without one."""
    place = place_of(call)
    answer = place.look(reverse_name(address), "PTR", search=False) if place is not None else None
    if answer is None or not answer.answer:
        return Output(status=2)
    return Output(f"{address:<15} {rdata(answer.answer[0]).rstrip('.')}\n")
