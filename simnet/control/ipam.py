"""Addresses for nodes and pods: a block of the cluster CIDR for each node, an address of its block for each pod.

Addresses are integers of `simnet.ip`; whoever asks is told in the words of the upstream allocators.

Source: kubernetes/kubernetes pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (rules PI-1 to PI-6);
containernetworking/plugins plugins/ipam/host-local/backend/allocator (rules PI-7 to PI-12).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from itertools import combinations
from typing import NoReturn

from simnet import ip
from simnet.control.slots import Slots
from simnet.errors import Conflict, PoolExhausted, UsageError
from simnet.ip import IPNetwork

_DEFAULT_NODE_MASK = {4: 24, 6: 64}
_LARGEST_V6_DIFFERENCE = 16


class NodeCIDRs:
    """The blocks of one cluster CIDR, handed out in order; a released block waits until the search has gone round."""

    __slots__ = ("_blocks", "_next", "network", "node_mask")

    def __init__(self, cluster_cidr: IPNetwork | str, node_mask: int | None = None) -> None:
        """`node_mask` is the prefix length of a block, by default 24 (IPv4) or 64 (IPv6). Raises UsageError."""
        self.network = _network(cluster_cidr)
        self.node_mask = _DEFAULT_NODE_MASK[self.network.family] if node_mask is None else node_mask
        difference = self.node_mask - self.network.prefix_length
        if self.network.family == 6 and difference > _LARGEST_V6_DIFFERENCE:
            raise UsageError("New CIDR set failed; the node CIDR size is too big")
        if difference < 0 or self.node_mask > (32 if self.network.family == 4 else 128):
            raise UsageError(f"a node mask of {self.node_mask} does not divide the cluster cidr {self.network}")
        self._blocks = Slots(1 << difference)
        self._next = 0

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return self._blocks.size

    @property
    def occupied(self) -> int:
        """How many blocks are allocated or occupied."""
        return self._blocks.used

    def allocate(self) -> IPNetwork:
        """The next free block at or after the pointer (PI-3). Raises PoolExhausted. Cost: O(1) in practice."""
        index = self._blocks.take_next(self._next, 0, self.count)
        if index is None:
            raise PoolExhausted(
                "CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range"
            )
        self._next = index + 1
        return IPNetwork(self.network.first + (index << self._host_bits), self.node_mask)

    def occupy(self, cidr: IPNetwork | str) -> None:
        """Mark every block that overlaps `cidr` as used; doing so twice counts once (PI-5). Raises UsageError."""
        for index in self._overlapping(cidr):
            self._blocks.take(index)

    def release(self, cidr: IPNetwork | str) -> None:
        """Give back every block that overlaps `cidr`; free ones are left alone (PI-5). Raises UsageError."""
        for index in self._overlapping(cidr):
            self._blocks.free(index)

    def copy(self) -> NodeCIDRs:
        """An independent ledger in the same state."""
        twin = copy(self)
        twin._blocks = self._blocks.copy()
        return twin

    @property
    def _host_bits(self) -> int:
        return (32 if self.network.family == 4 else 128) - self.node_mask

    def _overlapping(self, cidr: IPNetwork | str) -> range:
        given = _network(cidr)
        if not given.overlaps(self.network):
            raise UsageError(f"cidr {given} is out the range of cluster cidr {self.network}")
        first = max(given.first, self.network.first) - self.network.first >> self._host_bits
        last = min(given.last, self.network.last) - self.network.first >> self._host_bits
        return range(first, last + 1)


@dataclass(frozen=True, slots=True)
class PodSubnet:
    """One range of a host-local configuration: pods get `start` to `end`, both inclusive, except the gateway."""

    network: IPNetwork
    gateway: int
    start: int
    end: int

    @classmethod
    def of(
        cls,
        subnet: IPNetwork | str,
        gateway: int | str | None = None,
        range_start: int | str | None = None,
        range_end: int | str | None = None,
    ) -> PodSubnet:
        """Fill in the defaults of PI-7: gateway and start are the first address after the network's, the end is the
        last one (IPv4: the last before the broadcast address). Raises UsageError."""
        network = _pod_network(subnet)
        default_end = network.last - (1 if network.family == 4 else 0)
        start = network.first + 1 if range_start is None else _number(range_start)
        end = default_end if range_end is None else _number(range_end)
        for address in (start, end):
            _check_inside(address, network)
        if end < start:
            raise UsageError(f"{ip.text(end)} is in network {network} but before start {ip.text(start)}")
        return cls(network, network.first + 1 if gateway is None else _number(gateway), start, end)

    @property
    def count(self) -> int:
        """How many addresses lie between start and end, the gateway included if it does."""
        return self.end - self.start + 1

    def __str__(self) -> str:
        return f"{ip.text(self.start)}-{ip.text(self.end)}"


class PodRange:
    """The addresses of one node's pods in one family, given out round robin (PI-9).

    Several subnets are used as one list, first to last. An owner, any hashable value, holds at most one address.
    """

    __slots__ = ("_next", "_only_start", "_owned", "_size", "_slots", "subnets")

    def __init__(
        self,
        subnets: IPNetwork | PodSubnet | str | Iterable[IPNetwork | PodSubnet | str],
        gateway: int | str | None = None,
        range_start: int | str | None = None,
        range_end: int | str | None = None,
    ) -> None:
        """`gateway`, `range_start` and `range_end` belong to a single subnet; use PodSubnet.of for several."""
        given = [subnets] if isinstance(subnets, IPNetwork | PodSubnet | str) else list(subnets)
        bounds = (gateway, range_start, range_end)
        if len(given) != 1 and bounds != (None, None, None):
            raise UsageError("gateway, range_start and range_end need exactly one subnet")
        self.subnets = tuple(item if isinstance(item, PodSubnet) else PodSubnet.of(item, *bounds) for item in given)
        _check_set(self.subnets)
        self._size = sum(subnet.count for subnet in self.subnets)
        self._slots = Slots(self._size)
        self._owned: dict[Hashable, int] = {}
        self._next = 0
        self._only_start = self.subnets[0].start if len(self.subnets) == 1 else 0
        for subnet in self.subnets:
            place = self._place(subnet.gateway)
            if place is not None and place[0] == subnet:
                self._slots.take(place[1])

    def __contains__(self, address: int) -> bool:
        """Whether this range could give out the address at all."""
        place = self._place(address)
        return place is not None and address != place[0].gateway

    def __str__(self) -> str:
        return ",".join(map(str, self.subnets))

    @property
    def free(self) -> int:
        """How many addresses are left."""
        return self._size - self._slots.used

    def address_of(self, owner: Hashable) -> int | None:
        """The address the owner holds, or None."""
        return self._owned.get(owner)

    def is_free(self, address: int) -> bool:
        """Whether `request` would get the address."""
        place = self._place(address)
        return place is not None and place[1] not in self._slots

    def allocate(self, owner: Hashable) -> int:
        """The next free address after the one reserved last. Raises Conflict if the owner has one, PoolExhausted.

        Cost: O(1) in practice.
        """
        if owner in self._owned:
            self._refuse_second(owner)
        index = self._slots.take_next(self._next, 0, self._size)
        if index is None:
            raise PoolExhausted(f"no IP addresses available in range set: {self}")
        self._next = index + 1
        address = self._only_start + index if self._only_start else self._address(index)
        self._owned[owner] = address
        return address

    def request(self, address: int | str, owner: Hashable) -> int:
        """Exactly this address. Raises UsageError if it is never given out, Conflict if it is taken (PI-11)."""
        wanted = _number(address)
        place = self._place(wanted)
        if place is None:
            raise UsageError(f"{ip.text(wanted)} not in range set {self}")
        subnet, index = place
        if wanted == subnet.gateway:
            raise UsageError(f"requested ip {ip.text(wanted)} is subnet's gateway")
        if index in self._slots:
            raise Conflict(f"requested IP address {ip.text(wanted)} is not available in range set {self}")
        if owner in self._owned:
            self._refuse_second(owner)
        self._slots.take(index)
        self._next = index + 1
        self._owned[owner] = wanted
        return wanted

    def release(self, owner: Hashable) -> int | None:
        """Give back what the owner holds and return it; None if that is nothing."""
        address = self._owned.pop(owner, None)
        place = None if address is None else self._place(address)
        if place is not None:
            self._slots.free(place[1])
        return address

    def copy(self) -> PodRange:
        """An independent ledger in the same state."""
        twin = PodRange.__new__(PodRange)
        twin.subnets, twin._size, twin._next, twin._only_start = self.subnets, self._size, self._next, self._only_start
        twin._slots, twin._owned = self._slots.copy(), self._owned.copy()
        return twin

    def _refuse_second(self, owner: Hashable) -> NoReturn:
        held = ip.text(self._owned[owner])
        raise Conflict(f"{held} has been allocated to {owner}, duplicate allocation is not allowed")

    def _place(self, address: int) -> tuple[PodSubnet, int] | None:
        """The subnet of an address and its index in the list that all subnets together form."""
        before = 0
        for subnet in self.subnets:
            if subnet.start <= address <= subnet.end:
                return subnet, before + address - subnet.start
            before += subnet.count
        return None

    def _address(self, index: int) -> int:
        """The address with this index, 0 to size - 1, in the list that all subnets together form."""
        for subnet in self.subnets:
            address = subnet.start + index
            if address <= subnet.end:
                break
            index -= subnet.count
        return address


def _network(cidr: IPNetwork | str) -> IPNetwork:
    return IPNetwork.parse(cidr) if isinstance(cidr, str) else cidr


def _number(address: int | str) -> int:
    return ip.number(address) if isinstance(address, str) else address


def _pod_network(subnet: IPNetwork | str) -> IPNetwork:
    network = _network(subnet)
    if network.size < 4:
        raise UsageError(f"Network {network} too small to allocate from")
    if isinstance(subnet, str) and ip.number(subnet.partition("/")[0]) != network.first:
        raise UsageError(
            f"Network has host bits set. For a subnet mask of length {network.prefix_length} "
            f"the network address is {network.network_address}"
        )
    return network


def _check_inside(address: int, network: IPNetwork) -> None:
    if ip.family(address) != network.family:
        raise UsageError(f"IP {ip.text(address)} is not the same protocol as subnet {network}")
    if address not in network:
        raise UsageError(f"{ip.text(address)} not in network {network}")


def _check_set(subnets: tuple[PodSubnet, ...]) -> None:
    if not subnets:
        raise UsageError("empty range set")
    if len({subnet.network.family for subnet in subnets}) > 1:
        raise UsageError("mixed address families")
    for one, other in combinations(subnets, 2):
        if one.start <= other.end and other.start <= one.end:
            raise UsageError(f"subnets {one} and {other} overlap")
