"""The conditions that the Gateway controller writes. Rules G-1 to G-3, G-6.

Source: kubernetes-sigs/gateway-api apis/v1/{gatewayclass,gateway,shared}_types.go, condition types and reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from simnet.control.gateway.attaching import Attachment
from simnet.control.gateway.listeners import ListenerState
from simnet.control.gateway.references import Resolved
from simnet.objects.gateway import Condition, Gateway, GatewayClass, ListenerStatus, condition_named
from simnet.objects.httproute import OtherFilter

WAITING: Final = (Condition("Accepted", "Unknown", "Pending", "Waiting for controller"),)
WAITING_GATEWAY: Final = (*WAITING, Condition("Programmed", "Unknown", "Pending", "Waiting for controller"))
"""What the definitions fill in before any controller has looked."""


def kept(old: Iterable[Condition], new: Iterable[Condition], now: float) -> tuple[Condition, ...]:
    """The new conditions; those that say the same keep the time since when they do."""
    before = {(each.type, each.status): each.since for each in old}
    return tuple(replace(each, since=before.get((each.type, each.status), now)) for each in new)


def class_conditions(each: GatewayClass) -> tuple[Condition, ...]:
    """Of a class that is simnet's."""
    if (each.raw.get("spec") or {}).get("parametersRef"):
        return (Condition("Accepted", "False", "InvalidParameters", "simnet takes no parametersRef"),)
    return (Condition("Accepted", "True", "Accepted", "GatewayClass is accepted"),)


def gateway_conditions(gateway: Gateway, states: Sequence[ListenerState], pending: str, unusable: str
                       ) -> tuple[Condition, ...]:
    """Accepted and Programmed. `pending` says why there is no address yet, `unusable` why the one asked for cannot be
    had."""
    refused = _refusal(gateway)
    if refused is not None:
        return refused, Condition("Programmed", "False", "Invalid", refused.message)
    bad = [each.listener.name for each in states if not each.is_accepted]
    if len(bad) == len(states):
        text = "no listener is valid"
        return Condition("Accepted", "False", "ListenersNotValid", text), Condition("Programmed", "False", "Invalid", text)
    accepted = Condition("Accepted", "True", "ListenersNotValid" if bad else "Accepted",
                         f"not valid: {', '.join(bad)}" if bad else "Gateway is accepted")
    if unusable:
        return accepted, Condition("Programmed", "False", "AddressNotUsable", unusable)
    if not gateway.addresses:
        return accepted, Condition("Programmed", "False", "AddressNotAssigned", pending or "no address is assigned yet")
    return accepted, Condition("Programmed", "True", "Programmed", f"address {gateway.addresses[0]} is assigned")


def _refusal(gateway: Gateway) -> Condition | None:
    """What keeps the whole Gateway from being accepted, whatever its listeners are like."""
    kinds = [kind for kind, _ in gateway.wanted if kind != "IPAddress"]
    if kinds:
        return Condition("Accepted", "False", "UnsupportedAddress", f"addresses of type {kinds[0]} are not supported")
    if ((gateway.raw.get("spec") or {}).get("infrastructure") or {}).get("parametersRef"):
        return Condition("Accepted", "False", "InvalidParameters", "simnet takes no parametersRef")
    return None


def listener_status(state: ListenerState, attached: int, old: Sequence[ListenerStatus], now: float) -> ListenerStatus:
    """The status entry of one listener."""
    before = next((each.conditions for each in old if each.name == state.listener.name), ())
    conditions = (_accepted(state), _programmed(state), _conflicted(state), _resolved(state))
    return ListenerStatus(state.listener.name, attached, state.kinds, kept(before, conditions, now))


def _accepted(state: ListenerState) -> Condition:
    if not state.is_supported:
        return Condition("Accepted", "False", "UnsupportedProtocol", f"protocol {state.listener.protocol} is not supported")
    if state.conflict:
        return Condition("Accepted", "False", state.conflict, "listener is in conflict with another one")
    return Condition("Accepted", "True", "Accepted", "listener is accepted")


def _programmed(state: ListenerState) -> Condition:
    if state.is_programmed:
        return Condition("Programmed", "True", "Programmed", "listener is programmed")
    return Condition("Programmed", "False", "Invalid", "listener is not valid")


def _conflicted(state: ListenerState) -> Condition:
    if state.conflict:
        return Condition("Conflicted", "True", state.conflict,
                         f"another listener of port {state.listener.port} cannot stand beside it")
    return Condition("Conflicted", "False", "NoConflicts", "no conflicts")


def _resolved(state: ListenerState) -> Condition:
    bad = state.bad_certificate
    if bad is not None:
        return Condition("ResolvedRefs", "False", bad.reason, bad.what)
    if state.listener.protocol == "HTTPS" and not state.certificates:
        return Condition("ResolvedRefs", "False", "InvalidCertificateRef", "the listener names no certificate")
    if state.has_bad_kinds:
        return Condition("ResolvedRefs", "False", "InvalidRouteKinds", "a kind in allowedRoutes.kinds is not supported")
    return Condition("ResolvedRefs", "True", "ResolvedRefs", "references are resolved")


# routes ---------------------------------------------------------------------------------------------------------

def route_conditions(attachment: Attachment, flaw: Resolved | OtherFilter | None) -> tuple[Condition, ...]:
    """Accepted and ResolvedRefs, which do not hang on each other."""
    refused = attachment.refused
    accepted = Condition("Accepted", "True" if refused is None else "False",
                         "Accepted" if refused is None else refused.value, attachment.what)
    return accepted, _references(flaw)


def _references(flaw: Resolved | OtherFilter | None) -> Condition:
    match flaw:
        case None:
            return Condition("ResolvedRefs", "True", "ResolvedRefs", "references are resolved")
        case OtherFilter():
            return Condition("ResolvedRefs", "False", "InvalidKind", f"simnet has no filter {flaw.type} {flaw.text}".rstrip())
        case Resolved():
            return Condition("ResolvedRefs", "False", str(flaw.flaw), f"{flaw.ref} {flaw.what}")


def accepted_of(conditions: Iterable[Condition]) -> bool:
    """Whether the condition Accepted is True."""
    found = condition_named(conditions, "Accepted")
    return found is not None and found.status == "True"


