"""Random conversations with the ledgers, each against a naive model that scans a list."""

from __future__ import annotations

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simnet import ip
from simnet.control.ipam import NodeCIDRs, PodRange
from simnet.control.ports import ClusterIPs, NodePorts, Pool
from simnet.control.slots import Slots
from simnet.errors import Conflict, PoolExhausted, UsageError

owners = st.sampled_from([f"pod-{index}" for index in range(9)])


class NodeBlocks(RuleBasedStateMachine):
    """Sixteen blocks in a /12 of IPv4 or IPv6; the model is a list of flags and a pointer."""

    @initialize(cluster=st.sampled_from([("10.240.0.0/12", 16), ("fd00::/60", 64)]))
    def start(self, cluster: tuple[str, int]) -> None:
        self.ledger = NodeCIDRs(*cluster)
        self.blocks = [str(block) for block in self.ledger.network.subnets(cluster[1])]
        self.used = [False] * 16
        self.pointer = 0

    @rule()
    def allocate(self) -> None:
        free = [index % 16 for index in range(self.pointer, self.pointer + 16) if not self.used[index % 16]]
        try:
            found = str(self.ledger.allocate())
        except PoolExhausted:
            assert not free
        else:
            assert found == self.blocks[free[0]]
            self.used[free[0]] = True
            self.pointer = (free[0] + 1) % 16

    @rule(first=st.integers(0, 15), bits=st.integers(0, 4), occupy=st.booleans())
    def mark(self, first: int, bits: int, occupy: bool) -> None:
        first = first >> bits << bits
        address, _, length = self.blocks[first].partition("/")
        (self.ledger.occupy if occupy else self.ledger.release)(f"{address}/{int(length) - bits}")
        self.used[first : first + (1 << bits)] = [occupy] * (1 << bits)

    @rule()
    def go_on_with_a_copy(self) -> None:
        left_behind, self.ledger = self.ledger, self.ledger.copy()
        left_behind.occupy(left_behind.network)

    @invariant()
    def counts_agree(self) -> None:
        if hasattr(self, "ledger"):
            assert self.ledger.occupied == sum(self.used)


class PodAddresses(RuleBasedStateMachine):
    """A few addresses in one or two subnets; the model is the list of all of them and a dictionary of owners."""

    @initialize(subnets=st.sampled_from([("10.0.0.0/29",), ("10.0.0.0/29", "10.9.0.0/30"), ("fd00::/125",)]))
    def start(self, subnets: tuple[str, ...]) -> None:
        self.ledger = PodRange(subnets)
        self.addresses: list[int] = []
        self.gateways: set[int] = set()
        for subnet in self.ledger.subnets:
            self.addresses += range(subnet.start, subnet.end + 1)
            self.gateways.add(subnet.gateway)
        self.held: dict[str, int] = {}
        self.last = -1

    def is_free(self, address: int) -> bool:
        return address not in self.gateways and address not in self.held.values()

    @rule(owner=owners)
    def allocate(self, owner: str) -> None:
        turn = self.addresses[self.last + 1 :] + self.addresses[: self.last + 1]
        free = [address for address in turn if self.is_free(address)]
        try:
            found = self.ledger.allocate(owner)
        except Conflict:
            assert owner in self.held
        except PoolExhausted:
            assert owner not in self.held and not free
        else:
            assert owner not in self.held and found == free[0]
            self.hold(owner, found)

    @rule(owner=owners, index=st.integers(-1, 11))
    def request(self, owner: str, index: int) -> None:
        address = self.addresses[index] if 0 <= index < len(self.addresses) else 1
        try:
            found = self.ledger.request(ip.text(address), owner)
        except UsageError:
            assert address == 1 or address in self.gateways
        except Conflict:
            assert not self.is_free(address) or owner in self.held
        else:
            assert found == address and self.is_free(address) and owner not in self.held
            self.hold(owner, found)

    @rule(owner=owners)
    def release(self, owner: str) -> None:
        assert self.ledger.release(owner) == self.held.pop(owner, None)

    @rule()
    def release_the_last_one_given_out(self) -> None:
        for owner in [owner for owner, address in self.held.items() if address == self.addresses[self.last]]:
            self.release(owner)

    @rule()
    def go_on_with_a_copy(self) -> None:
        left_behind, self.ledger = self.ledger, self.ledger.copy()
        for owner in self.held:
            left_behind.release(owner)

    def hold(self, owner: str, address: int) -> None:
        self.held[owner] = address
        self.last = self.addresses.index(address)

    @invariant()
    def books_agree(self) -> None:
        if hasattr(self, "ledger"):
            free = [address for address in self.addresses if self.is_free(address)]
            assert [address for address in self.addresses if self.ledger.is_free(address)] == free
            assert self.ledger.free == len(free)


