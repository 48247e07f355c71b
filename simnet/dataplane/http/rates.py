"""limit-rps, limit-rpm, limit-connections: how many requests a client may make (rule K-11).

The memory is nginx's leaky bucket, one for each Ingress, kind of limit and client address. A request takes no time
here, so no two are ever under way at once and limit-connections refuses nobody.

Source: kubernetes/ingress-nginx internal/ingress/annotations/ratelimit/main.go, nginx ngx_http_limit_req_module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader, read_networks
from simnet.dataplane.http.notes import Outcome
from simnet.ip import IPNetwork
from simnet.names import ObjectKey

BURST_MULTIPLIER: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Requests per second and per minute (0: no limit), how many may come at once on top, and who is exempt."""

    per_second: int = 0
    per_minute: int = 0
    multiplier: int = BURST_MULTIPLIER
    exempt: tuple[IPNetwork, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one request is counted in: `rate` in requests a second, `burst` in requests."""

    ingress: ObjectKey
    kind: str
    client: int
    rate: float
    burst: int


def read_rates(reader: Reader) -> Rates | None:
    """The limits, None without any. What is no number drops the Ingress."""
    second, minute = (reader.number(name, Outcome.DROPPED) or 0 for name in ("limit-rps", "limit-rpm"))
    multiplier = reader.number("limit-burst-multiplier", Outcome.DROPPED)
    for name in ("limit-connections", "limit-rate", "limit-rate-after"):
        reader.number(name, Outcome.DROPPED)
    exempt: tuple[IPNetwork, ...] = ()
    for name in ("limit-whitelist", "limit-allowlist"):
        value = reader.values.get(name, "").strip()
        found = read_networks(value) if value else None
        if value and found is None:
            reader.refuse(name, Outcome.DROPPED)
        exempt += found or ()
    if second <= 0 and minute <= 0:
        return None
    return Rates(per_second=max(second, 0), per_minute=max(minute, 0), exempt=exempt,
                 multiplier=multiplier if multiplier is not None and multiplier > 0 else BURST_MULTIPLIER)


def buckets(rates: Rates, ingress: ObjectKey, client: int) -> tuple[Bucket, ...]:
    """What a request of this client is counted in."""
    if any(client in cidr for cidr in rates.exempt):
        return ()
    return tuple(Bucket(ingress, kind, client, rate, number * rates.multiplier) for kind, number, rate in (
        ("rps", rates.per_second, float(rates.per_second)), ("rpm", rates.per_minute, rates.per_minute / 60)) if number)


class RateMemory:
    """How full each bucket is. Written only when a request is committed; a dry run reads it."""

    def __init__(self) -> None:
        self._filled: dict[tuple[ObjectKey, str, int], tuple[float, float]] = {}

    def _excess(self, bucket: Bucket, now: float) -> float:
        """How many requests too many the next one is."""
        known = self._filled.get((bucket.ingress, bucket.kind, bucket.client))
        return 0.0 if known is None else max(0.0, known[0] - bucket.rate * (now - known[1]) + 1)

    def is_full(self, bucket: Bucket, now: float) -> bool:
        """Whether the next request is one too many."""
        return self._excess(bucket, now) > bucket.burst

    def count(self, counted: Iterable[Bucket], now: float) -> None:
        """A request has come; one that is refused is not counted."""
        each = tuple(counted)
        if any(self.is_full(bucket, now) for bucket in each):
            return
        for bucket in each:
            self._filled[bucket.ingress, bucket.kind, bucket.client] = self._excess(bucket, now), now

    def fork(self) -> RateMemory:
        twin = RateMemory()
        twin._filled = self._filled.copy()
        return twin
