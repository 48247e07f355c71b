"""Finished traces, lookups and outcomes as text, tree, JSON and graphs. Nothing is decided here."""

from __future__ import annotations

from json import dumps

from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.errors import UsageError, nearest
from simnet.explain import text, tree
from simnet.explain.hops import hops_of
from simnet.explain.json import to_json
from simnet.explain.line import one_line

__all__ = ["explain", "hops_of", "one_line", "to_json"]

FORMATS = ("text", "tree", "json")


def explain(thing: Trace | Outcomes | Lookup | Answer, format: str = "text") -> str:
    """What happened and why: of a trace, of all `outcomes` of a request, of a lookup (`resolve`), of one `query`.

    `format` is text (numbered lines for people), tree (sub-walks drawn in full) or json (`to_json`, two blanks a
    level). No trailing newline, no colours; the same bytes for the same trace. Raises UsageError for another format or
    a thing that cannot be explained. Cost: O(steps), and the rules of an Ingress controller that lost.
    """
    if format not in FORMATS:
        near = nearest(format, FORMATS)
        raise UsageError(f"explain: format {format!r} is not one of {', '.join(FORMATS)}"
                         + (f"; did you mean {near}?" if near else ""))
    if not isinstance(thing, Trace | Outcomes | Lookup | Answer):
        raise UsageError(f"explain: a {type(thing).__name__} cannot be explained; a trace, the outcomes of a request, a "
                         "lookup and an answer can")
    if format == "json":
        return dumps(to_json(thing), indent=2, ensure_ascii=False)
    if isinstance(thing, Trace):
        return text.trace_text(thing) if format == "text" else tree.trace_tree(thing)
    if isinstance(thing, Outcomes):
        return text.outcomes_text(thing) if format == "text" else tree.outcomes_tree(thing)
    if isinstance(thing, Lookup):
        return text.lookup_text(thing) if format == "text" else tree.lookup_tree(thing)
    return text.answer_text(thing) if format == "text" else tree.answer_tree(thing)
