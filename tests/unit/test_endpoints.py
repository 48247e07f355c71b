"""From pods to EndpointSlices: the rule, the layout in slices, the tracker, mirrored and hand-made ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.control.endpoints import endpoint_for, endpoints_of, ports_for
from simnet.control.slicefill import Wanted, lay_out
from simnet.labels import Selector
from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint, EndpointPort, EndpointSlice
from simnet.objects.node import Node
from simnet.objects.pod import Container, ContainerPort, Pod, PodSpec
from simnet.objects.service import Service, ServicePort
from simnet.testing import deployment, pod, service

ADDRESS = ip.number("10.244.1.2")
NODE = Node(key=ObjectKey("", "node-a"), labels={"topology.kubernetes.io/zone": "zone-a"})


def one_pod(**more: Any) -> Pod:
    given = {"pod_ips": (ADDRESS,), "phase": "Running", "ready": True, "node_name": "node-a", **more}
    return Pod(key=ObjectKey("default", "web-1"), labels={"app": "web"}, **given)


def one_service(**more: Any) -> Service:
    return Service(key=ObjectKey("default", "web"), selector=Selector.from_map({"app": "web"}),
                   ports=more.pop("ports", (ServicePort(80, target_port=80),)), cluster_ips=(1,), **more)


CONDITIONS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[bool, bool, bool] | None]] = [
    # what the row says, pod, service, (ready, serving, terminating) or None when it is left out
    ("a ready pod", {}, {}, (True, True, False)),
    ("a pod that is not ready stays in", {"ready": False}, {}, (False, False, False)),
    ("a terminating pod that still serves", {"deleted": 1.0}, {}, (False, True, True)),
    ("a terminating pod that does not", {"deleted": 1.0, "ready": False}, {}, (False, False, True)),
    ("published though not ready", {"ready": False}, {"publish_not_ready_addresses": True}, (True, False, False)),
    ("published though terminating", {"deleted": 1.0}, {"publish_not_ready_addresses": True}, (True, True, True)),
    ("a pod that succeeded", {"phase": "Succeeded"}, {}, None),
    ("a pod that failed", {"phase": "Failed"}, {"publish_not_ready_addresses": True}, None),
    ("pending with an address", {"phase": "Pending", "ready": False}, {}, (False, False, False)),
    ("phase unknown", {"phase": "Unknown"}, {}, (True, True, False)),
    ("without an address", {"pod_ips": ()}, {}, None),
    ("an address of the other family only", {"pod_ips": (ip.number("fd00::1"),)}, {}, None),
]


@pytest.mark.parametrize("row", CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_which_pods_are_endpoints(row: tuple[str, dict[str, Any], dict[str, Any], tuple[bool, bool, bool] | None]
                                  ) -> None:
    """Rules ES-3, ES-4, ES-5, ES-14. Source: kubernetes/endpointslice utils_test.go TestPodToEndpoint."""
    _, of_pod, of_service, conditions = row
    endpoint = endpoint_for(one_service(**of_service), one_pod(**of_pod), NODE, 4)
    assert (None if endpoint is None else (endpoint.ready, endpoint.serving, endpoint.terminating)) == conditions


def test_a_pod_of_a_node_that_does_not_exist_is_left_out_unless_published() -> None:
    """Rule ES-9; a pod that names no node stays."""
    assert endpoint_for(one_service(), one_pod(), None, 4) is None
    assert endpoint_for(one_service(publish_not_ready_addresses=True), one_pod(), None, 4) is not None
    unscheduled = endpoint_for(one_service(), one_pod(node_name=""), None, 4)
    assert unscheduled is not None and (unscheduled.node_name, unscheduled.zone) == ("", "")


def test_zone_node_and_target_are_told() -> None:
    endpoint = endpoint_for(one_service(), one_pod(), NODE, 4)
    assert endpoint is not None
    assert (endpoint.node_name, endpoint.zone, endpoint.target) == ("node-a", "zone-a", ObjectKey("default", "web-1"))


@pytest.mark.parametrize(("hostname", "subdomain", "told"), [
    ("h", "web", "h"), ("h", "other", ""), ("", "web", ""), ("h", "", "")])
def test_the_hostname_needs_the_services_name_as_subdomain(hostname: str, subdomain: str, told: str) -> None:
    """Rule ES-10. Source: endpointslice utils.go ShouldSetHostname."""
    endpoint = endpoint_for(one_service(), one_pod(spec=PodSpec(hostname=hostname, subdomain=subdomain)), NODE, 4)
    assert endpoint is not None and endpoint.hostname == told


HINTS = [  # trafficDistribution, annotations, ready, zones, nodes
    ("", {}, True, (), ()),
    ("PreferClose", {}, True, ("zone-a",), ()),
    ("PreferSameZone", {}, True, ("zone-a",), ()),
    ("PreferSameNode", {}, True, ("zone-a",), ("node-a",)),
    ("PreferClose", {}, False, (), ()),
    ("PreferClose", {"service.kubernetes.io/topology-mode": "Auto"}, True, (), ()),
    ("PreferClose", {"service.kubernetes.io/topology-mode": "AUTO"}, True, ("zone-a",), ()),
]


@pytest.mark.parametrize("row", HINTS)
def test_hints(row: tuple[str, dict[str, str], bool, tuple[str, ...], tuple[str, ...]]) -> None:
    """Rules ES-12, SV-13. Source: endpointslice trafficdist/trafficdist.go."""
    distribution, annotations, ready, zones, nodes = row
    endpoint = endpoint_for(one_service(traffic_distribution=distribution, annotations=annotations),
                            one_pod(ready=ready), NODE, 4)
    assert endpoint is not None and (endpoint.hint_zones, endpoint.hint_nodes) == (zones, nodes)


def test_an_endpoint_without_a_zone_gets_no_zone_hint() -> None:
    endpoint = endpoint_for(one_service(traffic_distribution="PreferSameNode"), one_pod(),
                            Node(key=ObjectKey("", "node-a")), 4)
    assert endpoint is not None and (endpoint.hint_zones, endpoint.hint_nodes) == ((), ("node-a",))


def spec(*containers: tuple[int, str, str], sidecar: bool = False) -> PodSpec:
    made = tuple(Container(f"c{index}", ports=(ContainerPort(number, name, protocol),), restart_policy="Always")
                 for index, (number, name, protocol) in enumerate(containers))
    return PodSpec(init_containers=made) if sidecar else PodSpec(containers=made)


NAMED = [  # what the row says, pod, ports
    ("by name and protocol, first container first", spec((80, "http", "TCP"), (81, "http", "TCP")), [80]),
    ("the protocol has to fit", spec((53, "http", "UDP"), (81, "http", "TCP")), [81]),
    ("sidecars are searched after containers", spec((90, "http", "TCP"), sidecar=True), [90]),
    ("a name that is missing is left out for this pod", spec((80, "web", "TCP")), []),
]


@pytest.mark.parametrize(("name", "given", "numbers"), NAMED, ids=[row[0] for row in NAMED])
def test_named_target_ports(name: str, given: PodSpec, numbers: list[int]) -> None:
    """Rules ES-6, ES-7. Source: pkg/api/v1/pod/util.go FindPort."""
    ports = ports_for(one_service(ports=(ServicePort(80, target_port="http"),)), given)
    assert [port.port for port in ports] == numbers


def test_slice_ports_carry_name_protocol_and_app_protocol() -> None:
    """Rule ES-11."""
    ports = ports_for(one_service(ports=(ServicePort(53, "dns", "UDP", 5353, app_protocol="x"),)), PodSpec())
    assert ports == (EndpointPort("dns", "UDP", 5353, "x"),)


# the layout ----------------------------------------------------------------------------------------------------------

PORTS = (EndpointPort("", "TCP", 80),)


def endpoint(number: int, **more: Any) -> Endpoint:
    return Endpoint((ADDRESS + number,), True, True, False, target=ObjectKey("default", f"p{number}"), **more)


def slices(*sizes: int) -> dict[str, EndpointSlice]:
    """Slices of these sizes with consecutive endpoints."""
    found, start = {}, 0
    for index, size in enumerate(sizes):
        found[f"s{index}"] = EndpointSlice(key=ObjectKey("default", f"s{index}"), ports=PORTS,
                                           endpoints=tuple(map(endpoint, range(start, start + size))))
        start += size
    return found


def wanted(numbers: Sequence[int], ports: tuple[EndpointPort, ...] = PORTS) -> Wanted:
    return {ObjectKey("default", f"p{number}"): (ports, endpoint(number)) for number in numbers}


def sizes_after(existing: dict[str, EndpointSlice], wants: Wanted) -> list[int]:
    layout = lay_out(existing, existing, None, wants)
    kept = {name: len(each.endpoints) for name, each in existing.items()}
    kept.update({name: len(each) for name, each in layout.changed.items()})
    return sorted([*kept.values(), *(len(each) for _, each in layout.created)])


LAYOUTS = [  # what the row says, existing sizes, wanted pods, sizes after
    ("fresh", [], 250, [50, 100, 100]),
    ("one new full slice, the rest into the one it fills best", [62, 61], 250, [61, 89, 100]),
    ("a rest that fits nowhere gets a new slice", [74, 74], 300, [52, 74, 74, 100]),
    ("a rest that fits exactly", [60, 40], 160, [60, 100]),
    ("nothing new", [30, 20], 50, [20, 30]),
    ("slices are never repacked", [1, 1, 1], 3, [1, 1, 1]),
]


@pytest.mark.parametrize(("name", "existing", "count", "after"), LAYOUTS, ids=[row[0] for row in LAYOUTS])
def test_how_slices_are_filled(name: str, existing: list[int], count: int, after: list[int]) -> None:
    """Rule ES-13. Source: kubernetes/endpointslice reconciler_test.go TestReconcileEndpointSlicesSomePreexisting,
    TestReconcileEndpointSlicesRecycling and TestReconcileManyPods."""
    assert sizes_after(slices(*existing), wanted(range(count))) == after


def test_a_slice_that_loses_endpoints_is_filled_first() -> None:
    """Source: reconciler.go: slices to update are filled before any other."""
    existing = slices(80, 50)
    wants = wanted([*range(1, 130), *range(200, 215)])
    layout = lay_out(existing, existing, None, wants)
    assert {name: len(each) for name, each in layout.changed.items()} == {"s0": 94} and not layout.created


def test_ports_form_groups() -> None:
    """Rule ES-13: pods with other ports never share a slice."""
    other = (EndpointPort("", "TCP", 8080),)
    wants = {**wanted(range(3)), **wanted(range(10, 12), other)}
    layout = lay_out({}, (), None, wants)
    assert [(ports, len(each)) for ports, each in layout.created] == [(PORTS, 3), (other, 2)]


def test_only_asked_pods_are_looked_at() -> None:
    existing = slices(3, 3)
    gone = ObjectKey("default", "p1")
    layout = lay_out(existing, ["s0"], {gone}, {})
    assert list(layout.changed) == ["s0"] and [each.target for each in layout.changed["s0"]] == [
        ObjectKey("default", "p0"), ObjectKey("default", "p2")]


# the tracker ---------------------------------------------------------------------------------------------------------


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": 2, "addons": (), **settings})


def sizes(each: simnet.Cluster) -> list[int]:
    return sorted(len(found.endpoints) for found in each.list("endpointslice"))


def addresses(each: simnet.Cluster) -> list[str]:
    return sorted(ip.text(endpoint.addresses[0]) for found in each.list("endpointslice") for endpoint in found.endpoints)


def test_a_service_without_pods_has_an_empty_slice_whose_name_is_used_again() -> None:
    """Rules ES-11, ES-15; reconciler.go finalize."""
    each = cluster()
    each.apply(service("web"))
    (empty,) = each.list("endpointslice")
    assert (empty.ports, empty.endpoints) == ((), ()) and empty.name.startswith("web-") and len(empty.name) == 9
    each.apply(deployment("web", replicas=2))
    (full,) = each.list("endpointslice")
    assert full.name == empty.name and len(full.endpoints) == 2 and full.ports[0].port == 80
    each.delete("deployment/web")
    (again,) = each.list("endpointslice")
    assert (again.name, again.ports, again.endpoints) == (empty.name, (), ())
    each.delete("service/web")
    assert each.list("endpointslice") == []


def test_names_of_slices_follow_from_the_seed() -> None:
    found = []
    for seed in (1, 1, 2):
        each = cluster(seed=seed)
        each.apply([service("web"), deployment("web", replicas=120)])
        found.append([one.name for one in each.list("endpointslice")])
    assert found[0] == found[1] != found[2] and len(set(found[0])) == 2


def test_labels_of_slices() -> None:
    """Rule ES-15."""
    each = cluster()
    headless = {**service("web", clusterIP="None")}
    headless["metadata"]["labels"] = {"team": "shop", "kubernetes.io/service-name": "mine"}
    each.apply(headless)
    (found,) = each.list("endpointslice")
    assert dict(found.labels) == {
        "team": "shop", "kubernetes.io/service-name": "web", "service.kubernetes.io/headless": "",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
    headless["metadata"]["labels"] = {"team": "cart"}
    each.apply(headless)
    assert each.list("endpointslice")[0].labels["team"] == "cart"


def test_selectors_match_exactly_and_only_in_their_namespace() -> None:
    """Rules ES-1, ES-2."""
    each = cluster()
    each.apply([service("web"), pod("a", labels={"app": "web"}), pod("b", labels={"app": "Web"}),
                pod("c", labels={"app": "web"}, namespace="shop"), pod("d", labels={"app": "web", "tier": "x"})])
    assert [endpoint.target.name for endpoint in each.list("endpointslice")[0].endpoints] == ["a", "d"]


def test_a_changed_selector_and_changed_labels_change_the_members() -> None:
    each = cluster()
    each.apply([service("web"), pod("a", labels={"app": "web"}), pod("b", labels={"app": "wbe"})])
    assert addresses(each) == ["10.244.0.2"]
    each.apply(service("web", selector={"app": "wbe"}))
    assert addresses(each) == ["10.244.1.2"]
    each.apply(pod("a", labels={"app": "wbe"}))
    assert addresses(each) == ["10.244.0.2", "10.244.1.2"]
    each.delete("pod/b")
    assert addresses(each) == ["10.244.0.2"]


def test_a_changed_target_port_moves_all_endpoints() -> None:
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=3)])
    each.apply(service("web", target_port=8080))
    (found,) = each.list("endpointslice")
    assert [port.port for port in found.ports] == [8080] and len(found.endpoints) == 3


def test_pods_with_other_ports_get_a_slice_of_their_own() -> None:
    """Rules ES-6, ES-7: a name is resolved for each pod, and one without it is in a slice without ports."""
    each = cluster()
    each.apply(service("web", target_port="http"))
    for name, number in (("a", 80), ("b", 8080), ("c", None)):
        made = pod(name, labels={"app": "web"}, port=None)
        if number:
            made["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": number}]
        each.apply(made)
    found = {tuple(port.port for port in one.ports): len(one.endpoints) for one in each.list("endpointslice")}
    assert found == {(80,): 1, (8080,): 1, (): 1}


def test_large_services_grow_and_shrink_slice_by_slice() -> None:
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=250)])
    assert sizes(each) == [50, 100, 100]
    each.apply(pod("more", labels={"app": "web"}))
    assert sizes(each) == [51, 100, 100]
    each.apply(deployment("web", replicas=10))
    assert sum(sizes(each)) == 11 and len(each.list("endpointslice")) <= 3


def test_one_pod_more_copies_one_slice() -> None:
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=250)])
    with each.counting() as work:
        each.apply(pod("more", labels={"app": "web"}))
    assert (work.slices_built, work.endpoints_copied, work.selectors_examined) == (1, 51, 1)


def test_a_node_that_goes_takes_its_endpoints_and_a_zone_is_followed() -> None:
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=2)])
    node = each.get("node", "node-1").manifest
    node["metadata"]["labels"] = {**node["metadata"]["labels"], "topology.kubernetes.io/zone": "z1"}
    each.apply(node)
    zones = {endpoint.node_name: endpoint.zone for endpoint in each.list("endpointslice")[0].endpoints}
    assert zones == {"node-1": "z1", "node-2": ""}


def test_dual_stack_services_have_slices_of_both_families() -> None:
    """Rules ES-13, ES-14, DS-5."""
    each = cluster(nodes={"a": ["192.168.0.1", "fd00:a::1"]}, pod_cidr=["10.244.0.0/16", "fd00:244::/56"],
                   service_cidr=["10.96.0.0/16", "fd00:96::/112"])
    each.apply([service("web", ipFamilyPolicy="RequireDualStack"), deployment("web", replicas=3)])
    assert {one.address_type: len(one.endpoints) for one in each.list("endpointslice")} == {"IPv4": 3, "IPv6": 3}
    each.apply(service("web", ipFamilyPolicy="SingleStack"))
    assert {one.address_type for one in each.list("endpointslice")} == {"IPv4"}


def test_a_damaged_slice_is_put_right() -> None:
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=2)])
    (good,) = each.list("endpointslice")
    each.delete("endpointslice", good.name)
    assert len(addresses(each)) == 2
    (good,) = each.list("endpointslice")
    spoiled = good.manifest
    spoiled["endpoints"] = [{"addresses": ["10.9.9.9"], "conditions": {"ready": True}}]
    each.apply(spoiled)
    assert len(addresses(each)) == 2 and "10.9.9.9" not in addresses(each)


def test_a_service_that_loses_its_selector_keeps_its_slices_and_stops_following() -> None:
    """Source: endpointslice_controller.go syncService returns early without a selector."""
    each = cluster()
    each.apply([service("web"), deployment("web", replicas=2)])
    manual = service("web")
    del manual["spec"]["selector"]
    each.apply(manual)
    each.delete("deployment/web")
    assert len(addresses(each)) == 2
    each.apply(service("web"))
    assert addresses(each) == []


def test_hand_made_slices_are_left_alone() -> None:
    """Rule ES-17."""
    each = cluster()
    manual = service("db")
    del manual["spec"]["selector"]
    made = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "db-1", "labels": {"kubernetes.io/service-name": "db"}},
            "ports": [{"port": 5432}], "endpoints": [{"addresses": ["192.0.2.9"]}]}
    each.apply([manual, made])
    assert addresses(each) == ["192.0.2.9"]
    each.delete("service/db")
    assert addresses(each) == ["192.0.2.9"], "nobody owns it"


# mirrored Endpoints --------------------------------------------------------------------------------------------------


def endpoints_object(*ready: str, not_ready: Sequence[str] = (), labels: dict[str, str] | None = None) -> dict[str, Any]:
    subset: dict[str, Any] = {"ports": [{"port": 5432, "name": "pg"}]}
    for name, given in (("addresses", ready), ("notReadyAddresses", not_ready)):
        if given:
            subset[name] = [{"ip": address} for address in given]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "labels": labels or {}},
            "subsets": [subset]}


def manual_service() -> dict[str, Any]:
    made = service("db")
    del made["spec"]["selector"]
    return made


def test_endpoints_written_by_hand_are_mirrored() -> None:
    """Rule ES-16. Source: endpointslicemirroring/reconciler_test.go."""
    each = cluster()
    each.apply([manual_service(), endpoints_object("192.0.2.1", "2001:db8::1", not_ready=["192.0.2.2"])])
    found = {one.address_type: one for one in each.list("endpointslice")}
    assert set(found) == {"IPv4", "IPv6"}
    assert [(ip.text(one.addresses[0]), one.ready, one.serving, one.terminating) for one in found["IPv4"].endpoints] == [
        ("192.0.2.1", True, None, None), ("192.0.2.2", False, None, None)]
    assert found["IPv4"].labels["endpointslice.kubernetes.io/managed-by"] == (
        "endpointslicemirroring-controller.k8s.io")
    each.apply(endpoints_object("192.0.2.7"))
    assert addresses(each) == ["192.0.2.7"]
    each.delete("service/db")
    assert each.list("endpointslice") == [] and each.list("endpoints") == []


@pytest.mark.parametrize("labels", [{"endpointslice.kubernetes.io/skip-mirror": "true"}])
def test_marked_endpoints_are_not_mirrored(labels: dict[str, str]) -> None:
    each = cluster()
    each.apply([manual_service(), endpoints_object("192.0.2.1", labels=labels)])
    assert each.list("endpointslice") == []


def test_endpoints_of_a_service_with_a_selector_are_not_mirrored() -> None:
    each = cluster()
    each.apply([service("db"), endpoints_object("192.0.2.1")])
    assert addresses(each) == []


# the older form ------------------------------------------------------------------------------------------------------


def test_endpoints_as_kubectl_shows_them() -> None:
    """Addresses in text order, not ready ones apart, terminating ones left out.

    Source: pkg/api/v1/endpoints/util.go RepackSubsets, LessEndpointAddress.
    """
    given = [EndpointSlice(key=ObjectKey("default", "s"), ports=PORTS, endpoints=(
        Endpoint((ip.number("10.0.0.9"),), True), Endpoint((ip.number("10.0.0.10"),), True),
        Endpoint((ip.number("10.0.0.3"),), False, False, False), Endpoint((ip.number("10.0.0.4"),), False, True, True)))]
    (subset,) = endpoints_of(one_service(), given).subsets
    assert [ip.text(one.address) for one in subset.addresses] == ["10.0.0.10", "10.0.0.9"]
    assert [ip.text(one.address) for one in subset.not_ready_addresses] == ["10.0.0.3"]
    assert subset.ports == PORTS


def test_a_service_without_endpoints_has_no_subsets() -> None:
    empty = EndpointSlice(key=ObjectKey("default", "s"))
    assert endpoints_of(one_service(), [empty]).subsets == ()
