"""The kernel as referee: every flow of services.json, as real connections through the exported rules."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest

import simnet
from simnet.explain.rules import named_steps
from simnet.explain.rules.iptables import iptables_lines
from tests.conformance.case_files import CASES, with_rows
from tests.conformance.test_service_flow_cases import CONFIG_KEYS, asking, change
from tests.edges.kernel.ask import Ears
from tests.edges.kernel.lab import Lab
from tests.edges.kernel.namespaces import why_not
from tests.edges.kernel.referee import Question, Seen, is_sticky, kernel_says, simnet_says, traces_of
from tests.edges.kernel.tracked import HAS_TOOL, entry_of, kept

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

HEALTH = "kube-proxy's own health check server answers, not a rule"
CLOCK = "the kernel's clock cannot be put forward, nor what it remembered at an earlier time be asked for"
COUNTED = ("S001", "S004", "S009", "S014", "S020")  # the cases whose packets are followed rule by rule,
TRACKED = ("S003", "S004", "S010", "S020", "S021", "R046")  # and those whose entries of connection tracking are read
LONGEST_WAIT = 5  # seconds that are really waited for
CASES_READ: list[dict[str, Any]] = with_rows(
    json.loads((CASES / "services.json").read_text(encoding="utf-8")), "services.json")["cases"]
RUNS = [(case, mode) for case in CASES_READ for mode in ("iptables", "nftables")
        if (case.get("config") or {}).get("mode", mode) == mode]


def unasked(case: dict[str, Any]) -> dict[str, str]:
    """The flows of a case that the kernel cannot be asked, with the reason."""
    found = {flow["name"]: HEALTH for flow in case["flows"] if flow["expect"]["result"] == "HEALTHCHECK"}
    late = next((index for index, flow in enumerate(case["flows"]) if flow.get("advanceSeconds", 0) > LONGEST_WAIT), None)
    return found if late is None else {**found, **{flow["name"]: CLOCK for flow in case["flows"][late:]}}


def test_few_flows_are_left_to_simnet_alone() -> None:
    """The whole list."""
    left = {(case["id"], reason): sum(each == reason for each in unasked(case).values())
            for case in CASES_READ for reason in unasked(case).values()}
    assert left == {("S001", HEALTH): 1, ("S041", HEALTH): 3,
                    ("R013", HEALTH): 2, ("R014", HEALTH): 3, ("R015", HEALTH): 1, ("R037", CLOCK): 4,
                    ("R054", HEALTH): 1}


@pytest.mark.parametrize(("case", "mode"), RUNS, ids=[f"{case['id']} {case['name']}, {mode}" for case, mode in RUNS])
def test_the_kernel_agrees_on_every_flow(case: dict[str, Any], mode: str, scale: int) -> None:
    if scale == 1 and mode == "nftables" and case["id"].startswith("R") and "mode" not in case["config"]:
        pytest.skip("the further rows are asked a second time, in nftables mode, with --long")
    cluster = cluster_of(case, mode)
    met: dict[str, set[Seen]] = {}
    with Lab(cluster, outside(case)) as lab:
        for flow, question in _questions(case):
            change(cluster, flow.get("changes") or {})
            if flow.get("changes"):
                lab.follow()
            sleep(flow.get("advanceSeconds", 0))
            met[flow["name"]] = _asked(lab, flow, question)
            if "sameBackendAs" in flow["expect"]:
                assert met[flow["name"]] == met[flow["expect"]["sameBackendAs"]]


def test_nothing_stays_behind_when_a_question_fails() -> None:
    def here() -> tuple[list[str], str]:
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        return sorted(os.listdir("/proc/self/fd")), links

    before = here()
    with pytest.raises(AssertionError, match="no-such"), Lab(cluster_of(CASES_READ[0], "iptables")) as lab:
        lab.core.ip("link set no-such up")
        lab.core.settle()
    assert here() == before


def cluster_of(case: dict[str, Any], mode: str) -> simnet.Cluster:
    config = {CONFIG_KEYS[key]: value for key, value in (case.get("config") or {}).items()}
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", proxy={**config, "mode": mode})
    cluster.load(case["objects"])
    return cluster


@pytest.mark.parametrize("case", [case for case in CASES_READ if case["id"] in COUNTED],
                         ids=lambda case: case["id"])
def test_the_rules_named_for_a_walk_are_those_that_counted_its_packet(case: dict[str, Any]) -> None:
    """iptables counts packets: after one connection exactly the rules that `named_steps` gives have seen one."""
    cluster = cluster_of(case, "iptables")
    with Lab(cluster, outside(case)) as lab, Ears(lab, lab.targets()) as ears:
        for flow, question in _questions(case):
            if flow["expect"].get("then") == "direct":
                continue  # no rule takes part
            lab.zero_counters()
            met = kernel_says(lab, ears, question, simnet_says(cluster, question), tries=1)
            (trace,) = {id(each): each for each in traces_of(cluster, question, met)}.values()
            named = {(step.node, line.text) for step in named_steps(trace, cluster.rules) for line in step.lines if line.owner}
            assert {(node, text) for node, text in lab.counted() if text in _of_services(lab)} == named, flow["name"]


@pytest.mark.skipif(not HAS_TOOL, reason="what the kernel remembers of connections is read by `conntrack`, which is not here")
@pytest.mark.parametrize("case", [case for case in CASES_READ if case["id"] in TRACKED], ids=lambda case: case["id"])
def test_connection_tracking_holds_what_the_trace_shows(case: dict[str, Any]) -> None:
    cluster = cluster_of(case, "iptables")
    compared = 0
    with Lab(cluster, outside(case)) as lab, Ears(lab, lab.targets()) as ears:
        for flow, question in _questions(case):
            met = kernel_says(lab, ears, question, simnet_says(cluster, question), tries=1)
            entries = [entry_of(trace) for trace in traces_of(cluster, question, met)]
            if entries and entries[0] is not None:
                node, entry = entries[0]
                assert entry in kept(lab, node, question.target[2], 6 if ":" in question.target[0] else 4), flow["name"]
                compared += 1
    assert compared > 6


def outside(case: dict[str, Any]) -> set[str]:
    return {flow["from"]["external"] for flow in case["flows"] if "external" in flow["from"]}


def _of_services(lab: Lab) -> set[str]:
    return {line.text for node in lab.nodes for rules in lab.rules(node) for line in iptables_lines(rules) if line.owner}


def _questions(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Question]]:
    left = unasked(case)
    for flow in case["flows"]:
        if flow["name"] not in left:
            url, source, options = asking(flow)
            yield flow, Question(url, source, options.get("via", ""), options.get("source_address", ""))


def _asked(lab: Lab, flow: dict[str, Any], question: Question) -> set[Seen]:
    """What the kernel did with the flow, once it is known to be what simnet says."""
    expected = simnet_says(lab.cluster, question)
    direct = {question.target} if flow["expect"].get("then") == "direct" else set()
    with Ears(lab, lab.targets() | direct) as ears:
        if is_sticky(lab.cluster, question):
            found = kernel_says(lab, ears, question, expected, tries=flow.get("connections", 4))
            assert len(found) == 1 and found <= expected, f"{flow['name']}: {question}"
        else:
            found = kernel_says(lab, ears, question, expected)
            assert found == expected, f"{flow['name']}: {question}"
        return found
