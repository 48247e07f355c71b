"""D1 to D3: a name through the search list, a message answered, questions a second on a loopback port.

Peers: dnspython's Zone, dnslib, dnslib's own server, dnsmasq; each when it is installed. In-tree references: the same work
with a hundred Services for a hundred times as many, and a threading server of the standard library.
"""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from statistics import median
from typing import Any

import simnet
from simnet.dataplane.dns.encode import write_query
from simnet.server.dns import answer
from simnet.server.dns.seat import Seat
from tests.benchmarks.bench import Row, absent, interleaved, micro
from tests.edges.dns_serving import serving

SERVICES, NAMESPACES, LOOKUPS, MESSAGES = 10_000, 100, 5_000, 1_000
IN_FLIGHT, CLIENTS, SECONDS = 64, 2, 2.0


def address_of(number: int) -> str:
    return f"10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def loaded(services: int) -> simnet.Cluster:
    """Services spread over namespaces, one pod in each, and nothing between a pod and the server."""
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", dns={"transport": "direct"})
    objects: list[dict[str, Any]] = []
    for i in range(NAMESPACES):
        objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns-{i}"}})
        objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client", "namespace": f"ns-{i}"},
                        "spec": {"containers": [{"name": "main", "image": "x"}]}, "status": {"podIP": f"10.1.0.{i}"}})
    objects += [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"svc-{i}", "namespace": f"ns-{i % NAMESPACES}"},
                 "spec": {"clusterIP": address_of(i), "ports": [{"port": 80}]}} for i in range(services)]
    cluster.load(objects)
    return cluster


def peer_module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


# D1: short names ----------------------------------------------------------------------------------------------------

def lookups_of(cluster: simnet.Cluster, services: int, count: int) -> Callable[[], object]:
    """`svc-N.ns-M` from a pod of another namespace: found in the second search domain."""
    clients = cluster.view.dns.clients
    actors = [cluster.actor(f"pod/ns-{i}/client") for i in range(NAMESPACES)]
    asked = [(actors[(i + 7) % NAMESPACES], f"svc-{i % services}.ns-{i % services % NAMESPACES}") for i in range(count)]
    assert all(clients.lookup(actor, name, 4).is_ok for actor, name in asked[:200])
    return lambda: [clients.lookup(actor, name, 4) for actor, name in asked]


def dnspython_lookups(services: int, count: int) -> Callable[[], object] | None:
    """The same walk over a dnspython zone, from text."""
    if peer_module("dns") is None:
        return None
    zones, names, types = import_module("dns.zone"), import_module("dns.name"), import_module("dns.rdatatype")
    text = "$ORIGIN cluster.local.\n@ 5 IN SOA ns.dns hostmaster 1 7200 1800 86400 5\n@ 5 IN NS ns.dns\n" + "".join(
        f"svc-{i}.ns-{i % NAMESPACES}.svc 5 IN A {address_of(i)}\n" for i in range(services))
    zone = zones.from_text(text, relativize=False, check_origin=False)
    origin = names.from_text("cluster.local.")

    def look_up(name: str, namespace: int) -> Any:
        for domain in (f"ns-{namespace}.svc.cluster.local.", "svc.cluster.local.", "cluster.local.", ""):
            asked = names.from_text(f"{name}.{domain}")
            found = zone.get_rdataset(asked, types.A) if asked.is_subdomain(origin) else None
            if found is not None:
                return found
        return None
    asked = [(f"svc-{i % services}.ns-{i % services % NAMESPACES}", (i + 7) % NAMESPACES) for i in range(count)]
    assert all(look_up(*each) is not None for each in asked[:50])
    return lambda: [look_up(*each) for each in asked]