class Draws(RuleBasedStateMachine):
    """A small pool with or without bands; the model is a dictionary value -> owner. Which value is drawn is left to
    the pool, as long as it is a free one of the right band."""

    pool: Pool

    @initialize(
        pool=st.sampled_from([
            lambda: NodePorts("30000-30019", Random(1)),
            lambda: NodePorts("30000-30009", Random(2)),
            lambda: ClusterIPs("10.96.0.0/27", Random(3)),
            lambda: ClusterIPs("fd00::/125", Random(4)),
        ])
    )  # fmt: skip
    def start(self, pool: object) -> None:
        self.pool = pool()  # type: ignore[operator]
        self.held: dict[int, str] = {}

    def band(self) -> range:
        """The band the next draw must come from."""
        first, last = self.pool.dynamic_band
        if all(value in self.held for value in range(first, last + 1)) and self.pool.static_band:
            first, last = self.pool.static_band
        return range(first, last + 1)

    @rule(owner=owners)
    def draw(self, owner: str) -> None:
        assert isinstance(self.pool, NodePorts | ClusterIPs)
        band = self.band()
        try:
            found = self.pool.allocate(owner)
        except PoolExhausted:
            assert len(self.held) == self.pool.count
        else:
            assert found in band and found not in self.held
            self.held[found] = owner

    @rule(owner=owners, offset=st.integers(-2, 33))
    def request(self, owner: str, offset: int) -> None:
        assert isinstance(self.pool, NodePorts | ClusterIPs)
        value = self.pool.first + offset
        inside = self.pool.first <= value <= self.pool.last
        try:
            assert self.pool.request(value, owner) == value
        except UsageError:
            assert not inside
        except Conflict:
            assert value in self.held
        else:
            assert inside and value not in self.held
            self.held[value] = owner

    @rule(owner=st.one_of(st.none(), owners), offset=st.integers(-2, 33))
    def release(self, owner: str | None, offset: int) -> None:
        value = self.pool.first + offset
        expected = value in self.held and owner in (None, self.held[value])
        assert self.pool.release(value, owner) is expected
        if expected:
            del self.held[value]

    @rule()
    def go_on_with_a_copy(self) -> None:
        left_behind, self.pool = self.pool, self.pool.copy()
        for value in self.held:
            left_behind.release(value)

    @invariant()
    def books_agree(self) -> None:
        if hasattr(self, "held"):
            values = range(self.pool.first, self.pool.last + 1)
            assert {value: self.pool.holder(value) for value in values if self.pool.holder(value)} == self.held
            assert self.pool.used == len(self.held)


class TakenNumbers(RuleBasedStateMachine):
    """A book large enough to start as a set, driven around the place where it becomes bytes (2,048 taken)."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(1 << 17)
        self.taken: set[int] = set()

    @rule(first=st.integers(0, (1 << 17) - 700), count=st.sampled_from([1, 2, 700]), free=st.booleans())
    def mark(self, first: int, count: int, free: bool) -> None:
        for number in range(first, first + count):
            changed = (number in self.taken) == free
            assert (self.slots.free(number) if free else self.slots.take(number)) is changed
        (self.taken.difference_update if free else self.taken.update)(range(first, first + count))

    @rule(bounds=st.lists(st.integers(0, 1 << 17), min_size=3, max_size=3).map(sorted))
    def take_next(self, bounds: list[int]) -> None:
        first, start, stop = bounds
        turn = (number for part in (range(start, stop), range(first, start)) for number in part)
        expected = next((number for number in turn if number not in self.taken), None)
        assert self.slots.take_next(start, first, stop) == expected
        if expected is not None:
            self.taken.add(expected)

    @rule()
    def go_on_with_a_copy(self) -> None:
        left_behind, self.slots = self.slots, self.slots.copy()
        for number in self.taken:
            left_behind.free(number)

    @invariant()
    def counts_agree(self) -> None:
        assert self.slots.used == len(self.taken)


for machine in (NodeBlocks, PodAddresses, Draws, TakenNumbers):
    machine.TestCase.settings = settings(stateful_step_count=50)

TestNodeBlocks = NodeBlocks.TestCase
TestPodAddresses = PodAddresses.TestCase
TestDraws = Draws.TestCase
TestTakenNumbers = TakenNumbers.TestCase
