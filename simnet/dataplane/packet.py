"""What is carried through the house: a packet, the connection it belongs to, and who opened that.

Addresses are plain ints here (IPv6 ones above 2**128, see `simnet.ip`): no address object on the packet path.
"""

from __future__ import annotations

from enum import IntEnum

from simnet import ip
from simnet.dataplane.http.message import Request
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

new = object.__new__

LOOPBACK_V4 = ip.IPNetwork.parse("127.0.0.0/8")
LOOPBACK_V6 = ip.number("::1")


def is_loopback(address: int) -> bool:
    return LOOPBACK_V4.first <= address <= LOOPBACK_V4.last or address == LOOPBACK_V6


class Place(IntEnum):
    """Where a packet is; the stage that runs next follows from it alone (see `walk.STAGE_AT`)."""

    NAME = 1
    ADDRESS = 2
    SERVICE = 3
    DEPARTURE = 4
    LINK = 5
    ENDPOINT = 6
    POD = 7
    PROXY = 8


class Actor:
    """Who opens connections: a process in a pod, a process on a node, or a host outside the cluster.

    `name` is `pod/default/client`, `node/node-1`, or an outside host's name or address. `node` is '' outside.
    `is_host` is true for processes in a node's own network: node processes and hostNetwork pods. `unjudged` are the
    egress policies that select the pod.
    """

    __slots__ = ("addresses", "is_host", "libc", "name", "node", "pod", "unjudged")

    def __init__(self, name: str, addresses: tuple[int, ...], node: str = "", pod: Pod | None = None,
                 is_host: bool = False, libc: str = "glibc", unjudged: tuple[ObjectKey, ...] = ()) -> None:
        self.name, self.addresses, self.node, self.pod = name, addresses, node, pod
        self.is_host, self.libc, self.unjudged = is_host, libc, unjudged

    @property
    def is_outside(self) -> bool:
        return self.node == "" and self.pod is None

    def with_libc(self, libc: str) -> Actor:
        """The same actor, running programs of another C library."""
        return Actor(self.name, self.addresses, self.node, self.pod, self.is_host, libc, self.unjudged)

    def address_for(self, destination: int) -> int | None:
        """The source address a connection to `destination` gets: the destination itself when that is the actor's own
        or a loopback address, else the actor's first address of that family; None if it has none."""
        if destination in self.addresses or is_loopback(destination):
            return destination
        wanted = ip.family(destination)
        return next((address for address in self.addresses if ip.family(address) == wanted), None)


class Flow:
    """One connection: everything about it that no translation changes.

    `host` is what the client asked for, name or address text; `request` is None for a plain connection; `family`
    limits name resolution to 4 or 6. `parent` is the packet at the proxy that opened this connection, None for a
    client's own, and `way` which of the outcomes of its plan this is; `depth` says how many questions of a
    proxy's own led here. `front_end` names the controller a test enters at
    ('NS/NAME'), '' otherwise.
    """

    __slots__ = ("actor", "depth", "family", "front_end", "host", "parent", "protocol", "request", "via", "way")

    def __init__(self, actor: Actor, host: str, protocol: str = "TCP", request: Request | None = None,
                 family: int | None = None, parent: Packet | None = None, via: str = "", front_end: str = "",
                 way: int = 0, depth: int = 0) -> None:
        self.actor, self.host, self.protocol, self.request = actor, host, protocol, request
        self.family, self.parent, self.via, self.front_end, self.way = family, parent, via, front_end, way
        self.depth = depth


class Packet:
    """The first packet of a connection, as it is at one place. Never changed: a stage makes the next one.

    `node` is the node whose network it is in ('' outside). `claim` is what `capture` found to own the destination,
    `target` the endpoint that `balance` chose, `masquerade` whether the source must be rewritten on departure.
    `attempts` are the endpoints a proxy has tried for this request, with what became of each.
    """

    __slots__ = ("attempts", "claim", "destination", "flow", "masquerade", "node", "place", "port",
                 "source", "source_port", "target")

    def __init__(self, place: Place, node: str, source: int, source_port: int, destination: int, port: int,
                 flow: Flow, claim: object = None, target: object = None, masquerade: bool = False,
                 attempts: tuple[object, ...] = ()) -> None:
        self.place = place
        self.node = node
        self.source = source
        self.source_port = source_port
        self.destination = destination
        self.port = port
        self.flow = flow
        self.claim = claim
        self.target = target
        self.masquerade = masquerade
        self.attempts = attempts

    @property
    def protocol(self) -> str:
        return self.flow.protocol

    def at(self, place: Place) -> Packet:
        """The same packet at another place, its masquerade mark taken off: what a stage starts from to make the next
        one. Cost: two thirds of a call of the class, and every request makes six."""
        after = new(Packet)
        after.place = place
        after.node = self.node
        after.source = self.source
        after.source_port = self.source_port
        after.destination = self.destination
        after.port = self.port
        after.flow = self.flow
        after.claim = self.claim
        after.target = self.target
        after.masquerade = False
        after.attempts = self.attempts
        return after

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for packets that will be treated alike from here on; `explore` merges by it."""
        return (self.place, self.node, self.source, self.source_port, self.destination, self.port, self.protocol,
                self.flow, self.claim, self.target, self.masquerade, self.attempts)
