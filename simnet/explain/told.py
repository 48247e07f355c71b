"""One step of a walk in words: a sentence, then facts. The text and the tree are both made from it.

The `told_...` modules hold the sentences, each for its part of the closed union of decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Outcomes, Step
from simnet.dataplane.union import Decision, decision_of
from simnet.explain.told_arrival import Arrival, arrival_told
from simnet.explain.told_name import Named, name_told
from simnet.explain.told_proxy import Routed, proxy_told
from simnet.explain.told_service import Addressed, Balanced, address_told, balance_told
from simnet.explain.told_travel import Travel, travel_told
from simnet.explain.words import PLACE_WORDS, Said


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words. `place` is the short name of where it was taken; `inner` are the walks it needed first (those
    of a DNS query), with their probabilities; `depth` counts the proxies between the client and this connection."""

    place: str
    sentence: str
    facts: tuple[str, ...] = ()
    inner: Outcomes = ()
    depth: int = 0


def told(step: Step) -> Told:
    """The words for one step. Every decision there is has some; mypy and the tests see to it."""
    decision = decision_of(step)
    sentence, facts = _said(step, decision)
    inner = decision.paths if isinstance(decision, dns.NameResolved | dns.NameUnresolved) else ()
    return Told(PLACE_WORDS[step.before.place], sentence, tuple(facts), inner, depth_of(step.before))


def depth_of(packet: Packet) -> int:
    """0 for the client's own connection, 1 for the one a proxy opened for it, and so on."""
    depth, parent = 0, packet.flow.parent
    while parent is not None:
        depth, parent = depth + 1, parent.flow.parent
    return depth


def _said(step: Step, decision: Decision) -> Said:
    if isinstance(decision, Named):
        return name_told(decision)
    if isinstance(decision, Addressed):
        return address_told(step, decision)
    if isinstance(decision, Balanced):
        return balance_told(step, decision)
    if isinstance(decision, Travel):
        return travel_told(step, decision)
    if isinstance(decision, Arrival):
        return arrival_told(step, decision)
    if isinstance(decision, Routed):
        return proxy_told(step, decision)
    assert_never(decision)
