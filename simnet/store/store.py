"""The objects of a cluster: versioned, frozen, changed only by commit, every change an event.

Create, update and delete are one shape, (old, new). Source of the habit: kubernetes/kubernetes
pkg/proxy/servicechangetracker.go; of watch and resource versions: the API server.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from operator import itemgetter
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


class _Bulk(NamedTuple):
    """Many creations as one entry of the log; their events are made when somebody asks."""

    first: int
    creations: Creations

    @property
    def version(self) -> int:
        """The version of the last of its events."""
        return self.first + len(self.creations.pods) - 1

    def events(self) -> Iterator[Event]:
        for version, (key, pod) in enumerate(self.creations.pods.items(), self.first):
            yield Event("Pod", key, None, pod, version)


def _size(entry: Event | _Bulk) -> int:
    return len(entry.creations.pods) if type(entry) is _Bulk else 1


_new_event = tuple.__new__  # half the cost of the NamedTuple's own constructor; every commit makes one


class Store:
    """Objects by kind, namespace and name. Only `commit` writes."""

    def __init__(self, work: Work) -> None:
        self.version = 0
        self.work = work
        self._objects: dict[str, dict[str, dict[str, Object]]] = {}
        self._versions: dict[str, dict[ObjectKey, int]] = {}
        self._log: deque[Event | _Bulk] = deque()
        self._logged = 0  # events in the log

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
        self._remember(event, 1)
        return event

    def create(self, creations: Creations) -> None:
        """Write new pods; the same as committing them one by one, at a third of the cost."""
        namespace, pods = creations
        names = self._objects.setdefault("Pod", {}).setdefault(namespace, {})
        first = self.version + 1
        self.version += len(pods)
        self.work.commits += len(pods)
        names.update(zip(map(itemgetter(1), pods), pods.values(), strict=True))
        self._versions.setdefault("Pod", {}).update(zip(pods, range(first, self.version + 1), strict=True))
        self._remember(_Bulk(first, creations), len(pods))

    def _remember(self, entry: Event | _Bulk, events: int) -> None:
        """Log what happened; the oldest entries fall out while the rest still holds LOG_LENGTH events."""
        self._log.append(entry)
        self._logged += events
        if self._logged > LOG_LENGTH:
            self._trim()

    def _trim(self) -> None:
        log = self._log
        while self._logged - _size(log[0]) >= LOG_LENGTH:
            self._logged -= _size(log.popleft())

    def events_since(self, version: int) -> tuple[Event, ...]:
        """Events after `version`, oldest first. Raises Gone when the log no longer reaches back that far."""
        forgotten = self.version - LOG_LENGTH  # every event is one version
        if version < forgotten:
            raise Gone(f"the event log starts after version {forgotten}; {version} is too old")
        newer = (entry for entry in self._log if entry.version > version)
        return tuple(event for entry in newer for event in (entry.events() if isinstance(entry, _Bulk) else (entry,))
                     if event.version > version)

    def fork(self, work: Work) -> Store:
        """An independent store that shares the frozen objects. Cost: one dict entry an object."""
        twin = Store(work)
        twin.version = self.version
        twin._objects = {kind: {namespace: names.copy() for namespace, names in namespaces.items()}
                         for kind, namespaces in self._objects.items()}
        twin._versions = {kind: versions.copy() for kind, versions in self._versions.items()}
        twin._log, twin._logged = self._log.copy(), self._logged
        return twin
