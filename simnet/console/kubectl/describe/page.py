"""The paper descriptions are written on: lines with tabs, aligned at the end; labels, annotations and events.

Source: kubernetes/kubectl pkg/describe/describe.go (PrefixWriter, printLabelsMultiline, printAnnotationsMultiline,
DescribeEvents, tabbedString).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from simnet.console.kubectl.context import Kube
from simnet.console.layout import aligned
from simnet.manifests.apply import LAST_APPLIED
from simnet.objects.event import Event
from simnet.objects.meta import Object

_LONGEST = 140  # characters of an annotation on one line


class Page:
    """Lines at levels of two blanks. `kube` gives the cluster and the time."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self._lines: list[str] = []

    def write(self, level: int, label: str, *cells: object) -> None:
        """One line: a label and its cells, with tabs between them."""
        self._lines.append("  " * level + "\t".join((label, *map(str, cells))))

    def several(self, title: str, values: Iterable[str], level: int = 0) -> None:
        """A title with a value on its own line each, `<none>` for none."""
        indent = "  " * level
        for place, value in enumerate(list(values) or ["<none>"]):
            self._lines.append(f"{indent}\t{value}" if place else f"{indent}{title}:\t{value}")

    def labels(self, labels: Mapping[str, str], title: str = "Labels", level: int = 0) -> None:
        self.several(title, [f"{key}={labels[key]}" for key in sorted(labels)], level)

    def annotations(self, annotations: Mapping[str, str], level: int = 0) -> None:
        """Annotations one a line; long ones below their key. What kubectl itself keeps there is not shown."""
        shown: list[str] = []
        for key in sorted(annotations):
            value = annotations[key].removesuffix("\n")
            if key == LAST_APPLIED:
                continue
            if len(key) + len(value) + 2 > _LONGEST or "\n" in value:
                shown.append(f"{key}:")
                shown += ["  " + (line if len(line) <= _LONGEST - 2 else line[:_LONGEST - 2] + "...")
                          for line in value.split("\n")]
            else:
                shown.append(f"{key}: {value}")
        self.several("Annotations", shown, level)

    def events(self, each: Object, kind: str = "") -> None:
        """The events about an object, oldest first; equal ones are one line with their count."""
        if self.kube.flags.get("show-events", "true") == "false":
            return
        found = events_about(self.kube, each, kind)
        if not found:
            self.write(0, "Events:", "<none>")
            return
        self.write(0, "Events:")
        self.write(1, "Type", "Reason", "Age", "From", "Message")
        self.write(1, "----", "------", "----", "----", "-------")
        for event in found:
            self.write(1, event.type, event.reason, event_age(self.kube, event), event.component, event.message.strip())

    def age(self, since: float | None) -> str:
        return self.kube.age(since)

    @property
    def text(self) -> str:
        return aligned("".join(line + "\n" for line in self._lines))


def events_about(kube: Kube, each: Object, kind: str = "") -> list[Event]:
    """Events whose involved object is this one, in the order they were last seen."""
    found = [event for event in kube.cluster.list("Event", namespace=each.namespace or None)
             if event.involved_kind == (kind or each.kind) and event.involved.name == each.name
             and event.involved.namespace == each.namespace]
    return sorted(found, key=lambda event: (event.last_seen, event.first_seen))


def event_age(kube: Kube, event: Event) -> str:
    """`5s`, or `5s (x3 over 2m)` for one that came again."""
    if event.count > 1:
        return f"{kube.age(event.last_seen)} (x{event.count} over {kube.age(event.first_seen)})"
    return kube.age(event.first_seen)


def moment(seconds: float) -> str:
    """A time as kubectl writes it in descriptions: RFC 1123 with a numeric zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
