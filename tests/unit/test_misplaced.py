"""Manifests that lost their indentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import ManifestError
from simnet.manifests import admissible, read_manifests
from simnet.manifests.layout import in_given_order
from simnet.manifests.misplaced import repair
from simnet.manifests.schema import tables
from simnet.manifests.yaml import read_all

from .manifest_cases import container, ingress, manifest, pod, service

SERVICE = """apiVersion: v1
kind: Service
metadata:
 name: web-service
spec:
 ports:
 - name: http
 port: 80
 selector:
 app: web
"""

SERVICE_REPAIRED = """apiVersion: v1
kind: Service
metadata:
  name: web-service
spec:
  ports:
  - name: http
    port: 80
  selector:
    app: web
"""

NODE_PORT = SERVICE.replace("web-service", "web-service-nodeport").replace("spec:\n", "spec:\n type: NodePort\n")
NODE_PORT_REPAIRED = SERVICE_REPAIRED.replace("web-service", "web-service-nodeport").replace(
    "spec:\n", "spec:\n  type: NodePort\n")

INGRESS = """apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata:
 name: app-ingress
 annotations:
 nginx.ingress.kubernetes.io/rewrite-target: /
spec:
 rules:
 - http:
 paths:
 - path: /
 backend:
 serviceName: web-service
 servicePort: 80
"""

INGRESS_REPAIRED = """apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata:
  name: app-ingress
  annotations:
    nginx.ingress.kubernetes.io/rewrite-target: /
spec:
  rules:
  - http:
      paths:
      - path: /
        backend:
          serviceName: web-service
          servicePort: 80
"""

TLS = INGRESS.replace(" rules:\n - http:", " tls:\n - secretName: ssl-example-cert\n rules:\n - host: example.com\n http:")
TLS_REPAIRED = INGRESS_REPAIRED.replace(
    "  rules:\n  - http:", "  tls:\n  - secretName: ssl-example-cert\n  rules:\n  - host: example.com\n    http:")

ROOT = """apiVersion: v1
kind: Service
metadata:
name: web
labels:
app: web
spec:
ports:
- port: 80
targetPort: 8080
type: NodePort
"""

ROOT_REPAIRED = """apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    app: web
spec:
  ports:
  - port: 80
    targetPort: 8080
  type: NodePort
"""

POD = """apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
  image: nginx
  ports:
  - containerPort: 80
  name: http
  restartPolicy: Never
"""

POD_REPAIRED = """apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: nginx
    ports:
    - containerPort: 80
      name: http
  restartPolicy: Never
"""

SEEN = [  # sentence, text, place, explanation, corrected text
    ("the article's first Service", SERVICE, "f:8:2",
     "spec.ports[0] lacks port, which stands one level too high; spec.selector is empty while app stands one level too "
     "high", SERVICE_REPAIRED),
    ("the article's NodePort Service", NODE_PORT, "f:9:2",
     "spec.ports[0] lacks port, which stands one level too high; spec.selector is empty while app stands one level too "
     "high", NODE_PORT_REPAIRED),
    ("the article's Ingress", INGRESS, "f:6:2",
     "metadata.annotations is empty while nginx.ingress.kubernetes.io/rewrite-target stands one level too high; "
     "spec.rules[0].http is empty while paths, backend, serviceName and servicePort stand too high", INGRESS_REPAIRED),
    ("the article's Ingress with tls", TLS, "f:6:2",
     "metadata.annotations is empty while nginx.ingress.kubernetes.io/rewrite-target stands one level too high; "
     "spec.rules[0] lacks http, paths, backend, serviceName and servicePort, which stand too high", TLS_REPAIRED),
    ("no indentation at all", ROOT, "f:4:1",
     "metadata is empty while name, labels and app stand too high; spec is empty while ports, targetPort and type stand "
     "too high", ROOT_REPAIRED),
    ("a field that two levels have goes where the object is accepted", POD, "f:8:3",
     "spec.containers[0] lacks image, ports and name, which stand too high", POD_REPAIRED),
]


@pytest.mark.parametrize(("sentence", "text", "place", "explanation", "corrected"), SEEN, ids=[row[0] for row in SEEN])
def test_one_message_names_the_empty_and_the_misplaced_and_shows_the_text(sentence, text, place, explanation, corrected):
    with pytest.raises(ManifestError) as refused:
        read_manifests(text, file="f")
    problem, = refused.value.problems
    assert (str(problem.place), problem.detail) == (place, f"wrong indentation: {explanation}")
    assert problem.excerpt == ("indented like this it is accepted:", *corrected.splitlines())


@pytest.mark.parametrize("corrected", [row[4] for row in SEEN], ids=[row[0] for row in SEEN])
def test_the_corrected_text_is_accepted(corrected):
    assert len(read_manifests(corrected, rules=admissible)) == 1


def offered(data):
    return repair(data, tables().kind(data["apiVersion"], data["kind"]))


NO_HELP = [  # sentence, manifest
    ("nothing is unknown", service()),
    ("a typing error is no indentation", service(prots=[])),
    ("a typing error behind an empty map stays one", manifest("ConfigMap", metadata={"labels": None, "namspace": "x"})),
    ("the object would still be refused", service(ports=[{"name": "http"}], port=70000)),
    ("another mistake remains", service(ports=[{"name": "http"}], port=80, nonsense=1)),
    ("the field stands too deep, not too high", service(ports=[{"port": 80, "selector": {"app": "web"}}])),
]


@pytest.mark.parametrize(("sentence", "data"), NO_HELP)
def test_no_repair_is_offered_where_it_does_not_help(sentence, data):
    assert offered(data) is None


def flattened(lines):
    """The lines as a web page shows them: what is below the first level has lost its indentation."""
    return "\n".join(line if line[:1] != " " else " " + line.strip() for line in lines) + "\n"


def scalars(value):
    if isinstance(value, dict):
        return [item for inner in value.values() for item in scalars(inner)]
    if isinstance(value, list):
        return [item for inner in value for item in scalars(inner)]
    return [] if value is None else [str(value)]


@given(name=st.sampled_from(["http", "grpc"]), port=st.integers(1, 65535), target=st.none() | st.integers(1, 65535),
       labels=st.dictionaries(st.sampled_from(["app", "tier", "zone"]), st.sampled_from(["a", "b"]), min_size=1))
def test_a_service_that_lost_its_indentation_gets_it_back(name, port, target, labels):
    entry = {"name": name, "port": port, **({"targetPort": target} if target else {})}
    whole = service(ports=[entry], selector=labels)
    lost, = read_all(flattened(in_given_order(whole)))
    found = offered(lost)
    assert found is not None
    assert found.data == whole


@given(st.sampled_from([service(selector={"app": "web"}), ingress(), pod(), pod(container(ports=[{"containerPort": 80}]))]))
def test_a_repair_keeps_every_value(whole):
    lost, = read_all(flattened(in_given_order(whole)))
    found = offered(lost)
    assert found is None or scalars(found.data) == scalars(lost)


def test_cost_is_bounded_for_a_manifest_with_many_unknown_fields():
    """Every key has two possible homes; only so many arrangements are looked at."""
    names = ["restartPolicy", "securityContext", "resources", "ports", "env", "args", "command", "image", "lifecycle",
             "livenessProbe", "readinessProbe", "startupProbe", "stdin", "tty", "workingDir", "volumeMounts"]
    lost = manifest("Pod", spec={"containers": [{"name": "a"}], **dict.fromkeys(names)})
    assert offered(lost) is None
