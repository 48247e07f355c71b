"""What the API server stores where a manifest says nothing."""

from __future__ import annotations

import copy
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.manifests import defaulted
from simnet.manifests.defaults_pod import default_pull_policy
from simnet.manifests.paths import at, path_of

from .manifest_cases import container, ingress, manifest, pod, service, workload

SV1 = "rule SV-1"
CORE = "kubernetes/kubernetes pkg/apis/core/v1/defaults.go"
APPS = "kubernetes/kubernetes pkg/apis/apps/v1/defaults.go"
NET = "kubernetes/kubernetes pkg/apis/networking/v1/defaults.go"

STORED = [  # manifest, path, value (None: absent), source
    (service(), "spec.type", "ClusterIP", SV1),
    (service(), "spec.sessionAffinity", "None", SV1),
    (service(), "spec.internalTrafficPolicy", "Cluster", SV1),
    (service(), "spec.externalTrafficPolicy", None, SV1),
    (service(), "spec.ipFamilies", None, "allocation, rule DS-3"),
    (service(externalIPs=["198.51.100.9"]), "spec.externalTrafficPolicy", "Cluster", SV1),
    (service(type="NodePort"), "spec.externalTrafficPolicy", "Cluster", SV1),
    (service(type="LoadBalancer"), "spec.allocateLoadBalancerNodePorts", True, SV1),
    (service(type="ExternalName", externalName="a.example"), "spec.internalTrafficPolicy", None, CORE),
    (service(), "spec.ports[0].protocol", "TCP", SV1),
    (service(), "spec.ports[0].targetPort", 80, SV1),
    (service(ports=[{"port": 80, "targetPort": 0}]), "spec.ports[0].targetPort", 80, SV1),
    (service(ports=[{"port": 80, "targetPort": ""}]), "spec.ports[0].targetPort", 80, SV1),
    (service(ports=[{"port": 80, "targetPort": "http"}]), "spec.ports[0].targetPort", "http", SV1),
    (service(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 5}}), "spec.sessionAffinityConfig", None,
     "rule SV-1: erased, not refused"),
    (pod(), "spec.containers[0].resources", {}, "core/v1 Container.Resources is a struct, not a pointer"),
    (workload(), "spec.template.spec.containers[0].resources", {}, "core/v1 Container.Resources"),
    (pod(), "spec.serviceAccountName", "default", "plugin/pkg/admission/serviceaccount"),
    (pod(serviceAccountName="a"), "spec.serviceAccount", "a", "pkg/apis/core/v1/conversion.go"),
    (workload(), "spec.template.spec.serviceAccountName", None, "the admission looks at pods only"),
    (pod(), "spec.priority", 0, "plugin/pkg/admission/priority"),
    (pod(), "spec.preemptionPolicy", "PreemptLowerPriority", "plugin/pkg/admission/priority"),
    (pod(volumes=[{"name": "a", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]),
     "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds", 3600, CORE),
    (workload("StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "d"}, "spec": {}}]),
     "spec.volumeClaimTemplates[0].spec.volumeMode", "Filesystem", CORE),
    (workload("StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "d"}, "spec": {}}]),
     "spec.volumeClaimTemplates[0].status.phase", "Pending", CORE),
    (service(sessionAffinity="ClientIP"), "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 10800, "rule AF-2"),
    (service(clusterIP="None"), "spec.clusterIPs", ["None"], "pkg/registry/core/service/strategy.go"),
    (pod(), "spec.restartPolicy", "Always", CORE),
    (pod(), "spec.dnsPolicy", "ClusterFirst", CORE),
    (pod(), "spec.terminationGracePeriodSeconds", 30, CORE),
    (pod(container(ports=[{"containerPort": 80}])), "spec.containers[0].ports[0].protocol", "TCP", CORE),
    (pod(container(ports=[{"containerPort": 80}]), hostNetwork=True), "spec.containers[0].ports[0].hostPort", 80, CORE),
    (pod(container(readinessProbe={"httpGet": {"port": 80}})), "spec.containers[0].readinessProbe.periodSeconds", 10, CORE),
    (pod(container(readinessProbe={"httpGet": {"port": 80}})), "spec.containers[0].readinessProbe.httpGet.path", "/", CORE),
    (pod(container(resources={"limits": {"cpu": 1}})), "spec.containers[0].resources.requests.cpu", 1, CORE),
    (pod(volumes=[{"name": "scratch"}]), "spec.volumes[0].emptyDir", {}, CORE),
    (pod(volumes=[{"name": "s", "secret": {"secretName": "x"}}]), "spec.volumes[0].secret.defaultMode", 420, CORE),
    (workload(), "spec.replicas", 1, APPS),
    (workload(), "spec.strategy.rollingUpdate.maxSurge", "25%", APPS),
    (workload(strategy={"type": "Recreate"}), "spec.strategy.rollingUpdate", None, APPS),
    (workload(), "spec.template.spec.restartPolicy", "Always", CORE),
    (workload("DaemonSet"), "spec.updateStrategy.rollingUpdate.maxUnavailable", 1, APPS),
    (workload("StatefulSet"), "spec.podManagementPolicy", "OrderedReady", APPS),
    (workload("ReplicaSet"), "spec.replicas", 1, APPS),
    (ingress(), "spec.rules[0].http.paths[0].pathType", "Prefix", "rule A-3: v1 has no default"),
    (manifest("IngressClass", spec={"controller": "a.io/b", "parameters": {"kind": "K", "name": "n"}}),
     "spec.parameters.scope", "Cluster", "rule V-12"),
    (manifest("NetworkPolicy", spec={}), "spec.policyTypes", ["Ingress"], NET),
    (manifest("NetworkPolicy", spec={"egress": [{}]}), "spec.policyTypes", ["Ingress", "Egress"], NET),
    (manifest("NetworkPolicy", spec={"ingress": [{"ports": [{"port": 80}]}]}), "spec.ingress[0].ports[0].protocol", "TCP",
     NET),
    (manifest("EndpointSlice", addressType="IPv4", endpoints=[], ports=[{"port": 80}]), "ports[0].name", "",
     "pkg/apis/discovery/v1/defaults.go"),
    (manifest("Namespace", "shop"), "metadata.labels[kubernetes.io/metadata.name]", "shop", CORE),
    (manifest("Secret"), "type", "Opaque", CORE),
]


@pytest.mark.parametrize(("data", "field", "value", "source"), STORED)
def test_the_stored_value(data, field, value, source):
    assert at(defaulted(data), path_of(field)) == value


def test_plain_texts_of_a_secret_land_in_its_data_over_entries_of_the_same_key():
    """Source: the comment on stringData in k8s.io/api/core/v1 types.go."""
    stored = defaulted(manifest("Secret", data={"a": "b2xk", "c": "Yw=="}, stringData={"a": "new"}))
    assert stored["data"] == {"a": b64encode(b"new").decode(), "c": "Yw=="}
    assert "stringData" not in stored


def test_null_is_absent_and_in_a_map_of_texts_it_is_the_empty_text():
    """Source: encoding/json: null leaves a pointer nil and a string empty."""
    stored = defaulted(service(type=None, selector={"app": None}))
    assert stored["spec"]["type"] == "ClusterIP"
    assert stored["spec"]["selector"] == {"app": ""}


PULL = [  # image, policy
    ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.27", "IfNotPresent"),
    ("registry.example:5000/nginx", "Always"), ("registry.example:5000/nginx:1", "IfNotPresent"),
    ("nginx@sha256:0123", "IfNotPresent"),
]


@pytest.mark.parametrize(("image", "policy"), PULL)
def test_the_pull_policy_follows_the_tag(image, policy):
    """Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go SetDefaults_Container."""
    assert default_pull_policy(image) == policy


def test_a_kind_that_is_not_modelled_is_left_alone():
    custom = {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "a"}, "spec": {"x": None}}
    assert defaulted(custom) == custom


@given(st.sampled_from([row[0] for row in STORED]))
def test_defaulting_changes_nothing_in_its_input_and_nothing_the_second_time(data):
    before = copy.deepcopy(data)
    once = defaulted(data)
    assert data == before
    assert defaulted(copy.deepcopy(dict(once))) == once
    assert defaulted(once) is once
