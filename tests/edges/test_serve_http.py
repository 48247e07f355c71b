"""The door on real sockets: curl, http.client and ssl, and clients that are slow, broken or many."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import simnet
from simnet.server.http.limits import Limits
from simnet.testing import deployment, ingress, pod, service
from simnet.x509.make import make_certificate
from tests.edges.door_serving import Served, served

CURL = shutil.which("curl")
needs_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed")
FROM, UNTIL = 1577836800, 2208988800  # 2020 to 2040: the clients here live in real time


def certificate(*names: str, seed: str = "door") -> tuple[str, str]:
    made = make_certificate(names, not_before=FROM, not_after=UNTIL, seed=seed)
    return made.certificate_pem, made.key_pem


def secret(name: str, pem: tuple[str, str]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": pem[0], "tls.key": pem[1]}}


def node_port(name: str, number: int, **spec: object) -> dict[str, object]:
    made = service(name, type="NodePort", **spec)
    made["spec"]["ports"][0]["nodePort"] = number
    return made


SHOP, API = certificate("shop.example.com"), certificate("*.example.com", seed="api")


def cluster() -> simnet.Cluster:
    """A shop with its certificate, an API below a wildcard one, the article's httpbin, and a Service by node port."""
    made = simnet.Cluster(nodes=2)
    article = ingress("article", host="example.com", paths={"/": "web-service"}, annotations={"rewrite-target": "/"})
    shop = ingress("shop", host="shop.example.com", tls="shop-tls")
    api = ingress("api", host="api.example.com", tls="api-tls")
    made.apply([secret("shop-tls", SHOP), secret("api-tls", API), deployment("shop", replicas=3), node_port("shop", 30080),
                deployment("api", replicas=1), service("api"), article, shop, api,
                deployment("web-service", replicas=2, image="kennethreitz/httpbin:latest"), service("web-service")])
    return made


@pytest.fixture(scope="module")
def net() -> simnet.Cluster:
    return cluster()


@pytest.fixture(scope="module")
def door(net: simnet.Cluster) -> Iterator[Served]:
    with served(net, "172.18.0.2:30080", "172.18.0.2:30999") as open_door:
        yield open_door


