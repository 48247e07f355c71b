"""One request that a real program answers in place of a pod. Without input or output: pieces come in, pieces go out.

The way back is walked with the program's status and headers, so a proxy on it may still replace the answer. What passes is
streamed as it comes.
"""

from __future__ import annotations

from typing import Protocol

from simnet.dataplane.http.decisions import RuleChosen
from simnet.dataplane.http.message import Headers, Reply, Request, Response
from simnet.dataplane.http.pages import nginx_response
from simnet.dataplane.step import Trace
from simnet.server.http.bodies import CHUNKED, UNTIL_CLOSE
from simnet.server.http.door import Answered
from simnet.server.http.heads import Refused
from simnet.server.http.limits import Limits
from simnet.server.http.reading import SWITCHING, End, Piece, ResponseHead, ResponseReader
from simnet.server.http.writing import LAST_CHUNK, chunk, request_head, response_head


class Pipe(Protocol):
    """The connection to the program."""

    def send(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Asker(Protocol):
    """Whose request it is, and who is told of the answer."""

    @property
    def keeps_open(self) -> bool: ...

    def settle(self, reached: Trace, reply: Reply) -> Answered:
        """The way back with what the program answered."""

    def marks(self, response: Response, answered: Answered) -> Headers: ...

    def pass_on(self, data: bytes) -> None:
        """Send bytes to the client."""

    def relayed(self, closes: bool) -> None:
        """The answer is whole and sent; `closes`: only an end of the connection says so to the client."""

    def replaced(self, answered: Answered) -> None:
        """The client gets an answer that is not the program's."""

    def broke_off(self) -> None:
        """The client's connection ends as the program's did."""

    def tunnels(self) -> None:
        """From here on bytes pass as they are."""


class Relay:
    """Carries the request to the program and the answer back."""

    def __init__(self, asker: Asker, reached: Trace, version: str, wants_upgrade: bool, limits: Limits) -> None:
        """`version` is what the client speaks."""
        request = reached.last.before.flow.request
        assert request is not None
        self._asker, self._reached, self._version = asker, reached, version
        self._request: Request = request
        self._upgrade = (request.header("upgrade") or "") if wants_upgrade else ""
        self._reader = ResponseReader(limits, request.method)
        self._length = 0  # of the answer, once its head was passed on
        self._has_begun = self._is_tunnel = self._is_over = False
        self._pipe: Pipe | None = None

    @property
    def timeout_seconds(self) -> float:
        """How long the proxy in front waits for an answer; 0 where there is none."""
        return max((step.because.timeout_seconds for step in self._reached.steps if isinstance(step.because, RuleChosen)),
                   default=0.0)

    @property
    def has_switched(self) -> bool:
        """Whether another protocol is spoken by now."""
        return self._is_tunnel

    def begin(self, pipe: Pipe, length: int) -> None:
        """Send the head of the request; its body of `length` bytes follows through `send`."""
        self._pipe = pipe
        pipe.send(request_head(self._request, length, self._upgrade))

    def send(self, data: bytes) -> None:
        """Bytes of the request's body, or of the protocol switched to."""
        if self._pipe is not None:
            self._pipe.send(data)

    def close(self) -> None:
        """Let the program go."""
        self._is_over = True
        if self._pipe is not None:
            self._pipe.close()

    # the program's side --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes from the program."""
        if self._is_tunnel:
            self._asker.pass_on(data)
            return
        self._reader.receive(data)
        while not self._is_over and not self._is_tunnel:
            event = self._reader.next()
            if event is None:
                return
            match event:
                case ResponseHead():
                    self._head(event)
                case Piece(piece):
                    self._asker.pass_on(chunk(piece) if self._length == CHUNKED else piece)
                case End():
                    self._end()
                case Refused():
                    self.fail()

    def ends(self) -> None:
        """The program has closed: an answer without a length is whole, any other broke off."""
        if self._is_over:
            return
        if self._is_tunnel:
            self._asker.relayed(True)
        elif self._has_begun and isinstance(self._reader.close(), End):
            self._end()
        else:
            self.fail()

    def fail(self, is_late: bool = False) -> None:
        """No answer, or none that can be read: 502 (504 if `is_late`) where a proxy is in front, else a reset."""
        if self._is_over:
            return
        if self._has_begun or self._reached.last.before.flow.parent is None:
            self._asker.broke_off()
            return
        page = nginx_response(502, "")
        delay = self.timeout_seconds + 1 if is_late else 0.0
        self._asker.replaced(self._asker.settle(self._reached, Reply(502, page.headers, page.body, delay)))

    def _head(self, head: ResponseHead) -> None:
        if head.status == SWITCHING and self._upgrade:
            self._switch(head)
        elif head.status == SWITCHING:
            self.fail()  # nobody asked for it
        elif not head.is_interim:
            self._pass_head(head)

    def _pass_head(self, head: ResponseHead) -> None:
        answered = self._asker.settle(self._reached, Reply(head.status, head.headers))
        response = answered.trace.response
        if response is None or response.status != head.status or response.by != self._receiver(answered):
            self._asker.replaced(answered)
            return
        self._has_begun = True
        length, closes = self._framing(head)
        self._length = length if length is not None else UNTIL_CLOSE
        self._asker.pass_on(response_head(response.status, response.headers, length, closes or not self._asker.keeps_open,
                                          self._asker.marks(response, answered)))

    def _receiver(self, answered: Answered) -> str:
        return str(getattr(answered.trace.last.because, "receiver", ""))

    def _framing(self, head: ResponseHead) -> tuple[int | None, bool]:
        """How the length is told to the client, and whether the connection ends behind the answer."""
        if self._request.method == "HEAD" or head.status in (204, 304):
            declared = next((value for name, value in head.headers if name.lower() == "content-length"), "")
            return int(declared) if declared.isdigit() and head.status != 204 else None, False
        if head.length >= 0:
            return head.length, False
        return (CHUNKED, False) if self._version == "1.1" else (None, True)

    def _switch(self, head: ResponseHead) -> None:
        """The program takes up the other protocol."""
        answered = self._asker.settle(self._reached, Reply(SWITCHING, head.headers))
        response = answered.trace.response
        if response is None or response.status != SWITCHING:
            self._asker.replaced(answered)
            return
        self._has_begun = self._is_tunnel = True
        switch = (("Upgrade", next((value for name, value in head.headers if name.lower() == "upgrade"), self._upgrade)),
                  ("Connection", "Upgrade"), *self._asker.marks(response, answered))
        self._asker.pass_on(response_head(SWITCHING, response.headers, None, False, switch))
        self._asker.tunnels()
        if rest := self._reader.rest():
            self._asker.pass_on(rest)

    def _end(self) -> None:
        if self._length == CHUNKED:
            self._asker.pass_on(LAST_CHUNK)
        self._asker.relayed(self._length == UNTIL_CLOSE and self._version == "1.0")
