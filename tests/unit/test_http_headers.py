"""What the backend is sent: rules F-1 to F-5."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.dataplane.http.headers import backend_request
from simnet.dataplane.http.message import Request
from tests.unit.http_net import ask, ingress, rule, table

PEER = "203.0.113.7"


def sent(headers: dict[str, str] | None = None, url: str = "http://h.t/p?q=1", *, config: dict[str, str] | None = None,
         peer: str = PEER, path: str = "Prefix / web:80", **annotations: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in annotations.items()}
    found = table(ingress("i", rule("h.t", path), annotations=named), config=config)
    routing = ask(found, url, client=ip.number(peer), headers=tuple((headers or {}).items()))
    assert routing.answer is None
    return backend_request(routing, 40_000)


# what happens, client headers, header the backend sees, value (None: absent), source
PLAIN = [
    ("the client's address", {}, "X-Real-IP", PEER, "F-2"),
    ("only it, whatever the client claims", {"X-Forwarded-For": "198.51.100.9"}, "X-Forwarded-For", PEER, "F-2 F-3"),
    ("what the client claimed is kept aside", {"X-Forwarded-For": "198.51.100.9"}, "X-Original-Forwarded-For",
     "198.51.100.9", "F-2"),
    ("nothing kept aside when nothing was claimed", {}, "X-Original-Forwarded-For", None, "F-2"),
    ("the host, with its port", {}, "X-Forwarded-Host", "h.t:8080", "F-2"),
    ("the port reached", {}, "X-Forwarded-Port", "80", "F-2"),
    ("the scheme", {"X-Forwarded-Proto": "https"}, "X-Forwarded-Proto", "http", "F-3"),
    ("the scheme under its other names", {}, "X-Scheme", "http", "F-2"),
    ("the client's request id", {"X-Request-ID": "abc"}, "X-Request-ID", "abc", "F-2"),
    ("no original URI by default", {}, "X-Original-URI", None, "F-2"),
    ("other headers pass", {"X-Own": "1"}, "X-Own", "1", "F-2"),
    ("a name with an underscore is dropped", {"X_Own": "1"}, "X_Own", None, "F-2"),
    ("Proxy is removed", {"Proxy": "http://evil"}, "Proxy", None, "F-2"),
    ("hop-by-hop headers are dropped", {"Connection": "keep-alive", "Keep-Alive": "5"}, "Keep-Alive", None, "F-2"),
    ("no Connection without an upgrade", {"Connection": "close"}, "Connection", None, "F-2"),
    ("an upgrade is passed on", {"Upgrade": "websocket", "Connection": "Upgrade"}, "Upgrade", "websocket", "F-2"),
    ("with its Connection", {"Upgrade": "websocket", "Connection": "Upgrade"}, "Connection", "upgrade", "F-2"),
]


@pytest.mark.parametrize(("what", "headers", "name", "value", "source"), PLAIN, ids=[row[0] for row in PLAIN])
def test_headers(what: str, headers: dict[str, str], name: str, value: str | None, source: str) -> None:
    assert sent(headers, "http://h.t:8080/p?q=1").header(name) == value, source


def test_the_host_goes_as_sent() -> None:
    assert sent(url="http://H.t:8080/").host == "H.t:8080", "F-1"
    assert sent(upstream_vhost="other.t").host == "other.t", "F-1"


def test_a_request_id_is_made_where_there_is_none_the_same_each_time() -> None:
    made = sent().header("X-Request-ID")
    assert made is not None and len(made) == 32 and int(made, 16) >= 0, "F-2"
    assert sent().header("X-Request-ID") == made


def test_https_shows_in_scheme_and_port() -> None:
    found = sent(url="https://h.t/")
    assert (found.header("X-Forwarded-Proto"), found.header("X-Forwarded-Port"), found.scheme) == ("https", "443", "http")


# what happens, ConfigMap, peer, X-Forwarded-For, header, value, source
TRUSTED = [
    ("everybody is trusted, so the left-most counts", {}, PEER, "198.51.100.9, 198.51.100.8", "X-Real-IP",
     "198.51.100.9", "F-4"),
    ("the right-most that is not trusted", {"proxy-real-ip-cidr": "203.0.113.0/24"}, PEER, "198.51.100.9, 198.51.100.8",
     "X-Real-IP", "198.51.100.8", "F-4"),
    ("trusted ones in between are passed over", {"proxy-real-ip-cidr": "203.0.113.0/24,198.51.100.8"}, PEER,
     "198.51.100.9, 198.51.100.8", "X-Real-IP", "198.51.100.9", "F-4"),
    ("a peer that is not trusted is the client", {"proxy-real-ip-cidr": "192.0.2.0/24"}, PEER, "198.51.100.9", "X-Real-IP",
     PEER, "F-4"),
    ("what is no address ends the search", {}, PEER, "unknown, 198.51.100.8", "X-Real-IP", "198.51.100.8", "F-4"),
    ("the header is replaced", {}, PEER, "198.51.100.9", "X-Forwarded-For", "198.51.100.9", "F-4"),
    ("or extended", {"compute-full-forwarded-for": "true"}, PEER, "198.51.100.9", "X-Forwarded-For",
     f"198.51.100.9, {PEER}", "F-4"),
]


@pytest.mark.parametrize(("what", "config", "peer", "claimed", "name", "value", "source"), TRUSTED,
                         ids=[row[0] for row in TRUSTED])
def test_forwarded_for(what: str, config: dict[str, str], peer: str, claimed: str, name: str, value: str,
                       source: str) -> None:
    found = sent({"X-Forwarded-For": claimed}, config={"use-forwarded-headers": "true", **config}, peer=peer)
    assert found.header(name) == value, source


def test_forwarded_host_port_and_scheme_are_taken_over_where_trusted() -> None:
    found = sent({"X-Forwarded-Host": "pub.t, h.t", "X-Forwarded-Port": "8443", "X-Forwarded-Proto": "https"},
                 config={"use-forwarded-headers": "true"})
    assert (found.host, found.header("X-Forwarded-Host"), found.header("X-Forwarded-Port"), found.header("X-Scheme")) == (
        "pub.t", "pub.t", "8443", "https"), "F-1 F-4"


def test_the_original_uri_on_demand() -> None:
    assert sent(config={"proxy-add-original-uri-header": "true"}).header("X-Original-URI") == "/p?q=1", "F-2"


def test_the_prefix_header_only_where_the_path_is_rewritten() -> None:
    plain = sent({"X-Forwarded-Prefix": "/mine"}, x_forwarded_prefix="/p")
    assert plain.header("X-Forwarded-Prefix") == "/mine", "F-5"
    rewritten = sent({"X-Forwarded-Prefix": "/mine"}, path="Prefix /p web:80", x_forwarded_prefix="/p", rewrite_target="/")
    assert (rewritten.header("X-Forwarded-Prefix"), rewritten.target) == ("/p", "/?q=1"), "F-5"


@pytest.mark.parametrize(("protocol", "url", "scheme"), [("HTTP", "https://h.t/", "http"), ("HTTPS", "http://h.t/", "https"),
                                                        ("AUTO_HTTP", "https://h.t/", "https")])
def test_the_protocol_to_the_backend(protocol: str, url: str, scheme: str) -> None:
    assert sent(url=url, backend_protocol=protocol).scheme == scheme, "K-9"


def test_the_request_to_the_backend_is_http_1_1() -> None:
    assert (sent().http_version, sent().sni) == ("1.1", None), "F-2"
