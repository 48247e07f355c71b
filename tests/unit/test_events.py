"""Events: counted when they repeat, worked out from pods when asked for, forgotten after an hour."""

from __future__ import annotations

from typing import Any

import simnet
from simnet.objects.event import Event
from simnet.testing import deployment, pod


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": 1, "addons": (), **settings})


def told(each: simnet.Cluster, about: str, kind: str = "Pod") -> list[Event]:
    return [event for event in each.list("event") if event.involved.name == about and event.involved_kind == kind]


def test_the_life_of_a_pod_is_told() -> None:
    """Source: default-scheduler and kubelet of Kubernetes 1.35."""
    each = cluster()
    each.apply(pod("web", image="nginx"))
    assert [(event.type, event.reason, event.component, event.message) for event in told(each, "web")] == [
        ("Normal", "Scheduled", "default-scheduler", "Successfully assigned default/web to node-1"),
        ("Normal", "Pulled", "kubelet", 'Container image "nginx" already present on machine'),
        ("Normal", "Created", "kubelet", "Container created"),
        ("Normal", "Started", "kubelet", "Container started")]


def test_these_events_cost_no_commits() -> None:
    each = cluster()
    each.apply(pod("first"))
    with each.counting() as work:
        each.apply(pod("web", image="nginx"))
    assert work.commits == 2, "as the API server took it, and as it runs"
    assert each.store.count("Event") == 0


def test_workloads_tell_what_they_made_and_scaled() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=2))
    (replica_set,) = each.list("replicaset")
    assert [event.message for event in told(each, "web", "Deployment")] == [
        f"Scaled up replica set {replica_set.name} from 0 to 2"]
    assert sorted(event.message for event in told(each, replica_set.name, "ReplicaSet")) == [
        f"Created pod: {found.name}" for found in each.list("pod")]
    each.apply(deployment("web", replicas=1))
    gone = [event.message for event in told(each, replica_set.name, "ReplicaSet") if event.reason == "SuccessfulDelete"]
    assert len(gone) == 1 and gone[0].startswith("Deleted pod: web-")


def test_stopping_a_container_is_told_even_when_the_pod_is_gone() -> None:
    each = cluster()
    each.apply(pod("web", image="nginx"))
    each.delete("pod/web")
    assert [(event.reason, event.message) for event in told(each, "web")] == [("Killing", "Stopping container main")]


def test_equal_events_are_counted_and_others_are_not() -> None:
    """Source: client-go events_cache.go: equal in object, type, reason, message and source."""
    each = cluster()
    each.apply(pod("web", image="nginx"))
    web = each.get("pod", "web")
    for reason, seconds in (("Odd", 0), ("Odd", 30), ("Other", 0), ("Odd", 10)):
        each.advance(seconds)
        each.world.record(web, "Warning", reason, "something", "tester")
        each.advance(0)
    found = {event.reason: event for event in told(each, "web") if event.component == "tester"}
    assert {reason: event.count for reason, event in found.items()} == {"Odd": 3, "Other": 1}
    assert found["Odd"].last_seen - found["Odd"].first_seen == 40


def test_a_failing_probe_is_told_in_every_period() -> None:
    """Source: pkg/kubelet/prober; the text names the pod's address."""
    each = cluster()
    made = pod("web", image="nginx")
    made["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 8080}, "periodSeconds": 10,
                                                        "initialDelaySeconds": 5}
    each.apply(made)
    assert not [event for event in told(each, "web") if event.reason == "Unhealthy"]
    each.advance(5)
    (first,) = [event for event in told(each, "web") if event.reason == "Unhealthy"]
    assert (first.count, first.message) == (1, 'Readiness probe failed: Get "http://10.244.0.2:8080/": '
                                               "dial tcp 10.244.0.2:8080: connect: connection refused")
    each.advance(25)
    (later,) = [event for event in told(each, "web") if event.reason == "Unhealthy"]
    assert (later.count, later.last_seen - later.first_seen) == (3, 20)


def test_a_crash_loop_is_told_with_its_back_off() -> None:
    each = cluster()
    each.apply(pod("busybox", image="busybox", port=None))
    each.advance(30)
    found = {event.reason: event for event in told(each, "busybox")}
    assert (found["Created"].count, found["BackOff"].count) == (4, 3)
    assert found["BackOff"].message.startswith("Back-off restarting failed container main in pod busybox_default(")


def test_after_an_hour_events_are_forgotten() -> None:
    """Source: kube-apiserver --event-ttl, default one hour."""
    each = cluster()
    each.apply([pod("web", image="nginx"), deployment("shop", replicas=1)])
    each.advance("59m")
    assert told(each, "web") and told(each, "shop", "Deployment")
    each.advance("1m")
    assert not told(each, "web") and not told(each, "shop", "Deployment")


def test_a_fork_counts_on_its_own() -> None:
    each = cluster()
    each.apply(pod("web", image="nginx", nodeSelector={"disk": "ssd"}))
    twin = each.fork()
    twin.apply(pod("other", image="nginx"))
    twin.delete("pod/other")
    counts = [event.count for some in (each, twin) for event in told(some, "web") if event.reason == "FailedScheduling"]
    assert counts == [1, 2]
    each.apply(pod("third", image="nginx"))
    assert [event.count for event in told(each, "web")] == [1]


def test_events_have_the_form_of_the_api() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=1))
    (event,) = told(each, "web", "Deployment")
    whole = event.manifest
    assert whole["involvedObject"] == {"kind": "Deployment", "namespace": "default", "name": "web"}
    assert (whole["source"], whole["count"], whole["type"]) == ({"component": "deployment-controller"}, 1, "Normal")
    assert whole["metadata"]["name"].startswith("web.")
