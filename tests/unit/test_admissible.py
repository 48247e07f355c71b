"""Every mistake of a manifest at once: what stands behind a value of the wrong type, and what it hides."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError
from simnet.manifests import admissible, read_manifests

MIXED = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: Nodeport
  selector: {version: 1.10}
  ports:
  - port: 70000
    targetport: 8080
    nodePort: "30080"
  - {name: Metrics, port: 9090, protocol: tcp}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: -1
  selectr: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: [nginx]}]}
"""


def test_wrong_types_hide_no_other_mistake() -> None:
    """Two documents, eleven mistakes; the selector that is there under a wrong name is not missed a second time."""
    with pytest.raises(ManifestError) as caught:
        read_manifests(MIXED, file="m.yaml", rules=admissible)
    found = [(problem.place.line, problem.field, problem.type) for problem in caught.value.problems if problem.place]
    assert found == [
        (5, "spec.type", "NotSupported"), (6, "spec.selector.version", "TypeInvalid"), (8, "spec.ports[0].name", "Required"),
        (8, "spec.ports[0].port", "Invalid"), (9, "spec.ports[0].targetport", "Unknown"),
        (10, "spec.ports[0].nodePort", "TypeInvalid"), (11, "spec.ports[1].name", "Invalid"),
        (11, "spec.ports[1].protocol", "NotSupported"),
        (17, "spec.replicas", "Invalid"), (18, "spec.selectr", "Unknown"),
        (21, "spec.template.spec.containers[0].image", "TypeInvalid"),
    ]


def test_a_value_that_was_probably_meant_is_judged_too() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: \"70000\"}]}\n"
    with pytest.raises(ManifestError) as caught:
        read_manifests(text, file="m.yaml", rules=admissible)
    assert str(caught.value).splitlines() == [
        'm.yaml:4:23: service/default/web: spec.ports[0].port: Invalid value: "70000": must be an integer; the quotes make it '
        "a string; did you mean 70000?",
        "m.yaml:4:23: service/default/web: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"]


def test_leniently_unknown_fields_are_left_out_and_places_stay() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  imge: x\n  ports:\n  - prt: 1\n    port: 0\n"
    read, = read_manifests(text, file="m.yaml", lenient=True)
    assert read.data["spec"] == {"ports": [{"port": 0}]}
    assert [str(warning) for warning in read.warnings] == [
        "m.yaml:5:3: service/default/web: spec.imge: unknown field, left out",
        "m.yaml:7:5: service/default/web: spec.ports[0].prt: unknown field, left out; did you mean port?"]
    assert [str(problem.place) for problem in admissible(read)] == ["m.yaml:8:11"]
