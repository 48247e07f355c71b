"""Ingress and IngressClass: what the API server refuses (rules V-1 to V-13 and A-2)."""

from __future__ import annotations

import pytest

from simnet.manifests import admissible, read_manifests, validate_update

from .manifest_cases import ingress, manifest, path, refusals, statements

PATH = "spec.rules[0].http.paths[0]"
BACKEND = f"{PATH}.backend"
NETWORKING = "kubernetes/kubernetes pkg/apis/networking/validation/validation.go"


def rule(**fields):
    return manifest("Ingress", spec={"rules": [fields]})


def backend(**fields):
    return ingress({"path": "/", "pathType": "Prefix", "backend": fields})


def port(**fields):
    return backend(service={"name": "web", "port": fields})


def ingress_class(**spec):
    return manifest("IngressClass", spec=spec)


ACCEPTED = [  # sentence, manifest, rule
    ("an empty rule is enough", rule(), "V-1"),
    ("only a default backend", manifest("Ingress", spec={
        "defaultBackend": {"service": {"name": "a", "port": {"name": "http"}}}}), "V-1"),
    ("a wildcard host", rule(host="*.example.com"), "V-2"),
    ("a rule without http", rule(host="a.example"), "V-3"),
    ("escapes, questions and stars in a path", ingress(path("/a%20b?x=*")), "V-5"),
    ("an empty path of no specified type", ingress(path("", "ImplementationSpecific")), "V-6"),
    ("double slashes of no specified type", ingress(path("/a//b", "ImplementationSpecific")), "V-6"),
    ("an address as a host of tls", ingress(tls=[{"hosts": ["10.0.0.1"], "secretName": ""}]), "V-10"),
    ("equal class in field and annotation", manifest("Ingress", metadata={
        "annotations": {"kubernetes.io/ingress.class": "nginx"}}, spec={"ingressClassName": "nginx", "rules": [{}]}), "V-11"),
    ("a dotted name", manifest("Ingress", "shop.example", spec={"rules": [{}]}), "V-13"),
    ("a class with parameters", ingress_class(controller="a.io/b", parameters={"kind": "K", "name": "n"}), "V-12"),
]


@pytest.mark.parametrize(("sentence", "data", "source"), ACCEPTED)
def test_accepted(sentence, data, source):
    assert statements(data) == []


