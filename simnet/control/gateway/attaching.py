"""Which listeners take a route. Rules G-5 to G-7.

Source: kubernetes-sigs/gateway-api apis/v1/shared_types.go (ParentReference, RouteConditionReason),
apis/v1/gateway_types.go (AllowedRoutes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simnet.control.gateway.hostnames import shares_any
from simnet.control.gateway.listeners import HTTP_ROUTE, ListenerState
from simnet.names import ObjectKey
from simnet.objects.gateway import Listener
from simnet.objects.httproute import HTTPRoute, ParentRef
from simnet.store.store import Store

METADATA_NAME = "kubernetes.io/metadata.name"


class Refused(StrEnum):
    """Why no listener took a route: the reasons of its condition Accepted."""

    NO_PARENT = "NoMatchingParent"
    NOT_ALLOWED = "NotAllowedByListeners"
    NO_HOSTNAME = "NoMatchingListenerHostname"


@dataclass(frozen=True, slots=True)
class Attachment:
    """What became of one parentRef: the listeners that took the route, or why none did. `met` are the listeners that
    passed everything before the test that failed."""

    parent: ParentRef
    listeners: tuple[Listener, ...] = ()
    refused: Refused | None = None
    met: tuple[Listener, ...] = ()

    @property
    def what(self) -> str:
        """The condition's message."""
        names = ", ".join(each.name for each in self.met)
        match self.refused:
            case None:
                return "Route is accepted"
            case Refused.NO_PARENT:
                wanted = [f"name {self.parent.section}"] if self.parent.section else []
                wanted += [f"port {self.parent.port}"] if self.parent.port else []
                asked = " and ".join(wanted)
                return f"no listener has {asked}; there are {names}" if asked else "the Gateway has no usable listener"
            case Refused.NOT_ALLOWED:
                return f"no listener allows routes of this kind and namespace: {names}"
            case Refused.NO_HOSTNAME:
                hosts = ", ".join(each.hostname for each in self.met)
                return f"no hostname of the route intersects with those of the listeners: {hosts}"


LabelsOf = Callable[[str], Mapping[str, str]]


def namespace_labels(store: Store) -> LabelsOf:
    """The labels of a namespace, with the one that every namespace carries, whether or not the object is listed."""
    def labels(name: str) -> Mapping[str, str]:
        found = store.get("Namespace", ObjectKey("", name))
        return {**(found.labels if found is not None else {}), METADATA_NAME: name}
    return labels


def attach(route: HTTPRoute, parent: ParentRef, gateway_namespace: str, states: Sequence[ListenerState],
           labels_of: LabelsOf) -> Attachment:
    """Try one parentRef of a route on the listeners of the Gateway it names. O(listeners times hostnames)."""
    named = [each for each in states if parent.section in ("", each.listener.name)
             and parent.port in (0, each.listener.port)]
    standing = [each for each in named if not each.conflict]
    if not standing:
        return Attachment(parent, (), Refused.NO_PARENT, tuple(each.listener for each in states))
    allowed = [each.listener for each in standing if HTTP_ROUTE in each.kinds
               and _allows(each.listener, gateway_namespace, route.namespace, labels_of)]
    if not allowed:
        return Attachment(parent, (), Refused.NOT_ALLOWED, tuple(each.listener for each in standing))
    sharing = tuple(each for each in allowed if shares_any(each.hostname, route.spec.hostnames))
    if not sharing:
        return Attachment(parent, (), Refused.NO_HOSTNAME, tuple(allowed))
    return Attachment(parent, sharing)


def _allows(listener: Listener, own: str, namespace: str, labels_of: LabelsOf) -> bool:
    """allowedRoutes.namespaces (rule G-5)."""
    match listener.allow_from:
        case "All":
            return True
        case "Selector":
            return listener.selector is not None and listener.selector.matches(labels_of(namespace))
        case "None":
            return False
        case _:
            return namespace == own
