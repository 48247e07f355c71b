"""Walks over random clusters: they end, are pure, agree with `outcomes`, and every one can be explained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import simnet
from simnet.testing import pod, service

LABELS = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from([None, "NodePort", "LoadBalancer"])
POLICIES = st.sampled_from(["Cluster", "Local"])


@st.composite
def clusters(draw: st.DrawFn) -> simnet.Cluster:
    """Up to three nodes, a few pods of three labels, up to three Services of every type and policy."""
    cluster = simnet.Cluster(nodes=draw(st.integers(1, 3)), seed=draw(st.integers(0, 5)))
    objects: list[dict[str, Any]] = [pod(f"pod-{i}", labels={"app": draw(LABELS)}) for i in range(draw(st.integers(1, 6)))]
    for i in range(draw(st.integers(1, 3))):
        kind = draw(KINDS)
        extra: dict[str, Any] = {"internalTrafficPolicy": draw(POLICIES)}
        if kind is not None:
            extra["externalTrafficPolicy"] = draw(POLICIES)
        if draw(st.booleans()):
            extra["sessionAffinity"] = "ClientIP"
        objects.append(service(f"svc-{i}", selector={"app": draw(LABELS)}, type=kind,
                               target_port=draw(st.sampled_from([80, 81])), **extra))
    cluster.apply(objects)
    return cluster


def urls(cluster: simnet.Cluster) -> list[str]:
    """Every way to every Service and pod, and a few to nobody."""
    found = ["http://svc-0/", "http://svc-9/", "tcp://10.250.0.1:80", "http://svc-0.default.svc.cluster.local./"]
    for each in cluster.list("service"):
        spec = each.manifest["spec"]
        found.append(f"tcp://{spec['clusterIP']}:{spec['ports'][0]['port']}")
        for node in cluster.list("node"):
            address = node.manifest["status"]["addresses"][0]["address"]
            found += [f"tcp://{address}:{port['nodePort']}" for port in spec["ports"] if "nodePort" in port]
    found += [f"tcp://{each.manifest['status']['podIP']}:80" for each in cluster.list("pod")]
    return found


def sources(cluster: simnet.Cluster) -> list[str]:
    return ["pod/pod-0", "node/node-1", "laptop", "198.51.100.9"]


@given(clusters(), st.data())
def test_a_walk_ends_is_pure_and_is_one_of_the_outcomes(cluster: simnet.Cluster, data: st.DataObject) -> None:
    url, source = data.draw(st.sampled_from(urls(cluster))), data.draw(st.sampled_from(sources(cluster)))
    before = cluster.dump()
    trace = cluster.trace(url, source)
    assert isinstance(trace.verdict, simnet.Verdict) and trace.verdict is not simnet.Verdict.LOOPED
    assert simnet.explain(trace) == simnet.explain(cluster.trace(url, source))
    outcomes = cluster.outcomes(url, source)
    assert sum(share for share, _ in outcomes) == 1
    assert trace.result in outcomes.results
    if trace.endpoint is not None:
        assert trace.endpoint.text in outcomes.endpoints
    assert cluster.dump() == before


@given(clusters(), st.data())
@settings(max_examples=30)
def test_every_step_follows_from_the_one_before(cluster: simnet.Cluster, data: st.DataObject) -> None:
    """The steps taken are the trace: each starts where the last one ended, and only the last has a verdict."""
    url, source = data.draw(st.sampled_from(urls(cluster))), data.draw(st.sampled_from(sources(cluster)))
    steps = cluster.trace(url, source).steps
    for step, following in pairwise(steps):
        assert step.after is following.before and step.because.verdict is None
    assert steps[-1].after is None and steps[-1].because.verdict is not None


@given(clusters(), st.data())
@settings(max_examples=30)
def test_a_fork_answers_as_its_original(cluster: simnet.Cluster, data: st.DataObject) -> None:
    url, source = data.draw(st.sampled_from(urls(cluster))), data.draw(st.sampled_from(sources(cluster)))
    cluster.request("http://svc-0/", "pod/pod-0")
    twin = cluster.fork()
    assert twin.dump() == cluster.dump()
    assert simnet.explain(twin.trace(url, source)) == simnet.explain(cluster.trace(url, source))
