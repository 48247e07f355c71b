"""The READY, STATUS and RESTARTS of a pod.

Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go printPod.
"""

from __future__ import annotations

from typing import NamedTuple

from simnet.objects.pod import ContainerState, Pod


class PodStatus(NamedTuple):
    """What `kubectl get pods` shows."""

    ready: int
    total: int
    reason: str
    restarts: int


def pod_status(pod: Pod) -> PodStatus:
    """Count and judge the containers as the API server's printer does."""
    names = {container.name for container in pod.spec.port_owners}
    states = [state for state in pod.states if state.name in names]
    ready = sum(1 for state in states if state.ready and state.state == "running")
    reason = _reason(pod, states)
    if pod.deleted is not None and not pod.is_terminal:
        reason = "Terminating"
    return PodStatus(ready, len(names), reason, sum(state.restart_count for state in states))


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
