"""The READY, STATUS and RESTARTS of a pod.

Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go printPod.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from simnet.control.starting import restarts_of
from simnet.objects.pod import ContainerState, Pod


class PodStatus(NamedTuple):
    """What `kubectl get pods` shows; `restarted` is the moment of the last restart, None without one."""

    ready: int
    total: int
    reason: str
    restarts: int
    restarted: float | None = None


class Restarted(NamedTuple):
    """How often a container has been restarted, and when last."""

    times: int
    last: float | None = None


def restarts(pod: Pod, state: ContainerState, now: float) -> Restarted:
    """The restarts of one container of a pod up to `now`. Cost: logarithmic in the pod's age."""
    started = pod.started if pod.started is not None else pod.created
    seconds = max(0, int(now - started))
    count = restarts_of(state, seconds)
    if not count:
        return Restarted(0)
    return Restarted(count, started + bisect_left(range(seconds), count, key=lambda each: restarts_of(state, each)))


def pod_status(pod: Pod, now: float) -> PodStatus:
    """Count and judge the containers as the API server's printer does."""
    names = {container.name for container in pod.spec.port_owners}
    states = [state for state in pod.states if state.name in names]
    ready = sum(1 for state in states if state.ready and state.state == "running")
    reason = _reason(pod, states)
    if pod.deleted is not None and not pod.is_terminal:
        reason = "Terminating"
    restarted = [restarts(pod, state, now) for state in states]
    last = max((each.last for each in restarted if each.last is not None), default=None)
    return PodStatus(ready, len(names), reason, sum(each.times for each in restarted), last)


def _reason(pod: Pod, states: list[ContainerState]) -> str:
    """The phase, unless a container has more to say: the first of those that wait or have ended wins."""
    reason, failure, running = (pod.phase == "Failed" and pod.reason) or pod.phase, "", False
    for state in reversed(states):
        if state.state == "waiting" and state.reason:
            reason = state.reason
        elif state.state == "terminated":
            reason = state.reason or f"ExitCode:{state.exit_code or 0}"
            failure = reason if state.exit_code else failure
        elif state.state == "running" and state.ready:
            running = True
    if reason != "Completed":
        return reason
    if running and pod.ready:
        return "Running"
    return failure or ("NotReady" if running else reason)
