"""The sockets of the door: one asyncio Protocol for each client, one for each connection to a real program."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from typing import cast

from simnet.errors import SimnetError
from simnet.server.http.conversation import Conversation, Does
from simnet.server.http.door import Door, Session, Upstream
from simnet.server.http.relay import Relay
from simnet.server.http.secure import HANDSHAKE, Contexts, Secure

LINGERS = 2.0  # seconds in which a client may still read the last answer before the connection is reset
NEVER = float("inf")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: nothing is sent any more but a reset
READ_AT_ONCE = 64 << 10
MOST_WAITING = 256 << 10  # bytes for a program that has not taken the connection yet


class Connections:
    """What all clients of a door share."""

    def __init__(self, door: Door, complain: Callable[[str], None]) -> None:
        """`complain` is told what goes wrong without being seen in any answer."""
        self.door, self.contexts, self.complain = door, Contexts(), complain
        self.buffer = bytearray(READ_AT_ONCE)  # for whoever reads just now; asyncio's own costs a system call each time
        self.open: set[Client] = set()

    def client(self, address: str) -> Client:
        """The protocol of one client that connects to what leads to `address` in the cluster."""
        return Client(self, address)

    def stop(self) -> None:
        """Reset every connection."""
        for client in tuple(self.open):
            client.abort()


class Client(asyncio.BufferedProtocol):
    """One client's connection: TLS or not by its first byte, cut off when it is slow or silent."""

    def __init__(self, connections: Connections, address: str) -> None:
        self._connections, self._address = connections, address
        self._limits = connections.door.limits
        self._secure: Secure | None = None
        self._conversation: Conversation | None = None
        self._session: Session | None = None
        self._program: Program | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = NEVER
        self._is_closing = self._is_stalled = False
        self._in_head_of: int | None = None  # the number of the request whose head has begun
        self._held_by: set[str] = set()  # why nothing is read from the client for now

    # asyncio's side ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        others = self._connections.open
        others.add(self)
        if len(others) > self._limits.connections:
            self.abort()
            return
        self.schedule()
        try:
            self._session = Session(self._connections.door, self._address)
        except SimnetError as problem:
            self.told(str(problem))
            self.abort()
            return
        if self._session.is_refused:
            self._connections.door.keep(self._session.opening)
            self.abort()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._connections.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._is_closing or self._session is None:
            return
        data = bytes(memoryview(self._connections.buffer)[:nbytes])
        try:
            self._take(self._session, data)
        except SimnetError as problem:
            self.told(str(problem))
            self.abort()
        self.schedule()

    def _take(self, session: Session, data: bytes) -> None:
        if self._conversation is None:
            self._begin(session, data[0])
        secure = self._secure
        if secure is not None:
            data = secure.receive(data)
            if self._conversation is None and secure.is_shaken:
                self._conversation = Conversation(session, self, True, secure.sni)
        if data and self._conversation is not None:
            self._conversation.receive(data)
        if secure is not None and secure.is_over and not self._is_closing:
            self.eof_received()

    def eof_received(self) -> bool:
        if self._is_closing or self._conversation is None:
            self._transport.close()
        else:
            self._conversation.ends()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.open.discard(self)
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._conversation is not None:
            self._conversation.lost()

    def pause_writing(self) -> None:
        """The client does not read: nothing more is made for it, and it has as long as an idle one."""
        self._is_stalled = True
        self.hold("client", True)
        self._until(self._limits.idle_seconds)
        if self._program is not None:
            self._program.pause(True)

    def resume_writing(self) -> None:
        self._is_stalled = False
        self.hold("client", False)
        self.schedule()
        if self._program is not None:
            self._program.pause(False)

    # the conversation's side ---------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        if self._secure is not None:
            self._secure.send(data)
        else:
            self._transport.write(data)

    def finish(self) -> None:
        self._is_closing = True
        if self._secure is not None:
            self._secure.close()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        self._until(LINGERS)

    def abort(self) -> None:
        self._is_closing = True
        stream = self._transport.get_extra_info("socket")
        if stream is not None and not self._transport.is_closing():
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    def forward(self, upstream: Upstream, relay: Relay) -> Program:
        self._program = Program(self, upstream, relay)
        return self._program

    def told(self, problem: str) -> None:
        """Say on standard error what went wrong that no answer tells."""
        self._connections.complain(problem)

    def patience(self, relay: Relay) -> float:
        """Seconds that a program may keep silent."""
        if relay.has_switched:
            return self._limits.tunnel_seconds
        return relay.timeout_seconds or self._limits.idle_seconds

    def hold(self, reason: str, holds: bool) -> None:
        """Read nothing from the client while there is any reason not to."""
        was_held = bool(self._held_by)
        (self._held_by.add if holds else self._held_by.discard)(reason)
        if bool(self._held_by) is was_held or self._transport.is_closing():
            return
        if self._held_by:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # time ----------------------------------------------------------------------------------------------------------

    def _begin(self, session: Session, first: int) -> None:
        """What the first byte says: a TLS handshake that somebody takes up, or anything else."""
        if self._secure is None and first == HANDSHAKE and session.speaks_tls():
            self._secure = Secure(session, self._connections.contexts, self._transport.write)
        elif self._secure is None:
            self._conversation = Conversation(session, self)

    def schedule(self) -> None:
        """When the connection is given up, from what it is at, and whether more is read. The time for a head is not
        lengthened by its bytes."""
        conversation = self._conversation
        does = conversation.does if conversation is not None else Does.READS_HEAD
        if conversation is not None:
            self.hold("ahead", conversation.is_full)
        begun = None
        if conversation is None or (does is Does.READS_HEAD and not conversation.is_idle):
            begun = conversation.requests if conversation is not None else 0
        known, self._in_head_of = self._in_head_of, begun
        if self._is_closing or (begun is not None and begun == known):
            return
        if begun is not None:
            self._until(self._limits.head_seconds)
        elif does is Does.WAITS and not self._is_stalled:
            self._until(NEVER)  # the program's own time counts
        else:
            self._until(self._limits.tunnel_seconds if does is Does.TUNNELS else self._limits.idle_seconds)

    def _until(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        if self._timer is not None and self._deadline < self._timer.when():
            self._timer.cancel()
            self._timer = None
        if self._timer is None and seconds < NEVER:
            self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        """The timer has come: too late, or was the time lengthened meanwhile?"""
        self._timer = None
        left = self._deadline - self._loop.time()
        if left > 0:
            self._until(left)
        elif self._is_closing or self._conversation is None or self._is_stalled:
            self.abort()
        else:
            self._conversation.times_out()
            if not self._is_closing:
                self.abort()


class Program(asyncio.Protocol):
    """The connection to a real program for one request."""

    def __init__(self, client: Client, upstream: Upstream, relay: Relay) -> None:
        self._client, self._relay = client, relay
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._connect(upstream))

    async def _connect(self, upstream: Upstream) -> None:
        self._expect()
        try:
            await self._loop.create_connection(lambda: self, upstream.host, upstream.port)
        except OSError as problem:
            if not self._is_over:
                self._client.told(f"{upstream} does not answer: {os.strerror(problem.errno) if problem.errno else problem}")
                self._relay.fail()
                self._client.schedule()

    # the relay's side ----------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
            if sum(map(len, self._waiting)) > MOST_WAITING:
                self._client.hold("program", True)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._is_over = True
        self._client.hold("program", False)
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()

    def pause(self, paused: bool) -> None:
        """The client does not take what comes, or takes it again."""
        if self._transport is None or self._transport.is_closing():
            return
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
        self._expect(stands_still=paused)

    # asyncio's side ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._is_over:
            self._transport.abort()
            return
        self._transport.write(b"".join(self._waiting))
        self._waiting.clear()
        self._client.hold("program", False)

    def data_received(self, data: bytes) -> None:
        if not self._is_over:
            self._expect()
            self._relay.receive(data)
            self._client.schedule()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._is_over:
            self._relay.ends()
            self._client.schedule()

    def pause_writing(self) -> None:
        self._client.hold("program", True)

    def resume_writing(self) -> None:
        self._client.hold("program", False)

    def _expect(self, stands_still: bool = False) -> None:
        """The next sign of life comes in time, or the program counts as gone."""
        if self._timer is not None:
            self._timer.cancel()
        if not stands_still:
            self._timer = self._loop.call_later(self._client.patience(self._relay), self._gone)

    def _gone(self) -> None:
        if not self._is_over:
            self._relay.fail(is_late=True)
            self._client.schedule()
