"""Deployment, ReplicaSet, StatefulSet and DaemonSet."""

from __future__ import annotations

from typing import TypedDict

from simnet.labels import Selector
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.pod import pod_template
from simnet.manifests.decode.values import Data, section
from simnet.objects.daemonset import DaemonSet
from simnet.objects.deployment import Deployment
from simnet.objects.meta import Object
from simnet.objects.pod import PodTemplate
from simnet.objects.replicaset import ReplicaSet
from simnet.objects.statefulset import StatefulSet


class _Shared(TypedDict):
    replicas: int
    selector: Selector
    template: PodTemplate
    observed: int
    ready_replicas: int


def deployment(data: Data, origin: Origin) -> Object:
    """A Deployment."""
    return Deployment(**common(data, origin), **_shared(data, origin))


def replica_set(data: Data, origin: Origin) -> Object:
    """A ReplicaSet."""
    return ReplicaSet(**common(data, origin), **_shared(data, origin))


def daemon_set(data: Data, origin: Origin) -> Object:
    """A DaemonSet."""
    return DaemonSet(**common(data, origin), **_shared(data, origin))


def stateful_set(data: Data, origin: Origin) -> Object:
    """A StatefulSet."""
    spec = section(data, "spec")
    return StatefulSet(
        **common(data, origin), **_shared(data, origin), service_name=spec.get("serviceName") or "",
        start_ordinal=section(spec, "ordinals").get("start") or 0,
        pod_management_policy=spec.get("podManagementPolicy") or "OrderedReady")


def _shared(data: Data, origin: Origin) -> _Shared:
    spec, status = section(data, "spec"), origin.status(data)
    replicas = spec.get("replicas")
    return {
        "replicas": 1 if replicas is None else replicas,
        "selector": Selector.from_label_selector(spec.get("selector")),
        "template": pod_template(section(spec, "template")),
        "observed": status.get("replicas") or status.get("currentNumberScheduled") or 0,
        "ready_replicas": status.get("readyReplicas") or status.get("numberReady") or 0,
    }
