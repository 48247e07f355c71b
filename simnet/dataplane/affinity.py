"""Session affinity memory: which endpoint a client got, per service port and per node.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go writeServiceToEndpointRules; rules AF-1 to AF-7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from simnet.dataplane.decisions import EndpointChosen
from simnet.dataplane.rules import ServicePortRules, Target
from simnet.dataplane.step import Step
from simnet.names import ObjectKey

Identity = tuple[ObjectKey, str, str, int]
Where = tuple[int, int]  # address and port of an endpoint
Memory = dict[int, dict[Where, tuple[float, Target]]]  # client -> endpoint -> last new connection, and who that was


class AffinityTable:
    """Written only when a request is committed; a dry run reads it. `most_clients` is how many clients one endpoint
    remembers, None for any number (rule AF-7)."""

    def __init__(self, most_clients: int | None = None) -> None:
        self._most = most_clients
        self._memory: dict[ObjectKey, dict[tuple[Identity, str], Memory]] = {}
        self._at_hand: dict[tuple[ServicePortRules, str], Memory] = {}  # the same by table, while that stands

    def knows(self, service: ObjectKey) -> bool:
        return service in self._memory

    def recall(self, rules: ServicePortRules, node: str, client: int, among: tuple[Target, ...],
               now: float) -> Target | None:
        """The remembered endpoint among those that may be chosen; the first by text when several are valid (AF-6).
        O(1) but for the first question after a change."""
        memory = self._at_hand.get((rules, node)) or self._found(rules, node)
        remembered = memory.get(client) if memory else None
        if not remembered:
            return None
        oldest = now - rules.service.affinity_timeout_seconds
        if len(remembered) == 1:
            (last, target), = remembered.values()
            if last < oldest:
                return None
            if target in among:
                return target
        valid = {where for where, (last, _) in remembered.items() if last >= oldest}
        return min((target for target in among if (target.address, target.port) in valid),
                   key=lambda target: target.text, default=None)

    def remember(self, rules: ServicePortRules, node: str, client: int, target: Target, now: float) -> None:
        """A new connection was made: start the clock again (AF-3)."""
        memory = self._at_hand.get((rules, node))
        if memory is None:
            tables = self._memory.setdefault(rules.service.key, {})
            memory = self._at_hand[(rules, node)] = tables.setdefault((rules.identity, node), {})
        where = (target.address, target.port)
        remembered = memory.get(client)
        if remembered is None:
            remembered = memory[client] = {}
        remembered[where] = (now, target)
        if self._most is not None and len(memory) > self._most:
            self._lose_oldest(memory, where)

    def _found(self, rules: ServicePortRules, node: str) -> Memory | None:
        found = self._memory.get(rules.service.key, {}).get((rules.identity, node))
        if found is not None:
            self._at_hand[(rules, node)] = found
        return found

    def _lose_oldest(self, memory: Memory, where: Where) -> None:
        """The full list of an endpoint loses the client that has been quiet longest. O(clients of the Service)."""
        clients = [client for client, remembered in memory.items() if where in remembered]
        if len(clients) > (self._most or 0):
            oldest = min(clients, key=lambda client: memory[client][where][0])
            del memory[oldest][where]
            if not memory[oldest]:
                del memory[oldest]

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
            for remembered in memory.values():
                for gone in [each for each in remembered if each not in left]:
                    del remembered[gone]

    def fork(self) -> AffinityTable:
        twin = AffinityTable(self._most)
        twin._memory = {service: {where: {client: dict(each) for client, each in memory.items()}
                                  for where, memory in tables.items()}
                        for service, tables in self._memory.items()}
        return twin
