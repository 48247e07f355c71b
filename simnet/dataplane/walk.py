"""The one line every request follows. Where a packet is decides which stage runs next; nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from simnet.dataplane import decisions as because
from simnet.dataplane.admit import admit
from simnet.dataplane.arrive import arrive
from simnet.dataplane.balance import balance
from simnet.dataplane.capture import capture
from simnet.dataplane.cross import cross
from simnet.dataplane.depart import depart
from simnet.dataplane.dns.decisions import NameResolved, NameUnresolved
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.dataplane.resolve import resolve
from simnet.dataplane.route import route
from simnet.dataplane.step import Attempt, Fork, Need, Outcomes, Step, Trace
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View

Stage = Callable[[View, Packet], "Step | Fork | Need"]
Chooser = Callable[[Packet, Fork], int]

STAGE_AT: dict[Place, Stage] = {
    Place.NAME: resolve,
    Place.ADDRESS: capture,
    Place.SERVICE: balance,
    Place.DEPARTURE: depart,
    Place.LINK: cross,
    Place.ENDPOINT: admit,
    Place.POD: arrive,
    Place.PROXY: route,
}

LOW64 = (1 << 64) - 1
PROXY_LIMIT = 8  # no real way leads through more proxies; each of several replicas is another branch at every turn
STEP_LIMIT = 4096  # a request through a proxy takes about ten, and as many again for each endpoint it tries

RETURNS_TO_PROXY = frozenset((Verdict.REFUSED, Verdict.DROPPED, Verdict.UNRESOLVED, Verdict.UNREACHABLE,
                              Verdict.TLS_FAILED))


def walk(net: View, packet: Packet, choose: Chooser) -> Trace:
    """Carry one packet until it rests. The steps taken are the trace; nothing else records them.

    `choose` picks a branch wherever a real cluster picks at random. Always ends: with LOOPED behind the PROXY_LIMIT-th
    proxy on the way, or after STEP_LIMIT steps. Together they play the part of TTL.
    """
    steps: list[Step] = []
    add, proxy = steps.append, Place.PROXY  # names of the frame: this loop is the hottest there is
    stage_at: dict[Place, Callable[[View, Packet], Any]] = STAGE_AT
    at = packet
    while True:
        place = at.place
        if place is proxy and steps and _goes_round(at, len(steps)):  # nothing but a proxy leads back to where one was
            add(Step(at, None, because.Looped(len(steps))))
            break
        result = stage_at[place](net, at)
        onward = result.after
        if onward is None:  # the rarer answers: a choice, a need, or the end
            step = result if type(result) is Step else _settled(net, at, result, choose)
            add(step)
            onward = step.after or _back_to_proxy(step)
            if onward is None:
                break
        else:
            add(result)
        at = onward
    net.work.stages_run += len(steps)
    return Trace(tuple(steps))


def _goes_round(packet: Packet, taken: int) -> bool:
    """Whether a walk that has come to a proxy is given up: too many proxies inside each other, or too many steps."""
    depth, parent = 1, packet.flow.parent
    while parent is not None:
        depth, parent = depth + 1, parent.flow.parent
    return depth > PROXY_LIMIT or taken >= STEP_LIMIT


def _settled(net: View, packet: Packet, result: Step | Fork | Need, choose: Chooser) -> Step:
    """Meet a need, pick a branch."""
    if isinstance(result, Need):
        result = result.resume(explored(net, result.packet))
    if isinstance(result, Fork):
        return result.make(packet, choose(packet, result))
    return result


def _back_to_proxy(step: Step) -> Packet | None:
    """A proxy's own connection that failed goes back to the proxy, which tries another endpoint or gives up."""
    parent = step.before.flow.parent
    if parent is None:
        return None
    verdict = step.because.verdict
    if verdict not in RETURNS_TO_PROXY:
        return None
    target = step.before.flow.host
    return Packet(Place.PROXY, parent.node, parent.source, parent.source_port, parent.destination, parent.port,
                  parent.flow, parent.claim, parent.target, parent.masquerade,
                  (*step.before.attempts, Attempt(target, verdict, step.before.flow.way)))


