"""Packets and who sends them."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.dataplane.packet import Actor, Flow, Packet, Place, is_loopback
from simnet.names import ObjectKey
from simnet.objects.pod import Pod


@pytest.mark.parametrize(("address", "loopback"), [
    ("127.0.0.1", True), ("127.255.255.255", True), ("126.255.255.255", False), ("128.0.0.0", False), ("::1", True),
    ("::2", False), ("::ffff:127.0.0.1", False)])
def test_loopback_is_all_of_127_and_one_ipv6_address(address: str, loopback: bool) -> None:
    """RFC 1122 3.2.1.3, RFC 4291 2.5.3."""
    assert is_loopback(ip.number(address)) == loopback


def actor(*addresses: str, node: str = "") -> Actor:
    return Actor("someone", tuple(map(ip.number, addresses)), node)


# the actor's addresses, destination, source it sends from
SOURCES = [
    (("10.0.0.1", "fd00::1"), "10.9.9.9", "10.0.0.1"),
    (("10.0.0.1", "fd00::1"), "fd00::9", "fd00::1"),
    (("10.0.0.1", "10.0.0.2"), "10.9.9.9", "10.0.0.1"),
    (("10.0.0.1", "10.0.0.2"), "10.0.0.2", "10.0.0.2"),
    (("10.0.0.1",), "127.0.0.1", "127.0.0.1"),
    (("10.0.0.1",), "fd00::9", None),
]


@pytest.mark.parametrize(("own", "destination", "source"), SOURCES)
def test_the_source_is_of_the_destinations_family(own: tuple[str, ...], destination: str, source: str | None) -> None:
    """RFC 6724 rule 1: the same address is preferred; else the first of the family."""
    assert actor(*own).address_for(ip.number(destination)) == (ip.number(source) if source else None)


def test_who_is_outside() -> None:
    assert actor("192.0.2.1").is_outside and not actor("172.18.0.2", node="a").is_outside
    assert not Actor("pod/default/x", (), "", Pod(key=ObjectKey("default", "x"))).is_outside


def test_packets_are_alike_when_everything_that_decides_is_equal() -> None:
    flow = Flow(actor("10.0.0.1"), "10.0.0.2")

    def packet(place: Place = Place.ADDRESS, port: int = 80, flow: Flow = flow) -> Packet:
        return Packet(place, "a", 1, 2, 3, port, flow)

    assert packet().identity == packet().identity
    assert len({packet().identity, packet(port=81).identity, packet(Place.POD).identity,
                packet(flow=Flow(flow.actor, flow.host)).identity}) == 4
