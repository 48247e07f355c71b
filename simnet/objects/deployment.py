"""apps/v1 Deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.objects.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Workload):
    kind: ClassVar[str] = "Deployment"
