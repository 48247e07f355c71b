"""What is kept but not modelled."""

from __future__ import annotations

from simnet.manifests import not_modelled, read_manifests

from .manifest_cases import container, pod, service, workload

CERTIFICATE = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "a"}}


def test_kinds_and_parts_are_counted_in_the_order_they_occur():
    second = {**CERTIFICATE, "metadata": {"name": "b"}}
    pinned = workload()
    pinned["spec"]["template"]["spec"]["affinity"] = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 1, "podAffinityTerm": {"topologyKey": "zone"}}]}}
    given = read_manifests([CERTIFICATE, service(), pod(container(env=[{"name": "A"}])), second, pinned])
    assert not_modelled(given) == [
        "Certificate.cert-manager.io (2 objects)", "Pod spec.containers[].env (1 object)",
        "Deployment spec.template.spec.affinity.podAffinity (1 object)"]


def test_empty_parts_are_not_mentioned():
    assert not_modelled(read_manifests([pod(container(resources={}), volumes=[], affinity=None)])) == []
