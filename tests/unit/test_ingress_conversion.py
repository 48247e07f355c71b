"""Ingresses into HTTPRoutes: what is kept, and a witness for what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simnet import Cluster
from simnet.cli.main import main
from simnet.convert import Conversion, convert
from simnet.convert.witness import Asked, Behaviour, Pair
from simnet.manifests import admissible, read_manifests
from simnet.manifests.encode import to_yaml_all
from simnet.names import ObjectKey
from simnet.testing import ingress, pod, service
from tests.unit.gateway_net import secret

HOST = "shop.t"
GATEWAY = ObjectKey("default", "gateway")


def converted(*objects: Any) -> tuple[Cluster, Conversion]:
    cluster = Cluster(nodes=1)
    cluster.apply([pod("web"), service("web"), pod("api"), service("api", port=8080, target_port=80), *objects])
    return cluster, convert(cluster)


def canary(**annotations: str) -> dict[str, Any]:
    return ingress("canary", host=HOST, paths={"/": "api"}, port=8080, annotations={"canary": "true", **annotations})


def answers(cluster: Cluster, found: Conversion, scheme: str, host: str, target: str, *headers: tuple[str, str]) -> str:
    """What the two differ in for one request, '' when they do not."""
    controller = next(iter(cluster.view.ingress.all())).name
    difference = Pair(cluster, controller, found.manifests, GATEWAY).difference(Asked(scheme, host, target, "GET", headers))
    return "" if difference is None else str(difference.behaviour)


KEPT = [  # sentence, objects, requests that both answer the same
    ("hosts and prefixes", [ingress("a", host=HOST, paths={"/": "web", "/foo": "web"})],
     [("http", HOST, each) for each in ("/", "/foo", "/foo/", "/foobar", "/FOO")] + [("http", "other.t", "/")]),
    ("the final slash of a prefix", [ingress("a", host=HOST, paths={"/foo/": "web"})],
     [("http", HOST, each) for each in ("/foo", "/foo?a=1", "/foo/", "/foo/x", "/")]),
    ("a rewrite of everything", [ingress("a", host=HOST, paths={"/foo": "web"}, annotations={"rewrite-target": "/"})],
     [("http", HOST, each) for each in ("/foo", "/FOO/x", "/foobar?q=1", "/other")]),
    ("a certificate and the redirect to it", [ingress("a", host=HOST, tls="tls", paths={"/": "web"}), secret("tls", HOST)],
     [("https", HOST, "/x"), ("http", HOST, "/x"), ("http", HOST, "/x?y=1")]),
    ("a canary by weight", [ingress("a", host=HOST, paths={"/": "web"}), canary(**{"canary-weight": "20"})],
     [("http", HOST, "/x")]),
    ("a canary by header and weight", [ingress("a", host=HOST, paths={"/": "web"}),
                                       canary(**{"canary-weight": "20", "canary-by-header": "X-C"})],
     [("http", HOST, "/x", ("X-C", each)) for each in ("always", "never", "other")]),
    ("a canary by cookie", [ingress("a", host=HOST, paths={"/": "web"}), canary(**{"canary-by-cookie": "c"})],
     [("http", HOST, "/x", ("Cookie", each)) for each in ("c=always", "b=1; c=always", "c=never", "cc=always")]),
    ("redirects elsewhere", [ingress("a", host=HOST, paths={"/": "web"}, annotations={
        "permanent-redirect": "https://new.example/home", "permanent-redirect-code": "308"})], [("http", HOST, "/x")]),
    ("a host for the backend", [ingress("a", host=HOST, paths={"/": "web"}, annotations={"upstream-vhost": "inner.t"})],
     [("http", HOST, "/x")]),
    ("a port by its target", [ingress("a", host=HOST, paths={"/": "api"}, port=80)], [("http", HOST, "/x")]),
    ("two namespaces on a host with patterns", [
        ingress("a", host=HOST, paths={"/foo": "web"}, annotations={"rewrite-target": "/"}), pod("far", namespace="red"),
        service("far", namespace="red"), ingress("b", host=HOST, paths={"/bar": "far"}, namespace="red")],
     [("http", HOST, each) for each in ("/foo", "/bar/x", "/barx")]),
]


@pytest.mark.parametrize(("sentence", "objects", "requests"), KEPT, ids=[row[0] for row in KEPT])
def test_what_is_kept(sentence: str, objects: list[Any], requests: list[Any]) -> None:
    cluster, found = converted(*objects)
    assert [(each, answers(cluster, found, *each)) for each in requests if answers(cluster, found, *each)] == []


LOST = [  # sentence, objects, behaviour
    ("normalised paths", [ingress("a", host=HOST, paths={"/foo": "web"})], Behaviour.AS_SENT),
    ("one label", [ingress("a", host="*.w.t", paths={"/": "web"})], Behaviour.LABELS),
    ("the fallback certificate", [ingress("a", host=HOST)], Behaviour.FALLBACK),
    ("large bodies", [ingress("a", host=HOST, paths={"/": "web"})], Behaviour.BODY),
    ("health", [ingress("a", host=HOST)], Behaviour.HEALTH),
    ("an address list", [ingress("a", host=HOST, paths={"/": "web"}, annotations={"allowlist-source-range": "10.0.0.0/8"})],
     Behaviour.ACCESS),
    ("a Service that is not there", [ingress("a", host=HOST, paths={"/": "gone"})], Behaviour.BACKEND),
    ("the query of a redirect", [ingress("a", host=HOST, annotations={"permanent-redirect": "https://n.t/"})], Behaviour.QUERY),
    ("groups without a recipe", [ingress("a", host=HOST, paths={"/a(b)(c)": "web"}, annotations={"rewrite-target": "/$2"})],
     Behaviour.REWRITE),
    ("affinity", [ingress("a", host=HOST, paths={"/": "web"}, annotations={"affinity": "cookie"})], Behaviour.AFFINITY),
    ("the final slash before HTTPS", [ingress("a", host=HOST, tls="tls", paths={"/": "web"}), secret("tls", HOST)],
     Behaviour.FINAL_SLASH),
]


@pytest.mark.parametrize(("sentence", "objects", "behaviour"), LOST, ids=[row[0] for row in LOST])
def test_what_is_lost_has_a_witness(sentence: str, objects: list[Any], behaviour: Behaviour) -> None:
    for each in objects:
        for rule in each["spec"].get("rules", ()) if each["kind"] == "Ingress" else ():
            for path in rule["http"]["paths"]:
                path["pathType"] = "ImplementationSpecific"
    _, found = converted(*objects)
    lost = next(each for each in found.lost if each.behaviour is behaviour)
    assert (lost.ingress != lost.gateway and HOST in lost.asked.command) or lost.behaviour in (Behaviour.LABELS, Behaviour.HEALTH)
    assert not [each for each in found.lost if each.behaviour is Behaviour.ANOTHER]


def test_the_usual_recipe_becomes_a_replaced_prefix() -> None:
    """Path /api(/|$)(.*) with target /$2: the part behind the prefix is kept. Source: rule X-7."""
    cluster, found = converted(ingress("a", host=HOST, paths={"/api(/|$)(.*)": "web"}, annotations={"rewrite-target": "/$2"}))
    for target in ("/api", "/api/", "/api/x/y?z=1", "/apix"):
        assert answers(cluster, found, "http", HOST, target) == "", target


def test_what_is_printed_is_admitted_and_what_is_lost_stands_above_it() -> None:
    cluster, found = converted(ingress("a", host=HOST, tls="tls", paths={"/": "web"}), secret("tls", HOST))
    again = read_manifests(to_yaml_all(found.manifests), rules=admissible)
    assert [each.kind for each in again] == ["GatewayClass", "Gateway", "HTTPRoute", "HTTPRoute"]
    assert found.converted == ("ingress/default/a",)
    twin = cluster.fork()
    twin.delete("ingress/a")
    twin.apply(to_yaml_all(found.manifests))
    assert twin.request(f"https://{HOST}/", "198.51.100.7", insecure=True).result == "200"


def test_more_than_sixteen_rules_are_several_routes() -> None:
    _, found = converted(ingress("a", host=HOST, paths={f"/p{n}": "web" for n in range(20)}))
    assert [each["metadata"]["name"] for each in found.manifests if each["kind"] == "HTTPRoute"] == ["shop-t-01", "shop-t-02"]


def test_the_command(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(to_yaml_all([pod("web"), service("web"), ingress("shop", host=HOST, paths={"/": "web"})]), encoding="utf-8")
    assert main(["convert", "ingress", "-f", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# from ingress/default/shop\n#\n# cannot be kept: ") and "\nkind: HTTPRoute\n" in out
    assert main(["convert", "ingress", "-f", str(file), "--format", "json", "--check", "--gateway", "edge/gw"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "simnet/conversion/v1" and data["manifests"][1]["metadata"] == {"name": "gw", "namespace": "edge"}
    assert {each["behaviour"] for each in data["lost"]} >= {"FALLBACK", "BODY"}


def test_the_command_says_what_is_wrong(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(to_yaml_all([service("web")]), encoding="utf-8")
    assert main(["convert", "ingress", "-f", str(file)]) == 1
    assert "no Ingress that a controller serves" in capsys.readouterr().err
    assert main(["convert", "ingress", "-f", str(file), "--gateway", "gw"]) == 2
    assert "NAMESPACE/NAME" in capsys.readouterr().err
