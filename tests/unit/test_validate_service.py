"""Services: what the API server refuses."""

from __future__ import annotations

import pytest

from simnet.manifests import validate_update

from .manifest_cases import refusals, service, statements

SV2, SV3, SV5, SV6, SV8, DS3 = (f"services rule {name}" for name in ("SV-2", "SV-3", "SV-5", "SV-6", "SV-8", "DS-3"))
CORE = "kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateService"
TWO = [{"name": "a", "port": 80}, {"name": "b", "port": 443}]


def ports(*entries):
    return list(entries)


ACCEPTED = [  # sentence, manifest, source
    ("one port without a name", service(), SV2),
    ("two named ports", service(ports=TWO), SV2),
    ("the same port number for two protocols", service(
        ports=[{"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP"}]), SV2),
    ("headless without ports", service(clusterIP="None", ports=[]), SV3),
    ("an ExternalName needs no ports", service(type="ExternalName", externalName="db.example.com.", ports=None), SV6),
    ("an empty clusterIP", service(clusterIP=""), CORE),
    ("dual stack addresses", service(clusterIP="10.96.0.9", clusterIPs=["10.96.0.9", "fd00::9"]), DS3),
    ("source ranges padded with blanks", service(type="LoadBalancer", loadBalancerSourceRanges=[" 10.0.0.0/8 "]), CORE),
    ("one day of affinity", service(sessionAffinity="ClientIP", sessionAffinityConfig={
        "clientIP": {"timeoutSeconds": 86400}}), "services rule AF-2"),
    ("an application protocol with a prefix", service(ports=[{"port": 80, "appProtocol": "kubernetes.io/h2c"}]), CORE),
]


@pytest.mark.parametrize(("sentence", "data", "source"), ACCEPTED)
def test_accepted(sentence, data, source):
    assert statements(data) == []


