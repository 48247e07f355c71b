"""discovery.k8s.io/v1 EndpointSlice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from simnet import ip
from simnet.names import ObjectKey
from simnet.objects.meta import Object

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
HEADLESS_LABEL = "service.kubernetes.io/headless"


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """`port` is the resolved number traffic is sent to; None means all ports (the proxy ignores such an entry)."""

    name: str = ""
    protocol: str = "TCP"
    port: int | None = None
    app_protocol: str = ""


class Endpoint(NamedTuple):
    """One pod address behind a Service. Conditions may be None = not given (rule PX-7 says what that means).

    A tuple, because there is one for every pod and Service: it is made and compared in a tenth of a dataclass's time.
    """

    addresses: tuple[int, ...]
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None
    node_name: str = ""
    zone: str = ""
    hostname: str = ""
    target: ObjectKey | None = None
    hint_zones: tuple[str, ...] = ()
    hint_nodes: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """A missing ready condition counts as ready (rule PX-7)."""
        return self.ready is not False

    @property
    def is_fallback(self) -> bool:
        """Not ready, still serving, terminating: used when nobody is ready (rules CAT-1, PX-7)."""
        return self.ready is False and self.serving is not False and self.terminating is True


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSlice(Object):
    kind: ClassVar[str] = "EndpointSlice"
    api_version: ClassVar[str] = "discovery.k8s.io/v1"

    address_type: str = "IPv4"
    ports: tuple[EndpointPort, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    service: ObjectKey | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Derive what everybody who follows slices asks for: the Service it belongs to, by its label (rule PX-2)."""
        name = self.labels.get(SERVICE_NAME_LABEL)
        object.__setattr__(self, "service", ObjectKey(self.key.namespace, name) if name else None)

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["addressType"] = self.address_type
        whole["ports"] = [_port(port) for port in self.ports]
        whole["endpoints"] = [_endpoint(endpoint) for endpoint in self.endpoints]


def _port(port: EndpointPort) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": port.name, "port": port.port, "protocol": port.protocol}
    if port.app_protocol:
        entry["appProtocol"] = port.app_protocol
    return entry


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    conditions = {name: value for name, value in (("ready", endpoint.ready), ("serving", endpoint.serving),
                                                  ("terminating", endpoint.terminating)) if value is not None}
    entry: dict[str, Any] = {"addresses": [ip.text(number) for number in endpoint.addresses], "conditions": conditions}
    for name, value in (("nodeName", endpoint.node_name), ("zone", endpoint.zone), ("hostname", endpoint.hostname)):
        if value:
            entry[name] = value
    if endpoint.target:
        entry["targetRef"] = {"kind": "Pod", "name": endpoint.target.name, "namespace": endpoint.target.namespace}
    hints = {"forZones": [{"name": zone} for zone in endpoint.hint_zones],
             "forNodes": [{"name": node} for node in endpoint.hint_nodes]}
    if endpoint.hint_zones or endpoint.hint_nodes:
        entry["hints"] = {name: value for name, value in hints.items() if value}
    return entry
