"""Service addresses and node ports: bands, draws, requests, and the API server's words for refusals."""

from __future__ import annotations

from random import Random

import pytest

from simnet import ip
from simnet.control.ports import ClusterIPs, NodePorts
from simnet.errors import Conflict, PoolExhausted, UsageError


def shown(band: tuple[int, int] | None) -> tuple[str, str] | None:
    return None if band is None else (ip.text(band[0]), ip.text(band[1]))


CLUSTER_IP_BANDS = [  # CIDR, usable addresses, static band, dynamic band
    # CI-2, CI-3; kubernetes/kubernetes ipallocator_test.go TestAllocateReserve, Test_calculateRangeOffset; KEP-3070
    ("192.168.0.0/29", 6, None, ("192.168.0.1", "192.168.0.6")),
    ("192.168.0.0/28", 14, None, ("192.168.0.1", "192.168.0.14")),
    ("192.168.0.0/27", 30, ("192.168.0.1", "192.168.0.16"), ("192.168.0.17", "192.168.0.30")),
    ("192.168.0.0/24", 254, ("192.168.0.1", "192.168.0.16"), ("192.168.0.17", "192.168.0.254")),
    ("192.168.0.0/22", 1022, ("192.168.0.1", "192.168.0.64"), ("192.168.0.65", "192.168.3.254")),
    ("192.168.0.0/20", 4094, ("192.168.0.1", "192.168.1.0"), ("192.168.1.1", "192.168.15.254")),
    ("10.96.0.0/12", 1048574, ("10.96.0.1", "10.96.1.0"), ("10.96.1.1", "10.111.255.254")),
    ("fd00::/112", 65535, ("fd00::1", "fd00::100"), ("fd00::101", "fd00::ffff")),
    ("fd00::/64", (1 << 64) - 1, ("fd00::1", "fd00::100"), ("fd00::101", "fd00::ffff:ffff:ffff:ffff")),
]


@pytest.mark.parametrize(("cidr", "count", "static", "dynamic"), CLUSTER_IP_BANDS)
def test_a_service_range_has_bands(
    cidr: str, count: int, static: tuple[str, str] | None, dynamic: tuple[str, str]
) -> None:
    pool = ClusterIPs(cidr, Random(0))
    assert (pool.count, shown(pool.static_band), shown(pool.dynamic_band)) == (count, static, dynamic)
    address = pool.allocate("web")
    assert pool.dynamic_band[0] <= address <= pool.dynamic_band[1]


NODE_PORT_BANDS = [  # NP-2; kubernetes/kubernetes portallocator/allocator_test.go Test_calculateRangeOffset; KEP-3668
    ("30000-32767", 2768, (30000, 30085), (30086, 32767)),
    ("20000-32767", 12768, (20000, 20127), (20128, 32767)),
    ("32567-32767", 201, (32567, 32582), (32583, 32767)),
    ("30000-30015", 16, None, (30000, 30015)),
    ("30000-30000", 1, None, (30000, 30000)),
]


@pytest.mark.parametrize(("text", "count", "static", "dynamic"), NODE_PORT_BANDS)
def test_a_node_port_range_has_bands(
    text: str, count: int, static: tuple[int, int] | None, dynamic: tuple[int, int]
) -> None:
    pool = NodePorts(text, Random(0))
    assert (str(pool), pool.count, pool.static_band, pool.dynamic_band) == (text, count, static, dynamic)
    assert dynamic[0] <= pool.allocate("web") <= dynamic[1]


def test_the_static_band_is_drawn_from_only_when_the_dynamic_one_is_full() -> None:
    pool = NodePorts("30000-30031", Random(0))
    assert pool.static_band == (30000, 30015)
    assert {pool.allocate("web") for _ in range(16)} == set(range(30016, 30032))
    assert {pool.allocate("web") for _ in range(16)} == set(range(30000, 30016))
    with pytest.raises(PoolExhausted) as caught:
        pool.allocate("web")
    assert str(caught.value) == "Internal error occurred: failed to allocate a nodePort: range is full"


def test_a_full_service_range_says_so() -> None:
    pool = ClusterIPs("10.0.0.0/29", Random(0))
    assert {ip.text(pool.allocate("web")) for _ in range(6)} == {f"10.0.0.{last}" for last in range(1, 7)}
    with pytest.raises(PoolExhausted) as caught:
        pool.allocate("web")
    assert str(caught.value) == "Internal error occurred: failed to allocate a serviceIP: range is full"
    assert (caught.value.code, caught.value.reason) == (500, "InternalError")


