"""Addresses for pods, node by node: what the network plugin gives a pod's sandbox, and what comes back.

Source: containernetworking/plugins plugins/ipam/host-local (rules PI-7 to PI-12); kubernetes/kubernetes
pkg/kubelet/kubelet_pods.go (hostNetwork pods have their node's addresses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Self

from simnet import ip
from simnet.control.ipam import PodRange
from simnet.control.world import World
from simnet.errors import PoolExhausted, SimnetError
from simnet.names import ObjectKey
from simnet.objects.node import Node
from simnet.objects.pod import Pod

FAILED_SANDBOX = "FailedCreatePodSandBox"


class Kubelet:
    """Hands out pod addresses, and remembers which pods of which node still wait for one.

    `pins` are the addresses that the settings give to named objects; nobody else gets them.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[ObjectKey, None]] = {}
        self._freed: set[str] = set()
        self._pins: dict[str, tuple[int, ...]] | None = None
        self._pinned: frozenset[int] = frozenset()

    def fork(self) -> Self:
        twin = type(self)()
        twin._waiting = {node: pods.copy() for node, pods in self._waiting.items()}
        twin._freed, twin._pins, twin._pinned = self._freed.copy(), self._pins, self._pinned
        return twin

    def has_pins(self, world: World) -> bool:
        """Whether the settings pin the address of any pod."""
        if self._pins is None:
            self.pins((), world)
        return bool(self._pins)

    def pins(self, refs: Iterable[str], world: World) -> tuple[int, ...]:
        """The addresses pinned to the first of these objects (`pod/default/web`, `deployment/default/db`) with any."""
        if self._pins is None:
            self._pins = _pod_pins(world.settings.pins)
            self._pinned = frozenset(number for numbers in self._pins.values() for number in numbers)
        return next((self._pins[ref] for ref in refs if ref in self._pins), ()) if self._pins else ()

    def node_of_pin(self, pinned: tuple[int, ...], world: World) -> str:
        """The node whose block holds a pinned address, '' if none does. O(nodes), for pinned pods only."""
        return next((node for node, ranges in world.pod_ranges.items()
                     for each in ranges if any(number in each for number in pinned)), "")

    def addresses(self, key: ObjectKey, node: str, pinned: tuple[int, ...], world: World) -> tuple[int, ...]:
        """One address of each family from the node's ranges. Raises PoolExhausted or another SimnetError with the
        allocator's sentence; nothing is taken then. Cost: O(1) in practice."""
        ranges = world.pod_ranges.get(node)
        if not ranges:
            raise PoolExhausted(f"node {node} has no podCIDR")
        if len(ranges) == 1 and not self._pinned:
            return (ranges[0].allocate(key),)
        taken: list[int] = []
        try:
            for each in ranges:
                taken.append(self._address(key, each, pinned))
        except SimnetError:
            for each in ranges:
                each.release(key)
            raise
        return tuple(taken)

    def first_addresses(self, keys: Iterable[ObjectKey], nodes: Iterable[str], world: World) -> list[tuple[int, ...]]:
        """`addresses` for pods without pins, as far as it goes: the list ends before the first that gets none."""
        found: list[tuple[int, ...]] = []
        add, ranges_of = found.append, world.pod_ranges
        with suppress(SimnetError):
            if self._pinned or len(world.node_cidrs) != 1:
                for key, node in zip(keys, nodes, strict=False):
                    add(self.addresses(key, node, (), world))
                return found
            for key, node in zip(keys, nodes, strict=False):
                ranges = ranges_of.get(node)
                if not ranges:
                    break
                add((ranges[0].allocate(key),))
        return found

    def occupy(self, pod: Pod, world: World) -> None:
        """Keep addresses that a pod states as a fact from being given to others."""
        for each in world.pod_ranges.get(pod.node_name, ()):
            for number in pod.pod_ips:
                if each.is_free(number) and each.address_of(pod.key) is None:
                    each.request(number, pod.key)

    def release(self, key: ObjectKey, node: str, world: World) -> None:
        """The pod is gone or has ended; pods that wait on this node may try again."""
        for each in world.pod_ranges.get(node, ()):
            each.release(key)
        if node in self._waiting:
            self._freed.add(node)

    def wait(self, key: ObjectKey, node: str) -> None:
        """The pod could not be given an address: it is tried again when one is released on its node."""
        self._waiting.setdefault(node, {})[key] = None

    def stop_waiting(self, key: ObjectKey, node: str) -> None:
        pods = self._waiting.get(node)
        if pods is not None:
            pods.pop(key, None)
            if not pods:
                del self._waiting[node]

    def next_in_line(self) -> list[tuple[str, list[ObjectKey]]]:
        """Nodes where addresses were released since the last question, and the pods that wait there, in order."""
        freed = sorted(self._freed & self._waiting.keys())
        self._freed.clear()
        return [(node, list(self._waiting[node])) for node in freed]

    def _address(self, key: ObjectKey, ledger: PodRange, pinned: tuple[int, ...]) -> int:
        for number in pinned:
            if number in ledger:
                ledger.release(_keeper(number))
                if ledger.is_free(number):
                    return ledger.request(number, key)
        number = ledger.allocate(key)
        while number in self._pinned:  # kept for the object it is pinned to; the search goes on behind it
            ledger.release(key)
            ledger.request(number, _keeper(number))
            number = ledger.allocate(key)
        return number


def host_network_addresses(node: Node | None) -> tuple[int, ...]:
    """The primary address of each family, in the node's order: what a hostNetwork pod reports as its own."""
    if node is None:
        return ()
    families = dict.fromkeys(ip.family(number) for number in node.addresses)
    return tuple(number for family in families if (number := node.primary(family)) is not None)


def _keeper(number: int) -> tuple[str, int]:
    """Who holds a pinned address until its object comes."""
    return ("pin", number)


def _pod_pins(pins: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The entries of `pins` for pods and workloads, as numbers; an entry is an address, a list, or {podIP: ...}."""
    found: dict[str, tuple[int, ...]] = {}
    for ref, value in pins.items():
        if ref.partition("/")[0] in ("pod", "deployment", "replicaset", "statefulset", "daemonset"):
            value = value.get("podIP", ()) if isinstance(value, Mapping) else value
            found[ref] = tuple(ip.number(str(each)) for each in ([value] if isinstance(value, str) else value))
    return found
