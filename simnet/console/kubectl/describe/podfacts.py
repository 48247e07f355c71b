"""What the kubelet and admission put on every pod: conditions, tolerations, how the last run of a container ended.

Source: kubernetes/kubernetes pkg/kubelet/status/generate.go and pkg/kubelet/kubelet_pods.go generateAPIPodStatus (order
and meaning of the conditions); plugin/pkg/admission/defaulttolerationseconds/admission.go; pkg/controller/daemon/util/
daemonset_util.go AddOrUpdateDaemonPodTolerations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.console.kubectl.describe.page import Page
from simnet.images import process_of
from simnet.objects.pod import ContainerState, Pod

Raw = Mapping[str, Any]
ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
_NODE = "node.kubernetes.io/"
_EVICTED_AFTER_SECONDS = 300


def pod_conditions(pod: Pod, conditions: Sequence[Raw]) -> list[Raw]:
    """The conditions in the kubelet's order, its own two added; a pod without a node has only PodScheduled."""
    found = {str(each.get("type")): each for each in conditions}
    if not pod.node_name:
        return [found["PodScheduled"]] if "PodScheduled" in found else list(conditions)
    has_sandbox = bool(pod.pod_ips) and not pod.is_terminal
    is_initialised = not any(state.reason == "PodInitializing" for state in pod.states)
    for name, holds in (("PodReadyToStartContainers", has_sandbox), ("Initialized", is_initialised)):
        found.setdefault(name, {"type": name, "status": str(holds)})
    others = [name for name in found if name not in ORDER]
    return [found[name] for name in (*others, *ORDER) if name in found]


def pod_tolerations(pod: Pod, given: Sequence[Raw]) -> list[Raw]:
    """The tolerations of the spec and those every pod gets; pods of a DaemonSet stay however long the node is away."""
    if pod.owner is not None and pod.owner.kind == "DaemonSet":
        added = [{"key": _NODE + key, "operator": "Exists", "effect": effect} for key, effect in (
            ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
            ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"))]
        return [*given, *(each for each in added if each not in given)]
    return [*given, *({"key": _NODE + key, "operator": "Exists", "effect": "NoExecute",
                       "tolerationSeconds": _EVICTED_AFTER_SECONDS}
                      for key in ("not-ready", "unreachable") if not _tolerates(given, _NODE + key))]


def _tolerates(given: Sequence[Raw], key: str) -> bool:
    return any(each.get("key", "") in (key, "") and each.get("effect", "") in ("NoExecute", "") for each in given)


def last_exit_code(page: Page, pod: Pod, state: ContainerState) -> int:
    """How a container that waits for its next start ended: a message tells of a port that was taken, which is 1."""
    if state.exit_code is not None or state.message:
        return state.exit_code or 1
    container = next(each for each in pod.spec.port_owners if each.name == state.name)
    return process_of(container, page.kube.cluster.settings.images.of(container.image)).exit_code
