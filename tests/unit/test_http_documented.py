"""Profile spec: what the Kubernetes documents promise and nothing else (section 0 of the Ingress semantics)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.dataplane.http.decisions import RuleChosen
from tests.unit.ingress_world import ask, cluster_of, ingress, pod, service, status, taker

DOCS = "kubernetes/website content/en/docs/concepts/services-networking/ingress.md"


def world(*ingresses: dict[str, Any], **settings: Any) -> simnet.Cluster:
    cluster = cluster_of(*(each for app in ("a", "b", "c") for each in (service(app), pod(f"{app}-0", app))),
                         ingress={"profile": "spec"}, **settings)
    for each in ingresses:
        cluster.advance(1)
        cluster.apply(each)
    return cluster


def one(path: str, path_type: str = "Prefix", **more: str) -> dict[str, Any]:
    return ingress("a", path=path, path_type=path_type, **more)


# Ingresses, target, who takes it, source
ROWS = [
    ([one("/foo/")], "/foo", "a", "section 0: matches, no redirect"),
    ([one("/foo/", "Exact")], "/foo", "404", "section 0"),
    ([one("/foo", "Exact")], "/foo/", "404", DOCS),
    ([one("/foo", "ImplementationSpecific")], "/foo/x", "a", "section 0: treat as Prefix"),
    ([one("/foo")], "/foobar", "404", DOCS),
    ([one("/foo")], "/FOO", "404", DOCS),
    ([one("/foo", use_regex="true")], "/FOO", "404", "section 0: no such thing"),
    ([one("/foo", rewrite_target="/")], "/foo/x", "a", "section 0: annotations are nothing the documents promise"),
    ([one("/", whitelist_source_range="10.0.0.0/8")], "/", "a", "annotations"),
    ([one("/foo")], "/foo/../bar", "a", "section 0: unspecified, taken as sent"),
    ([one("/foo")], "//foo", "404", "section 0: unspecified, taken as sent"),
    ([one("/"), ingress("b", path="/foo", name="j")], "/foo/x", "b", DOCS),
    ([one("/foo"), ingress("b", path="/foo", path_type="Exact", name="j")], "/foo", "b", DOCS),
    ([one("/foo", host="*.t")], "/foo", "a", DOCS),
    ([one("/foo", host="*.t"), ingress("b", path="/bar", name="j")], "/foo", "404", "section 0: no fall-back"),
]


@pytest.mark.parametrize(("ingresses", "target", "expected", "source"), ROWS)
def test_where_a_request_goes(ingresses: list[dict[str, Any]], target: str, expected: str, source: str) -> None:
    assert taker(ask(world(*ingresses), target_line=target)) == expected, source


def with_default(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return {**manifest, "spec": {**manifest["spec"], "defaultBackend": {"service": {"name": name, "port": {"number": 80}}}}}


def test_what_no_rule_takes_goes_to_a_default_backend() -> None:
    own = world(with_default(one("/foo"), "b"), with_default(ingress("a", host="o.t", name="other"), "c"))
    assert (taker(ask(own, "http://h.t/x")), taker(ask(own, "http://nobody.t/"))) == ("b", "b"), DOCS
    others = world(one("/foo"), with_default(ingress("a", host="o.t", name="other"), "c"))
    assert (taker(ask(others, "http://h.t/x")), taker(ask(others, "http://o.t/"))) == ("c", "a"), DOCS


def test_tls_and_plain_http_are_both_served() -> None:
    tls = {**one("/"), "spec": {**one("/")["spec"], "tls": [{"hosts": ["h.t"], "secretName": "missing"}]}}
    cluster = world(tls)
    assert (taker(ask(cluster, "http://h.t/")), taker(ask(cluster, "https://h.t/"))) == ("a", "a"), "section 0"
    answer = ask(cluster, "https://h.t/").response
    assert answer is not None and answer.header("strict-transport-security") is None


def test_the_backend_gets_the_request_as_it_was_sent() -> None:
    trace = ask(world(one("/")), "http://h.t/a//b?q", headers=[("X-Own", "1"), ("X-Forwarded-For", "192.0.2.9")])
    request = next(step.because.request for step in trace.steps if isinstance(step.because, RuleChosen))
    assert (request.host, request.target) == ("h.t", "/a//b?q")
    assert request.headers == (("X-Own", "1"), ("X-Forwarded-For", "192.0.2.9"))


def test_a_target_port_is_no_port_of_the_service() -> None:
    backend = {"service": {"name": "a", "port": {"number": 8080}}}
    wrong = one("/")
    wrong["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend
    assert status(ask(world(wrong))) == 503, "B-2 is ingress-nginx's own"


def test_explanations_work_in_this_profile_too() -> None:
    trace = ask(world(one("/foo"), ingress("b", path="/bar", name="j")), "http://h.t/baz")
    text = simnet.explain(trace)
    assert "near miss: h.t/bar (Prefix) of Ingress default/j" in text and "lost: h.t/foo (Prefix)" in text
