"""StatefulSets: pods with numbers for names, made and replaced one after the other.

Source: kubernetes/kubernetes pkg/controller/statefulset/{stateful_set_control.go,stateful_set_utils.go}.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import Self, cast

from simnet.control.ownership import OwnerBooks, active_pods
from simnet.control.pods import PodMaker, Template
from simnet.control.replicasets import pods_gone
from simnet.control.revisions import REVISION_LABEL, template_hash, with_labels
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.meta import read_only
from simnet.objects.pod import Pod, PodTemplate
from simnet.objects.statefulset import StatefulSet
from simnet.store.store import Change, Event

NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"


class StatefulSets:
    """The StatefulSet controller. `_revisions` remembers which hash a template has, for sets that came with pods."""

    kind = "StatefulSet"

    def __init__(self, maker: PodMaker, books: OwnerBooks) -> None:
        self._maker, self._books = maker, books
        self._revisions: dict[ObjectKey, tuple[PodTemplate, str]] = {}

    def fork(self, maker: PodMaker, books: OwnerBooks) -> Self:
        twin = type(self)(maker, books)
        twin._revisions = self._revisions.copy()
        return twin

    def changed(self, event: Event, world: World) -> Iterable[Change]:
        """The pods of a deleted StatefulSet are deleted."""
        old, new = cast("StatefulSet | None", event.old), cast("StatefulSet | None", event.new)
        self._books.workload_changed(self.kind, event.key, old, new)
        if new is not None:
            return ()
        self._revisions.pop(event.key, None)
        return pods_gone(self.kind, event.key, world)

    def reconcile(self, key: ObjectKey, world: World) -> Iterator[Change]:
        """One round: create what is missing in order, remove what is too much from the end, then replace what is
        outdated from the end, then write the status. O(its pods)."""
        owner = cast("StatefulSet | None", world.store.get(self.kind, key))
        if owner is None or owner.deleted is not None:
            return
        pods = active_pods(self.kind, key, world)
        by_name = {pod.name: pod for pod in pods}
        wanted = [f"{owner.name}-{owner.start_ordinal + index}" for index in range(owner.replicas)]
        revision = self._revision(owner, pods)
        is_waiting = yield from self._create(owner, wanted, by_name, revision, world)
        surplus = sorted(by_name.keys() - set(wanted), key=_ordinal, reverse=True)
        for name in surplus:
            yield self._delete(owner, by_name[name], world)
        outdated = [name for name in reversed(wanted)
                    if name in by_name and by_name[name].labels.get(REVISION_LABEL) != revision]
        if outdated and not surplus and not is_waiting:
            yield self._delete(owner, by_name[outdated[0]], world)
        tally = self._books.tally(self.kind, key)
        if (owner.observed, owner.ready_replicas) != (tally.active, tally.ready):
            yield Change(self.kind, key, replace(owner, observed=tally.active, ready_replicas=tally.ready))

    def _create(self, owner: StatefulSet, wanted: list[str], there: dict[str, Pod], revision: str, world: World
                ) -> Generator[Change, None, bool]:
        """Missing pods in order. With OrderedReady the next one waits until the one before is ready; a terminated pod
        of a wanted name is removed first. Returns whether somebody is still waited for."""
        shared: Template | None = None
        for name in wanted:
            pod = there.get(name)
            key = ObjectKey(owner.namespace, name)
            if pod is None:
                if world.store.get("Pod", key) is not None:
                    yield Change("Pod", key, None)
                    return True
                shared = shared or self._maker.template(
                    owner, with_labels(owner.template, {REVISION_LABEL: revision}), f"{owner.name}-", world)
                pod = self._maker.stamp(_numbered(shared, owner, name), key, world)
                if pod.pod_ips:
                    self._books.made(self.kind, owner.key, 1, pod.ready)
                yield Change("Pod", key, pod)
            if not pod.ready and owner.pod_management_policy == "OrderedReady":
                return True
        return False

    def _delete(self, owner: StatefulSet, pod: Pod, world: World) -> Change:
        world.record(owner, "Normal", "SuccessfulDelete",
                     f"delete Pod {pod.name} in StatefulSet {owner.name} successful", "statefulset-controller")
        return Change("Pod", pod.key, None)

    def _revision(self, owner: StatefulSet, pods: list[Pod]) -> str:
        """The hash of the present template: that of the pods it came with, or one made from it."""
        known = self._revisions.get(owner.key)
        if known is not None and known[0] == owner.template:
            return known[1]
        carried = pods[-1].labels.get(REVISION_LABEL) if pods and known is None else None
        revision = carried or f"{owner.name}-{template_hash(owner.template)}"
        self._revisions[owner.key] = (owner.template, revision)
        return revision


def _numbered(shared: Template, owner: StatefulSet, name: str) -> Template:
    """The template of one pod: its own labels and hostname."""
    labels = read_only({**shared.labels, NAME_LABEL: name, INDEX_LABEL: str(_ordinal(name))})
    spec = replace(shared.spec, hostname=name, subdomain=owner.service_name)
    return replace(shared, labels=labels, spec=spec, is_plain=False)


def _ordinal(name: str) -> int:
    ordinal = name.rpartition("-")[2]
    return int(ordinal) if ordinal.isdigit() else -1
