"""Pods coming to life: addresses, containers, readiness, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.testing import deployment, pod, service

NODE = {"node-1": "192.168.122.188"}


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": NODE, "addons": (), **settings})


def addresses(each: simnet.Cluster, name: str) -> list[str]:
    return [ip.text(number) for number in each.get("pod", name).pod_ips]


def probed(name: str, port: int = 80, path: str = "/", image: str = "nginx", **probe: Any) -> dict[str, Any]:
    made = pod(name, image=image, labels={"app": "web"})
    made["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": port, "path": path}, **probe}
    return made


def test_pods_get_the_addresses_of_their_node_in_order() -> None:
    """Source: rule PI-8: the first address of a /24 for a pod is .2."""
    each = cluster()
    each.apply([pod("a"), pod("b")])
    assert addresses(each, "a") == ["10.244.0.2"] and addresses(each, "b") == ["10.244.0.3"]


def test_a_released_address_is_not_given_again_at_once() -> None:
    """Source: rule PI-9, round robin."""
    each = cluster()
    each.apply(pod("a"))
    each.delete("pod/a")
    each.apply(pod("b"))
    assert addresses(each, "b") == ["10.244.0.3"]


def test_dual_stack_pods_get_one_address_of_each_family() -> None:
    each = cluster(nodes={"node-1": ["192.168.122.188", "fd00:122::188"]}, pod_cidr=["10.244.0.0/16", "fd00:244::/56"],
                   service_cidr=["10.96.0.0/16", "fd00:96::/112"])
    each.apply(pod("a"))
    assert addresses(each, "a") == ["10.244.0.2", "fd00:244::2"]


def test_host_network_pods_have_their_nodes_address_and_take_none() -> None:
    each = cluster()
    each.apply([pod("host", port=None, hostNetwork=True), pod("a")])
    assert addresses(each, "host") == ["192.168.122.188"] and addresses(each, "a") == ["10.244.0.2"]


def test_a_pod_without_an_address_waits_with_the_allocators_sentence_until_one_is_free() -> None:
    """A /29 has five pod addresses (rule PI-8); the sentence is host-local's (rule PI-10)."""
    each = cluster(nodes=0)
    each.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"podCIDR": "10.0.0.0/29"},
                "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"}]}})
    each.apply([pod(f"p{number}") for number in range(7)])
    waiting = each.get("pod", "p5")
    assert (waiting.phase, waiting.node_name, waiting.ready) == ("Pending", "node-1", False)
    assert waiting.message == "no IP addresses available in range set: 10.0.0.1-10.0.0.6"
    assert [state.reason for state in waiting.states] == ["ContainerCreating"]
    told = [event for event in each.list("event") if event.reason == "FailedCreatePodSandBox"]
    assert {event.involved.name for event in told} == {"p5", "p6"}
    assert all(event.message.endswith(waiting.message) for event in told)
    each.delete("pod/p2")
    assert each.get("pod", "p5").ready and addresses(each, "p5") == ["10.0.0.4"]
    assert not each.get("pod", "p6").pod_ips


def test_a_pod_that_ended_keeps_showing_its_address_but_others_may_have_it() -> None:
    """Source: the article's busybox, `0/1 Completed ... 10.10.3.4`; the sandbox is gone and so is the lease."""
    each = cluster(nodes=0)
    each.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"podCIDR": "10.0.0.0/30"},
                "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"}]}})
    each.apply(pod("busybox", image="busybox", port=None, restartPolicy="Never"))
    ended = each.get("pod", "busybox")
    assert (ended.phase, ended.ready, ended.states[0].reason) == ("Succeeded", False, "Completed")
    each.apply(pod("next"))
    assert addresses(each, "busybox") == addresses(each, "next") == ["10.0.0.2"]


def test_pinned_addresses_are_kept_for_their_pods() -> None:
    each = cluster(pod_cidr="172.17.0.0/16", pins={
        "pod/default/httpbin": "172.17.0.3", "deployment/kube-system/backend": "172.17.0.4"})
    each.apply([pod("first"), pod("second"), pod("third")])
    assert [addresses(each, name) for name in ("first", "second", "third")] == [
        ["172.17.0.2"], ["172.17.0.5"], ["172.17.0.6"]]
    each.apply([pod("httpbin"), deployment("backend", namespace="kube-system", replicas=1)])
    assert addresses(each, "httpbin") == ["172.17.0.3"]
    (backend,) = each.list("pod", namespace="kube-system")
    assert [ip.text(number) for number in backend.pod_ips] == ["172.17.0.4"]
    each.delete("pod/httpbin")
    each.apply(pod("fourth"))
    each.apply(pod("httpbin"))
    assert addresses(each, "httpbin") == ["172.17.0.3"] and addresses(each, "fourth") != ["172.17.0.3"]


def test_a_pinned_pod_goes_to_the_node_whose_range_has_the_address() -> None:
    each = cluster(nodes=3, pins={"pod/default/web": "10.244.2.9"})
    each.apply(pod("web"))
    assert each.get("pod", "web").node_name == "node-3" and addresses(each, "web") == ["10.244.2.9"]


