"""Real connections through a lab: who receives them, from which source address, and what the client sees."""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple, Self

from tests.edges.kernel.lab import Lab, Target
from tests.edges.kernel.namespaces import Namespace

SCTP = 132
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "sctp": SCTP}
SILENCE, PATIENCE = 0.2, 3.0  # seconds: when none is expected to answer, and when somebody is
ANSWER = 0.3  # seconds from the arrival of the first packet to the answer
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
UNREACHABLE = {4: (3, 3), 6: (1, 4)}  # ICMP type and code of "port unreachable"


class Arrival(NamedTuple):
    """The first packet of a connection as its receiver sees it."""

    address: str
    port: int
    source: str


class Answer(NamedTuple):
    """What became of one connection. `client` is open, refused or timeout."""

    client: str
    arrival: Arrival | None


class Ears:
    """Listeners for every target, and raw sockets that see each first packet arrive."""

    def __init__(self, lab: Lab, targets: Iterable[Target]) -> None:
        self._listeners: dict[socket.socket, str] = {}
        self._raw: dict[socket.socket, tuple[int, str]] = {}
        self._wanted = {(port, protocol) for _, port, protocol in targets}
        heard: set[tuple[int, int, str]] = set()
        for address, port, protocol in sorted(targets):
            place = lab.at.get(address)
            if place is not None:
                self._listen(place, address, port, protocol)
                version = 6 if ":" in address else 4
                if (id(place), version, protocol) not in heard:
                    heard.add((id(place), version, protocol))
                    self._hear(place, version, protocol)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for each in (*self._listeners, *self._raw):
            each.close()

    @property
    def sockets(self) -> list[socket.socket]:
        return [*self._listeners, *self._raw]

    def take(self, ready: Iterable[socket.socket]) -> list[Arrival]:
        """Serve the sockets that have something; returns the first packets among it."""
        found = []
        for each in ready:
            if each in self._listeners:
                self._serve(each, self._listeners[each])
            elif each in self._raw:
                arrival = self._heard(each, *self._raw[each])
                found += [arrival] if arrival is not None else []
        return found

    def _listen(self, place: Namespace, address: str, port: int, protocol: str) -> None:
        if protocol == "sctp":
            return  # the first packet is looked at, nobody has to answer
        made = _socket(place, address, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if protocol == "tcp":
            made.listen(64)
        self._listeners[made] = protocol

    def _hear(self, place: Namespace, version: int, protocol: str) -> None:
        raw = _socket(place, "::" if version == 6 else "", socket.SOCK_RAW, PROTOCOLS[protocol])
        if version == 6:
            raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        self._raw[raw] = (version, protocol)

    def _serve(self, ready: socket.socket, protocol: str) -> None:
        try:
            if protocol == "tcp":
                ready.accept()[0].close()
            else:
                _, client = ready.recvfrom(64)
                ready.sendto(b"heard", client)
        except OSError:
            return  # the client has gone already

    def _heard(self, raw: socket.socket, version: int, protocol: str) -> Arrival | None:
        data, extra, _, sender = raw.recvmsg(2048, 256)
        if version == 4:
            address = socket.inet_ntop(socket.AF_INET, data[16:20])
            data = data[(data[0] & 15) * 4:]
        else:
            info = next(value for level, kind, value in extra if kind == socket.IPV6_PKTINFO)
            address = socket.inet_ntop(socket.AF_INET6, info[:16])
        port = struct.unpack("!H", data[2:4])[0]
        is_first = {"tcp": protocol == "tcp" and data[13] & 0x12 == 0x02, "udp": True,
                    "sctp": protocol == "sctp" and data[12] == 1}[protocol]
        if not is_first or (port, protocol) not in self._wanted:
            return None
        return Arrival(address, port, sender[0].partition("%")[0])


def ask(ears: Ears, client: Namespace, source: str, url: tuple[str, int, str], quiet: bool) -> Answer:
    """Open one connection from `client`, bound to `source` ('' leaves the choice to the kernel).

    `quiet`: silence is expected, so little time is spent on waiting for more.
    """
    address, port, protocol = url
    ears.take(select.select(ears.sockets, [], [], 0)[0])
    asking = _Asking(client, source, address, port, protocol)
    try:
        until = monotonic() + (SILENCE if quiet else PATIENCE)
        arrival: Arrival | None = None
        while monotonic() < until and not (asking.state and (arrival is not None or asking.state == "refused")):
            wanted = [*ears.sockets, *asking.reading]
            ready, writable, _ = select.select(wanted, asking.writing, [], until - monotonic())
            arrival = next(iter(ears.take(each for each in ready if each not in asking.reading)), arrival)
            if arrival is not None:
                until = min(until, monotonic() + ANSWER)
            asking.take([each for each in (*ready, *writable) if each in (*asking.reading, *asking.writing)])
            if protocol == "sctp" and arrival is not None:
                asking.state = "open"
        return Answer(asking.state or "timeout", arrival)
    finally:
        asking.close()


class _Asking:
    """The client's side of one connection."""

    def __init__(self, place: Namespace, source: str, address: str, port: int, protocol: str) -> None:
        self.state, self.protocol, self.version = "", protocol, 6 if ":" in address else 4
        kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "sctp": socket.SOCK_RAW}[protocol]
        self.socket = _socket(place, address, kind, SCTP if protocol == "sctp" else 0)
        self.errors = None
        if source:
            self.socket.bind((source, 0))
        if protocol == "sctp":
            self.errors = _socket(place, address, socket.SOCK_RAW,
                                  socket.IPPROTO_ICMPV6 if self.version == 6 else socket.IPPROTO_ICMP)
        self._start(address, port)

    @property
    def reading(self) -> list[socket.socket]:
        if self.errors is not None:
            return [self.errors]
        return [self.socket] if self.protocol == "udp" else []

    @property
    def writing(self) -> list[socket.socket]:
        return [self.socket] if self.protocol == "tcp" and not self.state else []

    def _start(self, address: str, port: int) -> None:
        try:
            if self.protocol == "sctp":
                self.socket.sendto(_sctp_init(port), (address, 0))
                return
            self.socket.connect((address, port))
            if self.protocol == "udp":
                self.socket.send(b"asked")
        except BlockingIOError:
            pass
        except OSError as problem:
            self._failed(problem.errno or 0)

    def take(self, ready: Iterable[socket.socket]) -> None:
        for each in ready:
            if each is self.errors:
                self._icmp(each.recv(2048))
            elif self.protocol == "udp":
                self._answer(each)
            elif self.protocol == "tcp":
                error = each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    self._failed(error)
                else:
                    self.state = "open"

    def _answer(self, ready: socket.socket) -> None:
        try:
            ready.recv(64)
            self.state = "open"
        except OSError as problem:
            self._failed(problem.errno or 0)

    def _icmp(self, data: bytes) -> None:
        header = data[(data[0] & 15) * 4:] if self.version == 4 else data
        if (header[0], header[1]) == UNREACHABLE[self.version] or header[0] == UNREACHABLE[self.version][0]:
            self.state = "refused"

    def _failed(self, error: int) -> None:
        if error == errno.ECONNREFUSED:
            self.state = "refused"
        elif error not in (errno.EPERM, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH):
            raise OSError(error, errno.errorcode.get(error, "?"))

    def close(self) -> None:
        if self.protocol == "tcp":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.socket.close()
        if self.errors is not None:
            self.errors.close()


def _socket(place: Namespace, address: str, kind: int, protocol: int = 0) -> socket.socket:
    with place.entered():
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind, protocol)
    made.setblocking(False)
    return made


# the first packet of SCTP, for kernels that have no such sockets ----------------------------------------------------

_ports = iter(range(20000, 60000))


def _sctp_init(port: int) -> bytes:
    """An INIT chunk with its checksum (RFC 9260 sections 3.1 and 3.3.2): connection tracking refuses any other."""
    chunk = struct.pack("!BBHIIHHI", 1, 0, 20, 0x01020304, 65536, 1, 1, 1)
    head = struct.pack("!HHI", next(_ports), port, 0)
    return head + struct.pack("<I", _crc32c(head + bytes(4) + chunk)) + chunk


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
