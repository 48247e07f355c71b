"""A request there and back: the walk, the answer, and the error pages a proxy asks for on the way back.

An answer that is not passed on sends the proxy out again (see `http.respond.intercepted`): that is one more walk, and
its steps belong to the same trace.
"""

from __future__ import annotations

from simnet.dataplane.http.message import Reply
from simnet.dataplane.http.respond import intercepted, responded
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Outcomes, Trace
from simnet.dataplane.view import View
from simnet.dataplane.walk import Chooser, explore, walk


def exchange(net: View, packet: Packet, choose: Chooser, reply: Reply | None = None) -> Trace:
    """One request and its response; `reply` is what the first receiver answers. Cost: that of the walks."""
    return answered(net, walk(net, packet, choose), choose, reply)


def answered(net: View, trace: Trace, choose: Chooser, reply: Reply | None = None) -> Trace:
    """The way back of a walk that is done."""
    onward = _page(net, trace, reply)
    if onward is None:
        return responded(net, trace, reply)
    return responded(net, Trace((*trace.steps, *walk(net, onward, choose).steps)))


def exchanges(net: View, packet: Packet, reply: Reply | None = None) -> Outcomes:
    """Every possible exchange with its exact probability."""
    done = []
    for share, trace in explore(net, packet):
        onward = _page(net, trace, reply)
        if onward is None:
            done.append((share, responded(net, trace, reply)))
        else:
            done += [(share * own, responded(net, Trace((*trace.steps, *more.steps))))
                     for own, more in explore(net, onward)]
    return tuple(done)


def _page(net: View, trace: Trace, reply: Reply | None) -> Packet | None:
    """The packet that asks for an error page, None for plain connections and for answers that are passed on."""
    request = trace.steps[0].before.flow.request
    return intercepted(net, trace, reply) if request is not None else None
