"""Host header and request target: what routing compares, and what is malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.dataplane.http.message import Request
from simnet.dataplane.http.target import Address, Malformed, escape_path, host_name, read_address, without_port

PARSE = "nginx src/http/ngx_http_parse.c ngx_http_parse_complex_uri"
HOST = "nginx src/http/ngx_http_request.c ngx_http_validate_host"

# what is sent, target, path compared, query, source
PATHS = [
    ("a plain path", "/a/b", "/a/b", None, "N-5"),
    ("an escaped letter is decoded", "/%61", "/a", None, "N-1"),
    ("escapes are decoded once", "/%2541", "/%41", None, "N-1"),
    ("a plus sign is no blank", "/a+b", "/a+b", None, "N-1"),
    ("an escaped slash separates like a slash", "/a%2fb", "/a/b", None, "N-3"),
    ("a dot segment is dropped", "/a/./b", "/a/b", None, "N-2"),
    ("two dots take the segment before", "/a/../b", "/b", None, "N-2"),
    ("escaped dots count too", "/a/%2e%2e/b", "/b", None, "N-2"),
    ("two dots at the end leave a slash", "/a/b/..", "/a/", None, "N-2"),
    ("a dot at the end leaves a slash", "/a/.", "/a/", None, "N-2"),
    ("three dots are a name", "/a/.../b", "/a/.../b", None, "N-2"),
    ("runs of slashes are one", "//a///b//", "/a/b/", None, "N-3"),
    ("slashes are merged before two dots look back", "/a//../b", "/b", None, PARSE),
    ("the query takes no part", "/a?x=/../b%zz", "/a", "x=/../b%zz", "N-6"),
    ("only the first question mark separates", "/a?b?c", "/a", "b?c", "N-6"),
    ("an escaped question mark is part of the path", "/a%3Fb", "/a?b", None, "N-1"),
    ("what follows # is not compared", "/a#b?c", "/a", None, "N-6"),
    ("an absolute URL without a path means /", "http://x.t", "/", None, "H-4"),
    ("an absolute URL with a query and no path", "http://x.t?q", "/", "q", "H-4"),
]


@pytest.mark.parametrize(("what", "target", "path", "query", "source"), PATHS, ids=[row[0] for row in PATHS])
def test_path(what: str, target: str, path: str, query: str | None, source: str) -> None:
    found = read_address(Request(host="h.t", target=target))
    assert isinstance(found, Address), source
    assert (found.path, found.query) == (path, query), source


# what is sent, keywords of Request, why it is malformed, source
MALFORMED = [
    ("HTTP/1.1 without Host", {"host": None}, Malformed.NO_HOST, "H-7"),
    ("an empty Host", {"host": ""}, Malformed.EMPTY_HOST, "H-7"),
    ("two Host headers", {"host": "a.t", "headers": (("Host", "b.t"),)}, Malformed.TWO_HOSTS, "H-7"),
    ("two dots in the Host", {"host": "a..t"}, Malformed.BAD_HOST, "H-7"),
    ("a slash in the Host", {"host": "a/b"}, Malformed.BAD_HOST, "H-7"),
    ("a blank in the Host", {"host": "a b"}, Malformed.BAD_HOST, "H-7"),
    ("a Host that is only a port", {"host": ":80"}, Malformed.BAD_HOST, HOST),
    ("an asterisk as target", {"target": "*", "method": "OPTIONS"}, Malformed.NOT_A_PATH, "N-4"),
    ("a target without slash", {"target": "a/b"}, Malformed.NOT_A_PATH, "N-4"),
    ("a lone percent sign", {"target": "/%"}, Malformed.BAD_ESCAPE, "N-4"),
    ("half an escape", {"target": "/%2"}, Malformed.BAD_ESCAPE, "N-4"),
    ("an escape that is no number", {"target": "/%zz"}, Malformed.BAD_ESCAPE, "N-4"),
    ("an escaped zero byte", {"target": "/%00"}, Malformed.BAD_ESCAPE, "N-4"),
    ("a path above the root", {"target": "/../a"}, Malformed.ABOVE_ROOT, "N-2"),
    ("one step too many", {"target": "/a/../../b"}, Malformed.ABOVE_ROOT, "N-2"),
    ("escaped dots above the root", {"target": "/%2e%2e"}, Malformed.ABOVE_ROOT, "N-2"),
    ("a blank in the target", {"target": "/a b"}, Malformed.BAD_CHARACTER, "nginx changes 1.21.1"),
]


@pytest.mark.parametrize(("what", "request_", "reason", "source"), MALFORMED, ids=[row[0] for row in MALFORMED])
def test_malformed(what: str, request_: dict[str, object], reason: Malformed, source: str) -> None:
    assert read_address(Request(**{"host": "h.t", **request_})) is reason, source  # type: ignore[arg-type]


# Host header, name compared, without port, source
HOSTS = [
    ("Shop.Example", "shop.example", "Shop.Example", "H-4"),
    ("shop.example:8080", "shop.example", "shop.example", "H-4"),
    ("shop.example.", "shop.example", "shop.example.", "H-4"),
    ("shop.example.:80", "shop.example", "shop.example.", "H-4"),
    ("192.0.2.1:80", "192.0.2.1", "192.0.2.1", "H-4"),
    ("[2001:DB8::1]:80", "[2001:db8::1]", "[2001:DB8::1]", HOST),
]


@pytest.mark.parametrize(("host", "name", "bare", "source"), HOSTS)
def test_host_is_compared_without_case_port_and_dot(host: str, name: str, bare: str, source: str) -> None:
    assert (host_name(host), without_port(host)) == (name, bare), source


def test_http_1_0_may_leave_the_host_out() -> None:
    found = read_address(Request(host=None, http_version="1.0"))
    assert isinstance(found, Address)
    assert (found.host, found.host_header) == ("", "_"), "H-7"


def test_an_absolute_target_overrides_the_host_for_routing_only() -> None:
    found = read_address(Request(host="a.t", target="http://B.t:81/x?y"))
    assert isinstance(found, Address)
    assert (found.host, found.host_header, found.raw) == ("b.t", "a.t", "/x?y"), "H-4"


@given(st.text(alphabet="abé%/?#. ~[]\"<>\\^`{|}", max_size=12))
def test_escaping_is_undone_by_reading(text: str) -> None:
    """X-9: whatever a decoded path holds, the escaped form reads as the same path (dot segments aside)."""
    path = "/" + text.replace("/", "").replace(".", "")
    found = read_address(Request(host="h.t", target=escape_path(path)))
    assert isinstance(found, Address)
    assert found.path == path
