"""From addresses to names: the index that only works when somebody asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simnet.objects.endpointslice import EndpointSlice
from tests.unit.dns_net import Net, endpoint, key, namespace, numbers, slice_of

ADDRESSES = [f"10.0.0.{i}" for i in range(4)]

slices = st.builds(
    lambda owner, suffix, chosen: slice_of(owner, *(endpoint(address, ready=ready) for address, ready in chosen),
                                           suffix=suffix),
    st.sampled_from(["default/a", "default/b", "shop/a"]), st.sampled_from("12"),
    st.lists(st.tuples(st.sampled_from(ADDRESSES), st.booleans()), max_size=5))
changes = st.lists(st.tuples(slices, st.booleans(), st.booleans()), max_size=12)


def names_by_hand(present: list[EndpointSlice], address: str) -> set[str]:
    """Go through everything: what rule D52 says, without an index."""
    label, number = address.replace(".", "-"), numbers(address)[0]
    return {f"{label}.{each.labels['kubernetes.io/service-name']}.{each.namespace}.svc.cluster.local."
            for each in present for found in each.endpoints if found.ready and number in found.addresses}


@given(changes)
def test_the_index_agrees_with_going_through_every_slice(history: list[tuple[EndpointSlice, bool, bool]]) -> None:
    """Whatever happened before, and whenever somebody asked in between."""
    net = Net(*namespace("default", "shop"), dns={"fallthrough": []})
    present: dict[object, EndpointSlice] = {}
    for each, is_removed, is_asked in history:
        if not is_removed:
            net.add(each)
            present[each.key] = each
        elif present.pop(each.key, None) is not None:
            net.remove(each)
        if is_asked:
            net.ask("1.0.0.10.in-addr.arpa.", "PTR")
    for last, address in enumerate(ADDRESSES):
        answer = net.dns.query(f"{last}.0.0.10.in-addr.arpa.", "PTR")
        assert {record.data_text for record in answer.answer} == names_by_hand(list(present.values()), address)


def test_a_slice_without_a_service_has_no_names() -> None:
    net = Net(*namespace("default"), dns={"fallthrough": []})
    orphan = slice_of("default/a", endpoint("10.0.0.1"))
    net.add(EndpointSlice(key=orphan.key, address_type="IPv4", endpoints=orphan.endpoints))
    assert net.ask("1.0.0.10.in-addr.arpa.", "PTR") == "NXDOMAIN"


def test_an_address_twice_in_one_slice_has_one_name() -> None:
    """D52: duplicates are removed."""
    net = Net(*namespace("default"))
    net.add(slice_of("default/a", endpoint("10.0.0.1", "x"), endpoint("10.0.0.1", "x")))
    assert net.ask("1.0.0.10.in-addr.arpa.", "PTR") == "x.a.default.svc.cluster.local."
    assert [str(each) for each in net.dns.query("1.0.0.10.in-addr.arpa.", "PTR").reason.services] == [  # type: ignore[union-attr]
        str(key("default/a"))]
