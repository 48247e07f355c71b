"""Stage `resolve`: from the name the client asked for to the address it connects to.

Rules: D85 to D92; what is asked and answered is decided in `dns/`. With `dns.transport` "pods" the query itself is a
packet: it goes to the pod's name server, and what becomes of it decides whether there is an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial

from simnet import ip
from simnet.dataplane.dns.decisions import NameResolved, NameUnresolved
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.dataplane.step import Fork, Need, Outcomes, Step
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View

DNS_PORT = 53
QUERY_PORT = 53_535  # stands for the port the C library happens to take; the same always, so that one walk serves all
REACHED = frozenset((Verdict.DELIVERED, Verdict.ANSWERED))

Branches = list[tuple[Fraction, Callable[[], Step]]]


def resolve(net: View, packet: Packet) -> Step | Fork | Need:
    """Look up `packet.flow.host` as the client's C library does, and go on to the address it takes.

    Of several addresses the client takes IPv4 before IPv6 and one at random among those, since the server shuffles
    its answers (D67). Ends UNRESOLVED when there is none. A query that is rejected fails at once, one that is dropped
    after the time-out; when some ways lead to the server and others do not, both can happen.
    Cost: O(1) while the lookup is remembered; least where the query can only arrive and only one address can be
    taken, since then the decision itself is remembered, as the query's walks are, until the cluster changes.
    """
    flow = packet.flow
    actor = flow.actor
    known = net.memo.names.get((actor.name, actor.libc, flow.host, flow.family))
    if known is not None:
        decision, address, own = known
        after = packet.at(Place.ADDRESS)
        after.destination = address
        if not after.source or (after.source < ip.V6) is not (address < ip.V6):
            after.source = own
        return Step(packet, after, decision)
    clients = net.dns.clients
    lookup = clients.lookup(actor, packet.flow.host, packet.flow.family)
    travels = bool(lookup.steps) and net.settings.dns.transport == "pods" and lookup.left_node
    server = clients.cluster_server(actor) if travels else None
    if server is None:
        return _concluded(packet, lookup, ())
    source = actor.address_for(server)
    if source is None:
        return _concluded(packet, clients.unreached(actor, packet.flow.host, packet.flow.family, True), ())
    query = Packet(Place.ADDRESS, packet.node, source, QUERY_PORT, server, DNS_PORT,
                   Flow(actor, ip.text(server), "UDP"))
    return Need(query, partial(_asked, net, packet, lookup))


def _asked(net: View, packet: Packet, lookup: Lookup, outcomes: Outcomes) -> Step | Fork:
    """Go on with what became of the query: it reached a server, was rejected, or vanished."""
    clients = net.dns.clients
    if all(trace.last.because.verdict in REACHED for _, trace in outcomes):
        result = _concluded(packet, lookup, outcomes)
        if isinstance(result, Step) and isinstance(result.because, NameResolved) and not clients.caches.is_used:
            flow, address = packet.flow, result.because.address
            net.memo.names[(flow.actor.name, flow.actor.libc, flow.host, flow.family)] = (
                result.because, address, flow.actor.address_for(address) or 0)
        return result
    branches: Branches = []
    for reached, at_once in ((True, False), (False, True), (False, False)):
        paths = tuple((share, trace) for share, trace in outcomes
                      if _end(trace.last.because.verdict) == (reached, at_once))
        if paths:
            flow = packet.flow
            found = lookup if reached else clients.unreached(flow.actor, flow.host, flow.family, at_once)
            branches += _branches(packet, found, paths, sum((share for share, _ in paths), Fraction()))
    if len(branches) == 1:
        return branches[0][1]()
    return Fork(len(branches), lambda _, index: branches[index][1](), tuple(share for share, _ in branches))


def _end(verdict: Verdict | None) -> tuple[bool, bool]:
    """(a server got it, the failure is known at once)."""
    return verdict in REACHED, verdict is Verdict.REFUSED


def _concluded(packet: Packet, lookup: Lookup, paths: Outcomes) -> Step | Fork:
    among = candidates(packet.flow.actor, lookup)
    if len(among) < 2:
        return _step(packet, lookup, among, 0, paths)
    return Fork(len(among), lambda _, index: _step(packet, lookup, among, index, paths))


def _branches(packet: Packet, lookup: Lookup, paths: Outcomes, share: Fraction) -> Branches:
    among = candidates(packet.flow.actor, lookup)
    count = max(1, len(among))
    return [(share / count, partial(_step, packet, lookup, among, index, paths)) for index in range(count)]


def candidates(actor: Actor, lookup: Lookup) -> Sequence[int]:
    """The addresses the client may try first: those of a family it has itself, IPv4 before IPv6.

    If it has none of that family all the same, the first address: the packet then finds no way.
    """
    numbers = lookup.numbers
    if len(numbers) < 2:
        return numbers
    usable = [number for number in numbers if actor.address_for(number) is not None] or list(numbers[:1])
    return tuple(number for number in usable if ip.family(number) == ip.family(usable[0]))


def _step(packet: Packet, lookup: Lookup, among: Sequence[int], index: int, paths: Outcomes) -> Step:
    if not among:
        return Step(packet, None, NameUnresolved(lookup, paths))
    address = among[index]
    return Step(packet, _sent_to(packet, address), NameResolved(lookup, address, tuple(among), paths))


def _sent_to(packet: Packet, address: int) -> Packet:
    """The packet with its destination, and a source of the same family unless it has one."""
    after = packet.at(Place.ADDRESS)
    after.destination = address
    if not after.source or ip.family(after.source) != ip.family(address):
        after.source = packet.flow.actor.address_for(address) or 0
    return after


def remember_lookups(net: View, steps: Iterable[Step]) -> None:
    """Commit what the lookups of a walk leave in caches, where there are any (D95)."""
    for step in steps:
        if isinstance(step.because, (NameResolved, NameUnresolved)):
            net.dns.clients.remember(step.before.flow.actor, step.because.lookup)
