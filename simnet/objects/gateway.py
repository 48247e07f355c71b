"""gateway.networking.k8s.io/v1 GatewayClass, Gateway and ReferenceGrant, and the conditions of their statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simnet.clock import iso
from simnet.labels import Selector
from simnet.objects.meta import Object, merged

GROUP = "gateway.networking.k8s.io"


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of a status's `conditions`; `since` is when it last changed, in logical seconds."""

    type: str
    status: str  # True, False, Unknown
    reason: str
    message: str = ""
    since: float = 0.0

    def as_manifest(self) -> dict[str, Any]:
        return {"type": self.type, "status": self.status, "reason": self.reason, "message": self.message,
                "observedGeneration": 1, "lastTransitionTime": iso(self.since)}


def condition_named(conditions: Iterable[Condition], type: str) -> Condition | None:
    """The condition of a type, None if the status has none."""
    return next((each for each in conditions if each.type == type), None)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an object of another kind; `namespace` is filled in with the referring object's own."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener as the Gateway says it. `hostname` '' is every host. `mode` is the TLS mode ('' without tls).

    `allow_from` is Same, All, Selector or None; `kinds` are (group, kind) pairs, empty for the protocol's own.
    """

    name: str
    port: int
    protocol: str
    hostname: str = ""
    mode: str = ""
    certificates: tuple[Reference, ...] = ()
    allow_from: str = "Same"
    selector: Selector | None = None
    kinds: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListenerStatus:
    """What the controller says about one listener; `kinds` are (group, kind) pairs it supports."""

    name: str
    attached: int
    kinds: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]

    def as_manifest(self) -> dict[str, Any]:
        return {"name": self.name, "attachedRoutes": self.attached,
                "supportedKinds": [{"group": group, "kind": kind} for group, kind in self.kinds],
                "conditions": [each.as_manifest() for each in self.conditions]}


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayClass(Object):
    kind: ClassVar[str] = "GatewayClass"
    api_version: ClassVar[str] = f"{GROUP}/v1"

    controller: str = ""
    conditions: tuple[Condition, ...] = ()

    def _complete(self, whole: dict[str, Any]) -> None:
        if self.conditions:
            whole["status"] = merged(whole.get("status"), {"conditions": [each.as_manifest() for each in self.conditions]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(Object):
    """`wanted` are the (type, value) pairs of spec.addresses; `addresses` those of the status, as text."""

    kind: ClassVar[str] = "Gateway"
    api_version: ClassVar[str] = f"{GROUP}/v1"

    class_name: str = ""
    listeners: tuple[Listener, ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()
    infrastructure_labels: Mapping[str, str] = ()  # type: ignore[assignment]
    infrastructure_annotations: Mapping[str, str] = ()  # type: ignore[assignment]
    addresses: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    statuses: tuple[ListenerStatus, ...] = ()

    def listener(self, name: str) -> Listener | None:
        return next((each for each in self.listeners if each.name == name), None)

    def _complete(self, whole: dict[str, Any]) -> None:
        addresses = [{"type": "IPAddress" if text[:1].isdigit() or ":" in text else "Hostname", "value": text}
                     for text in self.addresses]
        if self.conditions or addresses:
            whole["status"] = merged(whole.get("status"), {
                "addresses": addresses or None, "conditions": [each.as_manifest() for each in self.conditions],
                "listeners": [each.as_manifest() for each in self.statuses]})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceGrant(Object):
    """`sources` are (group, kind, namespace), `targets` (group, kind, name or '' for all)."""

    kind: ClassVar[str] = "ReferenceGrant"
    api_version: ClassVar[str] = f"{GROUP}/v1"

    sources: tuple[tuple[str, str, str], ...] = ()
    targets: tuple[tuple[str, str, str], ...] = ()

    def allows(self, source: tuple[str, str, str], target: Reference) -> bool:
        """Whether objects (group, kind, namespace) may refer to `target`, which lies in this grant's namespace (rule
        G-18): each part must fit, any pair grants."""
        return (target.namespace == self.namespace and source in self.sources
                and any((group, kind) == (target.group, target.kind) and name in ("", target.name)
                        for group, kind, name in self.targets))