def get(port: int, path: str = "/", method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()


def raw(port: int, data: bytes, wait: float = 20) -> bytes:
    """Everything that comes back until the door closes; what a reset cut off is missing."""
    with closing(socket.create_connection(("127.0.0.1", port), wait)) as sock:
        sock.settimeout(wait)
        sock.sendall(data)
        got = b""
        try:
            while part := sock.recv(65536):
                got += part
        except ConnectionResetError:
            pass
        return got


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


# the article -----------------------------------------------------------------------------------------------------

def curl(*arguments: str) -> str:
    assert CURL is not None
    done = subprocess.run([CURL, "-sS", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_curl
def test_the_articles_commands(door: Served) -> None:
    """Its curl lines, with the door's port behind the address."""
    here, safe = f"http://127.0.0.1:{door.http}", f"https://127.0.0.1:{door.https}"
    assert "<title>httpbin.org</title>" in curl("-H", "Host: example.com", here)
    assert curl("-H", "Host: example123.com", here) == "default backend - 404"
    assert "<title>httpbin.org</title>" in curl("-k", "-H", "Host: example.com", f"{safe}/")


@needs_curl
def test_curl_trusts_what_the_secret_says(door: Served, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(SHOP[0])
    words = ("--cacert", str(tmp_path / "ca.pem"), "--connect-to", f"::127.0.0.1:{door.https}", "-w", "\n%{http_version} %{ssl_verify_result}")
    said = curl(*words, "https://shop.example.com/cart?x=1")
    assert "request: GET /cart?x=1 HTTP/1.1" in said and said.endswith("\n1.1 0")
    assert CURL is not None
    other = subprocess.run([CURL, "-sS", *words, "https://api.example.com/"], capture_output=True, timeout=60, check=False)
    assert other.returncode == 60, "the wildcard certificate is another one"


@needs_curl
def test_curl_sends_large_bodies_and_is_told_early(door: Served, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    to = ("--data-binary", f"@{tmp_path / 'big'}", "-H", "Host: example.com", f"http://127.0.0.1:{door.http}/post")
    assert curl("-o", "/dev/null", "-w", "%{http_code}", *to) == "413"
    (tmp_path / "big").write_bytes(b"x" * 700_000)
    assert curl("-o", "/dev/null", "-w", "%{http_code}", *to) == "200", "httpbin at /, where the rewrite leads"
    said = curl("-i", "--data-binary", "@" + str(tmp_path / "big"), "-H", "Transfer-Encoding: chunked", "-H", "Host: shop.example.com",
                "-k", f"https://127.0.0.1:{door.https}/")
    assert "200 OK" in said


# what is said ----------------------------------------------------------------------------------------------------

def test_an_answer_names_the_pod_and_the_trace(door: Served, net: simnet.Cluster) -> None:
    response, body = get(door.others[0], "/a")
    name = response.headers["X-Simnet-Pod"]
    assert name in {str(each.key) for each in net.list("pod", selector="app=shop")} and f"pod: {name}" in body.decode()
    trace, text = get(door.http, f"/.simnet/trace/{response.headers['X-Simnet-Trace']}")
    assert trace.status == 200 and f"answered by pod/{name}" in text.decode()
    _, data = get(door.http, f"/.simnet/trace/{response.headers['X-Simnet-Trace']}?format=json")
    assert json.loads(data)["schema"] == "simnet/trace/v1"


def test_who_answers_in_place_of_a_pod_is_named(door: Served) -> None:
    response, body = get(door.http, "/", Host="nowhere.test")
    assert (response.status, response.headers["X-Simnet-By"], body) == (404, "default-backend", b"default backend - 404")
    assert "X-Simnet-Pod" not in response.headers


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/.simnet/trace/zzzz", 404, "no trace 'zzzz'"), ("/.simnet/", 200, "/.simnet/trace/"), ("/.simnet", 200, ""),
    ("/.simnet/trace/0001?format=xml", 400, "write ?format= and one of text, tree, json")])
def test_the_doors_own_pages(door: Served, path: str, status: int, words: str) -> None:
    get(door.http)
    response, body = get(door.http, path)
    assert response.status == status and words in body.decode()


def test_only_the_last_traces_are_kept() -> None:
    with served(simnet.Cluster(nodes=1), limits=Limits(traces=3)) as door:
        names = [get(door.http)[0].headers["X-Simnet-Trace"] for _ in range(5)]
        assert [get(door.http, f"/.simnet/trace/{name}")[0].status for name in names] == [404, 404, 200, 200, 200]


def test_the_same_request_in_the_cluster_gives_the_same_answer(door: Served, net: simnet.Cluster) -> None:
    """The door adds nothing to the walk and leaves nothing out."""
    for host, path in (("shop.example.com", "/"), ("example.com", "/x"), ("other.test", "/"), ("shop.example.com", "/%zz")):
        response, body = get(door.http, path, Host=host)
        asked = net.trace("http://203.0.113.1/", "laptop", headers=[("Host", host), ("Accept-Encoding", "identity")], target_line=path)
        assert asked.response is not None and (response.status, body) == (asked.response.status, asked.response.body)
        assert response.headers["Location"] == asked.response.header("Location")


# TLS -------------------------------------------------------------------------------------------------------------

def handshake(port: int, name: str | None, trusted: str | None = None, alpn: tuple[str, ...] = ()) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=trusted) if trusted else ssl._create_unverified_context()
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=name)


@pytest.mark.parametrize(("name", "shown"), [("shop.example.com", "shop.example.com"), ("api.example.com", "*.example.com"),
                                             ("example.com", "ingress.local"), ("nowhere.test", "ingress.local")])
def test_the_certificate_follows_from_the_name(door: Served, name: str, shown: str, tmp_path: Path) -> None:
    with closing(handshake(door.https, name)) as sock:
        der = sock.getpeercert(binary_form=True)
    assert der is not None and shown.encode() in der
    if shown == name:
        with closing(handshake(door.https, name, SHOP[0])) as sock:
            assert ("subjectAltName", (("DNS", name),)) in (sock.getpeercert() or {}).items()


def test_no_name_gets_the_fallback_certificate_and_an_answer(door: Served) -> None:
    with closing(handshake(door.https, None)) as sock:
        assert b"ingress.local" in (sock.getpeercert(binary_form=True) or b"")
        sock.sendall(b"GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1 200 OK" in sock.recv(65536)


@pytest.mark.parametrize(("offered", "chosen"), [(("h2", "http/1.1"), "http/1.1"), (("h2",), None), ((), None)])
def test_http_1_1_is_agreed_on(door: Served, offered: tuple[str, ...], chosen: str | None) -> None:
    with closing(handshake(door.https, "shop.example.com", alpn=offered)) as sock:
        assert sock.selected_alpn_protocol() == chosen


def test_plain_http_to_the_https_port_and_the_other_way_round(door: Served) -> None:
    response, body = get(door.https)
    assert response.status == 400 and b"plain HTTP request was sent to HTTPS port" in body
    with pytest.raises(ssl.SSLError):
        handshake(door.http, "shop.example.com")


def test_a_secret_that_changes_is_shown_at_once() -> None:
    net = cluster()
    with served(net) as door:
        for pem in (SHOP, certificate("shop.example.com", seed="another")):
            net.apply(secret("shop-tls", pem))
            handshake(door.https, "shop.example.com", pem[0]).close()


# connections -----------------------------------------------------------------------------------------------------

def test_a_connection_is_kept_and_stays_with_its_endpoint_but_not_behind_a_proxy(door: Served) -> None:
    """kube-proxy balances connections, the Ingress controller requests (rules CT-1, B-7)."""
    takers: dict[int, set[str]] = {}
    for port in (door.http, door.others[0]):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            for _ in range(20):
                connection.request("GET", "/", headers={"Host": "example.com"})
                response = connection.getresponse()
                response.read()
                takers.setdefault(port, set()).add(response.headers["X-Simnet-Pod"])
                first = connection.sock
                assert first is not None, "kept open"
    assert len(takers[door.http]) == 2 and len(takers[door.others[0]]) == 1


def test_requests_sent_ahead_are_answered_in_order(door: Served) -> None:
    """RFC 9112 section 9.3.2."""
    sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(50)) + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    got = raw(door.others[0], sent)
    at = [got.index(b"request: GET /%d " % number) for number in range(50)]
    assert at == sorted(at) and got.count(b"HTTP/1.1 200 OK") == 51 and got.endswith(b"Host: x\nConnection: close\n")


def test_http_1_0_and_head(door: Served) -> None:
    assert raw(door.others[0], b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")
    response, body = get(door.others[0], method="HEAD")
    assert response.status == 200 and int(response.headers["Content-Length"]) > 0 and body == b""


def test_a_closed_port_refuses_and_a_lost_packet_is_silence() -> None:
    net = cluster()
    net.apply([node_port("nobody", 30081), pod("one", labels={"app": "local"}),
               node_port("local", 30082, externalTrafficPolicy="Local")])
    on = next(each for each in net.list("node") if each.name != net.get("pod", "one").node_name)
    with served(net, "172.18.0.2:30081", f"{simnet.ip.text(on.addresses[0])}:30082", limits=Limits(idle_seconds=0.4)) as door:
        with closing(socket.create_connection(("127.0.0.1", door.others[0]), 20)) as sock, pytest.raises(ConnectionResetError):
            sock.recv(1)
        start = time.monotonic()
        assert raw(door.others[1], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b"" and time.monotonic() - start > 0.3


REFUSED = [
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\nHost: x\n\n", b"400"), (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\n\r\n", b"400"), (b"GET /" + b"a" * 40000, b"414"), (b"GET / HTTP/1.1\r\nX: " + b"a" * 40000, b"431"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b"413"), (b"PRI * HTTP/2.0\r\n\r\n", b"505")]


@pytest.mark.parametrize(("data", "status"), REFUSED)
def test_what_is_refused_is_answered_and_ends_the_connection(door: Served, data: bytes, status: bytes) -> None:
    got = raw(door.http, data + b"\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 " + status) and b"smuggled" not in got


def test_slow_and_broken_clients_cost_one_connection_each() -> None:
    limits = Limits(head_seconds=0.5, idle_seconds=1.0, connections=12)
    with served(cluster(), limits=limits) as door:
        held = [socket.create_connection(("127.0.0.1", port), 20) for port in (door.http, door.http, door.https, door.https)]
        held[0].sendall(b"GET / HT")
        held[2].sendall(b"\x16\x03\x01\x02\x00\x01")
        held[3].sendall(b"\x16\x03\x01\x00\x05hello")
        for nonsense in (b"", b"\0" * 5000, b"\x16\x03\x01", bytes(range(256)) * 20):
            with closing(socket.create_connection(("127.0.0.1", door.http), 20)) as sock:
                sock.sendall(nonsense)
        assert get(door.http, Host="shop.example.com")[0].status in (200, 308)
        said = b"".join(iter(lambda: held[0].recv(4096), b""))
        assert said.startswith(b"HTTP/1.1 408 "), "a head has its time, whatever drips in"
        until(lambda: door.clients == 0)
        for sock in held:
            sock.close()


def test_too_many_connections_are_turned_away_and_the_rest_is_served() -> None:
    with served(cluster(), limits=Limits(connections=3)) as door:
        held = [socket.create_connection(("127.0.0.1", door.http), 20) for _ in range(3)]
        until(lambda: door.clients == 3)
        with pytest.raises(ConnectionError):
            get(door.http)
        held.pop().close()
        until(lambda: door.clients == 2)
        assert get(door.http)[0].status == 404
        for sock in held:
            sock.close()


def test_a_client_that_never_reads_is_held_back_and_given_up() -> None:
    with served(cluster(), "172.18.0.2:30080", limits=Limits(idle_seconds=0.7)) as door, \
            closing(socket.create_connection(("127.0.0.1", door.others[0]), 20)) as greedy:
        greedy.setblocking(False)
        request = b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        sent, last = 0, time.monotonic()
        while time.monotonic() - last < 0.3:
            try:
                sent += greedy.send((request * 50)[sent % len(request):])
                last = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
            assert sent < 50_000_000, "the door does not take without end"
        assert get(door.http)[0].status == 404
        until(lambda: door.clients == 0)


def test_under_load_no_answer_is_wrong(scale: int) -> None:
    """Clients of all kinds at once for some seconds (a minute with --long); each answer must belong to its request."""
    seconds = 1.2 * scale
    wrong: list[str] = []
    count = [0] * 6
    with served(cluster(), "172.18.0.2:30080") as door:
        def one(number: int) -> None:
            end = time.monotonic() + seconds
            context = ssl._create_unverified_context()
            while time.monotonic() < end:
                is_tls = number % 2 == 1
                port = door.https if is_tls else door.http
                kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
                more = {"context": context} if is_tls else {}
                with closing(kind("127.0.0.1", port, timeout=20, **more)) as connection:
                    for turn in range(20):
                        count[number] += 1
                        name = f"/{number}-{count[number]}"
                        host, status = (("api.example.com", 200 if is_tls else 308), ("nowhere.test", 404))[turn % 5 == 4]
                        body = b"x" * turn if turn % 3 == 2 else None
                        connection.request("POST" if body else "GET", name, body, {"Host": host})
                        response = connection.getresponse()
                        text = response.read().decode()
                        right = response.status == status and (status != 200 or f" {name} HTTP/1.1" in text)
                        if status == 308:
                            right = right and response.headers["Location"] == f"https://api.example.com{name}"
                        if not right:
                            wrong.append(f"{name}: {response.status} {text[:100]}")

        threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds + 60)
        assert wrong == [] and min(count) > 0 and door.complaints == []
        until(lambda: door.clients == 0)
