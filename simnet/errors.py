"""Everything that can be wrong with what a user gave us.

What the *network* does (refused, dropped, not resolved) is a value in a trace, never an exception.
Each class knows the status and reason a Kubernetes API server would answer with, so that an edge that speaks
HTTP needs no table of its own.

Source of codes and reasons: kubernetes/apimachinery pkg/api/errors; of field error types: pkg/util/validation/field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's input something stands: file name as given, line and column counted from 1 (0: unknown)."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file or "<input>"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, which object and field, what was given, what would do.

    `type` is the API server's field error type: Required, Invalid, NotSupported, NotFound, Duplicate, Forbidden, TooMany,
    TooLong, TypeInvalid, Unknown (a field Kubernetes does not have), InternalError, BadRequest (a webhook says no), or
    Syntax (not readable at all).
    `object` reads `service/default/web`; `field` is the API's path, `spec.ports[0].port`; `detail` says what was
    expected, in the API server's words where it has some. `suggestion` is the nearest name that exists;
    `excerpt` further lines shown below the message (source line, caret, a repaired text).
    """

    detail: str
    type: str = "Invalid"
    place: Place | None = None
    object: str = ""
    field: str = ""
    value: Any = None
    suggestion: str = ""
    excerpt: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [str(part) for part in (self.place, self.object, self.field) if part]
        parts.append(self._statement())
        text = ": ".join(parts)
        if self.suggestion:
            text += f"; did you mean {self.suggestion}?"
        return "\n".join((text, *self.excerpt))

    def _statement(self) -> str:
        match self.type:
            case "Syntax" | "BadRequest":
                return self.detail
            case "Unknown":
                return self.detail or "unknown field"
            case "Required":
                return f"Required value: {self.detail}" if self.detail else "Required value"
            case "Forbidden":
                return f"Forbidden: {self.detail}"
            case "InternalError":
                return f"Internal error occurred: {self.detail}"
            case "Duplicate":
                return f"Duplicate value: {shown(self.value)}" + (f": {self.detail}" if self.detail else "")
            case "NotSupported":
                return f"Unsupported value: {shown(self.value)}: {self.detail}"
            case "NotFound":
                return f"Not found: {shown(self.value)}"
            case "TooMany":
                count = len(self.value) if isinstance(self.value, (list, tuple, dict)) else self.value
                return f"Too many: {count}: {self.detail}"
            case "TooLong":
                return f"Too long: {self.detail}"
            case _:
                return f"Invalid value: {shown(self.value)}: {self.detail}"


def shown(value: Any) -> str:
    """A value as the API server prints it in an error: as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return str(value)


class SimnetError(Exception):
    """Base of all errors of this package. `code` and `reason` are the API server's answer."""

    code = 500
    reason = "InternalError"


class ManifestError(SimnetError):
    """An input that cannot be used. `problems` holds every independent mistake found, in the input's order."""

    code = 400
    reason = "BadRequest"

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, type="Syntax")
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidField(ManifestError):
    """A readable manifest that the API server would refuse; `problems` says which fields and why."""

    code = 422
    reason = "Invalid"


class NotFound(SimnetError):
    """No object of this kind and name. `suggestion` is the nearest name that exists, or empty."""

    code = 404
    reason = "NotFound"

    def __init__(self, kind: str, name: str, namespace: str = "", known: Sequence[str] = (), suggestion: str = "") -> None:
        self.kind, self.name, self.namespace, self.known, self.suggestion = kind, name, namespace, tuple(known), suggestion
        where = f" in namespace {namespace}" if namespace else ""
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"{kind} {name!r} not found{where}{hint}")


class AlreadyExists(SimnetError):
    """An object of this kind and name exists (`create`, not `apply`)."""

    code = 409
    reason = "AlreadyExists"


class Conflict(SimnetError):
    """The request contradicts the present state (a stale resource version, an address held by somebody else)."""

    code = 409
    reason = "Conflict"


class Forbidden(SimnetError):
    """Something that the API server never allows (deleting the namespace `default`)."""

    code = 403
    reason = "Forbidden"


class PoolExhausted(SimnetError):
    """A range of addresses or ports has nothing left."""

    code = 500
    reason = "InternalError"


class Gone(SimnetError):
    """The event log no longer reaches back to the version asked for."""

    code = 410
    reason = "Expired"


class DidNotSettle(SimnetError):
    """Controllers were still busy after the limit of logical time. `pending` names what was due."""

    code = 504
    reason = "Timeout"

    def __init__(self, message: str, pending: Sequence[str] = ()) -> None:
        self.pending = tuple(pending)
        super().__init__(message + "".join(f"\n  pending: {item}" for item in self.pending))


class ScenarioFailed(SimnetError):
    """A scenario or an expectation did not hold; the message is the failure report."""

    code = 422
    reason = "Invalid"


class UsageError(SimnetError, ValueError):
    """An argument of a public call or a command line that cannot be used; the message names it and what would do."""

    code = 400
    reason = "BadRequest"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word closest to `word`, or '' when none is near enough to be what was meant. Cost: O(known)."""
    from difflib import get_close_matches  # loads slowly and is only needed once something is wrong

    lowered = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""
