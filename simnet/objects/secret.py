"""v1 Secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simnet.objects.meta import EMPTY, Object

TLS_TYPE = "kubernetes.io/tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret(Object):
    """`data` holds the decoded bytes of `data` and `stringData`."""

    kind: ClassVar[str] = "Secret"

    type: str = "Opaque"
    data: Mapping[str, bytes] = field(default_factory=lambda: EMPTY)
