"""A request through a controller of a whole cluster: endpoint choice, retries, failures, and the way back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from simnet import ip
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen, UpstreamFailed
from tests.unit.ingress_world import CLIENT, NODE, ask, cluster_of, ingress, pod, service, status

LOOP_GO = "nginx ngx_http_upstream.c ngx_http_upstream_next"


# the endpoint ----------------------------------------------------------------------------------------------------

def test_every_ready_endpoint_is_equally_likely() -> None:
    cluster = cluster_of(service("web"), ingress(), *(pod(f"web-{number}", "web") for number in range(3)))
    shares = cluster.outcomes("http://h.t/", CLIENT, at=NODE).endpoints
    assert sorted(shares.values()) == [Fraction(1, 3)] * 3, "B-7"


def test_the_controller_goes_to_the_pod_and_no_service_takes_part() -> None:
    trace = ask(cluster_of(service("web"), ingress(), pod("web-0", "web")))
    assert trace.service is None and trace.endpoint is not None and trace.endpoint.port == 8080, "B-1"
    assert trace.response is not None and trace.response.by == "pod/default/web-0"


def test_the_pod_sees_the_controllers_address() -> None:
    cluster = cluster_of(service("web"), ingress(), pod("web-0", "web"))
    controller = next(each for each in cluster.list("pod", namespace="ingress-nginx"))
    assert ask(cluster).seen_source == ip.text(controller.pod_ips[0]), "F-6"


def test_service_upstream_lets_kube_proxy_balance() -> None:
    trace = ask(cluster_of(service("web"), ingress(service_upstream="true"), pod("web-0", "web")))
    assert trace.service is not None and trace.service.result == "FORWARD" and status(trace) == 200, "K-15"


def test_an_external_name_is_resolved_by_the_controllers_own_dns() -> None:
    outside = {"far.example.net": {"address": "192.0.2.80", "listen": [{"port": 80, "answer": "far\n"}]}}
    external = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                "spec": {"type": "ExternalName", "externalName": "far.example.net"}}
    trace = ask(cluster_of(external, ingress(), outside=outside))
    assert trace.response is not None and trace.response.text == "far\n", "B-4"
    chosen = next(step.because for step in trace.steps if isinstance(step.because, RuleChosen))
    assert chosen.request.host == "h.t", "B-4"


# failures --------------------------------------------------------------------------------------------------------

def test_a_name_nobody_can_resolve_is_503() -> None:
    external = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                "spec": {"type": "ExternalName", "externalName": "nowhere.invalid"}}
    assert status(ask(cluster_of(external, ingress()))) == 503, "B-4"


def test_a_pod_that_refuses_is_502() -> None:
    trace = ask(cluster_of(service("web", 9999), ingress(), pod("web-0", "web")))
    assert status(trace) == 502, "B-7"
    failed = trace.last.because
    assert isinstance(failed, UpstreamFailed) and [each.verdict.name for each in failed.attempts] == ["REFUSED"]


def test_silence_is_504() -> None:
    """kube-proxy drops what a Local policy finds no endpoint for on the controller's node."""
    far = pod("web-0", "web")
    far["spec"]["nodeName"] = "far"
    cluster = cluster_of(service("web", internalTrafficPolicy="Local"), ingress(service_upstream="true"), far,
                         nodes={"node": NODE, "far": "198.51.100.2"}, addons={"ingress-nginx": "node"})
    assert status(ask(cluster)) == 504, "B-7"


def test_other_endpoints_are_tried_when_one_refuses() -> None:
    cluster = cluster_of(service("web"), ingress(), pod("web-0", "web"), pod("web-1", "web", port=7070))
    outcomes = cluster.outcomes("http://h.t/", CLIENT, at=NODE, method="POST")
    assert outcomes.results == {"200": Fraction(1)}, LOOP_GO
    tried = sorted(len([step for step in trace.steps if isinstance(step.because, RuleChosen)]) for trace in outcomes.traces)
    assert tried == [1, 2], "B-7"


# annotations, how many endpoints are tried, source
TRIES = [
    ({}, 3, "B-7"),
    ({"proxy_next_upstream_tries": "2"}, 2, "K-12"),
    ({"proxy_next_upstream_tries": "0"}, 4, "nginx: 0 is no limit"),
    ({"proxy_next_upstream": "off"}, 1, "K-12"),
    ({"proxy_next_upstream": "timeout"}, 1, "K-12"),
]


@pytest.mark.parametrize(("annotations", "tries", "source"), TRIES)
def test_how_often_another_endpoint_is_tried(annotations: dict[str, str], tries: int, source: str) -> None:
    pods = [pod(f"web-{number}", "web") for number in range(4)]
    trace = ask(cluster_of(service("web", 9999), ingress(**annotations), *pods))
    failed = trace.last.because
    assert isinstance(failed, UpstreamFailed) and len(failed.attempts) == tries, source
    assert len({each.target for each in failed.attempts}) == tries


def test_a_slow_backend_is_504() -> None:
    cluster = cluster_of(service("web"), ingress(proxy_read_timeout="2"), pod("web-0", "web"))
    assert status(ask(cluster, reply={"delay": 3})) == 504, "K-12"
    assert status(ask(cluster, reply={"delay": 1})) == 200, "K-12"


