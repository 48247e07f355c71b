"""What Deployment, ReplicaSet, StatefulSet and DaemonSet have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnet.labels import NOTHING, Selector
from simnet.objects.meta import Object, merged
from simnet.objects.pod import PodTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload(Object):
    """Keeps `replicas` pods stamped from `template`; `observed` and `ready_replicas` are its status."""

    api_version: ClassVar[str] = "apps/v1"

    replicas: int = 1
    selector: Selector = NOTHING
    template: PodTemplate = field(default_factory=PodTemplate)
    observed: int = 0
    ready_replicas: int = 0

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["spec"] = merged(whole.get("spec"), {"replicas": self.replicas})
        whole["status"] = merged(whole.get("status"), {
            "replicas": self.observed, "readyReplicas": self.ready_replicas or None,
            "availableReplicas": self.ready_replicas or None})
