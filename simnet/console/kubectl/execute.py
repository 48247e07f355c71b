"""`kubectl exec` and `kubectl logs`.

Source: kubernetes/kubectl pkg/cmd/exec/exec.go, pkg/cmd/logs/logs.go, pkg/cmd/util/podcmd/podcmd.go (the default
container).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simnet.console.desk import Frame
from simnet.console.frames import check_running, pod_frame
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.kinds import kind_for
from simnet.console.kubectl.select import require
from simnet.console.output import Output, warned
from simnet.errors import UsageError
from simnet.objects.daemonset import DaemonSet
from simnet.objects.kinds import BY_KIND
from simnet.objects.pod import Pod
from simnet.objects.service import Service
from simnet.objects.workload import Workload

INTERPRETERS = ("sh", "bash", "ash", "dash")
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def execute(kube: Kube) -> Output:
    """`exec [-it] POD [-c CONTAINER] -- COMMAND`; a shell alone with -i moves the session into the pod."""
    if kube.flags.behind_dashes is None and len(kube.operands) > 1:
        raise KubectlError("error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n"
                           "See 'kubectl exec -h' for help and examples")
    if not kube.operands:
        raise KubectlError("error: pod, type/name or --filename must be specified")
    if not kube.command:
        raise KubectlError("error: you must specify at least one command for the container")
    pod = pod_of(kube, kube.operands[0])
    frame = pod_frame(pod.key, _container(kube, pod))
    check(kube, frame)
    note = _defaulted(kube, pod, frame)
    words = kube.command
    shell = words[0].rpartition("/")[2]
    if shell in INTERPRETERS and len(words) == 1 and not kube.call.stdin:
        missing = in_pod(kube, frame, ["true"]) if _has(kube, frame, shell) else in_pod(kube, frame, words)
        if missing.status:
            return missing
        if kube.flags.on("stdin"):
            kube.desk.frames.append(replace(frame, shell=shell))
        return Output(stderr=note)
    return warned(note, in_pod(kube, frame, words))


def in_pod(kube: Kube, frame: Frame, words: Sequence[str]) -> Output:
    """Run one command in a container and come back; exec reports a status other than 0."""
    depth = len(kube.desk.frames)
    kube.desk.frames.append(frame)
    try:
        output = kube.call.execute(list(words), kube.call.stdin if kube.flags.on("stdin") else "")
    finally:
        del kube.desk.frames[depth:]
    ended = f"command terminated with exit code {output.status}\n" if output.status and not frame.is_attached else ""
    return Output(output.stdout, output.stderr + ended, output.status, output.shown + ended)


def check(kube: Kube, frame: Frame) -> None:
    """Raise KubectlError when nothing can run there."""
    try:
        check_running(kube.desk, frame)
    except UsageError as problem:
        raise KubectlError(f"error: {problem}") from None


def _has(kube: Kube, frame: Frame, shell: str) -> bool:
    profile = kube.desk.profile(frame)
    return profile is None or shell in profile.tools or shell in kube.desk.installed.get(frame.source, ())


def pod_of(kube: Kube, text: str) -> Pod:
    """A pod by name, or the first running one of `deploy/NAME`, `svc/NAME` and the like."""
    word, slash, name = text.partition("/")
    if not slash:
        word, name = "pod", text
    each = require(kube, kind_for(kube.cluster.store, word), name)
    if isinstance(each, Pod):
        return each
    pods = [pod for pod in kube.cluster.list("Pod", namespace=each.namespace) if isinstance(each, (Workload, Service))
            and each.selector.matches(pod.labels)]
    if not pods:
        raise KubectlError(f"error: no pods found for {word}/{name}")
    chosen: Pod = min(pods, key=lambda pod: (not pod.ready, pod.phase != "Running", pod.created, pod.name))
    return chosen


def _container(kube: Kube, pod: Pod) -> str:
    names = [container.name for container in pod.spec.port_owners + pod.spec.init_containers]
    given = kube.flags.get("container")
    if given and given not in names:
        raise KubectlError(f"Error from server (BadRequest): container {given} is not valid for pod {pod.name}")
    return given or pod.annotations.get(DEFAULT_CONTAINER) or names[0]


def _defaulted(kube: Kube, pod: Pod, frame: Frame) -> str:
    """The note about which of several containers was taken."""
    names = [container.name for container in pod.spec.containers]
    if kube.flags.get("container") or len(names) < 2 or DEFAULT_CONTAINER in pod.annotations or kube.flags.on("quiet"):
        return ""
    return f'Defaulted container "{frame.container}" out of: {", ".join(names)}\n'


# logs -----------------------------------------------------------------------------------------------------------

def logs(kube: Kube) -> Output:
    """What a pod has written. Programs are not simulated, so a running one has written nothing; the end of one that
    crashed is told."""
    if not kube.operands and not kube.flags.has("selector"):
        raise KubectlError("error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a "
                           "required argument for the logs command")
    if kube.flags.has("selector"):
        pods = kube.cluster.list("Pod", selector=kube.flags.get("selector"), namespace=kube.namespace)
        return Output("".join(_log(kube, pod, _container(kube, pod)) for pod in pods))
    pod = pod_of(kube, kube.operands[0])
    name = kube.operands[1] if len(kube.operands) > 1 else _container(kube, pod)
    return warned(_defaulted(kube, pod, pod_frame(pod.key, name)), Output(_log(kube, pod, name)))


def _log(kube: Kube, pod: Pod, container: str) -> str:
    if not pod.node_name:
        raise KubectlError(f"Error from server (BadRequest): pod {pod.name} does not have a host assigned")
    state = next((each for each in pod.states if each.name == container), None)
    if state is None or (state.state == "waiting" and not state.restart_count):
        reason = state.reason if state is not None and state.reason else "ContainerCreating"
        raise KubectlError(f'Error from server (BadRequest): container "{container}" in pod "{pod.name}" is waiting to '
                           f"start: {reason}")
    return f"{state.message}\n" if state.message and (state.state != "running" or state.restart_count) else ""


# rollout --------------------------------------------------------------------------------------------------------

def rollout(kube: Kube) -> Output:
    """`rollout status|restart TYPE/NAME`. A settled cluster has nothing left to wait for."""
    action = kube.operands.pop(0) if kube.operands else ""
    if action not in ("status", "restart"):
        raise KubectlError(f"error: 'rollout {action}' is not modelled; 'rollout status TYPE/NAME' and 'rollout restart "
                           "TYPE/NAME' are")
    word, slash, name = (kube.operands[0] if kube.operands else "").partition("/")
    if not slash and len(kube.operands) > 1:
        name = kube.operands[1]
    if not name:
        raise KubectlError("error: required resource not specified")
    each = require(kube, kind_for(kube.cluster.store, word), name)
    if not isinstance(each, Workload):
        raise KubectlError(f"error: no rollout is known for {BY_KIND[each.kind].plural}")
    label = f"{BY_KIND[each.kind].singular} \"{each.name}\""
    if action == "restart":
        return _restarted(kube, each)
    wanted = each.observed if isinstance(each, DaemonSet) else each.replicas
    if each.ready_replicas < wanted:
        raise KubectlError("error: timed out waiting for the condition", stdout=(
            f"Waiting for {label} rollout to finish: {each.ready_replicas} of {wanted} updated replicas are available...\n"))
    done = {"Deployment": f"{label} successfully rolled out",
            "DaemonSet": f"daemon set \"{each.name}\" successfully rolled out",
            "StatefulSet": f"statefulset rolling update complete {wanted} pods at revision {each.name}..."}
    return Output(done.get(each.kind, f"{label} successfully rolled out") + "\n")


def _restarted(kube: Kube, each: Workload) -> Output:
    """Delete the pods: the controller makes new ones from the same template."""
    pods = [pod for pod in kube.cluster.list("Pod", namespace=each.namespace) if each.selector.matches(pod.labels)]
    for pod in pods:
        kube.cluster.delete("pod", pod.name, namespace=pod.namespace)
    return Output(f"{BY_KIND[each.kind].qualified}/{each.name} restarted\n")

