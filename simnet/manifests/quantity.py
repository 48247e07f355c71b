"""Quantities, `100m` or `1Gi`: the grammar and the exact value.

Source: kubernetes/apimachinery pkg/api/resource/quantity.go (ParseQuantity), suffix.go.
"""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?")
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LONGEST = 100  # characters; exactness needs no more, and a longer one costs


def is_quantity(text: str) -> bool:
    """Whether a text can be read as a quantity."""
    return len(text) <= _LONGEST and _QUANTITY.fullmatch(text) is not None


def amount(given: str | float) -> Fraction | None:
    """The value of a quantity, None for text that is none."""
    text = str(given)
    found = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    number, suffix = Fraction(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    power = _POWERS[suffix] if suffix in _POWERS else int(suffix[1:])
    return number * Fraction(10) ** power
