"""v1 Event: what controllers tell about an object; equal events are counted, not repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet.clock import iso
from simnet.names import ObjectKey
from simnet.objects.meta import Object

NOBODY = ObjectKey("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Object):
    """`involved` is kind and key of the object meant. `first_seen` and `last_seen` are logical seconds."""

    kind: ClassVar[str] = "Event"

    involved_kind: str = ""
    involved: ObjectKey = NOBODY
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    component: str = ""
    count: int = 1
    first_seen: float = 0.0
    last_seen: float = 0.0

    def _complete(self, whole: dict[str, Any]) -> None:
        whole.update({
            "involvedObject": {"kind": self.involved_kind, "namespace": self.involved.namespace,
                               "name": self.involved.name},
            "type": self.type, "reason": self.reason, "message": self.message, "source": {"component": self.component},
            "count": self.count, "firstTimestamp": iso(self.first_seen), "lastTimestamp": iso(self.last_seen)})
