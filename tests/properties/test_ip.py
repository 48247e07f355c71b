"""Addresses against arithmetic and against the C library, which reads and writes them independently."""

from __future__ import annotations

import re
import socket
import string
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simnet import ip
from simnet.errors import UsageError
from simnet.ip import V6, IPAddress, IPNetwork

v4 = st.integers(0, (1 << 32) - 1)
groups = st.one_of(st.just(0), st.just(0xFFFF), st.integers(0, 0xFFFF))  # zero often, so that runs of zeros are common
v6 = st.lists(groups, min_size=8, max_size=8).map(lambda parts: V6 + int("".join(f"{part:04x}" for part in parts), 16))
addresses = st.one_of(v4, v6)
blocks = st.one_of(
    st.builds(lambda number, length: IPNetwork.parse(f"{ip.text(number)}/{length}"), v4, st.integers(0, 32)),
    st.builds(lambda number, length: IPNetwork.parse(f"{ip.text(number)}/{length}"), v6, st.integers(0, 128)),
)
marks = st.sampled_from([*string.hexdigits, *"g:.%/ []+-xX", "::", "\u0661", "\u00b2", "\0", "\n"])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The text of an address with up to three characters replaced, put in or taken out."""
    text = draw(st.one_of(addresses.map(ip.text), v6.map(spelled_out)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.one_of(marks, st.just(""))) + text[at + draw(st.integers(0, 1)) :]
    return text


def spelled_out(number: int) -> str:
    digits = f"{number - V6:032X}"
    return ":".join(digits[at : at + 4] for at in range(0, 32, 4))


def rfc5952(value: int) -> str:
    """The canonical text, from the RFC's rules one by one: the first of the longest runs of two or more zero groups."""
    if value >> 32 == 0xFFFF:
        return "::ffff:" + ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    text = ":".join(f"{value >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    runs = sorted(re.findall(r"\b0(?::0)+\b", text), key=len, reverse=True)
    if not runs:
        return text
    before, _, after = text.partition(runs[0]) if text.startswith(runs[0]) else text.partition(":" + runs[0])
    return before.rstrip(":") + "::" + after.lstrip(":")


def library_number(text: str) -> int | None:
    try:
        if ":" in text:
            return V6 + int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, ValueError):
        return None


@given(addresses)
def test_text_and_number_are_inverses(number: int) -> None:
    assert ip.number(ip.text(number)) == number


@given(v6)
def test_ipv6_text_follows_the_rfc(number: int) -> None:
    assert ip.text(number) == rfc5952(number - V6)


@given(v6)
def test_ipv6_text_is_that_of_the_c_library_outside_the_deprecated_compatible_form(number: int) -> None:
    value = number - V6
    if value >> 32:
        assert ip.text(number) == socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big"))


@given(v4)
def test_ipv4_text_is_that_of_the_c_library(number: int) -> None:
    assert ip.text(number) == socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "big"))


@given(v6)
def test_every_spelling_means_the_same_number(number: int) -> None:
    assert ip.number(spelled_out(number)) == ip.number(spelled_out(number).lower()) == number


@given(mutated())
def test_damaged_text_is_read_or_refused_exactly_as_the_c_library_does(text: str) -> None:
    try:
        found: int | None = ip.number(text)
    except UsageError as problem:
        assert repr(text) in str(problem)
        found = None
    assert found == library_number(text)


@given(st.lists(addresses))
def test_addresses_sort_by_family_and_value(numbers: list[int]) -> None:
    found = sorted(map(IPAddress, numbers))
    assert [(item.family, item.value) for item in found] == sorted((item.family, item.value) for item in found)


@given(blocks, addresses, st.booleans())
def test_containment_is_equality_of_the_leading_bits(network: IPNetwork, number: int, near: bool) -> None:
    if near:
        number = network.first ^ number % (1 << 20) if network.family == 6 else (network.first ^ number) % (1 << 32)
    bits = 32 if network.family == 4 else 128
    address, first = IPAddress(number), IPAddress(network.first)
    shift = bits - network.prefix_length
    inside = address.family == network.family and address.value >> shift == first.value >> shift
    assert (address in network) == (number in network) == (str(address) in network) == inside


@given(blocks, blocks)
def test_two_blocks_are_apart_or_one_covers_the_other(one: IPNetwork, other: IPNetwork) -> None:
    common = max(one.first, other.first) <= min(one.last, other.last)
    assert one.overlaps(other) == other.overlaps(one) == common == (one.covers(other) or other.covers(one))


@given(blocks, st.integers(0, 6))
def test_subnets_divide_a_block_without_gap_or_overlap(network: IPNetwork, extra: int) -> None:
    length = min(network.prefix_length + extra, 32 if network.family == 4 else 128)
    parts = list(network.subnets(length))
    assert (parts[0].first, parts[-1].last) == (network.first, network.last)
    assert all(left.last + 1 == right.first for left, right in pairwise(parts))
    assert {part.prefix_length for part in parts} == {length}


@given(blocks)
def test_a_network_is_read_back_from_its_text(network: IPNetwork) -> None:
    assert IPNetwork.parse(str(network), strict=True) == network
