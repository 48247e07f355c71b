"""Real programs behind the door: streams both ways, a WebSocket, programs that fail; and the command as a process."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import simnet
from simnet.cli.main import main
from simnet.server.http.limits import Limits
from simnet.testing import deployment, ingress, service
from tests.edges.door_serving import program, served

ROOT = Path(__file__).resolve().parents[2]
WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3


def cluster() -> simnet.Cluster:
    made = simnet.Cluster(nodes=2)
    made.apply([deployment("web", replicas=2), service("web"), deployment("app", replicas=2), service("app"),
                ingress("shop", host="shop.test", paths={"/": "web", "/app": "app"}, annotations={"proxy-body-size": "0"})])
    return made


async def head_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    text = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = text.rstrip().split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with its path, its Host and the length and hash of the body, read as it comes."""
    first, headers = await head_of(reader)
    left, summed = int(headers.get("content-length", "0")), hashlib.sha256()
    total = left
    while left:
        part = await reader.read(min(left, 65536))
        assert part, "the body broke off"
        summed.update(part)
        left -= len(part)
    body = f"{first} {headers.get('host')} {headers.get('x-forwarded-for')} {total} {summed.hexdigest()}\n".encode()
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\nX-Own: yes\r\n\r\n%b" % (len(body), body))
    await writer.drain()


def ask(port: int, path: str, body: object = None, method: str = "POST") -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, {"Host": "shop.test"}, encode_chunked=False)
        response = connection.getresponse()
        return response, response.read()


def test_a_real_program_answers_for_the_pods_it_stands_for() -> None:
    data = os.urandom(3_000_000)
    with program(echo) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door:
        response, body = ask(door.http, "/app/x?y=1", data)
        assert (response.status, response.headers["X-Own"]) == (201, "yes")
        assert body.decode().split() == ["POST", "/app/x?y=1", "HTTP/1.1", "shop.test", "172.18.0.2", "3000000", hashlib.sha256(data).hexdigest()]
        assert response.headers["X-Simnet-Pod"].startswith("default/app-")
        assert ask(door.http, "/other", b"abc")[0].headers["X-Simnet-Pod"].startswith("default/web-")
        trace = door.door.traces.page(f"/.simnet/trace/{response.headers['X-Simnet-Trace']}").text
        assert "result: 201, answered by pod/default/app-" in trace


def test_many_requests_of_one_connection_reach_the_program() -> None:
    with program(echo) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door, \
            closing(http.client.HTTPConnection("127.0.0.1", door.http, timeout=20)) as connection:
        for number in range(30):
            connection.request("POST", f"/app/{number}", b"x" * number, {"Host": "shop.test"})
            response = connection.getresponse()
            assert response.read().split()[1] == b"/app/%d" % number and response.status == 201


def test_what_is_sent_ahead_waits_for_the_program_and_is_read_then() -> None:
    """More than the door keeps: it stops reading, and goes on."""
    async def slow_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, _ = await head_of(reader)
        await asyncio.sleep(0.3 if first.startswith("GET /app/0 ") else 0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    count, fill = 60, b"x" * 20_000
    with program(slow_once) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door, \
            closing(socket.create_connection(("127.0.0.1", door.http), 20)) as sock:
        for number in range(count):
            sock.sendall(b"GET /app/%d HTTP/1.1\r\nHost: shop.test\r\nX-Fill: %b\r\n%b\r\n" % (
                number, fill, b"Connection: close\r\n" if number == count - 1 else b""))
        got = b"".join(iter(lambda: sock.recv(65536), b""))
    assert got.count(b"HTTP/1.1 200 OK\r\n") == count


def test_an_answer_comes_as_it_is_made_and_a_slow_reader_holds_the_program_back() -> None:
    """The first piece arrives before the last is made; what nobody reads is not made without end."""
    made = [0]
    may_end = threading.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, _ = await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nfirst\n")
        if "/app/endless" in first:
            while made[0] < 200_000_000:
                writer.write(bytes(100_000))
                made[0] += 100_000
                await writer.drain()
        while not may_end.is_set():
            await asyncio.sleep(0.01)
        writer.write(b"last\n")
        await writer.drain()

    with program(slow) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door:
        with closing(http.client.HTTPConnection("127.0.0.1", door.http, timeout=20)) as connection:
            connection.request("GET", "/app/", headers={"Host": "shop.test"})
            response = connection.getresponse()
            assert response.readline() == b"first\n"
            may_end.set()
            assert response.read() == b"last\n"
        with closing(socket.create_connection(("127.0.0.1", door.http), 20)) as lazy:
            lazy.sendall(b"GET /app/endless HTTP/1.1\r\nHost: shop.test\r\n\r\n")
            before = -1
            while made[0] != before:
                before = made[0]
                time.sleep(0.3)
            assert 0 < made[0] < 100_000_000
            assert ask(door.http, "/", method="GET")[0].status == 200


def test_a_websocket_passes_through() -> None:
    async def socket_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, headers = await head_of(reader)
        assert headers["upgrade"] == "websocket" and headers["connection"].lower() == "upgrade"
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + WEBSOCKET).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept)
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    with program(socket_echo) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door, \
            closing(socket.create_connection(("127.0.0.1", door.http), 20)) as sock:
        sock.sendall(b"GET /app/ws HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        got = b""
        while b"\r\n\r\n" not in got:
            got += sock.recv(4096)
        assert got.startswith(b"HTTP/1.1 101 ") and b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in got
        assert b"X-Simnet-Pod: default/app-" in got
        for number in range(20):
            frame = b"\x82\x7e\x10\x00" + bytes((number,)) * 4096
            sock.sendall(frame)
            back = b""
            while len(back) < len(frame):
                back += sock.recv(len(frame) - len(back))
            assert back == frame
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(10) == b""


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"220 ready\r\n\r\n")


