"""What a pod listens on: its images' profiles, else the ports its containers declare, else nobody knows.

Containers of one pod share its address and port space, so two that open one port collide and the second crashes.

Source: kubernetes/website content/en/docs/concepts/workloads/pods (shared network namespace); bind(2) EADDRINUSE.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from simnet.images import Images, Listen, process_of
from simnet.objects.pod import Container, ContainerState, PodSpec

PROFILE: Final = "profile"
DECLARED: Final = "declared"


@dataclass(frozen=True, slots=True)
class Listener:
    """One open port: what answers there, in which container, and how we know (`profile` or `declared`)."""

    listen: Listen
    container: str
    known_by: str

    @property
    def is_loopback_only(self) -> bool:
        return self.listen.is_loopback_only


@dataclass(frozen=True, slots=True)
class Conflict:
    """`container` wanted a port that `holder`, another container of the pod, had already: it crashes."""

    container: str
    port: int
    protocol: str
    holder: str

    def __str__(self) -> str:
        return (f"listen {self.protocol.lower()} :{self.port}: bind: address already in use "
                f"(container {self.holder} listens there)")


@dataclass(frozen=True, slots=True)
class Listening:
    """The open ports of a pod by (port, protocol).

    `unknown` is true when a container's ports cannot be told, so that a port which is not listed may still be open.
    `proxy` names the HTTP proxy among the images ('' for none). `conflicts` are containers that crash.
    """

    ports: Mapping[tuple[int, str], Listener] = field(default_factory=lambda: MappingProxyType({}))
    unknown: bool = False
    proxy: str = ""
    conflicts: tuple[Conflict, ...] = ()

    def at(self, port: int, protocol: str = "TCP") -> Listener | None:
        """Who listens there; None when nobody does, or (see `unknown`) nobody is known to."""
        return self.ports.get((port, protocol))

    def open_ports(self, protocol: str = "TCP") -> tuple[int, ...]:
        """The ports known to be open, ascending."""
        return tuple(sorted(port for port, each in self.ports if each == protocol))

    def conflict_of(self, container: str) -> Conflict | None:
        """Why this container crashes, if a port it wants is taken."""
        return next((each for each in self.conflicts if each.container == container), None)


def listening_of(spec: PodSpec, images: Images) -> Listening:
    """What pods of this spec listen on once they run. Containers start in the order sidecars, then containers.

    Cost: O(containers and their ports); callers keep the result for all pods of one template.
    """
    ports: dict[tuple[int, str], Listener] = {}
    conflicts: list[Conflict] = []
    unknown, proxy = False, ""
    for container in _start_order(spec):
        wanted = _listeners(container, images)
        if wanted is None:
            unknown = True
            continue
        unknown = unknown or not container.image  # a loaded fact: what it declares need not be all it opens
        taken = [found for each in wanted if (found := _conflict(each, ports)) is not None]
        if taken:
            conflicts.append(taken[0])
            continue
        for each in wanted:
            ports.setdefault((each.listen.port, each.listen.protocol), each)
        profile = images.of(container.image)
        proxy = proxy or (profile.proxy if profile is not None and wanted else "")
    return Listening(MappingProxyType(ports), unknown, proxy, tuple(conflicts))


def serving(listening: Listening, states: Collection[ContainerState]) -> Listening:
    """`listening` without the ports of containers that do not run. Costs nothing when all do."""
    down = {state.name for state in states if state.state != "running"}
    if not down:
        return listening
    up = {place: each for place, each in listening.ports.items() if each.container not in down}
    return Listening(MappingProxyType(up), listening.unknown, listening.proxy if up else "", listening.conflicts)


def _start_order(spec: PodSpec) -> tuple[Container, ...]:
    return tuple(each for each in spec.init_containers if each.is_sidecar) + spec.containers


def _listeners(container: Container, images: Images) -> list[Listener] | None:
    """What one container opens; None when nobody can tell."""
    process = process_of(container, images.of(container.image))
    if not process.runs:
        return []
    if process.listen is not None:
        return [Listener(listen, container.name, PROFILE) for listen in process.listen]
    if container.ports:
        return [Listener(Listen(port.container_port, port.protocol), container.name, DECLARED)
                for port in container.ports]
    return None


def _conflict(wanted: Listener, ports: Mapping[tuple[int, str], Listener]) -> Conflict | None:
    """A port is taken when the binds are equal or one of them is for every address."""
    holder = ports.get((wanted.listen.port, wanted.listen.protocol))
    if holder is None or holder.container == wanted.container:
        return None
    binds = {holder.listen.bind, wanted.listen.bind}
    if len(binds) == 2 and "" not in binds:
        return None
    return Conflict(wanted.container, wanted.listen.port, wanted.listen.protocol, holder.container)
