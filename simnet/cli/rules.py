"""`simnet rules`, and the rules below a trace."""

from __future__ import annotations

import json

from simnet.cluster import Cluster
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.explain.rules import Known, NamedStep, named_steps, named_text, rules_text


def exported(cluster: Cluster, node: str, family: int) -> str:
    """The rule text of one node; with no name, of the first. Raises NotFound, UsageError."""
    return rules_text(cluster.rules(node or cluster.view.first_node, family))


def with_rules(text: str, shown: Trace | Outcomes, cluster: Cluster, format: str) -> str:
    """An explanation with the rules its steps correspond to: a paragraph for each trace, in JSON a list `rules`."""
    traces = shown.traces if isinstance(shown, Outcomes) else (shown,)
    known: Known = {}
    named = [named_steps(trace, cluster.rules, known) for trace in traces]
    if format != "json":
        paragraphs = [_headed(index, len(named), named_text(steps)) for index, steps in enumerate(named, 1)]
        return "\n\n".join([text, *(each for each in paragraphs if each)])
    data = json.loads(text)
    found = [[_facts(step) for step in steps] for steps in named]
    data["rules"] = found if isinstance(shown, Outcomes) else found[0]
    return json.dumps(data, indent=2, ensure_ascii=False)


def _headed(index: int, count: int, text: str) -> str:
    return f"path {index}, {text}" if text and count > 1 else text


def _facts(step: NamedStep) -> dict[str, object]:
    return {"step": step.number, "node": step.node,
            "rules": [{"table": each.table, "chain": each.chain, "rule": each.text} for each in step.lines]}
