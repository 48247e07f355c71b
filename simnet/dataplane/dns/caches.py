"""Answers that are kept for a while: by the server, by each node's NodeLocal DNSCache, by each client.

Time is logical: an entry is there until its moment has passed, whatever changed in the cluster meanwhile. Reading never
writes; what a lookup leaves behind is stored when it is committed.

Rules: D58 (how long a miss may be kept), D95, D96. Source: coredns/coredns plugin/cache/cache.go, README; kubernetes
cluster/addons/dns/nodelocaldns/nodelocaldns.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.records import SOA, Answer, Rcode, Record
from simnet.settings import DNSSettings
from simnet.settings.groups import CacheSettings

LEAST_SECONDS = 5  # CoreDNS keeps nothing for less, whatever the TTL
KEEPERS = ("client", "node", "server")  # nearest first
_MOST_KEPT = 10_000

Scope = tuple[str, str]
"""(keeper, whose): the client's or node's name, '' for the server."""


class _Kept(NamedTuple):
    since: float
    until: float
    answer: Answer


class Caches:
    """All caches of a cluster, each a part of one dictionary."""

    def __init__(self, settings: DNSSettings) -> None:
        self._limits = {"client": settings.client_cache, "node": settings.node_cache, "server": settings.cache}
        self._kept: dict[tuple[Scope, str, str], _Kept] = {}
        self.is_used = settings.remembers

    def fork(self, settings: DNSSettings) -> Caches:
        """An independent copy."""
        twin = Caches(settings)
        twin._kept = self._kept.copy()
        return twin

    def find(self, scopes: Iterable[Scope], name: str, kind: str, now: float) -> Answer | None:
        """What the nearest of the caches remembers, its TTLs counted down; None when all have to ask. O(scopes)."""
        for scope in scopes:
            kept = self._kept.get((scope, name.lower(), kind))
            if kept is not None and now < kept.until:
                return _aged(kept, scope[0], name, now)
        return None

    def keep(self, scopes: Iterable[Scope], answer: Answer, now: float) -> None:
        """Store an answer in every cache it came through: those nearer than the one that gave it."""
        giver = answer.reason.keeper if isinstance(answer.reason, reasons.Remembered) else ""
        for scope in scopes:
            if scope[0] == giver:
                return
            seconds = _lifetime(answer, self._limits[scope[0]], scope[0] != "client")
            if seconds > 0:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept = {key: each for key, each in self._kept.items() if now < each.until}
                self._kept[scope, answer.name.lower(), answer.type] = _Kept(now, now + seconds, answer)


def _lifetime(answer: Answer, limits: CacheSettings, is_coredns: bool) -> int:
    """Seconds an answer is kept: its smallest TTL, for a miss that of the SOA; no longer than the limit (D58, D95).

    Failures are not kept. A miss without a SOA is kept for the least time by CoreDNS, not at all by a client.
    """
    if answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return 0
    if answer.answer and answer.rcode is Rcode.NOERROR:
        limit, ttl = limits.positive, min(record.ttl for record in answer.answer)
    else:
        limit = limits.negative
        ttl = min((min(record.ttl, record.data.minimum) for record in answer.authority if isinstance(record.data, SOA)),
                  default=0)
    return min(max(ttl, LEAST_SECONDS) if is_coredns else ttl, limit)


def _aged(kept: _Kept, keeper: str, name: str, now: float) -> Answer:
    """The answer as it is given out later: less time to live, the name as asked now."""
    age = int(now - kept.since)
    old = kept.answer
    because = old.reason.because if isinstance(old.reason, reasons.Remembered) else old.reason
    before = old.reason.age_seconds if isinstance(old.reason, reasons.Remembered) else 0

    def younger(records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(record._replace(ttl=max(0, record.ttl - age),
                                     name=name if record.name.lower() == name.lower() else record.name)
                     for record in records)

    return replace(old, name=name, reason=reasons.Remembered(keeper, before + age, because), answer=younger(old.answer),
                   authority=younger(old.authority), additional=younger(old.additional))
