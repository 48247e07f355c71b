"""What a diagnosis says: a code to assert on, the facts, a text for learners, fixes that were tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MARKS = {True: "✓", False: "✗", None: "-"}
QUESTIONS = ("exists", "name", "address", "endpoints", "listening", "policy", "route", "certificate")
"""The rungs of the ladder, in the order one looks."""

SCHEMA = "simnet/diagnosis/v1"


@dataclass(frozen=True, slots=True)
class Rung:
    """One question of the ladder and its answer; `holds` is None when it did not come up or was not reached."""

    question: str
    holds: bool | None
    fact: str = ""

    def __str__(self) -> str:
        return f"{MARKS[self.holds]} {self.question + '?':<12} {self.fact}".rstrip()


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that was tried on a copy of the cluster and works.

    `object` is `service/default/web`, or `request` when the request itself should be another. `field` is the field's
    path, or the part of the request; `old` and `new` are texts. `tried` says what came of it, `command` is how to type
    it: curl or nc for a request, kubectl for an object.
    """

    object: str
    field: str
    old: str
    new: str
    tried: str = ""
    command: str = ""

    @property
    def is_request(self) -> bool:
        return self.object == "request"

    def __str__(self) -> str:
        return f"{self.field}: {self.old or '(none)'} -> {self.new or '(none)'}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. `summary` is the cause in one line, `nearest` what was probably meant ('' if nothing is near),
    `text` three to six sentences: symptom, cause, evidence, fix. `objects` are refs such as `service/default/web`.

    `symptoms` are what else goes wrong by the same cause, a clause each: they are folded under it and are no findings
    of their own. `severity` is `error` for a cause of failure and `note` for something that went well and surprises.
    """

    code: str
    objects: tuple[str, ...]
    observed: str
    expected: str
    summary: str
    text: str
    nearest: str = ""
    ladder: tuple[Rung, ...] = ()
    fixes: tuple[Fix, ...] = ()
    symptoms: tuple[str, ...] = ()
    severity: str = "error"

    @property
    def line(self) -> str:
        """Code and cause in one line, and the smallest fix if there is one."""
        fix = f" [{self.fixes[0]}]" if self.fixes else ""
        return f"{self.code} {self.summary}{fix}"

    def to_json(self) -> dict[str, Any]:
        """The finding as plain data, the key names those of the attributes."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.summary}", self.text, *(f"  {rung}" for rung in self.ladder)]
        lines += [f"so also: {symptom}" for symptom in self.symptoms]
        for fix in self.fixes:
            where = "" if fix.is_request else f" of {fix.object}"
            lines.append(f"fix: {fix}{where} ({fix.tried})")
            if fix.command:
                lines.append(f"     {fix.command}")
        return "\n".join(lines)


class Findings(list[Finding]):
    """Findings, the likeliest first; `str()` is the text for people, '' when there are none."""

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def lines(self) -> str:
        """One line a finding, the code first: for tests and logs."""
        return "\n".join(finding.line for finding in self)

    def to_json(self) -> dict[str, Any]:
        """For machines: `{"schema": "simnet/diagnosis/v1", "findings": [...]}`."""
        return {"schema": SCHEMA, "findings": [finding.to_json() for finding in self]}
