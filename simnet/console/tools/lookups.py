"""nslookup and getent, beside dig and host.

Source: bin/dig/nslookup.c of BIND 9.18; busybox networking/nslookup.c (all search domains are asked, for names
without a dot); getent(1) of glibc. Rule D93.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.desk import Call
from simnet.console.output import Output, failed
from simnet.console.tools.dig import dig, rdata, reverse_name
from simnet.console.tools.host import host
from simnet.console.tools.nameserver import Place, end_of_aliases, place_of, unreached
from simnet.dataplane.dns.records import ADDRESS_TYPES, SOA, Answer, Rcode

__all__ = ["dig", "getent", "host", "nslookup"]

_WORDS = {"MX": "mail exchanger", "NS": "nameserver", "TXT": "text"}


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True


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
        return unreached(place, 3)
    first = tried[-1]
    head = "".join(_recursion(place, answer) for answer in tried)
    if not reverse:
        head += f"Server:\t\t{place.server.address}\nAddress:\t{place.server.label}\n\n"
    if first.rcode is not Rcode.NOERROR:
        return Output(head + f"** server can't find {asked.rstrip('.')}: {first.rcode.value}\n\n", status=1)
    text = _nslookup_lines(first)
    if not kinds and not reverse:
        asked = end_of_aliases(first)
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
