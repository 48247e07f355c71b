"""Session affinity memory: which endpoint a client got, per service port and per node.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go writeServiceToEndpointRules; rules AF-1 to AF-7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from simnet.dataplane.decisions import EndpointChosen
from simnet.dataplane.rules import ServicePortRules, Target
from simnet.dataplane.step import Step
from simnet.names import ObjectKey

Identity = tuple[ObjectKey, str, str, int]
Where = tuple[int, int]  # address and port of an endpoint
Heard = tuple[float, Target]  # the last new connection, and who got it
Memory = dict[int, Heard | dict[Where, Heard]]  # by client, last heard last; a dictionary where several endpoints know it
Queues = dict[Where, dict[int, None]]  # endpoint -> its clients, the one that has been quiet longest first
Place = tuple[Identity, str]  # of a memory: the service port, and the node


class AffinityTable:
    """Written only when a request is committed; a dry run reads it. `most_clients` is how many clients one endpoint
    remembers, None for any number (rule AF-7)."""

    def __init__(self, most_clients: int | None = None) -> None:
        self._most = most_clients
        self._memory: dict[ObjectKey, dict[Place, Memory]] = {}
        self._at_hand: dict[tuple[ServicePortRules, str], Memory] = {}  # the same by table, while that stands
        self._queues: dict[Place, Queues] = {}  # of the memories that have had as many clients as one list holds

    def knows(self, service: ObjectKey) -> bool:
        return service in self._memory

    def recall(self, rules: ServicePortRules, node: str, client: int, among: tuple[Target, ...],
               now: float) -> Target | None:
        """The remembered endpoint among those that may be chosen; the first by text when several are valid (AF-6).
        O(1) but for the first question after a change."""
        memory = self._at_hand.get((rules, node)) or self._found(rules, node)
        held = memory.get(client) if memory else None
        if held is None:
            return None
        oldest = now - rules.service.affinity_timeout_seconds
        if type(held) is tuple:
            last, target = held
            if last < oldest:
                return None
            if target in among:
                return target
        valid = {where for where, (last, _) in _by_endpoint(held).items() if last >= oldest}
        return min((target for target in among if (target.address, target.port) in valid),
                   key=lambda target: target.text, default=None)

    def remember(self, rules: ServicePortRules, node: str, client: int, target: Target, now: float) -> None:
        """A new connection was made: start the clock again (AF-3). O(1)."""
        memory = self._at_hand.get((rules, node))
        if memory is None:
            tables = self._memory.setdefault(rules.service.key, {})
            memory = self._at_hand[(rules, node)] = tables.setdefault((rules.identity, node), {})
        held = memory.pop(client, None)
        if held is None or (type(held) is tuple and held[1] is target):
            memory[client] = (now, target)
        else:
            memory[client] = _least({**_by_endpoint(held), (target.address, target.port): (now, target)})
        if self._most is not None and len(memory) >= self._most:
            self._keep_to_most(self._most, memory, (rules.identity, node), ((target.address, target.port), client))

    def _found(self, rules: ServicePortRules, node: str) -> Memory | None:
        found = self._memory.get(rules.service.key, {}).get((rules.identity, node))
        if found is not None:
            self._at_hand[(rules, node)] = found
        return found

    def _keep_to_most(self, most: int, memory: Memory, place: Place, heard: tuple[Where, int]) -> None:
        """The client just heard is the newest of its endpoint's list; a list too long loses the client that has been
        quiet longest. O(1), but for the first time."""
        queues = self._queues.get(place)
        if queues is None:
            queues = self._queues[place] = _queued(memory)
        where, client = heard
        queue = queues.setdefault(where, {})
        queue.pop(client, None)
        queue[client] = None
        if len(queue) > most:
            lost = next(iter(queue))
            del queue[lost]
            _forget(memory, lost, {where})

    @property
    def services(self) -> tuple[ObjectKey, ...]:
        """The Services with a memory."""
        return tuple(self._memory)

    def commit(self, steps: Iterable[Step], now: float) -> None:
        """Remember every choice of a finished walk whose Service has session affinity."""
        for step in steps:
            chosen = step.because
            if isinstance(chosen, EndpointChosen) and chosen.claim.rules.service.session_affinity == "ClientIP":
                self.remember(chosen.claim.rules, chosen.claim.node, step.before.source, chosen.target, now)

    def forget_departed(self, service: ObjectKey, rules: Mapping[tuple[str, str, int], ServicePortRules],
                        zone_of: Callable[[str], str]) -> None:
        """Drop memories of endpoints that are on no list of their node any more; they do not return (AF-6)."""
        self._at_hand.clear()
        current = {each.identity: each for each in rules.values()}
        for (identity, node), memory in self._memory[service].items():
            table = current.get(identity)
            usable = table.usable(node, zone_of(node)) if table is not None else None
            left = {(target.address, target.port) for target in (*usable.cluster, *(usable.local or ()))} if usable else set()
            for client, held in list(memory.items()):
                gone = _by_endpoint(held).keys() - left
                if gone:
                    _forget(memory, client, gone)
            queues = self._queues.get((identity, node), {})
            for where in queues.keys() - left:
                del queues[where]

    def fork(self) -> AffinityTable:
        twin = AffinityTable(self._most)
        twin._memory = {service: {place: dict(memory) for place, memory in tables.items()}
                        for service, tables in self._memory.items()}
        twin._queues = {place: {where: dict(queue) for where, queue in queues.items()}
                        for place, queues in self._queues.items()}
        return twin


def _by_endpoint(held: Heard | dict[Where, Heard]) -> dict[Where, Heard]:
    if isinstance(held, dict):
        return held
    target = held[1]
    return {(target.address, target.port): (held[0], target)}


def _least(held: dict[Where, Heard]) -> Heard | dict[Where, Heard]:
    """The same, as it is kept."""
    return next(iter(held.values())) if len(held) == 1 else held


def _forget(memory: Memory, client: int, gone: Set[Where]) -> None:
    """The endpoints that are gone no longer know the client. What is kept is replaced, not changed: forks share it."""
    left = {where: heard for where, heard in _by_endpoint(memory[client]).items() if where not in gone}
    if left:
        memory[client] = _least(left)
    else:
        del memory[client]


def _queued(memory: Memory) -> Queues:
    """The clients of every endpoint in the order in which they were last heard."""
    heard = [(last, where, client) for client, held in memory.items() for where, (last, _) in _by_endpoint(held).items()]
    queues: Queues = {}
    for _, where, client in sorted(heard, key=lambda each: each[0]):
        queues.setdefault(where, {})[client] = None
    return queues
