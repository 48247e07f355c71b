"""The Gateway controller: runs a proxy for each Gateway of simnet's classes and writes the statuses.

Events mark what they touch; marked objects are judged once when no event is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, Self, cast

from simnet import ip
from simnet.control.gateway import CONTROLLER, NAME_LABEL
from simnet.control.gateway.attaching import Attachment, attach, namespace_labels
from simnet.control.gateway.infrastructure import resource_key, service_of, unwanted, wanted
from simnet.control.gateway.listeners import ListenerState, assess
from simnet.control.gateway.references import first_flaw, references_of
from simnet.control.gateway.status import (
    WAITING,
    WAITING_GATEWAY,
    accepted_of,
    class_conditions,
    gateway_conditions,
    kept,
    listener_status,
    route_conditions,
)
from simnet.control.world import World
from simnet.errors import SimnetError
from simnet.names import ObjectKey
from simnet.objects.gateway import Gateway, GatewayClass
from simnet.objects.httproute import HTTPRoute, ParentStatus
from simnet.objects.service import Service
from simnet.store.index import Index
from simnet.store.store import Change, Event

_FAR: Final = ("ReferenceGrant", "Namespace", "GatewayClass")


class GatewayController:
    """`_dirty` holds keys by kind. Routes are filed by the Gateways and Services they name, Gateways by their Secrets."""

    kinds: tuple[str, ...] = ("GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant", "Namespace", "Secret", "Service",
                              "Deployment")

    def __init__(self) -> None:
        self._gateways: dict[ObjectKey, None] = {}
        self._routes: dict[ObjectKey, None] = {}
        self._by_gateway: Index[HTTPRoute] = Index(gateways_named)
        self._by_service: Index[HTTPRoute] = Index(services_named)
        self._by_secret: Index[Gateway] = Index(secrets_named)
        self._dirty: dict[str, dict[ObjectKey, None]] = {"GatewayClass": {}, "Gateway": {}, "HTTPRoute": {}}
        self._gone: dict[ObjectKey, str] = {}

    def fork(self) -> Self:
        twin = type(self)()
        twin._gateways, twin._routes, twin._gone = self._gateways.copy(), self._routes.copy(), self._gone.copy()
        twin._by_gateway, twin._by_service = self._by_gateway.fork(), self._by_service.fork()
        twin._by_secret = self._by_secret.fork()
        twin._dirty = {kind: keys.copy() for kind, keys in self._dirty.items()}
        return twin

    # following -----------------------------------------------------------------------------------------------------

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        match event.kind:
            case "Gateway":
                self._gateway_changed(event)
            case "HTTPRoute":
                self._route_changed(event)
            case kind if kind in _FAR:
                if kind == "GatewayClass" and event.new is not None:
                    self._dirty["GatewayClass"][event.key] = None
                if kind != "Namespace" or event.old is None or event.new is None or event.old.labels != event.new.labels:
                    self._dirty["Gateway"].update(self._gateways)
                    self._dirty["HTTPRoute"].update(self._routes)
            case _ if self._gateways or self._routes:
                self._neighbour_changed(event)
        return ()

    def _gateway_changed(self, event: Event) -> None:
        old, new = cast("Gateway | None", event.old), cast("Gateway | None", event.new)
        self._by_secret.update(event.key, old, new)
        if new is None:
            self._gateways.pop(event.key, None)
            self._gone[resource_key(cast(Gateway, old))] = event.key.name
        else:
            self._gateways[event.key] = None
        if old is not None and new is not None and old.class_name != new.class_name:
            self._gone[resource_key(old)] = old.name
        if old is None or new is None or _wishes(old) != _wishes(new):
            self._dirty["Gateway"][event.key] = None
            self._dirty["HTTPRoute"].update(dict.fromkeys(self._by_gateway.get(event.key)))

    def _route_changed(self, event: Event) -> None:
        old, new = cast("HTTPRoute | None", event.old), cast("HTTPRoute | None", event.new)
        self._by_gateway.update(event.key, old, new)
        self._by_service.update(event.key, old, new)
        if new is None:
            self._routes.pop(event.key, None)
        else:
            self._routes[event.key] = None
        if old is None or new is None or old.spec != new.spec:
            self._dirty["HTTPRoute"][event.key] = None
            for each in (old, new):
                self._dirty["Gateway"].update(dict.fromkeys(gateways_named(each) if each is not None else ()))

    def _neighbour_changed(self, event: Event) -> None:
        """A Secret that a listener names, a Service that a route names or that is a Gateway's own."""
        if event.kind == "Secret":
            self._dirty["Gateway"].update(dict.fromkeys(self._by_secret.get(event.key)))
            return
        if event.kind == "Service":
            self._dirty["HTTPRoute"].update(dict.fromkeys(self._by_service.get(event.key)))
        for each in (event.old, event.new):
            name = each.labels.get(NAME_LABEL) if each is not None else None
            if name is not None:
                self._dirty["Gateway"][ObjectKey(event.key.namespace, name)] = None

    # judging -------------------------------------------------------------------------------------------------------

    def flush(self, world: World) -> Iterator[Change]:
        if not any(self._dirty.values()) and not self._gone:
            return
        dirty, self._dirty = self._dirty, {kind: {} for kind in self._dirty}
        gone, self._gone = self._gone, {}
        for key, name in gone.items():
            yield from unwanted(key, name, world)
        for key in dirty["GatewayClass"]:
            yield from _class(world, key)
        judge = _Judge(world, self._by_gateway)
        for key in dirty["Gateway"]:
            yield from judge.gateway(key)
        for key in dirty["HTTPRoute"]:
            yield from judge.route(key)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()


