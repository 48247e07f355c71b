"""Phrases that several renderers use: who, where, how many, how likely."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from simnet import ip
from simnet.dataplane.packet import Actor, Packet, Place
from simnet.dataplane.step import Trace
from simnet.names import ObjectKey

DEFAULT_PORTS = {"http": 80, "https": 443}
PLACE_WORDS = {place: place.name.lower() for place in Place}
"""The short name of each place, as the text and the drawing of the walk use it."""


def counted(number: int, noun: str) -> str:
    """`1 endpoint`, `2 endpoints`, `no endpoints`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def listed(items: Iterable[object], most: int = 8) -> str:
    """`a, b, c`, with `and 5 more` once there are more than `most`."""
    texts = [str(each) for each in items]
    shown = ", ".join(texts[:most])
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


def likely(share: Fraction) -> str:
    """`1/3 (33.3 %)`; `1 (always)` for certainty."""
    return "1 (always)" if share == 1 else f"{share} ({float(share) * 100:.1f} %)"


def short(key: ObjectKey) -> str:
    """The name alone in the default namespace, else `namespace/name`: as stories write names."""
    return key.name if key.namespace == "default" else str(key)


def named(ref: str) -> str:
    """`pod default/web-1` for `pod/default/web-1`, an address as it is."""
    return ref.replace("/", " ", 1)


def sender(actor: Actor) -> str:
    """`pod/default/client (10.244.0.5)`, `laptop (192.0.2.1)`, or just the address when that is the name."""
    addresses = [ip.text(number) for number in actor.addresses]
    if not addresses or addresses[0] == actor.name:
        return actor.name
    return f"{actor.name} ({addresses[0]})"


def source_of(packet: Packet) -> str:
    return ip.host_port(packet.source, packet.source_port)


def destination_of(packet: Packet) -> str:
    return ip.host_port(packet.destination, packet.port)


def way(path: Sequence[str]) -> str:
    """`bridge of node-1 > node-1 > router > node-2`: the vertices of a path, those but bridges without their kinds."""
    return " > ".join("bridge of " * vertex.startswith("bridge/") + vertex.rpartition("/")[2] for vertex in path)


def question_of(trace: Trace) -> str:
    """What was asked, as one would type it: `GET http://shop.example.com/ at 172.18.0.2`, `TCP 10.96.0.10:80`."""
    packet = trace.steps[0].before
    flow = packet.flow
    request = flow.request
    literal = f"[{flow.host}]" if ":" in flow.host else flow.host
    if request is None:
        return f"{packet.protocol} {literal}:{packet.port}"
    default = DEFAULT_PORTS.get(request.scheme)
    connected = literal if packet.port == default else f"{literal}:{packet.port}"
    url = f"{request.method} {request.scheme}://{request.host or connected}{request.target}"
    return url if (request.host or connected) == connected else f"{url} at {connected}"


def title_of(trace: Trace) -> str:
    """Who asked what: `laptop (192.0.2.1) asks GET http://shop.example.com/`."""
    flow = trace.steps[0].before.flow
    return f"{sender(flow.actor)} {'opens' if flow.request is None else 'asks'} {question_of(trace)}"


def result_of(trace: Trace) -> str:
    """`200, answered by pod/default/web-1`, `refused at once`, `timeout: nothing ever comes back` ..."""
    if trace.response is not None:
        giver = trace.response.by
        return f"{trace.response.status}, answered by {giver}" if giver else str(trace.response.status)
    return RESULTS.get(trace.result, trace.result)


RESULTS = {
    "open": "open: the receiver takes it",
    "refused": "refused: the client is told at once",
    "timeout": "timeout: the client hears nothing",
    "no-name": "no-name: the name has no address",
    "tls-error": "tls-error: the client ends the handshake",
    "unreachable": "unreachable: there is no way",
    "loop": "loop: the packet goes round",
}

Said = tuple[str, list[str]]
"""A sentence about a step, and further facts, each a line."""
