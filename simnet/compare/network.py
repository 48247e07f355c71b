"""What a comparison needs of a cluster, and who its pods are when their names were made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from simnet import ip
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.view import View
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

MADE_UP_NAMES = ("ReplicaSet", "DaemonSet", "ReplicationController", "Job")


class Network(Protocol):
    """The part of `Cluster` that is looked at."""

    view: View

    def list(self, kind: str, *, selector: str | None = None, namespace: str | None = None) -> list[Any]: ...

    def outcomes(self, url: str, source: str = ..., **options: Any) -> Outcomes: ...


def role_of(net: View, pod: Pod) -> str:
    """`deployment/NAMESPACE/NAME` for a pod whose name a controller made up: such names differ from cluster to cluster
    and mean nothing. `pod/NAMESPACE/NAME` for every other."""
    owner = pod.owner
    if owner is None or owner.kind not in MADE_UP_NAMES:
        return f"pod/{pod.key}"
    above = net.store.get(owner.kind, ObjectKey(pod.key.namespace, owner.name))
    if above is not None and above.owner is not None:
        owner = above.owner
    return f"{owner.kind.lower()}/{pod.key.namespace}/{owner.name}"


def role_of_name(net: View, name: str) -> str:
    """The role behind `pod/NAMESPACE/NAME` (or a controller's name of that form); every other name as it is."""
    _, _, rest = name.partition("/")
    namespace, slash, pod_name = rest.partition("/")
    pod = net.pod(ObjectKey(namespace, pod_name)) if slash else None
    return role_of(net, pod) if pod is not None else name


def role_of_address(net: View, address: str, own: Sequence[int]) -> str:
    """Whose address a receiver sees: `the client`, `a node`, a pod's role, or the address itself."""
    number = ip.number(address)
    if number in own:
        return "the client"
    if net.node_at(number) is not None:
        return "a node"
    pods = net.pods_at(number)
    return role_of(net, pods[0]) if pods else address
