"""Which requests a canary takes: by header, then cookie, then weight (rules Y-3 to Y-6).

Source: kubernetes/ingress-nginx internal/ingress/annotations/canary/main.go, rootfs/etc/nginx/lua/balancer.lua
route_to_alternative_balancer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader
from simnet.dataplane.http.cookies import cookies_of
from simnet.dataplane.http.message import Request

NONE: Final = Fraction(0)
ALL: Final = Fraction(1)
LEAST_TOTAL: Final = 100


class CanaryReason(StrEnum):
    """What decided between a backend and its canary."""

    STICKY = "the affinity cookie keeps the client there"
    HEADER = "canary-by-header"
    HEADER_VALUE = "canary-by-header-value"
    HEADER_PATTERN = "canary-by-header-pattern"
    COOKIE = "canary-by-cookie"
    WEIGHT = "canary-weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPolicy:
    """The canary-* annotations; header and cookie '' when not given."""

    header: str = ""
    header_value: str = ""
    header_pattern: str = ""
    cookie: str = ""
    weight: int = 0
    weight_total: int = LEAST_TOTAL

    @property
    def share(self) -> Fraction:
        """The share that the weight alone gives (rule Y-5); totals below 100 count as 100."""
        return min(ALL, Fraction(max(self.weight, 0), max(self.weight_total, LEAST_TOTAL)))


def read_canary(reader: Reader) -> CanaryPolicy:
    """The policy an Ingress's annotations give; values that cannot be read are ignored."""
    weight, total = reader.number("canary-weight"), reader.number("canary-weight-total")
    return CanaryPolicy(
        header=reader.values.get("canary-by-header", "").strip(),
        header_value=reader.values.get("canary-by-header-value", ""),
        header_pattern=reader.values.get("canary-by-header-pattern", ""),
        cookie=reader.values.get("canary-by-cookie", "").strip(), weight=weight or 0,
        weight_total=total if total is not None else LEAST_TOTAL)


def canary_share(policy: CanaryPolicy | None, request: Request) -> tuple[Fraction, CanaryReason]:
    """The probability that the canary takes a request, and what says so. 0 and 1 are certain; no policy takes none."""
    if policy is None:
        return NONE, CanaryReason.WEIGHT
    return _by_header(policy, request) or _by_cookie(policy, request) or (policy.share, CanaryReason.WEIGHT)


def _by_header(policy: CanaryPolicy, request: Request) -> tuple[Fraction, CanaryReason] | None:
    """What the header decides; None when it leaves the choice to what comes next (rule Y-3)."""
    value = request.header(policy.header) if policy.header else None
    if value is None:
        return None
    if policy.header_value:
        return (ALL, CanaryReason.HEADER_VALUE) if value == policy.header_value else None
    if policy.header_pattern:
        try:
            matches = re.search(policy.header_pattern, value) is not None
        except re.error:
            return NONE, CanaryReason.HEADER_PATTERN
        return (ALL, CanaryReason.HEADER_PATTERN) if matches else None
    return _always_or_never(value, CanaryReason.HEADER)


def _by_cookie(policy: CanaryPolicy, request: Request) -> tuple[Fraction, CanaryReason] | None:
    value = cookies_of(request).get(policy.cookie) if policy.cookie else None
    return _always_or_never(value or "", CanaryReason.COOKIE)


def _always_or_never(value: str, reason: CanaryReason) -> tuple[Fraction, CanaryReason] | None:
    if value == "always":
        return ALL, reason
    return (NONE, reason) if value == "never" else None
