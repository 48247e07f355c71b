"""IP families of a Service. Rules DS-1 to DS-5 (kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go
initIPFamilyFields; KEP-563)."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.errors import InvalidField

V4, V6 = "10.96.0.0/16", "fd00:10::/112"
Object = dict[str, Any]


def cluster_of(*ranges: str) -> simnet.Cluster:
    return simnet.Cluster(nodes=1, addons=(), service_cidr=list(ranges))


def service(selector: bool = True, **spec: Any) -> Object:
    whole: Object = {"ports": [{"port": 80}], **spec}
    if selector:
        whole["selector"] = {"app": "web"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": whole}


def got(cluster: simnet.Cluster, *specs: Object) -> tuple[tuple[int, ...], str, tuple[int, ...]]:
    """Families, policy and the families of the cluster IPs, after applying one spec after the other."""
    for spec in specs:
        cluster.apply(service(**spec))
    found = cluster.get("service", "web")
    return found.ip_families, found.ip_family_policy, tuple(map(ip.family, found.cluster_ips))


SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"
HEADLESS = {"clusterIP": "None"}
BOTH_IPS = {"clusterIP": "fd00:10::5", "clusterIPs": ["fd00:10::5", "10.96.0.5"]}
# row, ranges of the cluster, spec, families, policy, source
CREATED: list[tuple[str, list[str], Object, tuple[int, ...], str, str]] = [
    ("one family by default", [V4, V6], {}, (4,), SINGLE, "DS-2"),
    ("that of the first range", [V6, V4], {}, (6,), SINGLE, "DS-3"),
    ("an IPv6 cluster", [V6], {}, (6,), SINGLE, "DS-3"),
    ("a family of one's own", [V4, V6], {"ipFamilies": ["IPv6"]}, (6,), SINGLE, "DS-3"),
    ("prefer takes what there is", [V4], {"ipFamilyPolicy": PREFER}, (4,), PREFER, "DS-2"),
    ("prefer takes both", [V4, V6], {"ipFamilyPolicy": PREFER}, (4, 6), PREFER, "DS-2"),
    ("require takes both, the first range first", [V6, V4], {"ipFamilyPolicy": REQUIRE}, (6, 4), REQUIRE, "DS-3"),
    ("the order of ipFamilies", [V4, V6], {"ipFamilyPolicy": PREFER, "ipFamilies": ["IPv6"]}, (6, 4), PREFER, "DS-3"),
    ("families follow the addresses given", [V4, V6], {"clusterIP": "fd00:10::5"}, (6,), SINGLE, "DS-3"),
    ("both of them", [V4, V6], {"ipFamilyPolicy": PREFER, **BOTH_IPS}, (6, 4), PREFER, "DS-3"),
    ("one address and one family more", [V4, V6], {"ipFamilyPolicy": PREFER, "clusterIP": "10.96.0.5"}, (4, 6), PREFER, "DS-3"),
    ("headless with selector", [V4, V6], HEADLESS, (4,), SINGLE, "DS-2"),
    ("headless without selector", [V4, V6], {**HEADLESS, "selector": False}, (4, 6), REQUIRE, "DS-2"),
    ("even where there is one family", [V4], {**HEADLESS, "selector": False}, (4, 6), REQUIRE, "DS-2"),
    ("and on an IPv6 cluster", [V6], {**HEADLESS, "selector": False}, (6, 4), REQUIRE, "DS-2"),
    ("unless it says otherwise", [V4], {**HEADLESS, "selector": False, "ipFamilyPolicy": SINGLE}, (4,), SINGLE, "DS-2"),
    ("any family will do for it", [V4], {**HEADLESS, "selector": False, "ipFamilyPolicy": SINGLE, "ipFamilies": ["IPv6"]},
     (6,), SINGLE, "alloc.go: the special case of headless Services without selector"),
]


@pytest.mark.parametrize(("row", "ranges", "spec", "families", "policy", "rule"), CREATED, ids=[row[0] for row in CREATED])
def test_a_new_service(row: str, ranges: list[str], spec: Object, families: tuple[int, ...], policy: str, rule: str) -> None:
    of_addresses = () if spec.get("clusterIP") == "None" else families
    assert got(cluster_of(*ranges), spec) == (families, policy, of_addresses), rule


FAMILIES = {"ipFamilies": ["IPv4", "IPv6"]}
# row, ranges, specs applied one after the other (the last is refused), messages without object, source
REFUSED: list[tuple[str, list[str], list[Object], list[str], str]] = [
    ("require on a single-stack cluster", [V4], [{"ipFamilyPolicy": REQUIRE}],
     ['spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'], "DS-2"),
    ("a family the cluster lacks", [V4], [{"ipFamilies": ["IPv6"]}],
     ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'], "DS-3"),
    ("an address of a family the cluster lacks", [V4], [{"clusterIP": "fd00:10::5"}],
     ['spec.clusterIPs[0]: Invalid value: ["fd00:10::5"]: IPv6 is not configured on this cluster'], "DS-3"),
    ("two families under SingleStack", [V4, V6], [FAMILIES],
     ['spec.ipFamilyPolicy: Invalid value: "SingleStack": must be \'RequireDualStack\' or \'PreferDualStack\' when multiple '
      "IP families are specified"], "DS-3"),
    ("two addresses under SingleStack", [V4, V6], [BOTH_IPS],
     ['spec.ipFamilyPolicy: Invalid value: "SingleStack": must be \'RequireDualStack\' or \'PreferDualStack\' when multiple '
      "cluster IPs are specified"], "DS-3"),
    ("a second family for a Service that has one", [V4, V6], [{}, FAMILIES],
     ['spec.ipFamilyPolicy: Invalid value: "SingleStack": must be \'RequireDualStack\' or \'PreferDualStack\' when multiple '
      "IP families are specified"], "DS-3"),
    ("a family dropped without the policy", [V4, V6], [{"ipFamilyPolicy": PREFER}, {"ipFamilies": ["IPv4"]}],
     ['spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be \'SingleStack\' to release the secondary IP family'], "DS-3"),
    ("another primary family", [V4, V6], [{}, {"ipFamilies": ["IPv6"]}],
     ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set\nservice/default/web: spec.clusterIPs[0]: Invalid '
      'value: "10.96.217.45": expected an IPv6 value as indicated by `ipFamilies[0]`'], "SV-4"),
    ("address and family that do not fit", [V4, V6], [{"ipFamilies": ["IPv6"], "clusterIP": "10.96.0.5"}],
     ['spec.clusterIPs[0]: Invalid value: "10.96.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`'], "DS-3"),
    ("two addresses of one family", [V4, V6], [{"ipFamilyPolicy": PREFER, "clusterIP": "10.96.0.5",
                                                "clusterIPs": ["10.96.0.5", "10.96.0.6"]}],
     ['spec.clusterIPs: Invalid value: ["10.96.0.5","10.96.0.6"]: may specify no more than one IP for each IP family'], "DS-3"),
]


@pytest.mark.parametrize(("row", "ranges", "specs", "messages", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_the_cluster_refuses(row: str, ranges: list[str], specs: list[Object], messages: list[str], rule: str) -> None:
    cluster = cluster_of(*ranges)
    for spec in specs[:-1]:
        cluster.apply(service(**spec))
    before = cluster.dump(), cluster.version
    with pytest.raises(InvalidField) as caught:
        cluster.apply(service(**specs[-1]))
    assert [str(caught.value).partition("service/default/web: ")[2]] == messages, rule
    assert (cluster.dump(), cluster.version) == before


# row, specs one after the other, families, policy
CHANGED: list[tuple[str, list[Object], tuple[int, ...], str]] = [
    ("a second family is added", [{}, {"ipFamilyPolicy": PREFER}], (4, 6), PREFER),
    ("and dropped by the policy alone", [{"ipFamilyPolicy": PREFER}, {"ipFamilyPolicy": SINGLE}], (4,), SINGLE),
    ("also when the families are repeated", [{"ipFamilyPolicy": PREFER, **FAMILIES}, {"ipFamilyPolicy": SINGLE, **FAMILIES}],
     (4,), SINGLE),
    ("a policy that is not mentioned stays", [{"ipFamilyPolicy": REQUIRE}, {}], (4, 6), REQUIRE),
    ("through ExternalName the family may change",
     [{}, {"type": "ExternalName", "externalName": "a.test"}, {"ipFamilies": ["IPv6"]}], (6,), SINGLE),
]


@pytest.mark.parametrize(("row", "specs", "families", "policy"), CHANGED, ids=[row[0] for row in CHANGED])
def test_a_service_that_changes(row: str, specs: list[Object], families: tuple[int, ...], policy: str) -> None:
    assert got(cluster_of(V4, V6), *specs) == (families, policy, families), "DS-3"


def test_the_address_that_stays_is_the_first_and_the_second_is_free_again() -> None:
    cluster = cluster_of(V4, V6)
    cluster.apply(service(ipFamilyPolicy=PREFER))
    first, second = cluster.get("service", "web").cluster_ips
    cluster.apply(service(ipFamilyPolicy=SINGLE))
    assert cluster.get("service", "web").cluster_ips == (first,), "SV-4"
    other = service(clusterIP=ip.text(second))
    cluster.apply({**other, "metadata": {"name": "other"}})


def test_an_external_name_has_no_families() -> None:
    assert got(cluster_of(V4, V6), {}, {"type": "ExternalName", "externalName": "a.test"}) == ((), "", ()), "SV-6"


def test_pods_names_and_connections_of_both_families() -> None:
    """DS-1: each family is a network of its own."""
    cluster = simnet.Cluster(nodes={"a": ["172.18.0.2", "fd00:18::2"]}, service_cidr=[V4, V6],
                             pod_cidr=["10.244.0.0/16", "fd00:244::/48"])
    cluster.apply([service(ipFamilyPolicy=REQUIRE), {"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": "web", "labels": {"app": "web"}}, "spec": {"containers": [
            {"name": "c", "image": "nginx", "ports": [{"containerPort": 80}]}]}}])
    answer = cluster.resolve("web", "pod/web")
    assert sorted(map(ip.family, answer.numbers)) == [4, 6]
    for number in answer.numbers:
        trace = cluster.connect(f"tcp://{ip.host_port(number, 80)}", "node/a")
        assert trace.result == "open" and ip.family(ip.number(trace.seen_source)) == ip.family(number)