REFUSED = [  # sentence, manifest, [(field, type)], source
    ("no ports at all", service(ports=[]), [("spec.ports", "Required")], SV2),
    ("two ports, one without a name", service(ports=[{"port": 80}, {"name": "b", "port": 81}]),
     [("spec.ports[0].name", "Required")], SV2),
    ("a port name twice", service(ports=[{"name": "a", "port": 80}, {"name": "a", "port": 81}]),
     [("spec.ports[1].name", "Duplicate")], SV2),
    ("a port twice", service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 80}]),
     [("spec.ports[1]", "Duplicate")], SV2),
    ("a node port twice", service(type="NodePort", ports=[
        {"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 81, "nodePort": 30080}]),
     [("spec.ports[1].nodePort", "Duplicate")], SV2),
    ("an entry without a port", service(ports=[{"name": "http"}]), [("spec.ports[0].port", "Required")], "ServicePort"),
    ("a port above the range", service(ports=[{"port": 70000}]), [("spec.ports[0].port", "Invalid")], SV2),
    ("port zero", service(ports=[{"port": 0}]), [("spec.ports[0].port", "Invalid")], SV2),
    ("a target port above the range", service(ports=[{"port": 80, "targetPort": 70000}]),
     [("spec.ports[0].targetPort", "Invalid")], CORE),
    ("a target port name in capitals", service(ports=[{"port": 80, "targetPort": "HTTP"}]),
     [("spec.ports[0].targetPort", "Invalid")], CORE),
    ("a node port on type ClusterIP", service(ports=[{"port": 80, "nodePort": 30080}]),
     [("spec.ports[0].nodePort", "Forbidden")], SV2),
    ("the kubelet's port behind a load balancer", service(type="LoadBalancer", ports=[{"port": 10250}]),
     [("spec.ports[0]", "Invalid")], SV2),
    ("a name that starts with a digit", service(name="1web"), [("metadata.name", "Invalid")], SV2),
    ("a headless NodePort", service(type="NodePort", clusterIP="None"), [("spec.clusterIPs[0]", "Invalid")], SV3),
    ("an ExternalName without a name", service(type="ExternalName"), [("spec.externalName", "Required")], SV6),
    ("an ExternalName with an underscore", service(type="ExternalName", externalName="a_b.example"),
     [("spec.externalName", "Invalid")], SV6),
    ("an ExternalName with a clusterIP", service(type="ExternalName", externalName="a.example", clusterIP="10.0.0.1"),
     [("spec.clusterIPs", "Forbidden")], SV6),
    ("a clusterIP that is no address", service(clusterIP="10.96.0.300"), [("spec.clusterIPs[0]", "Invalid")], CORE),
    ("two addresses of one family", service(clusterIP="10.96.0.1", clusterIPs=["10.96.0.1", "10.96.0.2"]),
     [("spec.clusterIPs", "Invalid")], DS3),
    ("an address of another family than asked for", service(clusterIP="10.96.0.1", ipFamilies=["IPv6"]),
     [("spec.clusterIPs[0]", "Invalid")], DS3),
    ("a family twice", service(ipFamilies=["IPv4", "IPv4"]), [("spec.ipFamilies[1]", "Duplicate")], DS3),
    ("clusterIPs without clusterIP", service(clusterIPs=["10.96.0.1"]), [("spec.clusterIPs", "Invalid")], CORE),
    ("an affinity of more than a day", service(sessionAffinity="ClientIP", sessionAffinityConfig={
        "clientIP": {"timeoutSeconds": 86401}}),
     [("spec.sessionAffinityConfig.clientIP.timeoutSeconds", "Invalid")], "services rule AF-2"),
    ("an external address that is loopback", service(externalIPs=["127.0.0.1"]), [("spec.externalIPs[0]", "Invalid")], SV8),
    ("an external address that is link-local", service(externalIPs=["fe80::1"]), [("spec.externalIPs[0]", "Invalid")], SV8),
    ("source ranges without a load balancer", service(loadBalancerSourceRanges=["10.0.0.0/8"]),
     [("spec.loadBalancerSourceRanges", "Forbidden")], SV5),
    ("a source range that is no network", service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0"]),
     [("spec.loadBalancerSourceRanges[0]", "Invalid")], CORE),
    ("a load balancer class without a load balancer", service(loadBalancerClass="a.io/b"),
     [("spec.loadBalancerClass", "Forbidden")], SV5),
    ("an external policy on an internal Service", service(externalTrafficPolicy="Local"),
     [("spec.externalTrafficPolicy", "Invalid")], SV5),
    ("a health check port without Local", service(type="LoadBalancer", healthCheckNodePort=30000),
     [("spec.healthCheckNodePort", "Invalid")], SV5),
    ("a selector value with a blank", service(selector={"app": "a b"}), [("spec.selector", "Invalid")], CORE),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


WORDS = [  # manifest, text, source
    (service(ports=[{"port": 70000}]), "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
     "apimachinery pkg/util/validation IsValidPortNum"),
    (service(ports=[{"port": 80, "nodePort": 30080}]),
     "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'", CORE),
    (service(type="NodePort", clusterIP="None"),
     'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services', CORE),
    (service(clusterIP="10.96.0.300"), 'spec.clusterIPs[0]: Invalid value: "10.96.0.300": must be a valid IP address, '
     "(e.g. 10.9.8.7 or 2001:db8::ffff)", "apimachinery pkg/util/validation IsValidIP"),
    (service(externalIPs=["0.0.0.0"]), 'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
     "ValidateNonSpecialIP"),
]


@pytest.mark.parametrize(("data", "text", "source"), WORDS)
def test_the_words_are_the_api_servers(data, text, source):
    assert statements(data) == [text]


def allocated(**spec):
    return service(clusterIP="10.96.0.7", clusterIPs=["10.96.0.7"], ipFamilies=["IPv4"], **spec)


CHANGES = [  # sentence, old, new, [(field, type)], source
    ("nothing changes", allocated(), service(), [], "an update through kubectl keeps what was allocated"),
    ("another clusterIP", allocated(), service(clusterIP="10.96.0.8"), [("spec.clusterIPs[0]", "Invalid")], "rule SV-4"),
    ("headless of an ordinary one", allocated(), service(clusterIP="None"), [("spec.clusterIPs[0]", "Invalid")],
     "rule SV-4"),
    ("through ExternalName everything may change", allocated(),
     service(type="ExternalName", externalName="a.example", ports=[]), [], "rule SV-4"),
    ("another primary family", allocated(), service(ipFamilies=["IPv6"]), [("spec.ipFamilies[0]", "Invalid")], "rule SV-4"),
    ("a second address is dropped without SingleStack",
     service(clusterIP="10.96.0.7", clusterIPs=["10.96.0.7", "fd00::7"]), service(clusterIP="10.96.0.7"),
     [("spec.ipFamilyPolicy", "Invalid")], "rule DS-3"),
    ("another load balancer class", service(type="LoadBalancer", loadBalancerClass="a.io/b"),
     service(type="LoadBalancer", loadBalancerClass="a.io/c"), [("spec.loadBalancerClass", "Invalid")], "rule SV-5"),
    ("another health check port", service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30001),
     service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30002),
     [("spec.healthCheckNodePort", "Forbidden")], "rule SV-5"),
]


@pytest.mark.parametrize(("sentence", "old", "new", "expected", "source"), CHANGES)
def test_what_may_not_change(sentence, old, new, expected, source):
    assert [(problem.field, problem.type) for problem in validate_update(old, new)] == expected
