"""Deployments, replica sets, stateful sets and daemon sets.

Source: kubernetes/kubectl pkg/describe/describe.go describeDeployment, describeReplicaSet, describeStatefulSet,
describeDaemonSet; the default strategy: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.console.kubectl.describe.page import Page, moment
from simnet.console.kubectl.describe.pod import describe_template
from simnet.console.kubectl.words import label_selector, pairs
from simnet.objects.daemonset import DaemonSet
from simnet.objects.deployment import Deployment
from simnet.objects.replicaset import ReplicaSet
from simnet.objects.statefulset import StatefulSet
from simnet.objects.workload import Workload

REVISION = "deployment.kubernetes.io/revision"


def _pods_of(page: Page, workload: Workload) -> str:
    """How many of its pods are in each phase."""
    pods = [pod for pod in page.kube.cluster.list("Pod", namespace=workload.namespace)
            if pod.owner is not None and (pod.owner.kind, pod.owner.name) == (workload.kind, workload.name)]
    counts = [(sum(pod.phase == phase for pod in pods), word) for phase, word in
              (("Running", "Running"), ("Pending", "Waiting"), ("Succeeded", "Succeeded"), ("Failed", "Failed"))]
    return " / ".join(f"{count} {word}" for count, word in counts)


def _spec(workload: Workload) -> Mapping[str, Any]:
    return workload.manifest.get("spec") or {}


def describe_deployment(page: Page, deployment: Deployment) -> None:
    spec = _spec(deployment)
    page.write(0, "Name:", deployment.name)
    page.write(0, "Namespace:", deployment.namespace)
    page.write(0, "CreationTimestamp:", moment(deployment.created))
    page.labels(deployment.labels)
    page.annotations(deployment.annotations)
    page.write(0, "Selector:", label_selector(deployment.selector))
    page.write(0, "Replicas:", f"{deployment.replicas} desired | {deployment.observed} updated | {deployment.observed} "
               f"total | {deployment.ready_replicas} available | {deployment.observed - deployment.ready_replicas} "
               "unavailable")
    strategy = spec.get("strategy") or {}
    kind = strategy.get("type", "RollingUpdate")
    page.write(0, "StrategyType:", kind)
    page.write(0, "MinReadySeconds:", spec.get("minReadySeconds", 0))
    if kind == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        page.write(0, "RollingUpdateStrategy:", f"{rolling.get('maxUnavailable', '25%')} max unavailable, "
                   f"{rolling.get('maxSurge', '25%')} max surge")
    describe_template(page, spec.get("template") or {})
    available = deployment.ready_replicas >= deployment.replicas
    page.write(0, "Conditions:")
    page.write(1, "Type", "Status", "Reason")
    page.write(1, "----", "------", "------")
    page.write(1, "Available ", str(available),
               "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable")
    page.write(1, "Progressing ", "True", "NewReplicaSetAvailable" if available else "ReplicaSetUpdated")
    _replica_sets(page, deployment)
    page.events(deployment)


def _replica_sets(page: Page, deployment: Deployment) -> None:
    """The newest replica set (the one that is wanted now) and older ones that still hold pods."""
    sets = [each for each in page.kube.cluster.list("ReplicaSet", namespace=deployment.namespace)
            if each.owner is not None and (each.owner.kind, each.owner.name) == ("Deployment", deployment.name)]
    if not sets:
        return
    newest = max(sets, key=lambda each: (each.annotations.get(REVISION, "").rjust(9, "0"), each.created, each.replicas))
    shown = {each.name: f"{each.name} ({each.observed}/{each.replicas} replicas created)" for each in sets}
    old = [shown[each.name] for each in sets if each is not newest]
    page.write(0, "OldReplicaSets:", ", ".join(old) or "<none>")
    page.write(0, "NewReplicaSet:", shown[newest.name])


def describe_replica_set(page: Page, each: ReplicaSet) -> None:
    page.write(0, "Name:", each.name)
    page.write(0, "Namespace:", each.namespace)
    page.write(0, "Selector:", label_selector(each.selector))
    page.labels(each.labels)
    page.annotations(each.annotations)
    if each.owner is not None:
        page.write(0, "Controlled By:", f"{each.owner.kind}/{each.owner.name}")
    page.write(0, "Replicas:", f"{each.observed} current / {each.replicas} desired")
    page.write(0, "Pods Status:", _pods_of(page, each))
    describe_template(page, _spec(each).get("template") or {})
    page.events(each)


def describe_stateful_set(page: Page, each: StatefulSet) -> None:
    spec = _spec(each)
    page.write(0, "Name:", each.name)
    page.write(0, "Namespace:", each.namespace)
    page.write(0, "CreationTimestamp:", moment(each.created))
    page.write(0, "Selector:", label_selector(each.selector))
    page.labels(each.labels)
    page.annotations(each.annotations)
    page.write(0, "Replicas:", f"{each.replicas} desired | {each.observed} total")
    strategy = spec.get("updateStrategy") or {}
    page.write(0, "Update Strategy:", strategy.get("type", "RollingUpdate"))
    if strategy.get("type", "RollingUpdate") == "RollingUpdate":
        page.write(1, "Partition:", (strategy.get("rollingUpdate") or {}).get("partition", 0))
    page.write(0, "Pods Status:", _pods_of(page, each))
    describe_template(page, spec.get("template") or {})
    page.write(0, "Volume Claims:", "<none>" if not spec.get("volumeClaimTemplates") else
               ", ".join(str((claim.get("metadata") or {}).get("name")) for claim in spec["volumeClaimTemplates"]))
    page.events(each)


def describe_daemon_set(page: Page, each: DaemonSet) -> None:
    page.write(0, "Name:", each.name)
    page.write(0, "Namespace:", each.namespace)
    page.write(0, "Selector:", label_selector(each.selector))
    page.write(0, "Node-Selector:", pairs(each.template.spec.node_selector))
    page.labels(each.labels)
    page.annotations(each.annotations)
    for label, number in (("Desired Number of Nodes Scheduled", each.observed),
                          ("Current Number of Nodes Scheduled", each.observed),
                          ("Number of Nodes Scheduled with Up-to-date Pods", each.observed),
                          ("Number of Nodes Scheduled with Available Pods", each.ready_replicas),
                          ("Number of Nodes Misscheduled", 0)):
        page.write(0, f"{label}: {number}")
    page.write(0, "Pods Status:", _pods_of(page, each))
    describe_template(page, _spec(each).get("template") or {})
    page.events(each)
