"""Words for the way: leaving a node, crossing the underlay, being let in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.conntrack import WayBack
from simnet.dataplane.step import Step
from simnet.explain.told_refusal import dropped
from simnet.explain.words import Said, listed, source_of, way
from simnet.names import ObjectKey

Travel = core.Departed | core.Crossed | core.ReplyLost | core.NoPath | core.NoAddress | core.Admitted | core.Looped


def travel_told(step: Step, decision: Travel) -> Said:
    match decision:
        case core.Departed(masqueraded_to, reason, unjudged):
            return _departed(step, masqueraded_to, reason, unjudged)
        case core.Crossed(path):
            if len(path) == 1:
                return f"the receiver is on {way(path)} too: no other node is met", []
            return f"carried {way(path)}", []
        case core.ReplyLost(node, receiver, rule):
            return (f"the answer goes from node {receiver} past node {node}, which alone can translate it back: the client "
                    "hears from a stranger and the connection hangs",
                    dropped(rule, f"to an endpoint on {node}, or if the source were rewritten there"))
        case core.NoPath(origin, goal, missing):
            one, other = missing
            return f"no way from {origin} to {goal}", [f"missing: the link between {one} and {other}"]
        case core.NoAddress(actor, destination):
            return f"{actor} has no IPv{ip.family(destination)} address to send from", []
        case core.Admitted(unjudged):
            return "let in", _unjudged(unjudged, "receiver")
        case core.Looped(limit):
            return f"after {limit} steps the packet still goes round", []
        case other:
            assert_never(other)


def _departed(step: Step, masqueraded_to: int | None, reason: str, unjudged: Iterable[ObjectKey]) -> Said:
    facts = _unjudged(unjudged, "sender")
    if masqueraded_to is None or step.after is None:
        if reason:
            facts.insert(0, "a rewrite was wanted; a packet that stays on its node keeps its source")
        return "the source stays as it is", facts
    why = "outside nobody knows pod addresses" if reason else "so that the answer comes back the same way"
    return (f"node {step.before.node} puts its own address in place of the sender's, {why}",
            [f"source {source_of(step.before)} -> {source_of(step.after)}", *facts])


def _unjudged(policies: Iterable[ObjectKey], whom: str) -> list[str]:
    names = listed(policies)
    return [f"NetworkPolicies that select the {whom} and are not judged: {names}"] if names else []


def way_back_told(ways: Iterable[WayBack]) -> list[str]:
    """A line for what is remembered of each translated connection, and one for the way its answer takes."""
    lines: list[str] = []
    for each in ways:
        if each.entry is None:
            continue
        lines.append(f"tracked on {each.entry.node}: {each.entry}")
        nodes = " > ".join(node or "outside" for node in each.nodes)
        if each.is_bypassed:
            lines.append(f"way back: {nodes}, past {each.entry.node}, which alone can translate it back: the client hears "
                         "from a stranger and the connection hangs")
        else:
            lines.append(f"way back: {nodes}; {each.entry.node} puts the addresses back")
    return lines
