"""Books about pods and their owners: how many each owner has, which owners have something to do, who has no owner.

Source: kubernetes/kubernetes pkg/controller/controller_ref_manager.go (adoption and release),
pkg/controller/controller_utils.go (active pods).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Self, cast

from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.meta import Owner
from simnet.objects.pod import Pod
from simnet.objects.workload import Workload
from simnet.store.index import SelectorIndex
from simnet.store.store import Change, Event
from simnet.store.work import Work

POD_OWNERS: Final = ("ReplicaSet", "StatefulSet", "DaemonSet")
OwnerKey = tuple[str, str, str]


@dataclass(slots=True)
class Tally:
    """How many active pods an owner has, and how many of them are ready."""

    active: int = 0
    ready: int = 0


class OwnerBooks:
    """Follows pods and the workloads that select them. Adding a pod costs O(1), whoever else owns how many."""

    def __init__(self) -> None:
        self._tallies: dict[OwnerKey, Tally] = {}
        self._dirty: dict[str, dict[ObjectKey, None]] = {kind: {} for kind in (*POD_OWNERS, "Deployment")}
        self._orphans: dict[str, dict[ObjectKey, None]] = {}
        self._dangling: dict[str, dict[str, ObjectKey]] = {}
        self._claims = {kind: SelectorIndex(Work()) for kind in POD_OWNERS}
        self._adopting: dict[tuple[str, ObjectKey], None] = {}

    def fork(self) -> Self:
        twin = type(self)()
        twin._tallies = {owner: Tally(each.active, each.ready) for owner, each in self._tallies.items()}
        twin._dirty = {kind: keys.copy() for kind, keys in self._dirty.items()}
        twin._orphans = {namespace: keys.copy() for namespace, keys in self._orphans.items()}
        twin._dangling = {namespace: names.copy() for namespace, names in self._dangling.items()}
        twin._claims = {kind: index.fork(Work()) for kind, index in self._claims.items()}
        twin._adopting = self._adopting.copy()
        return twin

    # what has to be done -------------------------------------------------------------------------------------------

    def mark(self, kind: str, key: ObjectKey) -> None:
        """The workload has to be looked at when all waiting events have been seen."""
        self._dirty[kind][key] = None

    def take(self, kind: str) -> Iterable[ObjectKey]:
        """The workloads of a kind that were marked since the last call."""
        keys = self._dirty[kind]
        if keys:
            self._dirty[kind] = {}
        return keys

    def made(self, kind: str, key: ObjectKey, active: int, ready: int) -> None:
        """Count pods with addresses that a workload controller is about to commit; their events need no counting."""
        tally = self._tallies.get((kind, *key))
        if tally is None:
            tally = self._tallies[(kind, *key)] = Tally()
        tally.active += active
        tally.ready += ready
        self.mark(kind, key)

    def tally(self, kind: str, key: ObjectKey) -> Tally:
        return self._tallies.get((kind, *key)) or Tally()

    def dangling(self, namespace: str) -> Iterable[tuple[str, ObjectKey]]:
        """ReplicaSets that do not exist though pods of the namespace name them as owner, with one such pod."""
        return self._dangling.get(namespace, {}).items()

    # following -----------------------------------------------------------------------------------------------------

    def pod_changed(self, event: Event, world: World) -> Iterable[Change]:
        """Count the pod for its owner; one whose labels no longer fit its owner's selector is let go."""
        old, new = cast("Pod | None", event.old), cast("Pod | None", event.new)
        if old is not None:
            self._count(old, -1)
        if new is not None:
            self._count(new, 1)
        if new is not None and new.owner is not None:
            if old is None:
                self._note_owner(new, new.owner, world)
            elif old.owner is None:
                self._forget_orphan(event.key)
            elif old.labels is not new.labels and not self._still_fits(new, new.owner, world):
                return [Change("Pod", event.key, replace(new, owner=None))]
        elif new is not None:
            if old is None or old.owner is not None or old.labels is not new.labels:
                self._orphaned(new)
        elif old is not None and old.owner is None:
            self._forget_orphan(event.key)
        return ()

    def workload_changed(self, kind: str, key: ObjectKey, old: Workload | None, new: Workload | None) -> None:
        """Follow a workload that owns pods; a new selector looks for pods without owner."""
        if kind == "ReplicaSet" and old is None:
            self._dangling.get(key.namespace, {}).pop(key.name, None)
        if new is None:
            self._claims[kind].remove(key)
            self._adopting.pop((kind, key), None)
            return
        if old is None or not same_wishes(old, new):
            self.mark(kind, key)
        if old is None or (old.selector is not new.selector and old.selector != new.selector):
            self._claims[kind].put(key, new.selector)
            self._adopting[(kind, key)] = None

    def adopt(self, world: World) -> Iterator[Change]:
        """Give pods without owner to the workloads whose selector they match."""
        adopting, self._adopting = self._adopting, {}
        for kind, key in adopting:
            workload = cast("Workload | None", world.store.get(kind, key))
            orphans = self._orphans.get(key.namespace)
            if workload is None or not orphans:
                continue
            for orphan in list(orphans):
                pod = cast("Pod | None", world.store.get("Pod", orphan))
                if pod is not None and pod.owner is None and _adoptable(pod, workload):
                    yield Change("Pod", orphan, replace(pod, owner=workload.as_owner))

    def _count(self, pod: Pod, change: int) -> None:
        owner = pod.owner
        if owner is None or owner.kind not in self._dirty:
            return
        namespace = pod.key[0]
        self._dirty[owner.kind][ObjectKey(namespace, owner.name)] = None
        if pod.deleted is None and not pod.is_terminal:
            place = (owner.kind, namespace, owner.name)
            tally = self._tallies.get(place)
            if tally is None:
                tally = self._tallies[place] = Tally()
            tally.active += change
            tally.ready += change if pod.ready else 0
            if not tally.active:
                del self._tallies[place]

    def _note_owner(self, pod: Pod, owner: Owner, world: World) -> None:
        if owner.kind == "ReplicaSet" and world.store.get("ReplicaSet", ObjectKey(pod.namespace, owner.name)) is None:
            self._dangling.setdefault(pod.namespace, {})[owner.name] = pod.key

    def _still_fits(self, pod: Pod, owner: Owner, world: World) -> bool:
        if owner.kind not in POD_OWNERS:
            return True
        workload = cast("Workload | None", world.store.get(owner.kind, ObjectKey(pod.namespace, owner.name)))
        return workload is None or workload.selector.matches(pod.labels)

    def _orphaned(self, pod: Pod) -> None:
        self._orphans.setdefault(pod.namespace, {})[pod.key] = None
        for kind, claims in self._claims.items():
            for key in claims.matching(pod.namespace, pod.labels):
                self._adopting[(kind, key)] = None

    def _forget_orphan(self, key: ObjectKey) -> None:
        orphans = self._orphans.get(key.namespace)
        if orphans is not None:
            orphans.pop(key, None)
            if not orphans:
                del self._orphans[key.namespace]


