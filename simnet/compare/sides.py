"""Asks both sides everything either of them knows of, and gathers what comes out differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from simnet.compare.network import Network, role_of_address, role_of_name
from simnet.compare.report import Diff, Difference, Outcome, Witness, line_of
from simnet.compare.requests import Asked, Key, destinations
from simnet.compare.senders import Sender, senders, senders_for
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.dataplane.view import View

Paths = list[tuple[Fraction, tuple[str, ...], Trace]]


@dataclass(frozen=True, slots=True)
class _Change:
    """How one request comes out differently, and a path of each side that shows it."""

    before: Outcome
    after: Outcome
    old: Trace
    new: Trace


@dataclass(slots=True)
class _Found:
    """A difference being gathered."""

    witness: Witness
    sources: dict[str, None]
    requests: int = 0


def compare(old: Network, new: Network) -> Diff:
    """The requests whose outcome differs, those about one thing and with one change together.

    Asked are all names, addresses, ports, hosts and paths that either side knows, from one pod of each kind (namespace,
    node, name service, network, policies, and behind the Service asked), one node of each kind, and outside. A pod with a
    made-up name counts as its Deployment: other names and addresses alone are no difference. Both clusters are left as
    they are. Cost: kinds of senders times destinations, an exploration each on both sides.
    """
    left, right = destinations(old), destinations(new)
    who = senders(old, new)
    found: dict[tuple[str, Outcome, Outcome], _Found] = {}
    requests = 0
    for one, other in _pairs(left, right):
        for sender in senders_for(who, one, other):
            requests += 1
            _ask(old, new, one, other, sender, found)
    differences = tuple(Difference(about, before, after, each.witness, tuple(each.sources), each.requests)
                        for (about, before, after), each in found.items())
    return Diff(differences, requests, who.only_old, who.only_new)


def _pairs(left: dict[Key, Asked], right: dict[Key, Asked]) -> Iterator[tuple[Asked, Asked]]:
    """What is asked of each side; what one side alone knows is asked of both alike."""
    for key in (*left, *(key for key in right if key not in left)):
        one, other = left.get(key), right.get(key)
        yield (one or other, other or one)  # type: ignore[misc]


def _ask(old: Network, new: Network, one: Asked, other: Asked, sender: Sender,
         found: dict[tuple[str, Outcome, Outcome], _Found]) -> None:
    asked = [_typed(each, sender) for each in (one, other)]
    sources = (sender.old, sender.new)
    sides = (old, new)
    outcomes = [side.outcomes(each.url, source, at=each.at or None, insecure=True)
                for side, each, source in zip(sides, asked, sources, strict=True)]
    left, right = (paths_of(side.view, each) for side, each in zip(sides, outcomes, strict=True))
    change = _change(left, right, sender.shown)
    if change is None:
        return
    key = (one.about, change.before, change.after)
    if key not in found:
        lines = [line_of(each, source) for each, source in zip(asked, sources, strict=True)]
        found[key] = _Found(Witness(lines[0], lines[1], change.old, change.new), {})
    found[key].sources[sender.shown] = None
    found[key].requests += 1


def _typed(asked: Asked, sender: Sender) -> Asked:
    """The destination as this sender writes it: short within a namespace."""
    if asked.local_url and asked.namespace == sender.namespace:
        return Asked(asked.about, asked.local_url, asked.senders, asked.at)
    return asked


def _change(left: Paths, right: Paths, sender: str) -> _Change | None:
    """What differs between the paths of two sides, None if nothing does. Where result and receiver differ the rest is not
    told. How often one of many pods meets itself is no difference: it follows from how many there are."""
    for part in (slice(1), slice(None)):
        before, after = (outcome_of(each, part) for each in (left, right))
        if before != after:
            words = [text for text, _ in before]
            if words == [text for text, _ in after] and all(f" by {sender}:" in text for text in words):
                return None
            return _Change(before, after, _witness(left, part, after), _witness(right, part, before))
    return None


def _witness(paths: Paths, part: slice, others: Outcome) -> Trace:
    """The likeliest path that ends as none of the other side does, else the likeliest."""
    known = {words for words, _ in others}
    ordered = sorted(paths, key=lambda path: -path[0])
    return next((trace for _, words, trace in ordered if " ".join(words[part]) not in known), ordered[0][2])


def outcome_of(paths: Paths, part: slice = slice(None)) -> Outcome:
    """The possible results with their probabilities: words that mean the same on both sides. `part` says which words."""
    total: dict[str, Fraction] = {}
    for share, words, _ in paths:
        text = " ".join(words[part])
        total[text] = total.get(text, Fraction(0)) + share
    return tuple(sorted(total.items()))


def paths_of(net: View, outcomes: Outcomes) -> Paths:
    """Each possible path in words: result and receiver first, then what the receiver sees, then the rest of the answer."""
    return [(share, (_received(net, trace), *_seen(net, trace), *_answered(trace)), trace) for share, trace in outcomes]


def _received(net: View, trace: Trace) -> str:
    """`200 by deployment/default/web:80`."""
    reached = trace.endpoint
    if reached is not None:
        who = role_of_name(net, f"pod/{reached.pod}") if reached.pod is not None else reached.address
        return f"{trace.result} by {who}:{reached.port}"
    giver = trace.response.by if trace.response is not None else ""
    return f"{trace.result} by {role_of_name(net, giver)}" if giver else trace.result


def _seen(net: View, trace: Trace) -> Iterator[str]:
    if trace.seen_source is not None:
        own = trace.steps[0].before.flow.actor.addresses
        yield f"seen as {role_of_address(net, trace.seen_source, own)}"


def _answered(trace: Trace) -> Iterator[str]:
    """Of an HTTP exchange: where it redirects, which certificate it shows, what the receiver was asked for."""
    response, sent, got = trace.response, trace.steps[0].before.flow.request, trace.last.before.flow.request
    if response is None or sent is None:
        return
    location = response.header("Location")
    if location is not None:
        yield f"to {location}"
    if response.certificate is not None:
        yield f"cert {response.certificate.name}"
    if trace.endpoint is not None and got is not None:
        if got.target != sent.target:
            yield f"asked for {got.target}"
        if got.host != sent.host:
            yield f"as host {got.host}"
