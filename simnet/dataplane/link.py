"""An open connection: later requests reuse it and stay with the endpoint it got (rule CT-1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simnet.dataplane.client import reply_of
from simnet.dataplane.http.respond import responded
from simnet.dataplane.packet import Flow, Packet, Place
from simnet.dataplane.step import Trace
from simnet.dataplane.view import View
from simnet.dataplane.walk import Chooser, walk
from simnet.errors import UsageError


class Link:
    """Made by `Cluster.open`. `trace` is how it was opened."""

    def __init__(self, view: View, trace: Trace, choose: Chooser) -> None:
        self.trace = trace
        self._view, self._choose = view, choose

    @property
    def is_open(self) -> bool:
        """Whether the connection was established at all."""
        return self._arrival() is not None

    def request(self, target: str = "/", *, method: str = "GET", headers: Any = (), body: bytes = b"",
                reply: Any = None) -> Trace:
        """Send another HTTP request over the connection: no new resolving and no new choice of a Service's endpoint;
        a proxy still routes each request anew. Raises UsageError if nothing is open or it is no HTTP connection."""
        arrival = self._arrival()
        if arrival is None:
            raise UsageError(f"the connection was never established ({self.trace.result}); nothing can be sent over it")
        step = self.trace.steps[arrival]
        before = step.before
        if before.flow.request is None:
            raise UsageError("this is a plain connection; open it with an http:// or https:// URL to send requests")
        asked = replace(before.flow.request, target=target, method=method, headers=tuple(headers), body=body)
        old = before.flow
        flow = Flow(old.actor, old.host, old.protocol, asked, old.family, None, old.via, old.front_end)
        packet = Packet(Place.POD, before.node, before.source, before.source_port, before.destination, before.port,
                        before.protocol, flow, before.claim, before.target)
        rest = walk(self._view, packet, self._choose)
        return responded(self._view, Trace((*self.trace.steps[:arrival], *rest.steps)), reply_of(reply))

    def _arrival(self) -> int | None:
        """Index of the step at which the client's own connection reached a listener."""
        for index, step in enumerate(self.trace.steps):
            if step.before.place is Place.POD:
                refused = step.because.verdict is not None and step.because.verdict.name not in ("DELIVERED", "ANSWERED")
                return None if refused else index
        return None
