"""Addresses of LoadBalancer Services: order, requests, reuse, conflicts, exhaustion, and what is nobody's business."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.control.loadbalancers import AddressPool
from simnet.errors import Conflict, PoolExhausted, UsageError
from simnet.ip import IPNetwork
from simnet.names import ObjectKey
from simnet.testing import service


def cluster(**settings: Any) -> simnet.Cluster:
    return simnet.Cluster(**{"nodes": 1, "addons": (), **settings})


def balancer(name: str, **spec: Any) -> dict[str, Any]:
    return service(name, type="LoadBalancer", **spec)


def address(each: simnet.Cluster, name: str) -> str | None:
    entries = each.get("service", name).load_balancer_ingress
    return ip.text(entries[0].address) if entries else None


def test_addresses_come_in_order_and_the_network_address_is_skipped() -> None:
    each = cluster()
    each.apply([balancer("a"), balancer("b")])
    assert [address(each, name) for name in "ab"] == ["203.0.113.1", "203.0.113.2"]
    assert each.get("service", "a").manifest["status"]["loadBalancer"] == {
        "ingress": [{"ip": "203.0.113.1", "ipMode": "VIP"}]}


def test_a_released_address_is_used_again() -> None:
    each = cluster()
    each.apply([balancer("a"), balancer("b"), balancer("c")])
    each.delete("service/b")
    each.apply(balancer("d"))
    assert address(each, "d") == "203.0.113.2"


def test_a_service_that_changes_its_type_gives_its_address_back() -> None:
    each = cluster()
    each.apply(balancer("a"))
    each.apply(service("a", type="ClusterIP"))
    assert address(each, "a") is None
    each.apply(balancer("b"))
    assert address(each, "b") == "203.0.113.1"


def test_an_applied_change_keeps_the_address() -> None:
    each = cluster()
    each.apply([balancer("a"), balancer("b")])
    each.apply(balancer("b", port=81))
    assert address(each, "b") == "203.0.113.2"


def test_a_requested_address_is_given_if_it_is_free() -> None:
    each = cluster()
    each.apply([balancer("a", loadBalancerIP="203.0.113.7"), balancer("b")])
    assert [address(each, name) for name in "ab"] == ["203.0.113.7", "203.0.113.1"]


WAITING = [  # what the row says, loadBalancerIP, reason
    ("taken", "203.0.113.1", "203.0.113.1 is held by service/default/first"),
    ("outside the pool", "198.51.100.1", "198.51.100.1 is not in load-balancer pool 203.0.113.0/28"),
    ("the network address", "203.0.113.0", "203.0.113.0 is not in load-balancer pool 203.0.113.0/28"),
]


@pytest.mark.parametrize(("name", "wanted", "reason"), WAITING, ids=[row[0] for row in WAITING])
def test_a_request_that_cannot_be_met_leaves_the_service_pending(name: str, wanted: str, reason: str) -> None:
    each = cluster()
    each.apply([balancer("first"), balancer("second", loadBalancerIP=wanted)])
    waiting = each.get("service", "second")
    assert (waiting.load_balancer_ingress, waiting.pending_reason) == ((), reason)
    (told,) = [event for event in each.list("event") if event.reason == "SyncLoadBalancerFailed"]
    assert told.message == f"Error syncing load balancer: failed to ensure load balancer: {reason}"
    each.apply(balancer("second", loadBalancerIP="203.0.113.9"))
    assert address(each, "second") == "203.0.113.9" and not each.get("service", "second").pending_reason


def test_an_exhausted_pool_leaves_services_pending_until_one_goes() -> None:
    """Source: users.md item 32, EXTERNAL-IP stays pending; the node port works meanwhile."""
    each = cluster(load_balancer_pool="203.0.113.0/30")
    each.apply([balancer("a"), balancer("b"), balancer("c"), balancer("d")])
    assert [address(each, name) for name in "abcd"] == ["203.0.113.1", "203.0.113.2", None, None]
    assert each.get("service", "c").pending_reason == "no addresses left in load-balancer pool 203.0.113.0/30"
    assert each.get("service", "c").ports[0].node_port
    each.delete("service/a")
    assert address(each, "c") == "203.0.113.1" and address(each, "d") is None


@pytest.mark.parametrize("status", [{}, {"ingress": []}], ids=["nothing", "an empty list"])
def test_a_loaded_status_without_an_address_is_a_fact(status: dict[str, Any]) -> None:
    """A live cluster's Service that waits still waits here, and after its dump is loaded; without any status it gets
    an address. Source: kubernetes/api core/v1 types.go LoadBalancerStatus (empty while none is provisioned)."""
    each = cluster()
    each.load([{**balancer("waits"), "status": {"loadBalancer": status}}, balancer("stated-nothing")])
    assert (address(each, "waits"), address(each, "stated-nothing")) == (None, "203.0.113.1")
    assert each.get("service", "waits").pending_reason == "the loaded status has no address"
    twin = cluster()
    twin.load(each.dump())
    assert address(twin, "waits") is None and twin.dump() == each.dump()
    each.load({**balancer("stated-nothing"), "status": {"loadBalancer": status}})
    each.apply(balancer("later"))
    assert [address(each, name) for name in ("waits", "stated-nothing", "later")] == [None, None, "203.0.113.1"]
    each.load({**balancer("waits"), "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.9"}]}}})
    assert address(each, "waits") == "198.51.100.9" and not each.get("service", "waits").pending_reason


def test_a_class_names_another_implementation() -> None:
    each = cluster()
    each.apply([balancer("a", loadBalancerClass="example.com/metal"), balancer("b")])
    assert [address(each, name) for name in "ab"] == [None, "203.0.113.1"]
    assert not [event for event in each.list("event") if event.involved.name == "a"]


def test_a_family_the_pool_does_not_have() -> None:
    each = cluster(service_cidr="fd00:96::/112", pod_cidr="fd00:244::/56", nodes={"a": "fd00::1"})
    each.apply(balancer("a"))
    assert each.get("service", "a").pending_reason == "load-balancer pool 203.0.113.0/28 has no IPv6 addresses"


def test_a_pinned_address() -> None:
    each = cluster(pins={"service/default/web": {"loadBalancerIP": "203.0.113.5"}})
    each.apply([balancer("web"), balancer("other")])
    assert [address(each, name) for name in ("web", "other")] == ["203.0.113.5", "203.0.113.1"]


def test_loaded_addresses_are_facts_and_are_not_given_to_others() -> None:
    each = cluster()
    stated = balancer("stated")
    stated["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}
    foreign = balancer("foreign")
    foreign["status"] = {"loadBalancer": {"ingress": [{"ip": "198.51.100.77"}]}}
    each.load([stated, foreign])
    each.apply(balancer("new"))
    assert [address(each, name) for name in ("stated", "foreign", "new")] == [
        "203.0.113.1", "198.51.100.77", "203.0.113.2"]


def test_a_fork_has_a_pool_of_its_own() -> None:
    each = cluster()
    each.apply(balancer("a"))
    twin = each.fork()
    each.apply(balancer("b"))
    twin.apply(balancer("c"))
    assert address(each, "b") == address(twin, "c") == "203.0.113.2"


# one pool, one conversation -------------------------------------------------------------------------------------------

A, B, C = (ObjectKey("default", name) for name in "abc")
CONVERSATION: list[tuple[str, ObjectKey, str, str]] = [  # act, who, address, answer
    ("allocate", A, "", "203.0.113.1"),
    ("request", B, "203.0.113.3", "203.0.113.3"),
    ("request", C, "203.0.113.1", "203.0.113.1 is held by service/default/a"),
    ("release", C, "203.0.113.1", "False"),
    ("allocate", C, "", "203.0.113.2"),
    ("release", A, "203.0.113.1", "True"),
    ("request", B, "203.0.113.3", "203.0.113.3"),
    ("allocate", A, "", "203.0.113.1"),
    ("allocate", A, "", "203.0.113.4"),
    ("allocate", A, "", "203.0.113.5"),
    ("allocate", A, "", "203.0.113.6"),
    ("allocate", A, "", "no addresses left in load-balancer pool 203.0.113.0/29"),
    ("release", B, "203.0.113.3", "True"),
    ("allocate", C, "", "203.0.113.3"),
    ("request", C, "203.0.113.7", "203.0.113.7 is not in load-balancer pool 203.0.113.0/29"),
]


def test_a_conversation_with_a_pool() -> None:
    pool = AddressPool(IPNetwork.parse("203.0.113.0/29"))
    for act, who, text, answer in CONVERSATION:
        assert say(pool, act, who, text) == answer, (act, who, text)


def say(pool: AddressPool, act: str, who: ObjectKey, text: str) -> str:
    try:
        if act == "allocate":
            return ip.text(pool.allocate(who))
        if act == "request":
            return ip.text(pool.request(ip.number(text), who))
        return str(pool.release(ip.number(text), who))
    except (Conflict, PoolExhausted, UsageError) as problem:
        return str(problem)
