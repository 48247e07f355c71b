"""What the Gateway controller does: conditions, addresses, counts, and the pods and Services it makes. Rules G-1 to G-7."""

from __future__ import annotations

from typing import Any

import pytest

from simnet import Cluster
from simnet.testing import gateway, gateway_class, http_route, listener, reference_grant, service
from tests.unit.gateway_net import ask, backend, condition, got, net, secret

CONFORMANCE = "kubernetes-sigs/gateway-api conformance/tests/"
OTHER_CLASS = gateway_class("theirs", controller="example.com/theirs")


def with_kinds(*kinds: str) -> dict[str, Any]:
    entry = listener()
    entry["allowedRoutes"]["kinds"] = [{"kind": kind} for kind in kinds]
    return entry


def broken(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"tls.crt": "eHg=", "tls.key": "eHg="}}


def raw(name: str, port: int, protocol: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "port": port, "protocol": protocol, **more}


CLASSES = [  # a class, its condition
    (gateway_class("mine"), ("True", "Accepted")), (OTHER_CLASS, ("Unknown", "Pending")),
    ({**gateway_class("asks"), "spec": {"controllerName": "simnet.example/gateway", "parametersRef": {
        "group": "x", "kind": "Y", "name": "z"}}}, ("False", "InvalidParameters")),
]


@pytest.mark.parametrize(("given", "wanted"), CLASSES)
def test_classes(given: dict[str, Any], wanted: tuple[str, str]) -> None:
    """Source: gatewayclass_types.go."""
    assert condition(net(given), f"gatewayclass/{given['metadata']['name']}", "Accepted") == wanted


GATEWAYS = [  # sentence, Gateway, Accepted, Programmed, source
    ("all is well", gateway(), ("True", "Accepted"), ("True", "Programmed"), "gateway_types.go"),
    ("nobody's class", gateway(class_name="theirs"), ("Unknown", "Pending"), ("Unknown", "Pending"), "same"),
    ("a class that does not exist", gateway(class_name="none"), ("Unknown", "Pending"), ("Unknown", "Pending"), "same"),
    ("one of two listeners", gateway("gw", listener(), raw("x", 81, "example.com/odd")), ("True", "ListenersNotValid"),
     ("True", "Programmed"), "gateway-invalid-listeners-unsupported-protocol.go"),
    ("no listener", gateway("gw", raw("x", 81, "example.com/odd")), ("False", "ListenersNotValid"), ("False", "Invalid"), "same"),
    ("an address by name", {**gateway(), "spec": {**gateway()["spec"], "addresses": [{"type": "Hostname", "value": "x.t"}]}},
     ("False", "UnsupportedAddress"), ("False", "Invalid"), "gateway-static-addresses.go"),
    ("an address that cannot be had", {**gateway(), "spec": {**gateway()["spec"], "addresses": [{"value": "192.0.2.77"}]}},
     ("True", "Accepted"), ("False", "AddressNotUsable"), "same"),
]


@pytest.mark.parametrize(("sentence", "given", "accepted", "programmed", "source"), GATEWAYS, ids=[row[0] for row in GATEWAYS])
def test_gateways(sentence: str, given: dict[str, Any], accepted: Any, programmed: Any, source: str) -> None:
    cluster = net(given, OTHER_CLASS)
    assert condition(cluster, "gateway/gw", "Accepted") == accepted
    assert condition(cluster, "gateway/gw", "Programmed") == programmed


