"""One mistake found in a manifest, before it is known where in the user's input the manifest stands.

Rules are generators of findings: they see plain data and say path, value and the API server's words. `reported`
turns findings into the Problems that users see.

Source of the words: kubernetes/apimachinery pkg/util/validation/field/errors.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from simnet.errors import Problem, nearest
from simnet.manifests.paths import Path, PlaceOf, known, path_text


class Finding(NamedTuple):
    """`type` is a field error type as in Problem; `field` is the path's text where the API server has another."""

    type: str
    path: Path
    value: Any = None
    detail: str = ""
    suggestion: str = ""
    field: str = ""


Findings = Iterator[Finding]


def required(path: Path, detail: str = "") -> Finding:
    return Finding("Required", path, None, detail)


def invalid(path: Path, value: Any, detail: str) -> Finding:
    return Finding("Invalid", path, value, detail)


def each_invalid(path: Path, value: Any, complaint: str) -> Findings:
    """An Invalid finding when `complaint`, the answer of a `..._problem` function, is not empty."""
    if complaint:
        yield invalid(path, value, complaint)


def unsupported(path: Path, value: Any, allowed: Sequence[str]) -> Finding:
    """A value outside an enumeration; the nearest allowed one is suggested."""
    detail = "supported values: " + ", ".join(f'"{word}"' for word in allowed)
    return Finding("NotSupported", path, value, detail, nearest(str(value), allowed))


def duplicate(path: Path, value: Any, detail: str = "") -> Finding:
    return Finding("Duplicate", path, value, detail)


def forbidden(path: Path, detail: str) -> Finding:
    return Finding("Forbidden", path, None, detail)


def too_many(path: Path, count: int, limit: int) -> Finding:
    return Finding("TooMany", path, count, f"must have at most {limit} item{'' if limit == 1 else 's'}")


def too_long(path: Path, limit: int) -> Finding:
    return Finding("TooLong", path, None, f"may not be more than {limit} bytes")


def negative(path: Path, value: Any) -> Findings:
    """The complaint about a number below zero."""
    if isinstance(value, int | float) and value < 0:
        yield invalid(path, value, "must be greater than or equal to 0")


def reported(
    findings: Iterable[Finding], ref: str, place_of: PlaceOf, renamed: Callable[[Path], Path] = lambda path: path
) -> list[Problem]:
    """Findings as Problems of the object `ref`, each with its place; `renamed` leads back to the user's field names."""
    problems = []
    for found in findings:
        about_key = found.type in ("Unknown", "Required")
        problems.append(Problem(
            found.detail, type=found.type, place=known(place_of(found.path, value=not about_key)), object=ref,
            field=found.field or path_text(renamed(found.path)), value=found.value, suggestion=found.suggestion))
    return problems
