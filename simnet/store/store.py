"""The objects of a cluster: versioned, frozen, changed only by commit, every change an event.

Create, update and delete are one shape, (old, new). Source of the habit: kubernetes/kubernetes
pkg/proxy/servicechangetracker.go; of watch and resource versions: the API server.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simnet.errors import Gone
from simnet.names import ObjectKey
from simnet.objects.meta import Object
from simnet.objects.pod import Pod
from simnet.store.work import Work

LOG_LENGTH = 10_000


class Change(NamedTuple):
    """What somebody wants: the object as it shall be, or None to delete it."""

    kind: str
    key: ObjectKey
    new: Object | None


class Creations(NamedTuple):
    """The pods of one template at once: a Change for each, in bulk.

    They share everything but key, node and addresses; there is at least one, and no key is taken.
    """

    namespace: str
    pods: Mapping[ObjectKey, Pod]

    @property
    def first(self) -> Pod:
        """Any of them, for what they share."""
        return next(iter(self.pods.values()))


class Event(NamedTuple):
    """What happened: `old` is None for a creation, `new` is None for a deletion."""

    kind: str
    key: ObjectKey
    old: Object | None
    new: Object | None
    version: int


def _spellings(singular: str) -> tuple[str, ...]:
    """A kind's singular and its plural, as API resources are named."""
    if singular.endswith("y"):
        return singular, f"{singular[:-1]}ies"
    return singular, f"{singular}es" if singular.endswith(("s", "x", "ch", "sh")) else f"{singular}s"


_new_event = tuple.__new__  # half the cost of the NamedTuple's own constructor; every commit makes one


class Store:
    """Objects by kind, namespace and name. Only `commit` writes."""

    def __init__(self, work: Work) -> None:
        self.version = 0
        self.work = work
        self._objects: dict[str, dict[str, dict[str, Object]]] = {}
        self._versions: dict[str, dict[ObjectKey, int]] = {}
        self._log: deque[Event] = deque(maxlen=LOG_LENGTH)
        self._forgotten = 0  # version of the newest event that fell out of the log

    def get(self, kind: str, key: ObjectKey) -> Object | None:
        """The object, or None. O(1)."""
        namespaces = self._objects.get(kind)
        names = namespaces.get(key[0]) if namespaces is not None else None
        return names.get(key[1]) if names is not None else None

    def names(self, kind: str, namespace: str) -> Mapping[str, Object]:
        """The objects of one kind and namespace by name, for many questions in a row; not to be kept. O(1)."""
        return self._objects.get(kind, {}).get(namespace, {})

    def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind (of one namespace), by namespace and name. O(n log n): not for the packet path."""
        namespaces = self._objects.get(kind, {})
        chosen = sorted(namespaces) if namespace is None else [namespace]
        return [names[name] for each in chosen if (names := namespaces.get(each)) for name in sorted(names)]

    def kinds(self) -> tuple[str, ...]:
        """Kinds of which at least one object exists."""
        return tuple(kind for kind, namespaces in self._objects.items() if any(namespaces.values()))

    def kind_called(self, word: str) -> str | None:
        """The kind, among all that were ever stored, that a user calls `Foo`, `foo` or `foos`."""
        lowered = word.lower()
        return next((kind for kind in self._objects if lowered in _spellings(kind.lower())), None)

    def count(self, kind: str) -> int:
        return sum(len(names) for names in self._objects.get(kind, {}).values())

    def resource_version(self, kind: str, key: ObjectKey) -> int:
        """The store's version when this object was last written, 0 if it does not exist."""
        return self._versions.get(kind, {}).get(key, 0)

    def commit(self, change: Change) -> Event | None:
        """Write one change. Equal old and new commit nothing and return None. O(1)."""
        kind, key, new = change
        namespaces = self._objects.get(kind)
        if namespaces is None:
            namespaces, self._versions[kind] = self._objects.setdefault(kind, {}), {}
        names = namespaces.get(key[0])
        if names is None:
            names = namespaces[key[0]] = {}
        old = names.get(key[1])
        if old is new or (old is not None and old == new):
            return None
        version = self.version = self.version + 1
        self.work.commits += 1
        if new is None:
            del names[key[1]], self._versions[kind][key]
        else:
            names[key[1]] = new
            self._versions[kind][key] = version
        event = _new_event(Event, (kind, key, old, new, version))
        log = self._log
        if len(log) == LOG_LENGTH:
            self._forgotten = log[0].version
        log.append(event)
        return event

    def create(self, creations: Creations) -> None:
        """Write new pods; the same as committing them one by one, at a third of the cost."""
        namespace, pods = creations
        names = self._objects.setdefault("Pod", {}).setdefault(namespace, {})
        first = self.version + 1
        self.version += len(pods)
        self.work.commits += len(pods)
        names.update(zip([key[1] for key in pods], pods.values(), strict=True))
        self._versions.setdefault("Pod", {}).update(zip(pods, range(first, self.version + 1), strict=True))
        self._remember([_new_event(Event, ("Pod", key, None, pod, version))
                        for version, (key, pod) in enumerate(pods.items(), first)])

    def _remember(self, events: Sequence[Event]) -> None:
        log = self._log
        lost = len(log) + len(events) - LOG_LENGTH
        if lost > 0:
            self._forgotten = log[lost - 1].version if lost <= len(log) else events[lost - len(log) - 1].version
        log.extend(events)

    def events_since(self, version: int) -> tuple[Event, ...]:
        """Events after `version`, oldest first. Raises Gone when the log no longer reaches back that far."""
        if version < self._forgotten:
            raise Gone(f"the event log starts after version {self._forgotten}; {version} is too old")
        return tuple(event for event in self._log if event.version > version)

    def fork(self, work: Work) -> Store:
        """An independent store that shares the frozen objects. Cost: one dict entry an object."""
        twin = Store(work)
        twin.version, twin._forgotten = self.version, self._forgotten
        twin._objects = {kind: {namespace: names.copy() for namespace, names in namespaces.items()}
                         for kind, namespaces in self._objects.items()}
        twin._versions = {kind: versions.copy() for kind, versions in self._versions.items()}
        twin._log = self._log.copy()
        return twin
