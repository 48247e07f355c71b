"""What the DNS server knows about the endpoints of one Service: who is ready, under which label, on which port.

Rules: D18, D20, D21, D23, D25, D28, D29, D32. Source: coredns/coredns plugin/kubernetes/object/endpoint.go and
kubernetes.go findServices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from simnet import ip
from simnet.dataplane.dns.questions import dashed
from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint, EndpointSlice

LONGEST_LABEL = 63


class Pair(NamedTuple):
    """An address and a port to be found under a name. `port` is None when the endpoint declares no port.

    `owner` is the name, relative to the zone, that an SRV record points at and that has the address.
    """

    address: int
    port: int | None
    owner: str


def label_of(endpoint: Endpoint, address: int, by_pod_name: bool) -> str:
    """The first label of an endpoint's own name (D25), in lower case."""
    if endpoint.hostname:
        return endpoint.hostname.lower()
    if by_pod_name and endpoint.target is not None and len(endpoint.target.name) <= LONGEST_LABEL:
        return endpoint.target.name.lower()
    return dashed(address)


def is_served(each: EndpointSlice) -> bool:
    """Slices of names (address type FQDN) are not served."""
    return each.address_type in ("IPv4", "IPv6")


class EndpointTable:
    """The ready endpoints of one Service, by label and by port; built from its slices alone, in their order.

    Cost: O(endpoints) to build, once after each change of the slices; every look-up is O(what it returns).
    """

    __slots__ = ("by_label", "by_port", "by_zone", "labels_of", "pairs", "ready", "unready", "unready_labels")

    def __init__(self, service: ObjectKey, slices: Collection[EndpointSlice], by_pod_name: bool) -> None:
        self.pairs: list[Pair] = []
        self.by_label: dict[str, list[Pair]] = {}
        self.by_port: dict[tuple[str, str], list[Pair]] = {}
        self.by_zone: dict[str, list[Pair]] = {}
        self.labels_of: dict[int, str] = {}
        self.ready = 0
        self.unready: list[str] = []
        self.unready_labels: dict[str, str] = {}
        suffix = f".{service.name}.{service.namespace}.svc"
        for each in slices:
            if is_served(each):
                self._add_slice(each, suffix, by_pod_name)

    def _add_slice(self, each: EndpointSlice, suffix: str, by_pod_name: bool) -> None:
        ports: list[tuple[tuple[str, str] | None, int | None]] = [
            ((port.name.lower(), port.protocol.lower()), port.port) for port in each.ports] or [(None, None)]
        for endpoint in each.endpoints:
            self.ready += endpoint.is_ready
            if not endpoint.is_ready:
                self.unready.append(named(endpoint))
            for address in endpoint.addresses:
                label = label_of(endpoint, address, by_pod_name)
                if endpoint.is_ready:
                    zone = self.by_zone.setdefault(endpoint.zone.lower(), []) if endpoint.zone else None
                    self._add(label, address, ports, label + suffix, zone)
                else:
                    self.unready_labels[label] = named(endpoint)

    def _add(self, label: str, address: int, ports: Iterable[tuple[tuple[str, str] | None, int | None]],
             owner: str, zone: list[Pair] | None) -> None:
        self.labels_of[address] = label
        for name, number in ports:
            pair = Pair(address, number, owner)
            self.pairs.append(pair)
            self.by_label.setdefault(label, []).append(pair)
            if name is not None:
                self.by_port.setdefault(name, []).append(pair)
            if zone is not None:
                zone.append(pair)


def named(endpoint: Endpoint) -> str:
    """How an endpoint is called when it is talked about: its pod, else its address."""
    return str(endpoint.target) if endpoint.target is not None else ip.text(endpoint.addresses[0])
