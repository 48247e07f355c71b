"""Any kind simnet does not model: kept as it is, listed, reported as not modelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simnet.objects.meta import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Object):
    """`other_kind` and `other_api_version` are what the manifest says."""

    other_kind: str = ""
    other_api_version: str = ""

    @property
    def ref(self) -> str:
        return f"{self.other_kind.lower()}/{self.key}"

    def _complete(self, whole: dict[str, Any]) -> None:
        whole["apiVersion"], whole["kind"] = self.other_api_version, self.other_kind
