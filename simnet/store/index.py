"""Indexes are declared as functions object -> values and updated by (old, new); nothing scans.

Sources of the habit: client-go tools/cache/thread_safe_store.go, coredns plugin/kubernetes/controller.go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import chain
from typing import Generic, TypeVar

from simnet.labels import Selector
from simnet.names import ObjectKey
from simnet.store.work import Work

T = TypeVar("T")


class Index(Generic[T]):
    """value -> {key: object}. For values that many objects share (owner, service, namespace).

    `_shared` are the values whose objects are held together with a fork: whoever writes first makes a copy.
    """

    def __init__(self, values: Callable[[T], Iterable[Hashable]]) -> None:
        self._values = values
        self._entries: dict[Hashable, dict[ObjectKey, T]] = {}
        self._shared: set[Hashable] = set()

    def update(self, key: ObjectKey, old: T | None, new: T | None) -> None:
        """Follow one change. O(values of the object)."""
        if old is not None:
            for value in self._values(old):
                group = self._writable(value)
                group.pop(key, None)  # a value that is listed twice is gone already
                if not group:
                    del self._entries[value]
        if new is not None:
            for value in self._values(new):
                self._writable(value)[key] = new

    def _writable(self, value: Hashable) -> dict[ObjectKey, T]:
        group = self._entries.get(value)
        if group is None:
            group = self._entries[value] = {}
        elif self._shared and value in self._shared:
            self._shared.discard(value)
            group = self._entries[value] = group.copy()
        return group

    def add_together(self, value: Hashable, objects: Mapping[ObjectKey, T]) -> None:
        """Follow the creation of many objects that have this one value."""
        self._writable(value).update(objects)

    def add_each(self, values: Iterable[Hashable], objects: Mapping[ObjectKey, T]) -> None:
        """Follow the creation of many objects that have one value each."""
        entries, are_shared = self._entries, bool(self._shared)
        for value, (key, new) in zip(values, objects.items(), strict=True):
            group = entries.get(value)
            if group is None or are_shared:
                group = self._writable(value)
            group[key] = new

    def get(self, value: Hashable) -> Mapping[ObjectKey, T]:
        return self._entries.get(value, {})

    def fork(self) -> Index[T]:
        """An independent copy. O(values); the objects of a value are copied when one side writes there."""
        twin: Index[T] = Index(self._values)
        twin._entries = self._entries.copy()
        self._shared, twin._shared = set(self._entries), set(self._entries)
        return twin


class ScarceIndex(Generic[T]):
    """value -> objects in order of arrival. For values that rarely repeat (an address): a tuple costs little memory.

    `entries` is for look-ups that cannot afford the call of `get`, and read-only outside.
    """

    def __init__(self, values: Callable[[T], Iterable[Hashable]]) -> None:
        self._values = values
        self.entries: dict[Hashable, tuple[T, ...]] = {}

    def update(self, key: ObjectKey, old: T | None, new: T | None) -> None:
        """Follow one change. O(objects with the same values)."""
        if old is not None:
            for value in self._values(old):
                left = tuple(each for each in self.entries.get(value, ()) if each is not old)
                if left:
                    self.entries[value] = left
                else:
                    self.entries.pop(value, None)
        if new is not None:
            for value in self._values(new):
                self.entries[value] = (*self.entries.get(value, ()), new)

    def add_each(self, values: Collection[Collection[Hashable]], objects: Collection[T]) -> None:
        """Follow the creation of many objects with these values each."""
        entries = self.entries
        if set(map(len, values)) == {1}:
            fresh = dict(zip(chain.from_iterable(values), zip(objects, strict=True), strict=True))
            if len(fresh) == len(objects) and entries.keys().isdisjoint(fresh):
                entries.update(fresh)
                return
        for together, new in zip(values, objects, strict=True):
            for value in together:
                here = entries.get(value)
                entries[value] = (new,) if here is None else (*here, new)

    def get(self, value: Hashable) -> tuple[T, ...]:
        return self.entries.get(value, ())

    def fork(self) -> ScarceIndex[T]:
        twin: ScarceIndex[T] = ScarceIndex(self._values)
        twin.entries = self.entries.copy()
        return twin


Pairs = tuple[tuple[str, str], ...]


class SelectorIndex:
    """Which selectors of a namespace match these labels, without looking at the others.

    Each selector is filed under its rarest (namespace, key, value) pair at the time it is filed; a lookup tries each
    label once and then checks the remaining pairs of what it finds there. Selectors with set-based requirements or
    none at all sit on a short list per namespace that is always checked.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self._filed: dict[tuple[str, str, str], dict[ObjectKey, Selector]] = {}
        self._always: dict[str, dict[ObjectKey, Selector]] = {}
        self._where: dict[ObjectKey, tuple[str, str, str] | None] = {}

    def put(self, key: ObjectKey, selector: Selector) -> None:
        """File (or file anew) the selector of the object `key`. O(its pairs)."""
        self.remove(key)
        pairs = selector.pairs
        if not pairs:
            self._where[key] = None
            self._always.setdefault(key.namespace, {})[key] = selector
            return
        slots = [(key.namespace, name, value) for name, value in pairs]
        rarest = min(slots, key=lambda slot: len(self._filed.get(slot, ())))
        self._where[key] = rarest
        self._filed.setdefault(rarest, {})[key] = selector

    def remove(self, key: ObjectKey) -> None:
        """Forget the selector of `key`; nothing happens if it has none."""
        if key not in self._where:
            return
        slot = self._where.pop(key)
        if slot is None:
            del self._always[key.namespace][key]
            return
        del self._filed[slot][key]
        if not self._filed[slot]:
            del self._filed[slot]

    def matching(self, namespace: str, labels: Mapping[str, str]) -> list[ObjectKey]:
        """Keys of the selectors in `namespace` that match `labels`. O(labels + selectors filed under them)."""
        found: list[ObjectKey] = []
        for name, value in labels.items():
            group = self._filed.get((namespace, name, value))
            if group:
                self.work.selectors_examined += len(group)
                found += [key for key, selector in group.items() if selector.matches(labels)]
        always = self._always.get(namespace)
        if always:
            self.work.selectors_examined += len(always)
            found += [key for key, selector in always.items() if selector.matches(labels)]
        return found

    def fork(self, work: Work) -> SelectorIndex:
        twin = SelectorIndex(work)
        twin._filed = {slot: group.copy() for slot, group in self._filed.items()}
        twin._always = {namespace: group.copy() for namespace, group in self._always.items()}
        twin._where = self._where.copy()
        return twin
