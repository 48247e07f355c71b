"""What was probably meant by a field that does not exist, and by a value of the wrong type."""

from __future__ import annotations

import pytest

from simnet.manifests.hints import explained
from simnet.manifests.schema import Field, tables
from simnet.manifests.yaml import read_all

from .manifest_cases import container, manifest, pod, service, workload

MEANT = [  # sentence, manifest, suggestion
    ("a misspelt name means its neighbour", service(prots=[{"port": 80}]), "ports"),
    ("capital letters do not hide a name", pod(container(imagepullpolicy="Always")), "imagePullPolicy"),
    ("a name of a level further in", pod(image="nginx"), "spec.containers[0].image"),
    ("a name of a level further out", service(ports=[{"port": 80, "selector": {"app": "web"}}]), "spec.selector"),
    ("of two near names the one that takes the value", workload(replica=3), "replicas"),
    ("a number does not mean the list of ports", service(port=80, ports=[]), "spec.ports[0].port"),
    ("a name of another branch", manifest("Service", metadata={"ports": []}, spec={"ports": [{"port": 80}]}), "spec.ports"),
    ("a name of a part that is missing", pod(container(containerPort=80)), "spec.containers[0].ports[0].containerPort"),
    ("a name that is nowhere near", service(zzz=1), ""),
]


@pytest.mark.parametrize(("sentence", "data", "suggestion"), MEANT)
def test_an_unknown_field_names_what_was_probably_meant(sentence, data, suggestion):
    first = next(explained(data, Field(tables().kind(data["apiVersion"], data["kind"]))))
    assert (first.type, first.suggestion) == ("Unknown", suggestion)


OTHER_KINDS = [  # sentence, manifest, detail
    ("one kind", service(defaultBackend={}), "unknown field; Ingress has it"),
    ("two", service(rules=[]), "unknown field; Ingress and HTTPRoute have it"),
    ("several", service(replicas=3), "unknown field; Deployment, ReplicaSet and StatefulSet have it"),
    ("none", service(zzz=1), "unknown field"),
]


@pytest.mark.parametrize(("sentence", "data", "detail"), OTHER_KINDS)
def test_an_unknown_field_of_another_kind_names_the_kind(sentence, data, detail):
    first = next(explained(data, Field(tables().kind(data["apiVersion"], data["kind"]))))
    assert (first.detail, first.suggestion) == (detail, "")


ENV = """apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: a
    env:
    - name: MODE
      value: %s
"""

WRITTEN = [  # as written, detail, suggestion
    ("on", "must be a string; on without quotes is a boolean", '"on"'),
    ("0777", "must be a string; 0777 without quotes is a number", '"0777"'),
    ("8080", "must be a string; 8080 without quotes is a number", '"8080"'),
    ("[a]", "must be a string", ""),
]


@pytest.mark.parametrize(("text", "detail", "suggestion"), WRITTEN)
def test_a_wrong_type_shows_the_text_as_it_was_written(text, detail, suggestion):
    data, = read_all(ENV % text)
    found, = explained(data, Field("Pod"))
    assert (found.detail, found.suggestion) == (detail, suggestion)


def test_quotes_that_make_text_of_a_number_are_pointed_at():
    found, = explained(service(ports=[{"port": "80"}]), Field("Service"))
    assert (found.detail, found.suggestion) == ("must be an integer; the quotes make it a string", "80")
    found, = explained(pod(hostNetwork="true"), Field("Pod"))
    assert (found.detail, found.suggestion) == ("must be true or false; the quotes make it a string", "true")
