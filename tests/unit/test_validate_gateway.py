"""What the definitions of the Gateway API refuse, fill in and convert: rules G-1, G-18, G-20, G-21."""

from __future__ import annotations

from typing import Any

import pytest

from simnet import Cluster
from simnet.errors import ManifestError

API = "gateway.networking.k8s.io/v1"
TYPES = "kubernetes-sigs/gateway-api apis/v1/"


def manifest(kind: str, spec: dict[str, Any], version: str = API) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def route(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return manifest("HTTPRoute", {"parentRefs": [{"name": "gw"}], **({"rules": list(rules)} if rules else {}), **spec})


def path(value: str, type: str = "PathPrefix") -> dict[str, Any]:
    return {"matches": [{"path": {"type": type, "value": value}}]}


def redirecting(**body: Any) -> dict[str, Any]:
    return {"filters": [{"type": "RequestRedirect", "requestRedirect": body}]}


def gateway(*listeners: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return manifest("Gateway", {"gatewayClassName": "simnet", "listeners": list(listeners), **spec})


def listener(name: str = "http", port: int = 80, protocol: str = "HTTP", **more: Any) -> dict[str, Any]:
    return {"name": name, "port": port, "protocol": protocol, **more}


WEB = {"name": "web", "port": 80}
FULL = {"type": "ReplaceFullPath", "replaceFullPath": "/x"}
PREFIX = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}
TWO = {"matches": [{"path": {"type": "PathPrefix", "value": "/a"}}, {"path": {"type": "PathPrefix", "value": "/b"}}]}
AT_PATH = "spec.rules[0].matches[0].path"

REFUSED = [  # sentence, manifest, field, type, part of the message, source
    ("a path without a slash", route(path("x")), AT_PATH, "Invalid", "must be an absolute path", "httproute_types.go"),
    ("a double slash", route(path("/a//b")), AT_PATH, "Invalid", "must not contain '//'", "same"),
    ("an encoded slash", route(path("/a%2fb", "Exact")), AT_PATH, "Invalid", "must not contain '%2f'", "same"),
    ("a fragment", route(path("/a#b")), AT_PATH, "Invalid", "must not contain '#'", "same"),
    ("dots at the end", route(path("/a/..")), AT_PATH, "Invalid", "must not end with '/..'", "same"),
    ("a blank in a path", route(path("/a b")), AT_PATH, "Invalid", "must only contain valid characters", "same"),
    ("a redirect with backends", route({**redirecting(scheme="https"), "backendRefs": [WEB]}), "spec.rules[0]", "Invalid",
     "must not be used together with backendRefs", "same"),
    ("a prefix replaced in two matches", route({**TWO, **redirecting(path=PREFIX)}), "spec.rules[0]", "Invalid",
     "exactly one PathPrefix match", "same"),
    ("redirect and rewrite", route({"filters": [
        {"type": "RequestRedirect", "requestRedirect": {}}, {"type": "URLRewrite", "urlRewrite": {}}]}),
     "spec.rules[0].filters", "Invalid", "but not both", "same"),
    ("a filter twice", route({"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {}}] * 2}),
     "spec.rules[0].filters", "Invalid", "RequestHeaderModifier filter cannot be repeated", "same"),
    ("a filter with the body of another", route({"filters": [{"type": "URLRewrite", "requestRedirect": {}}]}),
     "spec.rules[0].filters[0]", "Invalid", "filter.urlRewrite must be specified", "same"),
    ("a status that is no redirect", route(redirecting(statusCode=200)),
     "spec.rules[0].filters[0].requestRedirect.statusCode", "NotSupported", '"302"', "same"),
    ("an attempt longer than the whole", route({"timeouts": {"request": "1s", "backendRequest": "2s"}}),
     "spec.rules[0].timeouts", "Invalid", "cannot be longer", "same"),
    ("a duration with a fraction", route({"timeouts": {"request": "1.5s"}}), "spec.rules[0].timeouts.request", "Invalid",
     "should match", "shared_types.go Duration, GEP-2257"),
    ("seventeen rules", route(*[path(f"/{n}") for n in range(17)]), "spec.rules", "TooMany", "at most 16", "httproute_types.go"),
    ("129 matches in all", route(*[{"matches": path("/")["matches"] * 43}] * 3), "spec.rules", "Invalid", "128", "same"),
    ("seventeen hostnames", route(hostnames=[f"h{n}.t" for n in range(17)]), "spec.hostnames", "TooMany", "16", "same"),
    ("one parent twice", route(parentRefs=[{"name": "gw"}] * 2), "spec.parentRefs", "Invalid", "sectionName must be specified",
     "shared_types.go CommonRouteSpec"),
    ("one section twice", route(parentRefs=[{"name": "gw", "sectionName": "a"}] * 2), "spec.parentRefs", "Invalid",
     "sectionName must be unique", "same"),
    ("a hostname in upper case", route(hostnames=["A.t"]), "spec.hostnames[0]", "Invalid", "should match", "Hostname"),
    ("a wildcard inside", route(hostnames=["a.*.t"]), "spec.hostnames[0]", "Invalid", "should match", "same"),
    ("a Service without a port", route({"backendRefs": [{"name": "web"}]}), "spec.rules[0].backendRefs[0]", "Invalid",
     "Must have port for Service reference", "object_reference_types.go BackendObjectReference"),
    ("a weight above a million", route({"backendRefs": [{**WEB, "weight": 1000001}]}),
     "spec.rules[0].backendRefs[0].weight", "Invalid", "less than or equal to 1000000", "httproute_types.go"),
    ("an unknown method", route({"matches": [{"method": "BREW"}]}), "spec.rules[0].matches[0].method", "NotSupported",
     '"GET"', "same"),
    ("two listeners of one name", gateway(listener(), listener(port=81)), "spec.listeners", "Invalid",
     "Listener name must be unique", "gateway_types.go"),
    ("two listeners alike", gateway(listener("a"), listener("b")), "spec.listeners", "Invalid", "Combination of port", "same"),
    ("tls on HTTP", gateway(listener(tls={"certificateRefs": [{"name": "s"}]})), "spec.listeners", "Invalid",
     "tls must not be specified", "same"),
    ("HTTPS passed through", gateway(listener(protocol="HTTPS", tls={"mode": "Passthrough"})), "spec.listeners", "Invalid",
     "tls mode must be Terminate", "same"),
    ("no certificate to terminate with", gateway(listener(protocol="HTTPS", tls={})), "spec.listeners[0].tls", "Invalid",
     "certificateRefs or options must be specified", "same"),
    ("no class", manifest("Gateway", {"listeners": [listener()]}), "spec.gatewayClassName", "Required", "", "same"),
    ("no listener", gateway(), "spec.listeners", "Invalid", "at least 1 items", "same"),
    ("a controller without a path", manifest("GatewayClass", {"controllerName": "x"}), "spec.controllerName", "Invalid",
     "should match", "gatewayclass_types.go"),
    ("a grant to nobody", manifest("ReferenceGrant", {"from": [], "to": [{"group": "", "kind": "Service"}]}), "spec.from",
     "Invalid", "at least 1 items", "referencegrant_types.go"),
]


@pytest.mark.parametrize(("sentence", "given", "field", "type", "words", "source"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(sentence: str, given: dict[str, Any], field: str, type: str, words: str, source: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        Cluster(addons=()).apply(given)
    found = [problem for problem in refusal.value.problems if (problem.field, problem.type) == (field, type)]
    assert found, [(problem.field, problem.type) for problem in refusal.value.problems]
    assert any(words in problem.detail for problem in found), found


TAKEN = [  # sentence, manifest
    ("the shortest route", route()),
    ("a pattern is not looked at", route(path("^/a//b", "RegularExpression"))),
    ("mirrors may repeat", route({"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": WEB}}] * 2})),
    ("a prefix replaced in the default match", route(redirecting(path=PREFIX))),
    ("a full path in two matches", route({**TWO, **redirecting(path=FULL)})),
    ("one parent, two sections", route(parentRefs=[{"name": "gw", "sectionName": "a"}, {"name": "gw", "sectionName": "b"}])),
    ("no limit for the whole", route({"timeouts": {"request": "0s", "backendRequest": "2s"}})),
    ("hosts apart on one port", gateway(listener("a", hostname="a.t"), listener("b", hostname="*.t"))),
]


@pytest.mark.parametrize(("sentence", "given"), TAKEN, ids=[row[0] for row in TAKEN])
def test_what_is_taken(sentence: str, given: dict[str, Any]) -> None:
    Cluster(addons=()).apply(given)


@pytest.mark.parametrize("version", ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"])
def test_defaults_and_the_older_version(version: str) -> None:
    """Source: the markers +kubebuilder:default of httproute_types.go; v1beta1 has the same fields."""
    cluster = Cluster(addons=())
    cluster.apply({**route({"backendRefs": [WEB]}), "apiVersion": version})
    stored = cluster.get("httproute", "x").manifest
    assert stored["apiVersion"] == API
    assert stored["spec"] == {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"}],
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                   "backendRefs": [{"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}]}]}


def test_a_listener_gets_its_defaults() -> None:
    cluster = Cluster(addons=())
    cluster.apply(gateway(listener(protocol="HTTPS", port=443, tls={"certificateRefs": [{"name": "s"}]})))
    assert cluster.get("gateway", "x").manifest["spec"]["listeners"] == [{
        "name": "http", "port": 443, "protocol": "HTTPS", "allowedRoutes": {"namespaces": {"from": "Same"}},
        "tls": {"mode": "Terminate", "certificateRefs": [{"group": "", "kind": "Secret", "name": "s"}]}}]


def test_the_controller_of_a_class_stays() -> None:
    """Source: gatewayclass_types.go, "Value is immutable"."""
    cluster = Cluster(addons=())
    cluster.apply(manifest("GatewayClass", {"controllerName": "a.t/x"}))
    with pytest.raises(ManifestError, match=r"spec\.controllerName.*Value is immutable"):
        cluster.apply(manifest("GatewayClass", {"controllerName": "a.t/y"}))
