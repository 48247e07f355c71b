"""Older API versions: what becomes of them, and what is said about them."""

from __future__ import annotations

import copy

import pytest

from simnet.manifests import converted, read_manifests
from simnet.manifests.convert import deprecation, old_path

from .manifest_cases import container

OLD_INGRESS = {
    "apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress",
    "metadata": {"name": "shop", "annotations": {"kubernetes.io/ingress.class": "nginx"}},
    "spec": {"backend": {"serviceName": "rest", "servicePort": "http"},
             "rules": [{"host": "a.example", "http": {"paths": [
                 {"path": "/", "backend": {"serviceName": "web", "servicePort": 80}},
                 {"path": "/x", "pathType": "Exact", "backend": {"resource": {"kind": "Bucket", "name": "b"}}}]}}]}}

BACKENDS = [  # old backend, new backend, source
    ({"serviceName": "a", "servicePort": 80}, {"service": {"name": "a", "port": {"number": 80}}}, "rule A-2"),
    ({"serviceName": "a", "servicePort": "http"}, {"service": {"name": "a", "port": {"name": "http"}}}, "rule A-2"),
    ({"serviceName": "a", "servicePort": "80"}, {"service": {"name": "a", "port": {"name": "80"}}},
     "rule A-2: quoted, it is a name"),
    ({"resource": {"kind": "B", "name": "b"}}, {"resource": {"kind": "B", "name": "b"}}, "rule A-2"),
    ({"serviceName": "a"}, {"service": {"name": "a", "port": {}}}, "pkg/apis/networking/v1beta1/conversion.go"),
    ({}, {}, "pkg/apis/networking/v1beta1/conversion.go: no service at all"),
]


@pytest.mark.parametrize("version", ["networking.k8s.io/v1beta1", "extensions/v1beta1"])
@pytest.mark.parametrize(("old", "new", "source"), BACKENDS)
def test_backends_of_the_beta_versions_are_converted(version, old, new, source):
    given = {"apiVersion": version, "kind": "Ingress", "metadata": {"name": "a"}, "spec": {"backend": old}}
    assert converted(given)["spec"] == {"defaultBackend": new}
    assert converted(given)["apiVersion"] == "networking.k8s.io/v1"


def test_a_missing_path_type_becomes_implementation_specific():
    """Rule A-3."""
    paths = converted(OLD_INGRESS)["spec"]["rules"][0]["http"]["paths"]
    assert [path["pathType"] for path in paths] == ["ImplementationSpecific", "Exact"]


def test_the_class_annotation_stays_an_annotation_and_the_input_stays_as_it_was():
    before = copy.deepcopy(OLD_INGRESS)
    new = converted(OLD_INGRESS)
    assert new["metadata"]["annotations"] == {"kubernetes.io/ingress.class": "nginx"}
    assert "ingressClassName" not in new["spec"]
    assert before == OLD_INGRESS


def test_an_old_slice_has_its_topology_in_fields():
    """Source: pkg/apis/discovery/v1beta1/conversion.go."""
    old = {"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": {"name": "a"},
           "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "topology": {
               "kubernetes.io/hostname": "node-1", "topology.kubernetes.io/zone": "a", "rack": "7"}}]}
    endpoint, = converted(old)["endpoints"]
    assert (endpoint["nodeName"], endpoint["zone"]) == ("node-1", "a")
    assert endpoint["deprecatedTopology"] == {"rack": "7"}


def test_an_old_deployment_selects_the_labels_of_its_template():
    """Source: pkg/apis/extensions/v1beta1/defaults.go SetDefaults_Deployment."""
    old = {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "a"},
           "spec": {"rollbackTo": {"revision": 1},
                    "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container()]}}}}
    spec = converted(old)["spec"]
    assert spec["selector"] == {"matchLabels": {"app": "a"}}
    assert "rollbackTo" not in spec


def test_an_event_of_the_newer_group_is_stored_as_the_core_one():
    new = converted({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "a"}, "note": "hello",
                     "regarding": {"kind": "Pod", "name": "b"}})
    assert (new["apiVersion"], new["message"], new["involvedObject"]["name"]) == ("v1", "hello", "b")


LIFECYCLE = "k8s.io/api zz_generated.prerelease-lifecycle.go"
WARNINGS = [  # version, kind, warning, source
    ("networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1beta1 Ingress is deprecated in v1.19+, unavailable in "
     "v1.22+; use networking.k8s.io/v1 Ingress", LIFECYCLE),
    ("extensions/v1beta1", "Deployment", "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; "
     "use apps/v1 Deployment", LIFECYCLE),
    ("v1", "Endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
     "kubernetes/kubernetes pkg/registry/core/endpoint/strategy.go"),
    ("v1", "Service", "", "served"),
    ("events.k8s.io/v1", "Event", "", "served"),
]


@pytest.mark.parametrize(("version", "kind", "warning", "source"), WARNINGS)
def test_old_versions_are_warned_about_in_the_servers_words(version, kind, warning, source):
    assert deprecation(version, kind) == warning


def test_the_warning_comes_with_the_manifest():
    warning, = read_manifests(OLD_INGRESS)[0].warnings
    assert str(warning).startswith("ingress/default/shop: networking.k8s.io/v1beta1 Ingress is deprecated")


PATHS = [  # path in the current version, path in v1beta1
    (("spec", "defaultBackend", "service", "name"), ("spec", "backend", "serviceName")),
    (("spec", "defaultBackend", "service", "port", "number"), ("spec", "backend", "servicePort")),
    (("spec", "rules", 0, "http", "paths", 1, "backend", "service", "port", "name"),
     ("spec", "rules", 0, "http", "paths", 1, "backend", "servicePort")),
    (("spec", "rules", 0, "host"), ("spec", "rules", 0, "host")),
]


@pytest.mark.parametrize(("new", "old"), PATHS)
def test_errors_name_the_fields_of_the_version_that_was_written(new, old):
    """Rule A-2, last sentence."""
    assert old_path("networking.k8s.io/v1beta1", "Ingress", new) == old
    assert old_path("networking.k8s.io/v1", "Ingress", new) == new