def test_loaded_addresses_are_facts_and_are_not_given_to_others() -> None:
    each = cluster()
    stated = pod("stated", node="node-1")
    stated["status"] = {"phase": "Running", "podIP": "10.244.0.2", "conditions": [{"type": "Ready", "status": "True"}]}
    each.load(stated)
    each.apply(pod("a"))
    assert addresses(each, "stated") == ["10.244.0.2"] and addresses(each, "a") == ["10.244.0.3"]


def test_addresses_are_facts_even_when_the_pod_comes_before_its_node() -> None:
    each = cluster(nodes=0)
    stated = pod("stated", node="node-1")
    stated["status"] = {"phase": "Running", "podIP": "10.0.0.2", "conditions": [{"type": "Ready", "status": "True"}]}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"podCIDR": "10.0.0.0/24"},
            "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"}]}}
    each.load([stated, node])
    each.apply(pod("a"))
    assert addresses(each, "a") == ["10.0.0.3"]


def test_a_loaded_pod_without_status_runs_and_gets_what_is_absent() -> None:
    each = cluster()
    each.load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}})
    loaded = each.get("pod", "a")
    assert (loaded.phase, loaded.ready, loaded.node_name) == ("Running", True, "node-1")
    assert addresses(each, "a") == ["10.244.0.2"]


def test_a_loaded_pod_that_is_not_ready_stays_so() -> None:
    each = cluster()
    stated = pod("stated", node="node-1")
    stated["status"] = {"phase": "Running", "podIP": "10.9.9.9", "conditions": [{"type": "Ready", "status": "False"}]}
    each.load(stated)
    assert not each.get("pod", "stated").ready and addresses(each, "stated") == ["10.9.9.9"]


def test_two_containers_on_one_port_leave_the_pod_unready_with_the_reason() -> None:
    each = cluster()
    made = pod("twins", image="nginx")
    made["spec"]["containers"].append({"name": "second", "image": "nginx"})
    each.apply(made)
    twins = each.get("pod", "twins")
    assert (twins.phase, twins.ready) == ("Running", False)
    assert [state.reason for state in twins.states] == ["", "CrashLoopBackOff"]
    assert "bind: address already in use" in twins.states[1].message and "main" in twins.states[1].message


def test_a_failing_probe_keeps_a_running_pod_unready() -> None:
    """Source: users.md item 11, Running is not Ready."""
    each = cluster()
    each.apply([probed("web", path="/missing"), service("web")])
    assert (each.get("pod", "web").phase, each.get("pod", "web").ready) == ("Running", False)
    (slice_,) = each.list("endpointslice")
    assert [endpoint.ready for endpoint in slice_.endpoints] == [False]


def test_readiness_waits_for_the_initial_delay() -> None:
    each = cluster()
    started = each.now
    each.apply([probed("web", initialDelaySeconds=20), service("web")], settle=False)
    assert not each.get("pod", "web").ready
    each.advance(19)
    assert not each.get("pod", "web").ready
    each.advance(1)
    assert each.get("pod", "web").ready and each.now == started + 20
    assert [endpoint.ready for endpoint in each.list("endpointslice")[0].endpoints] == [True]


def test_settling_lets_the_clock_run_until_pods_are_ready() -> None:
    each = cluster()
    before = each.now
    each.apply(probed("web", initialDelaySeconds=20))
    assert each.get("pod", "web").ready and each.now == before + 20


def test_a_deleted_pods_timer_does_nothing() -> None:
    each = cluster()
    each.apply(probed("web", initialDelaySeconds=20), settle=False)
    each.delete("pod/web")
    each.advance(60)
    assert each.list("pod") == []


def test_a_changed_image_starts_the_containers_anew_and_keeps_the_address() -> None:
    each = cluster()
    each.apply(probed("web", image="redis"))
    assert not each.get("pod", "web").ready
    each.advance(60)
    each.apply(probed("web", image="nginx:1.29"))
    web = each.get("pod", "web")
    assert web.ready and web.started == each.now and addresses(each, "web") == ["10.244.0.2"]


@pytest.mark.parametrize("stdin", [False, True])
def test_a_shell_stays_when_its_input_is_kept_open(stdin: bool) -> None:
    each = cluster()
    made = pod("shell", image="busybox", port=None)
    made["spec"]["containers"][0] |= {"stdin": stdin, "tty": stdin, "args": ["sh"]}
    each.apply(made)
    assert each.get("pod", "shell").ready is stdin


def test_a_fork_hands_out_addresses_of_its_own() -> None:
    each = cluster()
    each.apply(pod("a"))
    twin = each.fork()
    each.apply(pod("b"))
    twin.apply(pod("c"))
    assert addresses(each, "b") == addresses(twin, "c") == ["10.244.0.3"]
    assert [found.name for found in twin.list("pod")] == ["a", "c"]
