"""Who may come in: rate limits, address lists and credentials, in nginx's order (rules K-1 to K-4, K-11, O-1 13 and 14).

Source: nginx phases ngx_http_limit_req_module, ngx_http_access_module, ngx_http_auth_basic_module, core `satisfy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simnet.dataplane.http.credentials import Credentials, Verdict, challenge, judge
from simnet.dataplane.http.matching import Answer, AnswerReason, Routing
from simnet.dataplane.http.message import Headers
from simnet.dataplane.http.rates import RateMemory, buckets
from simnet.dataplane.http.servers import Location


class Listed(StrEnum):
    """What the address lists say about a client."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    NOT_LISTED = "not listed"


@dataclass(slots=True)
class Refusal:
    """The request is not let in: the answer, the headers it needs, and what exactly was wrong."""

    answer: Answer
    headers: Headers = ()
    why: str = ""


def rate_refusal(routing: Routing, location: Location, memory: RateMemory, now: float) -> Refusal | None:
    """Counts the request (the caller commits `routing.counted`), and refuses one too many."""
    rates, ingress = location.settings.rates, location.rule.ingress
    if rates is None or ingress is None:
        return None
    routing.counted = buckets(rates, ingress.key, routing.client.address)
    full = next((each for each in routing.counted if memory.is_full(each, now)), None)
    if full is None:
        return None
    return Refusal(Answer(AnswerReason.TOO_MANY, routing.table.config.limit_req_status_code), (), f"limit-{full.kind}")


def access_refusal(routing: Routing, location: Location) -> Refusal | None:
    """Deny list, allow list, then credentials; with `satisfy: any` one of them is enough."""
    settings = location.settings
    listed = listing(routing, location)
    if settings.satisfies_any and listed is Listed.ALLOWED:
        return None
    has_another_way = settings.satisfies_any and (settings.credentials is not None or settings.outer_auth is not None)
    if listed is Listed.REFUSED and not has_another_way:
        return Refusal(Answer(AnswerReason.FORBIDDEN, 403))
    return _credentials_refusal(routing, location, settings.credentials) if settings.credentials is not None else None


def listing(routing: Routing, location: Location) -> Listed:
    """What the lists say; the deny list comes first, and an allow list refuses everybody else (rules K-1, K-2)."""
    settings, config, address = location.settings, routing.table.config, routing.client.address
    deny = config.denylist_source_range if settings.deny is None else settings.deny
    allow = config.whitelist_source_range if settings.allow is None else settings.allow
    if deny and any(address in cidr for cidr in deny):
        return Listed.REFUSED
    if not allow:
        return Listed.NOT_LISTED
    return Listed.ALLOWED if any(address in cidr for cidr in allow) else Listed.REFUSED


def _credentials_refusal(routing: Routing, location: Location, credentials: Credentials) -> Refusal | None:
    assert location.rule.ingress is not None, "only Ingresses have annotations"
    users = routing.table.users_of(credentials, location.rule.ingress.namespace)
    verdict = judge(credentials, users, routing.request)
    if verdict is Verdict.RIGHT:
        return None
    return Refusal(Answer(AnswerReason.UNAUTHORIZED, 401), (("WWW-Authenticate", challenge(credentials)),), str(verdict))
