"""Does to a cluster what a line of a `do` fence says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simnet.cluster import Cluster
from simnet.errors import UsageError
from simnet.objects.pod import Pod
from simnet.scenario.matching import substituted
from simnet.scenario.model import Disturb


def disturb(cluster: Cluster, action: Disturb, captures: Mapping[str, str]) -> None:
    """Break or mend. Raises NotFound or UsageError, and changes nothing, when there is no such thing or it is so already."""
    refs = [substituted(each, captures) for each in action.refs]
    match action.verb, action.what:
        case _, "readiness":
            _set_readiness(cluster, refs[0], action.verb == "heal")
        case "fail", "link":
            cluster.cut(*map(_vertex, refs))
        case "heal", "link":
            cluster.mend(*map(_vertex, refs))
        case "partition", _:
            ones, others = ([_vertex(each) for each in side.split(",")] for side in refs)
            cluster.partition(ones, others)
        case _:
            cluster.rejoin()


def _set_readiness(cluster: Cluster, ref: str, ready: bool) -> None:
    """What a readiness probe that begins to fail or to succeed does to the pod's conditions, thresholds left out."""
    pod: Pod = cluster.get(ref)
    if pod.phase != "Running":
        raise UsageError(f"{ref} is {pod.phase}; only the readiness of a running pod fails or heals")
    if pod.ready == ready:
        raise UsageError(f"{ref} is {'ready' if ready else 'not ready'} already")
    cluster.put(replace(pod, ready=ready, states=tuple(replace(each, ready=ready) for each in pod.states)))


def _vertex(ref: str) -> str:
    """`pod/web` -> `pod/default/web`, as links name it."""
    kind, _, rest = ref.partition("/")
    return f"pod/default/{rest}" if kind == "pod" and "/" not in rest else ref
