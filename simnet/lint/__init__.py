"""Manifests that belong together, read without a cluster: references that lead nowhere, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from simnet.errors import Place, Problem
from simnet.images import Images
from simnet.lint.addresses import address_remarks
from simnet.lint.ingresses import ingress_remarks
from simnet.lint.policies import policy_remarks
from simnet.lint.remark import Remark, Repair, Severity
from simnet.lint.services import service_remarks
from simnet.lint.world import ManifestSet, Plan
from simnet.manifests import Manifest, admissible, read_manifests

__all__ = ["ManifestSet", "Plan", "Remark", "Repair", "Severity", "lint", "lint_set"]

NAMES: Final = ("metadata.name", "metadata.generateName", "metadata.namespace")


def lint(source: Any, *, plan: Plan | None = None, images: Images | None = None) -> list[Remark]:
    """Everything that is wrong or doubtful in a set of manifests, in the order of the files as given and of their lines.

    `source` is what `read_manifests` takes. What the API server would refuse is a remark as well (`API-INVALID`,
    `DNS-LABEL` for a name), and such an object is asked nothing else. So is what it would take with a warning, and text
    that reads as something else than it looks (`API-WARNING`). `plan` gives ranges of addresses that the
    manifests do not show, `images` what listens in containers. Raises ManifestError for what cannot be read at all.
    Cost: O(Services * pods) selections.
    """
    refused: dict[int, list[Problem]] = {}

    def collected(manifest: Manifest) -> list[Problem]:
        refused[id(manifest)] = admissible(manifest)
        return []

    manifests = read_manifests(source, rules=collected)
    problems = [(each, problem) for each in manifests for problem in refused.get(id(each), [])]
    unsound = [each for each in manifests if refused.get(id(each))]
    sound = [each for each in manifests if not refused.get(id(each))]
    remarks = [_refusal(manifest, problem) for manifest, problem in problems]
    remarks += [_warning(manifest, problem) for manifest in manifests for problem in manifest.warnings]
    remarks += lint_set(ManifestSet(sound, unsound, plan, images))
    order = {file: index for index, file in enumerate(dict.fromkeys(each.place.file for each in manifests))}
    return sorted(remarks, key=lambda each: (order.get(each.place.file, 0), each.place.line, each.place.column, each.code))


def lint_set(given: ManifestSet) -> Iterable[Remark]:
    """The remarks about manifests that are sound one by one."""
    yield from service_remarks(given)
    yield from ingress_remarks(given)
    yield from address_remarks(given)
    yield from policy_remarks(given)


def _refusal(manifest: Manifest, problem: Problem) -> Remark:
    """What the API server would refuse."""
    code = "DNS-LABEL" if problem.field in NAMES else "API-INVALID"
    bare = Problem(problem.detail, problem.type, value=problem.value)
    return Remark(code, Severity.ERROR, problem.place or Place(manifest.place.file), manifest.ref, problem.field, str(bare),
                  problem.suggestion, "The API server would refuse this.")


def _warning(manifest: Manifest, problem: Problem) -> Remark:
    """What would be taken, and is not what it looks like."""
    advice = next((line for line in problem.excerpt if line.startswith("try: ")), "")
    return Remark("API-WARNING", Severity.WARNING, problem.place or Place(manifest.place.file), manifest.ref, problem.field,
                  problem.detail, problem.suggestion, advice)