LISTENERS = [  # sentence, listeners, their name, condition, status and reason, kinds or None, source
    ("a protocol nobody knows", [raw("x", 81, "example.com/odd")], "x", "Accepted", ("False", "UnsupportedProtocol"), [],
     "gateway-invalid-listeners-unsupported-protocol.go"),
    ("TCP beside HTTP", [listener(), raw("x", 80, "TCP")], "http", "Conflicted", ("True", "ProtocolConflict"), None,
     "gateway-listener-protocol-and-route-kind-conflicts.go"),
    ("the TCP one too", [listener(), raw("x", 80, "TCP")], "x", "Conflicted", ("True", "ProtocolConflict"), None, "same"),
    ("neither is accepted", [listener(), raw("x", 80, "TCP")], "http", "Accepted", ("False", "ProtocolConflict"), None, "same"),
    ("HTTP and HTTPS", [listener(), listener("s", port=80, tls="s")], "http", "Conflicted", ("True", "ProtocolConflict"), None,
     "[P]"),
    ("HTTPS and TLS of one name", [listener("a", hostname="a.t", tls="s"), raw("b", 443, "TLS", hostname="a.t", tls={
        "mode": "Passthrough"})], "a", "Conflicted", ("True", "HostnameConflict"), None, "gateway_types.go"),
    ("HTTPS and TLS of two names", [listener("a", hostname="a.t", tls="s"), raw("b", 443, "TLS", hostname="b.t", tls={
        "mode": "Passthrough"})], "a", "Conflicted", ("False", "NoConflicts"), None, "gateway-https-and-tls-passthrough-same-port.go"),
    ("a kind that is not supported", [with_kinds("Invalid")], "http", "ResolvedRefs", ("False", "InvalidRouteKinds"), [],
     "gateway-invalid-route-kind.go"),
    ("one kind of two", [with_kinds("Invalid", "HTTPRoute")], "http", "ResolvedRefs", ("False", "InvalidRouteKinds"),
     ["HTTPRoute"], "same"),
    ("a certificate", [listener("s", tls="s")], "s", "ResolvedRefs", ("True", "ResolvedRefs"), ["HTTPRoute"], "same"),
    ("no such Secret", [listener("s", tls="none")], "s", "ResolvedRefs", ("False", "InvalidCertificateRef"), ["HTTPRoute"],
     "gateway-invalid-tls-configuration.go"),
    ("and so it is not programmed", [listener("s", tls="none")], "s", "Programmed", ("False", "Invalid"), None, "same"),
    ("a Secret that is no certificate", [listener("s", tls="broken")], "s", "ResolvedRefs", ("False", "InvalidCertificateRef"),
     None, "same"),
    ("a Secret elsewhere without a grant", [listener("s", tls="other/far")], "s", "ResolvedRefs", ("False", "RefNotPermitted"),
     None, "gateway-secret-missing-reference-grant.go"),
    ("a Secret elsewhere with one", [listener("s", tls="open/far")], "s", "ResolvedRefs", ("True", "ResolvedRefs"), None,
     "gateway-secret-reference-grant-specific.go"),
]


@pytest.mark.parametrize(("sentence", "listeners", "name", "type", "wanted", "kinds", "source"), LISTENERS,
                         ids=[row[0] for row in LISTENERS])
def test_listeners(sentence: str, listeners: list[Any], name: str, type: str, wanted: Any, kinds: Any, source: str) -> None:
    cluster = net(gateway("gw", *listeners), secret("s", "s.t"), broken("broken"), secret("far", "f.t", namespace="other"),
                  secret("far", "f.t", namespace="open"),
                  reference_grant(source="default", namespace="open", source_kind="Gateway", kind="Secret"))
    assert condition(cluster, "gateway/gw", type, listener=name) == wanted
    if kinds is not None:
        status = next(each for each in cluster.get("gateway", "gw").manifest["status"]["listeners"] if each["name"] == name)
        assert [each["kind"] for each in status["supportedKinds"]] == kinds


PLACES = [listener("same"), listener("all", port=81, hostname="*.all.t", routes_from="All"),
          listener("blue", port=82, routes_from={"team": "blue"})]
ROUTES = [  # sentence, namespace, parent, hosts, Accepted, source
    ("its own namespace", "default", "gw", (), ("True", "Accepted"), "shared_types.go"),
    ("another one, and a listener for all", "red", "default/gw", "x.all.t", ("True", "Accepted"), "same"),
    ("another one, and none of its hostname", "red", "default/gw", "x.t", ("False", "NoMatchingListenerHostname"), "same"),
    ("a listener that is not there", "default", "gw#none", (), ("False", "NoMatchingParent"),
     "httproute-invalid-parentref-section-name-not-matching.go"),
    ("a listener for its own namespace only", "red", "default/gw#same", (), ("False", "NotAllowedByListeners"),
     "httproute-invalid-cross-namespace-parent-ref.go"),
    ("a namespace by its labels", "blue", "default/gw#blue", (), ("True", "Accepted"), "gateway_types.go RouteNamespaces"),
    ("a namespace without them", "red", "default/gw#blue", (), ("False", "NotAllowedByListeners"), "same"),
]


