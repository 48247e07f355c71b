"""A cause that was found, before anything has been tried: the facts, and changes that might help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simnet.cluster import Cluster
from simnet.diagnosis.again import Asked
from simnet.errors import SimnetError
from simnet.explain.words import listed
from simnet.objects.meta import Object

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """One field of one object set to another value; `new` None takes the field out. `distance` says how far the new
    value is from the old one: the smallest that works is the fix."""

    object: Object
    path: Path
    old: Any
    new: Any
    distance: int = 0

    @property
    def field(self) -> str:
        """`spec.ports[0].targetPort`; a name with dots or slashes in brackets."""
        text = ""
        for part in self.path:
            if isinstance(part, int) or "." in part or "/" in part:
                text += f"[{part}]"
            else:
                text += f".{part}" if text else part
        return text

    @property
    def size(self) -> tuple[int, int]:
        """How large the change is: the number of fields it touches, and how far the value moves."""
        fields = [len(value) if isinstance(value, Mapping) else 1 for value in (self.old, self.new)]
        return max(fields), self.distance

    @property
    def command(self) -> str:
        """The change as kubectl makes it, a JSON patch (RFC 6902)."""
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)
        operation = "remove" if self.new is None else "add" if self.old is None else "replace"
        change = {"op": operation, "path": pointer, **({} if self.new is None else {"value": self.new})}
        key = self.object.key
        namespace = f" -n {key.namespace}" if key.namespace not in ("", "default") else ""
        return (f"kubectl patch {self.object.kind.lower()} {key.name}{namespace} --type json "
                f"-p '{json.dumps([change])}'")

    def on(self, cluster: Cluster) -> Cluster | None:
        """A copy of the cluster with the change applied; None when the API server would refuse it."""
        whole = thawed(self.object.manifest)
        at = whole
        for part in self.path[:-1]:
            if isinstance(part, str):
                at = at.setdefault(part, {})
            else:
                at = at[part]
        if self.new is None:
            at.pop(self.path[-1], None)
        else:
            at[self.path[-1]] = self.new
        twin = cluster.fork()
        try:
            twin.replace(whole)
        except SimnetError:
            return None
        return twin


@dataclass(frozen=True, slots=True)
class Instead:
    """Another request: `part` of it is to be `new` instead of `old`."""

    asked: Asked
    part: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """`symptom` is a sentence on what clients see, used when no request says it; `cause` and `evidence` are sentences.
    `advice` is the last sentence when nothing that was tried works; `about` tells suspicions of one code and object
    apart (a port). `candidates` are in the order to try them."""

    code: str
    objects: tuple[str, ...]
    summary: str
    cause: str
    evidence: tuple[str, ...] = ()
    observed: str
    expected: str
    symptom: str = ""
    nearest: str = ""
    advice: str = ""
    about: str = ""
    candidates: tuple[Patch | Instead, ...] = ()

    @property
    def subject(self) -> tuple[str, ...]:
        """What two suspicions with one cause have in common. Services before the same unready pods share it."""
        if self.code == "EPT-NOTREADY" and len(self.objects) > 1:
            return (self.code, *self.objects[1:])
        return (self.code, *self.objects[:1], self.about)


def thawed(value: Any) -> Any:
    """A deep copy of a manifest out of plain dicts and lists."""
    if isinstance(value, Mapping):
        return {key: thawed(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [thawed(each) for each in value]
    return value


def shown(value: Any) -> str:
    """A field's value as a fix shows it."""
    if isinstance(value, Mapping):
        return "{" + listed(f"{key}: {shown(each)}" for key, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return f"[{listed(map(shown, value))}]"
    return "" if value is None else str(value)
