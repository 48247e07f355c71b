"""Which node a pod goes to: the one with the fewest pods among those that may take it, ties by name.

Source: kubernetes/kubernetes pkg/scheduler/framework/plugins (nodeunschedulable, nodeaffinity, tainttoleration,
nodeports) for who may take a pod and the sentences; the choice itself is simpler than the real scores on purpose, so
that a reader can predict it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple, Self

from simnet.names import ObjectKey
from simnet.objects.node import Node, Taint
from simnet.objects.pod import NodeTerm, Pod, PodSpec

NO_NODES = "no nodes available to schedule pods"
_UNSCHEDULABLE = "node(s) were unschedulable"
_SELECTOR = "node(s) didn't match Pod's node affinity/selector"
_PORTS = "node(s) didn't have free ports for the requested pod ports"
_EVERY_ADDRESS = ("", "0.0.0.0", "::")
_NOT_READY = Taint("node.kubernetes.io/not-ready", "NoSchedule")
Toleration = tuple[str, str, str, str]


class HostPort(NamedTuple):
    """A port on the node itself that a pod asks for; `address` '' means on every address of the node."""

    port: int
    protocol: str
    address: str


class Wish(NamedTuple):
    """What a pod asks of its node; the same for all pods of one template."""

    selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    ports: tuple[HostPort, ...] = ()
    terms: tuple[NodeTerm, ...] | None = None

    @classmethod
    def of(cls, spec: PodSpec) -> Wish:
        ports = host_ports(spec) if spec.has_host_ports or spec.host_network else ()
        return cls(tuple(spec.node_selector.items()), spec.tolerations, ports, spec.node_terms)

    @property
    def is_empty(self) -> bool:
        """Any open node will do."""
        return not (self.selector or self.tolerations or self.ports) and self.terms is None


@dataclass(frozen=True, slots=True)
class Unschedulable:
    """No node may take the pod. `reasons` counts the nodes by what stands in the way."""

    nodes: int
    reasons: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        if not self.nodes:
            return NO_NODES
        counted = ", ".join(sorted(f"{count} {reason}" for reason, count in self.reasons))
        return f"0/{self.nodes} nodes are available: {counted}."


class Scheduler:
    """The books of a scheduler: nodes, how many pods each has, and who holds which host port.

    A pod is booked when it is placed, before its object is committed, so that many can be placed in one go.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._pods: dict[str, int] = {}
        self._names: list[str] = []
        self._ranks: dict[str, int] = {}
        self._heap: list[int] = []
        self._ports: dict[tuple[str, int, str], dict[ObjectKey, str]] = {}
        self._assumed: dict[ObjectKey, str] = {}
        self._closed: set[str] = set()

    def fork(self) -> Self:
        twin = type(self)()
        twin.nodes, twin._pods, twin._heap = self.nodes.copy(), self._pods.copy(), self._heap.copy()
        twin._names, twin._ranks = self._names, self._ranks
        twin._ports = {place: holders.copy() for place, holders in self._ports.items()}
        twin._assumed, twin._closed = self._assumed.copy(), self._closed.copy()
        return twin

    def set_node(self, name: str, node: Node | None) -> None:
        """A node came, changed or (None) went."""
        self._closed.discard(name)
        if node is None:
            self.nodes.pop(name, None)
        else:
            self.nodes[name] = node
            self._pods.setdefault(name, 0)
            if refusal(node, (), ()):
                self._closed.add(name)
        if node is None or name not in self._ranks:
            self._names = []  # put in order again when the next pod comes

    @property
    def is_open(self) -> bool:
        """Whether every node takes pods that wish nothing and tolerate nothing."""
        return not self._closed

    def choose_any(self, key: ObjectKey) -> str:
        """What `choose` says of a pod without wishes while `is_open`, in a fraction of its time; '' without nodes."""
        if not self._names:
            self._order()
        heap, pods, names, size = self._heap, self._pods, self._names, len(self._names)
        while heap:
            entry = heap[0]
            name = names[entry % size]
            if pods[name] == entry // size:
                pods[name] += 1
                heapreplace(heap, entry + size)
                self._assumed[key] = name
                return name
            heappop(heap)
        return ""

    def choose_all(self, count: int) -> list[str]:
        """`choose_any` for many pods whose objects will be committed in bulk; fewer than `count` only without nodes."""
        if not self._names:
            self._order()
        heap, pods, names, size = self._heap, self._pods, self._names, len(self._names)
        chosen: list[str] = []
        for _ in range(count):
            while heap:
                entry = heap[0]
                name = names[entry % size]
                if pods[name] == entry // size:
                    break
                heappop(heap)
            else:
                break
            pods[name] += 1
            heapreplace(heap, entry + size)
            chosen.append(name)
        return chosen

    def take_back(self, nodes: Iterable[str]) -> None:
        """Give back choices of `choose_all` that came to nothing."""
        for node in nodes:
            self._count(node, -1)

    def forget(self, key: ObjectKey) -> None:
        """Take back a booking by `choose_any` that came to nothing."""
        self._count(self._assumed.pop(key), -1)

    def confirm(self, key: ObjectKey) -> bool:
        """The object of a booked pod was committed: true if it was booked (and so is counted already)."""
        return self._assumed.pop(key, None) is not None

    def choose(self, key: ObjectKey, wish: Wish) -> str | Unschedulable:
        """Book the pod on the best node and name it, or say why no node takes it. O(log nodes) for a pod without
        wishes; nodes that may not take the pod are looked at only while they have the fewest pods."""
        refused: list[int] = []
        reasons: list[str] = []
        while (best := self._pop()) is not None:
            name = self._names[best % len(self._names)]
            reason = self._refusal(self.nodes[name], wish)
            if not reason:
                self._book(key, name, wish.ports)
                break
            reasons.append(reason)
            refused.append(best)
        for each in refused:
            heappush(self._heap, each)
        return name if best is not None else Unschedulable(len(self.nodes), tuple(Counter(reasons).items()))

    def bind(self, key: ObjectKey, wish: Wish, node: str, is_booked: bool = False) -> str:
        """Book the pod on the node it names, unless its object, which names the node, was already followed. Returns
        why the node's kubelet does not take it, '' if it does: whoever came first keeps a host port.

        A real kubelet marks such a pod Failed; here it waits, since its owner would replace it without end."""
        if wish.ports and self._ports_taken(node, wish.ports, key):
            return "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
        if not is_booked:
            self._book(key, node, wish.ports)
        return ""

    def follow(self, key: ObjectKey, old: Pod | None, new: Pod | None) -> bool:
        """Follow a committed pod; true when something was freed that a waiting pod may need."""
        before, after = _place_of(old), _place_of(new)
        if before == after:
            return False
        if after and not self.confirm(key) and new is not None:
            self._count(after, 1)
            self._hold(key, after, host_ports(new.spec))
        if before and old is not None:
            self._count(before, -1)
            self._give_back(key, before, host_ports(old.spec))
        return bool(before)

    # books -------------------------------------------------------------------------------------------------------

    def _book(self, key: ObjectKey, node: str, wanted: tuple[HostPort, ...]) -> None:
        self._assumed[key] = node
        self._count(node, 1)
        self._hold(key, node, wanted)

    def _count(self, node: str, change: int) -> None:
        count = self._pods.get(node, 0) + change
        self._pods[node] = count
        if self._names and node in self._ranks:
            heappush(self._heap, count * len(self._names) + self._ranks[node])
            if len(self._heap) > 64 + 4 * len(self._names):
                self._order()

    def _order(self) -> None:
        """Number the nodes by name and build the heap. An entry is count * nodes + number: fewest pods first, ties by
        name; entries that do not fit `_pods` any more are out of date."""
        self._names = sorted(self.nodes)
        self._ranks = {name: rank for rank, name in enumerate(self._names)}
        self._heap = [self._pods[name] * len(self._names) + rank for name, rank in self._ranks.items()]
        heapify(self._heap)

    def _pop(self) -> int | None:
        """Take the entry of the node with the fewest pods out of the heap."""
        if not self._names:
            self._order()
        while self._heap:
            entry = heappop(self._heap)
            count, rank = divmod(entry, len(self._names))
            if self._pods[self._names[rank]] == count and (not self._heap or self._heap[0] != entry):
                return entry
        return None

    def _hold(self, key: ObjectKey, node: str, wanted: tuple[HostPort, ...]) -> None:
        for each in wanted:
            self._ports.setdefault((node, each.port, each.protocol), {})[key] = each.address

    def _give_back(self, key: ObjectKey, node: str, held: tuple[HostPort, ...]) -> None:
        for each in held:
            place = (node, each.port, each.protocol)
            holders = self._ports.get(place, {})
            holders.pop(key, None)
            if not holders:
                self._ports.pop(place, None)

    # who may take it -----------------------------------------------------------------------------------------------

    def _refusal(self, node: Node, wish: Wish) -> str:
        """The first thing that stands in the way, in the order of the scheduler's filters."""
        reason = refusal(node, wish.selector, wish.tolerations, wish.terms)
        return reason or (_PORTS if wish.ports and self._ports_taken(node.name, wish.ports) else "")

    def _ports_taken(self, node: str, wanted: tuple[HostPort, ...], asking: ObjectKey | None = None) -> bool:
        """Whether somebody who came before `asking` holds one of the ports on an address that overlaps."""
        for each in wanted:
            for key, address in self._ports.get((node, each.port, each.protocol), {}).items():
                if key == asking:
                    break
                if each.address in _EVERY_ADDRESS or address in _EVERY_ADDRESS or each.address == address:
                    return True
        return False


