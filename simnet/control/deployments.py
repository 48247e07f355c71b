"""Deployments: one ReplicaSet for each template, and the way from the old one to the new.

Source: kubernetes/kubernetes pkg/controller/deployment/{sync.go,rolling.go,recreate.go},
pkg/controller/deployment/util/deployment_util.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self, cast

from simnet.control.ownership import OwnerBooks, same_wishes
from simnet.control.revisions import HASH_LABEL, REVISION_ANNOTATION, same_template, template_hash, with_labels
from simnet.control.world import World
from simnet.labels import Requirement, Selector
from simnet.names import ObjectKey
from simnet.objects.deployment import Deployment
from simnet.objects.meta import read_only
from simnet.objects.pod import Pod, PodTemplate
from simnet.objects.replicaset import ReplicaSet
from simnet.store.store import Change, Event

_COMPONENT = "deployment-controller"
_HISTORY_LIMIT = 10


class Strategy(NamedTuple):
    """How a Deployment replaces pods: how many may be there too many, how many may be missing."""

    recreate: bool
    surge: int
    unavailable: int

    @classmethod
    def of(cls, deployment: Deployment) -> Strategy:
        """From spec.strategy; the default is RollingUpdate with a quarter of each, surge rounded up, the other down."""
        given = _mapping(_mapping(deployment.raw.get("spec")).get("strategy"))
        rolling = _mapping(given.get("rollingUpdate"))
        surge = _share(rolling.get("maxSurge", "25%"), deployment.replicas, round_up=True)
        unavailable = _share(rolling.get("maxUnavailable", "25%"), deployment.replicas, round_up=False)
        return cls(given.get("type") == "Recreate", surge, unavailable if surge or unavailable else 1)


class Deployments:
    """The Deployment controller. `_sets` are the names of ReplicaSets by Deployment, `_free` those of a namespace without
    owner, `_compared` the two templates of a Deployment and its ReplicaSet last found to be the same."""

    kind = "Deployment"

    def __init__(self, books: OwnerBooks) -> None:
        self._books = books
        self._sets: dict[ObjectKey, dict[ObjectKey, None]] = {}
        self._free: dict[str, dict[ObjectKey, None]] = {}
        self._compared: dict[ObjectKey, tuple[PodTemplate, PodTemplate]] = {}

    def fork(self, books: OwnerBooks) -> Self:
        twin = type(self)(books)
        twin._sets = {owner: names.copy() for owner, names in self._sets.items()}
        twin._free = {namespace: names.copy() for namespace, names in self._free.items()}
        twin._compared = self._compared.copy()
        return twin

    def changed(self, event: Event, world: World) -> Iterable[Change]:
        """The ReplicaSets of a deleted Deployment are deleted (and their pods with them)."""
        old, new = cast("Deployment | None", event.old), cast("Deployment | None", event.new)
        if new is not None:
            if old is None or not same_wishes(old, new) or REVISION_ANNOTATION not in new.annotations:
                self._books.mark(self.kind, event.key)
            return ()
        self._compared.pop(event.key, None)
        return [Change("ReplicaSet", key, None) for key in self._sets.pop(event.key, ())]

    def set_changed(self, event: Event) -> None:
        """Follow a ReplicaSet: its Deployment has to look at it."""
        old, new = cast("ReplicaSet | None", event.old), cast("ReplicaSet | None", event.new)
        before, after = _place_of(old), _place_of(new)
        if before != after:
            self._move(event.key, before, after)
        for owner in {before, after}:
            if isinstance(owner, ObjectKey):
                self._books.mark(self.kind, owner)

    def _move(self, key: ObjectKey, before: ObjectKey | str | None, after: ObjectKey | str | None) -> None:
        """From one owner, or from nobody's, to another's."""
        if isinstance(before, ObjectKey):
            self._sets.get(before, {}).pop(key, None)
        elif before is not None:
            self._free.get(before, {}).pop(key, None)
        if isinstance(after, ObjectKey):
            self._sets.setdefault(after, {})[key] = None
        elif after is not None:
            self._free.setdefault(after, {})[key] = None

    def reconcile(self, key: ObjectKey, world: World) -> Iterator[Change]:
        """One step of the way: make the ReplicaSet, move numbers, then write the status. O(its ReplicaSets)."""
        deployment = cast("Deployment | None", world.store.get(self.kind, key))
        if deployment is None or deployment.deleted is not None:
            return
        for each in _existing(self._free.get(key.namespace, ()), world):
            if deployment.selector.matches(each.template.labels):
                yield Change("ReplicaSet", each.key, replace(each, owner=deployment.as_owner))
                return
        sets = sorted(_existing(self._sets.get(key, ()), world), key=_age)
        current = next((each for each in sets if self._is_current(deployment, each)), None)
        if current is None:
            yield from self._begin(deployment, sets, world)
            return
        olds = [each for each in sets if each.key != current.key]
        revision = max([_revision(each) for each in olds], default=0) + 1
        if _revision(current) < revision:
            yield Change("ReplicaSet", current.key, _with_revision(current, revision))
            return
        moved = list(_steps(deployment, current, olds))
        for replica_set, replicas in moved:
            _tell_scaling(deployment, replica_set.name, replica_set.replicas, replicas, world)
            yield Change("ReplicaSet", replica_set.key, replace(replica_set, replicas=replicas))
        if not moved:
            yield from self._finish(deployment, current, olds)

    def _is_current(self, deployment: Deployment, replica_set: ReplicaSet) -> bool:
        ours, theirs = self._compared.get(deployment.key, (None, None))
        if ours is deployment.template and theirs is replica_set.template:
            return True
        if not same_template(replica_set.template, deployment.template):
            return False
        self._compared[deployment.key] = (deployment.template, replica_set.template)
        return True

    def _begin(self, deployment: Deployment, sets: Sequence[ReplicaSet], world: World) -> Iterator[Change]:
        """A new template (or none so far): its ReplicaSet, with as many replicas as the strategy allows at once."""
        strategy = Strategy.of(deployment)
        there = sum(each.replicas for each in sets)
        allowed = deployment.replicas + strategy.surge - there if there else deployment.replicas
        if strategy.recreate and there:
            allowed = 0
        replicas = max(0, min(deployment.replicas, allowed))
        revision = max([_revision(each) for each in sets], default=0) + 1
        new = self._replica_set(deployment, replicas, revision, world)
        if replicas:
            _tell_scaling(deployment, new.name, 0, replicas, world)
        yield Change("ReplicaSet", new.key, new)

    def _replica_set(self, deployment: Deployment, replicas: int, revision: int, world: World) -> ReplicaSet:
        key, digest = self._name(deployment, world)
        template = with_labels(deployment.template, {HASH_LABEL: digest})
        requirements = (*deployment.selector.requirements, Requirement(HASH_LABEL, "=", (digest,)))
        selector = Selector(tuple(sorted(requirements, key=lambda each: each.key)))
        given = _mapping(_mapping(deployment.raw.get("spec")).get("selector"))
        raw_selector = {**given, "matchLabels": {**_mapping(given.get("matchLabels")), HASH_LABEL: digest}}
        return ReplicaSet(
            key=key, labels=template.labels, annotations=read_only({REVISION_ANNOTATION: str(revision)}),
            created=world.now, owner=deployment.as_owner, replicas=replicas, selector=selector,
            template=template, raw={"spec": {"selector": raw_selector, "template": template.raw}})

    def _name(self, deployment: Deployment, world: World) -> tuple[ObjectKey, str]:
        """Name and hash of the new ReplicaSet: those its pods already carry if it was lost, else made from the template."""
        for name, pod_key in self._books.dangling(deployment.namespace):
            pod = cast("Pod | None", world.store.get("Pod", pod_key))
            if pod is not None and deployment.selector.matches(pod.labels) and HASH_LABEL in pod.labels:
                return ObjectKey(deployment.namespace, name), pod.labels[HASH_LABEL]
        collisions = 0
        while True:
            digest = template_hash(deployment.template, collisions)
            key = ObjectKey(deployment.namespace, f"{deployment.name}-{digest}")
            if world.store.get("ReplicaSet", key) is None:
                return key, digest
            collisions += 1

    def _finish(self, deployment: Deployment, current: ReplicaSet, olds: Sequence[ReplicaSet]) -> Iterator[Change]:
        """Status and revision; old ReplicaSets beyond the history limit go. A ReplicaSet whose own status lags behind
        will be heard of again, so that nothing is written before."""
        if current.observed < current.replicas:
            return
        observed = current.observed + sum(each.observed for each in olds)
        ready = current.ready_replicas + sum(each.ready_replicas for each in olds)
        revision = current.annotations.get(REVISION_ANNOTATION, "1")
        known = (deployment.observed, deployment.ready_replicas, deployment.annotations.get(REVISION_ANNOTATION))
        if known != (observed, ready, revision):
            annotations = read_only({**deployment.annotations, REVISION_ANNOTATION: revision})
            yield Change(self.kind, deployment.key, replace(
                deployment, observed=observed, ready_replicas=ready, annotations=annotations))
        limit = _mapping(deployment.raw.get("spec")).get("revisionHistoryLimit", _HISTORY_LIMIT)
        idle = sorted((each for each in olds if not each.replicas and not each.observed), key=_revision)
        for each in idle[:max(0, len(idle) - int(limit))]:
            yield Change("ReplicaSet", each.key, None)


def _steps(deployment: Deployment, current: ReplicaSet, olds: Sequence[ReplicaSet]
           ) -> Iterator[tuple[ReplicaSet, int]]:
    """Which ReplicaSets get which number now; nothing when the Deployment is where it wants to be, or must wait."""
    if not olds:
        if current.replicas != deployment.replicas:
            yield current, deployment.replicas
        return
    strategy = Strategy.of(deployment)
    there = sum(each.replicas for each in olds)
    if strategy.recreate and there:
        yield from ((each, 0) for each in olds if each.replicas)
        return
    if strategy.recreate and any(each.observed for each in olds):
        return
    allowed = deployment.replicas - current.replicas
    if allowed > 0 and there:
        allowed = min(allowed, max(0, deployment.replicas + strategy.surge - there - current.replicas))
    if allowed:
        yield current, current.replicas + allowed
        return
    yield from _shrink(deployment, current, olds, strategy)


def _shrink(deployment: Deployment, current: ReplicaSet, olds: Sequence[ReplicaSet], strategy: Strategy
            ) -> Iterator[tuple[ReplicaSet, int]]:
    """Take from old ReplicaSets, oldest first: what is not ready anyway, then as much as availability allows.

    Source: rolling.go reconcileOldReplicaSets, cleanupUnhealthyReplicas, scaleDownOldReplicaSetsForRollingUpdate.
    """
    least = deployment.replicas - strategy.unavailable
    total = current.replicas + sum(each.replicas for each in olds)
    may_go = total - least - (current.replicas - min(current.ready_replicas, current.replicas))
    numbers = {each.key: each.replicas for each in olds}
    unready = {each.key: max(0, each.replicas - each.ready_replicas) for each in olds}
    spare = current.ready_replicas + sum(min(each.ready_replicas, each.replicas) for each in olds) - least
    for each in olds:
        gone = min(max(0, may_go), unready[each.key])
        numbers[each.key] -= gone
        may_go -= gone
    for each in olds:
        gone = min(max(0, min(spare, may_go)), numbers[each.key])
        numbers[each.key] -= gone
        spare, may_go = spare - gone, may_go - gone
    yield from ((each, numbers[each.key]) for each in olds if numbers[each.key] != each.replicas)


def _tell_scaling(deployment: Deployment, name: str, before: int, after: int, world: World) -> None:
    if before != after:
        direction = "up" if after > before else "down"
        world.record(deployment, "Normal", "ScalingReplicaSet",
                     f"Scaled {direction} replica set {name} from {before} to {after}", _COMPONENT)


def _place_of(replica_set: ReplicaSet | None) -> ObjectKey | str | None:
    """The Deployment it belongs to, its namespace if it has no owner, None if it is somebody else's or gone."""
    if replica_set is None:
        return None
    owner = replica_set.owner
    if owner is None:
        return replica_set.namespace
    return ObjectKey(replica_set.namespace, owner.name) if owner.kind == "Deployment" else None


def _existing(keys: Iterable[ObjectKey], world: World) -> list[ReplicaSet]:
    found = (world.store.get("ReplicaSet", key) for key in keys)
    return [each for each in found if isinstance(each, ReplicaSet)]


def _age(replica_set: ReplicaSet) -> tuple[float, int, str]:
    return replica_set.created, _revision(replica_set), replica_set.name


def _revision(replica_set: ReplicaSet) -> int:
    text = replica_set.annotations.get(REVISION_ANNOTATION, "0")
    return int(text) if text.isdigit() else 0


def _with_revision(replica_set: ReplicaSet, revision: int) -> ReplicaSet:
    return replace(replica_set, annotations=read_only({**replica_set.annotations, REVISION_ANNOTATION: str(revision)}))


def _share(value: Any, of: int, round_up: bool) -> int:
    """A number of pods, or a percentage of them."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit():
        return (of * int(value[:-1]) + (99 if round_up else 0)) // 100
    return int(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
