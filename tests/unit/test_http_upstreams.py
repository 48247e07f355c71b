"""Backends -> peers: rules B-1 to B-6, K-15."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simnet import ip
from simnet.dataplane.http.upstreams import Upstream, UpstreamState, resolve_upstream
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.service import Service, ServicePort
from tests.unit.http_net import endpoints, key, service

SLICES_GO = "kubernetes/ingress-nginx internal/ingress/controller/endpointslices.go"


def resolve(found: Service | None, wanted: str, *slices: EndpointSlice, **more: bool) -> Upstream:
    return resolve_upstream(key("web"), found, slices, wanted, **more)


def peers(upstream: Upstream) -> list[str]:
    return [peer.text for peer in upstream.peers]


MULTI = service("web", ServicePort(80, "http", target_port=8080), ServicePort(9000, "admin", target_port="adm"),
                ServicePort(8080, "late", target_port=1))
HTTP, ADMIN, LATE = (endpoints("web", "10.244.0.5", port=port, port_name=name, suffix=name)
                     for name, port in (("http", 8080), ("admin", 9001), ("late", 1)))

# port as written, Service port found, source
PORTS = [
    ("80", "http", "B-2"),
    ("http", "http", "B-2"),
    ("9000", "admin", "B-2"),
    ("admin", "admin", "B-2"),
    ("adm", "admin", "B-2"),
    ("8080", "http", "B-2: a target port shadows a later port of that number"),
    ("1", "late", "B-2"),
    ("81", None, "B-2"),
    ("", "http", "D-2: the first port"),
]


@pytest.mark.parametrize(("wanted", "name", "source"), PORTS)
def test_the_first_port_that_fits_by_number_target_or_name(wanted: str, name: str | None, source: str) -> None:
    found = resolve(MULTI, wanted, HTTP, ADMIN, LATE)
    assert (found.port.name if found.port else None) == name, source
    assert found.state is (UpstreamState.READY if name else UpstreamState.NO_PORT), source


def test_a_named_target_port_is_the_number_in_the_slice() -> None:
    assert peers(resolve(MULTI, "admin", HTTP, ADMIN)) == ["10.244.0.5:9001"], "B-2"


def test_peers_are_pods_not_the_cluster_ip() -> None:
    found = resolve(service("web", cluster_ips=(ip.number("10.96.0.9"),)), "80", endpoints("web", "10.244.0.5", "10.244.1.6"))
    assert peers(found) == ["10.244.0.5:8080", "10.244.1.6:8080"], "B-1"
    assert [peer.pod for peer in found.peers] == [key("pod-10.244.0.5"), key("pod-10.244.1.6")]


def test_headless_services_work() -> None:
    assert peers(resolve(service("web", is_headless=True), "80", endpoints("web", "10.244.0.5"))) == ["10.244.0.5:8080"], "B-1"


# readiness of the endpoint, is used, source
READY = [(None, True, "B-3: a missing condition counts as ready"), (True, True, "B-3"), (False, False, "B-3")]


@pytest.mark.parametrize(("ready", "used", "source"), READY)
def test_only_ready_endpoints_count(ready: bool | None, used: bool, source: str) -> None:
    found = resolve(service("web"), "80", endpoints("web", "10.244.0.5", ready=ready))
    assert found.state is (UpstreamState.READY if used else UpstreamState.NOT_READY), source
    assert found.unready == (() if used else (key("pod-10.244.0.5"),))


def test_what_is_missing_is_told_apart() -> None:
    assert resolve(None, "80").state is UpstreamState.NO_SERVICE
    assert resolve(service("web"), "80").state is UpstreamState.NO_ENDPOINTS
    assert resolve(service("web"), "81").state is UpstreamState.NO_PORT


def test_an_address_that_two_slices_list_is_one_peer() -> None:
    twice = endpoints("web", "10.244.0.5", suffix="t")
    assert peers(resolve(service("web"), "80", endpoints("web", "10.244.0.5"), twice)) == ["10.244.0.5:8080"], SLICES_GO


def test_a_slice_port_of_another_name_gives_the_target_port() -> None:
    found = service("web", ServicePort(80, "http", target_port=8080))
    assert peers(resolve(found, "80", endpoints("web", "10.244.0.5", port=7, port_name="x"))) == ["10.244.0.5:8080"], SLICES_GO


def test_udp_slice_ports_are_passed_over() -> None:
    found = endpoints("web", "10.244.0.5")
    udp = replace(found, ports=(replace(found.ports[0], protocol="UDP"),))
    assert resolve(service("web"), "80", udp).state is UpstreamState.NO_ENDPOINTS, SLICES_GO


# service-upstream ------------------------------------------------------------------------------------------------

def test_service_upstream_is_the_cluster_ip_and_the_port_as_written() -> None:
    found = service("web", ServicePort(80, "http", target_port=8080), cluster_ips=(ip.number("10.96.0.9"),))
    for wanted, expected in (("80", "10.96.0.9:80"), ("http", "10.96.0.9:80"), ("81", "10.96.0.9:81")):
        upstream = resolve(found, wanted, by_service=True)
        assert (peers(upstream), upstream.is_service) == ([expected], True), "K-15"


def test_service_upstream_without_a_cluster_ip_falls_back_to_endpoints() -> None:
    found = resolve(service("web", is_headless=True), "80", endpoints("web", "10.244.0.5"), by_service=True)
    assert peers(found) == ["10.244.0.5:8080"], "controller.go getServiceClusterEndpoint"


# ExternalName ----------------------------------------------------------------------------------------------------

def external(name: str, *ports: ServicePort) -> Service:
    return Service(key=key("web"), type="ExternalName", external_name=name, ports=ports)


# what it is, Service, port as written, peer or state, source
EXTERNAL = [
    ("a listed number goes to its target port", external("x.t", ServicePort(80, target_port=8080)), "80", "x.t:8080", "B-4"),
    ("a listed name too", external("x.t", ServicePort(80, "web", target_port=8080)), "web", "x.t:8080", "B-4"),
    ("an unlisted number is used as it is", external("x.t"), "8443", "x.t:8443", "B-4"),
    ("an unknown name fails", external("x.t"), "web", UpstreamState.NO_PORT, "B-4"),
    ("localhost", external("localhost"), "80", UpstreamState.BAD_EXTERNAL_NAME, "B-4"),
    ("a loopback address", external("127.0.0.1"), "80", UpstreamState.BAD_EXTERNAL_NAME, "B-4"),
    ("any address", external("192.0.2.1"), "80", UpstreamState.BAD_EXTERNAL_NAME, "B-4"),
    ("no DNS name", external("x_y.t"), "80", UpstreamState.BAD_EXTERNAL_NAME, SLICES_GO),
]


@pytest.mark.parametrize(("what", "found", "wanted", "expected", "source"), EXTERNAL, ids=[row[0] for row in EXTERNAL])
def test_external_names(what: str, found: Service, wanted: str, expected: str | UpstreamState, source: str) -> None:
    upstream = resolve(found, wanted)
    assert (upstream.state if isinstance(expected, UpstreamState) else peers(upstream)[0]) == expected, source


def test_external_names_can_be_switched_off() -> None:
    assert resolve(external("x.t"), "80", allows_external=False).state is UpstreamState.EXTERNAL_NAMES_OFF, "B-4"
