"""The servers outside the cluster: declared records, declared failures, and the declared outside hosts.

Rules: D61 to D64. A name with an exact record of the type is answered; aliases are followed; a name that has other
types, or names below it, exists without data; anything else does not exist. Declared rcodes come before all that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.questions import absolute, zone_of
from simnet.dataplane.dns.records import ADDRESS_TYPES, Answer, Rcode, Record
from simnet.errors import UsageError, nearest
from simnet.settings import OutsideHost, Settings

OUTSIDE_TTL = 300
LONGEST_CHAIN = 8


class Upstream:
    """One outside server. With `is_there` false it knows the outside hosts and refuses everything else (D62)."""

    def __init__(self, records: Iterable[str] = (), rcodes: Mapping[str, str] | None = None,
                 hosts: Iterable[OutsideHost] = (), is_there: bool = True) -> None:
        self.is_there = is_there
        self._records: dict[str, dict[str, list[Record]]] = {}
        self._parents: set[str] = set()
        self._rcodes = {absolute(name).lower(): _rcode(name, rcode) for name, rcode in (rcodes or {}).items()}
        for line in records:
            self._add(Record.parse(line))
        for host in hosts:
            for address in host.addresses:
                kind = "A" if ip.family(address) == 4 else "AAAA"
                self._add(Record(absolute(host.name), OUTSIDE_TTL, kind, address))

    def _add(self, record: Record) -> None:
        name = record.name.lower()
        self._records.setdefault(name, {}).setdefault(record.type, []).append(record)
        while name and name != ".":
            name = name.partition(".")[2]
            self._parents.add(name or ".")

    def ask(self, name: str, kind: str) -> Answer:
        """Answer one question; `name` is absolute. Never authoritative, nothing in authority (D61). O(chain)."""
        found: list[Record] = []
        at = name.lower()
        for _ in range(LONGEST_CHAIN):
            failure = self._rcodes.get(at)
            if failure is not None and failure is not Rcode.NOERROR:
                return Answer(name, kind, failure, reasons.UpstreamFailure(at))
            types = self._records.get(at, {})
            found += types.get(kind, ())
            alias = types.get("CNAME")
            if kind in types or not alias:
                break
            found += alias
            at = str(alias[0].data).lower()
        return self._concluded(name, kind, at, tuple(found))

    def _concluded(self, name: str, kind: str, at: str, found: tuple[Record, ...]) -> Answer:
        """The rcode is that of the last name of the chain (RFC 6604)."""
        if at in self._records or at in self._parents:
            types = tuple(self._records.get(at, ()))
            if found and found[-1].type == kind:
                return Answer(name, kind, Rcode.NOERROR, reasons.UpstreamRecord(at), _owned(found, name))
            reason = reasons.NoSuchType(at, kind, types) if types else reasons.OnlyNamesBelow(at)
            return Answer(name, kind, Rcode.NOERROR, reason, _owned(found, name))
        if self.is_there or found:
            return Answer(name, kind, Rcode.NXDOMAIN, reasons.NoSuchOutsideName(at), _owned(found, name))
        return Answer(name, kind, Rcode.REFUSED, reasons.NoUpstream(at))


class Upstreams:
    """Where a server sends names outside its zones: the stub domain they lie in (D63), else the main upstream."""

    def __init__(self, settings: Settings) -> None:
        dns, hosts = settings.dns, settings.outside.values()
        self.main = Upstream(dns.upstream_records, dns.upstream_rcodes, hosts, dns.has_upstream)
        self._stubs = {absolute(domain).lower(): _stub(domain, given) for domain, given in dns.stub_domains.items()}
        self._domains = tuple(self._stubs)

    def ask(self, name: str, kind: str) -> Answer:
        """Forward one question. O(stub domains)."""
        domain = zone_of(name.lower(), self._domains) if self._domains else ""
        return (self._stubs[domain] if domain else self.main).ask(name, kind)

    def ask_publicly(self, name: str, kind: str) -> Answer:
        """What a client outside the cluster gets: it always has a server, which knows nothing of the cluster."""
        answer = self.main.ask(name, kind)
        if isinstance(answer.reason, reasons.NoUpstream):
            return Answer(name, kind, Rcode.NXDOMAIN, reasons.NoSuchOutsideName(name.lower()))
        return answer


def address_records(name: str, kind: str, addresses: Iterable[int], ttl: int) -> tuple[Record, ...]:
    """A or AAAA records of `name`, one for each distinct address of the type's family."""
    family = ADDRESS_TYPES.get(kind)
    return tuple([Record(name, ttl, kind, each) for each in dict.fromkeys(addresses) if ip.family(each) == family])


def _owned(found: tuple[Record, ...], name: str) -> tuple[Record, ...]:
    """The owner of the records asked for repeats the question's spelling (D8)."""
    wanted = name.lower()
    return tuple(record._replace(name=name) if record.name.lower() == wanted else record for record in found)


def _rcode(name: str, rcode: str) -> Rcode:
    wire = [each.value for each in Rcode if each not in (Rcode.TIMEOUT, Rcode.UNREACHABLE)]
    if rcode not in wire:
        near = nearest(str(rcode), wire)
        raise UsageError(f"dns.upstream.rcodes[{name}]: {rcode!r} is not one of {', '.join(wire)}"
                         + (f"; did you mean {near}?" if near else ""))
    return Rcode(rcode)


def _stub(domain: str, given: Any) -> Upstream:
    """A stub domain is given like `upstream`: a mapping with records and rcodes."""
    if not isinstance(given, Mapping) or not set(given) <= {"records", "rcodes"}:
        raise UsageError(f"dns.stub_domains[{domain}]: {given!r} is not a mapping with the keys records and rcodes")
    return Upstream(given.get("records") or (), given.get("rcodes") or {})
