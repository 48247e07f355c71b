"""hostNetwork pods share the ports of their node, declared or not.

Source: bind(2) EADDRINUSE; pkg/scheduler/framework/plugins/nodeports for declared ports (tests/unit/test_scheduling.py).
"""

from __future__ import annotations

from typing import Any

import simnet
from simnet.control.hostlisteners import HostListeners
from simnet.names import ObjectKey
from simnet.testing import deployment, pod, service

NODE = "172.18.0.2"


def on_host(name: str, image: str = "nginx", **spec: Any) -> dict[str, Any]:
    """A hostNetwork pod that declares no port."""
    return pod(name, image=image, port=None, hostNetwork=True, **spec)


def state(cluster: simnet.Cluster, name: str) -> tuple[str, bool, str]:
    found = cluster.get("pod", name)
    return found.phase, found.ready, found.states[0].reason


def test_the_second_pod_whose_image_opens_the_same_port_crashes_until_the_first_is_gone() -> None:
    cluster = simnet.Cluster(nodes=1, addons=())
    cluster.apply([on_host("one"), on_host("two"), service("web", selector={"app": "two"})])
    assert state(cluster, "one") == ("Running", True, "")
    assert state(cluster, "two") == ("Running", False, "CrashLoopBackOff")
    assert cluster.get("pod", "two").states[0].message == (
        "listen tcp :80: bind: address already in use (pod default/one listens there, on the node itself)")
    assert cluster.connect(f"tcp://{NODE}:80").endpoint.pod.name == "one"
    assert cluster.connect(f"tcp://{cluster.get('service', 'web').manifest['spec']['clusterIP']}:80").result == "refused"
    cluster.delete("pod/one")
    assert state(cluster, "two") == ("Running", True, "")
    assert cluster.connect(f"tcp://{NODE}:80").endpoint.pod.name == "two"


def test_pods_on_other_nodes_and_off_the_host_network_do_not_meet() -> None:
    cluster = simnet.Cluster(nodes=2, addons=())
    cluster.apply([on_host("one", node="node-1"), on_host("two", node="node-2"), pod("three", image="nginx", node="node-1")])
    assert all(each.ready for each in cluster.list("pod"))


def test_replicas_of_a_deployment_collide_on_one_node() -> None:
    cluster = simnet.Cluster(nodes=1, addons=())
    template = deployment("web", image="nginx", replicas=3, port=None)
    template["spec"]["template"]["spec"]["hostNetwork"] = True
    cluster.apply(template)
    assert sorted(each.ready for each in cluster.list("pod")) == [False, False, True]
    running = next(each for each in cluster.list("pod") if each.ready)
    cluster.delete(f"pod/{running.name}")
    assert sorted(each.ready for each in cluster.list("pod")) == [False, False, True]


def test_a_pod_that_must_not_restart_ends_in_error() -> None:
    cluster = simnet.Cluster(nodes=1, addons=())
    cluster.apply([on_host("one"), on_host("two", restartPolicy="Never")])
    assert cluster.get("pod", "two").states[0].exit_code == 1


def test_a_fork_keeps_its_own_books() -> None:
    cluster = simnet.Cluster(nodes=1, addons=())
    cluster.apply([on_host("one"), on_host("two")])
    twin = cluster.fork()
    twin.delete("pod/one")
    assert (state(twin, "two")[1], state(cluster, "two")[1]) == (True, False)


def test_what_is_not_held_is_not_given_back() -> None:
    assert HostListeners().release(ObjectKey("default", "nobody")) == []
