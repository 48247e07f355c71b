"""The address of an Ingress: which controller writes it, and what it writes."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.testing import ingress

FOREIGN = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "other"},
           "spec": {"controller": "example.com/other"}}


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": {"node-1": "192.168.122.188", "node-2": "192.168.122.189"}, **settings})


def published(each: simnet.Cluster, name: str = "web") -> tuple[str, ...]:
    addresses: tuple[str, ...] = each.get("ingress", name).addresses
    return addresses


def test_the_load_balancer_address_is_published() -> None:
    each = cluster()
    each.apply(ingress("web"))
    assert published(each) == ("203.0.113.1",)
    assert each.get("ingress", "web").manifest["status"]["loadBalancer"] == {"ingress": [{"ip": "203.0.113.1"}]}


def test_with_host_ports_the_nodes_address_is() -> None:
    """Source: the article's cluster; rule S-1, neither publish-service nor publish-status-address."""
    each = cluster(ingress={"shape": "hostport", "node": "node-2"})
    each.apply(ingress("web"))
    assert published(each) == ("192.168.122.189",)


MINE = [  # what the row says, class, annotation, settings, whether it is the controller's
    ("its class", "nginx", None, {}, True),
    ("another controller's class", "other", None, {}, False),
    ("a class that does not exist", "none", None, {}, False),
    ("its annotation", None, "nginx", {}, True),
    ("another annotation", None, "other", {}, False),
    ("no class", None, None, {}, False),
    ("no class, and the controller takes such", None, None, {"watch_without_class": True}, True),
    ("the default class", None, None, {"is_default_class": True}, True),
]


@pytest.mark.parametrize("row", MINE, ids=[row[0] for row in MINE])
def test_only_its_own_ingresses_get_an_address(row: tuple[str, str | None, str | None, dict[str, Any], bool]) -> None:
    """Rules C-1 to C-5."""
    _, name, annotation, settings, is_mine = row
    each = cluster(ingress=settings)
    annotations = {"kubernetes.io/ingress.class": annotation} if annotation else None
    each.apply([FOREIGN, ingress("web", class_name=name, annotations=annotations)])
    assert bool(published(each)) is is_mine
    assert bool([event for event in each.list("event") if event.involved_kind == "Ingress"]) is is_mine


def test_an_ingress_that_waits_for_its_class_gets_its_address_when_it_comes() -> None:
    each = cluster()
    each.apply(ingress("web", class_name="late"))
    assert published(each) == ()
    each.apply({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "late"},
                "spec": {"controller": "k8s.io/ingress-nginx"}})
    assert published(each) == ("203.0.113.1",)


def test_a_pending_load_balancer_leaves_the_address_empty() -> None:
    """Rule S-1: ADDRESS is empty while the Service is pending, here because the pool has no IPv4 addresses."""
    each = cluster(load_balancer_pool="2001:db8::/124")
    each.apply(ingress("web"))
    assert published(each) == ()
    assert [event for event in each.list("event") if event.involved_kind == "Ingress"], "it is the controller's all the same"


def test_the_address_follows_the_published_service() -> None:
    each = cluster()
    each.apply(ingress("web"))
    service_of = each.get("service", "ingress-nginx-controller", namespace="ingress-nginx").manifest
    only_balancers = ("healthCheckNodePort", "allocateLoadBalancerNodePorts")
    spec = {key: value for key, value in service_of["spec"].items() if key not in only_balancers}
    each.apply({**service_of, "spec": {**spec, "type": "NodePort", "externalIPs": ["198.51.100.3", "198.51.100.2"]}})
    assert published(each) == ("198.51.100.2", "198.51.100.3")


def test_a_stopped_controller_clears_what_it_wrote() -> None:
    """Rule S-1: cleared when the last replica stops."""
    each = cluster()
    each.apply(ingress("web"))
    each.delete("deployment", "ingress-nginx-controller", namespace="ingress-nginx")
    assert published(each) == ()


def test_several_controllers_each_serve_their_class() -> None:
    each = cluster(ingress=[
        {"name": "one", "namespace": "one", "ingress_class": "one", "class_controller": "example.com/one"},
        {"name": "two", "namespace": "two", "ingress_class": "two", "class_controller": "example.com/two",
         "http_port": 81, "https_port": 444}])
    each.apply([ingress("web", class_name="one"), ingress("shop", class_name="two")])
    addresses = {found.namespace: found.load_balancer_ingress for found in each.list("service")
                 if found.load_balancer_ingress}
    assert published(each) != published(each, "shop") and len(addresses) == 2


def test_the_controller_tells_about_each_change_of_an_ingress() -> None:
    each = cluster()
    each.apply(ingress("web"))
    each.apply(ingress("web", host="a.example.com"))
    (told,) = [event for event in each.list("event") if event.involved_kind == "Ingress"]
    assert (told.reason, told.message, told.count) == ("Sync", "Scheduled for sync", 2)
    assert told.component == "nginx-ingress-controller"