def explore(net: View, packet: Packet) -> Outcomes:
    """Every possible walk with its exact probability, the likeliest first among equals of the order of branches.

    Branches that reach equal packets are merged and their probabilities added. Cost: the number of different walks.
    """
    waiting: dict[tuple[object, ...], tuple[Fraction, tuple[Step, ...], Packet]] = {
        packet.identity: (Fraction(1), (), packet)}
    done: list[tuple[Fraction, Trace]] = []
    while waiting:
        onward: dict[tuple[object, ...], tuple[Fraction, tuple[Step, ...], Packet]] = {}
        for probability, steps, at in waiting.values():
            for share, step in _branches(net, at, len(steps)):
                after = step.after if step.after is not None else _back_to_proxy(step)
                taken = (*steps, step)
                if after is None:
                    done.append((probability * share, Trace(taken)))
                    continue
                known = onward.get(after.identity)
                weight = probability * share + (known[0] if known is not None else 0)
                onward[after.identity] = (weight, known[1] if known is not None else taken, after)
        waiting = onward
    net.work.stages_run += sum(len(trace.steps) for _, trace in done)
    return tuple(done)


def _branches(net: View, packet: Packet, taken: int) -> list[tuple[Fraction, Step]]:
    """All steps possible from here, each with its share."""
    if packet.place is Place.PROXY and _goes_round(packet, taken):
        return [(Fraction(1), Step(packet, None, because.Looped(taken)))]
    result = STAGE_AT[packet.place](net, packet)
    if isinstance(result, Need):
        result = result.resume(explored(net, result.packet))
    if isinstance(result, Step):
        return [(Fraction(1), result)]
    return [(result.probability(index), result.make(packet, index)) for index in range(result.count)
            if result.probability(index)]


def explored(net: View, packet: Packet) -> Outcomes:
    """`explore`, remembered until the cluster changes: what a stage that needs another walk first is handed."""
    key = (packet.place, packet.node, packet.source, packet.destination, packet.port, packet.protocol,
           packet.flow.actor.name, packet.flow.host, packet.flow.request, packet.flow.depth)
    found: Outcomes | None = net.memo.walks.get(key)
    if found is None:
        found = net.memo.walks[key] = explore(net, packet)
    return found


def look_up(net: View, actor: Actor, name: str, libc: str | None, family: int | None, choose: Chooser) -> Lookup:
    """What the actor's resolver does with a name; its queries travel as the settings say."""
    if libc is not None:
        actor = actor.with_libc(libc)
    packet = Packet(Place.NAME, actor.node, 0, 0, 0, 0, Flow(actor, name, family=family))
    result = resolve(net, packet)
    decision = (result if isinstance(result, Step) else _settled(net, packet, result, choose)).because
    assert isinstance(decision, (NameResolved, NameUnresolved))
    return decision.lookup


def flow_hash(seed: int, turn: int = 0) -> Chooser:
    """A chooser that gives equal connections equal branches: a mix of the five numbers of a connection and the seed.

    `turn` tells apart what one connection carries one after another, the place two forks of one walk. Plain integer
    arithmetic, so every machine picks the same.
    """
    seeded = seed * 0x9E3779B97F4A7C15 + turn * 0xD6E8FEB86659FD93

    def choose(packet: Packet, fork: Fork) -> int:
        mixed = (packet.source + packet.source_port * 0x9E3779B1 + packet.destination * 0x85EBCA77
                 + (packet.port + (packet.place << 16)) * 0xC2B2AE3D + seeded) & LOW64
        if packet.attempts:
            mixed += len(packet.attempts) * 0xC4CEB9FE1A85EC53
        mixed = (mixed ^ mixed >> 15) * 0xFF51AFD7ED558CCD & LOW64
        mixed = (mixed ^ mixed >> 32) * 0xC4CEB9FE1A85EC53 >> 29 & LOW64
        if fork.weights is None:
            return mixed % fork.count
        return _weighted(fork.weights, Fraction(mixed, 1 << 64))

    return choose


def _weighted(weights: tuple[Fraction, ...], point: Fraction) -> int:
    total = Fraction(0)
    for index, weight in enumerate(weights):
        total += weight
        if point < total:
            return index
    return len(weights) - 1
