"""Zone hints by the zones' parts of the CPU: what the annotation topology-mode Auto asks for.

Every ready endpoint starts in its own zone; single ones are then lent from zones that have too many to zones that have
too few. Which one is lent is open upstream (map order); here the first by name.

Source: kubernetes/kubernetes staging/src/k8s.io/endpointslice/topologycache/{topologycache.go,utils.go,event.go}. Rule ES-18.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import Final

from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint
from simnet.objects.node import Node

CONTROL_PLANE_LABELS: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_MOST_OVERLOAD: Final = Fraction(6, 5)
_HALF: Final = Fraction(1, 2)

NO_NODE_INFORMATION: Final = ("Insufficient Node information: allocatable CPU or zone not specified on one or more nodes")
TOO_FEW: Final = "Insufficient number of endpoints"
OVERLOADED: Final = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE: Final = "One or more endpoints do not have a zone specified"

Shares = Mapping[str, Fraction]


def cpu_shares(nodes: Iterable[Node]) -> Shares:
    """Each zone's part of the CPU of all ready nodes but control-plane ones; empty when one of them has no zone or no
    CPU, and when there are not two zones. O(nodes)."""
    cpu: Counter[str] = Counter()
    for node in nodes:
        if node.ready and not any(label in node.labels for label in CONTROL_PLANE_LABELS):
            if not node.zone or not node.millicores:
                return {}
            cpu[node.zone] += node.millicores
    total = sum(cpu.values())
    return {zone: Fraction(each, total) for zone, each in sorted(cpu.items())} if len(cpu) > 1 else {}


def zone_hints(endpoints: Mapping[ObjectKey, Endpoint], shares: Shares) -> dict[ObjectKey, str] | str:
    """The zone each ready endpoint is meant for, or in the controller's words why there are no hints.

    The same endpoints give the same hints, whatever was there before. O(endpoints)."""
    ready = {key: endpoints[key] for key in sorted(endpoints) if endpoints[key].ready}
    desired = _desired(len(ready), shares)
    if isinstance(desired, str):
        return desired
    if not all(each.zone for each in ready.values()):
        return NO_ZONE
    hints = {key: each.zone for key, each in ready.items()}
    giving, receiving = _moves(desired, Counter(hints.values()))
    for key, zone in hints.items():
        if giving[zone] > 0 and receiving:
            taker = min(receiving)
            hints[key] = taker
            giving[zone] -= 1
            receiving[taker] -= 1
            receiving = +receiving
    return hints


def _desired(count: int, shares: Shares) -> dict[str, Fraction] | str:
    """How many endpoints each zone should have, or why that cannot be."""
    if not shares:
        return NO_NODE_INFORMATION
    numbers = f"({count} endpoints, {len(shares)} zones)"
    if count < len(shares):
        return f"{TOO_FEW} {numbers}"
    least = {zone: ceil(share * count / _MOST_OVERLOAD) for zone, share in shares.items()}
    if sum(least.values()) > count:
        return f"{OVERLOADED} {numbers}"
    return {zone: max(share * count, Fraction(least[zone])) for zone, share in shares.items()}


def _moves(desired: Mapping[str, Fraction], have: Mapping[str, int]) -> tuple[Counter[str], Counter[str]]:
    """How many endpoints each zone lends and borrows. Nothing moves for less than half an endpoint, or when neither side
    has a whole one to give or to take."""
    over = {zone: have.get(zone, 0) - want for zone, want in desired.items() if have.get(zone, 0) > want}
    under = {zone: want - have.get(zone, 0) for zone, want in desired.items() if have.get(zone, 0) < want}
    giving: Counter[str] = Counter()
    receiving: Counter[str] = Counter()
    while over and under:
        giver, taker = max(over, key=over.__getitem__), max(under, key=under.__getitem__)
        if max(over[giver], under[taker]) < 1 or min(over[giver], under[taker]) < _HALF:
            break
        giving[giver] += 1
        receiving[taker] += 1
        over[giver] -= 1
        under[taker] -= 1
    return giving, receiving
