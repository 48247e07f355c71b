"""The objects themselves: frozen, slotted, and a whole API object when asked. Sources: kubectl api-resources (names),
kubernetes/kubernetes pkg/api/v1/pod/util.go FindPort, discovery/v1 types (conditions)."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.errors import UsageError
from simnet.names import ObjectKey
from simnet.objects.endpointslice import SERVICE_NAME_LABEL, Endpoint, EndpointSlice
from simnet.objects.ingress import IngressBackend
from simnet.objects.kinds import BY_KIND, KINDS, kind_named
from simnet.objects.meta import EMPTY, Object, Owner, merged, read_only
from simnet.objects.node import Node
from simnet.objects.other import Other
from simnet.objects.pod import Container, ContainerPort, Pod, PodSpec
from simnet.objects.service import LoadBalancerIngress, Service, ServicePort
from simnet.testing import deployment, ingress, pod, service
from tests.test_messages import assert_message

KEY = ObjectKey("default", "web")

# plural, short names, api version, namespaced, kind: `kubectl api-resources` of Kubernetes 1.35 with Gateway API 1.5
RESOURCES = """\
configmaps cm v1 true ConfigMap
endpoints ep v1 true Endpoints
events ev v1 true Event
namespaces ns v1 false Namespace
nodes no v1 false Node
pods po v1 true Pod
secrets - v1 true Secret
serviceaccounts sa v1 true ServiceAccount
services svc v1 true Service
daemonsets ds apps/v1 true DaemonSet
deployments deploy apps/v1 true Deployment
replicasets rs apps/v1 true ReplicaSet
statefulsets sts apps/v1 true StatefulSet
endpointslices - discovery.k8s.io/v1 true EndpointSlice
ingressclasses - networking.k8s.io/v1 false IngressClass
ingresses ing networking.k8s.io/v1 true Ingress
networkpolicies netpol networking.k8s.io/v1 true NetworkPolicy
gatewayclasses gc gateway.networking.k8s.io/v1 false GatewayClass
gateways gtw gateway.networking.k8s.io/v1 true Gateway
httproutes - gateway.networking.k8s.io/v1 true HTTPRoute
referencegrants refgrant gateway.networking.k8s.io/v1 true ReferenceGrant""".splitlines()


@pytest.mark.parametrize("row", RESOURCES)
def test_kinds_are_named_as_kubectl_names_them(row: str) -> None:
    plural, short, api_version, namespaced, kind = row.split()
    found = BY_KIND[kind]
    assert (found.plural, found.api_version, found.namespaced) == (plural, api_version, namespaced == "true")
    group = found.group
    for word in (kind, kind.upper(), plural, *([] if short == "-" else [short]), f"{plural}.{group}".rstrip("."), found.qualified):
        assert kind_named(word) is found


def test_every_kind_has_its_row() -> None:
    assert {row.split()[-1] for row in RESOURCES} == {each.kind for each in KINDS}


def test_an_unknown_kind_names_the_nearest() -> None:
    assert_message(lambda: kind_named("ingres"), UsageError, "'ingres' is not a kind of object; did you mean ingress?")
    assert_message(lambda: kind_named("zzz"), UsageError, "'zzz' is not a kind of object")


@pytest.mark.parametrize("kind", KINDS, ids=[each.kind for each in KINDS])
def test_objects_are_frozen_slotted_and_name_themselves(kind: Any) -> None:
    each: Object = kind.type(key=KEY if kind.namespaced else ObjectKey("", "web"))
    assert not hasattr(each, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        each.labels = {}
    assert each.ref == (f"{kind.kind.lower()}/default/web" if kind.namespaced else f"{kind.kind.lower()}/web")
    whole = each.manifest
    assert (whole["apiVersion"], whole["kind"], whole["metadata"]["name"]) == (kind.api_version, kind.kind, "web")
    assert ("namespace" in whole["metadata"]) == kind.namespaced


def test_what_a_cluster_shows_can_be_loaded_again_and_is_the_same() -> None:
    cluster = simnet.Cluster(nodes=2)
    cluster.apply([deployment("web"), service("web", type="LoadBalancer"), ingress("web", host="a.test"), pod("client"),
                   {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
                   {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"x": [1]}}])
    copy = simnet.Cluster(nodes=0, addons=())
    copy.load(cluster.dump())
    for kind in ("pod", "service", "ingress", "deployment", "secret", "node", "Widget"):
        assert [each.manifest for each in copy.list(kind)] == [each.manifest for each in cluster.list(kind)]


def test_a_manifest_is_a_copy() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply(service("web"))
    cluster.get("service", "web").manifest["metadata"]["labels"] = {"a": "b"}
    cluster.get("service", "web").manifest["status"]["x"] = 1
    assert "x" not in cluster.get("service", "web").manifest["status"]
    assert "labels" not in cluster.get("service", "web").manifest["metadata"]


# metadata ---------------------------------------------------------------------------------------------------------

def test_a_uid_is_the_given_one_or_always_the_same_made_up_one() -> None:
    assert Pod(key=KEY, raw={"metadata": {"uid": "abc"}}).uid == "abc"
    made = Pod(key=KEY, created=5.0).uid
    assert made == Pod(key=KEY, created=5.0).uid
    assert len({made, Pod(key=KEY, created=6.0).uid, Service(key=KEY, created=5.0).uid}) == 3
    assert [len(part) for part in made.split("-")] == [8, 4, 4, 4, 12] and made[14] == "4"


def test_an_owner_becomes_a_controller_reference() -> None:
    owned = Pod(key=KEY, owner=Owner("ReplicaSet", "web-1"), deleted=0.0)
    assert owned.manifest["metadata"]["ownerReferences"] == [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "controller": True, "blockOwnerDeletion": True}]
    assert owned.manifest["metadata"]["deletionTimestamp"] == "1970-01-01T00:00:00Z"


def test_helpers_for_mappings() -> None:
    assert merged({"a": 1, "b": 2}, {"b": None, "c": 3}) == {"a": 1, "c": 3} and merged(None, {"a": None}) == {}
    assert read_only(None) is EMPTY is read_only({})
    assert isinstance(read_only({"a": 1}), MappingProxyType)


def test_a_kind_that_is_not_modelled_keeps_its_own_name() -> None:
    widget = Other(key=KEY, other_kind="Widget", other_api_version="example.com/v1", raw={"spec": {"x": 1}})
    assert widget.ref == "widget/default/web"
    assert (widget.manifest["kind"], widget.manifest["apiVersion"], widget.manifest["spec"]) == (
        "Widget", "example.com/v1", {"x": 1})


# kinds ------------------------------------------------------------------------------------------------------------

# conditions, ready, used when nobody is ready
CONDITIONS = [({}, True, False), ({"ready": True}, True, False), ({"ready": False}, False, False),
              ({"ready": False, "terminating": True}, False, True),
              ({"ready": False, "serving": True, "terminating": True}, False, True),
              ({"ready": False, "serving": False, "terminating": True}, False, False),
              ({"ready": True, "terminating": True}, True, False)]


@pytest.mark.parametrize(("conditions", "ready", "fallback"), CONDITIONS)
def test_missing_conditions_mean_ready_serving_and_not_terminating(conditions: dict[str, bool], ready: bool, fallback: bool) -> None:
    each = Endpoint((1,), **conditions)
    assert (each.is_ready, each.is_fallback) == (ready, fallback), "PX-7, CAT-1"


@pytest.mark.parametrize(("labels", "key"), [({SERVICE_NAME_LABEL: "web"}, KEY), ({}, None), ({SERVICE_NAME_LABEL: ""}, None)])
def test_a_slice_belongs_to_the_service_its_label_names(labels: dict[str, str], key: ObjectKey | None) -> None:
    assert EndpointSlice(key=ObjectKey("default", "web-x"), labels=labels).service == key, "PX-2"


def test_named_ports_are_searched_in_containers_first_and_never_in_plain_init_containers() -> None:
    def container(name: str, number: int, protocol: str = "TCP", restart: str = "") -> Container:
        return Container(name, ports=(ContainerPort(number, "http", protocol),), restart_policy=restart)

    spec = PodSpec(containers=(container("udp", 1, "UDP"), container("one", 2), container("two", 3)),
                   init_containers=(container("init", 4), container("side", 5, restart="Always")))
    assert spec.port_named("http", "TCP") == 2 and spec.port_named("http", "UDP") == 1, "ES-6"
    assert spec.port_named("https", "TCP") is None and spec.port_named("http", "SCTP") is None
    assert PodSpec(init_containers=spec.init_containers).port_named("http", "TCP") == 5, "ES-6"


def test_a_pods_address_is_the_first_of_the_family() -> None:
    both = Pod(key=KEY, pod_ips=(ip.number("10.0.0.1"), ip.number("fd00::1"), ip.number("10.0.0.2")))
    assert (both.address(4), both.address(6)) == (ip.number("10.0.0.1"), ip.number("fd00::1"))
    assert Pod(key=KEY).address(4) is None


def test_a_node_knows_its_zone_and_its_primary_addresses() -> None:
    node = Node(key=ObjectKey("", "a"), addresses=(ip.number("10.0.0.1"), ip.number("10.0.0.2")),
                labels={"topology.kubernetes.io/zone": "z"})
    assert (node.zone, node.primary(4), node.primary(6)) == ("z", ip.number("10.0.0.1"), None)
    assert Node(key=ObjectKey("", "b")).zone == ""


def test_only_addresses_that_are_captured_count_as_load_balancer_ips() -> None:
    entries = (LoadBalancerIngress(1), LoadBalancerIngress(2, ip_mode="Proxy"), LoadBalancerIngress(None, "lb.example.com"))
    assert Service(key=KEY, load_balancer_ingress=entries).load_balancer_ips == (1,), "SV-9"


# type, external IPs, externally accessible in the API's sense
ACCESSIBLE = [("ClusterIP", (), False), ("ClusterIP", (1,), True), ("NodePort", (), True), ("LoadBalancer", (), True),
              ("ExternalName", (1,), False)]


@pytest.mark.parametrize(("type_", "external_ips", "accessible"), ACCESSIBLE)
def test_externally_accessible(type_: str, external_ips: tuple[int, ...], accessible: bool) -> None:
    assert Service(key=KEY, type=type_, external_ips=external_ips).has_external_address == accessible, "SV-1"


def test_the_ports_a_service_holds_are_its_node_ports_and_its_health_check() -> None:
    each = Service(key=KEY, ports=(ServicePort(80, node_port=30001), ServicePort(81), ServicePort(82, node_port=30001)),
                   health_check_node_port=30002)
    assert each.ports_held == {30001, 30002} and Service(key=KEY).ports_held == set(), "NP-3"


@pytest.mark.parametrize(("backend", "text"), [
    (IngressBackend("web", 80), "web:80"), (IngressBackend("web", port_name="http"), "web:http"),
    (IngressBackend(resource=("k8s.example.com", "Bucket", "b")), "k8s.example.com/Bucket/b"),
    (IngressBackend(resource=("", "ConfigMap", "c")), "ConfigMap/c")])
def test_backends_are_written_short(backend: IngressBackend, text: str) -> None:
    assert str(backend) == text
