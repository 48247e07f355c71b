"""The reader of the keyword `dns`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from simnet.errors import UsageError
from simnet.settings.groups import NO_CACHE, CacheSettings, DNSSettings, ExternalSettings
from simnet.settings.values import addresses, integer, items, mapping, of_their_types, one_of, refuse_unknown

LONGEST_TTL = 3600
_LISTS = ("zones", "fallthrough", "dns_server_ips", "upstream_records", "namespaces")
_FEATURES = ("autopath", "zonal", "external", "axfr")
_CACHES = ("cache", "node_cache", "client_cache")


def dns(value: Any) -> DNSSettings:
    """CoreDNS with its options, optional features and caches. Raises UsageError that starts with `dns`."""
    given = mapping("dns", value)
    for name in _FEATURES:
        if given.get(name, ...) is None:
            del given[name]
    upstream = given.pop("upstream", ...)
    refuse_unknown("dns", given, [each.name for each in fields(DNSSettings)] + ["upstream"])
    of_their_types("dns", given, DNSSettings)
    for name in _LISTS:
        if given.get(name) is not None:
            given[name] = tuple(items(f"dns.{name}", given[name]))
    for name in ("upstream_rcodes", "stub_domains"):
        if name in given:
            given[name] = MappingProxyType(mapping(f"dns.{name}", given[name]))
    for name in _CACHES:
        if name in given:
            given[name] = _cache(f"dns.{name}", given[name])
    if "external" in given:
        given["external"] = _external(given["external"])
    settings = DNSSettings(**given, **_upstream(upstream))
    addresses("dns.dns_server_ips", settings.dns_server_ips)
    one_of("dns.pods", settings.pods, ("disabled", "insecure", "verified"))
    one_of("dns.transport", settings.transport, ("pods", "direct"))
    if settings.ttl not in range(LONGEST_TTL + 1):
        raise UsageError(f"dns.ttl: {settings.ttl} is not a number of seconds from 0 to {LONGEST_TTL}")
    return settings


def _upstream(upstream: Any) -> dict[str, Any]:
    """None: there is none. A mapping: what it knows and where it fails. Not given: it knows the outside hosts."""
    if upstream is None:
        return {"has_upstream": False}
    if upstream is ...:
        return {}
    given = mapping("dns.upstream", upstream)
    refuse_unknown("dns.upstream", given, ("records", "rcodes"))
    return {"upstream_records": tuple(items("dns.upstream.records", given.get("records"))),
            "upstream_rcodes": MappingProxyType(mapping("dns.upstream.rcodes", given.get("rcodes") or {}))}


def _cache(name: str, value: Any) -> CacheSettings:
    """A number of seconds for both kinds of answers, or a mapping; None and 0 are no cache."""
    if isinstance(value, CacheSettings):
        return value
    if value is None:
        return NO_CACHE
    given = mapping(name, value) if isinstance(value, Mapping) else {"positive": value, "negative": value}
    refuse_unknown(name, given, [each.name for each in fields(CacheSettings)])
    for key, seconds in given.items():
        if integer(f"{name}.{key}", seconds) < 0:
            raise UsageError(f"{name}.{key}: {seconds} is less than 0 seconds")
    return CacheSettings(**given)


def _external(value: Any) -> ExternalSettings | None:
    if value is None or isinstance(value, ExternalSettings):
        return value
    given = mapping("dns.external", value)
    refuse_unknown("dns.external", given, [each.name for each in fields(ExternalSettings)])
    of_their_types("dns.external", given, ExternalSettings)
    if not given.get("zone"):
        raise UsageError("dns.external: a zone is missing, {'zone': 'example.com.'} for one")
    given["ns_ips"] = tuple(items("dns.external.ns_ips", given.get("ns_ips")))
    addresses("dns.external.ns_ips", given["ns_ips"])
    return ExternalSettings(**given)
