"""Suspicion -> finding: candidates are tried on a copy of the cluster; what works there is a fix, nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from simnet.cluster import Cluster
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.finding import Finding, Fix, Rung
from simnet.diagnosis.ladder import ladder_of, unjudged_policies
from simnet.diagnosis.suspicion import Instead, Patch, Suspicion, shown
from simnet.diagnosis.symptoms import is_healthy
from simnet.errors import SimnetError
from simnet.explain.words import listed, named

MOST_TRIALS = 8
SYMPTOMS = {
    Verdict.REFUSED: "The connection is refused at once.",
    Verdict.DROPPED: "The client hears nothing and gives up after a while (timeout).",
    Verdict.UNRESOLVED: "The client finds no address for the name.",
    Verdict.TLS_FAILED: "The client ends the TLS handshake with an error.",
    Verdict.UNREACHABLE: "The client cannot reach the address at all.",
    Verdict.LOOPED: "The request goes round in a circle.",
}
UNJUDGED = ("NetworkPolicies that select a pod of this walk are not judged by simnet and may be a further cause on a real "
            "cluster: {}.")
Holds = Callable[[Cluster], bool]


def found_in_walk(cluster: Cluster, trace: Trace, suspicion: Suspicion, holds: Holds | None = None) -> Finding:
    """The finding for a request: each change is made on a copy and the request walks again over every possible path.

    With `holds` (the assertion that failed) a change of an object is a fix only if that holds on the copy.
    """
    fixes = [(each, fix) for each in suspicion.candidates[:MOST_TRIALS]
             if (fix := _tried(cluster, trace, each, holds)) is not None]
    policies = unjudged_policies(trace)
    if policies:
        suspicion = replace(suspicion, evidence=(*suspicion.evidence, UNJUDGED.format(listed(policies))))
    return _finding(suspicion, _symptom(trace), ladder_of(trace), smallest(fixes))


def found_in_cluster(cluster: Cluster, suspicion: Suspicion, is_left: Holds, symptoms: Sequence[str] = ()) -> Finding:
    """The finding for a whole cluster: a change is a fix if `is_left` no longer holds on the copy."""
    fixes: list[tuple[Patch | Instead, Fix]] = []
    for each in suspicion.candidates[:MOST_TRIALS]:
        twin = each.on(cluster) if isinstance(each, Patch) else None
        if isinstance(each, Patch) and twin is not None and not is_left(twin):
            fixes.append((each, _fix(each, "tried on a copy: this finding is gone")))
    return replace(_finding(suspicion, suspicion.symptom, (), smallest(fixes)), symptoms=tuple(symptoms))


def noted(suspicion: Suspicion, trace: Trace) -> Finding:
    """The finding for a request that went well; nothing is tried, because nothing has to be mended."""
    symptom = _symptom(trace) if trace.response is not None else "The connection opens."
    return replace(_finding(suspicion, symptom, ladder_of(trace), []), severity="note")


def smallest(fixes: Sequence[tuple[Patch | Instead, Fix]]) -> list[Fix]:
    """The two smallest of the changes that work: the fewest fields first, then the nearest value. Other requests to make
    are in the order of their likelihood and stay in it."""
    if all(isinstance(each, Patch) for each, _ in fixes):
        fixes = sorted(fixes, key=lambda tried: tried[0].size if isinstance(tried[0], Patch) else (0, 0))
    return [fix for _, fix in fixes[:2]]


def _tried(cluster: Cluster, trace: Trace, candidate: Patch | Instead, holds: Holds | None) -> Fix | None:
    if isinstance(candidate, Instead):
        outcomes = _outcomes(lambda: candidate.asked.outcomes(cluster))
        if outcomes is None or not all(map(is_healthy, outcomes.traces)):
            return None
        return Fix("request", candidate.part, candidate.old, candidate.new, f"tried: {_got(outcomes)}",
                   candidate.asked.command)
    twin = candidate.on(cluster)
    if twin is None:
        return None
    if holds is not None:
        return _fix(candidate, "tried on a copy: the line above passes") if holds(twin) else None
    outcomes = _outcomes(lambda: asked_of(trace).outcomes(twin))
    if outcomes is None or not all(map(is_healthy, outcomes.traces)):
        return None
    return _fix(candidate, f"tried on a copy: {_got(outcomes)}")


def _outcomes(ask: Callable[[], Outcomes]) -> Outcomes | None:
    """None when the request cannot be made there (its sender is gone)."""
    try:
        return ask()
    except SimnetError:
        return None


def _fix(patch: Patch, tried: str) -> Fix:
    return Fix(patch.object.ref, patch.field, shown(patch.old), shown(patch.new), tried, patch.command)


def _got(outcomes: Outcomes) -> str:
    return f"the request gets {listed(outcomes.results)}"


def _symptom(trace: Trace) -> str:
    """What the client saw, as a sentence."""
    if trace.response is not None:
        giver = f" from {trace.response.by}" if trace.response.by else ""
        return f"The client gets the status {trace.response.status}{giver}."
    return SYMPTOMS.get(trace.verdict, f"The client sees {trace.result}.")


def _finding(suspicion: Suspicion, symptom: str, ladder: tuple[Rung, ...], fixes: list[Fix]) -> Finding:
    sentences = [symptom, suspicion.cause, *suspicion.evidence]
    if fixes:
        where = "" if fixes[0].is_request else f" in {named(fixes[0].object)}"
        sentences.append(f"What helps{where}: {fixes[0]}.")
    elif suspicion.advice:
        sentences.append(suspicion.advice)
    return Finding(suspicion.code, suspicion.objects, suspicion.observed, suspicion.expected, suspicion.summary,
                   " ".join(sentences), suspicion.nearest, ladder, tuple(fixes))
