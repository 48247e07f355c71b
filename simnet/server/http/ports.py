"""The listening ports of the door: which are open follows the cluster."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence

from simnet.server.http.openings import Opening
from simnet.server.http.wires import Connections
from simnet.server.listen import CannotListen, open_stream


def spare_collector() -> None:
    """Let the garbage collector leave the cluster alone, which does not change, and look at the kept traces seldom: they
    hold no circles. It takes a third of the time of a request otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


class Ports:
    """The open ports, each with where it leads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._open: dict[tuple[str, int], asyncio.Server] = {}
        self._leads: dict[tuple[str, int], str] = {}

    async def open(self, openings: Sequence[Opening]) -> list[Opening]:
        """Open these; the same with the ports they really got. Raises CannotListen, with all earlier ones open."""
        return [await self._listen(each) for each in openings]

    async def change(self, openings: Sequence[Opening], complain: Callable[[str], None]) -> None:
        """Close what is not among these any more, open what is new; `complain` of what cannot be opened."""
        wanted = {(each.host, each.port) for each in openings}
        for key in [key for key in self._open if key not in wanted]:
            self._open.pop(key).close()
        for each in openings:
            key = each.host, each.port
            self._leads[key] = each.address
            if key not in self._open:
                try:
                    await self._listen(each)
                except CannotListen as problem:
                    complain(str(problem))

    def stop(self) -> None:
        """Close all ports and reset all connections."""
        for server in self._open.values():
            server.close()
        self._connections.stop()

    async def _listen(self, opening: Opening) -> Opening:
        stream = open_stream(opening.host, opening.port)
        got = opening._replace(port=stream.getsockname()[1])
        key = got.host, got.port
        self._leads[key] = got.address
        self._open[key] = await asyncio.get_running_loop().create_server(
            lambda: self._connections.client(self._leads[key]), sock=stream)
        return got