async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")


def test_programs_that_fail_are_bad_gateways_and_the_door_stays_open() -> None:
    net = cluster()
    net.apply(ingress("shop", host="shop.test", paths={"/": "web", "/app": "app"}, annotations={"proxy-read-timeout": "1"}))
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    with served(net, upstreams=(f"app=app=http://127.0.0.1:{closed}",)) as door:
        assert ask(door.http, "/app")[0].status == 502
        assert door.complaints == [f"http://127.0.0.1:{closed} does not answer: Connection refused"]
    for answer, status in ((nonsense, 502), (silent, 504)):
        with program(answer) as port, served(net, upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door:
            assert ask(door.http, "/app")[0].status == status
            assert ask(door.http, "/")[0].status == 200
    with program(broken) as port, served(net, upstreams=(f"app=app=http://127.0.0.1:{port}",)) as door:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            ask(door.http, "/app")
        assert ask(door.http, "/")[0].status == 200


def test_a_client_that_goes_away_lets_the_program_go() -> None:
    gone = threading.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await reader.read()
        gone.set()

    with program(waiting) as port, served(cluster(), upstreams=(f"app=app=http://127.0.0.1:{port}",), limits=Limits()) as door:
        with closing(socket.create_connection(("127.0.0.1", door.http), 20)) as sock:
            sock.sendall(b"GET /app HTTP/1.1\r\nHost: shop.test\r\n\r\n")
            time.sleep(0.2)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset
        assert gone.wait(10)


# the command -----------------------------------------------------------------------------------------------------

MANIFESTS = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: main, image: "example.com/web", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: PORT}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: HOST
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.yaml").write_text(manifests("shop.test"))
    return tmp_path


def manifests(host: str, port: int = 31999) -> str:
    return MANIFESTS.replace("HOST", host).replace("PORT", str(port))


@contextmanager
def command(*arguments: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    """A running `simnet serve http`: process, port for plain HTTP, the lines it has said."""
    words = [sys.executable, "-m", "simnet", "serve", "http", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("try: "):
                break
        found = re.search(r"127\.0\.0\.1:(\d+) ", "".join(said))
        assert found, said
        out = process.stdout
        threading.Thread(target=lambda: said.extend(iter(out.readline, "")), daemon=True).start()
        yield process, int(found[1]), said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)


def until(holds: object, seconds: float = 20) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def status(port: int, host: str, path: str = "/") -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status


def test_the_command_answers_prints_walks_and_stops(folder: Path) -> None:
    with command("-f", "web.yaml", "--trace", "--nodeports", folder=folder) as (process, port, said):
        greeting = "".join(said)
        assert "leads to 203.0.113.1:80" in greeting and "127.0.0.1:31999" in greeting and "curl -i -H 'Host: shop.test'" in greeting
        assert status(port, "shop.test") == 200 and status(31999, "any") == 200
        until(lambda: "answered by pod/default/web" in "".join(said))
        assert "[0001] laptop (192.0.2.1) asks GET http://shop.test/ at 203.0.113.1" in "".join(said)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_files_that_change_change_routes_and_ports(folder: Path) -> None:
    with command("-f", "web.yaml", "--follow", "--nodeports", folder=folder) as (_, port, said):
        (folder / "web.yaml").write_text("kind: [")
        until(lambda: "the answers stay as they were" in "".join(said))
        assert status(port, "shop.test") == 200
        (folder / "web.yaml").write_text(manifests("new.test", 31998))
        until(lambda: status(port, "new.test") == 200)
        assert status(port, "shop.test") == 404
        until(lambda: is_open(31998) and not is_open(31999))


def is_open(port: int) -> bool:
    with closing(socket.socket()) as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


BAD = [
    (("--http", "192.0.2.1:80"), "--http '192.0.2.1:80': only loopback addresses are served, 127.0.0.1:8080 for one"),
    (("--https", "localhost"), "--https 'localhost' is not an address with a port; write 127.0.0.1:8443"),
    (("--to", "web"), "--to 'web' is not an address; write 203.0.113.2 or 203.0.113.2:8080"),
    (("--from", "pod/nobody"), "pod 'nobody' not found in namespace default"),
    (("--upstream", "app=web"), "--upstream 'app=web' is not PODS=http://ADDRESS:PORT; write app=web=http://127.0.0.1:3000"),
    (("--upstream", "app=web=http://192.0.2.1:80"), "'192.0.2.1:80' is not a program on this machine"),
    (("--max-body", "0"), "--max-body 0 is not more than 0"), (("--timeout", "-1"), "--timeout -1 is not more than 0"),
    (("-f", "none.yaml"), "none.yaml"), (("--folow",), "did you mean --follow"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_what_cannot_be_served_is_said(folder: Path, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    assert failing("-f", "web.yaml", *arguments) == 2
    assert words in capsys.readouterr().err


def test_an_address_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert failing("--http", address) == 2
    assert capsys.readouterr().err == f"cannot listen on {address}: Address already in use\n"


def failing(*arguments: str) -> int:
    try:
        return main(["serve", "http", *arguments])
    except SystemExit as done:
        return int(done.code or 0)
