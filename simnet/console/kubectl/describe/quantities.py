"""Resource quantities: what pods ask for, added up as kubectl shows it.

Source: kubernetes/apimachinery pkg/api/resource/quantity.go (suffixes, canonical form); kubernetes/kubectl
pkg/describe/describe.go getPodsTotalRequestsAndLimits. Nothing is scheduled by them here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from simnet.objects.pod import Pod

RESOURCES = ("cpu", "memory", "ephemeral-storage")
_BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6}
_DECIMAL = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1), "k": Fraction(10**3),
            "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12), "P": Fraction(10**15), "E": Fraction(10**18)}
_QUANTITY = re.compile(r"([+-]?[0-9.]+)([a-zA-Z]*)")


def quantity(text: object) -> Fraction:
    """The number a quantity stands for: `100m`, `64Mi`, `2`; 0 for what is none."""
    match = _QUANTITY.fullmatch(str(text))
    if match is None or (match[2] not in _BINARY and match[2] not in _DECIMAL):
        return Fraction()
    factor = _BINARY.get(match[2]) or _DECIMAL[match[2]]
    return Fraction(match[1]) * factor


def shown(number: Fraction, name: str) -> str:
    """A quantity in its shortest whole form: cores or thousandths for cpu, binary suffixes for bytes."""
    if name == "cpu":
        return str(number) if number.denominator == 1 else f"{int(number * 1000)}m"
    suffix = next((each for each, size in reversed(_BINARY.items()) if number and (number / size).denominator == 1), "")
    return f"{number / _BINARY[suffix]}{suffix}" if suffix else str(int(number))


def share(number: Fraction, name: str, room: Mapping[str, Any]) -> str:
    """`100m (5%)`: a quantity and its part of what the node offers; 0% of a node that does not say."""
    whole = quantity(room.get(name, "0"))
    return f"{shown(number, name)} ({int(number / whole * 100) if whole else 0}%)"


def resources_of(pod: Pod) -> dict[str, dict[str, Fraction]]:
    """Requests and limits of a pod: the containers' sum. A limit alone counts as the request too."""
    containers = ((pod.manifest.get("spec") or {}).get("containers")) or ()
    given = [each.get("resources") or {} for each in containers]
    limits = {name: sum((quantity((each.get("limits") or {}).get(name, "0")) for each in given), Fraction())
              for name in RESOURCES}
    requests = {name: sum((quantity({**(each.get("limits") or {}), **(each.get("requests") or {})}.get(name, "0"))
                           for each in given), Fraction()) for name in RESOURCES}
    return {"requests": requests, "limits": limits}
