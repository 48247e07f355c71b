"""DaemonSets: one pod on every node that takes it.

Source: kubernetes/kubernetes pkg/controller/daemon/{daemon_controller.go,update.go},
pkg/controller/daemon/util/daemonset_util.go (tolerations every daemon pod gets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Self, cast

from simnet.control.ownership import OwnerBooks, active_pods
from simnet.control.pods import PodMaker
from simnet.control.replicasets import fresh_keys, pods_gone
from simnet.control.revisions import REVISION_LABEL, name_base, template_hash, with_labels
from simnet.control.scheduling import Toleration, refusal
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.daemonset import DaemonSet
from simnet.objects.pod import Pod, PodTemplate
from simnet.store.store import Change, Event

DAEMON_TOLERATIONS: tuple[Toleration, ...] = tuple(
    (f"node.kubernetes.io/{name}", "Exists", "", effect) for name, effect in (
        ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule")))


class DaemonSets:
    """The DaemonSet controller. `_revisions` remembers which hash a template has, for sets that came with pods."""

    kind = "DaemonSet"

    def __init__(self, maker: PodMaker, books: OwnerBooks) -> None:
        self._maker, self._books = maker, books
        self._known: dict[ObjectKey, None] = {}
        self._revisions: dict[ObjectKey, tuple[PodTemplate, str]] = {}

    def fork(self, maker: PodMaker, books: OwnerBooks) -> Self:
        twin = type(self)(maker, books)
        twin._known, twin._revisions = self._known.copy(), self._revisions.copy()
        return twin

    def changed(self, event: Event, world: World) -> Iterable[Change]:
        """The pods of a deleted DaemonSet are deleted."""
        old, new = cast("DaemonSet | None", event.old), cast("DaemonSet | None", event.new)
        self._books.workload_changed(self.kind, event.key, old, new)
        if new is not None:
            self._known[event.key] = None
            return ()
        self._known.pop(event.key, None)
        self._revisions.pop(event.key, None)
        return pods_gone(self.kind, event.key, world)

    def nodes_changed(self) -> None:
        """Every DaemonSet has to look at the nodes again."""
        for key in self._known:
            self._books.mark(self.kind, key)

    def reconcile(self, key: ObjectKey, world: World) -> Iterator[Change]:
        """One round: pods for nodes without one, none where none belongs, one outdated pod replaced at a time, then
        the status. O(nodes)."""
        owner = cast("DaemonSet | None", world.store.get(self.kind, key))
        if owner is None or owner.deleted is not None:
            return
        pods = active_pods(self.kind, key, world)
        by_node = {pod.node_name: pod for pod in pods}
        eligible = self._eligible(owner)
        revision = self._revision(owner, pods)
        surplus = [pod for pod in pods if by_node[pod.node_name] is not pod or pod.node_name not in eligible]
        yield from (self._delete(owner, pod, world) for pod in surplus)
        missing = [node for node in eligible if node not in by_node]
        yield from self._create(owner, missing, revision, world)
        outdated = [by_node[node] for node in eligible
                    if node in by_node and by_node[node].labels.get(REVISION_LABEL) != revision]
        if outdated and not surplus and not missing:
            unready = [pod for pod in outdated if not pod.ready]
            all_others_ready = all(by_node[node].ready for node in eligible)
            if unready or all_others_ready:
                yield self._delete(owner, (unready or outdated)[0], world)
        ready = self._books.tally(self.kind, key).ready
        if (owner.observed, owner.ready_replicas) != (len(eligible), ready):
            yield Change(self.kind, key, replace(owner, observed=len(eligible), ready_replicas=ready))

    def _eligible(self, owner: DaemonSet) -> list[str]:
        """The nodes that take the pod, by name."""
        spec = owner.template.spec
        tolerations = (*spec.tolerations, *DAEMON_TOLERATIONS)
        return sorted(name for name, node in self._maker.scheduler.nodes.items()
                      if not refusal(node, spec.node_selector.items(), tolerations, spec.node_terms))

    def _create(self, owner: DaemonSet, nodes: list[str], revision: str, world: World) -> Iterator[Change]:
        if not nodes:
            return
        base = name_base(owner.name)
        given = with_labels(owner.template, {REVISION_LABEL: revision, "pod-template-generation": "1"})
        spec = replace(given.spec, tolerations=(*given.spec.tolerations, *DAEMON_TOLERATIONS))
        shared = self._maker.template(owner, replace(given, spec=spec), base, world)
        for node, key in zip(nodes, fresh_keys(base, len(nodes), owner.namespace, world), strict=True):
            pod = self._maker.stamp(shared, key, world, node)
            if pod.pod_ips:
                self._books.made(self.kind, owner.key, 1, pod.ready)
            yield Change("Pod", pod.key, pod)

    def _delete(self, owner: DaemonSet, pod: Pod, world: World) -> Change:
        world.record(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {pod.name}", "daemonset-controller")
        return Change("Pod", pod.key, None)

    def _revision(self, owner: DaemonSet, pods: list[Pod]) -> str:
        """The hash of the present template: that of the pods it came with, or one made from it."""
        known = self._revisions.get(owner.key)
        if known is not None and known[0] == owner.template:
            return known[1]
        carried = pods[-1].labels.get(REVISION_LABEL) if pods and known is None else None
        revision = carried or template_hash(owner.template)
        self._revisions[owner.key] = (owner.template, revision)
        return revision