def _class(world: World, key: ObjectKey) -> Iterator[Change]:
    """Somebody else's class keeps what stands there; one that nobody has looked at waits (rule G-1)."""
    found = cast("GatewayClass | None", world.store.get("GatewayClass", key))
    if found is None:
        return
    mine = found.controller == CONTROLLER
    conditions = kept(found.conditions, class_conditions(found), world.now) if mine else found.conditions or WAITING
    if conditions != found.conditions:
        yield Change("GatewayClass", key, replace(found, conditions=conditions))


class _Judge:
    """One round of judging: every Gateway's listeners are assessed once."""

    def __init__(self, world: World, routes: Index[HTTPRoute]) -> None:
        self.world, self.routes = world, routes
        self._states: dict[ObjectKey, tuple[ListenerState, ...]] = {}
        self._labels_of = namespace_labels(world.store)

    def gateway(self, key: ObjectKey) -> Iterator[Change]:
        """Infrastructure and status of one Gateway."""
        found = self._found(key)
        if found is None:
            return
        if not is_mine(found, self.world):
            if not found.conditions:
                yield Change("Gateway", key, replace(found, conditions=WAITING_GATEWAY))
            return
        states, problem = self._assessed(found), ""
        conditions = gateway_conditions(found, states, "", "")
        ports = sorted({each.listener.port for each in states if each.is_accepted}) if accepted_of(conditions) else []
        if ports:
            try:
                yield from wanted(found, ports, self.world)
            except SimnetError as error:
                problem = str(error)
        else:
            yield from unwanted(resource_key(found), found.name, self.world)
        yield from self._status(found, states, problem, bool(ports))

    def _status(self, found: Gateway, states: Sequence[ListenerState], problem: str, runs: bool) -> Iterator[Change]:
        service = service_of(found, self.world) if runs else None
        addresses = _addresses(service) if service is not None else ()
        pending = problem or (service.pending_reason if service is not None else "")
        unusable = pending if any(value for _, value in found.wanted) and not addresses else ""
        now, counts = self.world.now, self._counts(found, states)
        judged = replace(found, addresses=addresses)
        judged = replace(
            judged, conditions=kept(found.conditions, gateway_conditions(judged, states, pending, unusable), now),
            statuses=tuple(listener_status(each, counts.get(each.listener.name, 0), found.statuses, now) for each in states))
        if judged != found:
            yield Change("Gateway", found.key, judged)

    def _counts(self, gateway: Gateway, states: Sequence[ListenerState]) -> dict[str, int]:
        """How many routes each listener took, by its name."""
        counts: dict[str, int] = {}
        for route in self.routes.get(gateway.key).values():
            taken = {listener.name: None for attachment in self._attachments(route, gateway, states)
                     for listener in attachment.listeners}
            for name in taken:
                counts[name] = counts.get(name, 0) + 1
        return counts

    def _attachments(self, route: HTTPRoute, gateway: Gateway, states: Sequence[ListenerState]) -> list[Attachment]:
        return [attach(route, parent, gateway.namespace, states, self._labels_of) for parent in route.spec.parents
                if parent.is_gateway and (parent.namespace, parent.name) == gateway.key]

    def route(self, key: ObjectKey) -> Iterator[Change]:
        """The status of one route: an entry for each parentRef to a Gateway of ours; those of others stay."""
        found = cast("HTTPRoute | None", self.world.store.get("HTTPRoute", key))
        if found is None:
            return
        statuses = [each for each in found.statuses if each.controller != CONTROLLER]
        flaw = first_flaw(self.world.store, key.namespace, found.spec)
        for parent in found.spec.parents:
            gateway = self._found(ObjectKey(parent.namespace, parent.name)) if parent.is_gateway else None
            if gateway is None or not is_mine(gateway, self.world):
                continue
            attachment = attach(found, parent, gateway.namespace, self._assessed(gateway), self._labels_of)
            old = next((each.conditions for each in found.statuses
                        if each.parent == parent and each.controller == CONTROLLER), ())
            conditions = kept(old, route_conditions(attachment, flaw), self.world.now)
            statuses.append(ParentStatus(parent, CONTROLLER, conditions))
        if tuple(statuses) != found.statuses:
            yield Change("HTTPRoute", key, replace(found, statuses=tuple(statuses)))

    def _found(self, key: ObjectKey) -> Gateway | None:
        return cast("Gateway | None", self.world.store.get("Gateway", key))

    def _assessed(self, gateway: Gateway) -> tuple[ListenerState, ...]:
        known = self._states.get(gateway.key)
        if known is None:
            known = self._states[gateway.key] = assess(self.world.store, gateway)
        return known


