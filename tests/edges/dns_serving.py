"""A served cluster beside the test: the real sockets in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from simnet.server.dns.seat import Seat
from simnet.server.listen import Server


@contextmanager
def serving(seat: Seat, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """Serve until the block ends; gives host and port."""
    server = Server(host, port, seat.datagram, seat.stream)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        name, _, number = server.address.rpartition(":")
        yield name.strip("[]"), int(number)
    finally:
        stopped = threading.Event()

        def stop() -> None:
            server.stop()
            stopped.set()
        loop.call_soon_threadsafe(stop)
        stopped.wait(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
