"""The Gateways of a cluster that are simnet's: which pods serve them, and the tables they route by.

Follows the store by events. A route that changes touches only its own hostnames; a Gateway, class, grant, namespace or
Secret that changes makes the tables it concerns anew. Rules G-1 to G-5, G-12, G-16.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from simnet.control.gateway import CONTROLLER, NAME_LABEL, PROXY
from simnet.control.gateway.attaching import namespace_labels
from simnet.control.gateway.controller import gateways_named
from simnet.control.gateway.listeners import ListenerState, assess
from simnet.control.gateway.references import Resolved, resolve
from simnet.dataplane.gateway.table import GatewayTable
from simnet.dataplane.http.keyring import Keyring
from simnet.dataplane.http.lookups import Lookups
from simnet.dataplane.http.message import ServedCertificate
from simnet.dataplane.http.upstreams import Upstream, upstream_of_port
from simnet.names import ObjectKey
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.gateway import Gateway, GatewayClass
from simnet.objects.httproute import BackendRef, HTTPRoute
from simnet.objects.pod import Pod
from simnet.store.index import Index
from simnet.store.store import Event, Store


class GatewayLookups(Lookups, Protocol):
    """What the Gateway tables ask of the view they belong to."""

    store: Store


@dataclass(frozen=True, slots=True)
class Front:
    """One pod that serves a Gateway. `ports` and `https_ports` are those of its listeners."""

    pod: ObjectKey
    gateway: ObjectKey
    ports: tuple[int, ...]
    https_ports: tuple[int, ...]

    @property
    def name(self) -> str:
        return str(self.gateway)


class Gateways:
    """Tables by Gateway, made when first asked for."""

    def __init__(self, net: GatewayLookups) -> None:
        self.net = net
        self._keyring = Keyring(net)
        self._gateways: dict[ObjectKey, None] = {}
        self._pods: dict[ObjectKey, ObjectKey] = {}
        self._routes: Index[HTTPRoute] = Index(gateways_named)
        self._tables: dict[ObjectKey, GatewayTable | None] = {}
        self._upstreams: dict[ObjectKey, dict[int, Upstream]] = {}
        self._on: dict[str, Callable[[Event], None]] = {
            "Gateway": self._gateway_changed, "HTTPRoute": self._route_changed, "Pod": self._pod_changed,
            "Service": self._service_changed, "EndpointSlice": self._slice_changed,
            **dict.fromkeys(("GatewayClass", "ReferenceGrant", "Secret", "Namespace"), self._surroundings_changed)}

    @property
    def kinds(self) -> Collection[str]:
        """The kinds `update` has to hear of."""
        return self._on.keys()

    # following the store -----------------------------------------------------------------------------------------

    def update(self, event: Event) -> None:
        """Follow one committed event. O(what the object itself lists)."""
        handler = self._on.get(event.kind)
        if handler is not None:
            handler(event)

    def _gateway_changed(self, event: Event) -> None:
        old, new = cast("Gateway | None", event.old), cast("Gateway | None", event.new)
        if new is None:
            self._gateways.pop(event.key, None)
        else:
            self._gateways[event.key] = None
        if old is None or new is None or (old.class_name, old.listeners) != (new.class_name, new.listeners):
            self._tables.pop(event.key, None)

    def _route_changed(self, event: Event) -> None:
        old, new = cast("HTTPRoute | None", event.old), cast("HTTPRoute | None", event.new)
        self._routes.update(event.key, old, new)
        if old is not None and new is not None and old.spec is new.spec and old.created == new.created:
            return
        named = {key: None for each in (old, new) if each is not None for key in gateways_named(each)}
        for table in filter(None, map(self._tables.get, named)):
            table.put(event.key, new)

    def _pod_changed(self, event: Event) -> None:
        pod = cast("Pod | None", event.new)
        name = pod.labels.get(NAME_LABEL) if pod is not None and not pod.is_terminal else None
        if pod is not None and name is not None and self._is_proxy(pod):
            self._pods[event.key] = ObjectKey(pod.namespace, name)
        else:
            self._pods.pop(event.key, None)

    def _is_proxy(self, pod: Pod) -> bool:
        profiles = (self.net.settings.images.of(each.image) for each in pod.spec.containers if each.image)
        return any(profile is not None and profile.proxy == PROXY for profile in profiles)

    def _service_changed(self, event: Event) -> None:
        self._upstreams.pop(event.key, None)

    def _slice_changed(self, event: Event) -> None:
        for each in (event.old, event.new):
            if isinstance(each, EndpointSlice) and each.service is not None:
                self._upstreams.pop(each.service, None)

    def _surroundings_changed(self, event: Event) -> None:
        """What listeners hang on besides themselves: rare, so that all tables are made anew."""
        if self._tables:
            self._tables.clear()

    def fork(self, net: GatewayLookups) -> Gateways:
        """An independent copy over another view; compiled matches and read Secrets are shared."""
        twin = Gateways(net)
        twin._keyring = self._keyring.fork(net)
        twin._gateways, twin._pods, twin._routes = self._gateways.copy(), self._pods.copy(), self._routes.fork()
        labels_of = namespace_labels(net.store)
        twin._tables = {key: table.fork(labels_of, net.work) if table is not None else None
                        for key, table in self._tables.items()}
        twin._upstreams = {key: found.copy() for key, found in self._upstreams.items()}
        return twin

    # questions ---------------------------------------------------------------------------------------------------

    def all(self) -> Iterable[ObjectKey]:
        """Every Gateway there is, simnet's or not, by namespace and name."""
        return sorted(self._gateways)

    def table(self, key: ObjectKey) -> GatewayTable | None:
        """What a Gateway routes by; None when there is none of that name or its class is another controller's."""
        if key not in self._tables:
            self._tables[key] = self._made(key)
        return self._tables[key]

    def _made(self, key: ObjectKey) -> GatewayTable | None:
        gateway = cast("Gateway | None", self.net.store.get("Gateway", key))
        if gateway is None:
            return None
        found = cast("GatewayClass | None", self.net.store.get("GatewayClass", ObjectKey("", gateway.class_name)))
        if found is None or found.controller != CONTROLLER:
            return None
        store = self.net.store
        table = GatewayTable(gateway, assess(store, gateway), namespace_labels(store), self.net.work)
        for route_key, route in self._routes.get(key).items():
            table.put(route_key, route)
        return table

    def front_of(self, pod: Pod) -> Front | None:
        """The Gateway that this pod serves, None for an ordinary one. O(listeners)."""
        gateway = self._pods.get(pod.key)
        if gateway is None:
            return None
        table = self.table(gateway)
        return Front(pod.key, gateway, table.ports, table.https_ports) if table is not None else None

    def pods_of(self, gateway: ObjectKey) -> list[ObjectKey]:
        """The pods that serve a Gateway, by name."""
        return sorted(pod for pod, served in self._pods.items() if served == gateway)

    def certificate_for(self, front: Front, port: int, sni: str | None) -> tuple[ServedCertificate | None, str]:
        """What a port shows for a server name and which listener chose it; None: the handshake is refused (rule G-12)."""
        table = self.table(front.gateway)
        assert table is not None
        name = (sni or "").lower().removesuffix(".")
        state = table.listener(port, name)
        if state is None:
            return None, "no listener has this name"
        served = self._shown(state, name)
        return served, f"listener {state.listener.name}" + ("" if served is not None else " has no usable certificate")

    def _shown(self, state: ListenerState, name: str) -> ServedCertificate | None:
        """Of several certificates the first that names the server, else the first."""
        read = [found for each in state.usable_certificates if (found := self._keyring.secret(each.key)) is not None
                and found.pair is not None]
        fitting = [each for each in read if each.pair is not None and name and each.pair.certificate.covers(name)]
        return (fitting or read)[0].served() if read else None

    def resolved(self, namespace: str, ref: BackendRef) -> Resolved:
        """What a backendRef leads to. O(grants in the namespace it points to)."""
        return resolve(self.net.store, namespace, ref)

    def upstream(self, found: Resolved) -> Upstream:
        """The endpoints behind a backendRef that can be used. O(1) until Service or slices change."""
        assert found.service is not None and found.port is not None
        key = found.service.key
        known = self._upstreams.setdefault(key, {})
        upstream = known.get(found.port.port)
        if upstream is None:
            upstream = known[found.port.port] = upstream_of_port(key, found.port, self.net.slices(key))
        return upstream

    def address_of(self, host: str) -> str | None:
        """The status address of the Gateway that names a host: '' while it has none, None if none names it."""
        name = host.lower().removesuffix(".")
        for key in self.all():
            table = self.table(key)
            if table is not None and table.names(name):
                gateway = cast(Gateway, self.net.store.get("Gateway", key))
                return gateway.addresses[0] if gateway.addresses else ""
        return None
