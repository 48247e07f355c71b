"""What a client makes of a URL and its options, and who it is. Sources: RFC 3986, RFC 9110 7.2 (Host), RFC 6066 3 (no
address in SNI), curl's behaviour."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.dataplane.client import Options, parse_url, reply_of, request_of
from simnet.errors import NotFound, UsageError
from tests.test_messages import assert_message
from tests.unit.flow_net import CLIENT, NODE_A, OUTSIDE, VIP, WEB_A, net, service

# URL, scheme, host, port, request target, Host header
URLS = [
    ("http://web", "http", "web", 80, "/", "web"),
    ("http://web/", "http", "web", 80, "/", "web"),
    ("https://web/", "https", "web", 443, "/", "web"),
    ("HTTP://Web:80/", "http", "Web", 80, "/", "Web"),
    ("http://web:8080/a/b?c=d#e", "http", "web", 8080, "/a/b?c=d", "web:8080"),
    ("https://web:443/", "https", "web", 443, "/", "web"),
    ("https://web:80/", "https", "web", 80, "/", "web:80"),
    ("http://web?x=1", "http", "web", 80, "/?x=1", "web"),
    ("http://web#top", "http", "web", 80, "/", "web"),
    ("http://web:/", "http", "web", 80, "/", "web"),
    ("http://web//a//", "http", "web", 80, "//a//", "web"),
    ("http://web/%2e%2E/é", "http", "web", 80, "/%2e%2E/é", "web"),
    ("http://[fd00::1]/", "http", "fd00::1", 80, "/", "[fd00::1]"),
    ("http://[fd00::1]:8080/x", "http", "fd00::1", 8080, "/x", "[fd00::1]:8080"),
    ("http://user:secret@web:81/", "http", "web", 81, "/", "web:81"),
    ("http://10.96.0.10/", "http", "10.96.0.10", 80, "/", "10.96.0.10"),
]


@pytest.mark.parametrize(("url", "scheme", "host", "port", "target", "header"), URLS)
def test_a_url_taken_apart(url: str, scheme: str, host: str, port: int, target: str, header: str) -> None:
    parts = parse_url(url)
    assert (parts.scheme, parts.host, parts.port, parts.path) == (scheme, host, port, target)
    request = request_of(parts, Options())
    assert request is not None and (request.host, request.target) == (header, target)


@pytest.mark.parametrize("url", ["tcp://web:80", "udp://10.0.0.1:53", "sctp://[fd00::1]:5000", "TCP://web:80"])
def test_plain_connections_have_no_request(url: str) -> None:
    assert request_of(parse_url(url), Options()) is None


BAD = [
    ("web", "'web' has no scheme; write http://web (or https, tcp, udp, sctp)"),
    ("htp://web", "'htp://web': scheme 'htp' is not one of http, https, tcp, udp, sctp; did you mean http?"),
    ("gopher://web", "'gopher://web': scheme 'gopher' is not one of http, https, tcp, udp, sctp"),
    ("http://", "'http://' names no host"),
    ("http:///path", "'http:///path' names no host"),
    ("http://:80/", "'http://:80/' names no host"),
    ("http://we b/", "'http://we b/': there is a blank or a control character in the host"),
    ("http://web:99999/", "'http://web:99999/': 'web:99999' is not HOST:PORT: the port is '99999', an integer from 1 to "
                          "65535 is needed"),
    ("http://web:0/", "'http://web:0/': 'web:0' is not HOST:PORT: the port is '0', an integer from 1 to 65535 is needed"),
    ("http://web:http/", "'http://web:http/': 'web:http' is not HOST:PORT: the port is 'http', an integer from 1 to 65535 is "
                         "needed"),
    ("http://fd00::1/", "'http://fd00::1/': an IPv6 address stands in brackets, http://[fd00::1]:80/ for example"),
    ("http://[fd00::1/", "'http://[fd00::1/': '[fd00::1' is not HOST:PORT: ']' is missing"),
    ("http://[fd00::1]x/", "'http://[fd00::1]x/': '[fd00::1]x' is not HOST:PORT: 'x' follows ']' where ':PORT' may"),
    ("http://[web]/", "'http://[web]/': 'web' in brackets is not an IPv6 address"),
    ("http://[10.0.0.1]/", "'http://[10.0.0.1]/': '10.0.0.1' in brackets is not an IPv6 address"),
    ("tcp://web", "'tcp://web': tcp needs a port, tcp://web:80 for example"),
    ("udp://[fd00::1]", "'udp://[fd00::1]': udp needs a port, udp://[fd00::1]:80 for example"),
]


@pytest.mark.parametrize(("url", "message"), BAD)
def test_a_bad_url_says_what_is_wrong(url: str, message: str) -> None:
    assert_message(lambda: parse_url(url), UsageError, message)


# the request ------------------------------------------------------------------------------------------------------

# row, URL, options, attribute, value
REQUESTS: list[tuple[str, str, dict[str, Any], str, Any]] = [
    ("a Host header replaces the URL's host", "http://web/", {"headers": [("Host", "shop.test")]}, "host", "shop.test"),
    ("in any case and as a mapping", "http://web/", {"headers": {"hOsT": "shop.test"}}, "host", "shop.test"),
    ("a Host of None sends none", "http://web/", {"headers": [("Host", None)]}, "host", None),
    ("HTTP/1.0 sends none by itself", "http://web/", {"http_version": "1.0"}, "host", None),
    ("HTTP/1.0 sends one it is given", "http://web/", {"http_version": "1.0", "headers": {"Host": "a"}}, "host", "a"),
    ("a second Host is sent along", "http://web/", {"headers": [("Host", "a"), ("Host", "b")]}, "headers", (("Host", "b"),)),
    ("a raw request target", "http://web/x", {"target_line": "*"}, "target", "*"),
    ("text becomes bytes", "http://web/", {"body": "é"}, "body", "é".encode()),
    ("the name in the handshake", "https://web.test./", {}, "sni", "web.test"),
    ("no name for an address", "https://10.0.0.1/", {}, "sni", None),
    ("no name for an IPv6 address", "https://[fd00::1]/", {}, "sni", None),
    ("a name of one's own", "https://web/", {"sni": "other"}, "sni", "other"),
    ("no name when none is wanted", "https://web/", {"sni": None}, "sni", None),
    ("without TLS there is no name", "http://web/", {"sni": "other"}, "sni", None),
    ("credentials become a header", "http://u:p%40@web/", {}, "headers", (("Authorization", "Basic dTpwQA=="),)),
    ("a header of one's own wins over them", "http://u:p@web/", {"headers": {"authorization": "x"}}, "headers",
     (("authorization", "x"),)),
]


@pytest.mark.parametrize(("row", "url", "options", "attribute", "value"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_the_request_a_client_sends(row: str, url: str, options: dict[str, Any], attribute: str, value: Any) -> None:
    assert getattr(request_of(parse_url(url), Options(**options)), attribute) == value


def test_the_reply_of_a_backend_can_be_written_in_three_ways() -> None:
    assert reply_of(None) is None
    assert reply_of(404).status == 404
    given = reply_of({"status": 201, "headers": {"X": "1"}, "body": "é", "delay": 2})
    assert (given.status, given.headers, given.body, given.delay_seconds) == (201, (("X", "1"),), "é".encode(), 2.0)
    assert reply_of(given) is given
    assert_message(lambda: reply_of({"stauts": 1}), UsageError,
                   "reply has no key 'stauts'; known are status, headers, body, delay")


# options that cannot be used --------------------------------------------------------------------------------------

BAD_OPTIONS: list[tuple[dict[str, Any], type, str]] = [
    ({"insecur": True}, UsageError, "request has no setting 'insecur'; did you mean insecure?"),
    ({"family": 5}, UsageError, "family: 5 is neither 4 nor 6"),
    ({"source_port": 70000}, UsageError, "source_port: 70000 is not a port from 1 to 65535"),
    ({"libc": "glib"}, UsageError, "libc: 'glib' is not one of 'glibc', 'musl', 'musl-1.2.3'; did you mean 'glibc'?"),
    ({"at": "web"}, UsageError, "at='web' is not an address (203.0.113.1) or address and port (203.0.113.1:8443)"),
    ({"via": "c"}, NotFound, "node 'c' not found"),
    ({"source_address": "10.0.0.300"}, UsageError, "'10.0.0.300' is not an IP address: octet 4 is 300, the highest is 255"),
    ({"http_version": "1"}, UsageError, "http_version: '1' is not one of '1.0', '1.1', '2'"),
    ({"method": "GET /"}, UsageError, "method: 'GET /' is not a method; write GET or POST, without blanks"),
    ({"front_end": "ingress-nginx/x"}, NotFound, "controller 'x' not found in namespace ingress-nginx"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_OPTIONS)
def test_a_bad_option_is_named(options: dict[str, Any], kind: type, message: str) -> None:
    cluster = net()
    assert_message(lambda: cluster.trace(f"http://{VIP}/", "pod/client", **options), kind, message)


def test_at_takes_an_address_with_or_without_port() -> None:
    cluster = net(service())
    for at in (VIP, f"{VIP}:80"):
        assert cluster.request("http://shop.test/", "pod/client", at=at).result == "200"
    assert cluster.request("http://shop.test/", "pod/client", at=WEB_A).endpoint.text == WEB_A
    assert cluster.request("http://shop.test/", "pod/client", at="[fd00::1]:80").result == "unreachable"


def test_the_source_address_and_port_can_be_given() -> None:
    trace = net().connect(f"tcp://{WEB_A}", "node/a", source_address="192.168.50.2", source_port=4444)
    assert trace.seen_source == "192.168.50.2" and trace.steps[0].before.source_port == 4444


def test_front_end_enters_at_the_controller_with_the_source_unchanged() -> None:
    cluster = simnet.Cluster(nodes=1)
    name = cluster.list("pod", namespace="ingress-nginx")[0].name
    for front_end in (f"ingress-nginx/{name}", "ingress-nginx/ingress-nginx-controller"):
        trace = cluster.request("http://x.test/", OUTSIDE, front_end=front_end)
        assert (trace.result, type(trace.steps[0].because).__name__) == ("404", "ProxyReached")
    with pytest.raises(UsageError, match="front_end takes HTTP requests"):
        cluster.connect("tcp://x:80", OUTSIDE, front_end=front_end)


def test_front_end_leaves_the_source_its_family_too() -> None:
    """The controller pod has an IPv4 address only; a client that enters there keeps its own all the same."""
    cluster = simnet.Cluster(nodes=1)
    trace = cluster.request("http://x.test/", "2001:db8::7", front_end="ingress-nginx/ingress-nginx-controller")
    assert (trace.result, ip.text(trace.steps[0].before.source)) == ("404", "2001:db8::7")


# who sends --------------------------------------------------------------------------------------------------------

# source, name, first address
ACTORS = [
    ("pod/client", "pod/default/client", CLIENT), ("pod/default/client", "pod/default/client", CLIENT),
    ("node/a", "node/a", NODE_A), ("laptop", "laptop", "192.0.2.1"), ("host/laptop", "laptop", "192.0.2.1"),
    (OUTSIDE, OUTSIDE, OUTSIDE), ("2001:db8::7", "2001:db8::7", "2001:db8::7"),
]


@pytest.mark.parametrize(("source", "name", "address"), ACTORS)
def test_sources(source: str, name: str, address: str) -> None:
    actor = net().actor(source)
    assert actor.name == name
    assert actor.address_for(simnet.ip.number(address)) == simnet.ip.number(address)


BAD_SOURCES = [
    ("pod/clinet", NotFound, "pod 'clinet' not found in namespace default; did you mean client?"),
    ("pod/shop/client", NotFound, "pod 'client' not found in namespace shop"),
    ("pod/a/b/c", UsageError, "source 'pod/a/b/c' has too many parts; write pod/NAMESPACE/NAME or pod/NAME"),
    ("node/c", NotFound, "node 'c' not found"),
    ("latpop", UsageError, "source 'latpop' is neither pod/NAMESPACE/NAME, pod/NAME, node/NAME, an outside host (laptop) nor "
                           "an address; did you mean laptop?"),
]


@pytest.mark.parametrize(("source", "kind", "message"), BAD_SOURCES)
def test_a_source_that_is_nobody(source: str, kind: type, message: str) -> None:
    cluster = net()
    assert_message(lambda: cluster.actor(source), kind, message)


def test_nothing_is_sent_from_a_pod_without_address() -> None:
    cluster = simnet.Cluster(nodes=0, addons=())
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
                   "spec": {"containers": [{"name": "c", "image": "nginx"}]}})
    with pytest.raises(UsageError, match="pod/default/x has no address"):
        cluster.trace("http://10.0.0.1/", "pod/x")
