"""Node blocks and pod addresses: conversations with one ledger, each refused row leaving it as it was."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.control.ipam import NodeCIDRs, PodRange, PodSubnet
from simnet.errors import Conflict, PoolExhausted, SimnetError, UsageError


def texts(numbers: list[int]) -> list[str]:
    return [ip.text(number) for number in numbers]


def hand_out(pods: PodRange, count: int, prefix: str = "pod") -> list[str]:
    return texts([pods.allocate(f"{prefix}-{index}") for index in range(count)])


class TestNodeCIDRs:
    """Source: kubernetes/kubernetes pkg/controller/nodeipam/ipam/cidrset/cidr_set_test.go."""

    def test_blocks_come_in_order_and_a_released_one_waits_its_turn(self) -> None:
        nodes = NodeCIDRs("10.244.0.0/22")
        assert [str(nodes.allocate()) for _ in range(2)] == ["10.244.0.0/24", "10.244.1.0/24"]
        nodes.release("10.244.0.0/24")
        assert [str(nodes.allocate()) for _ in range(3)] == ["10.244.2.0/24", "10.244.3.0/24", "10.244.0.0/24"]

    def test_exhaustion_is_told_in_the_controllers_words(self) -> None:
        nodes = NodeCIDRs("127.123.234.0/30", 30)
        nodes.allocate()
        with pytest.raises(PoolExhausted) as caught:
            nodes.allocate()
        assert str(caught.value) == (
            "CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range"
        )
        assert nodes.occupied == nodes.count == 1

    def test_the_default_masks_are_24_and_64(self) -> None:
        assert str(NodeCIDRs("10.244.0.0/16").allocate()) == "10.244.0.0/24"
        assert str(NodeCIDRs("fd00::/56").allocate()) == "fd00::/64"

    def test_host_bits_of_the_cluster_cidr_are_dropped(self) -> None:  # PI-2
        assert str(NodeCIDRs("10.244.7.9/16").allocate()) == "10.244.0.0/24"

    OCCUPIED = [  # cluster CIDR, mask, CIDR given, blocks occupied; cidr_set_test.go TestGetBitforCIDR and PI-5
        ("127.0.0.0/8", 16, "127.0.0.0/16", 1),
        ("127.0.0.0/8", 16, "127.123.0.0/16", 1),
        ("127.0.0.0/8", 16, "127.0.0.0/8", 256),
        ("127.0.0.0/16", 24, "127.0.0.0/23", 2),
        ("127.0.0.0/8", 16, "127.1.2.3/32", 1),
        ("127.0.0.0/8", 16, "0.0.0.0/0", 256),
        ("2001:db8::/48", 64, "2001:db8:0:10::/60", 16),
        ("2001:db8::/48", 64, "2001:db8::1/128", 1),
    ]

    @pytest.mark.parametrize(("cluster", "mask", "cidr", "blocks"), OCCUPIED)
    def test_occupying_and_releasing_cover_every_block_touched(
        self, cluster: str, mask: int, cidr: str, blocks: int
    ) -> None:
        nodes = NodeCIDRs(cluster, mask)
        for _ in range(2):
            nodes.occupy(cidr)
            assert nodes.occupied == blocks
        for _ in range(2):
            nodes.release(cidr)
            assert nodes.occupied == 0

    @pytest.mark.parametrize(
        ("cidr", "cluster"),
        [("192.168.0.0/24", "10.0.0.0/8"), ("10.1.0.0/16", "10.0.0.0/16"), ("fd00::/64", "10.0.0.0/8")],
    )
    def test_a_foreign_cidr_is_refused(self, cidr: str, cluster: str) -> None:
        nodes = NodeCIDRs(cluster, 24)
        for verb in (nodes.occupy, nodes.release):
            with pytest.raises(UsageError) as caught:
                verb(cidr)
            assert str(caught.value) == f"cidr {cidr} is out the range of cluster cidr {cluster}"

    def test_an_ipv6_cluster_has_at_most_65536_blocks(self) -> None:  # PI-6
        assert NodeCIDRs("fd00::/48").count == 65536
        with pytest.raises(UsageError, match="New CIDR set failed; the node CIDR size is too big"):
            NodeCIDRs("fd00::/47")

    @pytest.mark.parametrize("mask", [15, 33])
    def test_a_mask_that_does_not_divide_the_cluster_is_refused(self, mask: int) -> None:
        with pytest.raises(UsageError) as caught:
            NodeCIDRs("10.244.0.0/16", mask)
        assert str(caught.value) == f"a node mask of {mask} does not divide the cluster cidr 10.244.0.0/16"

    def test_a_copy_goes_its_own_way(self) -> None:
        nodes = NodeCIDRs("10.244.0.0/16")
        nodes.allocate()
        twin = nodes.copy()
        assert str(nodes.allocate()) == str(twin.allocate()) == "10.244.1.0/24"
        nodes.release("10.244.0.0/16")
        assert (nodes.occupied, twin.occupied) == (0, 2)


class TestPodRange:
    """Source: containernetworking/plugins plugins/ipam/host-local/backend/allocator/{allocator,range}_test.go."""

    CAPACITY = [  # subnet, how many pods, first and last address (PI-8)
        ("192.168.1.0/24", 253, "192.168.1.2", "192.168.1.254"),
        ("192.168.1.0/29", 5, "192.168.1.2", "192.168.1.6"),
        ("192.168.1.0/30", 1, "192.168.1.2", "192.168.1.2"),
        ("2001:db8:1::/126", 2, "2001:db8:1::2", "2001:db8:1::3"),
        ("2001:db8:1::/120", 254, "2001:db8:1::2", "2001:db8:1::ff"),
    ]

    @pytest.mark.parametrize(("subnet", "count", "first", "last"), CAPACITY)
    def test_a_subnet_serves_so_many_pods(self, subnet: str, count: int, first: str, last: str) -> None:
        pods = PodRange(subnet)
        assert pods.free == count
        found = hand_out(pods, count)
        assert (found[0], found[-1], len(set(found)), pods.free) == (first, last, count, 0)
        with pytest.raises(PoolExhausted):
            pods.allocate("one too many")

    def test_exhaustion_names_the_range_set(self) -> None:
        pods = PodRange("192.168.1.0/30")
        pods.allocate("a")
        with pytest.raises(PoolExhausted) as caught:
            pods.allocate("b")
        assert str(caught.value) == "no IP addresses available in range set: 192.168.1.1-192.168.1.2"

    def test_a_released_address_is_reused_only_after_a_full_turn(self) -> None:
        pods = PodRange("192.168.1.0/29")
        assert hand_out(pods, 1) == ["192.168.1.2"]
        assert ip.text(pods.release("pod-0") or 0) == "192.168.1.2"
        assert hand_out(pods, 5, "later") == [f"192.168.1.{last}" for last in (3, 4, 5, 6, 2)]

    def test_the_address_reserved_last_is_tried_last(self) -> None:  # allocator_test.go, PI-9
        pods = PodRange("192.168.1.0/29")
        hand_out(pods, 5)
        pods.release("pod-4")
        assert hand_out(pods, 1, "again") == ["192.168.1.6"]

    def test_a_request_moves_the_search_too(self) -> None:
        pods = PodRange("192.168.1.0/29")
        assert ip.text(pods.request("192.168.1.5", "a")) == "192.168.1.5"
        assert hand_out(pods, 2) == ["192.168.1.6", "192.168.1.2"]

    REFUSED = [  # address asked for, error, message (PI-11)
        ("192.168.1.1", UsageError, "requested ip 192.168.1.1 is subnet's gateway"),
        ("192.168.1.0", UsageError, "192.168.1.0 not in range set 192.168.1.1-192.168.1.6"),
        ("192.168.1.7", UsageError, "192.168.1.7 not in range set 192.168.1.1-192.168.1.6"),
        ("10.0.0.1", UsageError, "10.0.0.1 not in range set 192.168.1.1-192.168.1.6"),
        ("fd00::1", UsageError, "fd00::1 not in range set 192.168.1.1-192.168.1.6"),
        (
            "192.168.1.5",
            Conflict,
            "requested IP address 192.168.1.5 is not available in range set 192.168.1.1-192.168.1.6",
        ),
    ]

    @pytest.mark.parametrize(("address", "error", "message"), REFUSED)
    def test_a_refused_request_says_why_and_changes_nothing(
        self, address: str, error: type[SimnetError], message: str
    ) -> None:
        pods = PodRange("192.168.1.0/29")
        pods.request("192.168.1.5", "a")
        with pytest.raises(error) as caught:
            pods.request(address, "b")
        assert str(caught.value) == message
        assert (pods.free, pods.address_of("b")) == (4, None)
        assert hand_out(pods, 1) == ["192.168.1.6"]

    def test_an_owner_holds_one_address(self) -> None:  # PI-10
        pods = PodRange("192.168.1.0/29")
        pods.allocate("web-1")
        for attempt in (lambda: pods.allocate("web-1"), lambda: pods.request("192.168.1.4", "web-1")):
            with pytest.raises(Conflict) as caught:
                attempt()
            assert str(caught.value) == (
                "192.168.1.2 has been allocated to web-1, duplicate allocation is not allowed"
            )
        assert pods.free == 4

    def test_releasing_nothing_is_nothing(self) -> None:
        pods = PodRange("192.168.1.0/29")
        assert pods.release("nobody") is None
        assert pods.free == 5

    def test_a_range_may_be_narrower_than_its_subnet(self) -> None:  # PI-7
        pods = PodRange("192.168.1.0/24", range_start="192.168.1.10", range_end="192.168.1.11")
        assert str(pods) == "192.168.1.10-192.168.1.11"
        assert hand_out(pods, 2) == ["192.168.1.10", "192.168.1.11"]

    def test_the_gateway_is_skipped_wherever_it_lies(self) -> None:  # PI-7
        inside = PodRange("192.168.1.0/29", gateway="192.168.1.3")
        assert hand_out(inside, 5) == [f"192.168.1.{last}" for last in (1, 2, 4, 5, 6)]
        outside = PodRange("192.168.1.0/29", gateway="192.168.1.7", range_end="192.168.1.2")
        assert hand_out(outside, 2) == ["192.168.1.1", "192.168.1.2"]

    def test_several_subnets_are_one_list(self) -> None:  # PI-12, allocator_test.go "when using multiple ranges"
        pods = PodRange(["192.168.1.0/30", "10.0.0.0/29"])
        assert str(pods) == "192.168.1.1-192.168.1.2,10.0.0.1-10.0.0.6"
        assert hand_out(pods, 3) == ["192.168.1.2", "10.0.0.2", "10.0.0.3"]
        pods.request("10.0.0.6", "late")
        pods.release("pod-0")
        assert hand_out(pods, 1, "wrapped") == ["192.168.1.2"]

    def test_subnets_bring_their_own_bounds(self) -> None:
        pods = PodRange([PodSubnet.of("10.0.0.0/24", range_start="10.0.0.9", range_end="10.0.0.9"), "10.0.1.0/30"])
        assert hand_out(pods, 2) == ["10.0.0.9", "10.0.1.2"]

    def test_a_large_ipv6_range_costs_nothing_until_used(self) -> None:
        pods = PodRange("fd00::/64")
        assert pods.free == (1 << 64) - 2
        assert hand_out(pods, 2) == ["fd00::2", "fd00::3"]
        assert ip.text(pods.request("fd00::ffff:ffff:ffff:ffff", "last")) == "fd00::ffff:ffff:ffff:ffff"
        assert hand_out(pods, 1, "wrapped") == ["fd00::4"]

    def test_membership_tells_what_could_be_given_out_and_is_free(self) -> None:
        pods = PodRange("192.168.1.0/29")
        taken, gateway, spare = pods.allocate("a"), ip.number("192.168.1.1"), ip.number("192.168.1.3")
        assert [number in pods for number in (taken, gateway, spare, 0)] == [True, False, True, False]
        assert [pods.is_free(number) for number in (taken, gateway, spare, 0)] == [False, False, True, False]
        assert (pods.address_of("a"), pods.address_of("b")) == (taken, None)

    def test_a_copy_goes_its_own_way(self) -> None:
        pods = PodRange(["192.168.1.0/29", "10.0.0.0/29"])
        pods.allocate("a")
        twin = pods.copy()
        assert pods.allocate("b") == twin.allocate("c")
        pods.release("a")
        assert (pods.free, twin.free, twin.address_of("b")) == (9, 8, None)

    BAD = [  # arguments, message; range_test.go and range_set.go
        (("192.168.1.0/31",), "Network 192.168.1.0/31 too small to allocate from"),
        (("192.168.1.0/32",), "Network 192.168.1.0/32 too small to allocate from"),
        (("fd00::/127",), "Network fd00::/127 too small to allocate from"),
        (
            ("192.168.127.0/16",),
            "Network has host bits set. For a subnet mask of length 16 the network address is 192.168.0.0",
        ),
        (("192.168.1.0/24", None, "192.168.2.5"), "192.168.2.5 not in network 192.168.1.0/24"),
        (("192.168.1.0/24", None, None, "192.168.2.5"), "192.168.2.5 not in network 192.168.1.0/24"),
        (("192.168.1.0/24", None, "fd00::5"), "IP fd00::5 is not the same protocol as subnet 192.168.1.0/24"),
        (
            ("192.168.1.0/24", None, "192.168.1.50", "192.168.1.40"),
            "192.168.1.40 is in network 192.168.1.0/24 but before start 192.168.1.50",
        ),
        (([],), "empty range set"),
        ((["10.0.0.0/24", "fd00::/64"],), "mixed address families"),
        (
            (["10.0.0.0/24", "10.0.0.0/25"],),
            "subnets 10.0.0.1-10.0.0.254 and 10.0.0.1-10.0.0.126 overlap",
        ),
        (
            (["10.0.0.0/24", "10.0.1.0/24"], "10.0.0.5"),
            "gateway, range_start and range_end need exactly one subnet",
        ),
    ]  # fmt: skip

    @pytest.mark.parametrize(("arguments", "message"), BAD)
    def test_a_range_that_makes_no_sense_is_refused(self, arguments: tuple[str, ...], message: str) -> None:
        with pytest.raises(UsageError) as caught:
            PodRange(*arguments)
        assert str(caught.value) == message
