"""The flow cases of services.json: what kube-proxy does with each new connection, through the public API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

import simnet
from simnet.dataplane.decisions import LeftCluster
from tests.conformance.case_files import load, rows_of

CASE_KEYS = {"id", "name", "source", "origin", "rules", "verified", "config", "objects", "flows", "note"}
CONFIG_KEYS = {"clusterCIDRs": "cluster_cidrs", "nodePortAddresses": "node_port_addresses",
               "localhostNodePorts": "localhost_node_ports", "masqueradeAll": "masquerade_all", "mode": "mode"}
FLOW_KEYS = {"name", "advanceSeconds", "changes", "connections", "from", "to", "via", "expect", "note"}
EXPECT_KEYS = {"result", "backends", "masquerade", "distinctBackends", "sameBackendAs", "proxiedBy", "then", "status",
               "localEndpoints"}
TOP_KEYS = {"format", "cases", "allocationCases", "sliceCases"}
SCHEMES = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    data = load(metafunc.config, "services.json")
    if data is None:
        metafunc.parametrize("case", [], ids=[])
        return
    assert set(data) <= TOP_KEYS, f"unknown keys {set(data) - TOP_KEYS}"
    rows = rows_of(data, "services.json", "cases", "allocationCases", "sliceCases")
    metafunc.parametrize("case", rows, ids=[f"{case['id']} {case['name']}" for case in rows])


def test_flow_case(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys {set(case) - CASE_KEYS}"
    cluster = cluster_of(case)
    seen: dict[str, set[str]] = {}
    for flow in case["flows"]:
        run_flow(cluster, flow, seen)


@pytest.mark.runner
def test_every_wrong_expectation_of_a_flow_fails(case: dict[str, Any]) -> None:
    cluster = cluster_of(case)
    seen: dict[str, set[str]] = {}
    for flow in case["flows"]:
        for what, wrong in spoiled(flow):
            assert not holds(cluster.fork(), wrong, dict(seen)), f"{flow['name']}: passes with {what}"
        run_flow(cluster, flow, seen)


def holds(cluster: simnet.Cluster, flow: dict[str, Any], seen: dict[str, set[str]]) -> bool:
    try:
        run_flow(cluster, flow, seen)
    except AssertionError:
        return False
    return True


WRONG_RESULTS = {"FORWARD": {"result": "REJECT"}, "REJECT": {"result": "DROP"}, "DROP": {"result": "REJECT"},
                 "NOMATCH": {"result": "DROP"}, "HEALTHCHECK": {"result": "NOMATCH", "then": "closed-port"}}
WRONG_ENDS = {"direct": "closed-port", "closed-port": "off-cluster", "off-cluster": "direct"}


def spoiled(flow: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The flow with each of its expectations turned wrong, one at a time."""
    expect = flow["expect"]
    yield "another result", {**flow, "expect": {**expect, **WRONG_RESULTS[expect["result"]]}}
    for key, value in expect.items():
        for wrong in wrong_values(key, value, expect):
            yield f"{key}: {wrong}", {**flow, "expect": {**expect, key: wrong}}
    yield "an unknown expectation", {**flow, "expect": {**expect, "unknown": True}}
    yield "an unknown key", {**flow, "unknown": True}


def wrong_values(key: str, value: Any, expect: dict[str, Any]) -> list[Any]:
    """Values of one expectation that must fail where `value` holds."""
    match key:
        case "backends":
            sticky = "distinctBackends" in expect or "sameBackendAs" in expect
            return [[]] if sticky else [value[:-1], [*value, "192.0.2.99:1"]]
        case "masquerade" if isinstance(value, dict):
            return [{**value, each: not value[each]} for each in value]
        case "masquerade":
            return [not value]
        case "distinctBackends" | "localEndpoints":
            return [value + 1]
        case "status":
            return [503 if value == 200 else 200]
        case "then":
            return [WRONG_ENDS[value]]
        case "proxiedBy" | "sameBackendAs":
            return ["no-such-name"]
        case _:
            return []


def cluster_of(case: dict[str, Any]) -> simnet.Cluster:
    config = case.get("config") or {}
    assert set(config) <= set(CONFIG_KEYS), f"unknown config {set(config) - set(CONFIG_KEYS)}"
    proxy = {CONFIG_KEYS[key]: value for key, value in config.items()}
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", proxy=proxy)
    cluster.load(case["objects"])
    return cluster


