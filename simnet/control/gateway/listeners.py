"""Listeners: which stand beside each other, what they take, and whether their references lead anywhere. Rule G-3.

Source: kubernetes-sigs/gateway-api apis/v1/gateway_types.go (Listener, ListenerConditionReason),
conformance/tests/gateway-invalid-*, gateway-secret-*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simnet.control.gateway.references import CertificateRef, certificate
from simnet.objects.gateway import GROUP, Gateway, Listener
from simnet.store.store import Store

HTTP_ROUTE: Final = (GROUP, "HTTPRoute")
SUPPORTED: Final = ("HTTP", "HTTPS")
_FAMILY: Final = {"HTTP": "HTTP", "HTTPS": "TLS", "TLS": "TLS", "TCP": "TCP"}
"""Protocols that may share a TCP port have one family; others are not asked."""


@dataclass(frozen=True, slots=True)
class ListenerState:
    """A listener with all that was found out about it.

    `conflict` is HostnameConflict, ProtocolConflict or ''; `kinds` those it supports of the ones it was asked for.
    """

    listener: Listener
    conflict: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    has_bad_kinds: bool = False
    certificates: tuple[CertificateRef, ...] = ()

    @property
    def is_supported(self) -> bool:
        return self.listener.protocol in SUPPORTED

    @property
    def is_accepted(self) -> bool:
        return self.is_supported and not self.conflict

    @property
    def bad_certificate(self) -> CertificateRef | None:
        return next((each for each in self.certificates if each.reason), None)

    @property
    def usable_certificates(self) -> tuple[CertificateRef, ...]:
        return tuple(each for each in self.certificates if not each.reason)

    @property
    def is_programmed(self) -> bool:
        """Whether the data plane serves it: accepted, with a certificate where it needs one, and some kind of route."""
        needs = self.listener.protocol == "HTTPS"
        return self.is_accepted and bool(self.kinds) and not (needs and not self.usable_certificates)


def assess(store: Store, gateway: Gateway) -> tuple[ListenerState, ...]:
    """Every listener of a Gateway. O(listeners, certificates and the grants they need)."""
    conflicts = _conflicts(gateway.listeners)
    return tuple(_state(store, gateway, each, conflict) for each, conflict in zip(gateway.listeners, conflicts, strict=True))


def _state(store: Store, gateway: Gateway, listener: Listener, conflict: str) -> ListenerState:
    if listener.protocol not in SUPPORTED:
        return ListenerState(listener, conflict)
    asked = listener.kinds or (HTTP_ROUTE,)
    kinds = tuple(each for each in asked if each == HTTP_ROUTE)
    certificates = tuple(certificate(store, gateway.namespace, each) for each in listener.certificates)
    return ListenerState(listener, conflict, kinds, len(kinds) < len(asked), certificates)


def _conflicts(listeners: Sequence[Listener]) -> list[str]:
    """For each listener HostnameConflict, ProtocolConflict or ''. Nobody of a set in conflict wins."""
    families: dict[int, set[str]] = defaultdict(set)
    same: dict[tuple[int, str, str], int] = defaultdict(int)
    for each in listeners:
        family = _FAMILY.get(each.protocol)
        if family is not None:
            families[each.port].add(family)
            same[each.port, family, each.hostname] += 1
    return ["" if each.protocol not in _FAMILY else "ProtocolConflict" if len(families[each.port]) > 1 else
            "HostnameConflict" if same[each.port, _FAMILY[each.protocol], each.hostname] > 1 else "" for each in listeners]
