"""Did you mean: how far apart two names are, how they differ, and which of many is the nearest."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

LETTERS_PER_EDIT = 3
MOST_EDITS = 2


def distance(one: str, other: str) -> int:
    """Letters to insert, drop or replace, or neighbours to swap, to get from one to the other (optimal string
    alignment). O(len * len)."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        two_above, above = above, row
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, two_above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def is_near(one: str, other: str) -> bool:
    """Near enough to be a slip: only upper and lower case differ, or at most one letter in three and two in all."""
    if one.lower() == other.lower():
        return True
    allowed = min(MOST_EDITS, max(1, max(len(one), len(other)) // LETTERS_PER_EDIT))
    return distance(one, other) <= allowed


def difference(one: str, other: str) -> str:
    """How `one` differs from what was probably meant: `two letters swapped`, `one letter missing` ..."""
    if one.lower() == other.lower():
        return "upper and lower case differ"
    edits = distance(one, other)
    if edits > 1:
        return f"{edits} letters different"
    if len(one) != len(other):
        return "one letter missing" if len(one) < len(other) else "one letter too many"
    swapped = any(one[i:i + 2] != other[i:i + 2] and one[i:i + 2] == other[i:i + 2][::-1]
                  for i, _ in enumerate(pairwise(one)))
    return "two letters swapped" if swapped else "one letter different"


def nearest_first(word: str, known: Iterable[str]) -> list[str]:
    """The known words that are near, nearest first, ties by name."""
    return sorted({each for each in known if is_near(word, each)}, key=lambda each: (distance(word, each), each))
