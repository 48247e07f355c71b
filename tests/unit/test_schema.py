"""The field tables: what they hold, and unknown fields, wrong types and values outside an enumeration."""

from __future__ import annotations

import pytest

from simnet.manifests import check, read_manifests
from simnet.manifests.schema import Field, accepts, fits, structure, tables
from simnet.objects.kinds import KINDS

from .manifest_cases import container, manifest, pod, service, workload


def found(data):
    kind = tables().kind(data["apiVersion"], data["kind"])
    return [(".".join(map(str, item.path)), item.type) for item in structure(data, Field(kind))]


def test_every_modelled_kind_has_a_table():
    missing = [kind.kind for kind in KINDS if not tables().kind(kind.api_version, kind.kind)]
    assert missing == []


def test_every_type_a_table_names_exists():
    types = tables().types
    unknown = {field.base for fields in types.values() for field in fields.values() if not field.is_scalar} - set(types)
    assert unknown == set()


def test_the_tables_say_which_release_they_are_of():
    assert tables().version == "1.35.0"


MERGED = [  # table, field, merge key, whether keys are retained; source: x-kubernetes-patch-* of the published schema 1.35
    ("PodSpec", "containers", "name", False), ("PodSpec", "volumes", "name", True), ("ServiceSpec", "ports", "port", False),
    ("Container", "ports", "containerPort", False), ("PodSpec", "topologySpreadConstraints", "topologyKey", False),
    ("ObjectMeta", "finalizers", "", False), ("ObjectMeta", "ownerReferences", "uid", False),
]


@pytest.mark.parametrize(("table", "field", "key", "retains"), MERGED)
def test_lists_that_are_merged_say_by_what(table, field, key, retains):
    found = tables().types[table][field]
    assert (found.merges, found.merge_key, found.retains) == (True, key, retains)


def test_other_lists_are_replaced_and_a_strategy_retains_keys():
    assert not tables().types["PodSpec"]["tolerations"].merges
    strategy = tables().types["DeploymentSpec"]["strategy"]
    assert (strategy.merges, strategy.retains, strategy.allowed) == (False, True, ())


REQUIRED = [  # table, field, source
    ("ServicePort", "port", "api/openapi-spec/swagger.json io.k8s.api.core.v1.ServicePort"),
    ("HTTPIngressPath", "pathType", "io.k8s.api.networking.v1.HTTPIngressPath"),
    ("Container", "name", "io.k8s.api.core.v1.Container"),
    ("DeploymentSpec", "selector", "io.k8s.api.apps.v1.DeploymentSpec"),
]


@pytest.mark.parametrize(("table", "field", "source"), REQUIRED)
def test_fields_that_every_object_needs_are_marked(table, field, source):
    assert tables().types[table][field].required


UNUSUAL = [  # valid manifests of unusual shape
    ("a quantity as a number", pod(container(resources={"limits": {"cpu": 1, "memory": "1Gi"}}))),
    ("a port by name", service(ports=[{"port": 80, "targetPort": "http"}])),
    ("null for an optional field", workload(strategy=None, replicas=None)),
    ("a null creation time", manifest("Pod", metadata={"creationTimestamp": None}, spec={"containers": []})),
    ("an empty status", service() | {"status": {"loadBalancer": {}}}),
    ("an enumeration left empty", service(type="", sessionAffinity="")),
    ("a part that is not modelled in depth", manifest("ConfigMap", metadata={"managedFields": [{"fieldsV1": {"a": 1}}]})),
]


@pytest.mark.parametrize(("sentence", "data"), UNUSUAL)
def test_unusual_but_valid_shapes_pass(sentence, data):
    assert found(data) == []


REFUSED = [  # sentence, manifest, findings
    ("a field Kubernetes does not have", service(prots=[]), [("spec.prots", "Unknown")]),
    ("a number where text is needed", manifest("Service", metadata={"labels": {"a": 1}}),
     [("metadata.labels.a", "TypeInvalid")]),
    ("text where a number is needed", service(ports=[{"port": "80"}]), [("spec.ports.0.port", "TypeInvalid")]),
    ("a boolean where a number is needed", service(ports=[{"port": True}]), [("spec.ports.0.port", "TypeInvalid")]),
    ("a mapping where a list is needed", service(ports={"port": 80}), [("spec.ports", "TypeInvalid")]),
    ("a list where a mapping is needed", service(selector=["app"]), [("spec.selector", "TypeInvalid")]),
    ("a scalar where a mapping is needed", pod(dnsConfig="x"), [("spec.dnsConfig", "TypeInvalid")]),
    ("a word outside an enumeration", service(type="NodePrt"), [("spec.type", "NotSupported")]),
    ("a word outside an enumeration, in a list", service(ipFamilies=["IPv5"]), [("spec.ipFamilies.0", "NotSupported")]),
    ("a map in a map of texts", manifest("Secret", stringData={"a": {}}), [("stringData.a", "TypeInvalid")]),
]


@pytest.mark.parametrize(("sentence", "data", "expected"), REFUSED)
def test_wrong_shapes_are_found(sentence, data, expected):
    assert found(data) == expected


def test_unknown_fields_of_a_live_object_can_be_let_pass():
    """A cluster may be newer than the tables."""
    live = read_manifests(service(fieldOfTheFuture=1), rules=lambda manifest: [])[0]
    assert [problem.type for problem in check(live)] == ["Unknown"]
    assert check(live, lenient=True) == []


def test_of_a_custom_kind_only_the_metadata_is_judged():
    custom = {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "a", "lables": {}},
              "spec": {"anything": [1, None, {"goes": True}]}}
    problem, = check(read_manifests(custom, rules=lambda manifest: [])[0])
    assert (problem.field, problem.suggestion) == ("metadata.lables", "labels")


def test_numbers_that_go_cannot_hold_are_refused_with_the_range():
    """Source: encoding/json into the int32 fields of k8s.io/api."""
    problem, = check(read_manifests(workload(replicas=99999999999), rules=lambda manifest: [])[0])
    assert str(problem) == ("deployment/default/web: spec.replicas: Invalid value: 99999999999: must be an integer from "
                            "-2147483648 to 2147483647")


SHAPES = [  # field type, value, accepted
    ("integer", 80, True), ("integer", 80.5, False), ("int-or-string", "http", True), ("int-or-string", True, False),
    ("integer", 2**31 - 1, True), ("integer", 2**31, False), ("integer", -(2**31), True), ("int64", 2**31, True),
    ("int64", 2**63, False), ("int-or-string", 2**31, False), ("time", "yesterday", False), ("time", "2027-01-01", False),
    ("quantity", "1.5Gi", True), ("quantity", "1e3", True), ("quantity", "10 GB", False), ("quantity", "", False),
    ("quantity", 0.5, True), ("quantity", False, False), ("time", "2027-01-01T00:00:00Z", True), ("number", 1, True),
]


@pytest.mark.parametrize(("base", "value", "accepted"), SHAPES)
def test_what_a_scalar_takes(base, value, accepted):
    assert fits(value, base) is accepted
    assert accepts(Field(base), value) is accepted
    assert accepts(Field(base), None)
