"""What receivers answer: given texts, known programs, the echo."""

from __future__ import annotations

import json

import pytest

import simnet
from simnet import ip
from simnet.dataplane.http.answer import answer_at_node, answer_by, answer_unknown, filled
from simnet.dataplane.http.message import Request, Response
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.images import Listen
from simnet.names import ObjectKey
from simnet.objects.node import Node, Taint
from simnet.objects.pod import Pod

POD = Pod(key=ObjectKey("shop", "web-1"), node_name="node-1")
CLIENT = ip.number("10.244.1.7")
OWN = ip.number("10.244.0.5")


def packet(request: Request, port: int = 80) -> Packet:
    flow = Flow(Actor("pod/default/client", (CLIENT,)), "web", request=request)
    return Packet(Place.POD, "node-1", CLIENT, 32768, OWN, port, flow)


def answer(listen: Listen, target: str = "/", pod: Pod | None = POD, **more: object) -> Response | None:
    request = Request(**{"host": "web", "target": target, **more})  # type: ignore[arg-type]
    return answer_by(listen, "pod/shop/web-1" if pod else "host/docs", pod, packet(request), request)


def said(listen: Listen, target: str = "/", **more: object) -> tuple[int, str]:
    found = answer(listen, target, **more)  # type: ignore[arg-type]
    assert found is not None
    return found.status, found.text


def test_a_given_text_is_filled_in() -> None:
    listen = Listen(80, answer="hello from $pod in $namespace at $path, $unknown\n", status=201)
    assert said(listen, "/x?y") == (201, "hello from web-1 in shop at /x, $unknown\n")


def test_every_variable_has_a_value() -> None:
    text = "$pod|$namespace|$node|$ip|$port|$path|$target|$method|$host|$client"
    assert said(Listen(80, answer=text), "/a?b", method="PUT")[1] == (
        "web-1|shop|node-1|10.244.0.5|80|/a|/a?b|PUT|web|10.244.1.7")


def test_the_echo_tells_pod_address_path_and_headers() -> None:
    status, text = said(Listen(80), "/a?b", headers=(("X-Own", "1"),))
    assert (status, text.splitlines()) == (200, [
        "pod: shop/web-1", "address: 10.244.0.5:80", "client: 10.244.1.7", "request: GET /a?b HTTP/1.1", "Host: web",
        "X-Own: 1"])


def test_a_receiver_without_pod_echoes_too() -> None:
    request = Request(host="web")
    found = answer_unknown("10.9.9.9:80", None, packet(request), request)
    assert found.text.startswith("receiver: 10.9.9.9:80\n") and found.by == "10.9.9.9:80"


def test_an_outside_host_answers_to_its_own_name_only() -> None:
    listen = Listen(80, only_host="docs.example.net", answer="outside docs\n")
    assert said(listen, pod=None, host="docs")[0] == 404, "stories.md"
    assert said(listen, pod=None, host="Docs.example.net:80") == (200, "outside docs\n"), "stories.md"


# program, target, status, text it holds, source
PROGRAMS = [
    ("nginx", "/", 200, "<title>Welcome to nginx!</title>", "docker.io/library/nginx"),
    ("nginx", "/other", 404, "<h1>404 Not Found</h1>", "nginx ngx_http_special_response.c"),
    ("httpd", "/", 200, "It works!", "docker.io/library/httpd"),
    ("httpd", "/other", 404, "Not Found", "docker.io/library/httpd"),
    ("default-backend", "/x", 404, "default backend - 404", "D-1"),
    ("default-backend", "/healthz", 200, "ok", "D-2"),
    ("httpbin", "/", 200, "<title>httpbin.org</title>", "postmanlabs/httpbin"),
    ("httpbin", "/status/418", 418, "", "postmanlabs/httpbin core.py"),
    ("httpbin", "/nowhere", 404, "Not Found", "postmanlabs/httpbin core.py"),
    ("httpbin", "/redirect/1", 302, "", "postmanlabs/httpbin core.py"),
    ("whoami", "/x", 200, "Hostname: web-1\n", "traefik/whoami app.go"),
    ("controller-status", "/healthz", 200, "ok", "kubernetes/ingress-nginx nginx.tmpl"),
    ("coredns-health", "/health", 200, "OK", "coredns plugin/health"),
]