REFUSED = [  # sentence, manifest, [(field, type)], rule
    ("neither rules nor default backend", manifest("Ingress", spec={"ingressClassName": "nginx"}),
     [("spec", "Invalid")], "V-1"),
    ("an address as host", rule(host="10.0.0.1"), [("spec.rules[0].host", "Invalid")], "V-2"),
    ("an IPv6 address fails the name rule too", rule(host="fd00::1"), [("spec.rules[0].host", "Invalid")] * 2, "V-2"),
    ("capitals in a host", rule(host="Shop.example"), [("spec.rules[0].host", "Invalid")], "V-2"),
    ("a port in a host", rule(host="shop.example:80"), [("spec.rules[0].host", "Invalid")], "V-2"),
    ("a lone star", rule(host="*"), [("spec.rules[0].host", "Invalid")], "V-2"),
    ("a star within a label", rule(host="f*.example"), [("spec.rules[0].host", "Invalid")], "V-2"),
    ("http without paths", rule(http={}), [("spec.rules[0].http.paths", "Required")], "V-3"),
    ("no path type, and the backend is not looked at", ingress({"path": "/", "backend": {}}),
     [(f"{PATH}.pathType", "Required")], "V-4"),
    ("a path type in small letters", ingress(path("/", "prefix")), [(f"{PATH}.pathType", "NotSupported")], "V-4"),
    ("a path without a slash", ingress(path("foo")), [(f"{PATH}.path", "Invalid")], "V-5"),
    ("an empty exact path", ingress(path("", "Exact")), [(f"{PATH}.path", "Invalid")], "V-5"),
    ("two bad sequences are two errors", ingress(path("/a//b/../c")), [(f"{PATH}.path", "Invalid")] * 2, "V-5"),
    ("an escaped slash", ingress(path("/a%2Fb")), [(f"{PATH}.path", "Invalid")], "V-5"),
    ("a path that ends in a dot", ingress(path("/a/.")), [(f"{PATH}.path", "Invalid")], "V-5"),
    ("a relative path of no specified type", ingress(path("a", "ImplementationSpecific")), [(f"{PATH}.path", "Invalid")],
     "V-6"),
    ("service and resource", backend(service={"name": "a", "port": {"number": 1}}, resource={"kind": "B", "name": "b"}),
     [(BACKEND, "Invalid")], "V-7"),
    ("neither service nor resource", backend(), [(BACKEND, "Invalid")], "V-7"),
    ("a service without a name", backend(service={"port": {"number": 80}}), [(f"{BACKEND}.service.name", "Required")],
     "V-8"),
    ("a service name with a digit in front", backend(service={"name": "1a", "port": {"number": 80}}),
     [(f"{BACKEND}.service.name", "Invalid")], "V-8"),
    ("port name and number", port(name="http", number=80), [(BACKEND, "Invalid")], "V-8"),
    ("no port at all", port(), [(BACKEND, "Required")], "V-8"),
    ("port number zero counts as none", port(number=0), [(BACKEND, "Required")], "V-8"),
    ("a port number above the range", port(number=70000), [(f"{BACKEND}.service.port.number", "Invalid")], "V-8"),
    ("a port name that is only digits", port(name="80"), [(f"{BACKEND}.service.port.name", "Invalid")], "V-8"),
    ("a resource without a name", backend(resource={"kind": "B"}), [(f"{BACKEND}.resource.name", "Required")], "V-9"),
    ("a secret name in capitals", ingress(tls=[{"secretName": "Cert"}]), [("spec.tls[0].secretName", "Invalid")], "V-10"),
    ("a class name in capitals", ingress(ingressClassName="Nginx"), [("spec.ingressClassName", "Invalid")], "V-11"),
    ("field and annotation differ", manifest("Ingress", metadata={
        "annotations": {"kubernetes.io/ingress.class": "b"}}, spec={"ingressClassName": "a", "rules": [{}]}),
     [("annotations.kubernetes.io/ingress.class", "Invalid")], "V-11"),
    ("a class without controller", ingress_class(), [("spec.controller", "Required")], "V-12"),
    ("a controller without a path", ingress_class(controller="nginx"), [("spec.controller", "Invalid")], "V-12"),
    ("a controller of 251 characters", ingress_class(controller="a.io/" + "x" * 246), [("spec.controller", "TooLong")],
     "V-12"),
    ("namespaced parameters without namespace", ingress_class(
        controller="a.io/b", parameters={"kind": "K", "name": "n", "scope": "Namespace"}),
     [("spec.parameters.namespace", "Required")], "V-12"),
    ("cluster-wide parameters with a namespace", ingress_class(
        controller="a.io/b", parameters={"kind": "K", "name": "n", "namespace": "x"}),
     [("spec.parameters.namespace", "Forbidden")], "V-12"),
    ("a name in capitals", manifest("Ingress", "Shop", spec={"rules": [{}]}), [("metadata.name", "Invalid")], "V-13"),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


OLD = """apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata:
  name: shop
spec:
  backend:
    serviceName: ""
    servicePort: 70000
  rules:
  - http:
      paths:
      - path: /
        backend:
          serviceName: web
          servicePort: "80"
"""


def test_errors_of_an_old_version_name_its_fields_and_their_places():
    """Rule A-2: ...backend.serviceName Required, ...backend.servicePort Invalid."""
    problems = admissible(read_manifests(OLD, file="old.yaml")[0])
    assert [(str(problem.place), problem.field, problem.type) for problem in problems] == [
        ("old.yaml:7:5", "spec.backend.serviceName", "Required"),
        ("old.yaml:8:18", "spec.backend.servicePort", "Invalid"),
        ("old.yaml:15:24", "spec.rules[0].http.paths[0].backend.servicePort", "Invalid")]


def test_the_controller_of_a_class_may_not_change():
    problem, = validate_update(ingress_class(controller="a.io/b"), ingress_class(controller="a.io/c"))
    assert str(problem) == 'ingressclass/web: spec.controller: Invalid value: "a.io/c": field is immutable'
