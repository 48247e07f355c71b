"""Workload controllers, scheduler and kubelets as one controller of the loop: they share books about pods.

Every event only marks what it concerns; when no event is left, marked objects are compared with what is there, as the
real controllers do. So the order in which objects arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from simnet.control.daemonsets import DaemonSets
from simnet.control.deployments import Deployments
from simnet.control.ownership import OwnerBooks
from simnet.control.pods import PodMaker
from simnet.control.replicasets import ReplicaSets
from simnet.control.statefulsets import StatefulSets
from simnet.control.world import World
from simnet.store.store import Change, Creations, Event


class WorkloadController:
    """Makes the pods that workloads ask for and brings every pod to life."""

    kinds: tuple[str, ...] = ("Node", "Pod", "ReplicaSet", "StatefulSet", "DaemonSet", "Deployment")

    def __init__(self) -> None:
        self._maker, self._books = PodMaker(), OwnerBooks()
        self._deployments = Deployments(self._books)
        self._replica_sets = ReplicaSets(self._maker, self._books)
        self._stateful_sets = StatefulSets(self._maker, self._books)
        self._daemon_sets = DaemonSets(self._maker, self._books)

    def fork(self) -> Self:
        twin = type(self)()
        twin._maker, twin._books = self._maker.fork(), self._books.fork()
        twin._deployments = self._deployments.fork(twin._books)
        twin._replica_sets = self._replica_sets.fork(twin._maker, twin._books)
        twin._stateful_sets = self._stateful_sets.fork(twin._maker, twin._books)
        twin._daemon_sets = self._daemon_sets.fork(twin._maker, twin._books)
        return twin

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        if event.kind == "Pod":
            new = event.new
            if event.old is None and new.pod_ips and self._maker.scheduler.confirm(event.key):  # type: ignore[union-attr]
                return ()  # one of ours, counted when it was made
            self._maker.pod_changed(event, world)
            return self._books.pod_changed(event, world)
        match event.kind:
            case "ReplicaSet":
                self._deployments.set_changed(event)
                return self._replica_sets.changed(event, world)
            case "Node":
                self._daemon_sets.nodes_changed()
                return self._maker.node_changed(event, world)
            case "Deployment":
                return self._deployments.changed(event, world)
            case "StatefulSet":
                return self._stateful_sets.changed(event, world)
            case _:
                return self._daemon_sets.changed(event, world)

    def flush(self, world: World) -> Iterator[Change | Creations]:
        """Pods made by hand come first, then what the workloads want."""
        yield from self._maker.flush(world)
        yield from self._books.adopt(world)
        for part in (self._deployments, self._replica_sets, self._stateful_sets, self._daemon_sets):
            for key in self._books.take(part.kind):
                yield from part.reconcile(key, world)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return self._maker.fire(kind, payload, world)
