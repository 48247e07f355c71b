"""v1 Endpoints, the older form, kept because people still write it by hand; it is mirrored into slices (rule ES-16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet import ip
from simnet.names import ObjectKey
from simnet.objects.endpointslice import EndpointPort
from simnet.objects.meta import Object


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    address: int
    node_name: str = ""
    hostname: str = ""
    target: ObjectKey | None = None


@dataclass(frozen=True, slots=True)
class EndpointSubset:
    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints(Object):
    kind: ClassVar[str] = "Endpoints"

    subsets: tuple[EndpointSubset, ...] = ()

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["subsets"] = [_subset(subset) for subset in self.subsets]


def _subset(subset: EndpointSubset) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for name, addresses in (("addresses", subset.addresses), ("notReadyAddresses", subset.not_ready_addresses)):
        if addresses:
            entry[name] = [_address(address) for address in addresses]
    if subset.ports:
        entry["ports"] = [{"name": port.name, "port": port.port, "protocol": port.protocol} for port in subset.ports]
    return entry


def _address(address: EndpointAddress) -> dict[str, Any]:
    entry: dict[str, Any] = {"ip": ip.text(address.address)}
    if address.node_name:
        entry["nodeName"] = address.node_name
    if address.hostname:
        entry["hostname"] = address.hostname
    if address.target:
        entry["targetRef"] = {"kind": "Pod", "name": address.target.name, "namespace": address.target.namespace}
    return entry
