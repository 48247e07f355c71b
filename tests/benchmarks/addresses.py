"""A: addresses as numbers and texts, networks, allocation; against netaddr where that is installed.

The bars against the standard library's own address module are measured elsewhere. Those of A3 and A4 were set against
that module alone, and stand here for netaddr too, which is faster at both. A9 has no row, see NOTE.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from typing import Any

from simnet import ip
from simnet.control.ipam import PodRange
from tests.benchmarks.bench import Row, absent, interleaved, micro

NOTE = ("A9 (look a route up in a table of prefixes) is not measured: nothing here looks one up. Who has an address is one\n"
        "     dictionary key, `View.pods_at` and `View.node_at`, and what nobody has leaves by the default route.")


def texts(count: int) -> tuple[list[str], list[str]]:
    """Seeded addresses of both families; half of the IPv6 ones have random lower halves."""
    rng = random.Random(1)
    v4 = [ip.text(rng.getrandbits(32)) for _ in range(count)]
    v6 = [ip.text(ip.number(f"fd00:{index % 4:x}::") + rng.getrandbits(64 if index % 2 else 16)) for index in range(count)]
    return v4, v6


def rows(smoke: bool) -> list[Row]:
    count = 2_000 if smoke else 20_000
    netaddr = _optional("netaddr")
    v4, v6 = texts(count)
    numbers4, numbers6 = [ip.number(each) for each in v4], [ip.number(each) for each in v6]
    objects4 = [ip.IPAddress(each) for each in numbers4]
    cidrs = [f"10.{index >> 8}.{index & 255}.0/24" for index in range(count // 4)]
    network = ip.IPNetwork.parse("10.128.0.0/9")
    theirs: dict[str, Callable[[], object]] = {}
    if netaddr is not None:
        parsed4, parsed6 = [netaddr.IPAddress(each) for each in v4], [netaddr.IPAddress(each) for each in v6]
        nine = netaddr.IPNetwork("10.128.0.0/9")
        theirs = {"A1": lambda: [netaddr.IPAddress(each) for each in v4], "A2": lambda: [netaddr.IPAddress(each) for each in v6],
                  "A3": lambda: [str(each) for each in parsed4], "A4": lambda: [str(each) for each in parsed6],
                  "A5": lambda: [each in nine for each in parsed4], "A6": lambda: [netaddr.IPNetwork(each) for each in cidrs],
                  "A8": lambda: _allocate_by_set(netaddr.IPNetwork("10.244.0.0/18").iter_hosts(), count * 4 // 5)}
    work: list[tuple[str, str, int, float, Callable[[], object]]] = [
        ("A1", "parse IPv4 text to a number", count, 3, lambda: [ip.number(each) for each in v4]),
        ("A2", "parse IPv6 text to a number", count, 6, lambda: [ip.number(each) for each in v6]),
        ("A3", "format IPv4", count, 2.5, lambda: [ip.text(each) for each in numbers4]),
        ("A4", "format IPv6, RFC 5952", count, 6, lambda: [ip.text(each) for each in numbers6]),
        ("A5", "contains, the public object", count, 1.4, lambda: [each in network for each in objects4]),
        ("A6", "parse CIDR text", len(cidrs), 2.3, lambda: [ip.IPNetwork.parse(each) for each in cidrs]),
        ("A8", "allocate in order with releases", count * 4 // 5, 2.3, lambda: allocate(count * 4 // 5))]
    found = [_row(bar_id, what, size, bar, act, theirs.get(bar_id), 3 if smoke else 5) for bar_id, what, size, bar, act in work]
    return [*found, _memory(numbers4)]


def allocate(count: int) -> None:
    """`count` allocations in a /18; every tenth call releases the address given five before."""
    ledger = PodRange("10.244.0.0/18")
    for index in range(count):
        ledger.allocate(index)
        if index % 10 == 9:
            ledger.release(index - 5)


def _allocate_by_set(hosts: Any, count: int) -> None:
    """The straightforward way with a peer's iterator: the next host that is not taken."""
    taken: set[Any] = set()
    given: list[Any] = []
    for index in range(count):
        address = next(each for each in hosts if each not in taken)
        taken.add(address)
        given.append(address)
        if index % 10 == 9:
            taken.discard(given[index - 5])


def _row(bar_id: str, what: str, size: int, bar: float, ours: Callable[[], object], theirs: Callable[[], object] | None,
         rounds: int) -> Row:
    if theirs is None:
        return absent(bar_id, what, "netaddr", bar)
    mine, other = interleaved(ours, theirs, rounds)
    return Row(bar_id, what, "netaddr", micro(mine / size), micro(other / size), other / mine, bar)


def _memory(numbers: list[int]) -> Row:
    """Bytes of a stored IPv4 address beyond its place in the list; the bar is absolute."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [number + 0 for number in numbers]
    used = (tracemalloc.get_traced_memory()[0] - before) / len(kept) - 8
    tracemalloc.stop()
    return Row("A10", "bytes of a stored IPv4 address", "40 bytes", f"{used:.0f} B", "40 B", used, 40, at_most=True)


def _optional(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None
