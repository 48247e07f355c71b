"""Endpoints objects written by hand for Services without selector, mirrored into EndpointSlices.

Source: kubernetes/kubernetes pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller.go,utils.go,
reconciler.go}. Rule ES-16.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, Self, cast

from simnet import ip
from simnet.control.slicebook import slice_name
from simnet.control.slicefill import MAX_ENDPOINTS, Ports
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.endpoints import EndpointAddress, Endpoints, EndpointSubset
from simnet.objects.endpointslice import MANAGED_BY_LABEL, SERVICE_NAME_LABEL, Endpoint, EndpointSlice
from simnet.objects.meta import read_only
from simnet.objects.service import Service
from simnet.store.store import Change, Event

CONTROLLER: Final = "endpointslicemirroring-controller.k8s.io"
_SKIP_LABEL: Final = "endpointslice.kubernetes.io/skip-mirror"
_LEADER_ANNOTATION: Final = "control-plane.alpha.kubernetes.io/leader"
_MOST_ADDRESSES: Final = 1000


class _Part(NamedTuple):
    """The contents of one mirrored slice."""

    family: int
    ports: Ports
    endpoints: tuple[Endpoint, ...]


class EndpointsMirror:
    """The EndpointSlice mirroring controller. `_slices` are the names it gave, by Endpoints object."""

    kinds: tuple[str, ...] = ("Endpoints", "Service", "EndpointSlice")

    def __init__(self) -> None:
        self._slices: dict[ObjectKey, dict[str, None]] = {}
        self._dirty: dict[ObjectKey, None] = {}

    def fork(self) -> Self:
        twin = type(self)()
        twin._slices = {key: names.copy() for key, names in self._slices.items()}
        twin._dirty = self._dirty.copy()
        return twin

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        """A deleted Service takes its Endpoints object with it, and so their mirror."""
        if event.kind == "EndpointSlice":
            self._slice_changed(cast("EndpointSlice | None", event.old), cast("EndpointSlice | None", event.new))
            return ()
        has_endpoints = world.store.get("Endpoints", event.key) is not None
        if event.kind == "Endpoints" or has_endpoints:
            self._dirty[event.key] = None
        if event.kind == "Service" and event.new is None and has_endpoints:
            return [Change("Endpoints", event.key, None)]
        return ()

    def flush(self, world: World) -> Iterator[Change]:
        dirty, self._dirty = self._dirty, {}
        for key in dirty:
            yield from self._reconcile(key, world)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def _slice_changed(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        """Mirrored slices that came with a dump are ours from now on; a deleted one is made again."""
        each = new if new is not None else old
        if each is None or each.service is None or each.labels.get(MANAGED_BY_LABEL) != CONTROLLER:
            return
        names = self._slices.setdefault(each.service, {})
        if new is None and each.name in names:
            del names[each.name]
            self._dirty[each.service] = None
        elif new is not None and each.name not in names:
            names[each.name] = None
            self._dirty[each.service] = None

    def _reconcile(self, key: ObjectKey, world: World) -> Iterator[Change]:
        endpoints = cast("Endpoints | None", world.store.get("Endpoints", key))
        service = cast("Service | None", world.store.get("Service", key))
        parts = list(_parts(endpoints)) if endpoints is not None and _is_mirrored(endpoints, service) else []
        names = list(self._slices.get(key, {}))
        while len(names) < len(parts):
            names.append(slice_name(key, f"mirror/{len(names)}", world, taken=names))
        self._slices[key] = dict.fromkeys(names[:len(parts)])
        for name in names[len(parts):]:
            if world.store.get("EndpointSlice", ObjectKey(key.namespace, name)) is not None:
                yield Change("EndpointSlice", ObjectKey(key.namespace, name), None)
        for name, part in zip(names, parts, strict=False):
            assert endpoints is not None  # there are no parts without it
            labels = read_only({**endpoints.labels, SERVICE_NAME_LABEL: key.name, MANAGED_BY_LABEL: CONTROLLER})
            old = world.store.get("EndpointSlice", ObjectKey(key.namespace, name))
            yield Change("EndpointSlice", ObjectKey(key.namespace, name), EndpointSlice(
                key=ObjectKey(key.namespace, name), labels=labels, owner=endpoints.as_owner,
                created=world.now if old is None else old.created, address_type=f"IPv{part.family}",
                ports=part.ports, endpoints=part.endpoints))
        if not self._slices[key]:
            del self._slices[key]


def _is_mirrored(endpoints: Endpoints, service: Service | None) -> bool:
    return (service is not None and not service.has_selector and endpoints.labels.get(_SKIP_LABEL) != "true"
            and _LEADER_ANNOTATION not in endpoints.annotations)


def _parts(endpoints: Endpoints) -> Iterator[_Part]:
    """Each subset split by family and into slices of at most 100."""
    for subset in endpoints.subsets:
        found = list(islice(_endpoints(subset), _MOST_ADDRESSES))
        for family in (4, 6):
            chosen = [each for each in found if ip.family(each.addresses[0]) == family]
            for start in range(0, len(chosen), MAX_ENDPOINTS):
                yield _Part(family, subset.ports, tuple(chosen[start:start + MAX_ENDPOINTS]))


def _endpoints(subset: EndpointSubset) -> Iterator[Endpoint]:
    """Ready addresses first; no serving or terminating condition is known."""
    yield from (_endpoint(address, True) for address in subset.addresses)
    yield from (_endpoint(address, False) for address in subset.not_ready_addresses)


def _endpoint(address: EndpointAddress, ready: bool) -> Endpoint:
    return Endpoint((address.address,), ready, None, None, address.node_name, "", address.hostname, address.target)
