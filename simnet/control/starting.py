"""What becomes of a pod's containers once its node starts them: they run, end, or crash again and again.

Pure and the same for all pods of one template, so it is worked out once and shared.

Source: kubernetes/kubernetes pkg/kubelet/kubelet_pods.go getPhase, pkg/kubelet/kuberuntime (restart policy, back-off);
kubernetes/website content/en/docs/concepts/workloads/pods/pod-lifecycle.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from simnet.control.listening import Listening, listening_of
from simnet.control.probes import probe_failure
from simnet.images import Images, Process, process_of
from simnet.objects.pod import Container, ContainerState, PodSpec

RUNNING: Final = "running"
CRASH_LOOP: Final = "CrashLoopBackOff"
CREATING: Final = "ContainerCreating"
_FIRST_BACKOFF_SECONDS: Final = 10
_LONGEST_BACKOFF_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Start:
    """How a pod is right after its start, and what changes later.

    `states` are the containers' at once, `later` the states once `delay` seconds (initial delays and success
    thresholds of readiness probes) have passed. `delay` is None when nothing changes any more.
    """

    phase: str
    ready: bool
    states: tuple[ContainerState, ...]
    delay: float | None = None
    later: tuple[ContainerState, ...] = ()
    message: str = ""

    @property
    def is_over(self) -> bool:
        """Nothing of the pod stays: its address is free again."""
        return self.phase in ("Succeeded", "Failed")


def start_of(spec: PodSpec, images: Images, interactive: Collection[str] = ()) -> Start:
    """Start the containers of `spec`. `interactive` names those whose input is kept open (`stdin: true`)."""
    if len(spec.containers) == 1 and not spec.init_containers and spec.containers[0].readiness_probe is None:
        return _alone(spec, spec.containers[0], images, bool(interactive))
    blocked = _blocked_by(spec, images)
    if blocked:
        return _not_initialised(spec, blocked)
    listening = listening_of(spec, images)
    sidecars = tuple(each for each in spec.init_containers if each.is_sidecar)
    states = tuple(_state(each, spec.restart_policy, listening, process_of(each, images.of(each.image), each.name in
                                                                            interactive)) for each in spec.containers)
    if states and all(state.state == "terminated" for state in states):
        phase = "Succeeded" if all(state.exit_code == 0 for state in states) else "Failed"
        ended = tuple(ContainerState(each.name, "terminated", False, "Completed", exit_code=0) for each in sidecars)
        return Start(phase, False, states + ended)
    states += tuple(_state(each, "Always", listening, process_of(each, images.of(each.image))) for each in sidecars)
    return _with_probes(spec, states, listening)


def _alone(spec: PodSpec, container: Container, images: Images, interactive: bool) -> Start:
    """Most pods: one container that nothing can collide with and nobody probes."""
    process = process_of(container, images.of(container.image), interactive)
    if process.runs:
        return Start("Running", True, (ContainerState(container.name),))
    state = _ended(container.name, spec.restart_policy, process.exit_code, "")
    if state.state != "terminated":
        return Start("Running", False, (state,))
    return Start("Failed" if state.exit_code else "Succeeded", False, (state,))


def interactive_containers(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the containers with `stdin: true` in a pod's manifest or template."""
    containers = (raw.get("spec") or {}).get("containers") or ()
    return tuple(each["name"] for each in containers if each.get("stdin") and "name" in each)


def crashed(spec: PodSpec, start: Start, container: str, message: str) -> Start:
    """The same start with one container that ends at once, whatever its probes would say."""
    states = tuple(_ended(state.name, spec.restart_policy, 1, message) if state.name == container else state
                   for state in start.states)
    return replace(start, ready=False, states=states, delay=None, later=())


def restarts_of(state: ContainerState, seconds: float) -> int:
    """How often a container has been restarted `seconds` after its pod's start.

    One that ends at once is restarted at once, then after a back-off that doubles from 10 seconds to five minutes; the
    stored count is that of the first moment.
    """
    if state.reason != CRASH_LOOP:
        return state.restart_count
    restarts, wait, passed = state.restart_count, _FIRST_BACKOFF_SECONDS, float(_FIRST_BACKOFF_SECONDS)
    while passed <= seconds:
        restarts += 1
        wait = min(2 * wait, _LONGEST_BACKOFF_SECONDS)
        passed += wait
    return restarts


def creating(spec: PodSpec) -> tuple[ContainerState, ...]:
    """The states of a pod whose sandbox is not there yet."""
    return tuple(ContainerState(each.name, "waiting", False, CREATING) for each in spec.containers)


def unready_reasons(spec: PodSpec, listening: Listening, address: int = 0) -> dict[str, str]:
    """Why readiness probes of these containers fail, in the kubelet's words; containers that succeed are left out."""
    found = {each.name: probe_failure(each, listening, address) for each in spec.port_owners}
    return {name: reason for name, reason in found.items() if reason}


def _state(container: Container, policy: str, listening: Listening, process: Process) -> ContainerState:
    conflict = listening.conflict_of(container.name)
    if conflict is not None:
        return _ended(container.name, policy, 1, str(conflict))
    if process.runs:
        return ContainerState(container.name, RUNNING, True)
    return _ended(container.name, policy, process.exit_code, "")


def _ended(name: str, policy: str, exit_code: int, message: str) -> ContainerState:
    """Always restarts everything, OnFailure what failed; what is restarted at once ends at once again."""
    if policy == "Always" or (policy == "OnFailure" and exit_code):
        return ContainerState(name, "waiting", False, CRASH_LOOP, message, restart_count=1, exit_code=None)
    return ContainerState(name, "terminated", False, "Error" if exit_code else "Completed", message, 0, exit_code)


def _blocked_by(spec: PodSpec, images: Images) -> str:
    """Why the init containers never finish, '' when they do."""
    for container in spec.init_containers:
        if container.is_sidecar:
            continue
        profile = images.of(container.image)
        process = process_of(container, profile)
        if process.exit_code:
            return f"init container {container.name} fails with exit code {process.exit_code}"
        if process.runs and process.listen is not None:
            return f"init container {container.name} does not end"
    return ""


def _not_initialised(spec: PodSpec, reason: str) -> Start:
    if spec.restart_policy == "Never" and "fails" in reason:
        return Start("Failed", False, (), message=reason)
    states = tuple(ContainerState(each.name, "waiting", False, "PodInitializing") for each in spec.containers)
    return Start("Pending", False, states, message=reason)


def _with_probes(spec: PodSpec, states: tuple[ContainerState, ...], listening: Listening) -> Start:
    """Readiness of a started pod: at once, after some seconds, or never."""
    containers = {each.name: each for each in spec.port_owners}
    fails = unready_reasons(spec, listening)
    delays = {state.name: _delay(containers[state.name]) for state in states if state.state == RUNNING}
    now = tuple(state if not (state.name in fails or delays.get(state.name)) else replace(state, ready=False)
                for state in states)
    later = tuple(state if state.name not in fails else replace(state, ready=False) for state in states)
    if all(state.ready for state in now):
        return Start("Running", True, now)
    if now == later:
        return Start("Running", False, now)
    waits = max(delays[state.name] for state, then in zip(now, later, strict=True) if state is not then)
    return Start("Running", False, now, waits, later)


def _delay(container: Container) -> float:
    """Seconds until a probe that succeeds has succeeded often enough."""
    probe = container.readiness_probe
    if probe is None:
        return 0.0
    return float(probe.initial_delay_seconds + (probe.success_threshold - 1) * probe.period_seconds)
