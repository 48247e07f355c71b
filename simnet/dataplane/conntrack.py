"""The way back: what connection tracking on a node remembers of a translated connection, and whether the answer finds it.

Destination and source are rewritten on one node only, and only that node can undo it. An answer that takes another way
reaches the client from a stranger's address, and the connection hangs. Derived from the steps of a finished walk.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier_test.go; Linux net/netfilter/nf_nat_core.c; rules MT-6, MQ-4, CT-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from simnet import ip
from simnet.dataplane import decisions as because
from simnet.dataplane.packet import Flow, Packet
from simnet.dataplane.rules import AddressKind, Claim


class Taken(Protocol):
    """A step of a walk, as far as the way back looks at it."""

    before: Packet
    after: Packet | None
    because: Any


class Tracked(NamedTuple):
    """The entry of one translated connection on `node`. `original` is (source, port, destination, port) as the client
    sends, `reply` the same of the answer as it reaches the node: that differs from the reverse of `original`."""

    node: str
    protocol: str
    original: tuple[int, int, int, int]
    reply: tuple[int, int, int, int]

    def __str__(self) -> str:
        return f"{self.protocol.lower()} {_pair(self.original)} [reply {_pair(self.reply)}]"


class WayBack(NamedTuple):
    """How the answer travels: from the receiver's node to the sender's ('' outside), `entry` being what a node on the
    way forth remembers (None: nothing was translated). `depth` is 0 for the client's own connection; `rule` says why
    such a connection keeps its source (MQ-4, MT-6)."""

    depth: int
    receiver: str
    sender: str
    entry: Tracked | None
    rewritten: bool
    rule: str = ""

    @property
    def is_bypassed(self) -> bool:
        """Whether the answer goes past the node that would have to translate it back: the connection hangs."""
        return (self.entry is not None and not self.rewritten
                and self.entry.node not in (self.receiver, self.sender))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes the answer passes, in order; '' stands for the outside."""
        between = (self.entry.node,) if self.entry is not None and not self.is_bypassed else ()
        return tuple(dict.fromkeys((self.receiver, *between, self.sender)))


def ways_back(steps: Sequence[Taken]) -> tuple[WayBack, ...]:
    """One for each connection of the walk that reached a listener, the client's own first. O(steps)."""
    flows: dict[int, list[Taken]] = {}  # by connection, in order of their first step
    for step in steps:
        flows.setdefault(id(step.before.flow), []).append(step)
    found = [_way_back(each) for each in flows.values()]
    return tuple(each for each in found if each is not None)


def is_cut_off(steps: Iterable[Taken]) -> bool:
    """Whether the client's own connection gets no answer though it reaches a listener. Cheaper than `ways_back`: only a
    choice made away from the client's node, without rewriting, can do that."""
    own = [step for step in steps if step.before.flow.parent is None]
    departed = next((step.because for step in own if type(step.because) is because.Departed), None)
    if departed is not None and departed.masqueraded_to is not None:
        return False
    for step in own:
        if type(step.because) is because.EndpointChosen and step.because.claim.node != step.before.flow.actor.node:
            way = _way_back(own)
            return way is not None and way.is_bypassed
    return False


def _way_back(steps: Sequence[Taken]) -> WayBack | None:
    """The way back of one connection; None when it reached no listener."""
    reached = next((step for step in reversed(steps) if isinstance(
        step.because, because.Delivered | because.ProxyReached | because.PlainToTLS)), None)
    if reached is None:
        return None
    first, arrived = steps[0].before, reached.before
    translated = next((step for step in steps if isinstance(
        step.because, because.EndpointChosen | because.HostPortCaptured)), None)
    departed = next((step for step in steps if isinstance(step.because, because.Departed)), None)
    rewritten = departed is not None and departed.because.masqueraded_to is not None
    start = translated or (departed if rewritten else None)
    entry = None
    if start is not None:
        before = start.before
        entry = Tracked(before.node, before.protocol,
                        (before.source, before.source_port, before.destination, before.port),
                        (arrived.destination, arrived.port, arrived.source, arrived.source_port))
    claim = getattr(translated.because, "claim", None) if translated is not None else None
    rule = "MQ-4" if isinstance(claim, Claim) and claim.kind is AddressKind.CLUSTER_IP else "MT-6"
    return WayBack(_depth(first.flow), arrived.node, first.flow.actor.node, entry, rewritten, rule)


def _depth(flow: Flow) -> int:
    depth, parent = 0, flow.parent
    while parent is not None:
        depth, parent = depth + 1, parent.flow.parent
    return depth


def _pair(four: tuple[int, int, int, int]) -> str:
    source, source_port, destination, port = four
    return f"{ip.host_port(source, source_port)} > {ip.host_port(destination, port)}"
