"""What events may cost, in counted work; never in seconds."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import simnet
from simnet.dataplane.dns.encode import write_query
from simnet.server.dns import answer
from simnet.store.work import Work
from simnet.testing import deployment, ingress, pod, service


def cluster_of(services: int) -> simnet.Cluster:
    """`services` Services in one namespace, each selecting its own label, with two pods for the first ten."""
    cluster = simnet.Cluster(nodes=2)
    objects: list[Any] = [service(f"s{i}", selector={"app": f"a{i}"}) for i in range(services)]
    objects += [pod(f"p{i}-{j}", labels={"app": f"a{i}"}) for i in range(10) for j in range(2)]
    cluster.apply(objects)
    return cluster


def cost(cluster: simnet.Cluster, act: Any) -> Work:
    with cluster.counting() as work:
        act(cluster)
    return work


@pytest.fixture(scope="module")
def small() -> simnet.Cluster:
    return cluster_of(10)


@pytest.fixture(scope="module")
def large() -> simnet.Cluster:
    return cluster_of(10_000)


EVENTS = {
    "adding a pod": lambda cluster: cluster.apply(pod("new", labels={"app": "a7"})),
    "relabelling a pod": lambda cluster: cluster.apply(pod("p3-0", labels={"app": "a4"})),
    "deleting a pod": lambda cluster: cluster.delete("pod/p5-1"),
    "a request by name": lambda cluster: cluster.request("http://s7/", "pod/p1-0"),
    "adding a Service": lambda cluster: cluster.apply(service("more", selector={"app": "a2"})),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_costs_the_same_with_ten_and_with_ten_thousand_services(
        name: str, small: simnet.Cluster, large: simnet.Cluster) -> None:
    assert cost(small.fork(), EVENTS[name]) == cost(large.fork(), EVENTS[name])


LOOKUPS = {
    "a short name": lambda cluster: cluster.resolve("s7", "pod/p1-0"),
    "a name that is not there": lambda cluster: cluster.resolve("nosuch.elsewhere", "pod/p1-0"),
    "a reverse name": lambda cluster: cluster.query("10.0.96.10.in-addr.arpa.", "PTR"),
    "a message": lambda cluster: answer(cluster, write_query("s7.default.svc.cluster.local.", "SRV")),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_costs_the_same_with_ten_and_with_ten_thousand_services(
        name: str, small: simnet.Cluster, large: simnet.Cluster) -> None:
    """Counted where cost could hide: Python lines that run, which a loop over Services would multiply."""
    few, many = small.fork(), large.fork()
    assert cost(few, LOOKUPS[name]) == cost(many, LOOKUPS[name])
    few, many = small.fork(), large.fork()
    assert abs(lines_run(LOOKUPS[name], few) - lines_run(LOOKUPS[name], many)) < 50


def lines_run(act: Any, cluster: simnet.Cluster) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act(cluster)
    finally:
        sys.settrace(before)
    return count


def test_adding_a_pod_examines_only_matching_selectors(large: simnet.Cluster) -> None:
    """Labels never seen before examine the selectors filed under one of their pairs; known labels none at all."""
    twin = large.fork()
    assert cost(twin, EVENTS["adding a pod"]).selectors_examined == 0
    labels = {"app": "a7", "version": "never-seen"}
    work = cost(twin, lambda cluster: cluster.apply(pod("newer", labels=labels)))
    assert work.selectors_examined == 1
    assert work.endpoints_copied <= 100
    assert 1 <= work.commits <= 6


def test_a_trace_commits_nothing_and_compiles_each_table_once(large: simnet.Cluster) -> None:
    twin = large.fork()
    twin.trace("http://s7/", "pod/p1-0")
    work = cost(twin, lambda cluster: cluster.trace("http://s7/", "pod/p1-0"))
    assert work.commits == 0 and work.tables_built == 0 and work.lookups == 0
    assert 0 < work.stages_run <= 10


def test_one_changed_ingress_recompiles_one_host() -> None:
    cluster = simnet.Cluster(nodes=1)
    cluster.apply([service("web"), pod("web-1", labels={"app": "web"}),
                   *(ingress(f"i{i}", host=f"h{i}.example.com", paths={"/": "web"}) for i in range(50))])
    for i in range(50):
        cluster.trace(f"http://h{i}.example.com/", at="203.0.113.1")
    cluster.apply(ingress("i7", host="h7.example.com", paths={"/shop": "web"}))

    def ask_all(each: simnet.Cluster) -> None:
        for i in range(50):
            each.trace(f"http://h{i}.example.com/", at="203.0.113.1")

    assert cost(cluster, ask_all).hosts_compiled == 1


def test_a_pod_of_a_large_service_copies_one_slice_at_most() -> None:
    cluster = simnet.Cluster(nodes=4)
    cluster.apply([deployment("web", replicas=450), service("web")])
    work = cost(cluster, lambda each: each.apply(pod("extra", labels={"app": "web"})))
    assert work.endpoints_copied <= 100
