"""Findings about Gateways: the code, and a fix that was tried; and what a trace says about matches that lost."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.diagnosis import codes, diagnose
from simnet.testing import gateway, http_route, listener
from tests.unit.gateway_net import ask, backend, net, secret

FAR = http_route(rules=[{"backendRefs": [{"name": "far", "namespace": "other", "port": 80}]}])
PATHS = http_route(hosts="shop.t", paths={"/cart": "a", "/one/two": "b"})

BROKEN = [  # sentence, objects, URL, code, part of a fix or of the advice
    ("a section that is not there", [http_route(to="a", parent="gw#htp")], "http://h.t/", "GWY-ATTACH", '"value": "http"'),
    ("a namespace that is not allowed", [http_route(to="default/a", parent="default/gw", namespace="red")], "http://h.t/",
     "GWY-ATTACH", "allowedRoutes"),
    ("a Service with a slip", [http_route(to="aa")], "http://h.t/", "GWY-BACKEND", '"value": "a"'),
    ("a port the Service does not have", [http_route(to="a:81")], "http://h.t/", "GWY-BACKEND", '"value": 80'),
    ("no grant", [FAR, *backend("far", "other")], "http://h.t/", "GWY-GRANT", "ReferenceGrant in namespace other"),
    ("a host with a slip", [PATHS], "http://shpo.t/cart", "GWY-HOST", "shop.t"),
    ("a path beside", [PATHS], "http://shop.t/Cart", "GWY-MATCH", "/cart"),
    ("no weight", [http_route(to={"a": 0})], "http://h.t/", "GWY-BACKEND", "weight"),
    ("a name in the handshake that nobody has", [gateway("gw", listener("s", hostname="s.t", tls="s")), secret("s", "s.t")],
     "https://x.t/", "GWY-TLS", "--resolve"),
]


@pytest.mark.parametrize(("sentence", "objects", "url", "code", "says"), BROKEN, ids=[row[0] for row in BROKEN])
def test_what_is_found(sentence: str, objects: list[Any], url: str, code: str, says: str) -> None:
    cluster = net(*objects)
    trace = ask(cluster, url)
    assert code in codes(cluster, trace)
    assert says in str(diagnose(cluster, trace))


def test_a_cluster_at_rest() -> None:
    cluster = net(gateway("gw"), gateway("lost", class_name="nginx"), http_route("r", to="a", parent="gw#x"), FAR)
    found = {(each.code, each.objects[0]) for each in diagnose(cluster)}
    assert {("GWY-CLASS", "gateway/default/lost"), ("GWY-ATTACH", "httproute/default/r"),
            ("GWY-GRANT", "httproute/default/web")} <= found


def test_a_healthy_one_has_nothing_to_say() -> None:
    cluster = net(http_route(to="a"))
    assert [each.code for each in diagnose(cluster) if each.code.startswith("GWY")] == []


LOST = [  # rules, URL, line of the explanation
    ({"/": "a", "/v2": "b"}, "http://h.t/v2", "lost: PathPrefix / (rule 1 of HTTPRoute default/web): it matches, and a longer "
     "path wins"),
    ({"/v2": "a"}, "http://h.t/v3", "lost: PathPrefix /v2 (rule 1 of HTTPRoute default/web): its path does not match"),
    ({"/v2": "a"}, "http://h.t/v2x", "near miss: PathPrefix /v2 (rule 1 of HTTPRoute default/web) would take it if the path "
     "went on with a slash"),
]


@pytest.mark.parametrize(("paths", "url", "line"), LOST)
def test_what_lost_and_why(paths: dict[str, str], url: str, line: str) -> None:
    text = simnet.explain(ask(net(http_route(paths=paths)), url))
    assert line in text.replace("\n    ", " ")


def test_the_table_of_losers_has_every_route() -> None:
    cluster = net(gateway("gw", listener(), listener("x", hostname="x.t")), http_route("elsewhere", to="b", parent="gw#x"),
                  http_route("loose", to="b", parent="gw#none"), http_route("other", to="b", hosts="other.t"),
                  http_route("r", to="a", hosts="h.t", parent="gw#http"), http_route("wide", to="b", parent="gw#http"))
    trace = ask(cluster, "http://h.t/")
    chosen = next(step.because for step in trace.steps if type(step.because).__name__ == "RuleChosen")
    assert {each.entry.route.name: each.loss.name for each in chosen.losers()} == {
        "elsewhere": "LISTENER", "loose": "UNATTACHED", "other": "HOST", "wide": "LESS_SPECIFIC"}


def test_a_trace_keeps_the_table_it_was_decided_from() -> None:
    cluster = net(http_route("r", to="a"), http_route("s", to="b", hosts="s.t"))
    trace = ask(cluster, "http://h.t/")
    before = simnet.explain(trace)
    cluster.delete("httproute/s")
    cluster.apply(http_route("r", to="b", hosts="changed.t"))
    assert simnet.explain(trace) == before
