"""`simnet serve dns` as a process: real sockets, many clients, files that change, bad input."""

from __future__ import annotations

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
from simnet.dataplane.dns.decode import Reply
from simnet.dataplane.dns.encode import write_query
from simnet.server.dns import framed, frames
from simnet.server.dns.seat import Seat
from simnet.server.listen import MOST_STREAMS
from simnet.testing import pod, service
from tests.edges.dns_serving import serving

ROOT = Path(__file__).resolve().parents[2]
WEB = "web.default.svc.cluster.local."
MANIFEST = """\
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}
"""


class Served:
    """A running `simnet serve dns`."""

    def __init__(self, process: subprocess.Popen[str], host: str, port: int) -> None:
        self.process, self.host, self.port = process, host, port
        self.said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Collect what goes to standard error."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def ask(self, name: str, kind: str = "A", wait: float = 5) -> Reply | None:
        return ask(self.host, self.port, name, kind, wait)


def ask(host: str, port: int, name: str, kind: str = "A", wait: float = 5) -> Reply | None:
    """One question over UDP; None for silence."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(wait)
        sock.sendto(write_query(name, kind, 77), (host, port))
        try:
            return Reply(sock.recv(4096))
        except TimeoutError:
            return None


@contextmanager
def served(*arguments: str, folder: Path) -> Iterator[Served]:
    words = [sys.executable, "-m", "simnet", "serve", "dns", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r" on ([\d.]+):(\d+), UDP and TCP", line)
        assert found, line + (process.stderr.read() if process.stderr is not None else "")
        yield Served(process, found[1], int(found[2]))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)


def failing(*arguments: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "simnet", "serve", *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return done.returncode, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.yaml").write_text(MANIFEST.replace("NAME", "web"))
    return tmp_path


def test_it_answers_until_it_is_told_to_stop(folder: Path) -> None:
    with served("-f", "web.yaml", folder=folder) as net:
        reply = net.ask(WEB)
        assert reply is not None and [record.data_text for record in reply.answer] == ["10.96.7.7"]
        net.process.send_signal(signal.SIGINT)
        assert net.process.wait(20) == 0
        assert net.ask(WEB, wait=0.2) is None


def test_changed_files_change_the_answers_and_wrong_files_do_not(folder: Path) -> None:
    with served("-f", ".", "--follow", folder=folder) as net:
        assert_answers(net, WEB, "NOERROR")
        (folder / "web.yaml").write_text("kind: Service\nmetadata: [")
        until(lambda: "the answers stay as they were" in "".join(net.said))
        assert_answers(net, WEB, "NOERROR")
        (folder / "web.yaml").write_text(MANIFEST.replace("NAME", "other"))
        (folder / "more.yaml").write_text(MANIFEST.replace("NAME", "more").replace("7.7", "7.8"))
        until(lambda: rcode_of(net, "more.default.svc.cluster.local.") == 0)
        assert_answers(net, "other.default.svc.cluster.local.", "NOERROR")
        assert_answers(net, WEB, "NXDOMAIN")


def rcode_of(net: Served, name: str) -> int:
    reply = net.ask(name)
    assert reply is not None
    return reply.rcode


def assert_answers(net: Served, name: str, rcode: str) -> None:
    assert rcode_of(net, name) == {"NOERROR": 0, "NXDOMAIN": 3}[rcode]


def until(holds: object, seconds: float = 20) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


BAD = [
    (("dns", "--listen", "192.0.2.1:53"), "--listen '192.0.2.1:53': only loopback addresses are served, 127.0.0.1:5353 for one\n"),
    (("dns", "--listen", "localhost:53"), "--listen 'localhost:53' is not an address with a port; write 127.0.0.1:5353\n"),
    (("dns", "-f", "none.yaml"), "none.yaml"),
    (("dns", "-f", "web.yaml", "--as", "pod/nobody"), "pod 'nobody' not found in namespace default"),
    (("dns", "-f", "-", "--follow"), "--follow needs a file or directory with -f; standard input does not change\n"),
    (("dsn",), "invalid choice: 'dsn'"),
    ((), "the following arguments are required: WHAT"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_what_cannot_be_served_is_said(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    status, said = failing(*arguments, folder=folder)
    assert status == 2 and words in said


def test_an_address_in_use_is_named(folder: Path) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert failing("dns", "--listen", address, folder=folder) == (2, f"cannot listen on {address}: Address already in use\n")


# the server itself ---------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def net() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1, addons=["coredns"], dns={"upstream": {"records": ["example.com. 300 IN A 192.0.2.10"]}})
    made.apply([service("web"), pod("client"),
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "own"},
                 "spec": {"dnsPolicy": "Default", "containers": [{"name": "main", "image": "debian:12"}]}}])
    return made


def test_many_clients_at_once(net: simnet.Cluster) -> None:
    """Sixteen clients, half of them on streams, each with many questions, all answered."""
    answered: list[int] = []

    def over_udp(host: str, port: int) -> None:
        answered.append(sum(ask(host, port, WEB) is not None for _ in range(40)))

    def over_tcp(host: str, port: int) -> None:
        with closing(socket.create_connection((host, port), 10)) as sock:
            sock.sendall(b"".join(framed(write_query(WEB, "A", number)) for number in range(40)))
            got, stream = 0, b""
            while got < 40:
                found, stream = frames(stream + sock.recv(4096))
                got += len(found)
            answered.append(got)

    with serving(Seat(net)) as address:
        threads = [threading.Thread(target=each, args=address) for each in (over_udp, over_tcp) * 8]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert answered == [40] * 16


def test_a_message_that_comes_octet_by_octet_is_answered(net: simnet.Cluster) -> None:
    """RFC 7766 section 8: a reader may not rely on whole messages."""
    with serving(Seat(net)) as (host, port), closing(socket.create_connection((host, port), 10)) as sock:
        for octet in framed(write_query(WEB, "A", 9)):
            sock.sendall(bytes((octet,)))
        whole, rest = frames(sock.recv(4096))
        assert [Reply(each).id for each in whole] == [9] and not rest


def test_streams_of_nonsense_and_closed_streams_do_no_harm(net: simnet.Cluster) -> None:
    with serving(Seat(net)) as (host, port):
        for octets in (b"\0\0" * 500, b"\xff" * 70000, b"GET / HTTP/1.1\r\n\r\n", framed(b"x"), b"\0"):
            with closing(socket.create_connection((host, port), 10)) as sock:
                sock.sendall(octets)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            for octets in (b"", b"x", bytes(65000)):
                sock.sendto(octets, (host, port))
        assert ask(host, port, WEB) is not None


def test_a_client_that_never_reads_stops_no_other(net: simnet.Cluster) -> None:
    with serving(Seat(net)) as (host, port), closing(socket.create_connection((host, port), 10)) as greedy:
        greedy.setblocking(False)
        question = framed(write_query(WEB, "SRV", 1)) * 200
        for _ in range(200):
            try:
                greedy.send(question)
            except BlockingIOError:
                break
        assert ask(host, port, WEB) is not None
    assert MOST_STREAMS >= 100


def test_a_pods_own_view(net: simnet.Cluster) -> None:
    """`--as`: a pod with the node's configuration asks the server outside; one whose questions get lost hears nothing."""
    with serving(Seat(net, "pod/own")) as (host, port):
        outside, inside = ask(host, port, "example.com."), ask(host, port, WEB)
        assert outside is not None and outside.rcode == 0 and inside is not None and inside.rcode == 3
    twin = net.fork()
    seat = Seat(twin, "pod/client")
    with serving(seat) as (host, port):
        assert ask(host, port, WEB) is not None
        twin.delete("deployment/kube-system/coredns")
        assert ask(host, port, WEB, wait=0.3) is None


def test_ipv6_loopback(net: simnet.Cluster) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    try:
        with serving(Seat(net), "::1") as (host, port), closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as sock:
            sock.settimeout(5)
            sock.sendto(write_query(WEB, "A", 3), (host, port))
            assert Reply(sock.recv(4096)).rcode == 0
    except simnet.SimnetError as problem:
        pytest.skip(f"::1 cannot be listened on here: {problem}")
