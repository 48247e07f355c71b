"""v1 ServiceAccount: kept and listed; it has no influence on the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.objects.meta import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount(Object):
    kind: ClassVar[str] = "ServiceAccount"
