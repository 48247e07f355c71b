"""A door with open ports beside the test, in a thread of its own; and real programs to stand behind it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import simnet
from simnet.server.http.door import Door, Upstream
from simnet.server.http.limits import Limits
from simnet.server.http.openings import LOCAL, Opening, front_of
from simnet.server.http.ports import Ports
from simnet.server.http.wires import Connections


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def call(self, act: Callable[[], object]) -> None:
        async def acts() -> None:
            act()
        self.run(acts())

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class Served:
    """An open door: `http` and `https` are the ports of the Ingress controller, `others` those of further addresses."""

    def __init__(self, door: Door, connections: Connections, ports: list[int], complaints: list[str]) -> None:
        self.door, self.connections, self.complaints = door, connections, complaints
        self.http, self.https, *self.others = ports

    @property
    def clients(self) -> int:
        return len(self.connections.open)


@contextmanager
def served(cluster: simnet.Cluster, *addresses: str, upstreams: tuple[str, ...] = (), limits: Limits | None = None,
           source: str = "laptop") -> Iterator[Served]:
    """Open the door of a cluster, and further `addresses` of it, on free ports until the block ends."""
    complaints: list[str] = []
    door = Door(cluster, time.monotonic, source, tuple(map(Upstream.read, upstreams)), limits)
    connections = Connections(door, complaints.append)
    front = front_of(cluster)
    ports = Ports(connections)
    loop = Loop()
    try:
        opened = loop.run(ports.open([Opening(LOCAL, 0, address, "") for address in (front.http, front.https, *addresses)]))
        yield Served(door, connections, [each.port for each in opened], complaints)
    finally:
        loop.call(ports.stop)
        loop.stop()


@contextmanager
def program(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> Iterator[int]:
    """A program on a loopback port, which each connection is given to; gives the port."""
    loop = Loop()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = loop.run(asyncio.start_server(guarded, LOCAL, 0))
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call(server.close)
        loop.stop()
