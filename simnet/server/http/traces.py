"""The traces of the last requests, by their short names, and the pages that show them: `/.simnet/trace/ID`."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from simnet.dataplane.step import Trace
from simnet.errors import UsageError
from simnet.explain import FORMATS, explain, one_line

PREFIX: Final = "/.simnet"
TYPES: Final = {"json": "application/json"}


class Page(NamedTuple):
    """What one of the door's own addresses answers."""

    status: int
    text: str
    format: str = "text"


class Traces:
    """The last `most` traces; each gets the next number, in hexadecimal."""

    def __init__(self, most: int) -> None:
        self._most, self._made = most, 0
        self._kept: OrderedDict[str, Trace] = OrderedDict()

    def keep(self, trace: Trace) -> str:
        """Remember it; returns its name."""
        self._made += 1
        name = f"{self._made:04x}"
        self._kept[name] = trace
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return name

    def page(self, target: str) -> Page:
        """The answer to a path below /.simnet: one trace (`?format=json` or tree), or the list of all."""
        path, _, query = target.partition("?")
        name = path.removeprefix(PREFIX).removeprefix("/trace").strip("/")
        if not name:
            return Page(200, self._list())
        trace = self._kept.get(name)
        if trace is None:
            newest = f"; the newest is {next(reversed(self._kept))}" if self._kept else ""
            return Page(404, f"no trace {name!a} is remembered, only the last {self._most} are{newest}\n")
        format_ = query.removeprefix("format=") or "text"
        try:
            return Page(200, explain(trace, format_) + "\n", format_)
        except UsageError:
            return Page(400, f"{query!a} is not understood; write ?format= and one of {', '.join(FORMATS)}\n")

    def _list(self) -> str:
        lines = [f"{PREFIX}/trace/{name}  {one_line(trace)}" for name, trace in reversed(self._kept.items())]
        return "\n".join(lines or ["nothing was asked yet"]) + "\n"