@pytest.mark.parametrize(("sentence", "namespace", "parent", "hosts", "wanted", "source"), ROUTES, ids=[row[0] for row in ROUTES])
def test_attachment(sentence: str, namespace: str, parent: str, hosts: Any, wanted: Any, source: str) -> None:
    labels = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "blue", "labels": {"team": "blue"}}}
    cluster = net(labels, gateway("gw", *PLACES), http_route("r", to="a", parent=parent, hosts=hosts, namespace=namespace))
    assert condition(cluster, f"httproute/{namespace}/r", "Accepted") == wanted


def test_every_namespace_carries_its_name_as_a_label() -> None:
    """Source: gateway_types.go RouteNamespaces; rule G-5."""
    cluster = net(gateway("gw", listener(routes_from={"kubernetes.io/metadata.name": "red"})),
                  http_route("r", to="a", parent="default/gw", namespace="red"))
    assert condition(cluster, "httproute/red/r", "Accepted") == ("True", "Accepted")


def test_a_parent_by_port() -> None:
    """Source: httproute-invalid-parentref-not-matching-listener-port.go, httproute-parent-ref-port.go."""
    route = http_route("r", to="a")
    route["spec"]["parentRefs"] = [{"name": "gw", "port": 81}]
    cluster = net(gateway("gw", listener("a"), listener("b", port=81)), route)
    assert got(ask(cluster, "http://h.t:81/")) == "200 a" and got(ask(cluster, "http://h.t/")) == "404"
    route["spec"]["parentRefs"] = [{"name": "gw", "port": 82}]
    cluster.apply(route)
    assert condition(cluster, "httproute/r", "Accepted") == ("False", "NoMatchingParent")


REFERENCES = [  # backendRef, ResolvedRefs
    ({"name": "a", "port": 80}, ("True", "ResolvedRefs")), ({"name": "a", "port": 81}, ("False", "BackendNotFound")),
    ({"name": "none", "port": 80}, ("False", "BackendNotFound")), ({"name": "a", "kind": "Odd"}, ("False", "InvalidKind")),
    ({"name": "a", "port": 80, "namespace": "far"}, ("False", "RefNotPermitted")),
    ({"name": "dns", "port": 53}, ("False", "UnsupportedProtocol")),
]


@pytest.mark.parametrize(("ref", "wanted"), REFERENCES)
def test_references(ref: dict[str, Any], wanted: Any) -> None:
    """A route may be accepted though a reference leads nowhere. Source: shared_types.go; httproute-invalid-*.go."""
    dns = service("dns", port=53)
    dns["spec"]["ports"][0]["protocol"] = "UDP"
    cluster = net(dns, http_route("r", rules=[{"backendRefs": [ref]}]))
    assert condition(cluster, "httproute/r", "ResolvedRefs") == wanted
    assert condition(cluster, "httproute/r", "Accepted") == ("True", "Accepted")


def test_routes_are_counted_on_every_listener_broken_ones_too() -> None:
    """Source: gateway-with-attached-routes.go, ListenerStatus.attachedRoutes."""
    cluster = net(gateway("gw", listener("a"), listener("s", tls="none"), listener("h", port=81, hostname="h.t")),
                  http_route("one", to="a"), http_route("two", to="a", parent="gw#a"), http_route("three", to="a", hosts="x.t"))
    status = cluster.get("gateway", "gw").manifest["status"]["listeners"]
    assert {each["name"]: each["attachedRoutes"] for each in status} == {"a": 3, "s": 2, "h": 1}


