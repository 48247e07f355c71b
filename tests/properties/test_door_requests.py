"""Whatever a client sends, the door answers or closes: random requests all the way through the walk and its explanation."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet.explain import FORMATS
from simnet.server.http.conversation import Conversation, Does
from simnet.server.http.door import Door, Session, Upstream
from simnet.server.http.limits import Limits
from simnet.server.http.reading import End, Refused, ResponseHead, ResponseReader
from simnet.server.http.relay import Pipe, Relay
from simnet.testing import deployment, ingress, service

octets = st.binary(max_size=12).map(lambda data: data.translate(None, b"\r\n \0"))
methods = st.sampled_from([b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT", b"CONNECT", b"x"])
targets = st.one_of(octets.map(lambda data: b"/" + data), octets, st.sampled_from([
    b"/a/../..", b"/%ff%00", b"/a%2fb?%zz", b"*", b"http://shop.test/x", b"//x", b"/\xff\xfe", b"/.simnet/trace/\xff", b"shop.test:443"]))
hosts = st.one_of(octets, st.sampled_from([b"shop.test", b"SHOP.test:80", b"re.test", b"auth.test", b"[::1]:80", b"a..b", b"\xff.test", b"x/y", b""]))
names = st.sampled_from([b"X-Forwarded-For", b"Cookie", b"Authorization", b"Origin", b"Upgrade", b"Connection", b"Expect", b"X-Canary", b"Accept",
                         b"X-Forwarded-Proto", b"If-None-Match", b"Host", b"TE", b"Range"])
values = st.one_of(octets, st.sampled_from([b"Basic \xff", b"Basic dTpw", b"Digest x=", b"always", b"upgrade", b"100-continue", b"10.0.0.1, x"]))
bodies = st.one_of(st.just(b""), st.binary(min_size=1, max_size=30))


class Wire:
    def __init__(self) -> None:
        self.sent, self.ended = b"", False

    def send(self, data: bytes) -> None:
        assert not self.ended
        self.sent += data

    def finish(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True

    def forward(self, upstream: Upstream, relay: Relay) -> Pipe:
        raise AssertionError("no program stands behind this door")


@cache
def cluster() -> simnet.Cluster:
    made = simnet.Cluster(nodes=2)
    canary = {"canary": "true", "canary-by-header": "X-Canary"}
    made.apply([deployment("shop"), service("shop"), deployment("bin", image="kennethreitz/httpbin"), service("bin"),
                ingress("shop", host="shop.test", paths={"/": "shop", "/bin": "bin"}, annotations={"affinity": "cookie", "enable-cors": "true"}),
                ingress("next", host="shop.test", paths={"/": "bin"}, annotations=canary),
                ingress("re", host="re.test", paths={"/": "bin"}, annotations={"use-regex": "true", "rewrite-target": "/$1"}),
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "users"}, "stringData": {"auth": "u:{SHA}xx\n"}},
                ingress("auth", host="auth.test", paths={"/": "shop"}, annotations={"auth-type": "basic", "auth-secret": "users"})])
    return made


@given(methods, targets, hosts, st.lists(st.tuples(names, values), max_size=4), bodies)
def test_every_request_is_answered_or_ends_the_connection(method: bytes, target: bytes, host: bytes, headers: list[tuple[bytes, bytes]],
                                                          body: bytes) -> None:
    door, wire = Door(cluster(), lambda: 0.0, limits=Limits(traces=2)), Wire()
    conversation = Conversation(Session(door, "203.0.113.1:80"), wire)
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: " + host, *(b"%b: %b" % pair for pair in headers)]
    conversation.receive(b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body]))
    reader = ResponseReader(Limits(), method.decode() if conversation.requests else "GET")  # a bad line has no method
    reader.receive(wire.sent)
    events = []
    while (event := reader.next()) is not None:
        events.append(event)
    assert wire.sent and not any(isinstance(event, Refused) for event in events), "what the door writes can be read"
    final = [event for event in events if isinstance(event, ResponseHead) and not event.is_interim]
    assert len(final) == 1 and isinstance(events[-1], End) and reader.waiting == 0
    assert wire.ended == (conversation.does is Does.IS_OVER)
    for format_ in FORMATS:
        assert door.traces.page(f"/.simnet/trace/0001?format={format_}").status in (200, 404)
