"""From manifests to the objects of the cluster."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.clock import from_iso
from simnet.errors import InvalidField
from simnet.ip import IPNetwork
from simnet.labels import EVERYTHING, NOTHING
from simnet.manifests import decode, read_manifests
from simnet.names import ObjectKey
from simnet.objects.other import Other

from .manifest_cases import container, ingress, manifest, path, pod, service, workload

NOW = from_iso("2027-01-01T00:00:00Z")
EARLIER = "2026-12-31T00:00:00Z"


def made(data, **options):
    return decode(data, now=NOW, **options)


def fact(data):
    return decode(data, now=NOW, facts=True)


def test_namespaced_objects_live_in_default_and_nodes_nowhere():
    assert made(service()).key == ObjectKey("default", "web")
    assert made(manifest("Node", "node-1")).key == ObjectKey("", "node-1")


def test_a_manifest_keeps_the_namespace_it_was_read_for():
    given, = read_manifests(service(), namespace="shop")
    assert made(given).key == ObjectKey("shop", "web")


def test_a_name_to_be_generated_is_its_prefix():
    given, = read_manifests(pod() | {"metadata": {"generateName": "web-"}})
    assert made(given).key == ObjectKey("default", "web-")


LIVE = pod() | {"metadata": {"name": "web", "creationTimestamp": EARLIER, "deletionTimestamp": EARLIER},
                "status": {"phase": "Running", "podIP": "10.244.0.5", "podIPs": [{"ip": "10.244.0.5"}, {"ip": "fd00::5"}],
                           "conditions": [{"type": "Ready", "status": "True"}], "startTime": EARLIER,
                           "containerStatuses": [{"name": "app", "ready": True, "restartCount": 2,
                                                  "state": {"running": {}}}]}}


def test_status_and_times_count_when_facts_are_stated():
    found = fact(LIVE)
    assert (found.phase, found.ready) == ("Running", True)
    assert found.pod_ips == (ip.number("10.244.0.5"), ip.number("fd00::5"))
    assert found.created == found.deleted == found.started == from_iso(EARLIER)
    assert (found.states[0].state, found.states[0].restart_count) == ("running", 2)


def test_status_and_times_are_ignored_when_something_is_applied():
    found = made(LIVE)
    assert (found.phase, found.ready, found.pod_ips, found.states) == ("Pending", False, (), ())
    assert (found.created, found.deleted) == (NOW, None)


def test_a_fact_that_cannot_be_read_is_refused_with_its_place():
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nstatus:\n  podIP: 10.0.0\n"
    with pytest.raises(InvalidField) as refused:
        fact(read_manifests(text, file="live.yaml")[0])
    assert str(refused.value) == ('live.yaml:5:10: pod/default/a: status.podIP: Invalid value: "10.0.0": must be a valid '
                                  "IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def test_the_raw_manifest_of_an_object_has_the_defaults():
    assert made(service()).raw["spec"]["type"] == "ClusterIP"
    assert made(service()).manifest["spec"]["sessionAffinity"] == "None"


def test_pods_share_nothing_but_have_their_ports_and_probes():
    spec = made(pod(container(ports=[{"containerPort": 80, "name": "http"}], readinessProbe={"httpGet": {"port": "http"}},
                              command=["a"]), initContainers=[container("side", restartPolicy="Always")],
                    nodeSelector={"a": "b"}, tolerations=[{"operator": "Exists"}], dnsPolicy="Default",
                    dnsConfig={"options": [{"name": "ndots", "value": "2"}, {"name": "debug"}]},
                    hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a", "b"]}])).spec
    first = spec.containers[0]
    assert (first.ports[0].container_port, first.ports[0].protocol, first.command) == (80, "TCP", ("a",))
    assert (first.readiness_probe.handler, first.readiness_probe.port) == ("httpGet", "http")
    assert spec.init_containers[0].is_sidecar
    assert spec.tolerations == (("", "Exists", "", ""),)
    assert spec.dns_config.options == (("ndots", "2"), ("debug", None))
    assert spec.host_aliases == (("10.0.0.1", ("a", "b")),)


def test_on_the_host_network_a_templates_ports_are_host_ports():
    """A template leaves hostPort out; its pods get it (pkg/apis/core/v1/defaults.go defaultHostNetworkPorts)."""
    template = {"metadata": {"labels": {"app": "web"}},
                "spec": {"hostNetwork": True, "containers": [container(ports=[{"containerPort": 80}])]}}
    spec = made(workload(template=template)).template.spec
    assert spec.containers[0].ports[0].host_port == 80


def test_a_workload_keeps_its_template_as_manifest_labels_and_spec():
    found = made(workload(replicas=0))
    assert found.replicas == 0
    assert found.template.labels == {"app": "web"}
    assert found.template.raw is found.raw["spec"]["template"]
    assert found.selector.matches({"app": "web"})


def test_a_stateful_set_has_a_service_and_a_first_ordinal():
    found = made(workload("StatefulSet", serviceName="db", ordinals={"start": 3}))
    assert (found.service_name, found.start_ordinal, found.pod_management_policy) == ("db", 3, "OrderedReady")


def test_a_service_has_numbers_for_addresses():
    found = fact(service(type="LoadBalancer", clusterIP="10.96.0.9", selector={"app": "web"}, externalIPs=["192.0.2.1"],
                         loadBalancerSourceRanges=[" 10.0.0.0/8"]) | {
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.1", "ipMode": "Proxy"}, {"hostname": "lb.example"}]}}})
    assert found.cluster_ips == (ip.number("10.96.0.9"),)
    assert found.external_ips == (ip.number("192.0.2.1"),)
    assert found.load_balancer_source_ranges == (IPNetwork.parse("10.0.0.0/8"),)
    assert [(entry.address, entry.hostname, entry.ip_mode) for entry in found.load_balancer_ingress] == [
        (ip.number("203.0.113.1"), "", "Proxy"), (None, "lb.example", "VIP")]


HEADS = [  # sentence, spec, headless, has selector, families
    ("an ordinary Service", {"selector": {"app": "a"}}, False, True, (4,)),
    ("headless", {"clusterIP": "None"}, True, False, (4,)),
    ("without a selector", {}, False, False, (4,)),
    ("an empty selector selects nothing in core/v1 (rule ES-1)", {"selector": {}}, False, False, (4,)),
    ("families as asked for", {"ipFamilies": ["IPv6", "IPv4"]}, False, False, (6, 4)),
    ("families of the addresses asked for", {"clusterIP": "fd00::9"}, False, False, (6,)),
]


@pytest.mark.parametrize(("sentence", "spec", "headless", "selects", "families"), HEADS)
def test_service_heads(sentence, spec, headless, selects, families):
    found = made(service(**spec))
    assert (found.is_headless, found.has_selector, found.ip_families) == (headless, selects, families)


def test_a_slice_keeps_what_is_not_given_apart_from_false():
    found = made(manifest("EndpointSlice", metadata={"labels": {"kubernetes.io/service-name": "web"}}, addressType="IPv4",
                          ports=[{"port": 80}], endpoints=[
        {"addresses": ["10.0.0.1"], "conditions": {"ready": False}, "nodeName": "node-1", "zone": "a",
         "targetRef": {"kind": "Pod", "name": "p"}, "hints": {"forZones": [{"name": "a"}]}}, {"addresses": ["10.0.0.2"]}]))
    first, second = found.endpoints
    assert (first.ready, first.serving, second.ready) == (False, None, None)
    assert (first.target, first.hint_zones) == (ObjectKey("default", "p"), ("a",))
    assert found.service == ObjectKey("default", "web")


def test_endpoints_keep_both_lists():
    found = made(manifest("Endpoints", subsets=[{"addresses": [{"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "p"}}],
                                                 "notReadyAddresses": [{"ip": "10.0.0.2"}], "ports": [{"port": 80}]}]))
    subset, = found.subsets
    assert (subset.addresses[0].target, subset.not_ready_addresses[0].address) == (
        ObjectKey("default", "p"), ip.number("10.0.0.2"))
    assert subset.ports[0].protocol == "TCP"


def test_an_ingress_of_any_version_is_one_object():
    new = made(ingress(path("/", "ImplementationSpecific")))
    old = made({"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": {
        "rules": [{"host": "shop.example.com", "http": {"paths": [
            {"path": "/", "backend": {"serviceName": "web", "servicePort": 80}}]}}]}})
    assert (old.rules, old.default_backend, old.ingress_class_name) == (new.rules, None, None)


def test_a_rule_without_http_is_another_thing_than_one_without_paths():
    """Rule V-3."""
    found = made(manifest("Ingress", spec={"rules": [{"host": "a"}], "ingressClassName": "nginx", "defaultBackend": {
        "resource": {"apiGroup": "a.io", "kind": "B", "name": "b"}}}))
    assert found.rules[0].paths is None
    assert found.default_backend.resource == ("a.io", "B", "b")


def test_a_policy_tells_absent_selectors_from_empty_ones():
    found = made(manifest("NetworkPolicy", spec={"podSelector": {}, "ingress": [
        {"from": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]}))
    everybody, block = found.ingress[0].peers
    assert (found.pod_selector, found.egress) == (EVERYTHING, None)
    assert (everybody.namespace_selector, everybody.pod_selector) == (EVERYTHING, None)
    assert (block.ip_block, block.excepted) == (IPNetwork.parse("10.0.0.0/8"), (IPNetwork.parse("10.1.0.0/16"),))


def test_a_deployment_without_a_selector_selects_nothing():
    assert made(workload(selector=None)).selector is NOTHING


def test_a_node_has_its_addresses_whether_applied_or_loaded():
    """Source: pkg/registry/core/node/strategy.go keeps the status on creation."""
    data = manifest("Node", "node-1", spec={"podCIDR": "10.244.0.0/24", "taints": [{"key": "a", "effect": "NoSchedule"}]},
                    status={"addresses": [{"type": "InternalIP", "address": "172.18.0.2"},
                                          {"type": "ExternalIP", "address": "203.0.113.9"},
                                          {"type": "Hostname", "address": "node-1"}],
                            "conditions": [{"type": "Ready", "status": "False"}]})
    for found in (made(data), fact(data)):
        assert (found.addresses, found.external_addresses) == ((ip.number("172.18.0.2"),), (ip.number("203.0.113.9"),))
        assert (found.pod_cidrs, found.ready) == ((IPNetwork.parse("10.244.0.0/24"),), False)
        assert found.taints[0].effect == "NoSchedule"


def test_a_secret_holds_bytes():
    assert made(manifest("Secret", data={"a": "aGVs\nbG8="}, stringData={"b": "x"})).data == {"a": b"hello", "b": b"x"}


def test_an_event_without_times_happened_now():
    found = made(manifest("Event", involvedObject={"kind": "Pod", "namespace": "default", "name": "web"},
                          source={"component": "kubelet"}, count=3))
    assert (found.involved, found.component, found.count) == (ObjectKey("default", "web"), "kubelet", 3)
    assert (found.first_seen, found.last_seen) == (NOW, NOW)


def test_the_controlling_owner_is_the_owner():
    owners = [{"apiVersion": "v1", "kind": "A", "name": "a"},
              {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "b", "controller": True}]
    assert fact(pod() | {"metadata": {"name": "p", "ownerReferences": owners}}).owner.name == "b"


SMALL = [("ConfigMap", {"data": {"a": "b"}}), ("ServiceAccount", {}), ("Namespace", {}),
         ("IngressClass", {"spec": {"controller": "a.io/b"}})]


@pytest.mark.parametrize(("kind", "parts"), SMALL)
def test_small_kinds_become_objects_of_their_kind(kind, parts):
    assert made(manifest(kind, **parts)).kind == kind


OTHERS = [  # sentence, manifest
    ("a custom kind", {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "a"}, "spec": [None, {"x": 1}]}),
    ("a kind of the same name in another group", {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                                                   "metadata": {"name": "a"}, "spec": {"ports": "many"}}),
    ("a Kubernetes kind that is not modelled", {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}}),
]


@pytest.mark.parametrize(("sentence", "data"), OTHERS)
def test_every_other_kind_is_kept_as_it_is(sentence, data):
    found = made(data)
    assert isinstance(found, Other)
    assert found.manifest["spec"] == data["spec"] if "spec" in data else "spec" not in found.manifest
    assert (found.other_api_version, found.other_kind) == (data["apiVersion"], data["kind"])
