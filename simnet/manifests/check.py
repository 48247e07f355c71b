"""The schema stage: a manifest against the field tables, and all rules of one manifest together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simnet.errors import InvalidField, ManifestError, Problem
from simnet.manifests.convert import old_path
from simnet.manifests.defaults import defaulted
from simnet.manifests.findings import Finding, reported
from simnet.manifests.hints import explained
from simnet.manifests.layout import in_given_order
from simnet.manifests.manifest import Manifest
from simnet.manifests.misplaced import Repair, explanation, repair
from simnet.manifests.paths import Path, at, known, path_of, path_text, replaced
from simnet.manifests.schema import Field, tables
from simnet.manifests.tree import without
from simnet.manifests.validate import findings

_UNREADABLE = ("Syntax", "Unknown", "TypeInvalid")


def check(manifest: Manifest, *, lenient: bool = False) -> list[Problem]:
    """Unknown fields, wrong types and values outside an enumeration, each with its place and what was probably meant.

    When the indentation was lost, one problem says what stands where and shows the corrected text. With `lenient`
    unknown fields are let pass (a live object may be newer than the tables). Of kinds without a table only the
    metadata is judged.
    """
    found = _structural(manifest)
    if lenient:
        found = [finding for finding in found if finding.type != "Unknown"]
    return _reindented(manifest, found) or reported(found, manifest.ref, manifest.place_of)


def _structural(manifest: Manifest) -> list[Finding]:
    table = tables().kind(manifest.api_version, manifest.kind)
    if table:
        return list(explained(manifest.data, Field(table)))
    return [finding._replace(path=("metadata", *finding.path))
            for finding in explained(manifest.data["metadata"], Field("ObjectMeta"))]


def _reindented(manifest: Manifest, found: Sequence[Finding]) -> list[Problem]:
    """The one problem of a manifest whose unknown fields only lack their indentation; empty when that is not it."""
    table = tables().kind(manifest.api_version, manifest.kind)
    if not table or all(finding.type != "Unknown" for finding in found):
        return []
    repaired = repair(manifest.data, table)
    return [misplacement(manifest, repaired)] if repaired is not None else []


def leniently(manifest: Manifest) -> Manifest:
    """The manifest without the fields its kind does not have, as an API server takes it that is told not to be strict
    (fieldValidation=Warn); each has become a warning. Kinds without a table are left alone."""
    unknown = [found._replace(detail="unknown field, left out") for found in _structural(manifest) if found.type == "Unknown"]
    if not unknown:
        return manifest
    warnings = (*manifest.warnings, *reported(unknown, manifest.ref, manifest.place_of))
    return replace(manifest, data=without(manifest.data, [found.path for found in unknown]), warnings=warnings)


def admissible(manifest: Manifest) -> list[Problem]:
    """Everything that is wrong with one manifest: `check` and `validate` together.

    A value of the wrong type is judged as what was probably meant. What cannot be judged without it is left out, and so
    is the lack of a field that stands there under a wrong name. Field names and places are those of the version the
    manifest was written in.
    """
    found = _structural(manifest)
    reindented = _reindented(manifest, found)
    if reindented:
        return reindented

    def renamed(path: Path) -> Path:
        return old_path(manifest.api_version, manifest.kind, path)

    data, doubtful = _mended(manifest.data, found)
    further = [each for each in findings(data) if not any(_on_one_line(renamed(each.path), path) for path in doubtful)]
    return (reported(found, manifest.ref, manifest.place_of)
            + reported(further, manifest.ref, manifest.place_of, renamed))


def _mended(data: Mapping[str, Any], found: Sequence[Finding]) -> tuple[Mapping[str, Any], list[Path]]:
    """The manifest with values of the wrong type as they were probably meant, or without them, and the places of which
    nothing can be said: where a value was taken out, and where an unknown field was meant."""
    doubtful: list[Path] = []
    for finding in found:
        if finding.type == "TypeInvalid" and finding.suggestion:
            data = replaced(data, finding.path, json.loads(finding.suggestion))
        elif finding.type == "TypeInvalid":
            doubtful.append(finding.path)
        elif finding.type == "Unknown" and finding.suggestion:
            doubtful.append(path_of(finding.suggestion) if "." in finding.suggestion
                            else (*finding.path[:-1], finding.suggestion))
    return without(data, [path for path in doubtful if at(data, path) is not None]) if doubtful else data, doubtful


def _on_one_line(one: Path, other: Path) -> bool:
    """Whether one path leads to the other, or they are the same."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def checked(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The same manifests, ready to be decoded, when all of them are admissible.

    Raises ManifestError (InvalidField when each is readable) with every problem of all of them.
    """
    given = list(manifests)
    refuse([problem for manifest in given for problem in admissible(manifest)])
    return [replace(manifest, stored=defaulted(manifest.data)) for manifest in given]


def refuse(problems: Sequence[Problem]) -> None:
    """Raise the error that fits, if there are problems: InvalidField when the API server would have understood all."""
    if problems:
        unreadable = any(problem.type in _UNREADABLE or problem.field in ("apiVersion", "kind") for problem in problems)
        raise (ManifestError if unreadable else InvalidField)(problems) from None


def misplacement(manifest: Manifest, repaired: Repair) -> Problem:
    """The one problem of a manifest that lost its indentation; the excerpt is the corrected text."""
    first = repaired.moves[0].key
    return Problem(
        "wrong indentation: " + explanation(manifest.data, repaired.moves), type="Unknown",
        place=known(manifest.place_of(first)), object=manifest.ref, field=path_text(first),
        excerpt=("indented like this it is accepted:", *in_given_order(repaired.data)))
