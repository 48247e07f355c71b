"""Open connections: they stay with what they got. Rule CT-1 (kubernetes/kubernetes pkg/proxy/conntrack: nothing is
cleaned up for TCP)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.dataplane.decisions import NoPath, NotListening
from simnet.errors import UsageError
from simnet.testing import deployment, ingress
from simnet.testing import pod as built_pod
from simnet.testing import service as built_service
from tests.unit.flow_net import NODE_A, NODE_B, NODE_PORT, OUTSIDE, VIP, WEB, WEB_B, load_balancer, net, pod, service

URL = f"http://{VIP}/"
FAR = (pod("web-b", "b", "10.244.1.2"), WEB[2])


def opened(*objects: Any, pods: tuple[Any, ...] = FAR, url: str = URL, source: str = "pod/client", **options: Any
           ) -> tuple[simnet.Cluster, Any]:
    cluster = net(*(objects or (service(),)), pods=pods)
    return cluster, cluster.open(url, source, **options)


def test_requests_stay_with_the_endpoint_whatever_port_they_come_from() -> None:
    _cluster, link = opened(pods=WEB)
    assert link.is_open
    assert {link.request(f"/{n}").endpoint for n in range(20)} == {link.trace.endpoint}
    assert link.request("/where?x=1").response.text.splitlines()[3] == "request: GET /where?x=1 HTTP/1.1"


# row, what happens to the Service meanwhile
CHANGES = [
    ("the Service is deleted", lambda cluster: cluster.delete("service/web")),
    ("the selector changes", lambda cluster: cluster.load(service(selector={"app": "nobody"}))),
    ("the endpoint is no longer ready", lambda cluster: cluster.load(pod("web-b", "b", "10.244.1.2", ready=False))),
    ("another endpoint comes", lambda cluster: cluster.load(pod("web-c", "a", "10.244.0.3"))),
]


@pytest.mark.parametrize(("row", "change"), CHANGES, ids=[row[0] for row in CHANGES])
def test_the_connection_outlives_its_place_in_the_lists(row: str, change: Any) -> None:
    cluster, link = opened()
    change(cluster)
    assert link.request().result == "200", "CT-1"
    assert link.request().endpoint == link.trace.endpoint


# what a request may say anew
SAID = [
    ({"method": "POST", "body": "abc"}, "request: POST / HTTP/1.1"),
    ({"headers": [("Host", "other.test")]}, "Host: other.test"),
    ({"headers": {"X-One": "1"}}, "X-One: 1"),
    ({}, f"Host: {VIP}"),
]


@pytest.mark.parametrize(("options", "line"), SAID)
def test_a_request_says_what_it_is_told_to(options: dict[str, Any], line: str) -> None:
    assert line in opened()[1].request(**options).response.text.splitlines()


def test_the_reply_can_be_given() -> None:
    assert opened()[1].request(reply=503).result == "503"


def test_a_proxy_routes_every_request_anew() -> None:
    cluster = simnet.Cluster(nodes=2)
    cluster.apply([deployment("web", replicas=4), built_service("web"), deployment("api", replicas=1), built_service("api"),
                   ingress("web", host="shop.test", paths={"/": "web", "/api": "api"})])
    link = cluster.open("http://shop.test/", OUTSIDE)
    takers = {link.request(f"/api?{n}").endpoint.pod.name.partition("-")[0] for n in range(3)}
    assert takers == {"api"}
    cluster.delete("ingress/web")
    assert link.request().result == "404"


def test_a_proxy_balances_every_request_anew() -> None:
    """Round robin from a random start (rule B-7), also over one kept connection; a Service's endpoint stays (CT-1)."""
    cluster = simnet.Cluster(nodes=2)
    cluster.apply([deployment("web", replicas=4), built_service("web"), ingress("web", host="shop.test")])
    link = cluster.open("http://shop.test/", OUTSIDE)
    assert len({link.request().endpoint.pod for _ in range(40)}) == 4
    direct = cluster.open("http://web/", f"pod/{cluster.list('pod', selector='app=web')[0].key}")
    assert len({direct.request().endpoint.pod for _ in range(40)}) == 1


def test_later_requests_are_counted_by_rate_limits() -> None:
    """limit-rpm counts requests, not connections (rule K-11)."""
    cluster = simnet.Cluster(nodes=1)
    cluster.apply([deployment("web"), built_service("web"),
                   ingress("web", host="shop.test", annotations={"limit-rpm": "1", "limit-burst-multiplier": "3"})])
    link = cluster.open("http://shop.test/", OUTSIDE)
    results = [link.trace.result, *(link.request().result for _ in range(8))]
    assert results[0] == "200" and results[-1] == "503" and results.index("503") <= 4


