"""v1 ConfigMap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simnet.objects.meta import EMPTY, Object


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigMap(Object):
    kind: ClassVar[str] = "ConfigMap"

    data: Mapping[str, str] = field(default_factory=lambda: EMPTY)
