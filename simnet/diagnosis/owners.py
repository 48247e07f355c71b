"""Where a pod's containers can be changed: in the pod template of the workload that made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simnet.cluster import Cluster
from simnet.names import ObjectKey
from simnet.objects.meta import Object
from simnet.objects.pod import Container, Pod
from simnet.objects.workload import Workload


@dataclass(frozen=True, slots=True)
class Part:
    """One container in its owner's manifest: `path` leads to it."""

    owner: Object
    path: tuple[str | int, ...]
    container: Container


def owner_of(cluster: Cluster, pod: Pod) -> Object:
    """The workload at the top of the pod's owners; the pod itself when nobody made it."""
    at: Object = pod
    for _ in range(3):  # pod, ReplicaSet, Deployment
        if at.owner is None:
            return at
        above = cluster.store.get(at.owner.kind, ObjectKey(at.namespace, at.owner.name))
        if above is None:
            return at
        at = above
    return at


def parts_of_template(cluster: Cluster, pod: Pod) -> Iterator[Part]:
    """The containers of the pod template a pod was made from; nothing for a pod made by hand, which cannot be
    changed once it exists."""
    owner = owner_of(cluster, pod)
    if isinstance(owner, Workload):
        for index, container in enumerate(owner.template.spec.containers):
            yield Part(owner, ("spec", "template", "spec", "containers", index), container)
