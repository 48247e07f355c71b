"""The stage `resolve`: a name becomes an address, or the walk ends there; the query itself is a packet."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import pytest

from simnet import ip
from simnet.dataplane.decisions import Delivered, LeftCluster, NoEndpoints
from simnet.dataplane.dns.decisions import NameResolved, NameUnresolved
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.dataplane.resolve import resolve
from simnet.dataplane.rules import AddressKind, Claim, ServicePortRules
from simnet.dataplane.step import Fork, Need, Outcomes, Step, Trace
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View
from simnet.objects.pod import Pod
from tests.unit.dns_net import Net, actor, endpoint, namespace, numbers, pod, service, slice_of

DNS = service("kube-system/kube-dns", "10.96.0.10", "fd00::a", ports=(("dns", 53, "UDP"),))
CLIENT = pod("default/client", "10.244.1.99")
DUAL_CLIENT = pod("default/dual-client", "10.244.1.98", "fd00:1::98")


def net_of(transport: str = "pods", **settings: Any) -> View:
    net = Net(*namespace("default"), DNS, service("default/web", "10.96.0.20"),
              service("default/dual", "10.96.0.40", "fd00::40"), service("default/six", "fd00::6"),
              service("default/db"), slice_of("default/db", *(endpoint(f"10.244.2.{i}") for i in (1, 2, 3))),
              dns={"transport": transport}, **settings)
    return cast("View", net)  # the stage reads nothing else of a view


def packet_for(name: str, each: Pod = CLIENT, libc: str = "glibc", **flow: Any) -> Packet:
    return Packet(Place.NAME, "node-1", 0, 32768, 0, 80, Flow(actor(each, libc), name, **flow))


def step_of(result: object) -> Step:
    assert isinstance(result, Step)
    return result


# without a walk of its own ------------------------------------------------------------------------------------------

def test_a_name_becomes_the_destination_and_the_source_follows_its_family() -> None:
    step = step_of(resolve(net_of("direct"), packet_for("web")))
    assert step.after is not None
    assert (step.after.place, step.after.destination, step.after.source) == (
        Place.ADDRESS, *numbers("10.96.0.20", "10.244.1.99"))
    assert (step.after.port, step.after.source_port, step.after.node) == (80, 32768, "node-1")
    assert isinstance(step.because, NameResolved)
    assert (step.because.lookup.query_count, step.because.paths, step.because.verdict) == (2, (), None)


def test_a_name_that_does_not_exist_ends_the_walk() -> None:
    step = step_of(resolve(net_of("direct"), packet_for("nosuch")))
    assert step.after is None
    assert isinstance(step.because, NameUnresolved)
    assert (step.because.verdict, step.because.lookup.status) == (Verdict.UNRESOLVED, "EAI_NONAME")


FIRST = [  # name, client, family, address taken, why
    ("dual", CLIENT, None, "10.96.0.40", "IPv4 first"),
    ("dual", DUAL_CLIENT, None, "10.96.0.40", "IPv4 first"),
    ("dual", DUAL_CLIENT, 6, "fd00::40", "only IPv6 was asked for"),
    ("six", DUAL_CLIENT, None, "fd00::6", "there is no other"),
    ("six", CLIENT, None, "fd00::6", "there is no other: the client has no address of that family"),
    ("dual", pod("default/v6", "fd00:1::97"), None, "fd00::40", "the client has only IPv6"),
    ("localhost", CLIENT, None, "127.0.0.1", "the hosts file"),
    ("192.0.2.7", CLIENT, None, "192.0.2.7", "an address already"),
]


@pytest.mark.parametrize(("name", "client", "family", "address", "why"), FIRST, ids=[f"{r[0]}: {r[4]}" for r in FIRST])
def test_the_client_takes_the_first_address_it_can_use(
        name: str, client: Pod, family: int | None, address: str, why: str) -> None:
    step = step_of(resolve(net_of("direct"), packet_for(name, client, family=family)))
    assert step.after is not None
    assert ip.text(step.after.destination) == address, why
    own = client.address(ip.family(step.after.destination)) or 0
    assert step.after.source == (step.after.destination if name == "localhost" else own)


def test_a_source_that_fits_is_kept() -> None:
    packet = packet_for("web")
    packet.source = numbers("10.244.1.55")[0]
    after = step_of(resolve(net_of("direct"), packet)).after
    assert after is not None
    assert after.source == packet.source


def test_of_several_addresses_any_may_be_taken() -> None:
    """D67: the server shuffles its answers."""
    result = resolve(net_of("direct"), packet_for("db"))
    assert isinstance(result, Fork)
    taken = [result.make(QUERY, index).after for index in range(result.count)]
    assert [ip.text(each.destination) for each in taken if each] == ["10.244.2.1", "10.244.2.2", "10.244.2.3"]
    assert [result.probability(index) for index in range(result.count)] == [Fraction(1, 3)] * 3


# the query is a packet ----------------------------------------------------------------------------------------------

def test_the_query_goes_to_the_name_server_of_the_pod() -> None:
    result = resolve(net_of(), packet_for("web"))
    assert isinstance(result, Need)
    query = result.packet
    assert (query.place, query.protocol, query.port, query.node) == (Place.ADDRESS, "UDP", 53, "node-1")
    assert (query.source, query.destination) == numbers("10.244.1.99", "10.96.0.10")
    assert query.flow.parent is None


@pytest.mark.parametrize(("name", "client", "why"), [
    ("localhost", CLIENT, "the hosts file"),
    ("10.96.0.20", CLIENT, "an address"),
    ("web..", CLIENT, "no name that could be sent"),
    ("web", pod("default/out", "10.244.1.97", dns_policy="Default"), "the node's name server is outside"),
])
def test_no_query_travels_when_the_clusters_server_is_not_asked(name: str, client: Pod, why: str) -> None:
    assert isinstance(resolve(net_of(), packet_for(name, client)), Step), why


def test_an_outside_client_asks_the_public_dns() -> None:
    net = net_of(outside={"docs.example.net": "198.51.100.80"}, ingress={"shop.example.com": "203.0.113.1"})
    laptop = Actor("laptop", numbers("192.0.2.1"))
    for name, address, assumed in (("docs.example.net", "198.51.100.80", ""),
                                   ("shop.example.com", "203.0.113.1", "shop.example.com")):
        step = step_of(resolve(net, Packet(Place.NAME, "", 0, 32768, 0, 80, Flow(laptop, name))))
        assert isinstance(step.because, NameResolved)
        assert (ip.text(step.because.address), step.because.assumed) == (address, assumed)


def delivered(share: Fraction) -> Outcomes:
    return ((share, Trace((Step(QUERY, None, Delivered("pod/kube-system/coredns-1", None, "coredns", "profile")),))),)


def rejected(share: Fraction) -> Outcomes:
    rules = ServicePortRules(DNS, DNS.ports[0], 4, ())
    return ((share, Trace((Step(QUERY, None, NoEndpoints(Claim(rules, AddressKind.CLUSTER_IP, "node-1", ""))),))),)


def dropped(share: Fraction) -> Outcomes:
    return ((share, Trace((Step(QUERY, None, LeftCluster(QUERY.destination, 53)),))),)


QUERY = Packet(Place.ADDRESS, "node-1", *numbers("10.244.1.99"), 53, *numbers("10.96.0.10"), 53,
               Flow(actor(CLIENT), "10.96.0.10", "UDP"))
ALL, HALF, THIRD = Fraction(1), Fraction(1, 2), Fraction(1, 3)


def resumed(name: str, outcomes: Outcomes, libc: str = "glibc", client: Pod = CLIENT) -> Step | Fork:
    result = resolve(net_of(), packet_for(name, client, libc))
    assert isinstance(result, Need)
    return result.resume(outcomes)


def test_a_query_that_arrives_is_answered_and_its_paths_are_kept() -> None:
    outcomes = delivered(HALF) + delivered(HALF)
    step = step_of(resumed("web", outcomes))
    assert isinstance(step.because, NameResolved)
    assert step.because.paths is outcomes


def test_the_decision_is_remembered_until_the_cluster_changes() -> None:
    net = net_of()
    first = resolve(net, packet_for("web"))
    assert isinstance(first, Need)
    answered = step_of(first.resume(delivered(ALL)))
    again = step_of(resolve(net, packet_for("web")))
    assert again.because is answered.because
    assert again.after is not None
    assert (again.after.destination, again.after.source) == numbers("10.96.0.20", "10.244.1.99")
    assert isinstance(resolve(net, packet_for("web", libc="musl")), Need)
    assert isinstance(resolve(net, packet_for("web", family=6)), Need)
    cast("Net", net).add(service("default/other", "10.96.0.77"))
    assert isinstance(resolve(net, packet_for("web")), Need)


def test_what_did_not_resolve_is_asked_again() -> None:
    net = net_of()
    for name, outcomes in (("nosuch", delivered(ALL)), ("web", rejected(ALL)), ("web", delivered(HALF) + dropped(HALF))):
        result = resolve(net, packet_for(name))
        assert isinstance(result, Need)
        result.resume(outcomes)
        assert isinstance(resolve(net, packet_for(name)), Need)


def test_a_name_that_does_not_exist_keeps_the_paths_too() -> None:
    outcomes = delivered(ALL)
    step = step_of(resumed("nosuch", outcomes))
    assert isinstance(step.because, NameUnresolved)
    assert (step.because.paths, step.because.lookup.status) == (outcomes, "EAI_NONAME")


@pytest.mark.parametrize(("outcomes", "libc", "rcode", "seconds"), [
    (rejected(ALL), "glibc", "UNREACHABLE", 0),
    (rejected(ALL), "musl", "UNREACHABLE", 5),
    (dropped(ALL), "glibc", "TIMEOUT", 20),
    (dropped(ALL), "musl", "TIMEOUT", 5),
], ids=["rejected, glibc", "rejected, musl", "dropped, glibc", "dropped, musl"])
def test_without_a_server_the_name_does_not_resolve(outcomes: Outcomes, libc: str, rcode: str, seconds: int) -> None:
    step = step_of(resumed("web", outcomes, libc))
    assert isinstance(step.because, NameUnresolved)
    lookup = step.because.lookup
    assert (lookup.status, lookup.rcode, lookup.waited_seconds) == ("EAI_AGAIN", rcode, seconds)
    assert step.because.paths == outcomes


def test_some_ways_lead_to_a_server_and_others_do_not() -> None:
    outcomes = delivered(THIRD) + dropped(THIRD) + rejected(THIRD)
    result = resumed("web", outcomes)
    assert isinstance(result, Fork)
    ends = {result.make(QUERY, index).because.verdict: (result.probability(index), cast("Any", result.make(QUERY, index).because).paths)
            for index in range(2)}
    assert result.count == 3
    assert sum(result.probability(index) for index in range(3)) == 1
    assert ends[None] == (THIRD, outcomes[:1])
    assert ends[Verdict.UNRESOLVED] == (THIRD, outcomes[2:])
    assert cast("Any", result.make(QUERY, 2).because).paths == outcomes[1:2]


def test_shares_multiply_with_the_choice_among_addresses() -> None:
    result = resumed("db", delivered(HALF) + dropped(HALF))
    assert isinstance(result, Fork)
    assert [result.probability(index) for index in range(result.count)] == [Fraction(1, 6)] * 3 + [HALF]


def test_a_further_name_server_outside_saves_the_lookup() -> None:
    client = pod("default/two", "10.244.1.96", dns_config={"nameservers": ("198.51.100.7",)})
    step = step_of(resumed("laptop.", rejected(ALL), client=client))
    assert isinstance(step.because, NameResolved)
    assert ip.text(step.because.address) == "192.0.2.1"


def test_a_client_without_an_address_of_the_servers_family_cannot_ask() -> None:
    net = net_of(kubelet={"cluster_dns": ["fd00::a"]})
    step = step_of(resolve(net, packet_for("web")))
    assert isinstance(step.because, NameUnresolved)
    assert step.because.lookup.status == "EAI_AGAIN"
