"""The public builders and assertions: what they build is accepted and does what its arguments say."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import testing
from simnet.testing import assert_delivered, assert_verdict, deployment, ingress, pod, service


def test_the_public_names_are_there() -> None:
    assert set(testing.__all__) >= {"assert_delivered", "assert_verdict", "deployment", "ingress", "pod", "service"}
    assert all(hasattr(testing, name) for name in testing.__all__)


def container(built: dict[str, Any]) -> dict[str, Any]:
    template = built["spec"].get("template", built)
    return dict(template["spec"]["containers"][0])


# what is built, where to look, what is there
BUILT: list[tuple[dict[str, Any], Any, Any]] = [
    (pod("a", port=None), lambda each: container(each), {"name": "main", "image": "simnet.example/echo"}),
    (pod("a", port=81, image="x"), lambda each: container(each), {"name": "main", "image": "x", "ports": [{"containerPort": 81}]}),
    (pod("a", node="n", hostNetwork=True), lambda each: (each["spec"]["nodeName"], each["spec"]["hostNetwork"]), ("n", True)),
    (pod("a", namespace="shop"), lambda each: each["metadata"]["namespace"], "shop"),
    (deployment("a"), lambda each: (each["spec"]["replicas"], each["spec"]["selector"]), (2, {"matchLabels": {"app": "a"}})),
    (deployment("a", labels={"x": "y"}, replicas=0), lambda each: each["spec"]["template"]["metadata"]["labels"], {"x": "y"}),
    (deployment("a", dnsPolicy="Default"), lambda each: each["spec"]["template"]["spec"]["dnsPolicy"], "Default"),
    (service("a"), lambda each: each["spec"], {"selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": 80}]}),
    (service("a", port=8080, target_port="http"), lambda each: each["spec"]["ports"], [{"port": 8080, "targetPort": "http"}]),
    (service("a", type="NodePort", ports=[{"port": 1}]), lambda each: (each["spec"]["type"], each["spec"]["ports"]),
     ("NodePort", [{"port": 1}])),
    (ingress("a"), lambda each: ("host" in each["spec"]["rules"][0], each["spec"]["ingressClassName"]), (False, "nginx")),
    (ingress("a", class_name=None), lambda each: "ingressClassName" in each["spec"], False),
    (ingress("a", host="h.test", tls="s"), lambda each: each["spec"]["tls"], [{"secretName": "s", "hosts": ["h.test"]}]),
    (ingress("a", tls=["s", "t"]), lambda each: each["spec"]["tls"], [{"secretName": "s"}, {"secretName": "t"}]),
    (ingress("a", annotations={"rewrite-target": "/", "example.com/x": "1"}), lambda each: each["metadata"]["annotations"],
     {"nginx.ingress.kubernetes.io/rewrite-target": "/", "example.com/x": "1"}),
    (ingress("a", paths={"/": "web", "/api": "api"}, port=81), lambda each: [
        (path["path"], path["pathType"], path["backend"]["service"]) for path in each["spec"]["rules"][0]["http"]["paths"]],
     [("/", "Prefix", {"name": "web", "port": {"number": 81}}), ("/api", "Prefix", {"name": "api", "port": {"number": 81}})]),
]


@pytest.mark.parametrize(("built", "look", "expected"), BUILT)
def test_what_is_built(built: dict[str, Any], look: Any, expected: Any) -> None:
    assert look(built) == expected
    assert [each.action for each in simnet.Cluster(nodes={"n": "172.18.0.2"}).apply(built)] == ["created"]


def test_builders_share_nothing() -> None:
    labels = {"app": "web"}
    one, other = deployment("a", labels=labels), deployment("b", labels=labels)
    one["spec"]["template"]["metadata"]["labels"]["app"] = "changed"
    assert one["spec"]["selector"]["matchLabels"] == one["metadata"]["labels"] == {"app": "web"}
    assert labels == {"app": "web"} and other["metadata"]["labels"] == {"app": "web"}


@pytest.fixture(scope="module")
def cluster() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1)
    made.apply([pod("web", labels={"app": "web"}), service("web"), pod("client"), pod("api", namespace="shop"),
                service("api", namespace="shop")])
    return made


@pytest.mark.parametrize(("url", "to"), [("http://web/", "web"), ("http://web/", "*"), ("http://web/", "default/web"),
                                         ("tcp://web:80", "w*"), ("http://api.shop/", "shop/api")])
def test_delivered(cluster: simnet.Cluster, url: str, to: str) -> None:
    assert_delivered(cluster.trace(url, "pod/client"), to=to)


@pytest.mark.parametrize(("url", "to", "message"), [
    ("http://web/", "client", "delivered to default/web, not to client"), ("http://api.shop/", "api", "delivered to shop/api"),
    ("http://web:81/", "*", "not delivered: timeout"), ("http://wep/", "*", "not delivered: no-name"),
    ("http://203.0.113.1/", "*", "not delivered: 404")])
def test_not_delivered_says_why_with_the_walk(cluster: simnet.Cluster, url: str, to: str, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_delivered(cluster.trace(url, "pod/client"), to=to)
    assert str(caught.value).startswith(message) and "result: " in str(caught.value)


def test_verdicts_by_value_or_by_name(cluster: simnet.Cluster) -> None:
    trace = cluster.trace("http://web/", "pod/client")
    assert_verdict(trace, simnet.Verdict.ANSWERED)
    assert_verdict(trace, "ANSWERED")
    with pytest.raises(AssertionError, match="ANSWERED, not REFUSED"):
        assert_verdict(trace, "REFUSED")
    with pytest.raises(ValueError, match="'refused' is not a valid Verdict"):
        assert_verdict(trace, "refused")
