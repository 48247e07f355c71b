"""Which of the numbers 0 to size - 1 are taken, and where the next free one is: the book under every ledger here."""

from __future__ import annotations

_ALWAYS_DENSE = 1 << 16
_NEVER_DENSE = 1 << 24
_CROWDED = 64


class Slots:
    """A set of taken numbers that finds the next free one quickly.

    Ranges up to 2**16, and larger ones once a 64th is taken, keep a byte for each number and let `bytearray.find`
    search. The others are a set, so that an empty /12 costs nothing and a copy costs only what is taken; while so few
    are taken, runs of taken ones are short. Ranges above 2**24 (IPv6) stay sets.
    """

    __slots__ = ("_bytes", "_set", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._set: set[int] = set()
        self._bytes: bytearray | None = bytearray(size) if size <= _ALWAYS_DENSE else None

    @property
    def used(self) -> int:
        """How many numbers are taken. Cost: O(size), counted by the interpreter's C loop; O(1) while a set."""
        return len(self._set) if self._bytes is None else self._bytes.count(1)

    def __contains__(self, number: int) -> bool:
        """Whether `number`, which must be in 0 to size - 1, is taken."""
        return number in self._set if self._bytes is None else self._bytes[number] == 1

    def take(self, number: int) -> bool:
        """Mark a number as taken; False if it already was."""
        if number in self:
            return False
        if self._bytes is not None:
            self._bytes[number] = 1
            return True
        self._set.add(number)
        if len(self._set) * _CROWDED > self.size <= _NEVER_DENSE:
            self._become_dense()
        return True

    def free(self, number: int) -> bool:
        """Mark a number as free; False if it already was."""
        if number not in self:
            return False
        if self._bytes is not None:
            self._bytes[number] = 0
        else:
            self._set.remove(number)
        return True

    def take_next(self, start: int, first: int, stop: int) -> int | None:
        """Take the first free number of `first` to `stop` - 1, looking from `start` upwards and then from `first`.

        None if all are taken. Cost: O(1) while few are taken or the search starts behind the last one given out.
        """
        marks = self._bytes
        if marks is None:
            return self._take_next_of_set(start, first, stop)
        found = marks.find(0, start, stop)
        if found < 0 and (found := marks.find(0, first, start)) < 0:
            return None
        marks[found] = 1
        return found

    def copy(self) -> Slots:
        """An independent book with the same numbers taken. Cost: a copy of the bytes or of the set."""
        twin = Slots.__new__(Slots)
        twin.size, twin._set = self.size, self._set.copy()
        twin._bytes = None if self._bytes is None else self._bytes[:]
        return twin

    def _take_next_of_set(self, start: int, first: int, stop: int) -> int | None:
        for number, end in ((start, stop), (first, start)):
            while number in self._set:
                number += 1
            if number < end:
                self.take(number)
                return number
        return None

    def _become_dense(self) -> None:
        self._bytes = bytearray(self.size)
        for number in self._set:
            self._bytes[number] = 1
        self._set.clear()
