"""v1 Namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet.objects.meta import Object, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace(Object):
    """A scope for names. Every namespace carries the label kubernetes.io/metadata.name with its own name."""

    kind: ClassVar[str] = "Namespace"

    phase: str = "Active"

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["spec"] = merged(whole.get("spec"), {"finalizers": ["kubernetes"]})
        whole["status"] = merged(whole.get("status"), {"phase": self.phase})