def test_every_step_of_a_later_request_is_that_requests() -> None:
    _cluster, link = opened()
    trace = link.request("/later", method="HEAD", headers={"X-One": "1"}, http_version="1.0")
    asked = trace.steps[0].before.flow.request
    assert asked is not None and (asked.target, asked.method, asked.http_version) == ("/later", "HEAD", "1.0")
    assert all(step.before.flow is trace.steps[0].before.flow for step in trace.steps)
    assert trace.response.body == b"" and "asks HEAD" in simnet.explain(trace) and link.trace.response.body


# what has gone ---------------------------------------------------------------------------------------------------

def refused_by(trace: simnet.Trace) -> str:
    ended = trace.last.because
    assert isinstance(ended, NotListening) and trace.endpoint is None and trace.response is None
    return ended.receiver


def test_a_connection_to_a_deleted_pod_is_reset_and_the_pod_is_named() -> None:
    cluster, link = opened()
    cluster.delete("pod/web-b")
    trace = link.request()
    assert trace.result == "refused" and refused_by(trace) == "pod/default/web-b"
    assert "pod default/web-b" in simnet.explain(trace)


def test_a_new_owner_of_the_address_does_not_take_the_connection_over() -> None:
    cluster, link = opened()
    cluster.delete("pod/web-b")
    cluster.load(pod("newcomer", "b", "10.244.1.2"))
    assert cluster.request("http://10.244.1.2:8080/", "pod/client").endpoint.pod.name == "newcomer"
    assert refused_by(link.request()) == "pod/default/web-b"


def test_a_pod_of_the_same_name_is_another_pod() -> None:
    cluster, link = opened()
    cluster.delete("pod/web-b")
    cluster.advance(1)
    again = pod("web-b", "b", "10.244.1.2")
    again["metadata"]["creationTimestamp"] = "2027-01-01T00:00:01Z"
    cluster.load(again)
    assert refused_by(link.request()) == "pod/default/web-b"


def test_an_ended_pod_resets_its_connections() -> None:
    cluster, link = opened()
    cluster.load(pod("web-b", "b", "10.244.1.2", phase="Failed", ready=False))
    assert refused_by(link.request()) == "pod/default/web-b"


def test_behind_a_proxy_the_proxy_answers_for_its_backend() -> None:
    cluster = simnet.Cluster(nodes=2)
    cluster.apply([built_pod("web", labels={"app": "web"}), built_service("web"), ingress("web", host="shop.test")])
    link = cluster.open("http://shop.test/", OUTSIDE)
    cluster.delete("pod/web")
    assert link.request().result == "503"
    cluster.delete("deployment", "ingress-nginx-controller", namespace="ingress-nginx")
    assert refused_by(link.request()).startswith("pod/ingress-nginx/ingress-nginx-controller-")


# row, how it is opened, link that is cut, origin and missing link
CUTS = [
    ("between the nodes", {}, ("node/b", "router"), ("router", "node/b")),
    ("at the receiver", {}, ("pod/default/web-b", "bridge/b"), ("bridge/b", "pod/default/web-b")),
    ("at the sender", {}, ("pod/default/client", "bridge/a"), ("pod/default/client", "bridge/a")),
    ("outside", {"url": f"http://{NODE_A}:{NODE_PORT}/", "source": OUTSIDE}, ("outside", "router"), ("outside", "router")),
    ("on the way to the node port", {"url": f"http://{NODE_B}:{NODE_PORT}/", "source": "node/a"}, ("node/a", "router"),
     ("node/a", "router")),
]


@pytest.mark.parametrize(("row", "options", "cut", "missing"), CUTS, ids=[row[0] for row in CUTS])
def test_a_connection_needs_the_links_it_was_opened_over(row: str, options: dict[str, Any], cut: tuple[str, str],
                                                         missing: tuple[str, str]) -> None:
    cluster, link = opened(load_balancer(), **options)
    cluster.cut(*cut)
    trace = link.request()
    assert trace.result == "unreachable" and isinstance(trace.last.because, NoPath) and trace.last.because.missing == missing
    cluster.mend(*cut)
    assert link.request().result == "200"


# mistakes --------------------------------------------------------------------------------------------------------

def test_what_was_never_established_carries_nothing() -> None:
    _cluster, link = opened(pods=WEB[2:])
    assert not link.is_open
    with pytest.raises(UsageError, match=r"never established \(refused\)"):
        link.request()


def test_a_handshake_that_failed_is_no_connection() -> None:
    cluster = simnet.Cluster(nodes=1)
    assert not cluster.open("https://203.0.113.1/", OUTSIDE).is_open
    assert cluster.open("https://203.0.113.1/", OUTSIDE, insecure=True).is_open