def same_wishes(old: Workload, new: Workload) -> bool:
    """Whether a change of a workload touched only what its own controller writes: status and annotations."""
    return (old.template is new.template and old.replicas == new.replicas and old.selector is new.selector
            and old.raw is new.raw and old.deleted == new.deleted)


def active_pods(kind: str, key: ObjectKey, world: World) -> list[Pod]:
    """The owner's pods that have not ended and are not being deleted, oldest first. O(its pods)."""
    pods = world.pods_by_owner.get((kind, *key)).values()
    return [pod for pod in pods if pod.deleted is None and not pod.is_terminal]


def _adoptable(pod: Pod, workload: Workload) -> bool:
    """A StatefulSet takes only pods with its own names. Source: stateful_set_utils.go isMemberOf."""
    if pod.deleted is not None or pod.is_terminal or not workload.selector.matches(pod.labels):
        return False
    base, _, ordinal = pod.name.rpartition("-")
    return workload.kind != "StatefulSet" or (base == workload.name and ordinal.isdigit())


def released(kind: str, key: ObjectKey, world: World) -> Iterator[Change]:
    """What takes an owner off all that it owns: the pods of a workload, the ReplicaSets of a Deployment.

    Source: kubernetes/kubernetes pkg/controller/garbagecollector/garbagecollector.go orphanDependents.
    """
    for pod in world.pods_by_owner.get((kind, *key)):
        yield Change("Pod", pod, replace(cast("Pod", world.store.get("Pod", pod)), owner=None))
    if kind == "Deployment":
        for each in world.store.list("ReplicaSet", key.namespace):
            if isinstance(each, Workload) and each.owner is not None and (each.owner.kind, each.owner.name) == (kind, key.name):
                yield Change("ReplicaSet", each.key, replace(each, owner=None))
