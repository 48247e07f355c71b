"""`simnet why`: the cause of what a request gets, or everything that looks wrong in a cluster."""

from __future__ import annotations

import argparse
from fractions import Fraction

from simnet.cli.given import FAILED, FINE, cluster_of, options_of, unreadable
from simnet.cli.output import write, write_json
from simnet.cluster import Cluster
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.diagnosis import Findings, diagnose, is_healthy, notes
from simnet.errors import SimnetError
from simnet.explain.words import likely, result_of, title_of


def why(arguments: argparse.Namespace) -> int:
    """Findings for a request over all its possible paths, or without a URL for the whole cluster."""
    try:
        cluster = cluster_of(arguments)
        if arguments.url is None:
            return _cluster_at_rest(cluster, arguments.format)
        outcomes = cluster.outcomes(arguments.url, arguments.source, **options_of(arguments))
    except SimnetError as problem:
        return unreadable(problem)
    trace = _told(cluster, outcomes)
    findings = diagnose(cluster, trace)
    noted = Findings() if findings else notes(cluster, trace)
    share = sum((part for part, each in outcomes if _is_alike(each, trace)), Fraction(0))
    if arguments.format == "json":
        write_json({**Findings([*findings, *noted]).to_json(), "request": title_of(trace), "result": trace.result,
                    "probability": str(share)})
    elif arguments.format == "line":
        write(_ended(Findings([*findings, *noted]).lines()))
    else:
        write(_text(trace, share, findings, noted))
    return FAILED if findings or not is_healthy(trace) else FINE


def _told(cluster: Cluster, outcomes: Outcomes) -> Trace:
    """The path to talk about: the likeliest that goes wrong and has a cause, else the likeliest."""
    ordered = sorted(outcomes, key=lambda branch: -branch[0])
    bad = [trace for _, trace in ordered if not is_healthy(trace)]
    return bad[0] if bad else ordered[0][1]


def _is_alike(one: Trace, other: Trace) -> bool:
    return one.result == other.result and is_healthy(one) == is_healthy(other)


def _cluster_at_rest(cluster: Cluster, format: str) -> int:
    findings = diagnose(cluster)
    if format == "json":
        write_json(findings.to_json())
    elif format == "line":
        write(_ended(findings.lines()))
    else:
        write(_ended(str(findings)) or "nothing looks wrong in this cluster\n")
    return FAILED if findings else FINE


def _text(trace: Trace, share: Fraction, findings: Findings, noted: Findings) -> str:
    """For people: what was asked and what came, then the causes, the first one in full."""
    lines = [title_of(trace), f"  {result_of(trace)}" + ("" if share == 1 else f", on {likely(share)} of the paths"), ""]
    if findings:
        lines.append(str(findings))
    elif not is_healthy(trace):
        lines.append("No cause is known for this: `simnet trace` shows every step.")
    else:
        lines.append("Nothing is wrong." if not noted else "Nothing is wrong. Worth knowing:")
    lines += [f"{finding.code}: {finding.summary}\n{finding.text}" for finding in noted]
    return _ended("\n".join(lines))


def _ended(text: str) -> str:
    return text + "\n" if text else ""