@pytest.mark.parametrize(("app", "target", "status", "text", "source"), PROGRAMS)
def test_programs(app: str, target: str, status: int, text: str, source: str) -> None:
    found = said(Listen(80, app=app), target)
    assert found[0] == status and text in found[1], source


def test_httpbin_gives_back_what_was_sent() -> None:
    headers = (("x-own", "1"), ("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-Proto", "https"))
    seen = json.loads(said(Listen(80, app="httpbin"), "/get?a=1&b=2&b=3", headers=headers)[1])
    assert seen == {"args": {"a": "1", "b": ["2", "3"]}, "headers": {"Host": "web", "X-Own": "1"},
                    "origin": "198.51.100.9", "url": "https://web/get?a=1&b=2&b=3"}, "httpbin helpers.py get_dict"


def test_httpbin_shows_proxy_headers_on_demand() -> None:
    shown = json.loads(said(Listen(80, app="httpbin"), "/headers?show_env=1", headers=(("X-Real-IP", "192.0.2.1"),))[1])
    assert shown["headers"]["X-Real-Ip"] == "192.0.2.1", "httpbin helpers.py get_headers"


def test_httpbin_takes_posts_where_they_belong() -> None:
    seen = json.loads(said(Listen(80, app="httpbin"), "/post", method="POST", body=b'{"a": 1}')[1])
    assert (seen["data"], seen["json"]) == ('{"a": 1}', {"a": 1})
    assert said(Listen(80, app="httpbin"), "/post")[0] == 405
    assert said(Listen(80, app="httpbin"), "/get", method="POST")[0] == 405


@pytest.mark.parametrize("app", ["tcp", "dns"])
def test_what_does_not_speak_http_gives_no_answer(app: str) -> None:
    assert answer(Listen(80, app=app)) is None
    assert answer(Listen(53, protocol="UDP")) is None


# port, scheme, path, status, source
NODES = [
    (10256, "http", "/healthz", 200, "kube-proxy --healthz-bind-address"),
    (10256, "http", "/other", 404, "kube-proxy"),
    (10250, "http", "/", 400, "Go net/http: HTTP to an HTTPS server"),
    (10250, "https", "/pods", 401, "kubelet authentication"),
    (6443, "https", "/api", 403, "kube-apiserver anonymous"),
]


@pytest.mark.parametrize(("port", "scheme", "path", "status", "source"), NODES)
def test_what_runs_on_every_node(port: int, scheme: str, path: str, status: int, source: str) -> None:
    assert answer_at_node(port, Request(scheme=scheme, target=path), "node/node-1", None).status == status, source


def test_unknown_variables_are_left_alone() -> None:
    assert filled("$a ${a} $b", {"a": "1"}) == "1 ${a} $b"


@pytest.mark.parametrize(("goes", "path", "status"), [({}, "/healthz", 200), (
    {"taints": (Taint("ToBeDeletedByClusterAutoscaler", "NoSchedule"),)}, "/healthz", 503), ({"deleted": 1.0}, "/healthz", 503),
    ({"deleted": 1.0}, "/livez", 200), ({"taints": (Taint("other", "NoSchedule"),)}, "/healthz", 200)])
def test_the_proxys_own_health_tells_of_a_node_that_goes(goes: dict[str, object], path: str, status: int) -> None:
    """Rule HC-4; kubernetes/kubernetes pkg/proxy/healthcheck/healthcheck_test.go; KEP-3836."""
    node = Node(key=ObjectKey("", "node-1"), **goes)  # type: ignore[arg-type]
    assert answer_at_node(10256, Request(target=path), "node/node-1", node).status == status


def test_a_load_balancer_sees_the_taint() -> None:
    cluster = simnet.Cluster(nodes=1)
    assert cluster.request("http://172.18.0.2:10256/healthz").result == "200"
    node = cluster.get("node", "node-1").manifest
    cluster.apply({**node, "spec": {**node["spec"], "taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]}})
    assert cluster.request("http://172.18.0.2:10256/healthz").result == "503"
