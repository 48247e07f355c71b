"""There and back: late answers, answers that are asked of another peer, sizes, versions, and the keywords of a request."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.dataplane.http.decisions import RuleChosen
from tests.unit.ingress_world import ask, cluster_of, ingress, pod, service, status

NEXT = "nginx ngx_http_upstream.c ngx_http_upstream_next"


def world(*more: dict[str, Any], config: dict[str, str] | None = None, **annotations: str) -> simnet.Cluster:
    return cluster_of(service("web"), *(pod(f"web-{number}", "web") for number in range(4)), ingress(**annotations), *more,
                      config=config)


def asked(trace: simnet.Trace) -> int:
    """How many peers were asked."""
    return len([step for step in trace.steps if isinstance(step.because, RuleChosen)])


# annotations, method, reply, status, peers asked, source
RETRIES = [
    ({}, "GET", {"delay": 61}, 504, 3, "B-7: up to 3 tries"),
    ({}, "GET", {"delay": 59}, 200, 1, "K-12"),
    ({"proxy_read_timeout": "5"}, "GET", {"delay": 6}, 504, 3, "K-12"),
    ({"proxy_next_upstream_tries": "1"}, "GET", {"delay": 61}, 504, 1, "K-12"),
    ({"proxy_next_upstream_tries": "0"}, "GET", {"delay": 61}, 504, 4, "K-12: no limit"),
    ({"proxy_next_upstream": "error"}, "GET", {"delay": 61}, 504, 1, "K-12"),
    ({"proxy_next_upstream": "off"}, "GET", {"delay": 61}, 504, 1, "K-12"),
    ({}, "POST", {"delay": 61}, 504, 1, "B-7: not for POST"),
    ({}, "PATCH", {"delay": 61}, 504, 1, "B-7"),
    ({"proxy_next_upstream": "error timeout non_idempotent"}, "POST", {"delay": 61}, 504, 3, "B-7"),
    ({}, "GET", {"status": 503}, 503, 1, "B-7: an answer is an answer"),
    ({"proxy_next_upstream": "error http_503"}, "GET", {"status": 503}, 503, 3, NEXT),
    ({"proxy_next_upstream": "error http_503"}, "GET", {"status": 502}, 502, 1, NEXT),
]


@pytest.mark.parametrize(("annotations", "method", "reply", "expected", "peers", "source"), RETRIES)
def test_late_and_unwelcome_answers_are_asked_of_another_peer(
        annotations: dict[str, str], method: str, reply: dict[str, Any], expected: int, peers: int, source: str) -> None:
    trace = ask(world(**annotations), method=method, reply=reply)
    assert (status(trace), asked(trace)) == (expected, peers), source


def test_every_outcome_of_a_retry_is_counted_once() -> None:
    outcomes = world().outcomes("http://h.t/x", "203.0.113.7", at="198.51.100.1", reply={"delay": 61})
    assert sum(share for share, _ in outcomes) == 1 and outcomes.results == {"504": 1}


def test_an_error_page_is_made_after_the_last_try() -> None:
    cluster = world(service("errors"), pod("errors-0", "errors"), custom_http_errors="504", default_backend="errors")
    trace = ask(cluster, reply={"delay": 61})
    assert (status(trace), asked(trace)) == (200, 4) and trace.endpoint is not None
    assert trace.endpoint.pod == ("default", "errors-0"), "D-5, K-12"


# what, keywords, status, source
SIZES = [
    ("a body above the limit", {"method": "POST", "body": b"x" * (1 << 20) + b"x"}, 413, "K-5"),
    ("a body at the limit", {"method": "POST", "body": b"x" * (1 << 20)}, 200, "K-5"),
    ("a declared length counts", {"method": "POST", "headers": [("Content-Length", "1048577")]}, 413, "K-5"),
]


@pytest.mark.parametrize(("what", "keywords", "expected", "source"), SIZES)
def test_body_sizes(what: str, keywords: dict[str, Any], expected: int, source: str) -> None:
    assert status(ask(world(), **keywords)) == expected, source


def test_zero_means_any_size() -> None:
    assert status(ask(world(proxy_body_size="0"), method="POST", body=b"x" * (2 << 20))) == 200, "K-5"


# keywords, status, source
LINES = [
    ({"target_line": "/a b"}, 400, "N-4"), ({"target_line": "/%zz"}, 400, "N-4"), ({"target_line": "*"}, 400, "N-4"),
    ({"target_line": "/../x"}, 400, "N-2"), ({"target_line": "http://h.t/x"}, 200, "H-4"),
    ({"http_version": "1.0", "headers": [("Host", None)]}, 404, "H-7"),
    ({"http_version": "1.1", "headers": [("Host", None)]}, 400, "H-7"),
    ({"headers": [("Host", "h.t"), ("Host", "h.t")]}, 400, "H-7"), ({"headers": [("Host", "")]}, 400, "H-7"),
    ({"http_version": "1.0", "headers": [("Host", "h.t")]}, 200, "H-4"),
]


@pytest.mark.parametrize(("keywords", "expected", "source"), LINES)
def test_raw_request_lines(keywords: dict[str, Any], expected: int, source: str) -> None:
    assert status(ask(world(), **keywords)) == expected, source


def test_an_http_1_0_request_without_host_shows_the_backend_an_underscore() -> None:
    cluster = world(ingress(name="any", host=""))
    trace = ask(cluster, http_version="1.0", headers=[("Host", None)])
    sent = next(step.because.request for step in trace.steps if isinstance(step.because, RuleChosen))
    assert (sent.host, sent.http_version) == ("_", "1.1"), "H-7, F-2"


# url, what the client offers, ConfigMap, what is agreed on, source
VERSIONS = [
    ("https://h.t/x", "2", {}, "2", "docs configmap.md: use-http2 is on"),
    ("https://h.t/x", "2", {"use-http2": "false"}, "1.1", "docs configmap.md"),
    ("http://h.t/x", "2", {}, "1.1", "HTTP/2 is agreed on in the TLS handshake"),
    ("https://h.t/x", "1.1", {}, "1.1", "RFC 7301"),
    ("https://h.t/x", "1.0", {}, "1.1", "nginx answers HTTP/1.1"),
]


@pytest.mark.parametrize(("url", "offered", "config", "agreed", "source"), VERSIONS)
def test_http_2_is_negotiated_where_both_sides_have_it(url: str, offered: str, config: dict[str, str], agreed: str,
                                                       source: str) -> None:
    found = ask(world(config=config), url, http_version=offered).response
    assert found is not None and found.http_version == agreed, source


def test_a_reply_reaches_the_client_as_it_is() -> None:
    found = ask(world(), reply={"status": 418, "headers": {"X-Own": "1", "Server": "mine"}, "body": "tea", "delay": 2}).response
    assert found is not None
    assert (found.status, found.header("x-own"), found.header("server"), found.text, found.delay_seconds) == (
        418, "1", None, "tea", 2.0), "nginx replaces the backend's Server header"
