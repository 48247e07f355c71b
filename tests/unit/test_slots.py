"""The book of taken numbers, small, large and too large for a byte each."""

from __future__ import annotations

import pytest

from simnet.control.slots import Slots


@pytest.mark.parametrize("size", [10, 1 << 17, 1 << 30], ids=["small", "large", "huge"])
def test_taking_and_freeing_say_whether_they_changed_anything(size: int) -> None:
    slots = Slots(size)
    assert (slots.take(3), slots.take(3), 3 in slots, 4 in slots, slots.used) == (True, False, True, False, 1)
    assert (slots.free(3), slots.free(3), 3 in slots, slots.used) == (True, False, False, 0)


@pytest.mark.parametrize("size", [10, 1 << 17, 1 << 30], ids=["small", "large", "huge"])
def test_the_search_goes_up_from_the_start_and_round(size: int) -> None:
    slots = Slots(size)
    slots.take(5)
    assert [slots.take_next(4, 2, 7) for _ in range(6)] == [4, 6, 2, 3, None, None]


def test_a_large_book_is_the_same_before_and_after_it_fills() -> None:
    slots = Slots(1 << 17)
    assert [slots.take_next(100, 0, slots.size) for _ in range(5000)] == list(range(100, 5100))
    slots.free(200)
    twin = slots.copy()
    assert (slots.take_next(100, 0, slots.size), slots.used) == (200, 5000)
    assert (200 in twin, 5099 in twin, 5100 in twin, twin.used) == (False, True, False, 4999)


def test_a_full_book_has_no_next() -> None:
    slots = Slots(3)
    assert [slots.take_next(1, 0, 3) for _ in range(4)] == [1, 2, 0, None]
