"""The address of an Ingress: written by the controller whose it is, at once.

Source: kubernetes/ingress-nginx internal/ingress/status/status.go (which addresses), internal/ingress/controller/store
(events). Rule S-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self, cast

from simnet import ip
from simnet.control.ingress_class import CONTROLLERS, ControllerFlags, controller_flags, match_class
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.node import Node
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.service import Service
from simnet.store.store import Change, Event

COMPONENT: Final = "nginx-ingress-controller"


class _Replica(NamedTuple):
    """One controller pod: its flags, and where it runs if it is ready."""

    flags: ControllerFlags
    node: str
    ready: bool


class IngressStatusController:
    """The status part of every Ingress controller in the cluster, one for each pod whose image is an HTTP proxy.

    `_mine` says which controller (by its flags) wrote which Ingress, so that it can be cleared when that one stops.
    """

    kinds: tuple[str, ...] = ("Ingress", "IngressClass", "Pod", "Service", "Node")

    def __init__(self) -> None:
        self._replicas: dict[ObjectKey, _Replica] = {}
        self._proxies: dict[int, tuple[PodSpec, bool]] = {}
        self._mine: dict[ObjectKey, ControllerFlags] = {}
        self._dirty: dict[ObjectKey, bool] = {}
        self._all_dirty = False

    def fork(self) -> Self:
        twin = type(self)()
        twin._replicas, twin._mine = self._replicas.copy(), self._mine.copy()
        twin._dirty, twin._all_dirty = self._dirty.copy(), self._all_dirty
        return twin

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        if event.kind == "Pod":
            self._pod_changed(event, world)
        elif event.kind == "Ingress":
            self._ingress_changed(event)
        elif event.kind != "Service":
            self._all_dirty = self._all_dirty or bool(self._replicas)
        elif any(each.flags.publish_service == event.key for each in self._replicas.values()):
            self._all_dirty = True
        return ()

    def flush(self, world: World) -> Iterator[Change]:
        keys: dict[ObjectKey, bool] = self._dirty
        self._dirty = {}
        if self._all_dirty:
            self._all_dirty = False
            keys = {**{each.key: False for each in world.store.list("Ingress")}, **keys}
        addresses = {flags: published(flags, self._nodes(flags), world) for flags in self._controllers()} if keys else {}
        for key, is_news in keys.items():
            ingress = cast("Ingress | None", world.store.get("Ingress", key))
            if ingress is not None:
                yield from self._reconcile(ingress, is_news, addresses, world)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def _pod_changed(self, event: Event, world: World) -> None:
        new = cast("Pod | None", event.new)
        if not self._is_proxy((event.new or event.old).spec, world):  # type: ignore[union-attr]
            return
        flags = controller_flags(new, world.images) if new is not None and not new.is_terminal else None
        replica = _Replica(flags, new.node_name, new.ready) if flags is not None and new is not None else None
        if replica != self._replicas.get(event.key):
            self._all_dirty = True
            if replica is None:
                self._replicas.pop(event.key, None)
            else:
                self._replicas[event.key] = replica

    def _is_proxy(self, spec: PodSpec, world: World) -> bool:
        """Whether an image of this spec is an HTTP proxy; worked out once for the pods of one template."""
        known = self._proxies.get(id(spec))
        if known is None or known[0] is not spec:
            profiles = (world.images.of(container.image) for container in spec.port_owners)
            known = (spec, any(profile is not None and profile.proxy in CONTROLLERS for profile in profiles))
            if len(self._proxies) > 1000:
                self._proxies.clear()
            self._proxies[id(spec)] = known
        return known[1]

    def _ingress_changed(self, event: Event) -> None:
        old, new = cast("Ingress | None", event.old), cast("Ingress | None", event.new)
        if new is None:
            self._mine.pop(event.key, None)
            self._dirty.pop(event.key, None)
        elif old is None or replace(new, addresses=old.addresses) != old:
            self._dirty[event.key] = True
        elif old.addresses != new.addresses:
            self._dirty.setdefault(event.key, False)

    def _controllers(self) -> dict[ControllerFlags, None]:
        return dict.fromkeys(each.flags for each in self._replicas.values())

    def _nodes(self, flags: ControllerFlags) -> list[str]:
        """Nodes with a ready pod of the controller."""
        return sorted({each.node for each in self._replicas.values() if each.flags == flags and each.ready})

    def _reconcile(self, ingress: Ingress, is_news: bool, addresses: dict[ControllerFlags, tuple[str, ...]],
                   world: World) -> Iterator[Change]:
        """The first controller whose Ingress it is writes its addresses; one that was somebody's and is nobody's any
        more is cleared only by a controller that stopped, as in reality: others leave the last status alone."""
        for flags in addresses:
            if match_class(ingress, lambda name: _class_named(name, world), flags):
                if is_news or ingress.key not in self._mine:
                    world.record(ingress, "Normal", "Sync", "Scheduled for sync", COMPONENT)
                self._mine[ingress.key] = flags
                if flags.update_status and ingress.addresses != addresses[flags]:
                    yield Change("Ingress", ingress.key, replace(ingress, addresses=addresses[flags]))
                return
        writer = self._mine.pop(ingress.key, None)
        if writer is not None and writer.update_status and writer not in addresses and ingress.addresses:
            yield Change("Ingress", ingress.key, replace(ingress, addresses=()))


def published(flags: ControllerFlags, nodes: Iterable[str], world: World) -> tuple[str, ...]:
    """The addresses a controller writes: those it is told, those of its Service, else its nodes' (rule S-1)."""
    if flags.publish_status_address:
        return tuple(sorted(flags.publish_status_address))
    if flags.publish_service is not None:
        service = cast("Service | None", world.store.get("Service", flags.publish_service))
        return tuple(sorted(_service_addresses(service))) if service is not None else ()
    found: set[str] = set()
    for name in nodes:
        node = cast("Node | None", world.store.get("Node", ObjectKey("", name)))
        if node is not None:
            numbers = node.external_addresses if not flags.report_node_internal_ip_address else ()
            found.update(ip.text(number) for number in (numbers or node.addresses)[:1])
    return tuple(sorted(found))


def _service_addresses(service: Service) -> Iterator[str]:
    match service.type:
        case "LoadBalancer":
            for entry in service.load_balancer_ingress:
                yield ip.text(entry.address) if entry.address is not None else entry.hostname
            yield from map(ip.text, service.external_ips)
        case "NodePort":
            yield from map(ip.text, service.external_ips or service.cluster_ips[:1])
        case "ExternalName":
            yield service.external_name
        case _:
            yield from map(ip.text, service.cluster_ips[:1])


def _class_named(name: str, world: World) -> IngressClass | None:
    return cast("IngressClass | None", world.store.get("IngressClass", ObjectKey("", name)))
