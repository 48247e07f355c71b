"""apps/v1 ReplicaSet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.objects.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSet(Workload):
    kind: ClassVar[str] = "ReplicaSet"
