"""The slices of one Service in one address family, as the controller last wrote them.

Source: kubernetes/endpointslice reconciler.go (placeholder slices, names of slices that are given up are used again),
utils.go (setEndpointSliceLabels, getEndpointSlicePrefix). Rules ES-11, ES-13, ES-15.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from typing import NamedTuple

from simnet.control.slicefill import Ports, Wanted, lay_out
from simnet.control.world import World
from simnet.names import SUFFIX_ALPHABET, ObjectKey, fnv32a
from simnet.objects.endpointslice import (
    HEADLESS_LABEL,
    MANAGED_BY_LABEL,
    SERVICE_NAME_LABEL,
    Endpoint,
    EndpointSlice,
)
from simnet.objects.meta import Owner, read_only
from simnet.objects.service import Service
from simnet.store.store import Change

CONTROLLER = "endpointslice-controller.k8s.io"


class SliceHead(NamedTuple):
    """What all slices of one Service and family have in common."""

    service: ObjectKey
    address_type: str
    labels: Mapping[str, str]
    owner: Owner


class SliceBook:
    """`slices` by name; `_where` says in which of them a pod is, None until somebody asks."""

    __slots__ = ("_made", "_where", "is_empty", "slices")

    def __init__(self) -> None:
        self.slices: dict[str, EndpointSlice] = {}
        self.is_empty = True  # no pod is in any slice
        self._where: dict[ObjectKey, str] | None = {}
        self._made = 0

    def copy(self) -> SliceBook:
        twin = SliceBook()
        twin.slices, twin._made, twin.is_empty = self.slices.copy(), self._made, self.is_empty
        twin._where = None if self._where is None else self._where.copy()
        return twin

    def take_over(self, each: EndpointSlice) -> None:
        """A slice that somebody else wrote (a loaded one, an edited one) is counted in."""
        self.slices[each.name] = each

    def give_up(self) -> Iterator[Change]:
        """Delete every slice."""
        for name, each in self.slices.items():
            yield Change("EndpointSlice", ObjectKey(each.namespace, name), None)
        self.slices, self._where, self.is_empty = {}, {}, True

    def write(self, head: SliceHead, asked: Collection[ObjectKey] | None, wanted: Wanted, world: World
              ) -> Iterator[Change]:
        """Make the slices say what `wanted` says about the `asked` pods (None: about all, and nothing else).

        `wanted` is used up. O(endpoints of the slices that change), with None O(all endpoints).
        """
        touched = self.slices if asked is None else self._holding(asked)
        layout = lay_out(self.slices, touched, asked, wanted)
        spare = [name for name, each in self.slices.items() if not layout.changed.get(name, each.endpoints)]
        contents = [(name, self.slices[name].ports, endpoints)
                    for name, endpoints in layout.changed.items() if endpoints]
        for ports, endpoints in layout.created:
            contents.append((spare.pop(0) if spare else self._new_name(head, world), ports, endpoints))
        if len(self.slices) == len(spare) and not contents:
            contents.append((spare.pop(0) if spare else self._new_name(head, world), (), []))
        for name in spare:
            del self.slices[name]
            yield Change("EndpointSlice", ObjectKey(head.service.namespace, name), None)
        for name, ports, endpoints in contents:
            yield from self._put(head, name, ports, endpoints, world)
        if asked is None:
            yield from self._relabel(head, world)
        self._note(asked, [name for name, _, _ in contents])

    def _put(self, head: SliceHead, name: str, ports: Ports, endpoints: list[Endpoint], world: World) -> Iterator[Change]:
        old = self.slices.get(name)
        new = EndpointSlice(
            key=ObjectKey(head.service.namespace, name), labels=head.labels, owner=head.owner,
            created=world.now if old is None else old.created, address_type=head.address_type, ports=ports,
            endpoints=tuple(endpoints))
        if old is not None and old == new:
            return
        world.work.slices_built += 1
        world.work.endpoints_copied += len(endpoints)
        self.slices[name] = new
        yield Change("EndpointSlice", new.key, new)

    def _relabel(self, head: SliceHead, world: World) -> Iterator[Change]:
        """The labels of the Service have changed."""
        for name, each in list(self.slices.items()):
            if each.labels != head.labels:
                yield from self._put(head, name, each.ports, list(each.endpoints), world)

    def _note(self, asked: Collection[ObjectKey] | None, written: list[str]) -> None:
        """Remember where the asked pods are now."""
        if asked is None or self._where is None:
            self._where = None
        else:
            for key in asked:
                self._where.pop(key, None)
            for name in written:
                for endpoint in self.slices[name].endpoints:
                    if endpoint.target in asked and endpoint.target is not None:
                        self._where[endpoint.target] = name
        self.is_empty = not any(endpoint.target is not None for each in self.slices.values()
                                for endpoint in each.endpoints)

    def _holding(self, asked: Collection[ObjectKey]) -> set[str]:
        """The slices in which one of these pods is."""
        where = self._where
        if where is None:
            where = self._where = {endpoint.target: name for name, each in self.slices.items()
                                   for endpoint in each.endpoints if endpoint.target is not None}
        return {where[key] for key in asked if key in where}

    def _new_name(self, head: SliceHead, world: World) -> str:
        self._made += 1
        return slice_name(head.service, f"{head.address_type}/{self._made}", world, taken=self.slices)


def slice_name(service: ObjectKey, what: str, world: World, taken: Container[str] = ()) -> str:
    """`SERVICE-xxxxx`: the suffix follows from the seed, the Service and `what`, so that it is the same in every run."""
    attempt = 0
    while True:
        source = f"{world.settings.seed}/{service}/{what}/{attempt}"
        name = f"{service.name}-{_suffix(fnv32a(source.encode()))}"
        if name not in taken and world.store.get("EndpointSlice", ObjectKey(service.namespace, name)) is None:
            return name
        attempt += 1


def slice_labels(service: Service) -> Mapping[str, str]:
    """The Service's own labels and those that tell whose slice it is (ES-15)."""
    labels = {**service.labels, SERVICE_NAME_LABEL: service.name, MANAGED_BY_LABEL: CONTROLLER}
    labels.pop(HEADLESS_LABEL, None)
    if not service.cluster_ips:
        labels[HEADLESS_LABEL] = ""
    return read_only(labels)


def _suffix(number: int) -> str:
    letters = ""
    for _ in range(5):
        number, index = divmod(number, len(SUFFIX_ALPHABET))
        letters += SUFFIX_ALPHABET[index]
    return letters
