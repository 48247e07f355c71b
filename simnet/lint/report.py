"""Remarks as text, as JSON and as SARIF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from simnet.diagnosis.catalogue import DIAGNOSED
from simnet.explain.words import counted
from simnet.lint.catalogue import LINTED
from simnet.lint.edits import Edit, edit_of
from simnet.lint.remark import Remark, Severity
from simnet.version import __version__

SCHEMA = "simnet/lint/v1"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://pypi.org/project/kube-simnet/"


def is_failure(remarks: Iterable[Remark]) -> bool:
    """Whether the set fails: notes alone do not."""
    return any(each.severity is not Severity.NOTE for each in remarks)


def text_of(remarks: Sequence[Remark]) -> str:
    """One remark a line with its repair or advice below, then how many there are; '' for none."""
    lines = []
    for each in remarks:
        lines.append(str(each))
        if each.repair is not None and edit_of(each.repair) is not None:
            lines.append(f"    fix: {each.repair}")
        elif each.advice:
            lines.append(f"    {each.advice}")
    return "\n".join([*lines, summary_of(remarks)]) + "\n" if remarks else ""


def summary_of(remarks: Sequence[Remark]) -> str:
    """`4 errors, 2 warnings; 3 of them have exactly one repair (--fix)`."""
    found = Counter(each.severity for each in remarks)
    parts = ", ".join(counted(found[severity], severity.value) for severity in Severity if found[severity])
    fixable = sum(each.repair is not None and edit_of(each.repair) is not None for each in remarks)
    return parts + (f"; {fixable} of them {'has' if fixable == 1 else 'have'} exactly one repair (--fix)" if fixable else "")


def json_of(remarks: Sequence[Remark]) -> dict[str, Any]:
    """For machines: `{"schema": "simnet/lint/v1", "passed": ..., "findings": [...]}`."""
    return {"schema": SCHEMA, "passed": not is_failure(remarks), "findings": [{
        "code": each.code, "severity": each.severity.value, "file": each.place.file, "line": each.place.line,
        "column": each.place.column, "object": each.object, "field": each.field, "message": each.message,
        "nearest": each.nearest, "advice": each.advice, "repairs": [str(repair) for repair in each.repairs],
        "fix": _fix_json(each)} for each in remarks]}


def _fix_json(each: Remark) -> dict[str, Any] | None:
    edit = edit_of(each.repair) if each.repair is not None else None
    if edit is None:
        return None
    return {"line": edit.line, "column": edit.column, "old": edit.old, "new": edit.new}


# SARIF ----------------------------------------------------------------------------------------------------------

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif_of(remarks: Sequence[Remark]) -> dict[str, Any]:
    """A log of one run in the Static Analysis Results Interchange Format (OASIS SARIF 2.1.0), fixes included."""
    known = {**DIAGNOSED, **LINTED}
    rules = [{"id": code, "shortDescription": {"text": known[code]}} for code in sorted({each.code for each in remarks})]
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "simnet", "version": __version__, "informationUri": HOME, "rules": rules}},
        "results": [_result(each) for each in remarks]}]}


def _result(each: Remark) -> dict[str, Any]:
    message = f"{each.object}: {each.field}: {each.message}" + (f"; did you mean {each.nearest}?" if each.nearest else "")
    region = {"region": {"startLine": each.place.line, "startColumn": max(each.place.column, 1)}} if each.place.line else {}
    result: dict[str, Any] = {
        "ruleId": each.code, "level": LEVELS[each.severity], "message": {"text": message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": each.place.file}, **region}}]}
    edit = edit_of(each.repair) if each.repair is not None else None
    if edit is not None:
        result["fixes"] = [{"description": {"text": str(each.repair)}, "artifactChanges": [_change(edit)]}]
    return result


def _change(edit: Edit) -> dict[str, Any]:
    end_line = edit.line + edit.old.count("\n")
    end_column = 1 if edit.old.endswith("\n") else edit.end_column
    region = {"startLine": edit.line, "startColumn": edit.column, "endLine": end_line, "endColumn": end_column}
    return {"artifactLocation": {"uri": edit.file},
            "replacements": [{"deletedRegion": region, "insertedContent": {"text": edit.new}}]}