def test_an_address_may_be_asked_for_in_either_band() -> None:
    pool = ClusterIPs("10.96.0.0/16", Random(0))
    assert ip.text(pool.request("10.96.0.10", "dns")) == "10.96.0.10"
    assert ip.text(pool.request("10.96.200.1", "web")) == "10.96.200.1"
    assert pool.holder(ip.number("10.96.0.10")) == "dns"
    assert pool.used == 2


@pytest.mark.parametrize("address", ["10.96.0.0", "10.96.0.255", "10.97.0.1", "fd00::1"])
def test_an_address_outside_the_usable_range_is_refused(address: str) -> None:
    pool = ClusterIPs("10.96.0.0/24", Random(0))
    with pytest.raises(UsageError) as caught:
        pool.request(address, "web")
    assert str(caught.value) == f"failed to allocate IP {address}: provided IP {address} is not in the valid range"
    assert pool.used == 0


def test_a_taken_address_is_refused_and_stays_with_its_holder() -> None:
    pool = ClusterIPs("10.96.0.0/24", Random(0))
    pool.request("10.96.0.10", "first")
    with pytest.raises(Conflict) as caught:
        pool.request("10.96.0.10", "second")
    assert str(caught.value) == "failed to allocate IP 10.96.0.10: provided IP is already allocated"
    assert pool.holder(ip.number("10.96.0.10")) == "first"


def test_the_last_ipv6_address_is_usable_and_the_first_is_not() -> None:
    pool = ClusterIPs("fd00::/120", Random(0))
    assert ip.text(pool.request("fd00::ff", "web")) == "fd00::ff"
    with pytest.raises(UsageError, match="not in the valid range"):
        pool.request("fd00::", "web")


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0/30", "the service cluster IP range must be at least 8 IP addresses"),
        ("fd00::/126", "the service cluster IP range must be at least 8 IP addresses"),
        ("fd00::/63", "shortest allowed prefix length for service CIDR is 64, got 63"),
    ],
)
def test_a_service_range_of_the_wrong_size_is_refused(cidr: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        ClusterIPs(cidr, Random(0))
    assert str(caught.value) == message


def test_node_ports_are_refused_in_the_api_servers_words() -> None:
    pool = NodePorts("30000-32767", Random(0))
    pool.request(30080, "web")
    for port in (29999, 32768):
        with pytest.raises(UsageError) as outside:
            pool.request(port, "api")
        assert str(outside.value) == (
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        )
    with pytest.raises(Conflict) as taken:
        pool.request(30080, "api")
    assert str(taken.value) == "provided port is already allocated"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30000", "'30000' is not a port range such as 30000-32767"),
        ("a-b", "'a-b' is not a port range such as 30000-32767"),
        ("30000-", "'30000-' is not a port range such as 30000-32767"),
        ("5-4", "'5-4' is not a port range: the ends must be ordered and from 1 to 65535"),
        ("0-10", "'0-10' is not a port range: the ends must be ordered and from 1 to 65535"),
        ("1-65536", "'1-65536' is not a port range: the ends must be ordered and from 1 to 65535"),
    ],
)
def test_a_bad_port_range_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        NodePorts(text, Random(0))
    assert str(caught.value) == message


def test_release_frees_only_what_the_owner_holds() -> None:  # CI-6: anything else is silently left alone
    pool = NodePorts("30000-32767", Random(0))
    pool.request(30080, "web")
    assert not pool.release(30080, "api")
    assert not pool.release(30081)
    assert not pool.release(80)
    assert pool.holder(30080) == "web"
    assert pool.release(30080, "web")
    assert pool.request(30080, "api") == 30080
    assert pool.release(30080)
    assert pool.used == 0


def test_equal_seeds_draw_equal_values_and_other_seeds_others() -> None:
    def drawn(seed: int) -> list[int]:
        pool = ClusterIPs("10.96.0.0/12", Random(seed))
        return [pool.allocate("web") for _ in range(20)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert drawn(7) != sorted(drawn(7))


def test_a_copy_draws_the_same_and_goes_its_own_way() -> None:
    pool = ClusterIPs("10.96.0.0/12", Random(3))
    held = pool.allocate("web")
    twin = pool.copy()
    assert twin.allocate("a") == pool.allocate("b")
    pool.release(held)
    assert (pool.used, twin.used, twin.holder(held)) == (1, 2, "web")
    assert pool.copy(Random(5)).allocate("c") == pool.copy(Random(5)).allocate("d")
