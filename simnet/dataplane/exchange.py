"""A request there and back: the walk, the answer, and what sends a proxy out again on the way back.

An answer that is too late or not good enough is asked of another peer (see `http.respond.retried`), one that is not passed
on is replaced by an error page (`http.respond.intercepted`). Each is one more walk whose steps belong to the same trace.
"""

from __future__ import annotations

from simnet.dataplane.http.message import Reply
from simnet.dataplane.http.respond import intercepted, responded, retried
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Outcomes, Trace
from simnet.dataplane.view import View
from simnet.dataplane.walk import Chooser, explore, walk


def exchange(net: View, packet: Packet, choose: Chooser, reply: Reply | None = None) -> Trace:
    """One request and its response; `reply` is what every receiver answers but the maker of an error page.

    Cost: that of the walks.
    """
    return answered(net, walk(net, packet, choose), choose, reply)


def answered(net: View, trace: Trace, choose: Chooser, reply: Reply | None = None) -> Trace:
    """The way back of a walk that is done."""
    while True:
        onward, reply = _onward(net, trace, reply)
        if onward is None:
            return responded(net, trace, reply)
        trace = Trace((*trace.steps, *walk(net, onward, choose).steps))


def exchanges(net: View, packet: Packet, reply: Reply | None = None) -> Outcomes:
    """Every possible exchange with its exact probability."""
    waiting = [(share, trace, reply) for share, trace in reversed(explore(net, packet))]
    done = []
    while waiting:
        share, trace, said = waiting.pop()
        onward, said = _onward(net, trace, said)
        if onward is None:
            done.append((share, responded(net, trace, said)))
        else:
            waiting += [(share * own, Trace((*trace.steps, *more.steps)), said)
                        for own, more in reversed(explore(net, onward))]
    return tuple(done)


def _onward(net: View, trace: Trace, reply: Reply | None) -> tuple[Packet | None, Reply | None]:
    """The packet that goes out again, None when the answer is the client's; and what receivers answer from here on."""
    if trace.steps[0].before.flow.request is None:
        return None, reply
    again = retried(net, trace, reply)
    if again is not None:
        return again, reply
    page = intercepted(net, trace, reply)
    return (page, None) if page is not None else (None, reply)
