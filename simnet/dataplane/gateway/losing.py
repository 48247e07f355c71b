"""Why every other match of every other route lost, and which came close. Derived from a `RouteRouting` when somebody
reads it, never before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from simnet.control.gateway.attaching import Attachment
from simnet.control.gateway.hostnames import covers
from simnet.dataplane.gateway.entries import Asked, Entry, Part, compile_entries, has_prefix
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.objects.httproute import HTTPRoute


class RouteLoss(StrEnum):
    """Why a match was not the one."""

    UNATTACHED = "its route is not attached"
    LISTENER = "its route is attached to another listener"
    HOST = "its route has other hostnames"
    LESS_SPECIFIC = "a more specific hostname has the request's host, and is decided first"
    PATH = "its path does not match"
    METHOD = "its method does not match"
    HEADER = "a header condition does not hold"
    QUERY = "a query parameter condition does not hold"
    EXACT = "it matches, and an Exact path wins"
    SHORTER = "it matches, and a longer path wins"
    NO_METHOD = "it matches, and a match with a method wins"
    FEWER_HEADERS = "it matches, and a match with more header conditions wins"
    FEWER_PARAMETERS = "it matches, and a match with more query conditions wins"
    YOUNGER = "it matches, and an older route wins"
    LATER_NAME = "it matches, and a route that comes first by namespace and name wins"
    LATER = "it matches, and an earlier match of the same route wins"
    UNREACHED = "the request is answered before any route is looked at"


class RouteNear(StrEnum):
    """What one change would have made a match take the request."""

    SLASH = "final slash"
    CASE = "case"
    BOUNDARY = "path element"
    METHOD = "method"
    HEADER = "header"
    QUERY = "query parameter"
    HOST = "host"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class RouteLoser:
    """A match that lost: `by` is the one that beat it, `attachment` why its route is not attached."""

    entry: Entry
    loss: RouteLoss
    by: Entry | None = None
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class RouteNearMiss:
    """A match that would have taken the request if one thing had been different."""

    loser: RouteLoser
    near: RouteNear


_FAILED: Final = {Part.PATH: RouteLoss.PATH, Part.METHOD: RouteLoss.METHOD, Part.HEADER: RouteLoss.HEADER,
                  Part.QUERY: RouteLoss.QUERY}
_RANK: Final = (RouteLoss.EXACT, RouteLoss.SHORTER, RouteLoss.NO_METHOD, RouteLoss.FEWER_HEADERS,
                RouteLoss.FEWER_PARAMETERS)


def route_losers(routing: RouteRouting) -> list[RouteLoser]:
    """Every match that did not take the request: those of its hostname first, then all others. O(all matches)."""
    found = [RouteLoser(each, _loss(routing, each), routing.entry) for each in routing.among if each is not routing.entry]
    among = {each.route.key for each in routing.among}
    for key, (route, attachments) in sorted(routing.known.routes.items()):
        if key not in among:
            loss, attachment = _kept_out(routing, route, attachments)
            found += [RouteLoser(each, loss, None, attachment) for each in compile_entries([route])]
    return found


def _loss(routing: RouteRouting, entry: Entry) -> RouteLoss:
    """Why a match of the chosen hostname was not chosen."""
    if routing.asked is None:
        return RouteLoss.UNREACHED
    part = entry.failing(routing.asked)
    if part is not None:
        return _FAILED[part]
    winner = routing.entry
    assert winner is not None, "one that matches and does not win has lost to another"
    for loss, mine, best in zip(_RANK, entry.rank, winner.rank, strict=True):
        if mine != best:
            return loss
    if entry.route.key == winner.route.key:
        return RouteLoss.LATER
    return RouteLoss.YOUNGER if int(entry.route.created) != int(winner.route.created) else RouteLoss.LATER_NAME


def _kept_out(routing: RouteRouting, route: HTTPRoute, attachments: tuple[Attachment, ...]
              ) -> tuple[RouteLoss, Attachment | None]:
    """Why a route took no part at all."""
    attached = [each for each in attachments if each.refused is None]
    if not attached:
        return RouteLoss.UNATTACHED, attachments[0]
    if routing.asked is None or routing.listener is None:
        has_host = any(covers(each, routing.host) for each in route.spec.hostnames)
        return (RouteLoss.UNREACHED if routing.asked is None else RouteLoss.LISTENER if has_host else RouteLoss.HOST), None
    if all(routing.listener.listener not in each.listeners for each in attached):
        return RouteLoss.LISTENER, None
    if any(covers(each, routing.host) for each in route.spec.hostnames or ("",)):
        return RouteLoss.LESS_SPECIFIC, None
    return RouteLoss.HOST, None


# near misses ----------------------------------------------------------------------------------------------------

def route_near_misses(routing: RouteRouting) -> list[RouteNearMiss]:
    """Matches that one change would have made take the request, the closest kind first. O(all matches)."""
    asked = routing.asked
    if asked is None:
        return []
    found = [RouteNearMiss(loser, near) for loser in route_losers(routing)
             for near in _near(asked, routing, loser) if near is not None]
    order = list(RouteNear)
    return sorted(found, key=lambda miss: order.index(miss.near))


def _near(asked: Asked, routing: RouteRouting, loser: RouteLoser) -> Iterator[RouteNear | None]:
    entry = loser.entry
    match loser.loss:
        case RouteLoss.PATH:
            near = near_path(entry, asked.path)
            if near is not None and entry.failing(replace(asked, path=entry.match.path)) is None:
                yield near
        case RouteLoss.METHOD if _fits(entry, asked, method=""):
            yield RouteNear.METHOD
        case RouteLoss.HEADER if _fits(entry, asked, headers=()):
            yield RouteNear.HEADER
        case RouteLoss.QUERY if _fits(entry, asked, query=()):
            yield RouteNear.QUERY
        case RouteLoss.HOST | RouteLoss.LESS_SPECIFIC | RouteLoss.LISTENER if entry.failing(asked) is None:
            yield RouteNear.HOST
        case RouteLoss.UNATTACHED if entry.failing(asked) is None:
            hosts = entry.route.spec.hostnames or ("",)
            yield RouteNear.ATTACHMENT if any(covers(each, routing.host) for each in hosts) else None
        case _:
            pass


def _fits(entry: Entry, asked: Asked, **without: object) -> bool:
    """Whether a match would hold without one of its conditions."""
    return replace(entry, match=replace(entry.match, **without)).failing(asked) is None  # type: ignore[arg-type]


def near_path(entry: Entry, path: str) -> RouteNear | None:
    """Whether only a final slash, upper and lower case, or an element boundary keeps a path from matching."""
    wanted = entry.match.path
    if entry.match.path_type == "RegularExpression":
        return None
    if path.rstrip("/") == wanted.rstrip("/"):
        return RouteNear.SLASH
    if entry.match.path_type == "Exact":
        return RouteNear.CASE if path.lower() == wanted.lower() else None
    if has_prefix(path.lower(), wanted.lower()):
        return RouteNear.CASE
    return RouteNear.BOUNDARY if path.startswith(wanted.rstrip("/")) else None
