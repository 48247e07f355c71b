"""The sockets: datagrams and streams on a loopback address, for cores that know nothing of either.

Datagrams come through a non-blocking socket that is drained at every wake-up: the ready-made datagram endpoint of
asyncio answers a quarter of the questions. Nothing a client sends can stop a server; a slow or silent one is cut off.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

from simnet import ip
from simnet.dataplane.packet import is_loopback
from simnet.errors import UsageError
from simnet.names import split_host_port

DRAINED = 64  # datagrams at one wake-up, so that streams get their turn
MOST_BYTES = 65535
MOST_STREAMS = 1000
IDLE_SECONDS = 30.0
_TRIES = 20

Datagram = Callable[[bytes, str], bytes | None]
"""One datagram and the sender's address -> what goes back, or None."""
Stream = Callable[[bytes, str], tuple[bytes, bytes]]
"""What has arrived and the sender's address -> (what goes back, what is left over for later)."""


class CannotListen(UsageError):
    """The address cannot be listened on: in use, not allowed, not there."""


def read_address(text: str, default_port: int, option: str = "--listen", anywhere: bool = False) -> tuple[str, int]:
    """`127.0.0.1:5353`, `[::1]:5353`, or without a port; port 0 is any free one. `option` is what it was given with.

    Raises UsageError for anything but a loopback address, or any address with `anywhere`.
    """
    any_port = text.endswith(":0")
    host, port = split_host_port(text.removesuffix(":0") if any_port else text)
    try:
        number = ip.number(host)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not an address with a port; write 127.0.0.1:{default_port}") from None
    if not anywhere and not is_loopback(number) and number != ip.number("::1"):
        raise UsageError(f"{option} {text!r}: only loopback addresses are served, 127.0.0.1:{default_port} for one")
    return host, 0 if any_port else default_port if port is None else port


def open_sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A datagram and a listening stream socket on the same port; port 0 picks a free one. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(_TRIES):
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        streams = socket.socket(family, socket.SOCK_STREAM)
        try:
            streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            datagrams.bind((host, port))
            streams.bind((host, datagrams.getsockname()[1]))
            streams.listen(128)
        except OSError as problem:
            datagrams.close()
            streams.close()
            if port or attempt == _TRIES - 1:
                raise CannotListen(f"cannot listen on {ip.host_port(ip.number(host), port)}: {problem.strerror}") from None
            continue
        datagrams.setblocking(False)
        streams.setblocking(False)
        return datagrams, streams
    raise CannotListen(f"no free port on {host}")


def open_stream(host: str, port: int) -> socket.socket:
    """A listening stream socket; port 0 picks a free one. Raises CannotListen."""
    stream = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind((host, port))
        stream.listen(512)
    except OSError as problem:
        stream.close()
        raise CannotListen(f"cannot listen on {ip.host_port(ip.number(host), port)}: {problem.strerror}") from None
    stream.setblocking(False)
    return stream


class Server:
    """Both sockets of one address, served by two functions."""

    def __init__(self, host: str, port: int, datagram: Datagram, stream: Stream) -> None:
        """Opens the sockets. Raises CannotListen."""
        self._datagrams, self._streams = open_sockets(host, port)
        self._datagram, self._stream = datagram, stream
        self.connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        host, port = self._datagrams.getsockname()[:2]
        return ip.host_port(ip.number(host), port)

    async def start(self) -> None:
        """Answer from now on."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._datagrams, self._drain)
        self._listener = await loop.create_server(lambda: Connection(self, self._stream), sock=self._streams)

    def stop(self) -> None:
        """Close both sockets and every connection."""
        asyncio.get_running_loop().remove_reader(self._datagrams)
        self._datagrams.close()
        if self._listener is not None:
            self._listener.close()
        for connection in tuple(self.connections):
            connection.abort()

    def _drain(self) -> None:
        receive, send, datagram = self._datagrams.recvfrom, self._datagrams.sendto, self._datagram
        for _ in range(DRAINED):
            try:
                message, sender = receive(MOST_BYTES)
            except OSError:  # nothing more to read, or an error report of an earlier datagram
                return
            reply = datagram(message, sender[0])
            if reply is not None:
                try:
                    send(reply, sender)
                except OSError:
                    continue  # the sender cannot be reached, or its buffer is full: datagrams get lost


class Connection(asyncio.Protocol):
    """One stream. It is cut off when nothing comes for a while, or when there are too many."""

    def __init__(self, server: Server, stream: Stream) -> None:
        self._server, self._stream = server, stream
        self._waiting = b""
        self._peer = ""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._server.connections.add(self)
        if len(self._server.connections) > MOST_STREAMS:
            self.abort()
            return
        self._expect()

    def data_received(self, data: bytes) -> None:
        self._expect()
        replies, self._waiting = self._stream(self._waiting + data, self._peer)
        if replies and self._transport is not None:
            self._transport.write(replies)

    def pause_writing(self) -> None:
        """The client does not read its answers: read no more of its questions."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _expect(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.abort)


async def until_stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
