"""The external zone: names for the addresses by which Services are reached from outside the cluster.

    the zone                         SOA, NS
    dns                              only names below
    ns1.dns                          the name server
    NS                               a namespace: only names below
    SVC.NS                           external and load-balancer addresses; a load balancer's host name as an alias
    _PORT._PROTO.SVC.NS              the same, by named port
    EP.SVC.NS                        with `headless`: one endpoint of a Service that has no external address

Rule D99. Source: coredns/coredns plugin/k8s_external/external.go, apex.go, msg_to_dns.go; plugin/kubernetes/external.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.questions import absolute, joined
from simnet.dataplane.dns.reasons import Reason
from simnet.dataplane.dns.records import ADDRESS_TYPES, SOA, SRV, Answer, Rcode, Record
from simnet.dataplane.dns.zone import Absent, ClusterZone, Objects
from simnet.names import ObjectKey
from simnet.objects.service import Service, ServicePort
from simnet.settings import ExternalSettings

Ask = Callable[[str, str], Answer]
Records = tuple[Record, ...]


class _Way(NamedTuple):
    """A way to a Service: an address or (a load balancer's) host name, a port, and the owner name of the address."""

    target: int | str
    port: int | None
    owner: str


class _Found(NamedTuple):
    reason: Reason
    ways: tuple[_Way, ...] = ()


class ExternalZone:
    """The second zone of a server."""

    def __init__(self, net: Objects, settings: ExternalSettings, zone: ClusterZone) -> None:
        self._net, self._settings, self._zone = net, settings, zone
        self.name = absolute(settings.zone).lower()
        self._service_ttl = net.settings.dns.ttl
        self._server_ips = tuple(ip.number(text) for text in settings.ns_ips)

    def answer(self, name: str, kind: str, serial: int, follow: Ask) -> Answer:
        """Answer a question for a name in the zone; `serial` goes into the SOA, `follow` asks the server for the host
        names of load balancers. O(what the Service lists)."""
        relative, spelling = name[:-len(self.name)].rstrip(".").lower(), name[-len(self.name):]
        soa = self._soa(spelling, serial)
        if relative == "" or relative == "dns" or relative.endswith(".dns"):
            return self._furniture(name, kind, relative, spelling, soa)
        found = self._find(relative)
        if isinstance(found, Absent):
            return _negative(name, kind, Rcode.NXDOMAIN, found.reason, soa)
        records, beside = self._records(name, kind, spelling, found, follow)
        if records:
            return Answer(name, kind, Rcode.NOERROR, found.reason, records, (), beside, True)
        reason: Reason = reasons.NoSuchType(relative, kind, ()) if found.ways else found.reason
        return _negative(name, kind, Rcode.NOERROR, reason, soa)

    def _soa(self, spelling: str, serial: int) -> Record:
        mname, rname, ttl = joined("ns1.dns", spelling), joined("hostmaster.dns", spelling), self._settings.ttl
        return Record(spelling, ttl, "SOA", SOA(mname, rname, serial, 7200, 1800, 86400, ttl))

    def _furniture(self, name: str, kind: str, relative: str, spelling: str, soa: Record) -> Answer:
        """The apex, and the domain `dns` below it, where the name server is."""
        reason: Reason = reasons.ZoneFurniture(relative)
        servers = [self._address(joined("ns1.dns", spelling), each) for each in self._server_ips]
        records: tuple[Record, ...] = ()
        beside: tuple[Record, ...] = ()
        match relative, kind:
            case "", "SOA":
                records = (soa,)
            case "", "NS":
                records = (Record(name, self._settings.ttl, "NS", joined("ns1.dns", spelling)),)
                beside = tuple(servers)
            case "ns1.dns", _:
                records = tuple(each._replace(name=name) for each in servers if each.type == kind)
            case ("" | "dns"), _:
                reason = reasons.OnlyNamesBelow(relative)
            case _:
                return _negative(name, kind, Rcode.NXDOMAIN, reasons.NoSuchForm(relative), soa)
        if records:
            return Answer(name, kind, Rcode.NOERROR, reason, records, (), beside, True)
        return _negative(name, kind, Rcode.NOERROR, reason, soa)

    # Services ------------------------------------------------------------------------------------------------------

    def _find(self, relative: str) -> _Found | Absent:
        labels = relative.split(".")
        namespace = labels.pop()
        if not self._zone.exposes(namespace):
            return Absent(reasons.NoSuchNamespace(namespace, self._net.namespace(namespace) is not None))
        if not labels:
            return _Found(reasons.OnlyNamesBelow(namespace))
        key = ObjectKey(namespace, labels.pop())
        service = self._net.service(key)
        if service is None:
            return Absent(reasons.NoSuchService(key, ()))
        match labels:
            case []:
                return self._of_service(service, None)
            case [endpoint]:
                return self._of_endpoint(service, endpoint)
            case [port, protocol] if port[:1] == "_" and protocol[:1] == "_":
                return self._of_service(service, (port[1:], protocol[1:]))
        return Absent(reasons.NoSuchForm(relative))

    def _of_service(self, service: Service, port: tuple[str, str] | None) -> _Found | Absent:
        targets = _targets(service)
        if not targets and service.is_headless and self._settings.headless:
            return self._of_endpoints(service, port)
        chosen = [each for each in service.ports if port is None or _named(each) == port]
        owner = f"{service.name}.{service.namespace}"
        if not targets or service.is_external_name:
            return Absent(reasons.NoExternalAddress(service.key))
        if not chosen:
            return Absent(reasons.NoSuchPort(service.key, *(port or ("", "")), tuple(map(_named, service.ports))))
        return _Found(reasons.ExternalAddress(service.key),
                      tuple(_Way(target, each.port, owner) for target in targets for each in chosen))

    def _of_endpoints(self, service: Service, port: tuple[str, str] | None) -> _Found | Absent:
        table = self._zone.table(service.key)
        pairs = table.pairs if port is None else table.by_port.get(port, [])
        if not pairs:
            return Absent(reasons.NobodyReady(service.key, tuple(table.unready)) if not table.ready else
                          reasons.NoSuchPort(service.key, *(port or ("", "")), tuple(table.by_port)))
        return _Found(reasons.ReadyEndpoints(service.key, "", table.ready, tuple(table.unready)),
                      tuple(_Way(pair.address, pair.port, pair.owner.removesuffix(".svc")) for pair in pairs))

    def _of_endpoint(self, service: Service, label: str) -> _Found | Absent:
        """One endpoint; only with `headless`, and only of a Service without an external address."""
        table = self._zone.table(service.key)
        pairs = table.by_label.get(label, []) if self._settings.headless and not _targets(service) else []
        if not pairs:
            return Absent(reasons.NoSuchEndpoint(service.key, label, ()))
        return _Found(reasons.ReadyEndpoints(service.key, label, table.ready, tuple(table.unready)),
                      tuple(_Way(pair.address, pair.port, pair.owner.removesuffix(".svc")) for pair in pairs))

    # records -------------------------------------------------------------------------------------------------------

    def _records(self, name: str, kind: str, spelling: str, found: _Found, follow: Ask) -> tuple[Records, Records]:
        if kind in ADDRESS_TYPES:
            return self._addresses(name, kind, found.ways, follow), ()
        if kind == "SRV":
            return self._locations(name, spelling, found.ways, follow)
        return (), ()

    def _addresses(self, name: str, kind: str, ways: tuple[_Way, ...], follow: Ask) -> Records:
        """The addresses of the type's family; for a host name an alias and what it leads to."""
        records: list[Record] = []
        for target in dict.fromkeys(way.target for way in ways):
            if isinstance(target, str):
                records.append(Record(name, self._service_ttl, "CNAME", absolute(target)))
                records += follow(absolute(target), kind).answer
            elif ip.family(target) == ADDRESS_TYPES[kind]:
                records.append(self._address(name, target))
        return tuple(records)

    def _locations(self, name: str, spelling: str, ways: tuple[_Way, ...], follow: Ask) -> tuple[Records, Records]:
        """SRV records, shares of 100 as in the cluster's zone (D16), and the addresses of their targets."""
        weight = max(1, 100 // len(ways)) if ways else 0
        answer: dict[Record, None] = {}
        beside: dict[Record, None] = {}
        for target, port, relative in ways:
            if port is None:
                continue
            owner = absolute(target) if isinstance(target, str) else joined(relative, spelling)
            answer[Record(name, self._service_ttl, "SRV", SRV(0, weight, port, owner))] = None
            beside.update(dict.fromkeys(self._beside(target, owner, follow)))
        return tuple(answer), tuple(beside)

    def _beside(self, target: int | str, owner: str, follow: Ask) -> Records:
        if isinstance(target, int):
            return (self._address(owner, target),)
        return tuple(record for kind in ADDRESS_TYPES for record in follow(owner, kind).answer)

    def _address(self, name: str, address: int) -> Record:
        return Record(name, self._settings.ttl, "A" if ip.family(address) == 4 else "AAAA", address)


def _targets(service: Service) -> tuple[int | str, ...]:
    """spec.externalIPs, then what the load balancer gave: addresses and host names, each once."""
    given: list[int | str] = list(service.external_ips)
    for entry in service.load_balancer_ingress:
        given.append(entry.address if entry.address is not None else entry.hostname)
    return tuple(dict.fromkeys(each for each in given if each))


def _named(port: ServicePort) -> tuple[str, str]:
    return port.name.lower(), port.protocol.lower()


def _negative(name: str, kind: str, rcode: Rcode, reason: Reason, soa: Record) -> Answer:
    return Answer(name, kind, rcode, reason, (), (soa,), (), True)
