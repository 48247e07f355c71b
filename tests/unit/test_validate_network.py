"""NetworkPolicy, Endpoints, EndpointSlice: what the API server refuses."""

from __future__ import annotations

import pytest

from simnet.manifests import validate_update

from .manifest_cases import manifest, refusals, statements

NET = "kubernetes/kubernetes pkg/apis/networking/validation/validation.go"
DISCOVERY = "kubernetes/kubernetes pkg/apis/discovery/validation/validation.go"
CORE = "kubernetes/kubernetes pkg/apis/core/validation/validation.go validateEndpointSubsets"


def policy(**spec):
    return manifest("NetworkPolicy", spec={"podSelector": {}, **spec})


def from_peer(**peer):
    return policy(ingress=[{"from": [peer]}])


def to_port(**port):
    return policy(egress=[{"ports": [port]}])


def endpoints(*subsets):
    return manifest("Endpoints", subsets=list(subsets))


def slice_of(*addresses, family="IPv4", ports=()):
    return manifest("EndpointSlice", addressType=family, endpoints=[{"addresses": [text]} for text in addresses],
                    ports=list(ports))


ACCEPTED = [  # sentence, manifest, source
    ("a policy of nothing", policy(), NET),
    ("both selectors in one peer", from_peer(podSelector={}, namespaceSelector={}), NET),
    ("an address block with a hole", from_peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}), NET),
    ("a range of ports", to_port(port=8000, endPort=9000), NET),
    ("a port by name", to_port(port="http"), NET),
    ("endpoints that are not ready", endpoints({"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}), CORE),
    ("a slice of names", slice_of("a.example.com", family="FQDN"), DISCOVERY),
    ("a slice port for every number", slice_of("10.0.0.1", ports=[{"name": ""}]), DISCOVERY),
]


@pytest.mark.parametrize(("sentence", "data", "source"), ACCEPTED)
def test_accepted(sentence, data, source):
    assert statements(data) == []


PEER = "spec.ingress[0].from[0]"
PORT = "spec.egress[0].ports[0]"
REFUSED = [  # sentence, manifest, [(field, type)], source
    ("a peer that says nothing", from_peer(), [(PEER, "Required")], NET),
    ("a peer with null selectors only", from_peer(podSelector=None), [(PEER, "Required")], NET),
    ("a block beside a selector", from_peer(ipBlock={"cidr": "10.0.0.0/8"}, podSelector={}), [(PEER, "Forbidden")], NET),
    ("a block without network", from_peer(ipBlock={}), [(f"{PEER}.ipBlock.cidr", "Required")], NET),
    ("a block that is an address", from_peer(ipBlock={"cidr": "10.0.0.1"}), [(f"{PEER}.ipBlock.cidr", "Invalid")], NET),
    ("a hole outside its block", from_peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}),
     [(f"{PEER}.ipBlock.except[0]", "Invalid")], NET),
    ("a hole as large as its block", from_peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}),
     [(f"{PEER}.ipBlock.except[0]", "Invalid")], NET),
    ("a port above the range", to_port(port=70000), [(f"{PORT}.port", "Invalid")], NET),
    ("a range that ends before it begins", to_port(port=9000, endPort=8000), [(f"{PORT}.endPort", "Invalid")], NET),
    ("a range from a name", to_port(port="http", endPort=8000), [(f"{PORT}.endPort", "Invalid")], NET),
    ("a range from nowhere", to_port(endPort=8000), [(f"{PORT}.endPort", "Invalid")], NET),
    ("three policy types", policy(policyTypes=["Ingress", "Egress", "Ingress"]), [("spec.policyTypes", "Invalid")], NET),
    ("a subset without addresses", endpoints({"ports": [{"port": 80}]}), [("subsets[0]", "Required")], CORE),
    ("an endpoint that is no address", endpoints({"addresses": [{"ip": "web"}]}), [("subsets[0].addresses[0].ip", "Invalid")],
     CORE),
    ("a loopback endpoint", endpoints({"addresses": [{"ip": "127.0.0.1"}]}), [("subsets[0].addresses[0].ip", "Invalid")],
     CORE),
    ("two ports, one without a name", endpoints({"addresses": [{"ip": "10.0.0.1"}], "ports": [
        {"port": 80}, {"port": 81, "name": "b"}]}), [("subsets[0].ports[0].name", "Required")], CORE),
    ("a slice without address type", manifest("EndpointSlice", endpoints=[]), [("addressType", "Required")], DISCOVERY),
    ("an address of the other family", slice_of("fd00::1"), [("endpoints[0].addresses[0]", "Invalid")], DISCOVERY),
    ("an endpoint without addresses", manifest("EndpointSlice", addressType="IPv4", endpoints=[{"addresses": []}]),
     [("endpoints[0].addresses", "Required")], DISCOVERY),
    ("two unnamed ports", slice_of("10.0.0.1", ports=[{"port": 80}, {"port": 81}]), [("ports[1].name", "Duplicate")],
     DISCOVERY),
    ("a thousand and one endpoints", slice_of(*["10.0.0.1"] * 1001), [("endpoints", "TooMany")], DISCOVERY),
    ("a hundred and one ports", slice_of(ports=[{"name": f"p{i}"} for i in range(101)]), [("ports", "TooMany")], DISCOVERY),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


def test_the_address_type_of_a_slice_may_not_change():
    """Source: ValidateEndpointSliceUpdate."""
    problem, = validate_update(slice_of(), slice_of(family="IPv6"))
    assert (problem.field, problem.detail) == ("addressType", "field is immutable")