# the proxy's own answers ------------------------------------------------------------------------------------------

def test_a_backend_without_endpoints_is_503_even_for_clients_that_are_not_allowed() -> None:
    trace = ask(cluster_of(service("web"), ingress(whitelist_source_range="10.0.0.0/8")))
    assert status(trace) == 503, "O-1"
    assert isinstance(trace.last.because, ProxyAnswered) and trace.last.because.upstream is not None
    assert trace.last.because.upstream.state.name == "NO_ENDPOINTS"


def test_a_client_that_is_not_allowed_is_403() -> None:
    cluster = cluster_of(service("web"), ingress(whitelist_source_range="10.0.0.0/8"), pod("web-0", "web"))
    assert status(ask(cluster)) == 403, "K-1"


def test_the_built_in_default_backend() -> None:
    trace = ask(cluster_of(), "http://nobody.t/")
    assert trace.response is not None
    assert (trace.response.status, trace.response.text, trace.response.by) == (
        404, "default backend - 404", "default-backend"), "D-1"


def test_a_default_backend_service_decides_the_status_itself() -> None:
    objects = [service("errors"), pod("errors-0", "errors")]
    cluster = cluster_of(*objects, ingress={"default_backend_service": "default/errors"})
    trace = ask(cluster, "http://nobody.t/some?x=1")
    assert trace.response is not None and trace.response.by == "pod/default/errors-0", "D-2"
    cluster.delete("pod/errors-0")
    assert status(ask(cluster, "http://nobody.t/")) == 404, "D-2"


def test_the_default_backend_annotation_stands_in_for_a_backend_without_endpoints() -> None:
    cluster = cluster_of(service("web"), service("errors"), pod("errors-0", "errors"),
                         ingress(default_backend="errors", rewrite_target="/new"))
    chosen = next(step.because for step in ask(cluster, "http://h.t/x").steps if isinstance(step.because, RuleChosen))
    assert (chosen.is_fallback, chosen.request.target, chosen.request.header("X-Code")) == (True, "/x", "503"), "D-5"


# the way back ----------------------------------------------------------------------------------------------------

def test_https_answers_carry_strict_transport_security() -> None:
    cluster = cluster_of(service("web"), ingress(), pod("web-0", "web"))
    value = "max-age=31536000; includeSubDomains"
    secure, plain = ask(cluster, "https://h.t/x"), ask(cluster, "http://h.t/x")
    assert secure.response is not None and secure.response.header("strict-transport-security") == value, "T-10"
    assert plain.response is not None and plain.response.header("strict-transport-security") is None, "T-10"
    off = cluster_of(service("web"), ingress(), pod("web-0", "web"), config={"hsts": "false"})
    found = ask(off, "https://h.t/x").response
    assert found is not None and found.header("strict-transport-security") is None, "T-10"


def test_the_response_names_the_certificate_shown() -> None:
    found = ask(cluster_of(service("web"), ingress(), pod("web-0", "web")), "https://h.t/x").response
    assert found is not None and found.certificate is not None and found.certificate.name == "fake", "T-2"


def test_a_client_that_checks_refuses_the_fake_certificate() -> None:
    cluster = cluster_of(service("web"), ingress(), pod("web-0", "web"))
    assert cluster.request("https://h.t/x", CLIENT, at=NODE).result == "tls-error", "T-2"


def test_backend_headers_pass_and_hop_by_hop_ones_do_not() -> None:
    cluster = cluster_of(service("web"), ingress(), pod("web-0", "web"))
    found = ask(cluster, reply={"status": 201, "headers": {"X-Own": "1", "Connection": "close", "Location": "http://x/"}}).response
    assert found is not None
    assert (found.status, found.header("x-own"), found.header("connection"), found.header("location")) == (201, "1", None, "http://x/")


def test_head_gets_no_body() -> None:
    cluster = cluster_of(service("web", 80), ingress(), pod("web-0", "web", image="nginx:1.25", port=80))
    head, get = ask(cluster, "http://h.t/", method="HEAD").response, ask(cluster, "http://h.t/").response
    assert head is not None and get is not None and get.body
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


def test_what_is_not_modelled_is_told() -> None:
    trace = ask(cluster_of(service("web"), ingress(ssl_passthrough="true"), pod("web-0", "web"), config={"add-headers": "a/b"}))
    assert trace.not_modelled == ("annotation nginx.ingress.kubernetes.io/ssl-passthrough of ingress/default/i",
                                  "ConfigMap key add-headers of ingress-nginx")


def test_the_same_request_gives_the_same_bytes() -> None:
    def run() -> list[Any]:
        cluster = cluster_of(service("web"), ingress(), *(pod(f"web-{number}", "web") for number in range(3)))
        return [ask(cluster).response for _ in range(5)]

    assert run() == run()


def test_a_controller_that_forwards_to_itself_goes_round_until_the_limit() -> None:
    """The Host stays the client's, so the controller's own address as external name leads back to the same rule."""
    external = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                "spec": {"type": "ExternalName", "externalName": "edge.example.net"}}
    trace = ask(cluster_of(external, ingress(), outside={"edge.example.net": {"address": NODE}}))
    assert (trace.result, trace.response) == ("loop", None), "B-4"
