"""One client's requests and their answers, without input or output: bytes go in, and a `Wire` is told what to do.

One request is answered at a time; what a client sends ahead waits. A request without a body is walked once, at its end. One
with a body is walked at its head first: the front end may refuse it at once (413, a redirect), a real program may get the
body as it comes, and everybody else gets the body whole.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from simnet.dataplane import decisions as core
from simnet.dataplane.http.message import Headers, Reply, Request, Response
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.server.http.bodies import CHUNKED
from simnet.server.http.door import Answered, Session, Upstream
from simnet.server.http.heads import Refused
from simnet.server.http.reading import End, Piece, RequestHead, RequestReader
from simnet.server.http.relay import Pipe, Relay
from simnet.server.http.traces import PREFIX, TYPES
from simnet.server.http.writing import CONTINUE, PLAIN, response_head, text_response

MOST_AHEAD = 256 << 10  # bytes that may wait behind the request being answered


class Wire(Protocol):
    """What a conversation does to its connection."""

    def send(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """Send what is left, then close; what still comes is read and dropped."""

    def abort(self) -> None:
        """Reset the connection."""

    def forward(self, upstream: Upstream, relay: Relay) -> Pipe:
        """Connect to a real program; the relay is told what comes."""


class Does(Enum):
    """What is done with the request at hand."""

    READS_HEAD = auto()
    COLLECTS = auto()  # its body, for the walk at its end
    DROPS = auto()  # its body; the answer has been sent
    STREAMS = auto()  # its body, to a real program
    WAITS = auto()  # for the rest of a real program's answer
    TUNNELS = auto()  # both ways, after a protocol switch
    IS_SILENT = auto()  # the packets got lost
    IS_OVER = auto()


class Conversation:
    """The requests of one connection."""

    def __init__(self, session: Session, wire: Wire, is_tls: bool = False, sni: str | None = None) -> None:
        self._session, self._wire = session, wire
        self._is_tls, self._sni = is_tls, sni
        self._reader = RequestReader(session.door.limits)
        self._parts: list[bytes] = []
        self._relay: Relay | None = None
        self._keeps_open = True
        self.requests = 0  # begun so far
        self.does = Does.READS_HEAD

    @property
    def is_idle(self) -> bool:
        """Whether the client may go without losing anything."""
        return self.does in (Does.IS_OVER, Does.IS_SILENT) or (self.does is Does.READS_HEAD and self._reader.is_between)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read from the client for now."""
        return self._reader.waiting > MOST_AHEAD

    # what comes ----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes from the client, and act on them."""
        if self.does is Does.TUNNELS and self._relay is not None:
            self._relay.send(data)
        elif self.does not in (Does.IS_OVER, Does.IS_SILENT):
            self._reader.receive(data)
            self.go_on()

    def go_on(self) -> None:
        """Act on what has arrived, as far as possible."""
        while self.does in (Does.READS_HEAD, Does.COLLECTS, Does.DROPS, Does.STREAMS):
            event = self._reader.next()
            if event is None:
                return
            match event:
                case RequestHead():
                    self._begin(event)
                case Piece(data):
                    self._piece(data)
                case End():
                    self._end()
                case Refused():
                    self._refuse(event)

    def ends(self) -> None:
        """The client sends nothing more: what it asked for is still answered."""
        self._keeps_open = False
        if self.does not in (Does.WAITS, Does.IS_OVER):
            self._over(self._wire.abort if self.does in (Does.STREAMS, Does.IS_SILENT) else self._wire.finish)

    def times_out(self) -> None:
        """Nothing has come for too long: 408 to who has begun a request, an end without words to all others."""
        if self.does in (Does.READS_HEAD, Does.COLLECTS) and not self.is_idle:
            self._refuse(Refused(408, "the request did not come in time"))
        else:
            self._over(self._wire.finish if self.does is Does.READS_HEAD else self._wire.abort)

    def lost(self) -> None:
        """The connection is gone."""
        self._over(lambda: None)

    # one request ---------------------------------------------------------------------------------------------------

    def _begin(self, head: RequestHead) -> None:
        self.requests += 1
        self._head, self._parts = head, []
        self._keeps_open = self._keeps_open and head.keeps_alive
        self._session.door.tick()
        if head.target.startswith(PREFIX) and head.target[len(PREFIX):][:1] in ("", "/", "?"):
            self._own_page()
        elif not self._is_open():
            return
        elif not head.length:
            self.does = Does.COLLECTS
        else:
            self._begin_body(head)

    def _begin_body(self, head: RequestHead) -> None:
        """Look where the request would go, before its body is taken."""
        reached = self._session.reach(self._request(b""))
        upstream = self._session.door.upstream_of(reached)
        if upstream is not None and head.length != CHUNKED:
            self._continue()
            self.does = Does.STREAMS
            self._forward(upstream, reached, head.length)
        elif isinstance(reached.last.because, core.Delivered):
            self._continue()
            self.does = Does.COLLECTS
        else:
            self._keeps_open = self._keeps_open and not head.waits_for_continue
            self._answer(self._session.answer(reached))

    def _continue(self) -> None:
        if self._head.waits_for_continue:
            self._wire.send(CONTINUE)

    def _piece(self, data: bytes) -> None:
        if self.does is Does.COLLECTS:
            self._parts.append(data)
        elif self.does is Does.STREAMS and self._relay is not None:
            self._relay.send(data)

    def _end(self) -> None:
        match self.does:
            case Does.DROPS:
                self._next()
            case Does.STREAMS:
                self.does = Does.WAITS
            case _:
                self._walk()

    def _walk(self) -> None:
        """The whole request is here."""
        body = b"".join(self._parts)
        reached = self._session.reach(self._request(body))
        upstream = self._session.door.upstream_of(reached)
        if upstream is None:
            self.does = Does.DROPS
            self._answer(self._session.answer(reached))
            if self.does is Does.DROPS:
                self._next()
            return
        self.does = Does.WAITS
        self._forward(upstream, reached, len(body))
        if body and self._relay is not None:
            self._relay.send(body)

    def _request(self, body: bytes) -> Request:
        """The request as the walk carries it; a second Host stays among the headers. The real client has judged the
        certificate itself."""
        head, host, others = self._head, None, self._head.headers
        for index, (name, value) in enumerate(others):
            if len(name) == 4 and name.lower() == "host":
                host, others = value, others[:index] + others[index + 1:]
                break
        return Request(head.method, "https" if self._is_tls else "http", host, head.target, others, body, self._sni,
                       head.version, True)

    def _next(self) -> None:
        if self._keeps_open:
            self.does = Does.READS_HEAD
        else:
            self._over(self._wire.finish)

    def _over(self, act: Callable[[], None]) -> None:
        """End it; a real program that still answers is let go."""
        self.does = Does.IS_OVER
        self._let_go()
        act()

    # answers -------------------------------------------------------------------------------------------------------

    def _is_open(self) -> bool:
        """Whether there is a connection to carry the request; if not, what the client notices of that happens here."""
        opening = self._session.opening
        if self._session.link.is_open:
            return True
        answered = self._session.door.keep(opening)
        self._answer(answered)
        return False

    def _answer(self, answered: Answered) -> None:
        """Send the response of a trace; a connection that was reset or a packet that got lost look like that."""
        trace = answered.trace
        response = trace.response
        if response is None:
            if trace.verdict in (Verdict.DROPPED, Verdict.UNREACHABLE):
                self.does = Does.IS_SILENT
            else:
                self._over(self._wire.abort if trace.verdict is Verdict.REFUSED else self._wire.finish)
            return
        self._send(response, answered)
        if self.does is not Does.IS_OVER:
            self.does = Does.DROPS

    def _send(self, response: Response, answered: Answered) -> None:
        has_body = response.status not in (204, 304) and self._head.method != "HEAD"
        length: int | None = len(response.body)
        if self._head.method == "HEAD":
            declared = response.header("content-length")
            length = int(declared) if declared is not None and declared.isdigit() else None
        elif not has_body:
            length = None
        head = response_head(response.status, response.headers, length, not self._keeps_open, marks(response, answered))
        self._wire.send(head + response.body if has_body else head)

    def _own_page(self) -> None:
        page = self._session.door.traces.page(self._head.target)
        self._wire.send(text_response(page.status, page.text, not self._keeps_open,
                                      content_type=TYPES.get(page.format, PLAIN), has_body=self._head.method != "HEAD"))
        self.does = Does.DROPS

    def _refuse(self, refused: Refused) -> None:
        """Answer what cannot be read, and close. A body that breaks off behind an answer is answered no more."""
        if self.does is Does.STREAMS:
            self._over(self._wire.abort)
            return
        if not self._session.link.is_open and self._session.opening.response is None:
            self._is_open()  # nobody is there who could refuse
            return
        if self.does is not Does.DROPS:
            self._wire.send(text_response(refused.status, f"{refused.status}: {refused.why}\n", True))
        self._over(self._wire.finish)

    # real programs -------------------------------------------------------------------------------------------------

    def _forward(self, upstream: Upstream, reached: Trace, length: int) -> None:
        head = self._head
        relay = self._relay = Relay(self, reached, head.version, head.wants_upgrade, self._session.door.limits)
        relay.begin(self._wire.forward(upstream, relay), length)

    @property
    def keeps_open(self) -> bool:
        """Whether the connection can be used again; not when an answer comes before the request is whole."""
        return self._keeps_open and self.does is Does.WAITS

    def settle(self, reached: Trace, reply: Reply) -> Answered:
        return self._session.answer(reached, reply)

    def marks(self, response: Response, answered: Answered) -> Headers:
        return marks(response, answered)

    def pass_on(self, data: bytes) -> None:
        self._wire.send(data)

    def relayed(self, closes: bool) -> None:
        self._keeps_open = self.keeps_open and not closes
        self._let_go()
        self._next()
        self.go_on()

    def replaced(self, answered: Answered) -> None:
        self._keeps_open = self.keeps_open
        self._let_go()
        self._answer(answered)
        if self.does is Does.DROPS:
            self._next()
            self.go_on()

    def broke_off(self) -> None:
        self._over(self._wire.abort)

    def tunnels(self) -> None:
        self.does = Does.TUNNELS
        rest = self._reader.rest()
        if rest and self._relay is not None:
            self._relay.send(rest)

    def _let_go(self) -> None:
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()


def marks(response: Response | None, answered: Answered) -> Headers:
    """The headers that say who answered and which trace tells why."""
    reached = answered.trace.endpoint
    if reached is not None and reached.pod is not None:
        who = ("X-Simnet-Pod", str(reached.pod))
    else:
        who = ("X-Simnet-By", response.by if response is not None else "")
    return (who, ("X-Simnet-Trace", answered.name)) if who[1] else (("X-Simnet-Trace", answered.name),)
