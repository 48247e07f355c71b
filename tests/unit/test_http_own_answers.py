"""What a controller puts into answers or in their place: CORS, error pages, copies, headers (rules D-5, K-6, K-14, K-17)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.dataplane.http.cors import HEADERS, METHODS
from simnet.dataplane.http.decisions import RuleChosen
from simnet.dataplane.http.message import Request
from tests.unit.ingress_world import CLIENT, NODE, ask, cluster_of, ingress, pod, service, status, taker


def configmap(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {key.replace("_", "-"): value for key, value in data.items()}}


def world(*objects: dict[str, Any], config: dict[str, str] | None = None, **annotations: str) -> simnet.Cluster:
    return cluster_of(service("web"), pod("web-0", "web"), service("errors"), pod("errors-0", "errors"),
                      ingress(**annotations), *objects, config=config)


def header(trace: simnet.Trace, name: str) -> str | None:
    assert trace.response is not None
    return trace.response.header(name)


def sent(trace: simnet.Trace) -> Request:
    """What the last backend was asked."""
    return [step.because for step in trace.steps if isinstance(step.because, RuleChosen)][-1].request


# CORS ------------------------------------------------------------------------------------------------------------

OPEN = {"enable_cors": "true"}
LISTED = {**OPEN, "cors_allow_origin": "https://a.t, https://*.b.t:8443"}

# annotations, method, Origin, status, Access-Control-Allow-Origin, source
CORS = [
    (OPEN, "GET", None, 200, "*", "K-6"),
    (OPEN, "OPTIONS", None, 204, "*", "K-6"),
    (OPEN, "OPTIONS", "https://x.t", 204, "*", "K-6"),
    (LISTED, "GET", "https://a.t", 200, "https://a.t", "K-6"),
    (LISTED, "GET", "HTTPS://A.t", 200, "HTTPS://A.t", "K-6: compared without case, echoed as sent"),
    (LISTED, "OPTIONS", "https://x.b.t:8443", 204, "https://x.b.t:8443", "K-6"),
    (LISTED, "OPTIONS", "https://x.y.b.t:8443", 200, None, "K-6: one label, proxied like any other"),
    (LISTED, "OPTIONS", "https://x.b.t", 200, None, "K-6: the port counts"),
    (LISTED, "GET", "https://evil.t", 200, None, "K-6"),
    (LISTED, "GET", None, 200, None, "K-6"),
    ({**OPEN, "cors_allow_origin": "not an origin"}, "GET", "https://x.t", 200, "*", "K-17: ignored"),
    ({}, "OPTIONS", "https://x.t", 200, None, "K-6: off by default"),
]


@pytest.mark.parametrize(("annotations", "method", "origin", "expected", "allowed", "source"), CORS)
def test_cross_origin_requests(annotations: dict[str, str], method: str, origin: str | None, expected: int,
                               allowed: str | None, source: str) -> None:
    headers = [("Origin", origin)] if origin is not None else []
    trace = ask(world(**annotations), method=method, headers=headers)
    assert (status(trace), header(trace, "access-control-allow-origin")) == (expected, allowed), source


def test_the_headers_of_a_preflight() -> None:
    trace = ask(world(**OPEN), method="OPTIONS")
    found = {name: header(trace, f"access-control-{name}") for name in
             ("allow-methods", "allow-headers", "allow-credentials", "max-age", "expose-headers")}
    assert found == {"allow-methods": METHODS, "allow-headers": HEADERS, "allow-credentials": "true",
                     "max-age": "1728000", "expose-headers": None}, "K-6"


def test_a_preflight_comes_before_redirects_missing_endpoints_and_lists() -> None:
    for more in ({"permanent_redirect": "https://n.t/"}, {"whitelist_source_range": "10.0.0.0/8"}, {"target": "nobody"}):
        assert status(ask(world(**OPEN, **more), method="OPTIONS")) == 204, "O-1, steps 8, 9, 12, 14"


# error pages -----------------------------------------------------------------------------------------------------

OWN = {"custom_http_errors": "404,503", "default_backend": "errors"}


def test_an_answer_with_a_listed_code_is_replaced_by_the_error_services() -> None:
    trace = ask(world(**OWN), "http://h.t/a/b?q=1", method="POST", headers=[("Accept", "text/html"), ("X-Own", "1")],
                reply={"status": 404})
    request = sent(trace)
    assert taker(trace) == "errors" and (request.method, request.target) == ("POST", "/?q=1"), "D-5"
    told = {name: request.header(name) for name in ("X-Code", "X-Format", "X-Original-URI", "X-Namespace",
                                                    "X-Ingress-Name", "X-Service-Name", "X-Service-Port", "X-Own")}
    assert told == {"X-Code": "404", "X-Format": "text/html", "X-Original-URI": "/a/b?q=1", "X-Namespace": "default",
                    "X-Ingress-Name": "i", "X-Service-Name": "web", "X-Service-Port": "80", "X-Own": "1"}, "D-5"
    assert status(trace) == 200, "D-5: what the error service answers reaches the client"


# ConfigMap, annotations, what the backend answers, who answers in the end, source
PAGES = [
    ({}, OWN, 404, "errors", "D-5"),
    ({}, OWN, 200, "web", "D-5"),
    ({}, OWN, 500, "web", "D-5"),
    ({"custom-http-errors": "500"}, {"default_backend": "errors"}, 500, "errors", "D-5: ConfigMap key"),
    ({"custom-http-errors": "500"}, OWN, 500, "web", "D-5: the annotation replaces the global list"),
    ({"custom-http-errors": "500"}, {}, 500, "404", "D-5: without the annotation the controller's default backend"),
    ({}, {**OWN, "disable_proxy_intercept_errors": "true"}, 404, "web", "annotations.md"),
    ({}, {"default_backend": "errors"}, 404, "web", "D-5: no code is listed"),
    ({"custom-http-errors": "404"}, {**OWN, "enable_custom_http_errors": "false"}, 404, "web", "annotations/customhttperrors"),
]


@pytest.mark.parametrize(("config", "annotations", "answer", "expected", "source"), PAGES)
def test_which_answers_are_replaced(config: dict[str, str], annotations: dict[str, str], answer: int, expected: str,
                                    source: str) -> None:
    assert taker(ask(world(config=config, **annotations), reply={"status": answer})) == expected, source


def test_a_controllers_own_error_is_replaced_too_and_a_page_is_never_replaced_again() -> None:
    cluster = world(**{**OWN, "custom_http_errors": "403"}, whitelist_source_range="10.0.0.0/8")
    assert taker(ask(cluster)) == "errors", "nginx error_page"
    twice = world(**OWN)
    twice.apply({**pod("errors-0", "errors", image="k8s.gcr.io/defaultbackend-amd64:1.5"),
                 "metadata": {"name": "errors-1", "labels": {"app": "errors"}}})
    twice.delete("pod/errors-0")
    trace = ask(twice, reply={"status": 404})
    assert (taker(trace), status(trace)) == ("errors", 404), "nginx recursive_error_pages is off"


def test_every_outcome_goes_on_to_the_error_service() -> None:
    cluster = world(**OWN)
    cluster.apply([pod("web-1", "web"), pod("errors-1", "errors")])
    outcomes = cluster.outcomes("http://h.t/x", CLIENT, at=NODE, reply={"status": 404})
    assert len(outcomes) == 4 and sum(share for share, _ in outcomes) == 1
    assert {taker(trace) for trace in outcomes.traces} == {"errors"}, "D-5"


def test_a_backend_without_endpoints_is_stood_in_for() -> None:
    trace = ask(world(target="nobody", default_backend="errors"), "http://h.t/a?b")
    assert (taker(trace), sent(trace).target, sent(trace).header("x-code")) == ("errors", "/a?b", "503"), "D-5"


# copies and headers ----------------------------------------------------------------------------------------------

def test_a_mirror_gets_a_copy_and_the_answer_stays_the_backends() -> None:
    trace = ask(world(mirror_target="https://copy.t$request_uri"), "http://h.t/a?b")
    chosen = next(step.because for step in trace.steps if isinstance(step.because, RuleChosen))
    assert (taker(trace), chosen.mirrors) == ("web", ("https://copy.t/a?b",)), "K-14"
    assert "https://copy.t/a?b" in simnet.explain(trace)


# ConfigMaps, ConfigMap of the controller, status, X-Own, source
HEADER_MAPS = [
    ([configmap("own", X_Own="yes")], {"global-allowed-response-headers": "X-Own"}, 200, "yes", "K-17"),
    ([configmap("own", X_Own="yes")], {}, 503, None, "K-17: a header that is not allowed"),
    ([], {"global-allowed-response-headers": "X-Own"}, 503, None, "K-17: a ConfigMap that is missing"),
]


@pytest.mark.parametrize(("objects", "config", "expected", "value", "source"), HEADER_MAPS)
def test_custom_headers(objects: list[dict[str, Any]], config: dict[str, str], expected: int, value: str | None,
                        source: str) -> None:
    trace = ask(world(*objects, config=config, custom_headers="default/own"))
    assert (status(trace), header(trace, "x-own")) == (expected, value), source
