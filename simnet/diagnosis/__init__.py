"""Why it failed: a code, the evidence, and fixes that were tried on a copy of the cluster."""

from __future__ import annotations

from collections.abc import Callable

from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import ask_again
from simnet.diagnosis.finding import Finding, Findings, Fix, Rung
from simnet.diagnosis.lint import subject_of, suspects_at_rest
from simnet.diagnosis.symptoms import suspects
from simnet.diagnosis.trial import found_in_cluster, found_in_walk

__all__ = ["Finding", "Findings", "Fix", "Rung", "ask_again", "codes", "diagnose", "why_lines"]

FIX_WIDTH = 36


def diagnose(cluster: Cluster, trace: Trace | None = None) -> Findings:
    """Why the request of `trace` went wrong, the likeliest cause first; or, without a trace, everything in the cluster
    that looks wrong.

    A healthy trace (open, or a status below 400) gives no finding. `cluster` is left as it is: fixes are tried on
    forks. What cannot be explained gives no finding either. Cost: a handful of forks and walks a finding.
    """
    if trace is not None:
        return Findings(found_in_walk(cluster, trace, each) for each in suspects(cluster, trace))
    findings = Findings()
    for suspicion in suspects_at_rest(cluster):
        subject = subject_of(suspicion)

        def is_left(twin: Cluster, subject: tuple[str, str] = subject) -> bool:
            return any(subject_of(each) == subject for each in suspects_at_rest(twin))

        findings.append(found_in_cluster(cluster, suspicion, is_left))
    return findings


def codes(cluster: Cluster, trace: Trace | None = None) -> list[str]:
    """The codes of `diagnose`, in order; nothing is tried, so this is cheap."""
    found = suspects_at_rest(cluster) if trace is None else suspects(cluster, trace)
    return [each.code for each in found]


def why_lines(cluster: Cluster, trace: Trace, assertion: Callable[[Cluster], bool] | None = None) -> list[str]:
    """The lines `why`, `nearest`, `fix` and `try` of a failure report, for the likeliest cause.

    A change of an object is shown as a fix only if `assertion` (does the failed line hold there?) is true on the copy
    that has the change; a changed request, shown as `try`, must end well. Nothing for a healthy trace.
    """
    suspicion = next(iter(suspects(cluster, trace)), None)
    if suspicion is None:
        return []
    finding = found_in_walk(cluster, trace, suspicion, assertion)
    lines = [f"why      {finding.code:<13} {finding.summary}"]
    if finding.nearest:
        lines.append(f"nearest  {finding.nearest}")
    for fix in finding.fixes[:1]:
        lines.append(f"{'try' if fix.is_request else 'fix':<8} {fix!s:<{FIX_WIDTH}} {fix.tried}")
    return lines
