"""apps/v1 DaemonSet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet.objects.meta import merged
from simnet.objects.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSet(Workload):
    """One pod on every node that the template's node selector and tolerations allow; `replicas` is not used."""

    kind: ClassVar[str] = "DaemonSet"

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["status"] = merged(whole.get("status"), {
            "desiredNumberScheduled": self.observed, "currentNumberScheduled": self.observed,
            "numberReady": self.ready_replicas})
