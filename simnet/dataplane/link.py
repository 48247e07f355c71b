"""An open connection: later requests reuse it and stay with the endpoint it got (rule CT-1); a UDP socket is balanced
anew once its endpoint is gone (rule CT-2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from simnet.dataplane import decisions as because
from simnet.dataplane.client import reply_of, split_headers
from simnet.dataplane.cross import cross
from simnet.dataplane.exchange import answered
from simnet.dataplane.http.message import Reply, Request
from simnet.dataplane.packet import Flow, Packet, Place
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.underlay import Broken
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.view import View
from simnet.dataplane.walk import Chooser, walk
from simnet.errors import UsageError
from simnet.objects.pod import Pod

UDP_IDLE: Final = 30  # seconds without a datagram after which a node forgets a UDP flow,
UDP_STREAM_IDLE: Final = 120  # and the same once the flow has lasted
STREAM_AFTER: Final = 2  # seconds
Steps = tuple[Step, ...]
ESTABLISHED = (None, Verdict.DELIVERED, Verdict.ANSWERED)


class Link:
    """Made by `Cluster.open`. `trace` is how it was opened."""

    def __init__(self, view: View, trace: Trace, chooser: Callable[[int], Chooser], commit: Callable[[Steps], None]
                 ) -> None:
        """`chooser` makes the chooser for the request of this number: a proxy balances each anew. `commit` is given
        what every later request leaves behind at and beyond the receiver; its packets are not new ones (rule AF-3)."""
        self.trace = trace
        self._view, self._chooser, self._commit = view, chooser, commit
        self._choose = chooser(0)
        self._arrival = _arrival_of(trace)
        self._requests = 0 if trace.steps[0].before.flow.request is None else 1
        self._began = self._heard = view.now
        self._idle = UDP_IDLE

    @property
    def is_open(self) -> bool:
        """Whether the connection was established at all."""
        return self._arrival is not None

    def request(self, target: str = "/", *, method: str = "GET", headers: Any = (), body: bytes | str = b"",
                http_version: str | None = None, reply: Any = None) -> Trace:
        """Send another HTTP request over the connection: no new resolving and no new choice of a Service's endpoint;
        a proxy still routes and balances each request anew.

        The connection goes the way it was opened on, whatever became of Services and endpoint lists since; it ends
        UNREACHABLE where a link of the underlay is gone, and REFUSED (reset) where the pod that took it is. Raises
        UsageError if nothing is open, if it is no HTTP connection, and when the pod that opened it is gone.
        """
        arrival = self._arrival
        if arrival is None:
            raise UsageError(f"the connection was never established ({self.trace.result}); nothing can be sent over it")
        asked = self.trace.steps[arrival].before.flow.request
        if asked is None:
            raise UsageError("this is a plain connection; open it with an http:// or https:// URL to send requests")
        old = self.trace.steps[arrival].before.flow
        if old.actor.pod is not None and not self._lives(old.actor.pod):
            raise UsageError(f"{old.actor.name}, which opened the connection, is gone; nothing can be sent over it")
        hosts, others = split_headers(headers)
        asked = replace(asked, target=target, method=method, headers=others, host=hosts[0] if hosts else asked.host,
                        body=body.encode() if isinstance(body, str) else body,
                        http_version=http_version or asked.http_version)
        return self.answer(self.reach(asked), reply_of(reply))

    def reach(self, request: Request) -> Trace:
        """Carry a request over the connection to where it rests, without an answer yet. Nothing is committed, and until
        an answer was given the same request comes to the same place. Only for a connection that is open."""
        arrival = self._arrival
        assert arrival is not None, "only an open connection carries requests"
        old = self.trace.steps[arrival].before.flow
        flow = Flow(old.actor, old.host, old.protocol, request, old.family, None, old.via, old.front_end)
        self._choose = self._chooser(self._requests)
        return Trace(self._carried(arrival, flow))

    def answer(self, reached: Trace, reply: Reply | None = None) -> Trace:
        """The way back of what `reach` gave: the receiver answers by itself, or as `reply` says. Commits the effects."""
        trace = answered(self._view, reached, self._choose, reply)
        self._requests += 1
        self._commit(trace.steps[self._arrival or 0:])
        return trace

    def send(self) -> Trace:
        """Send more over a plain connection, tcp, udp or sctp, from the same socket.

        TCP and SCTP go the way they were opened on, as `request` says. UDP has no connection but the entries that nodes
        keep: while its endpoint serves it stays there; once that is gone, where there was none, or after 30 seconds of
        silence (120 in a flow that has lasted longer than two), the next datagram is balanced anew. Raises UsageError
        for an HTTP connection, and for one (not UDP) that was never established.
        Source: kubernetes/kubernetes pkg/proxy/conntrack/cleanup.go; Linux net/netfilter/nf_conntrack_proto_udp.c;
        rules CT-1, CT-2.
        """
        first = self.trace.steps[0].before
        if first.flow.request is not None:
            raise UsageError("this is an HTTP connection; use request() to send over it")
        arrival = self._arrival
        if first.protocol == "UDP" and (arrival is None or self._is_stale()):
            return self._balanced_anew()
        if arrival is None:
            raise UsageError(f"the connection was never established ({self.trace.result}); nothing can be sent over it")
        self._heard = self._view.now
        if self._heard - self._began > STREAM_AFTER:
            self._idle = UDP_STREAM_IDLE
        return Trace(self._carried(arrival, first.flow))

    def _is_stale(self) -> bool:
        """Whether the entry of a UDP flow is no more: it was quiet too long, or its Service, port or endpoint is gone."""
        if self._view.now - self._heard >= self._idle:
            return True
        for step in self.trace.steps:
            if isinstance(step.because, because.EndpointChosen):
                rules, target = step.because.claim.rules, step.because.target
                now = self._view.rules(rules.service.key).get((rules.port.name, rules.port.protocol, rules.family))
                return now is None or not any(
                    (each.address, each.port) == (target.address, target.port) and (each.is_ready or each.is_fallback)
                    for each in now.targets)
        return False

    def _balanced_anew(self) -> Trace:
        """The same socket's next datagram, to the address the name had when it was opened."""
        start = next((step.before for step in self.trace.steps if step.before.place is Place.ADDRESS),
                     self.trace.steps[0].before)
        self.trace = walk(self._view, start, self._choose)
        self._began = self._heard = self._view.now
        self._idle = UDP_IDLE
        self._arrival = _arrival_of(self.trace)
        self._view.affinity.commit(self.trace.steps, self._view.now)
        return self.trace

    # the way -------------------------------------------------------------------------------------------------------

    def _carried(self, arrival: int, flow: Flow) -> Steps:
        """The steps of the way, as far as it still stands, and what the receiver does. They belong to this request."""
        whole = self._view.underlay.is_whole
        for index, step in enumerate(() if whole else self.trace.steps[:arrival]):
            broken = self._broken(step)
            if broken is not None:
                return tuple(_of(flow, (*self.trace.steps[:index], broken)))
        way = _of(flow, self.trace.steps[:arrival])
        packet = _carrying(flow, self.trace.steps[arrival].before)
        taker = getattr(self.trace.steps[arrival].because, "pod", None)
        if isinstance(taker, Pod) and not self._lives(taker):
            nobody = because.NotListening(f"pod/{taker.key}", None, None, packet.port, ())
            return (*way, Step(packet, None, nobody))
        return (*way, *walk(self._view, packet, self._choose).steps)

    def _broken(self, step: Step) -> Step | None:
        """The step with the link that has gone missing since, None when its way still stands."""
        match step.because:
            case because.Crossed():
                again = cross(self._view, step.before)
                return again if again.after is None else None
            case because.EnteredCluster(path=path) | because.RoutedToNode(path=path):
                way = self._view.underlay.path(path)
                if isinstance(way, Broken):
                    return Step(step.before, None, because.NoPath(path[0], path[-1], way.missing))
        return None

    def _lives(self, pod: Pod) -> bool:
        """Whether a pod of the connection still runs: not ended, deleted or replaced, and at the same address."""
        now = self._view.pod(pod.key)
        return (now is not None and not now.is_terminal and now.created == pod.created and now.pod_ips == pod.pod_ips)


def _arrival_of(trace: Trace) -> int | None:
    """Index of the step at which the client's own connection reached a listener."""
    for index, step in enumerate(trace.steps):
        if step.before.place is Place.POD:
            return index if step.because.verdict in ESTABLISHED else None
    return None


def _of(flow: Flow, steps: Steps) -> list[Step]:
    """The same steps, taken by another request."""
    found: list[Step] = []
    before = _carrying(flow, steps[0].before) if steps else None
    for step in steps:
        assert before is not None, "only the last step of a walk leads nowhere"
        after = _carrying(flow, step.after) if step.after is not None else None
        found.append(Step(before, after, step.because))
        before = after
    return found


def _carrying(flow: Flow, packet: Packet) -> Packet:
    """The same packet, of another request."""
    again = packet.at(packet.place)
    again.flow, again.masquerade = flow, packet.masquerade
    return again
