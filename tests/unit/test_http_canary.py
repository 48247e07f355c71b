"""Canaries: which requests they take, and what they hang on (section 15 of the Ingress semantics)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import simnet
from simnet.dataplane.http.decisions import RuleChosen
from tests.unit.ingress_world import ask, cluster_of, ingress, pod, service, shares, taker

LUA = "kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer.lua"


def world(*ingresses: dict[str, Any], apps: str = "main next third", **more: Any) -> simnet.Cluster:
    """Services and one pod for each app, and these Ingresses, the first the oldest."""
    cluster = cluster_of(*(each for app in apps.split() for each in (service(app), pod(f"{app}-0", app))), **more)
    for each in ingresses:
        cluster.advance(1)
        cluster.apply(each)
    return cluster


MAIN = ingress("main")


def canary(target: str = "next", name: str = "canary", **annotations: str) -> dict[str, Any]:
    where = {key: annotations.pop(key) for key in ("host", "path") if key in annotations}
    return ingress(target, name=name, canary="true", **where, **annotations)


# annotations of the canary, headers, share of the canary, source
POLICIES = [
    ({}, [], 0, "Y-5: weight 0 is the default"),
    ({"canary_by_header": "X-C"}, [("X-C", "always")], 1, "Y-3"),
    ({"canary_by_header": "X-C"}, [("x-c", "always")], 1, "Y-3: names ignore case"),
    ({"canary_by_header": "X-C", "canary_weight": "100"}, [("X-C", "never")], 0, "Y-3"),
    ({"canary_by_header": "X-C", "canary_weight": "100"}, [("X-C", "Never")], 1, "Y-3: other values fall through"),
    ({"canary_by_header": "X-C", "canary_by_header_value": "blue"}, [("X-C", "blue")], 1, "Y-3"),
    ({"canary_by_header": "X-C", "canary_by_header_value": "blue"}, [("X-C", "Blue")], 0, "Y-3: case counts"),
    ({"canary_by_header": "X-C", "canary_by_header_value": "blue"}, [("X-C", "always")], 0, "Y-3: always included"),
    ({"canary_by_header": "X-C", "canary_by_header_value": "blue", "canary_weight": "100"}, [("X-C", "never")], 1,
     "Y-3: never falls through to the weight"),
    ({"canary_by_header": "X-C", "canary_by_header_pattern": "^b[lu]+e"}, [("X-C", "bluest")], 1, "Y-3: unanchored"),
    ({"canary_by_header": "X-C", "canary_by_header_pattern": "^b"}, [("X-C", "ab")], 0, "Y-3"),
    ({"canary_by_header": "X-C", "canary_by_header_pattern": "(", "canary_weight": "100"}, [("X-C", "x")], 0,
     "Y-3: a broken pattern means main"),
    ({"canary_by_header": "X-C", "canary_by_header_value": "a", "canary_by_header_pattern": "b"}, [("X-C", "b")], 0,
     "Y-3: value beats pattern"),
    ({"canary_by_cookie": "c"}, [("Cookie", "x=1; c=always")], 1, "Y-4"),
    ({"canary_by_cookie": "c", "canary_weight": "100"}, [("Cookie", "c=never")], 0, "Y-4"),
    ({"canary_by_cookie": "c", "canary_weight": "100"}, [("Cookie", "c=1")], 1, "Y-4: other values fall through"),
    ({"canary_by_header": "X-C", "canary_by_cookie": "c"}, [("X-C", "never"), ("Cookie", "c=always")], 0,
     "Y-3, Y-4: header first"),
    ({"canary_weight": "25"}, [], Fraction(1, 4), "Y-5"),
    ({"canary_weight": "5", "canary_weight_total": "1000"}, [], Fraction(1, 200), "Y-5"),
    ({"canary_weight": "5", "canary_weight_total": "10"}, [], Fraction(1, 20), "Y-5: smaller totals count as 100"),
    ({"canary_weight": "250"}, [], 1, "Y-5: at or above the total"),
    ({"canary_weight": "half"}, [], 0, "K-17: ignored"),
]


@pytest.mark.parametrize(("annotations", "headers", "expected", "source"), POLICIES,
                         ids=[f"{row[0]} {row[1]}" for row in POLICIES])
def test_which_requests_the_canary_takes(annotations: dict[str, str], headers: list[tuple[str, str]], expected: Any,
                                         source: str) -> None:
    cluster = world(MAIN, canary(**annotations))
    wanted = {name: share for name, share in (("main", 1 - expected), ("next", expected)) if share}
    assert shares(cluster, headers=headers) == wanted, (source, LUA)


# what is asked, Ingresses oldest first, url, who takes it, source
PLACES = [
    ("a canary adds no path", [ingress("main", path="/a"), canary(path="/b", canary_weight="100")], "http://h.t/b", "404",
     "Y-1"),
    ("another path type is another place",
     [ingress("main", path="/a", path_type="Exact"), canary(path="/a", canary_weight="100")], "http://h.t/a", "main", "Y-1"),
    ("the same path attaches", [ingress("main", path="/a"), canary(path="/a", canary_weight="100")], "http://h.t/a", "next",
     "Y-1"),
    ("a canary alone serves nothing", [canary(canary_weight="100")], "http://h.t/", "404", "Y-2"),
    ("the main backend itself is no canary", [MAIN, canary("main", canary_weight="100")], "http://h.t/", "main", "Y-2"),
    ("only the oldest canary is asked",
     [MAIN, canary("next", canary_weight="0"), canary("third", "younger", canary_weight="100")], "http://h.t/", "main",
     "Y-6"),
    ("another path of the same backend gets it too",
     [ingress("main", path="/a"), ingress("main", path="/b", name="other"), canary(path="/a", canary_weight="100")],
     "http://h.t/b", "next", "Y-7"),
    ("and another host", [MAIN, ingress("main", host="o.t", name="other"), canary(canary_weight="100")], "http://o.t/x",
     "next", "Y-7"),
    ("a canary without endpoints leaves it to main", [MAIN, canary("nobody", canary_weight="100")], "http://h.t/", "main",
     "Y-8"),
    ("main without endpoints is 503 all the same", [ingress("nobody"), canary(canary_by_header="X")], "http://h.t/", "503",
     "Y-8"),
    ("a Service first seen in a canary has no location of its own",
     [canary("next", canary_weight="100"), ingress("next", name="later")], "http://h.t/", "404", "Y-9"),
    ("one that an ordinary Ingress had first has, and the canary no policy",
     [ingress("next", host="o.t", name="first"), MAIN, canary("next", canary_weight="100")], "http://h.t/", "main",
     "controller.go createUpstreams: the policy belongs to whoever made the upstream"),
    ("the canary's other annotations are ignored",
     [MAIN, canary(canary_weight="100", permanent_redirect="https://n.t/")], "http://h.t/", "next", "Y-1"),
    ("a canary of the catch-all", [{**ingress("main"), "spec": {"ingressClassName": "nginx", "defaultBackend": {
        "service": {"name": "main", "port": {"number": 80}}}}}, {**canary(canary_weight="100"), "spec": {
            "ingressClassName": "nginx", "defaultBackend": {"service": {"name": "next", "port": {"number": 80}}}}}],
     "http://any.t/", "next", "controller.go mergeAlternativeBackends: catch-all alternative backends"),
]


@pytest.mark.parametrize(("what", "ingresses", "url", "expected", "source"), PLACES, ids=[row[0] for row in PLACES])
def test_what_a_canary_hangs_on(what: str, ingresses: list[dict[str, Any]], url: str, expected: str, source: str) -> None:
    assert taker(ask(world(*ingresses), url)) == expected, source


def test_a_canary_that_comes_or_goes_is_noticed_on_every_host_of_its_backend() -> None:
    cluster = world(MAIN, ingress("main", host="o.t", name="other"))
    assert taker(ask(cluster, "http://o.t/")) == "main"
    cluster.apply(canary(canary_weight="100"))
    assert taker(ask(cluster, "http://o.t/")) == "next", "Y-7"
    cluster.delete("ingress/canary")
    assert taker(ask(cluster, "http://o.t/")) == "main", "Y-7"


def test_a_reserved_backend_is_free_again_when_its_canary_goes() -> None:
    cluster = world(canary("next", canary_weight="100"), ingress("next", name="later"))
    assert taker(ask(cluster)) == "404"
    cluster.delete("ingress/canary")
    assert taker(ask(cluster)) == "next", "Y-9"


def test_the_choice_says_what_decided() -> None:
    trace = ask(world(MAIN, canary(canary_by_header="X-C")), headers=[("X-C", "always")])
    chosen = next(step.because for step in trace.steps if isinstance(step.because, RuleChosen))
    assert (chosen.why, chosen.upstream.service.name) == ("canary-by-header", "next")
    assert "canary" in simnet.explain(trace)


def test_a_try_after_a_failure_stays_with_the_canary() -> None:
    cluster = world(MAIN, canary(canary_weight="100"))
    cluster.apply(pod("next-1", "next", image="registry.example/other"))
    closed = cluster.get("pod", "next-0")
    assert closed is not None
    for _ in range(6):
        assert taker(ask(cluster)) == "next", f"Y-5, {LUA} get_balancer: once a request"


# with affinity ---------------------------------------------------------------------------------------------------

def cookie_of(trace: simnet.Trace) -> str:
    assert trace.response is not None
    return (trace.response.header("set-cookie") or "").partition(";")[0]


def held(behavior: str, where: str) -> str:
    """Who takes a client that was once served by `where`, when header says the opposite."""
    sticky = {**MAIN, "metadata": {**MAIN["metadata"], "annotations": {"nginx.ingress.kubernetes.io/affinity": "cookie"}}}
    more = {"affinity_canary_behavior": behavior} if behavior else {}
    cluster = world(sticky, canary(canary_by_header="X-C", **more))
    first = ask(cluster, headers=[("X-C", "always" if where == "next" else "never")])
    assert taker(first) == where
    cookie = cookie_of(first)
    headers = [("X-C", "never" if where == "next" else "always")] + ([("Cookie", cookie)] if cookie else [])
    return taker(ask(cluster, headers=headers))


def test_a_client_stays_with_main_or_canary_whatever_header_it_sends() -> None:
    assert (held("", "main"), held("", "next")) == ("main", "next"), "Y-10"
    assert held("sticky", "next") == "next", "Y-10"


def test_legacy_behaviour_lets_a_client_leave_the_canary() -> None:
    assert held("legacy", "next") == "main", "Y-10"


def test_a_canary_recompiles_the_hosts_of_its_backends_only() -> None:
    hosts = [ingress("main", host=f"h{number}.t", name=f"i{number}") for number in range(10)]
    others = [ingress("third", host=f"o{number}.t", name=f"j{number}") for number in range(10)]
    cluster = world(*hosts, *others)

    def ask_all() -> None:
        for number in range(10):
            ask(cluster, f"http://h{number}.t/")
            ask(cluster, f"http://o{number}.t/")

    ask_all()
    with cluster.counting() as work:
        cluster.apply(canary(host="h3.t", canary_weight="100"))
        ask_all()
    assert work.hosts_compiled == 1, "a new canary touches its own host; nobody else has its backend"
    with cluster.counting() as work:
        cluster.apply(ingress("main", host="h7.t", name="i7", path="/new"))
        ask_all()
    assert work.hosts_compiled == 1