def test_each_parent_has_its_own_entry() -> None:
    cluster = net(gateway(), gateway("second", listener(hostname="only.t")), http_route("r", to="a", hosts="x.t", parent=["gw", "second"]))
    assert [condition(cluster, "httproute/r", "Accepted", parent=index)[1] for index in (0, 1)] == [
        "Accepted", "NoMatchingListenerHostname"]


def test_a_gateway_brings_a_pod_and_a_service_with_its_address() -> None:
    """Source: geps/gep-1762: NAME-CLASS, and the labels."""
    cluster = net(http_route("r", to="a"))
    made = cluster.get("service", "gw-simnet")
    assert cluster.get("gateway", "gw").manifest["status"]["addresses"] == [{"type": "IPAddress", "value": "203.0.113.1"}]
    assert made.labels["gateway.networking.k8s.io/gateway-name"] == "gw"
    assert len(cluster.list("pod", selector="gateway.networking.k8s.io/gateway-name=gw")) == 1
    assert got(cluster.request("http://203.0.113.1/", "198.51.100.7")) == "200 a"


def test_ports_follow_the_listeners_and_all_goes_with_the_gateway() -> None:
    cluster = net(http_route("r", to="a"))
    cluster.apply(gateway("gw", listener(), listener("more", port=8080)))
    assert [port.port for port in cluster.get("service", "gw-simnet").ports] == [80, 8080]
    assert got(cluster.request("http://203.0.113.1:8080/", "198.51.100.7")) == "200 a"
    cluster.delete("gateway/gw")
    assert [each.name for each in cluster.list("service", namespace="default")] == ["a", "b", "kubernetes"]
    assert not cluster.list("pod", selector="gateway.networking.k8s.io/gateway-name")


def test_without_addresses_left_it_is_not_programmed() -> None:
    cluster = net(load_balancer_pool="203.0.113.0/30", addons=("coredns", "ingress-nginx"))
    assert condition(cluster, "gateway/gw", "Programmed") == ("True", "Programmed")
    cluster.apply(gateway("second"))
    assert condition(cluster, "gateway/second", "Programmed") == ("False", "AddressNotAssigned")


def test_a_dump_brings_it_all_back_and_nothing_twice() -> None:
    cluster = net(gateway("gw", listener(), listener("s", tls="s")), secret("s", "s.t"), http_route("r", to="a"))
    twin = Cluster(nodes=1, addons=())
    twin.load(cluster.dump())
    assert [each.manifest["status"] for each in twin.list("gateway")] == [each.manifest["status"] for each in cluster.list("gateway")]
    assert {each.name for each in twin.list("pod")} == {each.name for each in cluster.list("pod")}
    assert got(ask(twin, "http://h.t/")) == "200 a"


def test_an_outside_client_finds_the_gateway_by_a_hostname_of_its_routes() -> None:
    cluster = net(http_route("r", to="a", hosts=["shop.t", "*.w.t"]))
    assert got(cluster.request("http://shop.t/", "198.51.100.7")) == "200 a"
    assert got(cluster.request("http://x.w.t/", "198.51.100.7")) == "200 a"
    assert cluster.request("http://other.t/", "198.51.100.7").result == "no-name"


def test_a_fork_goes_its_own_way() -> None:
    cluster = net(http_route("r", to="a"), *backend("c"))
    ask(cluster, "http://h.t/")
    twin = cluster.fork()
    twin.apply(http_route("r", to="c"))
    assert (got(ask(cluster, "http://h.t/")), got(ask(twin, "http://h.t/"))) == ("200 a", "200 c")


def test_one_changed_route_compiles_only_its_own_hostname() -> None:
    cluster = net(*[http_route(f"r{n}", to="a", hosts=f"h{n}.t") for n in range(20)])
    for n in range(20):
        ask(cluster, f"http://h{n}.t/")
    before = cluster.work.hosts_compiled
    cluster.apply(http_route("r3", to="b", hosts="h3.t"))
    assert [got(ask(cluster, f"http://h{n}.t/")) for n in (2, 3, 4)] == ["200 a", "200 b", "200 a"]
    assert cluster.work.hosts_compiled == before + 1
