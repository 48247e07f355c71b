"""Deployment, ReplicaSet, StatefulSet, DaemonSet: what the API server refuses."""

from __future__ import annotations

import pytest

from simnet.manifests import decode, validate_update

from .manifest_cases import container, refusals, statements, workload

KINDS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]
APPS = "kubernetes/kubernetes pkg/apis/apps/validation/validation.go"


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_workload_is_accepted(kind):
    assert statements(workload(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_selector_is_needed_and_must_not_be_empty(kind):
    """Source: ValidateDeploymentSpec and its siblings."""
    assert refusals(workload(kind, selector=None)) == [("spec.selector", "Required")]
    empty, = statements(workload(kind, selector={}))
    assert empty == f"spec.selector: Invalid value: {{}}: empty selector is invalid for {kind.lower()}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_selector_must_match_the_labels_of_the_template(kind):
    """Source: ValidatePodTemplateSpecForReplicaSet."""
    assert refusals(workload(kind, labels={"app": "other"})) == [("spec.template.metadata.labels", "Invalid")]


def template(**spec):
    return workload(template={"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()], **spec}})


REFUSED = [  # sentence, manifest, [(field, type)], source
    ("fewer than no replicas", workload(replicas=-1), [("spec.replicas", "Invalid")], "ValidateNonnegativeField"),
    ("pods that are not restarted", template(restartPolicy="Never"),
     [("spec.template.spec.restartPolicy", "NotSupported")], "ValidatePodTemplateSpecForReplicaSet"),
    ("a template with a deadline", template(activeDeadlineSeconds=5),
     [("spec.template.spec.activeDeadlineSeconds", "Forbidden")], "ValidatePodTemplateSpecForReplicaSet"),
    ("a template without containers", template(containers=[]), [("spec.template.spec.containers", "Required")], APPS),
    ("Recreate with a rolling update", workload(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
     [("spec.strategy.rollingUpdate", "Forbidden")], "ValidateDeploymentStrategy"),
    ("neither surge nor absence", workload(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
     [("spec.strategy.rollingUpdate.maxUnavailable", "Invalid")], "ValidateRollingUpdateDeployment"),
    ("a surge in words", workload(strategy={"rollingUpdate": {"maxSurge": "two"}}),
     [("spec.strategy.rollingUpdate.maxSurge", "Invalid")], "ValidatePositiveIntOrPercent"),
    ("more than all pods absent", workload(strategy={"rollingUpdate": {"maxUnavailable": "120%"}}),
     [("spec.strategy.rollingUpdate.maxUnavailable", "Invalid")], "IsNotMoreThan100Percent"),
    ("a deadline before the pods count as available", workload(minReadySeconds=700),
     [("spec.progressDeadlineSeconds", "Invalid")], "ValidateDeploymentSpec"),
    ("an unknown way to make pods", workload("StatefulSet", podManagementPolicy="Fast"),
     [("spec.podManagementPolicy", "Invalid")], "ValidateStatefulSetSpec"),
    ("an unknown way to replace pods", workload("DaemonSet", updateStrategy={"type": "Fast"}),
     [("spec.updateStrategy.type", "NotSupported")], "ValidateDaemonSetUpdateStrategy"),
    ("a set selector without values", workload(selector={"matchLabels": {"app": "web"}, "matchExpressions": [
        {"key": "a", "operator": "In"}]}), [("spec.selector.matchExpressions[0].values", "Required")],
     "ValidateLabelSelectorRequirement"),
    ("an unknown selector operator", workload(selector={"matchLabels": {"app": "web"}, "matchExpressions": [
        {"key": "a", "operator": "Is"}]}), [("spec.selector.matchExpressions[0].operator", "Invalid")],
     "ValidateLabelSelectorRequirement"),
    ("daemons absent and added at once", workload("DaemonSet", updateStrategy={"rollingUpdate": {
        "maxUnavailable": 1, "maxSurge": 1}}), [("spec.updateStrategy.rollingUpdate.maxSurge", "Invalid")],
     "ValidateRollingUpdateDaemonSet"),
    ("daemons neither absent nor added", workload("DaemonSet", updateStrategy={"rollingUpdate": {
        "maxUnavailable": 0}}), [("spec.updateStrategy.rollingUpdate.maxUnavailable", "Required")],
     "ValidateRollingUpdateDaemonSet"),
    ("a partition where pods are replaced by hand", workload("StatefulSet", updateStrategy={
        "type": "OnDelete", "rollingUpdate": {"partition": 1}}), [("spec.updateStrategy.rollingUpdate", "Invalid")],
     "ValidateStatefulSetSpec"),
    ("a partition below nothing", workload("StatefulSet", updateStrategy={"rollingUpdate": {"partition": -1}}),
     [("spec.updateStrategy.rollingUpdate.partition", "Invalid")], "ValidateStatefulSetSpec"),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


def test_a_claim_template_is_a_volume_of_the_pods():
    """Source: pkg/controller/statefulset/stateful_set_utils.go updateStorage."""
    mounting = {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container(volumeMounts=[{"name": "data", "mountPath": "/data"}])]}}
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    assert refusals(workload("StatefulSet", template=mounting, volumeClaimTemplates=[claim])) == []
    assert refusals(workload("StatefulSet", template=mounting)) == [
        ("spec.template.spec.containers[0].volumeMounts[0].name", "NotFound")]


OTHER = {"selector": {"matchLabels": {"tier": "web"}}}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_the_selector_may_not_change(kind):
    """Source: pkg/registry/apps/deployment/strategy.go ValidateUpdate."""
    problem, = validate_update(workload(kind), workload(kind, **OTHER))
    assert (problem.field, problem.detail) == ("spec.selector", "field is immutable")


def test_of_a_stateful_set_only_some_fields_may_change():
    """Source: ValidateStatefulSetUpdate."""
    assert validate_update(workload("StatefulSet"), workload("StatefulSet", replicas=3)) == []
    problem, = validate_update(workload("StatefulSet"), workload("StatefulSet", serviceName="db"))
    assert (problem.field, problem.type) == ("spec", "Forbidden")


def test_an_update_may_be_judged_between_objects():
    old, new = (decode(data, now=0.0) for data in (workload(), workload(**OTHER)))
    problem, = validate_update(old, new)
    assert (problem.object, problem.field) == ("deployment/default/web", "spec.selector")
