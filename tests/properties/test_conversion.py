"""Ingress against the HTTPRoutes made of it, on random Ingresses and random requests: whatever differs was announced."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnet import Cluster
from simnet.convert import convert
from simnet.convert.witness import Asked, Behaviour, Pair
from simnet.names import ObjectKey
from simnet.testing import pod, service
from tests.unit.gateway_net import secret

HOSTS = ("a.t", "b.t", "*.w.t", "x.w.t", None)
NAMES = ("a.t", "b.t", "x.w.t", "y.w.t", "z.y.w.t", "w.t", "nobody.t", "A.t", "b.t:8080")
PATHS = ("/", "/foo", "/foo/", "/foo/bar", "/Foo", "/fo", "/foo/bar/", "/x y")
TARGETS = st.lists(st.sampled_from(["foo", "bar", "FOO", "fo", "x%20y", ""]), max_size=3).map(lambda parts: "/" + "/".join(parts))
WORLD = [pod("web"), service("web"), pod("api"), service("api"), pod("far", namespace="red"), service("far", namespace="red"),
         secret("tls", "a.t", "b.t"), secret("wild", "*.w.t"), secret("tls", "a.t", "b.t", namespace="red")]
HIDDEN = {Behaviour.FALLBACK, Behaviour.AS_SENT, Behaviour.LABELS}
"""What stands in front of everything else: a request that shows one of these may hide another difference."""


@st.composite
def ingresses(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to three Ingresses over few hosts and paths, so that they meet."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        namespace = draw(st.sampled_from(["default", "default", "red"]))
        host = draw(st.sampled_from(HOSTS))
        services = ["far"] if namespace == "red" else ["web", "api", "gone"]
        paths = [{"path": path, "pathType": draw(st.sampled_from(["Prefix", "Exact", "ImplementationSpecific"])),
                  "backend": {"service": {"name": draw(st.sampled_from(services)), "port": {"number": 80}}}}
                 for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True))]
        annotations = draw(st.sampled_from([{}, {}, {"rewrite-target": "/"}, {"rewrite-target": "/new"}, {"ssl-redirect": "false"},
                                            {"app-root": "/start"}, {"permanent-redirect": "https://o.t/x"}]))
        spec: dict[str, Any] = {"ingressClassName": "nginx", "rules": [{**({"host": host} if host else {}),
                                                                       "http": {"paths": paths}}]}
        if host and draw(st.booleans()):
            spec["tls"] = [{"hosts": [host], "secretName": "wild" if "w.t" in host and namespace == "default" else "tls"}]
        found.append({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {
            "name": f"i{number}", "namespace": namespace,
            "annotations": {f"nginx.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}}, "spec": spec})
    return found


ASKED = st.builds(lambda scheme, host, target: Asked(scheme, host, target), st.sampled_from(["http", "http", "https"]), st.sampled_from(NAMES),
                  st.builds(lambda target, query: target + query, TARGETS, st.sampled_from(["", "", "?a=1", "?b=/"])))


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ingresses(), st.lists(ASKED, min_size=12, max_size=12))
def test_whatever_differs_was_announced(objects: list[dict[str, Any]], requests: list[Asked]) -> None:
    cluster = Cluster(nodes=1)
    cluster.apply([*WORLD, *objects])
    found = convert(cluster)
    announced = {each.behaviour for each in found.lost}
    assert Behaviour.ANOTHER not in announced, found.lost
    pair = Pair(cluster, next(iter(cluster.view.ingress.all())).name, found.manifests, ObjectKey("default", "gateway"))
    for asked in requests:
        difference = pair.difference(asked)
        if difference is not None:
            assert difference.behaviour in announced | HIDDEN, (asked.command, difference)
