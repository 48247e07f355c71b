"""Is anybody listening, and do both sides speak the same protocol. Sources: TCP (RFC 9293, reset on a closed port), TLS
verification as curl does it, nginx ngx_http_request.c (plain HTTP on a TLS port); rules NE-3, T-1 to T-4."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.dataplane import decisions as core
from tests.unit.flow_net import NODE_A, NODE_B, OUTSIDE, VIP, WEB, WEB_A, WEB_B, decisions, net, only, pod, service

POD = "http://10.244.0.2:8080/"


# listening --------------------------------------------------------------------------------------------------------

def test_how_we_know_that_a_port_is_open_is_part_of_the_decision() -> None:
    known = {}
    images = {"profiled": {"listen": [{"port": 8080}]}}
    for name, image, port in (("declared", "unheard.of/x", 8080), ("profile", "profiled", None), ("assumed", "unheard.of/x", None)):
        each = pod("web-a", "a", "10.244.0.2", port=port)
        each["spec"]["containers"][0]["image"] = image
        known[name] = only(net(pods=(each, WEB[2]), images=images), WEB_A).last.because.known_by
    assert known == {"declared": "declared", "profile": "profile", "assumed": "assumed"}


def test_a_pod_that_declares_nothing_is_delivered_to_and_that_is_an_assumption() -> None:
    trace = only(net(pods=(pod("web-a", "a", "10.244.0.2", port=None), WEB[2])), WEB_A)
    assert trace.result == "open" and [each.kind for each in trace.assumed] == ["port"]


def test_a_closed_port_names_the_open_ones() -> None:
    ended = only(net(), "10.244.0.2:9").last.because
    assert isinstance(ended, core.NotListening) and (ended.receiver, ended.open_ports) == ("pod/default/web-a", (8080,))


def test_protocols_listen_separately() -> None:
    cluster = net()
    assert cluster.connect(f"udp://{WEB_A}", "pod/client").result == "refused"
    assert cluster.connect(f"udp://{WEB_A}", "pod/client").last.because.open_ports == ()


def test_a_program_bound_to_loopback_answers_inside_only() -> None:
    images = {"simnet.example/echo": {"listen": [{"port": 8080, "bind": "127.0.0.1"}]}}
    cluster = net(images=images)
    ended = only(cluster, WEB_A).last.because
    assert isinstance(ended, core.NotListening) and ended.loopback_only
    assert only(cluster, "127.0.0.1:8080", "pod/web-a").result == "open"
    assert only(cluster, WEB_A, "pod/web-a").result == "refused", "the pod's own address is not loopback"


def test_nodes_listen_on_what_runs_on_every_node() -> None:
    cluster = net()
    assert {port: only(cluster, f"{NODE_B}:{port}", OUTSIDE).result for port in (10250, 10256, 6443, 22)} == {
        10250: "open", 10256: "open", 6443: "refused", 22: "refused"}
    assert only(cluster, f"{NODE_A}:22", OUTSIDE).last.because.open_ports == (6443, 10250, 10256)


def test_an_endpoint_on_a_node_that_no_pod_explains_is_taken_for_granted() -> None:
    manual = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
              "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
              "endpoints": [{"addresses": [NODE_B]}], "ports": [{"name": "", "port": 9000}]}
    trace = only(net(service(selector=None), manual), f"{VIP}:80")
    assert trace.endpoint == (None, NODE_B, 9000) and [each.kind for each in trace.assumed] == ["endpoint"]


# TLS and HTTP -----------------------------------------------------------------------------------------------------

SECURE = {"simnet.example/echo": {"listen": [{"port": 8080, "tls": True}]}}
PLAIN = {"simnet.example/echo": {"listen": [8080]}}
# row, images, URL, options, result, last decision
PROTOCOLS: list[tuple[str, dict[str, Any], str, dict[str, Any], str, str]] = [
    ("plain to plain", PLAIN, POD, {}, "200", "Delivered"),
    ("plain to a TLS port", SECURE, POD, {}, "400", "PlainToTLS"),
    ("TLS to a plain port", PLAIN, POD.replace("http", "https"), {}, "tls-error", "NotTLS"),
    ("TLS to a TLS port whose certificate nobody knows", SECURE, POD.replace("http", "https"), {}, "tls-error",
     "CertificateRefused"),
    ("the same without verifying", SECURE, POD.replace("http", "https"), {"insecure": True}, "200", "Delivered"),
    ("TLS to a port that is only declared", {}, POD.replace("http", "https"), {}, "200", "Delivered"),
]


@pytest.mark.parametrize(("row", "images", "url", "options", "result", "last"), PROTOCOLS, ids=[row[0] for row in PROTOCOLS])
def test_what_both_sides_speak(row: str, images: dict[str, Any], url: str, options: dict[str, Any], result: str, last: str) -> None:
    trace = net(images=images).request(url, "pod/client", **options)
    assert (trace.result, decisions(trace)[-1]) == (result, last)


def test_a_declared_port_says_nothing_about_tls() -> None:
    trace = net().request(POD.replace("http", "https"), "pod/client")
    assert [each.kind for each in trace.assumed] == ["port"]


def test_a_plain_connection_does_not_look_at_tls() -> None:
    assert only(net(images=SECURE), WEB_A).result == "open"


DOCS = {"docs": {"address": "198.51.100.80", "listen": [80, {"port": 443, "tls": True}]}}
OUTSIDE_HOSTS = [("http://198.51.100.80/", "200"), ("https://198.51.100.80/", "200"), ("http://198.51.100.80:443/", "400"),
                 ("https://198.51.100.80:80/", "tls-error"), ("http://198.51.100.80:81/", "refused")]


@pytest.mark.parametrize("source", ["pod/client", OUTSIDE])
@pytest.mark.parametrize(("url", "result"), OUTSIDE_HOSTS)
def test_outside_hosts_listen_on_what_they_declare(url: str, result: str, source: str) -> None:
    trace = net(outside=DOCS).request(url, source)
    assert trace.result == result
    if result == "refused":
        assert trace.last.because.open_ports == (80, 443)


# at a proxy -------------------------------------------------------------------------------------------------------

AT_PROXY = [
    ("http://shop.test/", {}, "404", "ProxyAnswered"),
    ("https://shop.test/", {}, "tls-error", "CertificateRefused"),
    ("https://shop.test/", {"insecure": True}, "404", "ProxyAnswered"),
    ("http://shop.test:443/", {}, "400", "PlainToTLS"),
    ("https://shop.test:80/", {}, "tls-error", "NotTLS"),
]


@pytest.mark.parametrize(("url", "options", "result", "last"), AT_PROXY)
def test_the_ports_of_an_ingress_controller(url: str, options: dict[str, Any], result: str, last: str) -> None:
    trace = simnet.Cluster(nodes=1).request(url, OUTSIDE, at=f"203.0.113.1:{url.rpartition(':')[2].strip('/')}"
                                            if url.count(":") == 2 else "203.0.113.1", **options)
    assert (trace.result, decisions(trace)[-1]) == (result, last), "T-1 to T-4"


def test_the_proxy_reads_requests_and_lets_plain_connections_rest() -> None:
    cluster = simnet.Cluster(nodes=1)
    assert decisions(cluster.request("http://x.test/", OUTSIDE, at="203.0.113.1"))[-2] == "ProxyReached"
    assert decisions(cluster.connect("tcp://203.0.113.1:80", OUTSIDE))[-1] == "Delivered"
    assert cluster.connect("tcp://203.0.113.1:81", OUTSIDE).result == "timeout"


# ingress policies -------------------------------------------------------------------------------------------------

def test_policies_on_the_receiver_are_named_where_it_lets_the_packet_in() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"},
              "spec": {"podSelector": {"matchLabels": {"app": "web"}}}}
    admitted = next(step.because for step in only(net(policy), WEB_B).steps if isinstance(step.because, core.Admitted))
    assert [str(key) for key in admitted.unjudged] == ["default/p"]
