"""Whatever the cluster and the request are: every possible walk explains, in every form, and diagnosing it never fails."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.dataplane.walk import STAGE_AT
from simnet.diagnosis import codes, diagnose
from simnet.diagnosis.symptoms import is_healthy
from simnet.expect.grammar import HOP_KINDS, HOPS
from simnet.explain import explain, hops_of, one_line, to_json
from simnet.explain.graph import onward
from tests.unit.explain_world import client, ingress, pod, secret, service

ONWARD = {place: onward(stage) for place, stage in STAGE_AT.items()}
HOSTS = st.sampled_from(("shop.example.test", "shop.example.tset", "*.example.test", ""))
NAMES = st.sampled_from(("web", "wbe", "api", "docs"))
PORTS = st.sampled_from((80, 8080, "http", 443))


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """One or two nodes; pods, Services and Ingresses that may or may not fit together; perhaps a cut link."""
    cluster = Cluster(nodes=draw(st.sampled_from((1, 2))), proxy={"mode": draw(st.sampled_from(("iptables", "nftables")))},
                      dns={"transport": draw(st.sampled_from(("pods", "direct")))},
                      addons=draw(st.sampled_from((("coredns", "ingress-nginx"), ("ingress-nginx",), ("coredns",)))))
    images = st.sampled_from(("nginx:1.25", "kennethreitz/httpbin", "registry.example/app", "busybox"))
    objects: list[dict[str, Any]] = [client()]
    objects += [pod(f"pod-{index}", draw(NAMES), draw(images)) for index in range(draw(st.integers(0, 3)))]
    objects.append(service(draw(NAMES), selector={"app": draw(NAMES)}, type=draw(st.sampled_from(("ClusterIP", "NodePort"))),
                           port={"port": 80, "targetPort": draw(PORTS)}))
    objects.append(ingress(host=draw(HOSTS), backend={"name": draw(NAMES), "port": {"number": 80}},
                           paths=draw(st.sampled_from(((("/", "Prefix"),), (("/shop", "Exact"),)))),
                           ingressClassName=draw(st.sampled_from(("nginx", "ngnix", None))),
                           tls=draw(st.sampled_from((None, [{"hosts": ["shop.example.test"], "secretName": "shop-tls"}])))))
    if draw(st.booleans()):
        objects.append(secret())
    cluster.apply(objects)
    if draw(st.booleans()):
        bridge = f"bridge/{cluster.get('pod', 'client').node_name}"
        cluster.cut(*draw(st.sampled_from((("node/node-1", "router"), ("pod/default/client", bridge)))))
    return cluster


URLS = st.sampled_from((
    "http://web/", "http://docs.shop/", "http://10.96.0.50/", "http://10.96.0.50:8080/", "http://shop.example.test/shop",
    "https://shop.example.test/", "http://203.0.113.1/", "tcp://172.18.0.2:80", "tcp://127.0.0.1:30080",
    "udp://10.96.0.10:53", "http://10.244.0.77/"))
SOURCES = st.sampled_from(("pod/client", "laptop", "node/node-1", "198.51.100.9"))
AT = st.sampled_from((None, "203.0.113.1", "172.18.0.2"))


@given(clusters(), URLS, SOURCES, AT)
def test_every_walk_explains_and_diagnoses(cluster: Cluster, url: str, source: str, at: str | None) -> None:
    version = cluster.version
    outcomes = cluster.outcomes(url, source, at=at)
    for form in ("text", "tree", "json"):
        assert explain(outcomes, form) == explain(cluster.outcomes(url, source, at=at), form), "the same bytes"
    for trace in outcomes.traces:
        _explains(trace)
        _diagnoses(cluster, trace)
    assert cluster.version == version, "nothing that explains may change the cluster"


def _explains(trace: Trace) -> None:
    text = explain(trace)
    assert len(re.findall(r"^ *\d+\. ", text, re.MULTILINE)) == len(trace.steps)
    assert one_line(trace).count("\n") == 0 and explain(trace, "tree").splitlines()[-1]
    assert json.loads(explain(trace, "json")) == to_json(trace)
    for hop in hops_of(trace):
        assert hop in HOPS or hop.partition("/")[0] in HOP_KINDS, "what `path ... via` lines can name"
    for step in trace.steps:
        assert step.after is None or step.after.place in ONWARD[step.before.place]


def _diagnoses(cluster: Cluster, trace: Trace) -> None:
    findings = diagnose(cluster, trace)
    assert [each.code for each in findings] == codes(cluster, trace)
    if is_healthy(trace):
        assert not findings, "a healthy walk gives no finding"
    for each in findings:
        assert each.summary and each.observed and each.expected and str(each)
        assert 2 <= each.text.count(". ") + 1 <= 9
        assert [rung.question for rung in each.ladder] == [
            "exists", "name", "address", "endpoints", "listening", "policy", "route", "certificate"]


@given(clusters())
def test_a_whole_cluster_diagnoses(cluster: Cluster) -> None:
    version = cluster.version
    findings = diagnose(cluster)
    assert [each.code for each in findings] == codes(cluster)
    assert len({(each.code, each.objects[0]) for each in findings}) == len(findings), "each thing once"
    assert cluster.version == version
