"""The API server's door: apply, create and replace; facts; namespaces; names made up. Sources: kubectl's three verbs
(kubernetes/kubectl pkg/cmd/{apply,create,replace}), kubernetes/kubernetes registry strategies (status is not the
user's), apiserver/pkg/storage/names/generate.go."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.console.session import Session
from simnet.errors import AlreadyExists, InvalidField, ManifestError, NotFound
from simnet.testing import deployment, ingress, pod, service
from tests.test_messages import assert_message

Object = dict[str, Any]


def config(name: str = "a", namespace: str = "default", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


@pytest.fixture
def cluster() -> simnet.Cluster:
    return simnet.Cluster(nodes=2, addons=())


def actions(results: list[Any]) -> list[tuple[str, str]]:
    return [(result.object.ref, result.action) for result in results]


# verbs ------------------------------------------------------------------------------------------------------------

def test_apply_creates_configures_and_leaves_alone(cluster: simnet.Cluster) -> None:
    assert actions(cluster.apply(config(x="1"))) == [("configmap/default/a", "created")]
    version = cluster.version
    assert actions(cluster.apply(config(x="1"))) == [("configmap/default/a", "unchanged")]
    assert cluster.version == version
    assert actions(cluster.apply(config(x="2"))) == [("configmap/default/a", "configured")]


def test_create_wants_nothing_there_and_replace_wants_something(cluster: simnet.Cluster) -> None:
    assert_message(lambda: cluster.replace(config()), NotFound, "configmap 'a' not found in namespace default")
    cluster.create(config())
    assert_message(lambda: cluster.create(config()), AlreadyExists, "configmap 'a' already exists")
    assert_message(lambda: cluster.replace(config("b")), NotFound,
                   "configmap 'b' not found in namespace default")
    assert actions(cluster.replace(config(x="1"))) == [("configmap/default/a", "configured")]


# kind, manifests of every kind that controllers write into
EVERY_KIND = [
    pod("web"), deployment("web"), service("web", type="LoadBalancer"), ingress("web", host="a.test"), config(),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"}},
    {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"x": [1]}},
    {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e"},
     "subsets": [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80}]}]},
    {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}},
]


@pytest.mark.parametrize("manifest", EVERY_KIND, ids=[each["kind"] for each in EVERY_KIND])
def test_applying_twice_changes_nothing_whatever_controllers_wrote(manifest: Object) -> None:
    cluster = simnet.Cluster(nodes=2, ingress={"is_default_class": True})
    cluster.apply(manifest)
    before = cluster.dump(), cluster.version
    # kubectl says "configured" whenever its patch is not empty: stringData is never found in the live Secret, and a list
    # that is replaced as a whole (subsets) differs by a default in it (protocol)
    expected = "configured" if manifest["kind"] in ("Secret", "Endpoints") else "unchanged"
    assert [result.action for result in cluster.apply(manifest)] == [expected]
    assert (cluster.dump(), cluster.version) == before


def test_status_in_a_manifest_is_ignored(cluster: simnet.Cluster) -> None:
    cluster.apply({**pod("web"), "status": {"phase": "Failed", "podIP": "192.0.2.9"}})
    cluster.apply({**service("web", type="LoadBalancer"), "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}})
    assert cluster.get("pod", "web").phase == "Running"
    assert [simnet.ip.text(number) for number in cluster.get("service", "web").load_balancer_ips] == ["203.0.113.1"]


def test_one_object_twice_in_one_apply_ends_as_the_last(cluster: simnet.Cluster) -> None:
    assert [each.action for each in cluster.apply([config(x="1"), config(x="2")])] == ["created", "configured"]
    assert dict(cluster.get("configmap", "a").data) == {"x": "2"}


def test_all_mistakes_are_told_and_nothing_is_done(cluster: simnet.Cluster) -> None:
    before = cluster.dump(), cluster.version
    with pytest.raises(ManifestError) as caught:
        cluster.apply([config("fine"), service("Bad"), pod("-", labels={})])
    assert [problem.object for problem in caught.value.problems] == ["service/default/Bad", "pod/default/-"]
    assert (cluster.dump(), cluster.version) == before


def test_so_are_all_values_that_cannot_be_given(cluster: simnet.Cluster) -> None:
    with pytest.raises(InvalidField) as caught:
        cluster.apply([service("a", clusterIP="192.0.2.1"), config("fine"), service("b", clusterIP="192.0.2.2"),
                       service("c", type="NodePort", ports=[{"port": 80, "nodePort": 80}])])
    assert [(problem.object, problem.field) for problem in caught.value.problems] == [
        ("service/default/a", "spec.clusterIPs"), ("service/default/b", "spec.clusterIPs"),
        ("service/default/c", "spec.ports[0].nodePort")]


def test_an_update_that_is_not_allowed_refuses_the_whole_apply(cluster: simnet.Cluster) -> None:
    cluster.apply(pod("web"))
    before = cluster.dump(), cluster.version
    with pytest.raises(InvalidField, match="pod updates may not change fields"):
        cluster.apply([config(), pod("web", port=81)])
    assert (cluster.dump(), cluster.version) == before


# what stays -------------------------------------------------------------------------------------------------------

def test_labels_that_no_manifest_set_stay_through_apply_and_go_with_replace(cluster: simnet.Cluster) -> None:
    """`kubectl label`, then apply again; a three-way merge removes only what the last manifest had."""
    cluster.apply(pod("web", labels={"app": "web", "old": "1"}))
    Session(cluster).run("kubectl label pod web tier=front app=other --overwrite")
    cluster.apply(pod("web", labels={"app": "web"}))
    assert dict(cluster.get("pod", "web").labels) == {"app": "web", "tier": "front"}
    cluster.replace(pod("web", labels={"app": "web"}))
    assert dict(cluster.get("pod", "web").labels) == {"app": "web"}


def test_a_node_keeps_its_addresses_its_block_and_its_own_labels(cluster: simnet.Cluster) -> None:
    before = cluster.get("node", "node-1")
    cluster.apply({"apiVersion": "v1", "kind": "Node",
                   "metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "z"}}})
    after = cluster.get("node", "node-1")
    assert (after.addresses, after.pod_cidrs, after.ready, after.zone) == (before.addresses, before.pod_cidrs, True, "z")
    assert after.labels.items() >= before.labels.items()


def test_a_pod_stays_where_it_runs_and_keeps_its_age(cluster: simnet.Cluster) -> None:
    cluster.apply(pod("web", labels={"app": "web"}))
    before = cluster.get("pod", "web")
    cluster.advance(60)
    cluster.apply(pod("web", labels={"app": "web", "more": "1"}))
    after = cluster.get("pod", "web")
    assert (after.node_name, after.pod_ips, after.created, after.uid) == (
        before.node_name, before.pod_ips, before.created, before.uid)


# namespaces -------------------------------------------------------------------------------------------------------

def namespaces(cluster: simnet.Cluster) -> list[str]:
    return [each.name for each in cluster.list("namespace")]


def test_a_namespace_is_made_for_what_needs_it() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply(config(namespace="shop"))
    assert "shop" in namespaces(cluster)
    assert cluster.get("namespace", "shop").labels == {"kubernetes.io/metadata.name": "shop"}


@pytest.mark.parametrize("how", ["settings", "kubectl"])
def test_a_namespace_that_must_exist_is_missed_before_anything_is_done(how: str) -> None:
    cluster = simnet.Cluster(**({"namespaces": "listed only"} if how == "settings" else {}))
    options = {} if how == "settings" else {"create_namespaces": False}
    before = cluster.version
    assert_message(lambda: cluster.apply([config(), config(namespace="kube-sistem")], **options), NotFound,
                   "namespace 'kube-sistem' not found; did you mean kube-system?")
    assert cluster.version == before
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    cluster.apply([shop, config(namespace="shop")], **options)
    assert cluster.get("configmap", "a", namespace="shop").namespace == "shop"


def test_an_object_without_namespace_gets_the_one_that_is_asked_for(cluster: simnet.Cluster) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, namespace="shop")
    assert [str(each.key) for each in cluster.list("configmap")] == ["shop/a"]


# generated names --------------------------------------------------------------------------------------------------

def generated() -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "job-"}}


def test_generated_names_come_from_the_seed() -> None:
    def made(seed: int) -> list[str]:
        cluster = simnet.Cluster(addons=(), seed=seed)
        return [cluster.create(generated())[0].object.name for _ in range(3)]

    assert made(1) == made(1) != made(2)
    assert len(set(made(1))) == 3 and all(len(name) == len("job-") + 5 for name in made(1))


def test_a_refused_apply_uses_up_no_name() -> None:
    one, other = simnet.Cluster(addons=()), simnet.Cluster(addons=())
    with pytest.raises(AlreadyExists):
        one.create([generated(), config(), config()])
    assert one.create(generated())[0].object.name == other.create(generated())[0].object.name


# facts ------------------------------------------------------------------------------------------------------------

def loaded_service(name: str = "web", **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
        "selector": {"app": "web"}, "ports": [{"port": 80}], **spec}}


def test_facts_are_kept_as_given_outside_every_range(cluster: simnet.Cluster) -> None:
    cluster.load(loaded_service(clusterIP="192.168.1.1", type="NodePort", ports=[{"port": 80, "nodePort": 80}]))
    kept = cluster.get("service", "web").manifest["spec"]
    assert (kept["clusterIP"], kept["ports"][0]["nodePort"]) == ("192.168.1.1", 80)


def test_facts_keep_what_somebody_else_has(cluster: simnet.Cluster) -> None:
    cluster.load([loaded_service("a", clusterIP="10.96.0.5"), loaded_service("b", clusterIP="10.96.0.5")])
    assert cluster.get("service", "a").cluster_ips == cluster.get("service", "b").cluster_ips


def test_what_facts_do_not_say_is_drawn_and_what_any_of_them_says_is_not_drawn() -> None:
    cluster = simnet.Cluster(addons=(), service_cidr="10.0.0.0/29")
    cluster.load([loaded_service("a"), loaded_service("b"), loaded_service("c"), loaded_service("d"),
                  loaded_service("e", clusterIP="10.0.0.3"), loaded_service("f", clusterIP="10.0.0.4")])
    held = [cluster.get("service", name).cluster_ips for name in "abcdef"]
    assert len({each for each in held if each}) == 6


def test_a_service_that_states_its_node_port_alone_is_given_an_address(cluster: simnet.Cluster) -> None:
    cluster.load(loaded_service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    found = cluster.get("service", "web")
    assert len(found.cluster_ips) == 1 and found.ports[0].node_port == 30080
    with pytest.raises(InvalidField, match="provided port is already allocated"):
        cluster.apply(service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))


def test_the_same_key_replaces_and_what_it_leaves_out_stays_as_it_was(cluster: simnet.Cluster) -> None:
    cluster.load(loaded_service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    before = cluster.get("service", "web").cluster_ips
    cluster.load(loaded_service(type="NodePort", ports=[{"port": 80, "nodePort": 30081}]))
    found = cluster.get("service", "web")
    assert (found.cluster_ips, found.ports[0].node_port) == (before, 30081)
    cluster.apply(service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    cluster.load(loaded_service(clusterIP="10.96.0.77"))
    cluster.apply(service("c", clusterIP=simnet.ip.text(before[0])))


def test_of_two_facts_with_one_key_the_last_holds(cluster: simnet.Cluster) -> None:
    cluster.load([loaded_service(clusterIP="10.96.0.5"), loaded_service(clusterIP="10.96.0.6")])
    assert cluster.get("service", "web").manifest["spec"]["clusterIP"] == "10.96.0.6"
    cluster.apply(service("b", clusterIP="10.96.0.5"))


def test_facts_make_their_namespaces_unless_only_listed_ones_exist() -> None:
    for rule, made in (("created on apply", True), ("any", True), ("listed only", False)):
        cluster = simnet.Cluster(addons=(), namespaces=rule)
        cluster.load(config(namespace="shop"))
        assert ("shop" in namespaces(cluster)) == made
        assert cluster.get("configmap", "a", namespace="shop").name == "a"


def test_a_loaded_service_that_lists_a_port_twice_can_be_taken_away_again(cluster: simnet.Cluster) -> None:
    """Facts may break rules; they must not break the books."""
    cluster.load(loaded_service(clusterIP="10.96.0.5", ports=[{"name": "a", "port": 80}, {"name": "b", "port": 80}]))
    cluster.delete("service/web")
    assert cluster.connect("tcp://10.96.0.5:80", "node/node-1").service is None


# deletion ---------------------------------------------------------------------------------------------------------

def test_delete_gives_what_was_deleted_and_names_the_nearest(cluster: simnet.Cluster) -> None:
    cluster.apply(config())
    assert_message(lambda: cluster.delete("configmap/aa"), NotFound,
                   "configmap 'aa' not found in namespace default; did you mean a?")
    assert cluster.delete("cm", "a").ref == "configmap/default/a"
    assert_message(lambda: cluster.delete("cm", "a"), NotFound, "configmap 'a' not found in namespace default")


def test_a_loaded_pod_that_is_said_to_be_pending_stays_so() -> None:
    """ES-4 and the meaning of `load`: the stated phase is a fact, so it gets no address and is no endpoint. It used to be
    scheduled, took an address out of the block and became an endpoint of its own."""
    cluster = simnet.Cluster(addons=())
    waiting = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late", "labels": {"app": "web"}},
               "spec": {"containers": [{"name": "main", "image": "nginx"}]}, "status": {"phase": "Pending"}}
    cluster.load([waiting, service("web")])
    assert (cluster.get("pod", "late").phase, cluster.get("pod", "late").pod_ips) == ("Pending", ())
    assert [each.endpoints for each in cluster.list("endpointslice")] == [()]
