"""Why it failed: a code, the evidence, and fixes that were tried on a copy of the cluster."""

from __future__ import annotations

from collections.abc import Callable

from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import ask_again
from simnet.diagnosis.at_rest import suspects_at_rest
from simnet.diagnosis.catalogue import CODES, DIAGNOSED, NOTED
from simnet.diagnosis.finding import Finding, Findings, Fix, Rung
from simnet.diagnosis.notes import surprises
from simnet.diagnosis.symptoms import is_healthy, suspects
from simnet.diagnosis.trial import found_in_cluster, found_in_walk, noted

__all__ = ["CODES", "DIAGNOSED", "NOTED", "Finding", "Findings", "Fix", "Rung", "ask_again", "codes", "diagnose",
           "is_healthy", "notes", "told_codes", "why_lines"]

FIX_WIDTH = 36


def diagnose(cluster: Cluster, trace: Trace | None = None) -> Findings:
    """Why the request of `trace` went wrong, the likeliest cause first; or, without a trace, everything in the cluster
    that looks wrong, each cause once with the symptoms it explains folded under it.

    A healthy trace (open, or a status below 400) gives no finding. `cluster` is left as it is: fixes are tried on
    forks. What cannot be explained gives no finding either. Cost: a handful of forks and walks a finding.
    """
    if trace is not None:
        return Findings(found_in_walk(cluster, trace, each) for each in suspects(cluster, trace))
    findings = Findings()
    for suspicion, symptoms in suspects_at_rest(cluster):
        subject = suspicion.subject

        def is_left(twin: Cluster, subject: tuple[str, ...] = subject) -> bool:
            return any(each.subject == subject for each, _ in suspects_at_rest(twin))

        findings.append(found_in_cluster(cluster, suspicion, is_left, symptoms))
    return findings


def notes(cluster: Cluster, trace: Trace) -> Findings:
    """What is worth knowing about a request that went well: queries it took, the address the receiver sees, an affinity
    that is not used. They are no faults, so `diagnose` does not give them; `why` and `diagnose` lines of stories do."""
    return Findings(noted(each, trace) for each in surprises(cluster, trace)) if is_healthy(trace) else Findings()


def codes(cluster: Cluster, trace: Trace | None = None) -> list[str]:
    """The codes of `diagnose`, in order; nothing is tried, so this is cheap."""
    if trace is None:
        return [each.code for each, _ in suspects_at_rest(cluster)]
    return [each.code for each in suspects(cluster, trace)]


def told_codes(cluster: Cluster, trace: Trace | None = None) -> list[str]:
    """The codes of `diagnose`, and for a healthy trace those of `notes`: what a line `diagnose ... says` compares."""
    found = codes(cluster, trace)
    if found or trace is None or not is_healthy(trace):
        return found
    return [each.code for each in surprises(cluster, trace)]


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
