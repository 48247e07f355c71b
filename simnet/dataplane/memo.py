"""What stages have found out and would find out again: kept until anything in the cluster changes."""

from __future__ import annotations

from typing import Any


class Memo:
    """Results of pure look-ups, by everything they depend on; the stages that fill them name the types.

    `names`: (actor, C library, host, family) -> what `resolve` decided, the address, the sender's own address.
    `walks`: the packet of a need -> all its outcomes. `crossings`: (node, pod address) -> the pod's node, the decision.
    `deliveries`: (pod address, port, protocol) -> the decision about a plain connection.
    """

    __slots__ = ("crossings", "deliveries", "names", "walks")

    def __init__(self) -> None:
        self.names: dict[tuple[str, str, str, int | None], Any] = {}
        self.walks: dict[tuple[object, ...], Any] = {}
        self.crossings: dict[tuple[str, int], Any] = {}
        self.deliveries: dict[tuple[int, int, str], Any] = {}

    def clear(self) -> None:
        """Forget everything: something has changed."""
        if self.names or self.walks or self.crossings or self.deliveries:
            for each in (self.names, self.walks, self.crossings, self.deliveries):
                each.clear()
