"""Why a question got the answer it got: one small class for each reason, facts only.

A reason is made where the answer is made and never written afterwards. The text for it is made in `explain/`.
The rules named D1 to D100 restate kubernetes/dns docs/specification.md, coredns/coredns plugin/kubernetes and the C
libraries; each module of this package names the ones it implements.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet.names import ObjectKey

# the name was found -----------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """The cluster IPs of a Service; whether anybody is ready behind them does not matter (D11, D12)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class ReadyEndpoints:
    """Addresses of ready endpoints of a Service, all of them or those called `label` (D18, D20).

    `ready` counts the endpoints of the whole Service; `unready` names the others, a pod or else an address.
    """

    service: ObjectKey
    label: str
    ready: int
    unready: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """An ExternalName Service: a CNAME to `target`, nothing more (D33)."""

    service: ObjectKey
    target: str


@dataclass(frozen=True, slots=True)
class InZone:
    """Ready endpoints of a headless Service in one topology zone, perhaps none; `zones` are those that have some (D98)."""

    service: ObjectKey
    zone: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExternalAddress:
    """The external zone: addresses of a Service that are reachable from outside the cluster (D99)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class SearchedByServer:
    """autopath: the server went through the client's search list itself and answers for `found` (D97)."""

    found: str
    because: Reason


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer kept from `age_seconds` ago by a `keeper`: the server, the node or the client (D95, D96)."""

    keeper: str
    age_seconds: int
    because: Reason


@dataclass(frozen=True, slots=True)
class WholeZone:
    """A zone transfer (D50)."""

    zone: str
    records: int


@dataclass(frozen=True, slots=True)
class PodAddress:
    """A pod name: the address is in the name. `pod` is None in mode insecure, where nobody checks (D41, D42)."""

    namespace: str
    address: int
    pod: ObjectKey | None


@dataclass(frozen=True, slots=True)
class ZoneFurniture:
    """A name the zone has by itself: its apex, ns.dns, dns-version (D45 to D48)."""

    name: str


@dataclass(frozen=True, slots=True)
class AddressOwners:
    """A reverse name: the Services that own the address, or whose ready endpoint it is (D51 to D53)."""

    address: int
    services: tuple[ObjectKey, ...]


@dataclass(frozen=True, slots=True)
class UpstreamRecord:
    """The name is outside the cluster's zones; an upstream server, or the host itself, was declared to have it."""

    name: str


@dataclass(frozen=True, slots=True)
class IngressHost:
    """An outside client asked for the host of an Ingress: taken to be published at its status address (assumed)."""

    host: str
    address: str


# the name exists, but not with this type: NODATA --------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class OnlyNamesBelow:
    """The name itself holds nothing, names below it do: the zone, svc, pod, a namespace (D6, D59)."""

    name: str


@dataclass(frozen=True, slots=True)
class OtherFamily:
    """There are addresses, of the other family only. `asked` and `has` are 4 or 6; `name` is relative to the zone."""

    name: str
    asked: int
    has: int


@dataclass(frozen=True, slots=True)
class NoSuchType:
    """The name exists and has no record of the type asked for; `has` are the types it has."""

    name: str
    type: str
    has: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetMissing:
    """ExternalName to a name of the cluster's own zone that gives nothing; `because` says why (D36)."""

    service: ObjectKey
    target: str
    because: Reason


@dataclass(frozen=True, slots=True)
class AliasLoop:
    """ExternalName to itself, to a name below itself, round in circles, or through too many aliases (D37)."""

    service: ObjectKey
    target: str


