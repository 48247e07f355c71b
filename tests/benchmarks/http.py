"""H1: requests over loopback with the whole walk behind each, against the standard library's server and nginx.

Every server is a process of its own, asked over kept-alive connections, one request at a time on each, and what counts is
the requests for each second of its processor time: all three have one core at most, and so the figure does not depend on
what else runs. The peer is `http.server.ThreadingHTTPServer` as fast as it gets: HTTP/1.1, buffered, without Nagle's delay.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import simnet
from simnet.server.http.door import Door
from simnet.server.http.openings import LOCAL, Opening
from simnet.server.http.ports import Ports, spare_collector
from simnet.server.http.wires import Connections
from simnet.testing import deployment, ingress, service
from tests.benchmarks.bench import Row, absent

CONNECTIONS = 16
REQUEST = b"GET /cart?item=7 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
NODE_PORT = 30080
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CONFIG = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 64; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
  fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }} }}
"""


def cluster() -> simnet.Cluster:
    made = simnet.Cluster(nodes=3)
    shop = service("shop", type="NodePort")
    shop["spec"]["ports"][0]["nodePort"] = NODE_PORT
    made.apply([deployment("shop", replicas=3), shop, ingress("shop", host="shop.example.com")])
    return made


def serve_door(address: str, told: Connection) -> None:
    """A process: the door of a cluster, which leads to `address`."""
    async def serve() -> None:
        ports = Ports(Connections(Door(cluster(), time.monotonic), lambda line: None))
        opened = await ports.open([Opening(LOCAL, 0, address, "")])
        spare_collector()  # as the command does
        tell(told, opened[0].port)
        await asyncio.Event().wait()

    asyncio.run(serve())


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = "\n".join([f"request: {self.command} {self.path}", *(f"{name}: {value}" for name, value in self.headers.items())])
        data = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the door does not either."""


def serve_peer(_: str, told: Connection) -> None:
    """A process: the standard library's server, with an answer of the same kind."""
    spare_collector()
    server = ThreadingHTTPServer((LOCAL, 0), Peer)
    tell(told, server.server_address[1])
    server.serve_forever()


def tell(told: Connection, port: int) -> None:
    """Tell the port, and whenever asked the processor time so far."""
    def answer() -> None:
        while told.recv():
            told.send(time.process_time())

    told.send(port)
    threading.Thread(target=answer, daemon=True).start()


@contextmanager
def process(serve: Callable[[str, Connection], None], address: str = "") -> Iterator[Clients]:
    """Clients of a server in another process."""
    ours, theirs = multiprocessing.Pipe()
    running = multiprocessing.get_context("spawn").Process(target=serve, args=(address, theirs), daemon=True)
    running.start()
    try:
        if not ours.poll(60):
            raise TimeoutError("the server did not start")

        def spent() -> float:
            ours.send(True)
            return float(ours.recv())

        yield Clients(ours.recv(), spent)
    finally:
        running.terminate()
        running.join()


@contextmanager
def nginx(body: str) -> Iterator[Clients]:
    """Clients of an nginx that answers with a fixed text."""
    assert NGINX is not None
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind((LOCAL, 0))
        port = free.getsockname()[1]
        free.close()
        Path(folder, "conf").write_text(CONFIG.format(folder=folder, port=port, body=body))
        running = subprocess.Popen([NGINX, "-c", f"{folder}/conf", "-p", folder], stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 10
            while time.monotonic() < end:
                with socket.socket() as sock:
                    if not sock.connect_ex((LOCAL, port)):
                        break
                time.sleep(0.05)
            yield Clients(port, lambda: cpu_of(running.pid))
        finally:
            running.terminate()
            running.wait()


def cpu_of(pid: int) -> float:
    """Processor seconds of another process (Linux: /proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Clients:
    """Connections that are kept, each with one request under way; `spent` tells the server's processor time."""

    def __init__(self, port: int, spent: Callable[[], float]) -> None:
        self._spent = spent
        self.open = [socket.create_connection((LOCAL, port)) for _ in range(CONNECTIONS)]
        for each in self.open:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def rate(self, seconds: float) -> float:
        """Whole, right answers for each second of the server's processor time."""
        done, start, end = 0, self._spent(), time.perf_counter() + seconds
        for each in self.open:
            each.sendall(REQUEST)
        while time.perf_counter() < end:
            for each in self.open:
                take(each)
                each.sendall(REQUEST)
            done += len(self.open)
        for each in self.open:
            take(each)
        return (done + len(self.open)) / max(self._spent() - start, 0.001)


def take(sock: socket.socket) -> None:
    """Read one answer."""
    data = sock.recv(65536)
    while (at := data.find(b"\r\n\r\n")) < 0:
        data += sock.recv(65536)
    if not data.startswith(b"HTTP/1.1 200"):
        raise AssertionError(data[:200])
    found = data.lower().index(b"content-length: ") + 16
    left = at + 4 + int(data[found:data.index(b"\r", found)]) - len(data)
    while left > 0:
        left -= len(sock.recv(65536))


def rows(smoke: bool) -> list[Row]:
    seconds, rounds = (0.3, 3) if smoke else (2.0, 5)
    with ExitStack() as stack:
        clients = [stack.enter_context(process(serve_door, f"172.18.0.2:{NODE_PORT}")),
                   stack.enter_context(process(serve_door, "203.0.113.1:80")), stack.enter_context(process(serve_peer))]
        if NGINX is not None and Path("/proc/self/stat").exists():
            clients.append(stack.enter_context(nginx("x" * 200)))
        rates = [tuple(each.rate(seconds) for each in clients) for _ in range(rounds + 1)]
    ours, proxied, theirs, *others = (median(each) for each in zip(*rates[1:], strict=True))
    what = "HTTP over loopback, keep-alive, a walk each"
    peer = "ThreadingHTTPServer HTTP/1.1"
    found = [row("H1", f"{what} (node port)", peer, ours, theirs, 1.8),
             row("H1", f"{what} (Ingress)", peer, proxied, theirs, 0.8)]
    if not others:
        return [*found, absent("H1", what, "nginx return 200", 0.15)]
    return [*found, row("H1", f"{what} (node port)", "nginx return 200", ours, others[0], 0.15)]


def row(bar_id: str, what: str, peer: str, ours: float, theirs: float, bar: float) -> Row:
    return Row(bar_id, what, peer, f"{ours:.0f}/s", f"{theirs:.0f}/s", ours / theirs, bar)


if __name__ == "__main__":
    print(*rows("--smoke" in sys.argv), sep="\n")
