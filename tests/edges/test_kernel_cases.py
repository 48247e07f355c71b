"""The kernel as referee: every flow of services.json, as real connections through the exported rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest

import simnet
from simnet.explain.rules import named_steps
from simnet.explain.rules.iptables import iptables_lines
from tests.conformance.case_files import CASES
from tests.conformance.test_service_flow_cases import CONFIG_KEYS, asking, change
from tests.edges.kernel.ask import Ears
from tests.edges.kernel.lab import Lab
from tests.edges.kernel.namespaces import why_not
from tests.edges.kernel.referee import Question, Seen, is_sticky, kernel_says, simnet_says, traces_of

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

CASES_READ: list[dict[str, Any]] = json.loads((CASES / "services.json").read_text(encoding="utf-8"))["cases"]
MODES = ("iptables", "nftables")
UNASKED = {  # case and flow -> why the kernel cannot be asked
    (case["id"], flow["name"]): "kube-proxy's own health check server answers, not a rule"
    for case in CASES_READ for flow in case["flows"] if flow["expect"]["result"] == "HEALTHCHECK"}


def test_few_flows_are_left_to_simnet_alone() -> None:
    """The list: four flows, all of them health checks."""
    assert sorted(UNASKED) == [("S001", "health check node port answers on the node"),
                               ("S041", "node-a"), ("S041", "node-b"), ("S041", "node-c")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES_READ, ids=[f"{case['id']} {case['name']}" for case in CASES_READ])
def test_the_kernel_agrees_on_every_flow(case: dict[str, Any], mode: str) -> None:
    config = {CONFIG_KEYS[key]: value for key, value in (case.get("config") or {}).items()}
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", proxy={**config, "mode": mode})
    cluster.load(case["objects"])
    lab = Lab(cluster, {flow["from"]["external"] for flow in case["flows"] if "external" in flow["from"]})
    met: dict[str, set[Seen]] = {}
    try:
        for flow, question in _questions(case):
            change(cluster, flow.get("changes") or {})
            if flow.get("changes"):
                lab.follow()
            sleep(flow.get("advanceSeconds", 0))
            met[flow["name"]] = _asked(lab, flow, question)
            if "sameBackendAs" in flow["expect"]:
                assert met[flow["name"]] == met[flow["expect"]["sameBackendAs"]]
    finally:
        lab.close()


@pytest.mark.parametrize("case", [case for case in CASES_READ if case["id"] in ("S001", "S004", "S009", "S014", "S020")],
                         ids=lambda case: case["id"])
def test_the_rules_named_for_a_walk_are_those_that_counted_its_packet(case: dict[str, Any]) -> None:
    """iptables counts packets: after one connection exactly the rules that `named_steps` gives have seen one."""
    config = {CONFIG_KEYS[key]: value for key, value in (case.get("config") or {}).items()}
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", proxy=config)
    cluster.load(case["objects"])
    lab = Lab(cluster, {flow["from"]["external"] for flow in case["flows"] if "external" in flow["from"]})
    ears = Ears(lab, lab.targets())
    try:
        for flow, question in _questions(case):
            if flow["expect"].get("then") == "direct":
                continue  # no rule takes part
            lab.zero_counters()
            met = kernel_says(lab, ears, question, simnet_says(cluster, question), tries=1)
            (trace,) = {id(each): each for each in traces_of(cluster, question, met)}.values()
            named = {(step.node, line.text) for step in named_steps(trace, cluster.rules) for line in step.lines if line.owner}
            assert {(node, text) for node, text in lab.counted() if text in _of_services(lab)} == named, flow["name"]
    finally:
        ears.close()
        lab.close()


def _of_services(lab: Lab) -> set[str]:
    return {line.text for node in lab.nodes for rules in lab.rules(node) for line in iptables_lines(rules) if line.owner}


def _questions(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Question]]:
    for flow in case["flows"]:
        if (case["id"], flow["name"]) not in UNASKED:
            url, source, options = asking(flow)
            yield flow, Question(url, source, options.get("via", ""), options.get("source_address", ""))


def _asked(lab: Lab, flow: dict[str, Any], question: Question) -> set[Seen]:
    """What the kernel did with the flow, once it is known to be what simnet says."""
    expected = simnet_says(lab.cluster, question)
    direct = {question.target} if flow["expect"].get("then") == "direct" else set()
    ears = Ears(lab, lab.targets() | direct)
    try:
        if not is_sticky(lab.cluster, question):
            found = kernel_says(lab, ears, question, expected)
            assert found == expected, f"{flow['name']}: {question}"
            return found
        found = kernel_says(lab, ears, question, expected, tries=flow.get("connections", 4))
        assert len(found) == 1 and found <= expected, f"{flow['name']}: {question}"
        return found
    finally:
        ears.close()
