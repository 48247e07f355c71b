"""The loop that turns one change into all its consequences.

Every commit reaches the indexes first, then the controllers in the order they are listed here (layer order). A
controller returns changes; only the loop commits. When no event is left, gathered changes are flushed; when nothing
is left to flush, timers that are due run, until the cluster is quiet.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from simnet.control.world import Controller, PodFollower, World
from simnet.errors import DidNotSettle
from simnet.names import ObjectKey
from simnet.objects.meta import Object
from simnet.store.store import Change, Creations, Event

SETTLE_LIMIT_SECONDS = 600.0


class Follower(Protocol):
    """Whoever has to know of every event before the next call: the view of the data plane."""

    def update(self, event: Event) -> None:
        """Follow one committed event."""
        ...

    def created(self, creations: Creations) -> None:
        """Follow the creation of many pods of one template."""
        ...


class Loop:
    """Commits changes and lets controllers answer until nobody wants anything."""

    def __init__(self, world: World, controllers: Sequence[Controller], follower: Follower) -> None:
        self.world = world
        self.controllers = tuple(controllers)
        self.follower = follower
        self._pod_followers = tuple(each for each in controllers if isinstance(each, PodFollower))
        self._queue: deque[Event | Creations] = deque()
        self._handlers: dict[str, tuple[Controller, ...]] = {}

    def commit(self, changes: Iterable[Change | Creations]) -> None:
        """Write changes; indexes follow at once, controllers when `run` comes to the event."""
        for change in changes:
            if isinstance(change, Creations):
                self._create(change)
                continue
            event = self.world.store.commit(change)
            if event is not None:
                self.world.update(event)
                self.follower.update(event)
                self._queue.append(event)

    def _create(self, creations: Creations) -> None:
        self.world.store.create(creations)
        self.world.created(creations)
        self.follower.created(creations)
        self._queue.append(creations)

    def put(self, new: Object, kind: str | None = None) -> None:
        """Commit one object."""
        self.commit([Change(kind or new.kind, new.key, new)])

    def remove(self, kind: str, key: ObjectKey) -> None:
        """Commit one deletion."""
        self.commit([Change(kind, key, None)])

    def run(self) -> None:
        """Let controllers work on everything waiting, at the present moment of the clock.

        The collector pauses meanwhile: nothing made here is garbage, and looking through it all again and again would
        cost a third of the time.
        """
        if not gc.isenabled():
            self._run()
            return
        gc.disable()
        try:
            self._run()
        finally:
            gc.enable()

    def _run(self) -> None:
        while True:
            while self._queue:
                self._answer(self._queue.popleft())
            for controller in self.controllers:
                self.commit(controller.flush(self.world))
                if self._queue:
                    break
            if not self._queue:
                return

    def _answer(self, event: Event | Creations) -> None:
        if isinstance(event, Creations):
            for follower in self._pod_followers:
                follower.handle_created(event, self.world)
            return
        for controller in self._interested(event.kind):
            changes = controller.handle(event, self.world)
            if changes:
                self.commit(changes)

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
