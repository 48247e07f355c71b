"""The door's conversation without a socket: what a client is answered, and what its wire is told to do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import simnet
from simnet.server.http.conversation import MOST_AHEAD, Conversation, Does
from simnet.server.http.door import Door, Session, Upstream
from simnet.server.http.limits import Limits
from simnet.server.http.relay import Relay
from simnet.testing import ingress, pod, service


class Pipe:
    """A program's connection that only notes what is sent."""

    def __init__(self) -> None:
        self.sent, self.is_closed = b"", False

    def send(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.is_closed = True


class Wire:
    """A connection that only notes what is done to it."""

    def __init__(self) -> None:
        self.sent, self.ended = b"", ""
        self.pipe, self.relay = Pipe(), None

    def send(self, data: bytes) -> None:
        assert not self.ended, "nothing is sent behind the end"
        self.sent += data

    def finish(self) -> None:
        self.ended = "finished"

    def abort(self) -> None:
        self.ended = "aborted"

    def forward(self, upstream: Upstream, relay: Relay) -> Pipe:
        self.relay, self.pipe = relay, Pipe()
        return self.pipe


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Talk:
    """A client that talks to a door: to the Ingress controller, or to `address`."""

    def __init__(self, cluster: simnet.Cluster, address: str = "203.0.113.1:80", upstreams: Sequence[str] = (),
                 limits: Limits | None = None) -> None:
        self.time, self.wire = Time(), Wire()
        self.door = Door(cluster, self.time, "laptop", tuple(map(Upstream.read, upstreams)), limits)
        self.conversation = Conversation(Session(self.door, address), self.wire)

    def say(self, data: bytes) -> bytes:
        """What comes back for some bytes."""
        before = len(self.wire.sent)
        self.conversation.receive(data)
        return self.wire.sent[before:]

    def program(self, data: bytes) -> bytes:
        """What the client gets when the program says something."""
        before = len(self.wire.sent)
        assert self.wire.relay is not None
        self.wire.relay.receive(data)
        return self.wire.sent[before:]


@pytest.fixture
def shop() -> simnet.Cluster:
    made = simnet.Cluster(nodes=2)
    made.apply([pod("web"), service("web"), pod("api"), service("api"),
                ingress("web", host="shop.test", paths={"/": "web", "/api": "api"}),
                ingress("old", host="old.test", annotations={"permanent-redirect": "https://new.test/"})])
    return made


GET = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
POST = b"POST /api HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n"
PROGRAM = ("app=api=http://127.0.0.1:3000",)


def test_one_request_after_another_and_what_was_sent_ahead(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    said = talk.say(GET + GET[:20])
    assert said.count(b"HTTP/1.1 200 OK") == 1 and b"\r\nX-Simnet-Pod: default/web\r\n" in said and not talk.conversation.is_idle
    assert talk.say(GET[20:]).startswith(b"HTTP/1.1 200 OK") and talk.conversation.is_idle


def test_the_last_request_of_a_connection_ends_it(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    said = talk.say(GET[:-2] + b"Connection: close\r\n\r\n" + GET)
    assert said.count(b"HTTP/1.1 ") == 1 and b"\r\nConnection: close\r\n" in said and talk.wire.ended == "finished"


def test_a_body_is_seen_by_who_answers(shop: simnet.Cluster) -> None:
    made = simnet.Cluster(nodes=1)
    made.apply([pod("bin", image="kennethreitz/httpbin"), service("bin"), ingress("bin", host="bin.test")])
    said = Talk(made).say(b"POST /post HTTP/1.1\r\nHost: bin.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert b'"data": "abcde"' in said


def test_who_waits_for_leave_to_send_gets_it_or_the_answer(shop: simnet.Cluster) -> None:
    """RFC 9110 section 10.1.1."""
    talk = Talk(shop)
    assert talk.say(POST + b"Expect: 100-continue\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert talk.say(b"abcde").startswith(b"HTTP/1.1 200 OK")
    talk = Talk(shop)
    said = talk.say(b"POST / HTTP/1.1\r\nHost: old.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 301 ") and b"\r\nConnection: close\r\n" in said and b"100" not in said[:30]


def test_a_refused_body_is_read_and_dropped(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    said = talk.say(b"POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2000000\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ") and talk.conversation.does is Does.DROPS
    assert talk.say(b"GET /x HTTP/1.1\r\nHost: shop.test\r\n\r\n".ljust(2_000_000, b"x")) == b""
    assert talk.say(GET).startswith(b"HTTP/1.1 200 OK"), "the body is over, the next request is a request"


def test_a_request_that_breaks_off(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    talk.say(POST + b"\r\nab")
    talk.conversation.ends()
    assert talk.wire.ended == "finished" and not talk.wire.sent
    talk = Talk(shop)
    talk.say(GET[:9])
    talk.conversation.times_out()
    assert talk.wire.sent.startswith(b"HTTP/1.1 408 ") and talk.wire.ended == "finished"


def test_a_client_that_sends_and_then_closes_its_side_is_answered(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    assert talk.say(GET).startswith(b"HTTP/1.1 200")
    talk.conversation.ends()
    assert talk.wire.ended == "finished"


def test_nothing_is_read_without_end(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=("app=web=http://127.0.0.1:3000",))
    talk.say(GET)
    assert not talk.conversation.is_full
    talk.say(GET * (MOST_AHEAD // len(GET) + 1))
    assert talk.conversation.is_full
    talk.program(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert talk.wire.relay is not None and talk.conversation.requests == 2


def test_the_clusters_time_goes_on_with_the_clock(shop: simnet.Cluster) -> None:
    shop.apply(ingress("web", host="shop.test", annotations={"limit-rps": "1", "limit-burst-multiplier": "1"}))
    talk = Talk(shop)
    before = shop.now
    statuses = [talk.say(GET)[9:12] for _ in range(4)]
    assert statuses[0] == b"200" and statuses[-1] == b"503"
    talk.time.now += 5
    assert talk.say(GET)[9:12] == b"200" and shop.now == before + 5


def test_another_cluster_may_take_the_place_of_the_old_one(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    assert talk.say(GET)[9:12] == b"200"
    talk.door.cluster = simnet.Cluster(nodes=1)
    assert talk.say(GET)[9:12] == b"404"


# connections that lead nowhere -----------------------------------------------------------------------------------

def test_a_lost_packet_is_silence_and_leaves_a_trace(shop: simnet.Cluster) -> None:
    talk = Talk(shop, "203.0.113.9:80")
    assert talk.say(GET) == b"" and talk.conversation.does is Does.IS_SILENT and not talk.wire.ended
    assert "lost" in talk.door.traces.page("/.simnet/").text
    talk.conversation.times_out()
    assert talk.wire.ended == "aborted"


def test_nobody_refuses_what_got_lost(shop: simnet.Cluster) -> None:
    talk = Talk(shop, "203.0.113.9:443")
    assert talk.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n") == b"" and talk.conversation.does is Does.IS_SILENT
    talk.conversation.ends()
    assert talk.wire.ended == "aborted"


def test_a_pod_that_goes_away_resets_its_connections(shop: simnet.Cluster) -> None:
    talk = Talk(shop, f"{simnet.ip.text(shop.get('pod', 'web').pod_ips[0])}:80")
    assert talk.say(GET)[9:12] == b"200"
    shop.delete("pod/web")
    assert talk.say(GET) == b"" and talk.wire.ended == "aborted"


def test_who_does_not_speak_http_closes() -> None:
    made = simnet.Cluster(nodes=1)
    made.apply(pod("db", image="postgres:17", port=5432))
    talk = Talk(made, f"{simnet.ip.text(made.get('pod', 'db').pod_ips[0])}:5432")
    assert talk.say(GET) == b"" and talk.wire.ended == "finished"


def test_a_health_check_node_port_answers_by_itself() -> None:
    made = simnet.Cluster(nodes=1)
    made.apply([pod("web"), service("web", type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=31000)])
    assert Talk(made, "172.18.0.2:31000").say(GET).startswith(b"HTTP/1.1 200 OK")


# real programs ---------------------------------------------------------------------------------------------------

def test_a_program_sees_the_request_as_the_pod_would(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    assert talk.say(b"GET /api/x?y=1 HTTP/1.1\r\nHost: shop.test\r\nX-Own: 1\r\nConnection: keep-alive, X-Hop\r\n\r\n") == b""
    head, _, body = talk.wire.pipe.sent.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[:2] == ["GET /api/x?y=1 HTTP/1.1", "Host: shop.test"] and not body
    assert {"X-Own: 1", "X-Forwarded-Host: shop.test", "X-Forwarded-Proto: http", "Connection: close"} <= set(lines)


def test_its_answer_streams_and_names_the_pod(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\n\r\n" + GET)
    head = talk.program(b"HTTP/1.1 418 Teapot\r\nX-Own: 1\r\nServer: mine\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 418 ") and b"X-Own: 1\r\n" in head and b"X-Simnet-Pod: default/api\r\n" in head
    assert b"Server" not in head, "the controller hides it"
    assert talk.program(b"5\r\nhello\r\n") == b"5\r\nhello\r\n"
    assert talk.program(b"0\r\n\r\n").startswith(b"0\r\n\r\nHTTP/1.1 200 OK\r\n"), "and what was sent ahead is answered next"
    assert talk.wire.pipe.is_closed and talk.conversation.is_idle


FRAMINGS = [  # what the program sends, and how the client is told the length; RFC 9112 section 6.3
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"Content-Length: 2\r\n", b"\r\n\r\nab", b"1.1"),
    (b"HTTP/1.0 200 OK\r\n\r\nab", b"Transfer-Encoding: chunked\r\n", b"2\r\nab\r\n0\r\n\r\n", b"1.1"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"Connection: close\r\n", b"\r\n\r\nab", b"1.0"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b"204", b"\r\n\r\n", b"1.1"),
    (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"304", b"\r\n\r\n", b"1.1"),
]


@pytest.mark.parametrize(("answer", "told", "end", "version"), FRAMINGS)
def test_how_long_its_answer_is(shop: simnet.Cluster, answer: bytes, told: bytes, end: bytes, version: bytes) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/%b\r\nHost: shop.test\r\n\r\n" % version)
    said = talk.program(answer)
    before = len(said)
    assert talk.wire.relay is not None
    talk.wire.relay.ends()
    said += talk.wire.sent[before:]
    assert told in said and said.endswith(end) and said.count(b"HTTP/1.1 ") == 1


def test_a_body_streams_to_the_program(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(POST + b"\r\nab")
    assert talk.wire.pipe.sent.endswith(b"\r\n\r\nab") and b"Content-Length: 5\r\n" in talk.wire.pipe.sent
    talk.say(b"cde")
    assert talk.wire.pipe.sent.endswith(b"\r\n\r\nabcde") and talk.conversation.does is Does.WAITS


def test_a_chunked_body_goes_to_the_program_whole(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"POST /api HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert not talk.wire.pipe.sent
    talk.say(b"0\r\n\r\n")
    assert talk.wire.pipe.sent.endswith(b"Content-Length: 3\r\nConnection: close\r\n\r\nabc")


def test_an_answer_before_the_body_is_whole_ends_the_connection(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(POST + b"\r\nab")
    said = talk.program(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    assert b"403" in said and b"Connection: close\r\n" in said and talk.wire.ended == "finished"


@pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b""])
def test_a_program_that_does_not_answer_is_a_bad_gateway(shop: simnet.Cluster, answer: bytes) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    talk.program(answer)
    assert talk.wire.relay is not None
    talk.wire.relay.ends()
    assert talk.wire.sent.startswith(b"HTTP/1.1 502 Bad Gateway\r\n") and not talk.wire.ended
    assert talk.say(GET).startswith(b"HTTP/1.1 200")


def test_one_that_is_too_slow_is_a_gateway_timeout(shop: simnet.Cluster) -> None:
    """proxy-read-timeout, 60 seconds by default (rule B-7)."""
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    assert talk.wire.relay is not None and talk.wire.relay.timeout_seconds == 60
    talk.wire.relay.fail(is_late=True)
    assert talk.wire.sent.startswith(b"HTTP/1.1 504 Gateway Time-out\r\n")


def test_an_answer_that_breaks_off_breaks_the_clients_off(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    talk.program(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    assert talk.wire.relay is not None
    talk.wire.relay.ends()
    assert talk.wire.ended == "aborted"


def test_without_a_proxy_a_dead_program_is_a_reset(shop: simnet.Cluster) -> None:
    talk = Talk(shop, f"{simnet.ip.text(shop.get('pod', 'api').pod_ips[0])}:80", PROGRAM)
    talk.say(GET)
    assert talk.wire.relay is not None
    talk.wire.relay.fail()
    assert talk.wire.ended == "aborted" and not talk.wire.sent


def test_an_error_page_of_the_cluster_takes_the_place_of_the_programs(shop: simnet.Cluster) -> None:
    """custom-http-errors: rule D-5."""
    shop.apply([pod("pages"), service("pages"), ingress("web", host="shop.test", paths={"/": "web", "/api": "api"},
                annotations={"custom-http-errors": "500", "default-backend": "pages"})])
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    said = talk.program(b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nmine")
    assert b"X-Simnet-Pod: default/pages\r\n" in said and b"X-Code: 500" in said and b"mine" not in said
    assert talk.wire.pipe.is_closed and talk.conversation.is_idle


def test_a_protocol_switch_passes(shop: simnet.Cluster) -> None:
    talk = Talk(shop, upstreams=PROGRAM)
    talk.say(b"GET /api HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n\x81\x01a")
    assert b"Upgrade: websocket\r\nConnection: Upgrade\r\n" in talk.wire.pipe.sent and b"Sec-WebSocket-Key: k\r\n" in talk.wire.pipe.sent
    said = talk.program(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n\x81\x01b")
    head, _, rest = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"Sec-WebSocket-Accept: a" in head and b"Content-Length" not in head and rest == b"\x81\x01b"
    assert talk.wire.pipe.sent.endswith(b"\r\n\r\n\x81\x01a")
    talk.say(b"GET / HTTP/1.1\r\n\r\n")
    assert talk.wire.pipe.sent.endswith(b"GET / HTTP/1.1\r\n\r\n"), "bytes are bytes now"
    assert talk.wire.relay is not None
    talk.wire.relay.ends()
    assert talk.wire.ended == "finished"


def test_a_pod_that_is_simulated_does_not_switch(shop: simnet.Cluster) -> None:
    talk = Talk(shop)
    assert talk.say(GET[:-2] + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert talk.conversation.is_idle


UPSTREAMS = [
    ("app=web=http://127.0.0.1:3000", "127.0.0.1", 3000), ("app.kubernetes.io/name=web,tier!=db=http://localhost:80/", "localhost", 80),
    ("pod/shop/web-1=http://[::1]:3000", "::1", 3000), ("pod/web-1=http://127.0.0.1", "127.0.0.1", 80)]


@pytest.mark.parametrize(("text", "host", "port"), UPSTREAMS)
def test_how_a_program_is_named(text: str, host: str, port: int) -> None:
    read = Upstream.read(text)
    assert (read.host, read.port) == (host, port)


@pytest.mark.parametrize("text", ["http://127.0.0.1:3000", "app=web", "app=web=https://127.0.0.1:1", "app=web=http://192.0.2.1:80",
                                  "app=web=http://example.com", "app=web=http://127.0.0.1:80/path", "=http://127.0.0.1:1", "a b=http://127.0.0.1:1",
                                  "app=web=http://127.0.0.1:99999"])
def test_how_it_is_not_named(text: str) -> None:
    with pytest.raises(simnet.SimnetError):
        Upstream.read(text)
