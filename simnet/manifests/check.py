"""The schema stage: a manifest against the field tables, and all rules of one manifest together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simnet.errors import InvalidField, ManifestError, Problem
from simnet.manifests.convert import old_path
from simnet.manifests.defaults import defaulted
from simnet.manifests.findings import reported
from simnet.manifests.hints import explained
from simnet.manifests.layout import in_given_order
from simnet.manifests.manifest import Manifest
from simnet.manifests.misplaced import Repair, explanation, repair
from simnet.manifests.paths import Path, known, path_text
from simnet.manifests.schema import Field, tables
from simnet.manifests.validate import findings

_UNREADABLE = ("Syntax", "Unknown", "TypeInvalid")


def check(manifest: Manifest, *, lenient: bool = False) -> list[Problem]:
    """Unknown fields, wrong types and values outside an enumeration, each with its place and what was probably meant.

    When the indentation was lost, one problem says what stands where and shows the corrected text. With `lenient`
    unknown fields are let pass (a live object may be newer than the tables). Of kinds without a table only the
    metadata is judged.
    """
    table = tables().kind(manifest.api_version, manifest.kind)
    root = Field(table) if table else Field("ObjectMeta")
    data: Mapping[str, Any] = manifest.data if table else manifest.data["metadata"]
    prefix: Path = () if table else ("metadata",)
    found = [finding._replace(path=(*prefix, *finding.path)) for finding in explained(data, root)]
    unknown = [finding for finding in found if finding.type == "Unknown"]
    if lenient:
        found = [finding for finding in found if finding.type != "Unknown"]
    elif unknown and table:
        repaired = repair(manifest.data, table)
        if repaired is not None:
            return [misplacement(manifest, repaired)]
    return reported(found, manifest.ref, manifest.place_of)


def admissible(manifest: Manifest) -> list[Problem]:
    """Everything that is wrong with one manifest: `check`, and unless types are wrong, `validate` as well.

    Field names and places are those of the version the manifest was written in.
    """
    problems = check(manifest)
    if any(problem.type == "TypeInvalid" or problem.excerpt for problem in problems):
        return problems

    def renamed(path: Path) -> Path:
        return old_path(manifest.api_version, manifest.kind, path)

    return problems + reported(findings(manifest.data), manifest.ref, manifest.place_of, renamed)


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
