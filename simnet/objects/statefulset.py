"""apps/v1 StatefulSet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.objects.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class StatefulSet(Workload):
    """`service_name` becomes the subdomain of its pods, whose names are ordinals from `start_ordinal`."""

    kind: ClassVar[str] = "StatefulSet"

    service_name: str = ""
    start_ordinal: int = 0
    pod_management_policy: str = "OrderedReady"