def is_mine(gateway: Gateway, world: World) -> bool:
    """Whether the Gateway's class is one of simnet's (rule G-2)."""
    found = cast("GatewayClass | None", world.store.get("GatewayClass", ObjectKey("", gateway.class_name)))
    return found is not None and found.controller == CONTROLLER


def _wishes(gateway: Gateway) -> tuple[object, ...]:
    """What the user says, without the status."""
    return gateway.class_name, gateway.listeners, gateway.wanted, gateway.labels, gateway.raw.get("spec")


def _addresses(service: Service) -> tuple[str, ...]:
    return tuple(ip.text(entry.address) if entry.address is not None else entry.hostname
                 for entry in service.load_balancer_ingress)


# what objects name ----------------------------------------------------------------------------------------------

def gateways_named(route: HTTPRoute) -> Iterable[ObjectKey]:
    """The Gateways a route names as parents, each once."""
    return dict.fromkeys(ObjectKey(each.namespace, each.name) for each in route.spec.parents if each.is_gateway)


def services_named(route: HTTPRoute) -> Iterable[ObjectKey]:
    """The Services a route names, those that only get copies included."""
    return dict.fromkeys(ObjectKey(ref.target.namespace, ref.target.name) for rule in route.spec.rules
                         for ref in references_of(rule) if ref.target.kind == "Service")


def secrets_named(gateway: Gateway) -> Iterable[ObjectKey]:
    """The Secrets the listeners name."""
    return dict.fromkeys(ObjectKey(ref.namespace, ref.name) for each in gateway.listeners for ref in each.certificates)
