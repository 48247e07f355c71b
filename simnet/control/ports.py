"""Service addresses and node ports: two pools with a band for values asked for and a band for values drawn.

Nothing reserves the static band; values nobody asks for are merely drawn from the dynamic band first, so that a value
asked for later is likely to be free. The random generator belongs to the cluster and is seeded.

Source: kubernetes/kubernetes pkg/registry/core/service/ipallocator (rules CI-1 to CI-6) and portallocator (rules NP-1
to NP-5), allocator/bitmap.go; KEP-3070, KEP-3668.
"""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from random import Random
from typing import Self

from simnet import ip
from simnet.control.slots import Slots
from simnet.errors import Conflict, PoolExhausted, UsageError
from simnet.ip import IPNetwork

_SMALLEST_SERVICE_RANGE = 8
_SHORTEST_V6_PREFIX = 64


class Pool:
    """The integers `first` to `last`, each held by at most one owner (any hashable value).

    The lowest `offset` of them are the static band. Every search is O(1) in practice.
    """

    __slots__ = ("_holders", "_offset", "_rng", "_slots", "first", "last")

    def __init__(self, first: int, last: int, offset: int, rng: Random) -> None:
        self.first = first
        self.last = last
        self._offset = offset
        self._rng = rng
        self._slots = Slots(last - first + 1)
        self._holders: dict[int, Hashable] = {}

    @property
    def count(self) -> int:
        """How many values there are."""
        return self._slots.size

    @property
    def used(self) -> int:
        """How many values are held."""
        return self._slots.used

    @property
    def static_band(self) -> tuple[int, int] | None:
        """First and last value of the static band; None when the range is too small to have one."""
        return (self.first, self.first + self._offset - 1) if self._offset else None

    @property
    def dynamic_band(self) -> tuple[int, int]:
        """First and last value of the dynamic band."""
        return self.first + self._offset, self.last

    def __contains__(self, value: int) -> bool:
        """Whether the value lies in the range, free or not."""
        return self.first <= value <= self.last

    def holder(self, value: int) -> Hashable | None:
        """Who holds the value; None if nobody does or it is not of this range."""
        return self._holders.get(value)

    def release(self, value: int, owner: Hashable | None = None) -> bool:
        """Free a value; True if it was held. A value that is free, of another range, or (when `owner` is given) held
        by somebody else is left alone silently (CI-6)."""
        if value not in self._holders or (owner is not None and self._holders[value] != owner):
            return False
        del self._holders[value]
        return self._slots.free(value - self.first)

    def copy(self, rng: Random | None = None) -> Self:
        """An independent pool in the same state, drawing from `rng` or from a copy of this pool's generator."""
        twin = copy(self)
        twin._slots, twin._holders = self._slots.copy(), self._holders.copy()
        twin._rng = copy(self._rng) if rng is None else rng
        return twin

    def _draw(self, owner: Hashable) -> int | None:
        """A free value: from a random one of the dynamic band upwards with wrap, then the same in the static band."""
        index = self._draw_between(self._offset, self.count)
        if index is None:
            index = self._draw_between(0, self._offset)
            if index is None:
                return None
        self._holders[self.first + index] = owner
        return self.first + index

    def _reserve(self, value: int, owner: Hashable) -> bool:
        """Hold exactly this value, which must lie in the range; False if somebody already does."""
        if not self._slots.take(value - self.first):
            return False
        self._holders[value] = owner
        return True

    def _draw_between(self, first: int, stop: int) -> int | None:
        if first >= stop:
            return None
        return self._slots.take_next(self._rng.randrange(first, stop), first, stop)


class ClusterIPs(Pool):
    """The addresses of one service CIDR; `first`, `last` and all others are integers of `simnet.ip`."""

    __slots__ = ("network",)

    def __init__(self, cidr: IPNetwork | str, rng: Random) -> None:
        """Raises UsageError for a range the API server would not start with (CI-1)."""
        self.network = IPNetwork.parse(cidr) if isinstance(cidr, str) else cidr
        if self.network.size < _SMALLEST_SERVICE_RANGE:
            raise UsageError(f"the service cluster IP range must be at least {_SMALLEST_SERVICE_RANGE} IP addresses")
        if self.network.family == 6 and self.network.prefix_length < _SHORTEST_V6_PREFIX:
            length = self.network.prefix_length
            raise UsageError(f"shortest allowed prefix length for service CIDR is {_SHORTEST_V6_PREFIX}, got {length}")
        last = self.network.last - (1 if self.network.family == 4 else 0)
        size = self.network.size
        super().__init__(self.network.first + 1, last, band_offset(size, shrink=16, most=256), rng)

    def allocate(self, owner: Hashable = "") -> int:
        """Draw an address (CI-4). Raises PoolExhausted."""
        address = self._draw(owner)
        if address is None:
            raise PoolExhausted("Internal error occurred: failed to allocate a serviceIP: range is full")
        return address

    def request(self, address: int | str, owner: Hashable = "") -> int:
        """Take exactly this address. Raises UsageError if it is not of the usable range, Conflict if it is taken.

        The message is the detail of the API server's Invalid error at `spec.clusterIPs` (CI-5).
        """
        wanted = ip.number(address) if isinstance(address, str) else address
        shown = ip.text(wanted)
        if wanted not in self:
            raise UsageError(f"failed to allocate IP {shown}: provided IP {shown} is not in the valid range")
        if not self._reserve(wanted, owner):
            raise Conflict(f"failed to allocate IP {shown}: provided IP is already allocated")
        return wanted


class NodePorts(Pool):
    """The node port numbers of a cluster; the protocol does not matter (NP-5)."""

    __slots__ = ()

    def __init__(self, port_range: str, rng: Random) -> None:
        """`port_range` is `LOW-HIGH`, both included. Raises UsageError."""
        first, last = _port_range(port_range)
        super().__init__(first, last, band_offset(last - first + 1, shrink=32, most=128), rng)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def allocate(self, owner: Hashable = "") -> int:
        """Draw a port (NP-3). Raises PoolExhausted."""
        port = self._draw(owner)
        if port is None:
            raise PoolExhausted("Internal error occurred: failed to allocate a nodePort: range is full")
        return port

    def request(self, port: int, owner: Hashable = "") -> int:
        """Take exactly this port. Raises UsageError if it is outside the range, Conflict if it is taken.

        The message is the detail of the API server's Invalid error at `spec.ports[i].nodePort` (NP-4).
        """
        if port not in self:
            raise UsageError(f"provided port is not in the valid range. The range of valid ports is {self}")
        if not self._reserve(port, owner):
            raise Conflict("provided port is already allocated")
        return port


def band_offset(size: int, shrink: int, most: int) -> int:
    """How many values the static band has: none up to 16, else a `shrink`-th, at least 16 and at most `most`."""
    return 0 if size <= 16 else min(max(16, size // shrink), most)


def _port_range(text: str) -> tuple[int, int]:
    low, dash, high = text.partition("-")
    if not (dash and all(part.isascii() and part.isdecimal() for part in (low, high))):
        raise UsageError(f"{text!r} is not a port range such as 30000-32767")
    if not 1 <= int(low) <= int(high) <= 65535:
        raise UsageError(f"{text!r} is not a port range: the ends must be ordered and from 1 to 65535")
    return int(low), int(high)
