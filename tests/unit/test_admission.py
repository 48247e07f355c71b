"""What the API server gives to Services and Ingresses, and takes back. Rules CI, NP, SV, HC and C-4
(kubernetes/kubernetes pkg/registry/core/service/storage/{alloc.go,storage.go}, ipallocator, portallocator)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.errors import InvalidField, PoolExhausted, SimnetError
from simnet.testing import ingress

Object = dict[str, Any]


def small(**settings: Any) -> simnet.Cluster:
    """A cluster with 14 cluster IPs and 4 node ports."""
    return simnet.Cluster(**{"nodes": 1, "addons": (), "service_cidr": "10.0.0.0/28", "node_port_range": "30000-30003",
                             **settings})


def service(name: str = "web", ports: list[Object] | None = None, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": "web"}, "ports": ports or [{"port": 80}], **spec}}


def named(name: str, port: int, protocol: str = "TCP", node_port: int | None = None) -> Object:
    return {"name": name, "port": port, "protocol": protocol, **({"nodePort": node_port} if node_port else {})}


EXTERNAL_NAME = {"type": "ExternalName", "externalName": "example.com"}


def addresses(cluster: simnet.Cluster, name: str = "web") -> list[str]:
    return [ip.text(number) for number in cluster.get("service", name).cluster_ips]


def node_ports(cluster: simnet.Cluster, name: str = "web") -> list[int]:
    return [port.node_port for port in cluster.get("service", name).ports]


def ledgers(cluster: simnet.Cluster) -> tuple[Any, ...]:
    """Everything that is taken, by probing: which addresses and ports a forked cluster would still give."""
    free = []
    for number in range(1, 15):
        try:
            cluster.fork().apply(service("probe", clusterIP=f"10.0.0.{number}"))
            free.append(f"10.0.0.{number}")
        except InvalidField:
            pass
    for port in range(30000, 30004):
        try:
            cluster.fork().apply(service("probe", type="NodePort", clusterIP=free[0], ports=[{"port": 1, "nodePort": port}]))
            free.append(str(port))
        except InvalidField:
            pass
    return tuple(free)


def refused(cluster: simnet.Cluster, *objects: Object) -> str:
    """The message of an apply that must be refused and must leave no trace."""
    before = cluster.dump(), cluster.version, ledgers(cluster)
    after = cluster.fork()
    with pytest.raises(SimnetError) as caught:
        cluster.apply(list(objects))
    assert (cluster.dump(), cluster.version, ledgers(cluster)) == before
    cluster.apply(service("next"))
    after.apply(service("next"))
    assert addresses(cluster, "next") == addresses(after, "next"), "the random generator was put back too"
    return str(caught.value)


# refusals ---------------------------------------------------------------------------------------------------------

FINE = service("fine", type="NodePort", ports=[{"port": 80, "nodePort": 30001}], clusterIP="10.0.0.5")
# row, objects of one apply, end of the message, source
REFUSED: list[tuple[str, list[Object], str, str]] = [
    ("an address that is taken", [FINE, service("b", clusterIP="10.0.0.9")],
     'service/default/b: spec.clusterIPs: Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is already '
     "allocated", "CI-5"),
    ("an address taken by an earlier object of the same apply", [FINE, service("b", clusterIP="10.0.0.5")],
     "failed to allocate IP 10.0.0.5: provided IP is already allocated", "CI-5"),
    ("an address outside the range", [FINE, service("b", clusterIP="10.1.0.9")],
     "failed to allocate IP 10.1.0.9: provided IP 10.1.0.9 is not in the valid range", "CI-5"),
    ("the network address", [FINE, service("b", clusterIP="10.0.0.0")], "provided IP 10.0.0.0 is not in the valid range", "CI-5"),
    ("the broadcast address", [FINE, service("b", clusterIP="10.0.0.15")], "provided IP 10.0.0.15 is not in the valid range",
     "CI-5"),
    ("a node port that is taken", [FINE, service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30000}])],
     "service/default/b: spec.ports[0].nodePort: Invalid value: 30000: provided port is already allocated", "NP-4"),
    ("a node port outside the range", [FINE, service("b", type="NodePort", ports=[{"port": 80, "nodePort": 80}])],
     "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is "
     "30000-30003", "NP-4"),
    ("the same number for another protocol", [service("b", type="NodePort", ports=[named("d", 53, "UDP", 30000)])],
     "provided port is already allocated", "NP-5"),
    ("two port numbers with one node port", [service("b", type="NodePort", ports=[named("t", 53, "TCP", 30002),
                                                                                   named("u", 54, "UDP", 30002)])],
     "spec.ports[1].nodePort: Invalid value: 30002: provided port is already allocated", "NP-5"),
    ("a health check port that is taken", [service("b", type="LoadBalancer", externalTrafficPolicy="Local",
                                                   healthCheckNodePort=30000)],
     "Internal error occurred: failed to allocate requested HealthCheck NodePort 30000: provided port is already allocated",
     "NP-4"),
    ("more node ports than there are", [service("b", type="NodePort", ports=[named(f"p{n}", 80 + n) for n in range(4)])],
     "Internal error occurred: failed to allocate a nodePort: range is full", "NP-4"),
    ("a mistake in a later object", [FINE, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "-"}}],
     "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')", "all or nothing"),
]


@pytest.mark.parametrize(("row", "objects", "message", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refused_apply_leaves_store_and_ledgers_as_they_were(row: str, objects: list[Object], message: str, rule: str) -> None:
    cluster = small()
    cluster.apply(service("taken", type="NodePort", clusterIP="10.0.0.9", ports=[{"port": 80, "nodePort": 30000}]))
    assert refused(cluster, *objects).endswith(message), rule


def test_when_the_range_is_full_nothing_is_taken() -> None:
    cluster = small()
    cluster.apply([service(f"s{n}") for n in range(13)])
    with pytest.raises(PoolExhausted, match="Internal error occurred: failed to allocate a serviceIP: range is full"):
        cluster.apply([service("a"), service("b")])
    cluster.apply(service("a"))
    cluster.delete("service/s3")
    cluster.apply(service("b"))
    assert len({*addresses(cluster, "a"), *addresses(cluster, "b")}) == 2, "CI-6"


def test_places_in_the_file_are_kept() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec:\n  ports: [{port: 80}]\n  clusterIP: 10.1.0.9\n"
    with pytest.raises(InvalidField, match=r"^<input>:6:14: service/default/b: spec.clusterIPs"):
        small().apply(text)


# what is given ----------------------------------------------------------------------------------------------------

def test_the_static_band_is_drawn_from_last() -> None:
    cluster = simnet.Cluster(addons=(), service_cidr="10.0.0.0/27")
    cluster.apply([service(f"s{n}") for n in range(15)])
    drawn = {int(addresses(cluster, f"s{n}")[0].rpartition(".")[2]) for n in range(15)}
    assert drawn < set(range(17, 31)) | set(range(1, 17)) and set(range(17, 31)) <= drawn, "CI-3, CI-4"


# row, ports of a NodePort Service, which entries have equal numbers, a given number
SHARED: list[tuple[str, list[Object], list[int], int | None]] = [
    ("entries with one port share one node port", [named("u", 53, "UDP"), named("t", 53)], [0, 0], None),
    ("the number one of them names is everybody's", [named("u", 53, "UDP"), named("t", 53, "TCP", 30002)], [0, 0], 30002),
    ("entries with different ports do not share", [named("a", 80), named("b", 81)], [0, 1], None),
    ("unless they are told apart by name", [named("u", 53, "UDP", 30001), named("t", 53, "TCP", 30002)], [0, 1], 30001),
]


@pytest.mark.parametrize(("row", "ports", "groups", "given"), SHARED, ids=[row[0] for row in SHARED])
def test_shared_node_ports(row: str, ports: list[Object], groups: list[int], given: int | None) -> None:
    cluster = small()
    cluster.apply(service(type="NodePort", ports=ports))
    got = node_ports(cluster)
    assert [got.index(number) for number in got] == groups and given in (None, got[0]), "NP-5"
    assert 0 not in got


def test_a_load_balancer_may_go_without_node_ports_and_still_name_one() -> None:
    cluster = small()
    cluster.apply(service(type="LoadBalancer", allocateLoadBalancerNodePorts=False,
                          ports=[named("a", 80), named("b", 81, node_port=30002)]))
    assert node_ports(cluster) == [0, 30002], "NP-3, SV-10"


# policy, type, health check port drawn
CHECKS = [("Local", "LoadBalancer", True), ("Cluster", "LoadBalancer", False), ("Local", "NodePort", False)]


@pytest.mark.parametrize(("policy", "kind", "drawn"), CHECKS)
def test_only_load_balancers_with_policy_local_get_a_health_check_port(policy: str, kind: str, drawn: bool) -> None:
    cluster = small()
    cluster.apply(service(type=kind, externalTrafficPolicy=policy))
    port = cluster.get("service", "web").health_check_node_port
    assert bool(port) == drawn and port not in node_ports(cluster), "HC-1, NP-3"


def test_a_health_check_port_stays_until_it_is_not_needed() -> None:
    cluster = small()
    cluster.apply(service(type="LoadBalancer", externalTrafficPolicy="Local"))
    port = cluster.get("service", "web").health_check_node_port
    cluster.apply(service(type="LoadBalancer", externalTrafficPolicy="Local", ports=[{"port": 81}]))
    assert cluster.get("service", "web").health_check_node_port == port
    cluster.apply(service(type="LoadBalancer", externalTrafficPolicy="Cluster"))
    assert cluster.get("service", "web").health_check_node_port == 0
    cluster.apply(service("b", type="NodePort", ports=[{"port": 80, "nodePort": port}]))


# updates ----------------------------------------------------------------------------------------------------------

def test_what_an_update_does_not_say_stays() -> None:
    cluster = small()
    cluster.apply(service(type="NodePort", ports=[named("a", 80), named("b", 81)]))
    before = addresses(cluster), node_ports(cluster)
    result, = cluster.apply(service(type="NodePort", ports=[named("a", 80), named("b", 81)]))
    assert result.action == "unchanged" and (addresses(cluster), node_ports(cluster)) == before
    cluster.apply(service(type="LoadBalancer", ports=[named("b", 81), named("a", 80)]))
    assert (addresses(cluster), node_ports(cluster)) == (before[0], before[1][::-1]), "SV-4; patchAllocatedValues"


# row, ports before, ports after, whether the node ports stay
KEPT: list[tuple[str, list[Object], list[Object], list[bool]]] = [
    ("the port number changes, the name stays", [{"port": 80}], [{"port": 8080}], [True]),
    ("the name changes, the port stays", [named("a", 80)], [named("b", 80)], [True]),
    ("both change", [named("a", 80)], [named("b", 81)], [False]),
    ("two entries change places", [named("a", 80), named("b", 81)], [named("b", 81), named("a", 80)], [True, True]),
]


@pytest.mark.parametrize(("row", "before", "after", "kept"), KEPT, ids=[row[0] for row in KEPT])
def test_node_ports_follow_port_and_name(row: str, before: list[Object], after: list[Object], kept: list[bool]) -> None:
    """kubectl merges the list by `port`; the API server then patches what is missing by `name` (storage.go)."""
    cluster = small()
    cluster.apply(service(type="NodePort", ports=before))
    first = set(node_ports(cluster))
    cluster.apply(service(type="NodePort", ports=after))
    assert [number in first for number in node_ports(cluster)] == kept and 0 not in node_ports(cluster)


# row, spec before, spec after, message, source
IMMUTABLE: list[tuple[str, Object, Object, str, str]] = [
    ("the primary cluster IP", {"clusterIP": "10.0.0.5"}, {"clusterIP": "10.0.0.6"}, "may not change once set", "SV-4"),
    ("from an address to headless", {"clusterIP": "10.0.0.5"}, {"clusterIP": "None"}, "may not change once set", "SV-4"),
    ("from headless to an address", {"clusterIP": "None"}, {"clusterIP": "10.0.0.5"}, "may not change once set", "SV-4"),
    ("a headless Service cannot be opened", {"clusterIP": "None"}, {"type": "NodePort"},
     "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services", "SV-3"),
    ("the load-balancer class", {"type": "LoadBalancer", "loadBalancerClass": "a.b/c"},
     {"type": "LoadBalancer", "loadBalancerClass": "a.b/d"}, "may not change once set", "SV-5"),
    ("the health check port", {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30001},
     {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30002}, "field is immutable", "SV-5"),
]


@pytest.mark.parametrize(("row", "before", "after", "message", "rule"), IMMUTABLE, ids=[row[0] for row in IMMUTABLE])
def test_what_may_not_change(row: str, before: Object, after: Object, message: str, rule: str) -> None:
    cluster = small()
    cluster.apply(service(**before))
    assert message in refused(cluster, service(**after)), rule


def test_a_headless_service_that_no_longer_says_so_stays_headless() -> None:
    """storage.go patchAllocatedValues copies "None" like any other cluster IP."""
    cluster = small()
    cluster.apply(service(clusterIP="None"))
    cluster.apply(service())
    assert cluster.get("service", "web").is_headless and addresses(cluster) == []


def test_going_through_external_name_gives_another_address() -> None:
    cluster = small()
    cluster.apply(service(type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}]))
    cluster.apply(service(**EXTERNAL_NAME))
    assert (addresses(cluster), node_ports(cluster)) == ([], [0])
    cluster.apply(service("b", type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}]))
    cluster.apply(service(clusterIP="10.0.0.6"))
    assert addresses(cluster) == ["10.0.0.6"], "SV-4, CI-6, NP-6"


# row, what happens to the Service that holds 10.0.0.5, 30001 and health check port 30002
ALL = ["10.0.0.5", "30001", "30002"]
RELEASES: list[tuple[str, Any, list[str]]] = [
    ("it is deleted", lambda cluster: cluster.delete("service", "web", namespace="shop"), ALL),
    ("its namespace is deleted", lambda cluster: cluster.delete("namespace/shop"), ALL),
    ("it becomes an ExternalName", lambda cluster: cluster.apply(service(**EXTERNAL_NAME), namespace="shop"), ALL),
    ("it becomes a ClusterIP", lambda cluster: cluster.apply(service(), namespace="shop"), ["30001", "30002"]),
    ("it becomes a NodePort", lambda cluster: cluster.apply(service(type="NodePort"), namespace="shop"), ["30002"]),
]


@pytest.mark.parametrize(("row", "change", "freed"), RELEASES, ids=[row[0] for row in RELEASES])
def test_what_is_not_needed_any_more_is_free_for_others(row: str, change: Any, freed: list[str]) -> None:
    cluster = small()
    cluster.apply(service(type="LoadBalancer", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}],
                          externalTrafficPolicy="Local", healthCheckNodePort=30002), namespace="shop")
    before = ledgers(cluster)
    change(cluster)
    assert sorted({*ledgers(cluster)} - {*before}) == freed, "CI-6, NP-6"


def test_turning_node_ports_off_later_frees_none() -> None:
    cluster = small()
    cluster.apply(service(type="LoadBalancer", ports=[{"port": 80, "nodePort": 30001}]))
    cluster.apply(service(type="LoadBalancer", allocateLoadBalancerNodePorts=False))
    assert node_ports(cluster) == [30001], "NP-6"


def test_an_update_may_name_one_number_for_two_protocols() -> None:
    """A creation may not (alloc.go initNodePorts), an update may (updateNodePorts)."""
    cluster = small()
    cluster.apply(service(type="NodePort", ports=[named("t", 53, "TCP", 30001)]))
    cluster.apply(service(type="NodePort", ports=[named("t", 53, "TCP", 30002), named("u", 54, "UDP", 30002)]))
    assert node_ports(cluster) == [30002, 30002]
    cluster.apply(service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30001}]))


def test_within_one_apply_what_one_object_frees_the_next_may_have() -> None:
    """As when kubectl sends one object after the other."""
    cluster = small()
    cluster.apply(service(type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}]))
    cluster.apply([service(**EXTERNAL_NAME),
                   service("b", type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}])])
    assert (addresses(cluster, "b"), node_ports(cluster, "b")) == (["10.0.0.5"], [30001])


def test_what_was_freed_comes_back_when_the_apply_is_refused() -> None:
    cluster = small()
    cluster.apply(service(type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 80, "nodePort": 30001}]))
    assert "already allocated" in refused(
        cluster, service(**EXTERNAL_NAME), service("b", type="NodePort", clusterIP="10.0.0.5", ports=[{"port": 1, "nodePort": 30001}]),
        service("c", clusterIP="10.0.0.5"))


def test_a_load_balancer_keeps_its_address_and_a_waiting_one_its_reason() -> None:
    cluster = small(load_balancer_pool="203.0.113.8/30")
    both = [service(name, type="LoadBalancer", allocateLoadBalancerNodePorts=False) for name in ("a", "b", "c")]
    cluster.apply(both)
    waiting = [each.name for each in cluster.list("service") if each.pending_reason]
    assert len(waiting) == 1
    assert [result.action for result in cluster.apply(both)] == ["unchanged"] * 3


# pins -------------------------------------------------------------------------------------------------------------

def test_pinned_values_are_given_to_nobody_else() -> None:
    pins = {"service/default/web": {"clusterIP": "10.0.0.7", "nodePort": 30002}}
    cluster = small(pins=pins)
    cluster.apply([service(f"s{n}", type="NodePort" if n < 3 else "ClusterIP") for n in range(13)])
    cluster.apply(service(type="NodePort"))
    assert (addresses(cluster), node_ports(cluster)) == (["10.0.0.7"], [30002])
    with pytest.raises(PoolExhausted):
        cluster.apply(service("more"))


def test_a_value_of_ones_own_comes_before_a_pin() -> None:
    cluster = small(pins={"service/default/web": "10.0.0.7"})
    cluster.apply(service(clusterIP="10.0.0.8"))
    assert addresses(cluster) == ["10.0.0.8"]


# the default class ------------------------------------------------------------------------------------------------

def class_named(name: str, default: bool = True) -> Object:
    mark = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name, "annotations": mark},
            "spec": {"controller": "example.com/x"}}


# row, classes in order with a pause between them, the Ingress's own class and annotation, the class stored
CLASSES: list[tuple[str, list[Object], dict[str, Any], str | None]] = [
    ("no default", [class_named("a", False)], {}, None),
    ("one default", [class_named("a", False), class_named("b")], {}, "b"),
    ("the youngest of several", [class_named("b"), class_named("c"), class_named("a")], {}, "a"),
    ("a class of its own", [class_named("a")], {"class_name": "other"}, "other"),
    ("the old annotation", [class_named("a")], {"annotations": {"kubernetes.io/ingress.class": "x"}}, None),
]


@pytest.mark.parametrize(("row", "classes", "own", "stored"), CLASSES, ids=[row[0] for row in CLASSES])
def test_the_default_class_is_stored(row: str, classes: list[Object], own: dict[str, Any], stored: str | None) -> None:
    """C-4; kubernetes/kubernetes plugin/pkg/admission/network/defaultingressclass/admission.go."""
    cluster = small()
    for each in classes:
        cluster.apply(each)
        cluster.advance(1)
    cluster.apply(ingress("web", **{"class_name": None, **own}))
    assert cluster.get("ingress", "web").ingress_class_name == stored


def test_of_two_default_classes_of_one_age_the_first_by_name_is_stored() -> None:
    cluster = small()
    cluster.apply([class_named("b"), class_named("a"), ingress("web", class_name=None)])
    assert cluster.get("ingress", "web").ingress_class_name == "a"


def test_an_ingress_that_exists_keeps_its_class_through_apply() -> None:
    cluster = small()
    cluster.apply([class_named("a"), ingress("web", class_name=None)])
    cluster.advance(1)
    cluster.apply(class_named("b"))
    result, = cluster.apply(ingress("web", class_name=None))
    assert result.action == "unchanged" and cluster.get("ingress", "web").ingress_class_name == "a"
