"""Who listens on the ports of the nodes themselves: hostNetwork pods share them, declared or not.

The scheduler keeps declared ports apart (rule: `nodeports` plugin); what an image opens without declaring it is found
out by bind(2): the second one crashes and is tried again when the first is gone.

Source: bind(2) EADDRINUSE; kubernetes/website content/en/docs/concepts/configuration/overview.md (hostNetwork).
"""

from __future__ import annotations

from typing import NamedTuple, Self

from simnet.control.listening import Listening
from simnet.names import ObjectKey

Place = tuple[str, int, str]


class Refused(NamedTuple):
    """`container` cannot open `port`: `holder` has it already."""

    container: str
    port: int
    protocol: str
    holder: ObjectKey

    def __str__(self) -> str:
        return (f"listen {self.protocol.lower()} :{self.port}: bind: address already in use "
                f"(pod {self.holder} listens there, on the node itself)")


class HostListeners:
    """The holders of (node, port, protocol), and the pods that crash for want of one."""

    def __init__(self) -> None:
        self._holders: dict[Place, ObjectKey] = {}
        self._held: dict[ObjectKey, tuple[Place, ...]] = {}
        self._refused: dict[ObjectKey, Refused] = {}
        self._waiting: dict[Place, dict[ObjectKey, None]] = {}

    def fork(self) -> Self:
        twin = type(self)()
        twin._holders, twin._held, twin._refused = self._holders.copy(), self._held.copy(), self._refused.copy()
        twin._waiting = {place: keys.copy() for place, keys in self._waiting.items()}
        return twin

    def refused(self, key: ObjectKey) -> Refused | None:
        """Why a pod of the host network crashes, None when it does not."""
        return self._refused.get(key)

    def take(self, key: ObjectKey, node: str, listening: Listening) -> None:
        """Open what the pod's containers open, all or (when one port is taken) nothing. O(its ports)."""
        self._forget(key)
        places: list[Place] = []
        for (port, protocol), listener in listening.ports.items():
            if listener.is_loopback_only:
                continue
            place = (node, port, protocol)
            holder = self._holders.get(place, key)
            if holder != key:
                self._refused[key] = Refused(listener.container, port, protocol, holder)
                self._waiting.setdefault(place, {})[key] = None
                return
            places.append(place)
        self._held[key] = tuple(places)
        self._holders.update(dict.fromkeys(places, key))

    def release(self, key: ObjectKey) -> list[ObjectKey]:
        """The pod is gone or has ended; the pods that may start now, in order."""
        freed = self._held.get(key, ())
        self._forget(key)
        return list(dict.fromkeys(each for place in freed for each in self._waiting.pop(place, ())))

    def _forget(self, key: ObjectKey) -> None:
        for place in self._held.pop(key, ()):
            self._holders.pop(place, None)
        refused = self._refused.pop(key, None)
        if refused is not None:
            for waiting in self._waiting.values():
                waiting.pop(key, None)
