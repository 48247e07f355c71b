"""Where the door's ports lead: the front end, node ports, LoadBalancer addresses."""

from __future__ import annotations

import pytest

import simnet
from simnet.server.http.openings import Opening, balancers, front_of, node_ports, without_doubles
from simnet.testing import deployment, ingress, service

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: simnet}
spec: {controllerName: simnet.example/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec: {gatewayClassName: simnet, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""


def cluster(*objects: object, **settings: object) -> simnet.Cluster:
    made = simnet.Cluster(**settings)
    made.apply([deployment("web"), service("web"), *objects])
    return made


FRONTS = [  # settings, where plain HTTP and HTTPS lead
    ({}, "203.0.113.1:80", "203.0.113.1:443"),
    ({"ingress": {"shape": "hostport"}, "nodes": {"a": "172.18.0.9"}}, "172.18.0.9:80", "172.18.0.9:443"),
]


@pytest.mark.parametrize(("settings", "http", "https"), FRONTS)
def test_the_controller_is_found_where_clients_outside_find_it(settings: dict[str, object], http: str, https: str) -> None:
    front = front_of(cluster(ingress("web"), **settings))
    assert (front.http, front.https) == (http, https) and "Ingress controller ingress-nginx/" in front.what


def test_a_gateway_is_led_to_where_there_is_no_ingress() -> None:
    made = cluster()
    assert "Ingress controller" in front_of(made).what
    made.apply(GATEWAY)
    address = made.get("gateway", "front").addresses[0]
    assert front_of(made).http == f"{address}:80" and front_of(made).what == "Gateway default/front"
    made.apply(ingress("web"))
    assert "Ingress controller" in front_of(made).what and front_of(made, address).https == f"{address}:443"


@pytest.mark.parametrize(("to", "http", "https"), [("203.0.113.9", "203.0.113.9:80", "203.0.113.9:443"), ("10.96.0.7:8080", "10.96.0.7:8080", "10.96.0.7:8080"),
                                                   ("[fd00::1]:81", "[fd00::1]:81", "[fd00::1]:81")])
def test_an_address_may_be_named(to: str, http: str, https: str) -> None:
    assert front_of(cluster(), to)[:2] == (http, https)


def test_nothing_to_lead_to_is_said() -> None:
    with pytest.raises(simnet.SimnetError, match=r"^neither an Ingress controller nor a Gateway is there to lead to; name an address of the cluster with --to$"):
        front_of(cluster(addons=()))
    with pytest.raises(simnet.SimnetError, match=r"^--to 'web' is not an address; write 203\.0\.113\.2 or 203\.0\.113\.2:8080$"):
        front_of(cluster(), "web")


def test_node_ports_on_every_node_and_balancers_at_their_own_address() -> None:
    shop = service("web", type="LoadBalancer")
    shop["spec"]["ports"] = [{"name": "http", "port": 80, "nodePort": 30080}, {"name": "alt", "port": 8080, "nodePort": 30081},
                             {"name": "dns", "port": 53, "protocol": "UDP", "nodePort": 30053}]
    made = cluster(shop, nodes=2, addons=("coredns",))
    assert [(each.host, each.port, each.address) for each in node_ports(made)] == [
        (host, port, f"{node}:{port}") for port in (30080, 30081)
        for host, node in (("127.0.0.1", "172.18.0.2"), ("127.18.0.2", "172.18.0.2"), ("127.18.0.3", "172.18.0.3"))]
    opened, said = without_doubles(balancers(made))
    assert opened == [Opening("127.0.113.1", 8080, "203.0.113.1:80", "LoadBalancer address of Service default/web")]
    assert said == ["203.0.113.1:8080 (LoadBalancer address of Service default/web) is not opened: 127.0.113.1:8080 leads to 203.0.113.1:80"]
