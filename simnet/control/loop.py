"""The loop that turns one change into all its consequences.

Every commit reaches the indexes first, then the controllers in the order they are listed here (layer order). A
controller returns changes; only the loop commits. When no event is left, gathered changes are flushed; when nothing
is left to flush, timers that are due run, until the cluster is quiet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from simnet.control.world import Controller, World
from simnet.errors import DidNotSettle
from simnet.names import ObjectKey
from simnet.objects.meta import Object
from simnet.store.store import Change, Event

SETTLE_LIMIT_SECONDS = 600.0


class Loop:
    """Commits changes and lets controllers answer until nobody wants anything."""

    def __init__(self, world: World, controllers: Sequence[Controller], follow: Callable[[Event], None]) -> None:
        self.world = world
        self.controllers = tuple(controllers)
        self.follow = follow
        self._queue: deque[Event] = deque()
        self._handlers: dict[str, tuple[Controller, ...]] = {}

    def commit(self, changes: Iterable[Change]) -> None:
        """Write changes; indexes follow at once, controllers when `run` comes to the event."""
        for change in changes:
            event = self.world.store.commit(change)
            if event is not None:
                self.world.update(event)
                self.follow(event)
                self._queue.append(event)

    def put(self, new: Object, kind: str | None = None) -> None:
        """Commit one object."""
        self.commit([Change(kind or new.kind, new.key, new)])

    def remove(self, kind: str, key: ObjectKey) -> None:
        """Commit one deletion."""
        self.commit([Change(kind, key, None)])

    def run(self) -> None:
        """Let controllers work on everything waiting, at the present moment of the clock."""
        while True:
            while self._queue:
                event = self._queue.popleft()
                for controller in self._interested(event.kind):
                    self.commit(controller.handle(event, self.world))
            for controller in self.controllers:
                self.commit(controller.flush(self.world))
                if self._queue:
                    break
            if not self._queue:
                return

    def settle(self) -> None:
        """Run until quiet, letting the clock go on to every timer. Raises DidNotSettle after ten logical minutes."""
        clock = self.world.clock
        limit = clock.now + SETTLE_LIMIT_SECONDS
        self.run()
        while (when := clock.next_at()) is not None:
            if when > limit:
                raise DidNotSettle(f"still busy after {SETTLE_LIMIT_SECONDS:g} s of logical time",
                                   [f"{timer.kind} {timer.payload} at +{timer.when - clock.now:g} s"
                                    for timer in clock.pending()])
            self.advance_to(when)

    def advance_to(self, when: float) -> None:
        """Move the clock to `when`, firing each timer at its own moment."""
        clock = self.world.clock
        while (due := clock.next_at()) is not None and due <= when:
            clock.advance_to(due)
            while (timer := clock.due()) is not None:
                for controller in self.controllers:
                    self.commit(controller.fire(timer.kind, timer.payload, self.world))
            self.run()
        clock.advance_to(when)
        self.run()

    def _interested(self, kind: str) -> tuple[Controller, ...]:
        found = self._handlers.get(kind)
        if found is None:
            found = self._handlers[kind] = tuple(each for each in self.controllers if kind in each.kinds)
        return found