def refusal(node: Node, selector: Iterable[tuple[str, str]], tolerations: tuple[Toleration, ...],
            terms: tuple[NodeTerm, ...] | None = None) -> str:
    """Why a node does not take pods with this selector, these tolerations and this required node affinity, '' when it
    does."""
    if node.unschedulable and not _tolerates_cordon(tolerations):
        return _UNSCHEDULABLE
    if node.taints or not node.ready:
        for taint in (*node.taints, *(() if node.ready else (_NOT_READY,))):
            if taint.effect in ("NoSchedule", "NoExecute") and not any(_tolerates(each, taint) for each in tolerations):
                return f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}"
    for key, value in selector:
        if node.labels.get(key) != value:
            return _SELECTOR
    if terms is not None and not any(term.matches(node.labels, node.name) for term in terms):
        return _SELECTOR
    return ""


def host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """The ports a pod occupies on its node: host ports, and every declared port of a hostNetwork pod."""
    return tuple(HostPort(number, port.protocol, port.host_ip) for container in spec.containers
                 for port in container.ports
                 if (number := port.host_port or (port.container_port if spec.host_network else 0)))


def _tolerates_cordon(tolerations: tuple[Toleration, ...]) -> bool:
    cordon = Taint("node.kubernetes.io/unschedulable", "NoSchedule")
    return any(_tolerates(each, cordon) for each in tolerations)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Source: kubernetes/api core/v1/toleration.go ToleratesTaint."""
    key, operator, value, effect = toleration
    if effect not in ("", taint.effect) or key not in ("", taint.key):
        return False
    return operator == "Exists" or (operator in ("", "Equal") and value == taint.value)


def _place_of(pod: Pod | None) -> str:
    """The node whose resources a pod takes; one that ended takes none."""
    return pod.node_name if pod is not None and not pod.is_terminal else ""
