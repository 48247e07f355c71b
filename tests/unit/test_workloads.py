"""Workload controllers: names, numbers, adoption, rollouts, and what goes with a deleted owner."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import simnet
from simnet.control.deployments import Strategy
from simnet.control.replicasets import victims
from simnet.names import ObjectKey
from simnet.objects.deployment import Deployment
from simnet.objects.pod import ContainerState, Pod
from simnet.testing import deployment, pod

LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
HASH = f"{LETTERS}{{1,10}}"
SUFFIX = f"{LETTERS}{{5}}"


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": 3, "addons": (), **settings})


def names(each: simnet.Cluster, kind: str = "pod") -> list[str]:
    return [found.name for found in each.list(kind)]


def workload(kind: str, name: str, replicas: int | None = 1, image: str = "nginx", labels: dict[str, str] | None = None,
             pod_spec: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    labels = labels or {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}], **(pod_spec or {})}}
    whole = {"selector": {"matchLabels": labels}, "template": template, **spec}
    if replicas is not None:
        whole["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": whole}


# ReplicaSets and Deployments -----------------------------------------------------------------------------------------


def test_a_deployment_makes_a_replica_set_and_pods_with_kubernetes_names() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=2))
    (replica_set,) = each.list("replicaset")
    assert re.fullmatch(f"web-{HASH}", replica_set.name)
    assert all(re.fullmatch(f"{replica_set.name}-{SUFFIX}", name) for name in names(each))
    (one, two) = each.list("pod")
    assert one.labels == two.labels == {"app": "web", "pod-template-hash": replica_set.name.removeprefix("web-")}
    assert one.labels is two.labels and one.spec is two.spec and one.states is two.states
    assert one.owner is not None and (one.owner.kind, one.owner.name) == ("ReplicaSet", replica_set.name)
    assert one.manifest["metadata"]["generateName"] == f"{replica_set.name}-"


def test_the_same_seed_gives_the_same_names_and_another_seed_others() -> None:
    runs = []
    for seed in (7, 7, 8):
        each = cluster(seed=seed)
        each.apply(deployment("web", replicas=3))
        runs.append(names(each))
    assert runs[0] == runs[1] != runs[2]


def test_status_and_revision_are_written() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=3))
    web, (replica_set,) = each.get("deployment", "web"), each.list("replicaset")
    assert (web.observed, web.ready_replicas) == (replica_set.observed, replica_set.ready_replicas) == (3, 3)
    assert web.annotations["deployment.kubernetes.io/revision"] == "1"
    assert replica_set.annotations["deployment.kubernetes.io/revision"] == "1"
    assert replica_set.manifest["spec"]["template"]["metadata"]["labels"] == dict(replica_set.template.labels)


def test_scaling_up_and_down() -> None:
    each = cluster(nodes=1)
    each.apply(deployment("web", replicas=2))
    before = set(names(each))
    each.apply(deployment("web", replicas=5))
    assert len(names(each)) == 5 and before < set(names(each))
    each.apply(deployment("web", replicas=2))
    assert set(names(each)) == before, "the youngest go first"
    each.apply(deployment("web", replicas=0))
    assert names(each) == [] and each.get("deployment", "web").observed == 0


def test_a_deleted_pod_is_made_anew() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=2))
    first = names(each)[0]
    each.delete("pod", first)
    assert len(names(each)) == 2 and first not in names(each)


def test_a_pod_marked_failed_is_replaced_and_kept() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=1))
    (only,) = each.list("pod")
    each.put(replace(only, phase="Failed", ready=False))
    assert len(each.list("pod")) == 2 and each.get("deployment", "web").ready_replicas == 1


def test_a_new_template_replaces_the_pods_and_keeps_the_old_replica_set_empty() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=4, image="nginx:1.28"))
    (old,) = each.list("replicaset")
    each.apply(deployment("web", replicas=4, image="nginx:1.29"))
    numbers = {found.name: (found.replicas, found.ready_replicas) for found in each.list("replicaset")}
    assert len(numbers) == 2 and numbers.pop(old.name) == (0, 0) and list(numbers.values()) == [(4, 4)]
    assert all(old.name not in name for name in names(each))
    assert each.get("deployment", "web").annotations["deployment.kubernetes.io/revision"] == "2"


def test_going_back_uses_the_old_replica_set_with_a_new_revision() -> None:
    each = cluster()
    for image in ("nginx:1.28", "nginx:1.29", "nginx:1.28"):
        each.apply(deployment("web", replicas=2, image=image))
    revisions = {found.replicas: found.annotations["deployment.kubernetes.io/revision"] for found in each.list("replicaset")}
    assert revisions == {0: "2", 2: "3"}


def test_a_rollout_whose_pods_never_get_ready_stops_half_way() -> None:
    """Defaults 25% of 4: one too many, one missing. Source: rolling.go; website deployment.md, proportional counts."""
    each = cluster()
    each.apply(workload("Deployment", "web", replicas=4))
    broken = workload("Deployment", "web", replicas=4)
    broken["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1234}}
    each.apply(broken)
    assert sorted((found.replicas, found.ready_replicas) for found in each.list("replicaset")) == [(2, 0), (3, 3)]
    assert each.get("deployment", "web").ready_replicas == 3
    each.apply(workload("Deployment", "web", replicas=4))
    assert sorted(found.replicas for found in each.list("replicaset")) == [0, 4]
    assert each.get("deployment", "web").ready_replicas == 4


def test_recreate_removes_all_old_pods_first() -> None:
    each = cluster()
    each.apply(workload("Deployment", "web", replicas=2, strategy={"type": "Recreate"}))
    broken = workload("Deployment", "web", replicas=2, strategy={"type": "Recreate"})
    broken["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1234}}
    each.apply(broken)
    assert sorted((found.replicas, found.ready_replicas) for found in each.list("replicaset")) == [(0, 0), (2, 0)]


STRATEGIES = [  # replicas, rollingUpdate, surge, unavailable, source: deployment_util.go ResolveFenceposts
    (4, {}, 1, 1), (10, {}, 3, 2), (1, {}, 1, 0), (3, {"maxSurge": 0, "maxUnavailable": 0}, 0, 1),
    (10, {"maxSurge": "50%", "maxUnavailable": 1}, 5, 1), (2, {"maxSurge": 0, "maxUnavailable": "25%"}, 0, 1)]


@pytest.mark.parametrize(("replicas", "rolling", "surge", "unavailable"), STRATEGIES)
def test_shares_of_a_rollout(replicas: int, rolling: dict[str, Any], surge: int, unavailable: int) -> None:
    each = Deployment(key=ObjectKey("default", "web"), replicas=replicas,
                      raw={"spec": {"strategy": {"rollingUpdate": rolling}}})
    assert Strategy.of(each) == Strategy(False, surge, unavailable)


def test_old_replica_sets_beyond_the_history_limit_go() -> None:
    each = cluster()
    for number in range(5):
        each.apply(workload("Deployment", "web", image=f"nginx:1.2{number}", revisionHistoryLimit=2))
    revisions = sorted(int(found.annotations["deployment.kubernetes.io/revision"]) for found in each.list("replicaset"))
    assert revisions == [3, 4, 5]


def test_deleting_a_deployment_deletes_its_replica_sets_and_pods() -> None:
    each = cluster()
    each.apply([deployment("web"), deployment("other"), pod("single")])
    each.delete("deployment/web")
    assert [name.split("-")[0] for name in names(each)] == ["other", "other", "single"]
    assert len(names(each, "replicaset")) == 1


def test_victims_in_the_order_of_the_real_controller() -> None:
    """Source: pkg/controller/controller_utils.go ActivePodsWithRanks."""
    def one(name: str, **more: Any) -> Pod:
        given = {"node_name": "n1", "phase": "Running", "ready": True, "started": 100.0, **more}
        return Pod(key=ObjectKey("default", name), **given)

    pods = [one("ready"), one("crowded", node_name="n2"), one("crowded-too", node_name="n2"), one("pending", phase="Pending"),
            one("unscheduled", node_name="", phase="Pending"), one("unready", ready=False), one("young", started=200.0),
            one("cheap", annotations={"controller.kubernetes.io/pod-deletion-cost": "-1"}),
            one("restarting", started=200.0, states=(ContainerState("c", restart_count=3),))]
    order = [found.name for found in victims(pods, len(pods))]
    assert order[:4] == ["unscheduled", "pending", "unready", "cheap"]
    assert order.index("restarting") < order.index("young") < order.index("ready")
    assert victims(pods, 1)[0].name == "unscheduled"


# ownership -----------------------------------------------------------------------------------------------------------


def test_a_replica_set_adopts_matching_pods_and_removes_what_is_too_much() -> None:
    """Source: controller_ref_manager.go; a bare pod whose labels match is counted, and may be the one to go."""
    each = cluster()
    each.apply(pod("single", labels={"app": "web"}))
    each.apply(workload("ReplicaSet", "web", replicas=2))
    assert len(names(each)) == 2 and "single" in names(each)
    assert each.get("pod", "single").owner.name == "web"
    each.apply(pod("third", labels={"app": "web"}))
    assert len(names(each)) == 2


def test_a_pod_whose_labels_change_is_let_go_and_replaced() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=2))
    first = each.list("pod")[0]
    each.apply({**pod(first.name, labels={"app": "debug"}), "spec": first.manifest["spec"]})
    assert each.get("pod", first.name).owner is None and len(names(each)) == 3
    each.delete("deployment/web")
    assert names(each) == [first.name]


def test_a_dump_is_loaded_without_making_anything_anew() -> None:
    each = cluster()
    each.apply([deployment("web", replicas=3), workload("StatefulSet", "db", replicas=2, serviceName="db"),
                workload("DaemonSet", "agent", replicas=None)])
    twin = simnet.Cluster(nodes=0, addons=())
    twin.load(each.dump())
    for kind in ("pod", "replicaset", "deployment"):
        assert names(twin, kind) == names(each, kind)
    assert [found.pod_ips for found in twin.list("pod")] == [found.pod_ips for found in each.list("pod")]
    twin.delete("pod", names(twin)[-1])
    assert len(names(twin)) == len(names(each))


def test_pods_of_a_lost_replica_set_are_taken_up_by_their_deployment() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=3))
    twin = simnet.Cluster(nodes=0, addons=())
    twin.load([found for found in each.dump() if found["kind"] != "ReplicaSet"])
    assert names(twin) == names(each) and names(twin, "replicaset") == names(each, "replicaset")


def test_a_replica_set_without_owner_is_adopted_by_its_deployment() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=3))
    twin = simnet.Cluster(nodes=0, addons=())
    dump = [found for found in each.dump() if found["kind"] != "Deployment"]
    for found in dump:
        if found["kind"] == "ReplicaSet":
            del found["metadata"]["ownerReferences"]
    twin.load(dump)
    twin.apply(deployment("web", replicas=3))
    assert names(twin) == names(each) and twin.list("replicaset")[0].owner.name == "web"


# StatefulSets --------------------------------------------------------------------------------------------------------


def test_stateful_pods_have_ordinals_hostnames_and_labels() -> None:
    """Source: stateful_set_utils.go updateIdentity; website statefulset.md, labels pod-name and pod-index."""
    each = cluster()
    each.apply(workload("StatefulSet", "db", replicas=2, serviceName="db-peers"))
    assert names(each) == ["db-0", "db-1"]
    second = each.get("pod", "db-1")
    assert (second.spec.hostname, second.spec.subdomain) == ("db-1", "db-peers")
    assert second.labels["statefulset.kubernetes.io/pod-name"] == "db-1"
    assert second.labels["apps.kubernetes.io/pod-index"] == "1"
    assert re.fullmatch(f"db-{HASH}", second.labels["controller-revision-hash"])


def test_ordinals_may_start_elsewhere() -> None:
    each = cluster()
    each.apply(workload("StatefulSet", "db", replicas=2, serviceName="db", ordinals={"start": 5}))
    assert names(each) == ["db-5", "db-6"]


def test_ordered_sets_wait_for_the_pod_before_and_parallel_ones_do_not() -> None:
    each = cluster()
    for name, policy in (("ordered", "OrderedReady"), ("parallel", "Parallel")):
        made = workload("StatefulSet", name, replicas=3, serviceName=name, podManagementPolicy=policy)
        made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1234}}
        each.apply(made)
    assert names(each) == ["ordered-0", "parallel-0", "parallel-1", "parallel-2"]


def test_a_stateful_set_scales_down_from_the_end_and_keeps_names() -> None:
    each = cluster()
    each.apply(workload("StatefulSet", "db", replicas=3, serviceName="db"))
    each.delete("pod/db-1")
    assert names(each) == ["db-0", "db-1", "db-2"]
    each.apply(workload("StatefulSet", "db", replicas=1, serviceName="db"))
    assert names(each) == ["db-0"] and each.get("statefulset", "db").ready_replicas == 1


def test_a_new_template_replaces_stateful_pods_from_the_end_and_stops_at_a_broken_one() -> None:
    each = cluster()
    each.apply(workload("StatefulSet", "db", replicas=3, serviceName="db"))
    old = {found.name: found.labels["controller-revision-hash"] for found in each.list("pod")}
    each.apply(workload("StatefulSet", "db", replicas=3, serviceName="db", image="nginx:2"))
    assert all(found.labels["controller-revision-hash"] != old[found.name] for found in each.list("pod"))
    broken = workload("StatefulSet", "db", replicas=3, serviceName="db", image="redis")
    broken["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1234}}
    each.apply(broken)
    assert [found.ready for found in each.list("pod")] == [True, True, False]


# DaemonSets ----------------------------------------------------------------------------------------------------------


def test_a_daemon_set_has_a_pod_on_every_node_that_takes_it() -> None:
    each = cluster()
    each.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "gpu", "labels": {"kind": "gpu"}},
                "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
                "status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.99"}]}})
    each.apply(workload("DaemonSet", "agent", replicas=None))
    assert sorted(found.node_name for found in each.list("pod")) == ["node-1", "node-2", "node-3"]
    daemon = each.get("daemonset", "agent")
    assert (daemon.observed, daemon.ready_replicas) == (3, 3)
    each.apply(workload("DaemonSet", "everywhere", replicas=None, pod_spec={"tolerations": [{"operator": "Exists"}]}))
    assert each.get("daemonset", "everywhere").ready_replicas == 4


def test_a_daemon_set_follows_nodes_and_ignores_cordons() -> None:
    """Source: daemonset_util.go AddOrUpdateDaemonPodTolerations tolerates unschedulable nodes."""
    each = cluster(nodes=1)
    each.apply(workload("DaemonSet", "agent", replicas=None))
    each.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-2"}, "spec": {"unschedulable": True},
                "status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.3"}]}})
    assert sorted(found.node_name for found in each.list("pod")) == ["node-1", "node-2"]
    each.delete("node/node-2")
    assert [found.node_name for found in each.list("pod")] == ["node-1"]


def test_a_node_selector_moves_daemon_pods() -> None:
    each = cluster(nodes=2)
    each.apply(workload("DaemonSet", "agent", replicas=None))
    each.apply(workload("DaemonSet", "agent", replicas=None,
                        pod_spec={"nodeSelector": {"kubernetes.io/hostname": "node-2"}}))
    assert [found.node_name for found in each.list("pod")] == ["node-2"]


def test_a_new_template_replaces_daemon_pods_one_after_the_other() -> None:
    each = cluster()
    each.apply(workload("DaemonSet", "agent", replicas=None))
    old = set(names(each))
    each.apply(workload("DaemonSet", "agent", replicas=None, image="nginx:2"))
    assert len(names(each)) == 3 and not old & set(names(each))
    broken = workload("DaemonSet", "agent", replicas=None, image="redis")
    broken["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1234}}
    each.apply(broken)
    assert sorted(found.ready for found in each.list("pod")) == [False, True, True]


# namespaces and order ------------------------------------------------------------------------------------------------


def test_a_deleted_namespace_takes_its_content_along() -> None:
    each = cluster()
    each.apply([deployment("web", namespace="shop"), pod("p", namespace="shop"), deployment("web")])
    assert each.get("namespace", "shop").labels["kubernetes.io/metadata.name"] == "shop"
    each.delete("namespace/shop")
    assert each.list("pod", namespace="shop") == [] and each.list("replicaset", namespace="shop") == []
    assert each.list("event", namespace="shop") == [] and len(each.list("pod")) == 2


def test_it_does_not_matter_in_which_order_objects_arrive() -> None:
    objects = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-a"},
                "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"}]}},
               deployment("web", replicas=2), pod("p")]
    runs = []
    for order in (objects, objects[::-1]):
        each = cluster(nodes=0)
        each.apply(order)
        runs.append(sorted((found.name, found.node_name, found.ready) for found in each.list("pod")))
        assert not [event for event in each.list("event") if event.type == "Warning"]
    assert runs[0] == runs[1]


def test_a_fork_scales_on_its_own() -> None:
    each = cluster()
    each.apply(deployment("web", replicas=2))
    twin = each.fork()
    twin.apply(deployment("web", replicas=4))
    each.delete("deployment/web")
    assert len(names(twin)) == 4 and names(each) == []
