"""Names, labels, Secret, ConfigMap, Namespace, Node, Event and unknown kinds: what the API server refuses."""

from __future__ import annotations

import pytest

from simnet.manifests import validate_facts, validate_update

from .manifest_cases import manifest, pod, refusals, statements

CORE = "kubernetes/kubernetes pkg/apis/core/validation/validation.go"
META = "kubernetes/apimachinery pkg/api/validation/objectmeta.go"


def custom(name):
    return {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": name}}


ACCEPTED = [  # sentence, manifest, source
    ("a name to be generated", pod() | {"metadata": {"generateName": "web-"}}, META),
    ("a label with a prefix", manifest("ConfigMap", metadata={"labels": {"example.com/a_b": "X.y"}}), META),
    ("an annotation in capitals", manifest("ConfigMap", metadata={"annotations": {"Example.com/A": "any text"}}), META),
    ("base64 over two lines", manifest("Secret", data={"a": "aGVs\nbG8=\n"}), "encoding/base64 ignores line ends"),
    ("a role name with a colon", custom("system:reader"), "apimachinery IsPathSegmentName"),
    ("a Node with addresses", manifest("Node", status={"addresses": [{"type": "InternalIP", "address": "10.0.0.1"},
                                                                    {"type": "Hostname", "address": "node-1"}]}), CORE),
]


@pytest.mark.parametrize(("sentence", "data", "source"), ACCEPTED)
def test_accepted(sentence, data, source):
    assert statements(data) == []


REFUSED = [  # sentence, manifest, [(field, type)], source
    ("no name", manifest("ConfigMap", ""), [("metadata.name", "Required")], META),
    ("a name in capitals", manifest("ConfigMap", "Web"), [("metadata.name", "Invalid")], META),
    ("a namespace with a dot", manifest("ConfigMap", metadata={"namespace": "a.b"}), [("metadata.namespace", "Invalid")],
     META),
    ("a Namespace with a dot", manifest("Namespace", "a.b"), [("metadata.name", "Invalid")], META),
    ("a label value with a blank", manifest("ConfigMap", metadata={"labels": {"a": "b c"}}),
     [("metadata.labels", "Invalid")], META),
    ("a label value of 64 characters", manifest("ConfigMap", metadata={"labels": {"a": "x" * 64}}),
     [("metadata.labels", "Invalid")], META),
    ("a label without a name part", manifest("ConfigMap", metadata={"labels": {"example.com/": "x"}}),
     [("metadata.labels", "Invalid")], META),
    ("an annotation key with a blank", manifest("ConfigMap", metadata={"annotations": {"a b": ""}}),
     [("metadata.annotations", "Invalid")], META),
    ("too many annotations", manifest("ConfigMap", metadata={"annotations": {"a": "x" * 262144}}),
     [("metadata.annotations", "TooLong")], META),
    ("data that is not base64", manifest("Secret", data={"password": "hunter2"}), [("data.password", "Invalid")], CORE),
    ("a TLS secret without its key", manifest("Secret", type="kubernetes.io/tls", data={"tls.crt": ""}),
     [("data[tls.key]", "Required")], "ValidateSecret"),
    ("a key with a slash", manifest("ConfigMap", data={"a/b": ""}), [("data[a/b]", "Invalid")], "ValidateConfigMap"),
    ("a password without a name or a password", manifest("Secret", type="kubernetes.io/basic-auth"),
     [("data[username]", "Required"), ("data[password]", "Required")], "ValidateSecret"),
    ("a registry's login that is no JSON", manifest("Secret", type="kubernetes.io/dockerconfigjson", data={
        ".dockerconfigjson": "YQ=="}), [("data[.dockerconfigjson]", "Invalid")], "ValidateSecret"),
    ("a token of no account", manifest("Secret", type="kubernetes.io/service-account-token"),
     [("metadata.annotations[kubernetes.io/service-account.name]", "Required")], "ValidateSecret"),
    ("more than a mebibyte", manifest("Secret", data={"a": "AAAA" * 350_000}), [("data", "TooLong")], "ValidateSecret"),
    ("more than a mebibyte of text", manifest("ConfigMap", data={"a": "x" * (1024 * 1024 + 1)}), [("", "TooLong")],
     "ValidateConfigMap"),
    ("a key that starts with two dots", manifest("ConfigMap", data={"..a": "x"}), [("data[..a]", "Invalid")], "IsConfigMapKey"),
    ("a key in both parts", manifest("ConfigMap", data={"a": "x"}, binaryData={"a": ""}), [("data.a", "Invalid")],
     "ValidateConfigMap"),
    ("a taint without an effect", manifest("Node", spec={"taints": [{"key": "a"}]}),
     [("spec.taints[0].effect", "Required")], "validateNodeTaints"),
    ("a taint twice", manifest("Node", spec={"taints": [{"key": "a", "effect": "NoSchedule"}] * 2}),
     [("spec.taints[1]", "Duplicate")], "validateNodeTaints"),
    ("two pod networks of one family", manifest("Node", spec={"podCIDRs": ["10.0.0.0/24", "10.0.1.0/24"]}),
     [("spec.podCIDRs", "Invalid")], "ValidateNode"),
    ("an Event about nothing", manifest("Event"), [("involvedObject.kind", "Required")], "ValidateEventCreate"),
    ("a slash in any name", custom("a/b"), [("metadata.name", "Invalid")], "apimachinery IsPathSegmentName"),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


def kept(**parts):
    return manifest("ConfigMap", immutable=True, **parts)


def test_what_is_immutable_stays():
    """Source: ValidateConfigMapUpdate, ValidateSecretUpdate."""
    assert [problem.field for problem in validate_update(kept(data={"a": "1"}), kept(data={"a": "2"}))] == ["data"]
    assert [problem.field for problem in validate_update(kept(), manifest("ConfigMap"))] == ["immutable"]
    assert [problem.field for problem in validate_update(
        manifest("Secret"), manifest("Secret", type="kubernetes.io/tls"))] == ["type"]


FACTS = [  # sentence, manifest, fields that cannot be read
    ("a loaded pod may lack an image", pod({"name": "a"}), []),
    ("a loaded Service may have any address", manifest("Service", spec={"clusterIP": "192.0.2.1"}), []),
    ("a pod address must be one", pod() | {"status": {"podIP": "10.0.0"}}, ["status.podIP"]),
    ("so must each of several", pod() | {"status": {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "x"}]}}, ["status.podIPs[1].ip"]),
    ("a cluster address", manifest("Service", spec={"clusterIP": "ten"}), ["spec.clusterIPs[0]"]),
    ("a node address", manifest("Node", status={"addresses": [{"type": "InternalIP", "address": "x"}]}),
     ["status.addresses[0].address"]),
    ("a slice member", manifest("EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["x"]}]),
     ["endpoints[0].addresses[0]"]),
    ("a policy's block", manifest("NetworkPolicy", spec={"egress": [{"to": [{"ipBlock": {"cidr": "x"}}]}]}),
     ["spec.egress[0].to[0].ipBlock.cidr"]),
    ("a time", manifest("ConfigMap", metadata={"creationTimestamp": "yesterday"}), ["metadata.creationTimestamp"]),
    ("a Secret's data", manifest("Secret", data={"a": "!"}), ["data.a"]),
    ("a name", manifest("ConfigMap", ""), ["metadata.name"]),
]


@pytest.mark.parametrize(("sentence", "data", "fields"), FACTS)
def test_facts_need_only_be_readable(sentence, data, fields):
    assert [problem.field for problem in validate_facts(data)] == fields
