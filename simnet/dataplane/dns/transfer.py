"""A whole zone in one answer (AXFR): what a secondary server would be given.

Pod names, reverse names and the schema version are not transferred, and SRV weights are made otherwise than for a
question: 100 for a cluster IP, 100 shared by the endpoints of a slice otherwise.

Rule D50. Source: coredns/coredns plugin/kubernetes/xfr.go, plugin/transfer; RFC 5936.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from simnet import ip
from simnet.dataplane.dns.endpoints import is_served, label_of
from simnet.dataplane.dns.questions import absolute, joined
from simnet.dataplane.dns.records import SRV, Record
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.service import Service


class ZoneLister:
    """Makes the records of Services below `zone`, all with the same TTL."""

    def __init__(self, zone: str, ttl: int, by_pod_name: bool) -> None:
        self._zone, self._ttl, self._by_pod_name = zone, ttl, by_pod_name

    def service(self, service: Service, slices: Collection[EndpointSlice]) -> Iterator[Record]:
        """Every record of one Service. O(its ports, or endpoints)."""
        owner = joined(f"{service.name}.{service.namespace}.svc", self._zone)
        if service.is_external_name:
            if ip.number_or_none(service.external_name) is None:
                yield Record(owner, self._ttl, "CNAME", absolute(service.external_name))
        elif service.is_headless:
            yield from dict.fromkeys(record for each in slices if is_served(each) for record in self._slice(owner, each))
        else:
            yield from self._addresses(owner, service.cluster_ips)
            for port in service.ports:
                yield self._location(owner, 100, port.port, owner)
                if port.name:
                    yield self._location(_port_name(port.name, port.protocol, owner), 100, port.port, owner)

    def _slice(self, owner: str, each: EndpointSlice) -> Iterator[Record]:
        ready = [endpoint for endpoint in each.endpoints if endpoint.is_ready]
        weight = 100 // len(ready) if ready else 0
        for endpoint in ready:
            yield from self._addresses(owner, endpoint.addresses)
            for address in endpoint.addresses:
                own = f"{label_of(endpoint, address, self._by_pod_name)}.{owner}"
                yield from self._addresses(own, (address,))
                for port in each.ports:
                    if port.name and port.port is not None:
                        yield self._location(_port_name(port.name, port.protocol, owner), weight, port.port, own)

    def _addresses(self, owner: str, addresses: Iterable[int]) -> Iterator[Record]:
        for address in addresses:
            yield Record(owner, self._ttl, "A" if ip.family(address) == 4 else "AAAA", address)

    def _location(self, owner: str, weight: int, port: int, target: str) -> Record:
        return Record(owner, self._ttl, "SRV", SRV(0, max(1, weight), port, target))


def _port_name(port: str, protocol: str, owner: str) -> str:
    return f"_{port}._{protocol}.{owner}".lower()
