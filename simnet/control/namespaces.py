"""Namespaces: the label with their own name, and what goes when one is deleted.

Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go (NamespaceDefaultLabelName),
pkg/controller/namespace/deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Self

from simnet.control.world import World
from simnet.objects.meta import read_only
from simnet.objects.namespace import Namespace
from simnet.store.store import Change, Event

NAME_LABEL: Final = "kubernetes.io/metadata.name"


class NamespaceController:
    """Deletes the content of a deleted namespace, at once; keeps the name label."""

    kinds: tuple[str, ...] = ("Namespace",)

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        new = event.new
        if new is None:
            return _content(event.key.name, world)
        if isinstance(new, Namespace) and new.labels.get(NAME_LABEL) != new.name:
            return [Change("Namespace", new.key, replace(new, labels=read_only({**new.labels, NAME_LABEL: new.name})))]
        return ()

    def flush(self, world: World) -> Iterable[Change]:
        return ()

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def fork(self) -> Self:
        return self


def _content(namespace: str, world: World) -> list[Change]:
    """Owners go first, so that nobody makes anew what is being deleted."""
    kinds = sorted(world.store.kinds(), key=lambda kind: (kind not in _OWNERS, kind))
    return [Change(kind, each.key, None) for kind in kinds for each in world.store.list(kind, namespace)]


_OWNERS: Final = frozenset(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Service"))
