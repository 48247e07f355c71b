"""A walk for people: numbered lines, one a step, with the facts below each."""

from __future__ import annotations

from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.explain.line import one_line
from simnet.explain.told import Told, told
from simnet.explain.told_name import answer_line, lookup_facts, status_text
from simnet.explain.told_travel import way_back_told
from simnet.explain.words import counted, likely, listed, result_of, title_of

PLACE_WIDTH = 10
MOST_WAYS = 20


def trace_text(trace: Trace) -> str:
    """The whole walk: who asked what, the result, every step, what was taken for granted and what is not modelled.

    The steps of a connection that a proxy opened are set in by two blanks. Cost: O(steps); the rules that lost are
    looked up now.
    """
    return "\n".join([title_of(trace), f"result: {result_of(trace)}", "", *_steps(trace), *endnotes(trace)])


def _steps(trace: Trace) -> list[str]:
    width = len(str(len(trace.steps)))
    return [line for number, step in enumerate(trace.steps, 1)
            for line in _step_lines(f"{number:>{width}}.", told(step))]


def _step_lines(number: str, step: Told) -> list[str]:
    head = f"{number} {'  ' * step.depth}{step.place:<{PLACE_WIDTH}}"
    blank = " " * len(head)
    below = [*step.facts, *_query_lines(step)]
    return [f"{head} {step.sentence}", *(f"{blank} {line}" for line in below)]


def _query_lines(step: Told) -> list[str]:
    """Each way a DNS query may take in one line; the tree shows them in full."""
    if len(step.inner) == 1:
        return [f"the query: {one_line(step.inner[0][1])}"]
    shown = [f"the query, {likely(share)}: {one_line(trace)}" for share, trace in step.inner[:MOST_WAYS]]
    left = len(step.inner) - MOST_WAYS
    return [*shown, f"and {left} more ways"] if left > 0 else shown


def endnotes(trace: Trace) -> list[str]:
    """What connection tracking remembers and the way back; what the answer rests on without anybody having said it;
    settings that were met and have no effect."""
    lines = way_back_told(trace.ways_back)
    lines += [f"assumed: {each}" for each in trace.assumed]
    lines += [f"not modelled: {each}" for each in trace.not_modelled]
    return ["", *lines] if lines else []


def outcomes_text(outcomes: Outcomes) -> str:
    """How likely each result and each receiver is, then every possible walk."""
    count = len(outcomes)
    lines = [title_of(outcomes.traces[0]), f"{counted(count, 'possible path')}", ""]
    lines += [f"{likely(share)}: {word}" for word, share in outcomes.results.items()]
    lines += [f"{likely(share)}: received by {receiver}" for receiver, share in outcomes.endpoints.items()]
    for number, (share, trace) in enumerate(outcomes, 1):
        lines += ["", f"path {number} of {count}, {likely(share)}: {result_of(trace)}", *_steps(trace), *endnotes(trace)]
    return "\n".join(lines)


def lookup_text(lookup: Lookup) -> str:
    """What a program's resolver did with a name."""
    found = listed(lookup.addresses) or status_text(lookup)
    lines = [f"{lookup.name}: {found}", *lookup_facts(lookup)]
    if lookup.assumed:
        lines.append(f"assumed: the host {lookup.assumed} of an Ingress or Gateway is published in the public DNS")
    return "\n".join(lines)


def answer_text(answer: Answer) -> str:
    """One question and what came back: the line with the reason, then every further record."""
    sections = (("authority", answer.authority), ("additional", answer.additional))
    return "\n".join([answer_line(answer), f"rcode: {answer.rcode}",
                      *(f"{name}: {record}" for name, records in sections for record in records)])
