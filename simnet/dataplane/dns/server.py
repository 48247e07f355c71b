"""The cluster's DNS server: one question in, one answer out.

Rules: D1, D2, D5, D8, D10, D14 to D17, D33 to D39, D45 to D60, D64, D66; D50, D95, D97 and D99 where they are switched on.
Source: coredns/coredns plugin/kubernetes/handler.go, ns.go, plugin/backend_lookup.go, plugin/kubernetes/README.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from simnet import ip
from simnet.control.resolv_conf import read_resolv_conf
from simnet.dataplane.dns import questions, reasons
from simnet.dataplane.dns.autopath import search_list, searched
from simnet.dataplane.dns.caches import Caches
from simnet.dataplane.dns.clients import Clients
from simnet.dataplane.dns.encode import Written
from simnet.dataplane.dns.endpoints import Pair
from simnet.dataplane.dns.external import ExternalZone
from simnet.dataplane.dns.questions import joined
from simnet.dataplane.dns.reasons import Reason
from simnet.dataplane.dns.records import ADDRESS_TYPES, SOA, SRV, TXT, Answer, Rcode, Record
from simnet.dataplane.dns.reverse import EndpointAddresses
from simnet.dataplane.dns.transfer import ZoneLister
from simnet.dataplane.dns.upstream import Upstreams, address_records
from simnet.dataplane.dns.zone import SCHEMA_VERSION, SHOWN, Absent, ClusterZone, Held, Objects
from simnet.names import ObjectKey
from simnet.store.store import Event

LONGEST_CHAIN = 8
SCHEMA_TTL = 28800
MOST_SPELLINGS = 100
FOLLOWED_KINDS = frozenset(("Service", "EndpointSlice", "Namespace"))
FURNITURE_TYPES = {"": ("SOA", "NS"), "dns-version": ("TXT",)}
SERVER_CACHE = (("server", ""),)


class ClusterDNS:
    """CoreDNS as it stands in a cluster, and the resolvers of everybody who asks it (`clients`).

    `net` is the view it reads; `update` must get every committed event, after the view's own indexes. `messages` are
    encoded replies that stay good until the next change that matters; `caches` those that outlive it.
    """

    def __init__(self, net: Objects, upstreams: Upstreams | None = None) -> None:
        self._net = net
        settings = net.settings.dns
        self._settings = settings
        self._zones = tuple(questions.absolute(zone).lower() for zone in settings.zones)
        self._reverse_zones = frozenset(zone for zone in self._zones if questions.is_reverse(zone))
        self._fallthrough = tuple(questions.absolute(zone).lower() for zone in settings.fallthrough)
        forward = [zone for zone in self._zones if zone not in self._reverse_zones]
        self.primary_zone = forward[0] if forward else "cluster.local."
        self._server_ips = tuple(ip.number(text) for text in settings.dns_server_ips)
        namespace, _, name = (settings.dns_service or "").rpartition("/")
        self._dns_service = ObjectKey(namespace or "default", name) if name else None
        self.upstreams = upstreams if upstreams is not None else Upstreams(net.settings)
        self._zone = ClusterZone(net, settings)
        self._external = ExternalZone(net, settings.external, self._zone) if settings.external is not None else None
        self._node_searches = read_resolv_conf(net.settings.kubelet.host_resolv_conf or "").searches
        self.caches = Caches(settings)
        self.messages = Written()
        self._endpoints = EndpointAddresses()
        self._changed_at = 0
        self._soas: dict[str, Record] = {}
        self.clients = Clients(net, self.upstreams, self.question, self.caches, self._dns_service)

    def update(self, event: Event) -> None:
        """Follow one committed event: O(1). Remembered lookups are forgotten when it can change an answer."""
        if event.kind in FOLLOWED_KINDS or (event.kind == "Pod" and self._settings.pods == "verified"):
            self._zone.update(event)
            self._endpoints.update(event)
            self._changed_at = int(self._net.now)
            self._soas.clear()
            self.messages.clear()
            self.clients.forget()

    def fork(self, net: Objects) -> ClusterDNS:
        """An independent server that reads `net`."""
        twin = ClusterDNS(net, self.upstreams)
        twin._zone, twin._endpoints = self._zone.fork(net), self._endpoints.fork()
        if twin._external is not None and twin._settings.external is not None:
            twin._external = ExternalZone(net, twin._settings.external, twin._zone)
        twin._changed_at = self._changed_at
        twin.caches = twin.clients.caches = self.caches.fork(twin._settings)
        return twin

    # one question --------------------------------------------------------------------------------------------------

    def query(self, name: str, type: str = "A", client: ObjectKey | None = None) -> Answer:
        """Answer one question as CoreDNS would; `name` is absolute, with or without the final dot.

        Never raises: what is no name gets FORMERR. `client` (the pod that asks) matters to autopath only. Cost: a few
        dictionary look-ups, and what the answer lists.
        """
        name, kind = questions.absolute(name), type.upper()
        problem = questions.name_problem(name)
        if problem:
            return Answer(name, kind, Rcode.FORMERR, reasons.Malformed(name, problem))
        return self.question(name, kind, client)

    @property
    def may_remember(self) -> bool:
        """Whether an answer stays the same until the next change, whatever the time."""
        return not self.caches.is_used

    def question(self, name: str, kind: str, client: ObjectKey | None = None) -> Answer:
        """`query` for an absolute name known to be one, of a type in capitals."""
        if self.caches.is_used:
            kept = self.caches.find(SERVER_CACHE, name, kind, self._net.now)
            if kept is not None:
                return kept
        if client is not None and self._settings.autopath and self._settings.pods == "verified":
            found = self._autopath(name, kind, client)
            if found is not None:
                return found
        return self.answer(name, kind)

    def remember(self, answer: Answer) -> None:
        """Keep an answer that was given, if the server has a cache."""
        self.caches.keep(SERVER_CACHE, answer, self._net.now)

    def _autopath(self, name: str, kind: str, client: ObjectKey) -> Answer | None:
        """Go through the client's search list for it, if it is a running pod and the name is one of its first domain."""
        zone = questions.zone_of(name.lower(), self._zones)
        pod = self._net.pod(client) if zone else None
        if pod is None or pod.phase != "Running" or not pod.pod_ips:
            return None
        return searched(name, kind, search_list(client.namespace, zone, self._node_searches), self.answer)

    def answer(self, name: str, kind: str, chain: tuple[str, ...] = ()) -> Answer:
        """The answer of the zones and the upstream to an absolute name. `chain` holds the names whose aliases led here."""
        lowered = name.lower()
        zone = questions.zone_of(lowered, self._zones)
        external = self._external
        if external is not None and len(external.name) >= len(zone) and questions.is_within(lowered, external.name):
            return external.answer(name, kind, self._changed_at, partial(self._follow, (*chain, lowered)))
        if not zone:
            return self.upstreams.ask(name, kind)
        if kind in ("AXFR", "IXFR"):
            return self._transfer(name, kind, zone)
        answer = (self._reverse(name, kind, zone) if zone in self._reverse_zones
                  else self._forward(name, kind, zone, chain))
        if answer.rcode is not Rcode.NXDOMAIN:
            return answer
        if self._fallthrough and questions.zone_of(lowered, self._fallthrough):
            return self.upstreams.ask(name, kind)
        if not self._settings.synced:
            return replace(answer, rcode=Rcode.SERVFAIL, reason=reasons.NotSynced(answer.reason))
        return answer

    def _follow(self, chain: tuple[str, ...], name: str, kind: str) -> Answer:
        """Ask for the host name of a load balancer, unless that goes round in a circle."""
        if name.lower() in chain or len(chain) >= LONGEST_CHAIN:
            return Answer(name, kind, Rcode.NXDOMAIN, reasons.NoSuchOutsideName(name))
        return self.answer(name, kind, chain)

    def _transfer(self, name: str, kind: str, zone: str) -> Answer:
        """The whole zone between two SOA records, where transfers are on; only at the apex of a forward zone (D50)."""
        if not self._settings.axfr or name.lower() != zone or questions.is_reverse(zone):
            return Answer(name, kind, Rcode.REFUSED, reasons.TransferRefused(zone))
        soa = self._soa(name)
        servers = self._name_servers(name, name, reasons.ZoneFurniture(""))
        lister = ZoneLister(name, self._settings.ttl, self._settings.endpoint_pod_names)
        records = dict.fromkeys((*servers.answer, *servers.additional))
        for service in self._net.services():
            if self._zone.exposes(service.namespace):
                slices = self._net.slices(service.key) if not self._settings.noendpoints else ()
                records.update(dict.fromkeys(lister.service(service, slices)))
        return Answer(name, kind, Rcode.NOERROR, reasons.WholeZone(zone, len(records) + 2), (soa, *records, soa),
                      is_authoritative=True)

    # a name in a forward zone --------------------------------------------------------------------------------------

    def _forward(self, name: str, kind: str, zone: str, chain: tuple[str, ...]) -> Answer:
        relative, spelling = name[:-len(zone)].rstrip(".").lower(), name[-len(zone):]
        held = self._zone.find(relative)
        if isinstance(held, Absent):
            return self._negative(name, kind, spelling, Rcode.NXDOMAIN, held.reason)
        if isinstance(held.reason, reasons.ZoneFurniture):
            return self._furniture(name, kind, relative, spelling, held.reason)
        if isinstance(held.reason, reasons.Alias):
            return self._alias(name, kind, spelling, held.reason, chain)
        return self._of_pairs(name, kind, relative, spelling, held)

    def _of_pairs(self, name: str, kind: str, relative: str, spelling: str, held: Held) -> Answer:
        """Addresses and ports: A, AAAA and SRV."""
        if kind in ADDRESS_TYPES:
            records = address_records(name, kind, [pair.address for pair in held.pairs], self._settings.ttl)
            if records:
                return Answer(name, kind, Rcode.NOERROR, held.reason, records, is_authoritative=True)
        elif kind == "SRV":
            located = [pair for pair in held.pairs if pair.port is not None]
            if located:
                return self._srv(name, spelling, held, located)
        return self._negative(name, kind, spelling, Rcode.NOERROR, _why_not(held, relative, kind))

    def _srv(self, name: str, spelling: str, held: Held, located: list[Pair]) -> Answer:
        """Shares of 100 by the number of pairs before duplicates go; the targets' addresses beside them (D16, D29)."""
        ttl, weight = self._settings.ttl, max(1, 100 // len(held.pairs))
        answer = dict.fromkeys(
            Record(name, ttl, "SRV", SRV(0, weight, pair.port or 0, joined(pair.owner, spelling))) for pair in located)
        beside = dict.fromkeys(self._address(joined(pair.owner, spelling), pair.address) for pair in located)
        return Answer(name, "SRV", Rcode.NOERROR, held.reason, tuple(answer), (), tuple(beside), True)

    def _address(self, name: str, address: int) -> Record:
        return Record(name, self._settings.ttl, "A" if ip.family(address) == 4 else "AAAA", address)

    # ExternalName (section 5) --------------------------------------------------------------------------------------

    def _alias(self, name: str, kind: str, spelling: str, alias: reasons.Alias, chain: tuple[str, ...]) -> Answer:
        """A CNAME, followed for addresses. Inside the zone the target must hold something; outside it need not."""
        cname = Record(name, self._settings.ttl, "CNAME", alias.target)
        if kind == "CNAME":
            return Answer(name, kind, Rcode.NOERROR, alias, (cname,), is_authoritative=True)
        if kind not in ADDRESS_TYPES:
            reason: Reason = reasons.NoSuchType(name[:-len(spelling)].rstrip(".").lower(), kind, ("CNAME",))
            return self._negative(name, kind, spelling, Rcode.NOERROR, reason)
        target, lowered = alias.target, alias.target.lower()
        if questions.is_within(lowered, name.lower()) or lowered in chain or len(chain) >= LONGEST_CHAIN:
            return self._negative(name, kind, spelling, Rcode.NOERROR, reasons.AliasLoop(alias.service, target))
        found = self.answer(target, kind, (*chain, name.lower()))
        missing = reasons.TargetMissing(alias.service, target, found.reason)
        if found.answer or not questions.is_within(lowered, spelling.lower()):
            return Answer(name, kind, Rcode.NOERROR, alias if found.answer else missing, (cname, *found.answer),
                          is_authoritative=True)
        reason = found.reason if isinstance(found.reason, reasons.AliasLoop) else missing
        return self._negative(name, kind, spelling, Rcode.NOERROR, reason)

    # zone furniture (section 7) ------------------------------------------------------------------------------------

    def _furniture(self, name: str, kind: str, relative: str, spelling: str, reason: Reason) -> Answer:
        """The apex, ns.dns and dns-version, each with its own few types."""
        records: tuple[Record, ...] = ()
        match relative, kind:
            case "", "NS":
                return self._name_servers(name, spelling, reason)
            case "", "SOA":
                records = (self._soa(spelling),)
            case "dns-version", "TXT":
                records = (Record(name, SCHEMA_TTL, kind, TXT((SCHEMA_VERSION,))),)
            case "ns.dns", "A" | "AAAA":
                addresses = [address for _, address in self._server_addresses()]
                records = address_records(name, kind, addresses, self._settings.ttl)
        if records:
            return Answer(name, kind, Rcode.NOERROR, reason, records, is_authoritative=True)
        has = FURNITURE_TYPES.get(relative, ())
        return self._negative(name, kind, spelling, Rcode.NOERROR, reasons.NoSuchType(relative, kind, has))

    def _name_servers(self, name: str, spelling: str, reason: Reason) -> Answer:
        """The DNS Service when there is one, else ns.dns with the server's own addresses (D46)."""
        home = spelling if not questions.is_reverse(spelling.lower()) else self.primary_zone
        servers = [(joined(owner, home), address) for owner, address in self._server_addresses()]
        names = dict.fromkeys(owner for owner, _ in servers) or {joined("ns.dns", home): None}
        records = tuple(Record(name, self._settings.ttl, "NS", each) for each in names)
        beside = dict.fromkeys(self._address(owner, address) for owner, address in servers)
        return Answer(name, "NS", Rcode.NOERROR, reason, records, (), tuple(beside), True)

    def _server_addresses(self) -> list[tuple[str, int]]:
        """(name relative to the zone, address) of the DNS server: its Service's, else its own as ns.dns."""
        service = self._net.service(self._dns_service) if self._dns_service is not None else None
        if service is not None and service.cluster_ips:
            return [(f"{service.name}.{service.namespace}.svc", address) for address in service.cluster_ips]
        if service is not None and service.is_headless and self._zone.table(service.key).ready:
            return [(pair.owner, pair.address) for pair in self._zone.table(service.key).pairs]
        return [("ns.dns", address) for address in self._server_ips]

    def _soa(self, spelling: str) -> Record:
        """The SOA of the zone in the spelling of the question; made once between two changes."""
        found = self._soas.get(spelling)
        if found is None:
            ttl, mname, rname = self._settings.ttl, joined("ns.dns", spelling), joined("hostmaster", spelling)
            found = Record(spelling, min(ttl, 300), "SOA", SOA(mname, rname, self._changed_at, 7200, 1800, 86400, ttl))
            if len(self._soas) < MOST_SPELLINGS:
                self._soas[spelling] = found
        return found

    def _negative(self, name: str, kind: str, spelling: str, rcode: Rcode, reason: Reason) -> Answer:
        """NODATA or NXDOMAIN: nothing but the SOA of the zone (D58)."""
        return Answer(name, kind, rcode, reason, (), (self._soa(spelling),), (), True)

    # reverse zones (section 8) -------------------------------------------------------------------------------------

    def _reverse(self, name: str, kind: str, zone: str) -> Answer:
        """PTR. A name that has one exists for the other types too (D56, D60)."""
        spelling = name[-len(zone):]
        lowered = name.lower()
        if lowered == zone:
            return self._furniture(name, kind, "", spelling, reasons.ZoneFurniture(""))
        address = questions.reverse_address(lowered)
        if address is None:
            return self._negative(name, kind, spelling, Rcode.NXDOMAIN, reasons.NotAnAddress(name))
        owners = self._owners(address)
        if not owners:
            pods = tuple(pod.key for pod in self._net.pods_at(address)[:SHOWN])
            return self._negative(name, kind, spelling, Rcode.NXDOMAIN, reasons.NoOwner(address, pods))
        if kind != "PTR":
            return self._negative(name, kind, spelling, Rcode.NOERROR, reasons.NoSuchType(name, kind, ("PTR",)))
        records = tuple(Record(name, self._settings.ttl, "PTR", joined(owner, self.primary_zone)) for owner in owners)
        reason = reasons.AddressOwners(address, tuple(dict.fromkeys(owners.values())))
        return Answer(name, kind, Rcode.NOERROR, reason, records, is_authoritative=True)

    def _owners(self, address: int) -> dict[str, ObjectKey]:
        """Name relative to the zone -> Service. A cluster IP comes first and alone (D51, D53)."""
        for service in self._net.services_with(address):
            if address in service.cluster_ips and self._shows(service.key):
                return {f"{service.name}.{service.namespace}.svc": service.key}
        if self._settings.noendpoints:
            return {}
        found = self._endpoints.names(address, self._settings.endpoint_pod_names)
        return {owner: service for owner, service in found.items() if self._shows(service)}

    def _shows(self, service: ObjectKey) -> bool:
        """Whether reverse names may lead to this Service: its namespace is not off the allow-list (D54)."""
        return self._settings.namespaces is None or self._zone.exposes(service.namespace)


def _why_not(held: Held, relative: str, kind: str) -> Reason:
    """Why a name that exists has nothing of the type: only names below, the other family, or another type."""
    if isinstance(held.reason, reasons.OnlyNamesBelow) or (isinstance(held.reason, reasons.InZone) and not held.pairs):
        return held.reason
    families = {ip.family(pair.address) for pair in held.pairs}
    if kind in ADDRESS_TYPES and families:
        return reasons.OtherFamily(relative, ADDRESS_TYPES[kind], families.pop())
    has = [name for name, family in ADDRESS_TYPES.items() if family in families]
    if any(pair.port is not None for pair in held.pairs):
        has.append("SRV")
    return reasons.NoSuchType(relative, kind, tuple(has))
