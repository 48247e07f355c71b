"""What one Gateway knows: its listeners, the routes that attached to them by hostname, and compiled matches.

Only the hostnames of a changed route are forgotten; each is compiled when it is first asked for. Rules G-4, G-5, G-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simnet.control.gateway.attaching import Attachment, LabelsOf, attach
from simnet.control.gateway.hostnames import from_most_specific
from simnet.control.gateway.listeners import ListenerState
from simnet.dataplane.gateway.entries import Entry, compile_entries
from simnet.names import ObjectKey
from simnet.objects.gateway import Gateway
from simnet.objects.httproute import HTTPRoute
from simnet.store.work import Work

Place = tuple[str, str]
"""A listener's name and a route's hostname ('' for a route without hostnames)."""

Tried = tuple[HTTPRoute, tuple[Attachment, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at one moment: the Gateway, its listeners, every route that names it, with what became of each
    parentRef. Never changes after it was taken."""

    gateway: Gateway
    states: tuple[ListenerState, ...]
    routes: Mapping[ObjectKey, Tried]


class GatewayTable:
    """The table of one Gateway. Reading compiles; only `Gateways` makes it forget. `ports` are those served."""

    def __init__(self, gateway: Gateway, states: tuple[ListenerState, ...], labels_of: LabelsOf, work: Work) -> None:
        self.gateway, self.states, self.work = gateway, states, work
        accepted = [each.listener for each in states if each.is_accepted]
        self.ports = tuple(sorted({each.port for each in accepted}))
        self.https_ports = tuple(sorted({each.port for each in accepted if each.protocol == "HTTPS"}))
        self._labels_of = labels_of
        self._routes: dict[ObjectKey, Tried] = {}
        self._places: dict[Place, dict[ObjectKey, HTTPRoute]] = {}
        self._entries: dict[Place, tuple[Entry, ...]] = {}
        self._known: Known | None = None

    def known(self) -> Known:
        """Everything as it is now. O(1); routes are copied before the next change."""
        if self._known is None:
            self._known = Known(self.gateway, self.states, self._routes)
        return self._known

    # following ---------------------------------------------------------------------------------------------------

    def put(self, key: ObjectKey, route: HTTPRoute | None) -> None:
        """Follow one route that names, or named, this Gateway; None when it is gone. O(what the route lists)."""
        if self._known is not None:
            self._routes, self._known = self._routes.copy(), None
        tried = self._routes.pop(key, None)
        for place in _places(tried) if tried is not None else ():
            self._places[place].pop(key, None)
            self._entries.pop(place, None)
        attachments = self._attachments(route) if route is not None else ()
        if route is not None and attachments:
            self._routes[key] = (route, attachments)
            for place in _places(self._routes[key]):
                self._places.setdefault(place, {})[key] = route
                self._entries.pop(place, None)

    def _attachments(self, route: HTTPRoute) -> tuple[Attachment, ...]:
        return tuple(attach(route, parent, self.gateway.namespace, self.states, self._labels_of)
                     for parent in route.spec.parents
                     if parent.is_gateway and (parent.namespace, parent.name) == self.gateway.key)

    def fork(self, labels_of: LabelsOf, work: Work) -> GatewayTable:
        """An independent copy; compiled matches are shared."""
        twin = GatewayTable(self.gateway, self.states, labels_of, work)
        twin._routes, twin._entries = self._routes.copy(), self._entries.copy()
        twin._places = {place: routes.copy() for place, routes in self._places.items()}
        return twin

    # questions ---------------------------------------------------------------------------------------------------

    def listener(self, port: int, name: str) -> ListenerState | None:
        """The most specific listener of a port for a host name or SNI, '' for none (rule G-4). O(listeners)."""
        here = {each.listener.hostname: each for each in self.states if each.is_accepted and each.listener.port == port}
        return next((here[hostname] for hostname in from_most_specific(name) if hostname in here), None)

    def hostname(self, listener: str, name: str) -> str | None:
        """The most specific hostname of a listener's routes for a host, None when no route has one (rule G-8).
        O(labels of the name)."""
        return next((hostname for hostname in from_most_specific(name) if self._places.get((listener, hostname))), None)

    def entries(self, listener: str, hostname: str) -> tuple[Entry, ...]:
        """The matches of the routes of one hostname, in order of precedence. O(1) once compiled."""
        place = (listener, hostname)
        found = self._entries.get(place)
        if found is None:
            found = self._entries[place] = compile_entries(self._places.get(place, {}).values())
            self.work.hosts_compiled += 1
        return found

    def names(self, name: str) -> bool:
        """Whether a listener or one of its routes names this host, not merely takes every one."""
        for state in self.states:
            if state.is_accepted and self.listener(state.listener.port, name) is state and (
                    state.listener.hostname or self.hostname(state.listener.name, name)):
                return True
        return False


def _places(tried: Tried) -> dict[Place, None]:
    route, attachments = tried
    return {(listener.name, hostname): None for attachment in attachments for listener in attachment.listeners
            for hostname in route.spec.hostnames or ("",)}
