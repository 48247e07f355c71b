"""networking.k8s.io/v1 IngressClass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.objects.meta import Object

DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressClass(Object):
    kind: ClassVar[str] = "IngressClass"
    api_version: ClassVar[str] = "networking.k8s.io/v1"

    controller: str = ""

    @property
    def is_default(self) -> bool:
        return self.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true"