def run_flow(cluster: simnet.Cluster, flow: dict[str, Any], seen: dict[str, set[str]]) -> None:
    assert set(flow) <= FLOW_KEYS, f"unknown keys {set(flow) - FLOW_KEYS}"
    expect = flow["expect"]
    assert set(expect) <= EXPECT_KEYS, f"unknown expectations {set(expect) - EXPECT_KEYS}"
    cluster.advance(flow.get("advanceSeconds", 0))
    change(cluster, flow.get("changes") or {})
    url, source, options = asking(flow)
    outcomes = cluster.outcomes(url, source, **options)
    traces = outcomes.traces
    assert traces
    for trace in traces:
        check_result(trace, expect, flow["via"])
    if expect["result"] == "FORWARD":
        check_backends(traces, expect)
        check_shares(outcomes)
    made = [cluster.connect(url, source, **options) for _ in range(flow.get("connections", 1))]
    seen[flow["name"]] = {trace.service.backend for trace in made if trace.service and trace.service.backend}
    if "distinctBackends" in expect:
        assert len(seen[flow["name"]]) == expect["distinctBackends"]
    if "sameBackendAs" in expect:
        assert seen[flow["name"]] == seen.get(expect["sameBackendAs"])


def change(cluster: simnet.Cluster, changes: dict[str, Any]) -> None:
    assert set(changes) <= {"apply", "delete"}
    if changes.get("apply"):
        cluster.load(changes["apply"])
    for each in changes.get("delete") or ():
        cluster.delete(each["kind"], each["name"], namespace=each["namespace"])


def asking(flow: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """URL, source and options of a flow."""
    to, origin = flow["to"], flow["from"]
    host = f"[{to['address']}]" if ":" in to["address"] else to["address"]
    url = f"{SCHEMES[to['protocol']]}://{host}:{to['port']}"
    if "pod" in origin:
        return url, f"pod/{origin['pod']}", {}
    if "node" in origin:
        options = {"source_address": origin["address"]} if origin.get("address") else {}
        return url, f"node/{origin['node']}", options
    return url, origin["external"], {"via": flow["via"]}


def check_result(trace: simnet.Trace, expect: dict[str, Any], via: str) -> None:
    service = trace.service
    match expect["result"]:
        case "FORWARD":
            assert service is not None and service.result == "FORWARD", trace
            assert trace.verdict is simnet.Verdict.DELIVERED
            wanted = expect["masquerade"]
            if isinstance(wanted, dict):
                wanted = wanted[service.backend]
            assert service.masqueraded == wanted, (service, trace.seen_source)
        case "REJECT":
            assert service is not None and service.result == "REJECT", trace
            assert trace.verdict is simnet.Verdict.REFUSED
        case "DROP":
            assert service is not None and service.result == "DROP", trace
            assert trace.verdict is simnet.Verdict.DROPPED
        case "NOMATCH":
            assert service is None, service
            check_unmatched(trace, expect["then"])
        case "HEALTHCHECK":
            assert trace.verdict is simnet.Verdict.ANSWERED
            assert trace.response is not None and trace.response.status == expect["status"]
            assert json.loads(trace.response.text)["localEndpoints"] == expect["localEndpoints"]
            assert trace.last.before.node == expect.get("proxiedBy", via)
        case other:
            raise AssertionError(f"unknown result {other}")
    if service is not None:
        assert service.node == expect.get("proxiedBy", via)


def check_unmatched(trace: simnet.Trace, then: str) -> None:
    match then:
        case "direct":
            assert trace.verdict is simnet.Verdict.DELIVERED
        case "closed-port":
            assert trace.verdict is simnet.Verdict.REFUSED
        case "off-cluster":
            assert trace.verdict is simnet.Verdict.DROPPED and isinstance(trace.last.because, LeftCluster)
        case other:
            raise AssertionError(f"unknown `then` {other}")


def check_shares(outcomes: simnet.Outcomes) -> None:
    """Every possible endpoint is as likely as the others; one that is remembered is certain (rules LB-1, AF-1)."""
    shares: dict[str, Fraction] = {}
    for share, trace in outcomes:
        assert trace.service is not None and trace.service.backend is not None
        shares[trace.service.backend] = shares.get(trace.service.backend, Fraction(0)) + share
    assert set(shares.values()) == {Fraction(1, len(shares))}, shares


def check_backends(traces: tuple[simnet.Trace, ...], expect: dict[str, Any]) -> None:
    """The exact set of possible endpoints; while affinity holds, one or some of them."""
    possible = {trace.service.backend for trace in traces if trace.service is not None}
    if "distinctBackends" in expect or "sameBackendAs" in expect:
        assert possible <= set(expect["backends"])
    else:
        assert possible == set(expect["backends"])
