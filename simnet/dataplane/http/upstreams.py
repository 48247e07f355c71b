"""The backend of an Ingress path -> the peers a controller may connect to.

A controller goes to endpoints directly: no ClusterIP in between unless it is told so. Rules B-1 to B-6, D-2, K-15.

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go serviceEndpoints, externalNamePorts,
getServiceClusterEndpoint; endpointslices.go getEndpointsFromSlices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from simnet import ip
from simnet.names import ObjectKey, dns1123_subdomain_problem
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.ingress import IngressBackend
from simnet.objects.service import Service, ServicePort

BackendKey = tuple[str, str, str]
"""Namespace, Service and port as the Ingress writes it: what ingress-nginx keeps one upstream for."""


class UpstreamState(StrEnum):
    """Whether a backend can serve, and what is missing if not."""

    READY = "ready"
    NO_SERVICE = "no Service of that name in the namespace"
    NO_PORT = "the Service has no such port"
    NO_ENDPOINTS = "the Service has no endpoints"
    NOT_READY = "no endpoint of the Service is ready"
    BAD_EXTERNAL_NAME = "the external name is an address, localhost or no DNS name"
    EXTERNAL_NAMES_OFF = "this controller refuses ExternalName Services"


@dataclass(frozen=True, slots=True)
class Peer:
    """One thing to connect to: an address, or a name that is resolved each time (`address` None)."""

    host: str
    port: int
    address: int | None = None
    pod: ObjectKey | None = None

    @property
    def text(self) -> str:
        """`10.244.1.2:8080`, `[fd00::2]:8080` or `example.net:80`."""
        return ip.host_port(self.address, self.port) if self.address is not None else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """What stands behind one backend. `peers` is empty unless `state` is READY.

    `wanted` is the port as the Ingress writes it ('' for "the first"), `port` the Service port that was found,
    `unready` the endpoints passed over because they are not ready. `is_service` when kube-proxy shall balance.
    """

    service: ObjectKey
    wanted: str
    state: UpstreamState
    peers: tuple[Peer, ...] = ()
    port: ServicePort | None = None
    unready: tuple[ObjectKey | None, ...] = ()
    is_service: bool = False
    is_external: bool = False


def wanted_port(backend: IngressBackend) -> str:
    """The port of a backend as it is compared: its number or its name as text."""
    return backend.port_name or str(backend.port_number)


def backend_key(namespace: str, backend: IngressBackend | None) -> BackendKey | None:
    """The key of a backend; None for a resource and for no backend at all."""
    if backend is None or backend.resource is not None:
        return None
    return namespace, backend.service, wanted_port(backend)


def resolve_upstream(key: ObjectKey, service: Service | None, slices: Iterable[EndpointSlice], wanted: str, *,
                     by_service: bool = False, allows_external: bool = True, by_target: bool = True) -> Upstream:
    """Service, slices and the port as the Ingress writes it ('' means the first port) -> upstream. O(endpoints).

    `by_target`: as ingress-nginx does, a number or name of a target port counts too.
    """
    if service is None:
        return Upstream(key, wanted, UpstreamState.NO_SERVICE)
    if by_service:
        found = _cluster_ip(key, service, wanted)
        if found is not None:
            return found
    if service.is_external_name:
        return _external(key, service, wanted, allows_external)
    port = service_port(service, wanted, by_target)
    return Upstream(key, wanted, UpstreamState.NO_PORT) if port is None else upstream_of_port(key, port, slices, wanted)


def upstream_of_port(key: ObjectKey, port: ServicePort, slices: Iterable[EndpointSlice], wanted: str | None = None
                     ) -> Upstream:
    """What stands behind one port of a Service. `wanted` is how the rule writes it, by default its number. O(endpoints)."""
    wanted = str(port.port) if wanted is None else wanted
    peers, unready = _peers(port, sorted(slices, key=lambda each: each.name))
    if peers:
        return Upstream(key, wanted, UpstreamState.READY, peers, port, unready)
    return Upstream(key, wanted, UpstreamState.NOT_READY if unready else UpstreamState.NO_ENDPOINTS, (), port, unready)


def service_port(service: Service, wanted: str, by_target: bool = True) -> ServicePort | None:
    """The first port whose number, target port or name is `wanted` (rule B-2); '' is the first port at all."""
    if not wanted:
        return service.ports[0] if service.ports else None
    return next((port for port in service.ports if wanted in (str(port.port), port.name)
                 or (by_target and wanted == str(port.target_port))), None)


def _peers(port: ServicePort, slices: Iterable[EndpointSlice]
           ) -> tuple[tuple[Peer, ...], tuple[ObjectKey | None, ...]]:
    """Ready endpoints, one peer for each address and port; and the pods of endpoints that are not ready (rule B-3)."""
    peers: dict[tuple[int, int], Peer] = {}
    unready: list[ObjectKey | None] = []
    for each in slices:
        numbers = _numbers(port, each)
        for endpoint in each.endpoints if numbers else ():
            if not endpoint.is_ready:
                unready.append(endpoint.target)
                continue
            for number in numbers:
                for address in endpoint.addresses:
                    peers.setdefault((address, number), Peer(ip.text(address), number, address, endpoint.target))
    return tuple(peers.values()), tuple(unready)


def _numbers(port: ServicePort, each: EndpointSlice) -> list[int]:
    """Which port numbers of a slice belong to the Service port.

    A slice without ports, or with a port of another name, gives the target port if that is a number.
    """
    target = port.target_port if isinstance(port.target_port, int) else 0
    if each.address_type == "FQDN":
        return []
    if not each.ports:
        return [target] if target else []
    found = [(entry.port or 0) if not port.name or port.name == entry.name else target
             for entry in each.ports if entry.protocol == "TCP"]
    return [number for number in dict.fromkeys(number or target for number in found) if number]


def _cluster_ip(key: ObjectKey, service: Service, wanted: str) -> Upstream | None:
    """service-upstream: the Service's own address and the port as written; None if it has no address (rule K-15)."""
    if not service.cluster_ips:
        return None
    port = service_port(service, wanted)
    by_name = next((each for each in service.ports if each.name == wanted), None)
    number = int(wanted) if wanted.isdigit() else by_name.port if by_name is not None else 0
    if not wanted and port is not None:
        number = port.port
    if not number:
        return None
    address = service.cluster_ips[0]
    return Upstream(key, wanted, UpstreamState.READY, (Peer(ip.text(address), number, address),), port,
                    is_service=True)


def _external(key: ObjectKey, service: Service, wanted: str, allowed: bool) -> Upstream:
    """ExternalName: one peer with a name; its port need not be listed if it is a number (rule B-4)."""
    if not allowed:
        return Upstream(key, wanted, UpstreamState.EXTERNAL_NAMES_OFF)
    name = service.external_name
    if name == "localhost" or _is_address(name) or dns1123_subdomain_problem(name.removesuffix(".")):
        return Upstream(key, wanted, UpstreamState.BAD_EXTERNAL_NAME)
    port = next((each for each in service.ports if wanted in ("", str(each.port), each.name)), None)
    number = _external_number(port, wanted)
    if not number:
        return Upstream(key, wanted, UpstreamState.NO_PORT)
    return Upstream(key, wanted, UpstreamState.READY, (Peer(name, number),), port, is_external=True)


def _external_number(port: ServicePort | None, wanted: str) -> int:
    if port is None:
        return int(wanted) if wanted.isdigit() else 0
    return port.target_port if isinstance(port.target_port, int) and port.target_port else port.port


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True