# the name does not exist: NXDOMAIN ----------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class NoSuchNamespace:
    """No Namespace of this name; `is_hidden`: it exists and is not on the server's allow-list (D4)."""

    namespace: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class NoSuchService:
    """No Service of this name in the namespace; `elsewhere` are namespaces that have one (five at most)."""

    service: ObjectKey
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NobodyReady:
    """A headless Service, or an endpoint name of any, without a ready endpoint; `unready` ones wait, if any (D24)."""

    service: ObjectKey
    unready: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmptyService:
    """A cluster IP without a ready endpoint, hidden by the option `ignore empty_service` (D12)."""

    service: ObjectKey
    unready: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndpointNotReady:
    """An endpoint of this label exists and is not ready, hence has no name (D27)."""

    service: ObjectKey
    label: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class NoSuchEndpoint:
    """No endpoint of the Service carries this label; `labels` are some that exist.

    `known_as`: the endpoint with this address goes by its hostname instead (D28). `pod`: a pod of that name exists in
    the namespace; then `hostname` and `subdomain` are its own, and `is_selected` tells whether the Service's selector
    matches it. A name of its own needs hostname and a subdomain equal to the Service's name (D26, D27, D31).
    """

    service: ObjectKey
    label: str
    labels: tuple[str, ...]
    known_as: str = ""
    pod: ObjectKey | None = None
    hostname: str = ""
    subdomain: str = ""
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class NoSuchPort:
    """The Service has no port of this name and protocol; `ports` are those it has, unnamed ones as ''."""

    service: ObjectKey
    port: str
    protocol: str
    ports: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AliasOnly:
    """An ExternalName Service has no ports and no endpoints, so no names below its own (D39)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class NoZones:
    """Names of topology zones exist below headless Services only (D98)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class NoExternalAddress:
    """The external zone: nothing outside the cluster leads to this Service (D99)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class TargetIsAddress:
    """externalName holds an address; a CNAME needs a name (D38)."""

    service: ObjectKey
    target: str


@dataclass(frozen=True, slots=True)
class EndpointsNotWatched:
    """The server runs with the option noendpoints (D3)."""

    service: ObjectKey


@dataclass(frozen=True, slots=True)
class PodNamesDisabled:
    """The server does not serve pod names (D43)."""

    namespace: str


@dataclass(frozen=True, slots=True)
class NotAnAddress:
    """A pod name, or a reverse name, that does not spell an address (D41, D55)."""

    text: str


@dataclass(frozen=True, slots=True)
class NoSuchPod:
    """Mode verified: no pod of the namespace has this as its first address. `elsewhere`: one in another namespace."""

    namespace: str
    address: int
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoSuchForm:
    """The name has none of the forms the zone knows; `name` is relative to the zone (D6, D7)."""

    name: str


@dataclass(frozen=True, slots=True)
class NoOwner:
    """A reverse name: neither a Service nor a ready endpoint has the address; `pods` have it, in no Service (D54)."""

    address: int
    pods: tuple[ObjectKey, ...]


@dataclass(frozen=True, slots=True)
class NoSuchOutsideName:
    """Outside the cluster's zones, and nobody declared the name (D61)."""

    name: str


# no answer worth the name -------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class NoUpstream:
    """Outside the cluster's zones, and the server has no upstream: REFUSED (D62)."""

    name: str


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    """The upstream was declared to answer so for this name."""

    name: str


@dataclass(frozen=True, slots=True)
class NotSynced:
    """The server has not loaded the cluster yet; it would have said NXDOMAIN `because` of this (D5)."""

    because: Reason


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """Zone transfers are off (D50)."""

    zone: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not a domain name: `problem` is 'empty label', 'label too long' or 'name too long' (D10)."""

    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """The query did not reach a server: `at_once` when the port is closed or rejected, else nothing came back."""

    nameserver: str
    at_once: bool


Reason = (
    ServiceAddress | ReadyEndpoints | InZone | ExternalAddress | SearchedByServer | Remembered | WholeZone
    | Alias | PodAddress | ZoneFurniture | AddressOwners | UpstreamRecord | IngressHost
    | OnlyNamesBelow | OtherFamily | NoSuchType | TargetMissing | AliasLoop
    | NoSuchNamespace | NoSuchService | NobodyReady | EmptyService | EndpointNotReady | NoSuchEndpoint | NoSuchPort
    | AliasOnly | NoZones | NoExternalAddress | TargetIsAddress
    | EndpointsNotWatched | PodNamesDisabled | NotAnAddress | NoSuchPod | NoSuchForm
    | NoOwner | NoSuchOutsideName
    | NoUpstream | UpstreamFailure | NotSynced | TransferRefused | Malformed | NobodyThere
)