def test_a_plain_connection_carries_no_requests() -> None:
    cluster = net(service())
    link = cluster.open(f"tcp://{VIP}:80", "pod/client")
    assert link.is_open
    with pytest.raises(UsageError, match="plain connection"):
        link.request()


def test_when_the_sender_is_gone_nothing_is_sent() -> None:
    cluster, link = opened()
    cluster.delete("pod/client")
    with pytest.raises(UsageError, match="pod/default/client, which opened the connection, is gone"):
        link.request()


# plain connections ------------------------------------------------------------------------------------------------

UDP = {"ports": [{"port": 53, "targetPort": 8080, "protocol": "UDP", "name": "dns"}]}
UDP_PODS = tuple({**each, "spec": {**each["spec"], "containers": [{"name": "main", "ports": [
    {"containerPort": 8080, "protocol": "UDP"}]}]}} for each in WEB)


def udp_socket(*pods: Any) -> tuple[simnet.Cluster, Any]:
    cluster = net(service(**UDP), pods=(*pods, UDP_PODS[2]))
    return cluster, cluster.open(f"udp://{VIP}:53", "pod/client")


def test_a_udp_socket_stays_with_its_endpoint_while_that_serves() -> None:
    """Rule CT-2; kubernetes/kubernetes pkg/proxy/conntrack/cleanup_test.go."""
    cluster, link = udp_socket(UDP_PODS[0])
    cluster.load(UDP_PODS[1])
    assert {link.send().endpoint for _ in range(5)} == {link.trace.endpoint}


def test_a_udp_socket_is_balanced_anew_when_its_endpoint_goes() -> None:
    cluster, link = udp_socket(UDP_PODS[0])
    cluster.load(UDP_PODS[1])
    cluster.delete("pod/web-a")
    assert link.send().endpoint.text == WEB_B
    assert link.send().endpoint == link.trace.endpoint


def test_a_udp_socket_finds_the_first_endpoint_of_its_service() -> None:
    cluster, link = udp_socket()
    assert (link.trace.result, link.is_open) == ("refused", False)
    assert link.send().result == "refused"
    cluster.load(UDP_PODS[1])
    assert link.send().endpoint.text == WEB_B and link.is_open


def test_a_udp_socket_of_a_deleted_service_goes_nowhere() -> None:
    cluster, link = udp_socket(UDP_PODS[0])
    cluster.delete("service/web")
    assert link.send().result == "timeout", "the cluster IP is nobody's now"


def test_a_udp_socket_keeps_its_source_port_and_its_affinity() -> None:
    cluster = net(service(sessionAffinity="ClientIP", **UDP), pods=UDP_PODS)
    link = cluster.open(f"udp://{VIP}:53", "pod/client", source_port=5353)
    cluster.delete(f"pod/{link.trace.endpoint.pod.name}")
    moved = link.send()
    assert moved.steps[0].before.source_port == 5353
    assert moved.endpoint == cluster.connect(f"udp://{VIP}:53", "pod/client").endpoint, "the new choice is remembered"


# pauses between datagrams, and whether the node still knows the flow after the last one
UDP_PAUSES = [((29,), True), ((30,), False), ((29, 29), True), ((2, 30), False), ((3, 30), True), ((3, 119), True),
              ((3, 120), False), ((3, 119, 119), True), ((30, 1, 30), False)]


@pytest.mark.parametrize(("pauses", "kept"), UDP_PAUSES)
def test_a_quiet_udp_socket_is_forgotten(pauses: tuple[int, ...], kept: bool) -> None:
    """Linux net/netfilter/nf_conntrack_proto_udp.c: nf_conntrack_udp_timeout 30, nf_conntrack_udp_timeout_stream 120 for
    flows still in use two seconds after their first datagram."""
    cluster = net(service(**UDP), pods=UDP_PODS)
    link = cluster.open(f"udp://{VIP}:53", "pod/client")
    for pause in pauses[:-1]:
        cluster.advance(pause)
        link.send()
    opened = link.trace
    cluster.advance(pauses[-1])
    link.send()
    assert (link.trace is opened) == kept


def test_a_tcp_connection_outlives_its_service() -> None:
    """Rule CT-1: nothing is cleaned up for TCP."""
    cluster = net(service(), pods=FAR)
    link = cluster.open(f"tcp://{VIP}:80", "pod/client")
    cluster.delete("service/web")
    assert link.send().result == "open"
    cluster.delete("pod/web-b")
    assert link.send().result == "refused"


def test_what_cannot_be_sent() -> None:
    cluster = net(service(), pods=WEB[2:])
    with pytest.raises(UsageError, match=r"never established \(refused\)"):
        cluster.open(f"tcp://{VIP}:80", "pod/client").send()
    with pytest.raises(UsageError, match=r"use request\(\)"):
        opened()[1].send()
