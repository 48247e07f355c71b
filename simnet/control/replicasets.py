"""ReplicaSets: as many pods of one template as asked for.

Source: kubernetes/kubernetes pkg/controller/replicaset/replica_set.go (manageReplicas),
pkg/controller/controller_utils.go ActivePodsWithRanks (whom to remove first).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Self, cast

from simnet.control.ownership import OwnerBooks, active_pods
from simnet.control.pods import PodMaker
from simnet.control.revisions import name_base, quick_suffixes
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.meta import changed
from simnet.objects.pod import Pod
from simnet.objects.replicaset import ReplicaSet
from simnet.store.store import Change, Creations, Event

_new_key = tuple.__new__  # half the cost of the NamedTuple's own constructor
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


class ReplicaSets:
    """The ReplicaSet controller; its memory is in the books it shares."""

    kind = "ReplicaSet"

    def __init__(self, maker: PodMaker, books: OwnerBooks) -> None:
        self._maker, self._books = maker, books

    def fork(self, maker: PodMaker, books: OwnerBooks) -> Self:
        return type(self)(maker, books)

    def changed(self, event: Event, world: World) -> Iterable[Change]:
        """The pods of a deleted ReplicaSet are deleted."""
        old, new = cast("ReplicaSet | None", event.old), cast("ReplicaSet | None", event.new)
        self._books.workload_changed(self.kind, event.key, old, new)
        return () if new is not None else pods_gone(self.kind, event.key, world)

    def reconcile(self, key: ObjectKey, world: World) -> Iterator[Change | Creations]:
        """Make or remove pods until the number fits, then write the status. O(pods to make), O(pods) to remove."""
        replica_set = cast("ReplicaSet | None", world.store.get(self.kind, key))
        if replica_set is None or replica_set.deleted is not None:
            return
        tally = self._books.tally(self.kind, key)
        missing = replica_set.replicas - tally.active
        if missing > 0:
            yield from self._create(replica_set, missing, world)
        elif missing < 0:
            pods = active_pods(self.kind, key, world)
            for pod in victims(pods, -missing):
                world.record(replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {pod.name}",
                             "replicaset-controller")
                yield Change("Pod", pod.key, None)
        elif (replica_set.observed, replica_set.ready_replicas) != (tally.active, tally.ready):
            yield Change(self.kind, key, changed(replica_set, observed=tally.active, ready_replicas=tally.ready))

    def _create(self, replica_set: ReplicaSet, count: int, world: World) -> Iterator[Change | Creations]:
        base = name_base(replica_set.name)
        shared = self._maker.template(replica_set, replica_set.template, base, world)
        keys = fresh_keys(base, count, replica_set.namespace, world)
        pods = self._maker.stamp_all(shared, keys, world)
        if pods:
            self._books.made(self.kind, replica_set.key, len(pods), len(pods) if shared.start.ready else 0)
            yield Creations(replica_set.namespace, pods)
        addressed = ready = 0
        for key in keys[len(pods):]:
            pod = self._maker.stamp(shared, key, world)
            if pod.pod_ips:
                addressed += 1
                ready += pod.ready
            yield Change("Pod", key, pod)
        if addressed:
            self._books.made(self.kind, replica_set.key, addressed, ready)


def fresh_keys(base: str, count: int, namespace: str, world: World) -> list[ObjectKey]:
    """Names for new pods, `base` and five random letters each; none is taken."""
    fresh: dict[str, None] = {}
    taken = world.store.names("Pod", namespace)
    while len(fresh) < count:
        names = [base + suffix for suffix in quick_suffixes(world.rng, count - len(fresh))]
        fresh.update(dict.fromkeys(names if taken.keys().isdisjoint(names) else [each for each in names if each not in taken]))
    return [_new_key(ObjectKey, (namespace, name)) for name in fresh]


def pods_gone(kind: str, key: ObjectKey, world: World) -> list[Change]:
    """The deletion of every pod of an owner that was deleted."""
    return [Change("Pod", pod, None) for pod in world.pods_by_owner.get((kind, *key))]


def victims(pods: list[Pod], count: int) -> list[Pod]:
    """Which pods go first: not scheduled, pending, not ready, cheap to delete, on a crowded node, youngest."""
    crowd = Counter(pod.node_name for pod in pods)
    order = {pod.key: -index for index, pod in enumerate(pods)}

    def rank(pod: Pod) -> tuple[Any, ...]:
        restarts = sum(state.restart_count for state in pod.states)
        return (bool(pod.node_name), _PHASES.get(pod.phase, 2), pod.ready, _deletion_cost(pod), -crowd[pod.node_name],
                -(pod.started or 0), -restarts, -pod.created, order[pod.key])

    return sorted(pods, key=rank)[:count]


def _deletion_cost(pod: Pod) -> int:
    """The annotation controller.kubernetes.io/pod-deletion-cost, 0 when it is absent or no number."""
    text = pod.annotations.get("controller.kubernetes.io/pod-deletion-cost", "0")
    return int(text) if text.lstrip("+-").isdigit() else 0
