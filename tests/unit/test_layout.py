"""Manifest text in the order of its keys."""

from __future__ import annotations

import pytest

from simnet.manifests.layout import in_given_order
from simnet.manifests.yaml import read_all

from .manifest_cases import container, ingress, manifest, pod, workload

TREES = [
    pod(container(args=["--a", "", "yes", "1"], env=[{"name": "A", "value": "on"}]), volumes=[]),
    ingress(), workload(), manifest("ConfigMap", data={"a.conf": "one\ntwo\n", "b": "", "c": "x: y", "8": "# no"}),
    manifest("Shop", spec={"empty": {}, "none": None, "lists": [[1, 2], {}, {"a": [{"b": 1}]}]}),
]


@pytest.mark.parametrize("tree", TREES)
def test_the_text_reads_back_as_the_same_value_in_the_same_order(tree):
    back, = read_all("\n".join(in_given_order(tree)) + "\n")
    assert back == tree
    assert list(back) == list(tree)
