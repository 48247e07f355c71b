"""Moving between places: the frame of an actor, and what leaving a shell leaves behind."""

from __future__ import annotations

from simnet.console.desk import LAPTOP, Desk, Frame
from simnet.console.output import Output
from simnet.errors import NotFound, UsageError, nearest
from simnet.names import ObjectKey


def frame_for(desk: Desk, actor: str) -> Frame:
    """The frame of `laptop`, an outside host, `node/NAME`, `pod/NAME`, `pod/NAMESPACE/NAME`, or a pod's bare name.

    Raises NotFound with the nearest name that exists.
    """
    store, outside = desk.cluster.store, desk.cluster.settings.outside
    if actor in outside or actor == LAPTOP:
        return Frame(actor)
    kind, slash, rest = actor.partition("/")
    if slash and kind == "node":
        if store.get("Node", ObjectKey("", rest)) is None:
            raise NotFound("node", rest, suggestion=nearest(rest, [each.name for each in store.list("Node")]))
        return Frame(actor, shell="sh")
    name = rest if slash and kind == "pod" else actor
    namespace, _, name = name.rpartition("/")
    key = ObjectKey(namespace or desk.namespace, name)
    if store.get("Pod", key) is None:
        if "." in actor or ":" in actor:
            return Frame(actor)
        known = [each.name for each in store.list("Pod", key.namespace)] + sorted(outside)
        raise NotFound("pod", name, key.namespace, known, nearest(name, known))
    return pod_frame(key)


def pod_frame(key: ObjectKey, container: str = "", shell: str = "sh") -> Frame:
    """A shell in a container of a pod."""
    return Frame(f"pod/{key}", key, container, shell)


def leave_shell(desk: Desk, status: int) -> Output:
    """End the innermost shell that was opened by a command; the one the session began in stays."""
    if len(desk.frames) == 1:
        return Output(status=status)
    frame = desk.frames.pop()
    removed = left_behind(desk, frame)
    if frame.is_attached:
        return Output(removed)
    ended = f"command terminated with exit code {status}\n" if status and frame.pod is not None else ""
    return Output(removed, ended, status)


def left_behind(desk: Desk, frame: Frame) -> str:
    """What is printed when a shell ends: the deletion of a pod that `kubectl run --rm` made."""
    if not frame.removed_after or frame.pod is None or desk.cluster.store.get("Pod", frame.pod) is None:
        return ""
    desk.cluster.delete("pod", frame.pod.name, namespace=frame.pod.namespace)
    return f'pod "{frame.pod.name}" deleted from {frame.pod.namespace} namespace\n'


def check_running(desk: Desk, frame: Frame) -> None:
    """Raise UsageError when nothing can run in the frame's pod, in the words of the kubelet."""
    pod = desk.pod(frame)
    if pod is None:
        return
    container = frame.container or (pod.spec.containers[0].name if pod.spec.containers else "")
    state = next((each for each in pod.states if each.name == container), None)
    if pod.is_terminal:
        raise UsageError(f"cannot exec into a container in a completed pod; current phase is {pod.phase}")
    if not pod.node_name:
        raise UsageError(f"pod {pod.name} does not have a host assigned")
    if state is None or state.state != "running":
        raise UsageError(f'unable to upgrade connection: container not found ("{container}")')