def name_rows(smoke: bool, cluster: simnet.Cluster, services: int) -> Iterator[Row]:
    count, rounds = (LOOKUPS // 10, 3) if smoke else (LOOKUPS, 5)
    ours = lookups_of(cluster, services, count)
    what, theirs = "short name through the search list", dnspython_lookups(services, count)
    if theirs is None:
        yield absent("D1", what, "dnspython", 20)
    else:
        mine, peer = interleaved(ours, theirs, rounds)
        yield Row("D1", what, "dnspython", micro(mine / count), micro(peer / count), peer / mine, 20)
    few = lookups_of(loaded(100), 100, count)
    mine, small = interleaved(ours, few, rounds)
    yield Row("D1", f"the same with {services:,} Services", "itself with 100", micro(mine / count), micro(small / count),
              mine / small, 2, at_most=True)


# D2: messages -------------------------------------------------------------------------------------------------------

def messages(services: int, count: int) -> list[bytes]:
    return [write_query(f"svc-{i % services}.ns-{i % services % NAMESPACES}.svc.cluster.local.", "A", i) for i in range(count)]


def with_cookie(message: bytes, number: int) -> bytes:
    """The message with an OPT record and an option in it that no other message has."""
    return message[:11] + b"\1" + message[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\0\x0c\0\x0a\0\x08" + number.to_bytes(8, "big")


def dnslib_answers(sent: list[bytes], services: int) -> Callable[[], object] | None:
    dnslib = peer_module("dnslib")
    if dnslib is None:
        return None
    zone = {f"svc-{i}.ns-{i % NAMESPACES}.svc.cluster.local.": dnslib.A(address_of(i)) for i in range(services)}

    def replied(message: bytes) -> bytes:
        query = dnslib.DNSRecord.parse(message)
        reply = query.reply()
        reply.add_answer(dnslib.RR(query.q.qname, 1, rdata=zone[str(query.q.qname).lower()], ttl=30))
        packed: bytes = reply.pack()
        return packed
    return lambda: [replied(message) for message in sent]


def message_rows(smoke: bool, cluster: simnet.Cluster, services: int) -> Iterator[Row]:
    count, rounds = (MESSAGES // 10, 3) if smoke else (MESSAGES, 5)
    sent = messages(services, count)
    theirs = dnslib_answers(sent, services)
    if theirs is None:
        yield absent("D2", "message in, answer out", "dnslib", 10)
        return
    mine, peer = interleaved(lambda: [answer(cluster, each) for each in sent], theirs, rounds)
    yield Row("D2", "message in, answer out", "dnslib", micro(mine / count), micro(peer / count), peer / mine, 10)

    never_seen = iter([with_cookie(each, i * (rounds + 1) + n) for i, each in enumerate(sent)] for n in range(rounds + 1))
    mine, peer = interleaved(lambda: [answer(cluster, each) for each in next(never_seen)], theirs, rounds)
    yield Row("D2", "the same, each with another cookie, as from dig", "dnslib", micro(mine / count), micro(peer / count),
              peer / mine, 10)

    def afresh() -> None:
        cluster.view.dns.messages.clear()
        for each in sent:
            answer(cluster, each)
    mine, peer = interleaved(afresh, theirs, rounds)
    yield Row("D2", "the same, each the first for its name since a change", "dnslib", micro(mine / count),
              micro(peer / count), peer / mine, 2)


# D3: questions a second ------------------------------------------------------------------------------------------------

CLIENT = """
import socket, sys, time
host, port, seconds, in_flight = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
messages = [bytes.fromhex(line) for line in sys.stdin]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((host, port)); sock.settimeout(1)
done = sent = 0
def send():
    global sent
    sock.send(messages[sent % len(messages)]); sent += 1
for _ in range(in_flight): send()
end = time.monotonic() + seconds
while time.monotonic() < end:
    for _ in range(200):
        try: sock.recv(4096)
        except TimeoutError:
            for _ in range(in_flight): send()
            break
        done += 1; send()
print(done)
"""


def questions_a_second(host: str, port: int, sent: list[bytes], seconds: float) -> float:
    """Answers that came back to a few clients, each with 64 questions on the way."""
    given = "\n".join(message.hex() for message in sent)
    words = [sys.executable, "-c", CLIENT, host, str(port), str(seconds), str(IN_FLIGHT)]
    running = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
    return sum(int(process.stdout.read()) for process in running if process.stdout is not None and process.wait() == 0) / seconds



@contextmanager
def dnslib_server(services: int) -> Iterator[int]:
    """dnslib's own UDP server in a process of its own."""
    port = free_port()
    program = (f"import dnslib, dnslib.server, time\nN = {min(services, 2000)}\n"
               "class Answers:\n"
               "    def resolve(self, request, handler):\n"
               "        reply = request.reply()\n"
               "        reply.add_answer(dnslib.RR(request.q.qname, 1, rdata=dnslib.A('10.96.0.1'), ttl=30))\n"
               "        return reply\n"
               f"dnslib.server.DNSServer(Answers(), port={port}, address='127.0.0.1', "
               "logger=dnslib.server.DNSLogger('-request,-reply')).start()\n")
    with running_process([sys.executable, "-c", program], port):
        yield port


@contextmanager
def dnsmasq_server(services: int) -> Iterator[int]:
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.writelines(f"{address_of(i)} svc-{i}.ns-{i % NAMESPACES}.svc.cluster.local\n" for i in range(services))
        hosts.flush()
        with running_process(["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", f"--port={port}", "--no-resolv",
                              "--listen-address=127.0.0.1", "--bind-interfaces", "--no-hosts", f"--addn-hosts={hosts.name}",
                              "--user=root", "--pid-file="], port):
            yield port


@contextmanager
def threading_server() -> Iterator[int]:
    """The in-tree reference: the standard library's threading server, which answers with what it was sent."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            sock.sendto(data, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()


@contextmanager
def running_process(words: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    question = write_query("svc-0.ns-0.svc.cluster.local.", "A", 1)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(0.2)
        for _ in range(100):
            try:
                sock.sendto(question, ("127.0.0.1", port))
                sock.recv(4096)
                return
            except OSError:
                time.sleep(0.1)
    raise RuntimeError(f"nobody answers on port {port}")


def free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def server_rows(smoke: bool, cluster: simnet.Cluster, services: int) -> Iterator[Row]:
    seconds, rounds = (0.3, 1) if smoke else (SECONDS, 5)
    sent = messages(services, MESSAGES)
    peers: list[tuple[str, float, Callable[[], Any] | None]] = [
        ("dnslib DNSServer", 10, (lambda: dnslib_server(services)) if peer_module("dnslib") is not None else None),
        ("dnsmasq", 0.4, (lambda: dnsmasq_server(services)) if shutil.which("dnsmasq") else None),
        ("socketserver.ThreadingUDPServer", 2, threading_server)]
    with serving(Seat(cluster)) as (host, port):
        for peer, bar, start in peers:
            if start is None:
                yield absent("D3", "questions a second on loopback", peer, bar)
                continue
            with start() as other:
                pairs = [(questions_a_second(host, port, sent, seconds), questions_a_second("127.0.0.1", other, sent, seconds))
                         for _ in range(rounds)]
            mine, theirs = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
            yield Row("D3", "questions a second on loopback", peer, f"{mine:.0f}/s", f"{theirs:.0f}/s",
                      mine / theirs if theirs else None, bar)


def rows(smoke: bool) -> Iterator[Row]:
    services = SERVICES // 10 if smoke else SERVICES
    cluster = loaded(services)
    yield from name_rows(smoke, cluster, services)
    yield from message_rows(smoke, cluster, services)
    yield from server_rows(smoke, cluster, services)
