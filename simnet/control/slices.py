"""Keeps every Service's EndpointSlices: sets of pods and slices only; what makes a pod an endpoint is `endpoint_for`.

Events mark (Service, pod) pairs; the slices of a marked Service are written once when no event is left. Adding a pod
to a large Service rewrites one slice of at most 100 endpoints.

Source: kubernetes/kubernetes pkg/controller/endpointslice/endpointslice_controller.go; kubernetes/endpointslice
reconciler.go. Rules ES-1 to ES-15.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Self, cast

from simnet.control.endpoints import (
    EndpointRule,
    has_named_target,
    has_slices,
    has_topology_mode,
    ports_for,
    with_zone_hints,
)
from simnet.control.podgroups import PodGroups
from simnet.control.slicebook import CONTROLLER, SliceBook, SliceHead, slice_labels
from simnet.control.slicefill import Wanted
from simnet.control.world import World
from simnet.control.zonehints import cpu_shares
from simnet.names import ObjectKey
from simnet.objects.endpointslice import MANAGED_BY_LABEL, EndpointSlice
from simnet.objects.node import Node
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.service import Service
from simnet.store.store import Change, Creations, Event
from simnet.store.work import Work

_NO_SPEC = PodSpec()


class _Tracked:
    """One Service (None while only slices of it are known) and its slices by address type.

    After a fork both trackers share it, and neither writes to it: `SliceTracker._writable` makes a copy first.
    """

    __slots__ = ("books", "service")

    def __init__(self) -> None:
        self.service: Service | None = None
        self.books: dict[str, SliceBook] = {}

    def copy(self) -> _Tracked:
        twin = _Tracked()
        twin.service = self.service
        twin.books = {address_type: book.copy() for address_type, book in self.books.items()}
        return twin

    def book(self, address_type: str) -> SliceBook:
        found = self.books.get(address_type)
        if found is None:
            found = self.books[address_type] = SliceBook()
        return found


class SliceTracker:
    """The EndpointSlice controller. `_dirty` holds, for each marked Service, the pods to look at; None means all."""

    kinds: tuple[str, ...] = ("Service", "Pod", "Node", "EndpointSlice")

    def __init__(self) -> None:
        self._groups = PodGroups(Work())
        self._tracked: dict[ObjectKey, _Tracked] = {}
        self._own: set[ObjectKey] = set()  # the Services whose _Tracked no other tracker shares
        self._dirty: dict[ObjectKey, dict[ObjectKey, None] | None] = {}
        self._auto: dict[ObjectKey, None] = {}  # Services whose hints depend on all their endpoints and all nodes

    def fork(self) -> Self:
        """An independent tracker. Cost: one dict entry a Service and a pod; slices are copied when one side writes."""
        twin = type(self)()
        twin._groups = self._groups.fork(Work())
        twin._tracked = self._tracked.copy()
        self._own = set()
        twin._auto = self._auto.copy()
        twin._dirty = {service: None if pods is None else pods.copy() for service, pods in self._dirty.items()}
        return twin

    # following -----------------------------------------------------------------------------------------------------

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        if event.kind == "Pod":
            self._groups.selectors.work = world.work
            self._pod_changed(event.old, event.new)  # type: ignore[arg-type]
            return ()
        match event.kind:
            case "EndpointSlice":
                self._slice_changed(cast("EndpointSlice | None", event.old), cast("EndpointSlice | None", event.new))
            case "Service":
                return self._service_changed(event.key, cast("Service | None", event.new))
            case _:
                self._node_changed(event, world)
        return ()

    def handle_created(self, creations: Creations, world: World) -> None:
        self._groups.selectors.work = world.work
        self._groups.put_all(creations.namespace, creations.first.labels, creations.pods)

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        if old is not None:
            if new is not None and old.labels is new.labels and not _matters(old, new):
                self._groups.replace(new)
                return
            if new is None or old.labels is not new.labels:
                group = self._groups.remove(old)
                if group is not None:
                    self._mark(group.services, (old.key,))
        if new is not None:
            self._groups.put(new)

    def _writable(self, service: ObjectKey) -> _Tracked:
        """What is known of a Service, from now on ours alone."""
        if service in self._own:
            return self._tracked[service]
        shared = self._tracked.get(service)
        tracked = self._tracked[service] = _Tracked() if shared is None else shared.copy()
        self._own.add(service)
        return tracked

    def _is_empty(self, service: ObjectKey) -> bool:
        """Whether no slice of the Service holds a pod."""
        tracked = self._tracked.get(service)
        return tracked is None or all(book.is_empty for book in tracked.books.values())

    def _mark(self, services: Iterable[ObjectKey], pods: Iterable[ObjectKey]) -> None:
        for service in services:
            marked = self._dirty.setdefault(service, {})
            if marked is not None:
                marked.update(dict.fromkeys(pods))

    def _service_changed(self, key: ObjectKey, new: Service | None) -> Iterable[Change]:
        tracked = self._writable(key) if key in self._tracked else None
        self._auto.pop(key, None)
        if new is None or not has_slices(new):
            self._groups.set_selector(key, None)
            self._dirty.pop(key, None)
            if tracked is None:
                return ()
            if new is None:
                del self._tracked[key]
                self._own.discard(key)
                return [change for book in tracked.books.values() for change in book.give_up()]
            tracked.service = None  # a Service that loses its selector keeps the slices it had
            return ()
        if tracked is None:
            tracked = self._writable(key)
        if tracked.service is None or tracked.service.selector != new.selector:
            self._groups.set_selector(key, new.selector)
        tracked.service = new
        self._dirty[key] = None
        if has_topology_mode(new):
            self._auto[key] = None
        return ()

    def _slice_changed(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        """Our own writes are known already; whatever else is done to a slice of ours is put right."""
        if new is not None and (service := _managed_for(new)) is not None:
            tracked = self._tracked.get(service)
            book = tracked.books.get(new.address_type) if tracked is not None else None
            if book is None or book.slices.get(new.name) is not new:
                self._writable(service).book(new.address_type).take_over(new)
                self._dirty[service] = None
        elif new is None and old is not None and (service := _managed_for(old)) is not None:
            tracked = self._tracked.get(service)
            book = tracked.books.get(old.address_type) if tracked is not None else None
            if book is not None and old.name in book.slices:
                del self._writable(service).book(old.address_type).slices[old.name]
                self._dirty[service] = None

    def _node_changed(self, event: Event, world: World) -> None:
        """A node that came, went or changed its zone changes the endpoints on it (ES-9, ES-10)."""
        old, new = cast("Node | None", event.old), cast("Node | None", event.new)
        self._dirty.update(dict.fromkeys(self._auto))
        if old is not None and new is not None and old.zone == new.zone:
            return
        for key, pod in world.pods_by_node.get(event.key.name).items():
            group = self._groups.of(pod.namespace, pod.labels)
            if group is not None:
                self._mark(group.services, (key,))

    # writing -------------------------------------------------------------------------------------------------------

    def flush(self, world: World) -> Iterator[Change]:
        for group in self._groups.news():
            for service in group.services:
                if self._is_empty(service):
                    self._dirty[service] = None  # its first pods: no need to name them
                else:
                    self._mark((service,), group.news)
            group.news = {}
        dirty, self._dirty = self._dirty, {}
        for key, pods in dirty.items():
            tracked = self._writable(key) if key in self._tracked else None
            if tracked is not None and tracked.service is not None:
                yield from self._reconcile(tracked, tracked.service, pods, world)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def _reconcile(self, tracked: _Tracked, service: Service, pods: Collection[ObjectKey] | None, world: World
                   ) -> Iterator[Change]:
        if pods is None or service.key in self._auto or all(book.is_empty for book in tracked.books.values()):
            pods = None
            wanted = self._wanted(service, self._groups.selected(service.key), world)
        else:
            wanted = self._wanted(service, self._members(service, pods, world), world)
        if service.key in self._auto:
            self._hint(service, tracked, wanted, world)
        labels, owner = slice_labels(service), service.as_owner
        for address_type, each in wanted.items():
            head = SliceHead(service.key, address_type, labels, owner)
            yield from tracked.book(address_type).write(head, pods, each, world)
        for address_type in tracked.books.keys() - wanted.keys():
            yield from tracked.books.pop(address_type).give_up()

    def _members(self, service: Service, keys: Iterable[ObjectKey], world: World) -> Iterator[Pod]:
        """Those of the pods that exist and that the selector (still) matches."""
        get, selector = world.store.get, service.selector
        for key in keys:
            pod = get("Pod", key)
            if isinstance(pod, Pod) and selector.matches(pod.labels):
                yield pod

    def _wanted(self, service: Service, members: Iterable[Pod], world: World) -> dict[str, Wanted]:
        """What the slices of each family shall hold for these pods."""
        wanted: dict[str, Wanted] = {}
        fixed = None if has_named_target(service) else ports_for(service, _NO_SPEC)
        nodes = cast("Mapping[str, Node]", world.store.names("Node", ""))
        pods = list(members) if len(service.ip_families) > 1 else members
        for family in service.ip_families:
            side = wanted[f"IPv{family}"] = {}
            endpoint_of = EndpointRule(service, family).endpoint
            for pod in pods:
                endpoint = endpoint_of(pod, nodes.get(pod.node_name))
                if endpoint is not None:
                    side[pod.key] = (ports_for(service, pod.spec) if fixed is None else fixed, endpoint)
        return wanted


    def _hint(self, service: Service, tracked: _Tracked, wanted: Mapping[str, Wanted], world: World) -> None:
        """Put the hints of topology-mode Auto in, and tell when they come or why they do not."""
        shares = cpu_shares(cast("Mapping[str, Node]", world.store.names("Node", "")).values())
        for address_type, side in wanted.items():
            hinted, why_not = with_zone_hints({key: endpoint for key, (_, endpoint) in side.items()}, shares)
            side.update({key: (side[key][0], endpoint) for key, endpoint in hinted.items()})
            had = any(endpoint.hint_zones for each in tracked.book(address_type).slices.values()
                      for endpoint in each.endpoints)
            if why_not:
                world.record(service, "Warning", "TopologyAwareHintsDisabled", f"{why_not}, addressType: {address_type}",
                             "endpoint-slice-controller")
            elif not had:
                world.record(service, "Normal", "TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled, "
                             f"addressType: {address_type}", "endpoint-slice-controller")


def _matters(old: Pod, new: Pod) -> bool:
    """Whether a change of a pod, labels aside, can change an endpoint.

    Source: pkg/controller/util/endpoint/controller_utils.go podEndpointsChanged.
    """
    return (old.pod_ips != new.pod_ips or old.ready is not new.ready or old.node_name != new.node_name
            or old.deleted != new.deleted or old.phase != new.phase or old.spec is not new.spec)


def _managed_for(each: EndpointSlice) -> ObjectKey | None:
    """The Service of a slice that this controller looks after, None for everybody else's."""
    return each.service if each.labels.get(MANAGED_BY_LABEL) == CONTROLLER else None
