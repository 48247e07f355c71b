"""The slice cases of services.json: which EndpointSlices the controller makes of nodes, pods and a Service."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.objects.endpointslice import Endpoint, EndpointSlice
from tests.conformance.case_files import load

CASE_KEYS = {"id", "name", "source", "origin", "rules", "verified", "objects", "service", "expect", "generate", "note"}
EXPECT_KEYS = {"slices", "sliceSizes"}
GENERATE_KEYS = {"pods", "labels", "nodeName", "firstIP"}
SLICE_KEYS = {"addressType", "ports", "endpoints"}
PORT_KEYS = {"name", "port", "protocol", "appProtocol"}
ENDPOINT_KEYS = {"address", "ready", "serving", "terminating", "nodeName", "zone", "hostname", "hints"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    data = load(metafunc.config, "services.json")
    cases = data.get("sliceCases", []) if data is not None else []
    metafunc.parametrize("case", cases, ids=[f"{case['id']} {case['name']}" for case in cases])


def test_slice_case(case: dict[str, Any]) -> None:
    assert_holds(case)


@pytest.mark.runner
def test_a_slice_case_with_a_wrong_expectation_fails(case: dict[str, Any]) -> None:
    for wrong in spoiled(case):
        with pytest.raises(AssertionError):
            assert_holds(wrong)


def assert_holds(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys {set(case) - CASE_KEYS}"
    expect = case["expect"]
    assert expect and set(expect) <= EXPECT_KEYS, f"unknown expectations {set(expect) - EXPECT_KEYS}"
    slices = slices_of(case)
    if "sliceSizes" in expect:
        assert sorted(len(each.endpoints) for each in slices) == sorted(expect["sliceSizes"])
    if "slices" in expect:
        assert in_order(shown(each) for each in slices) == in_order(map(expected, expect["slices"]))


def slices_of(case: dict[str, Any]) -> list[EndpointSlice]:
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any")
    cluster.load([*case["objects"], *generated(case.get("generate"))])
    services = cluster.list("service")
    name = case.get("service", services[0].name)
    return [each for each in cluster.list("endpointslice") if each.service is not None and each.service.name == name]


def generated(generate: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The ready pods that a case asks to be made, with consecutive addresses."""
    if generate is None:
        return []
    assert set(generate) <= GENERATE_KEYS, f"unknown keys {set(generate) - GENERATE_KEYS}"
    first = ip.number(generate["firstIP"])
    return [{"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": f"pod-{index}", "namespace": "default", "labels": generate["labels"]},
             "spec": {"nodeName": generate["nodeName"], "containers": [{"name": "c"}]},
             "status": {"phase": "Running", "podIP": ip.text(first + index), "podIPs": [{"ip": ip.text(first + index)}],
                        "conditions": [{"type": "Ready", "status": "True"}]}}
            for index in range(generate["pods"])]


def shown(each: EndpointSlice) -> dict[str, Any]:
    """A slice in the form of the case files."""
    ports = [{"name": port.name, "port": port.port, "protocol": port.protocol, "appProtocol": port.app_protocol}
             for port in each.ports]
    return {"addressType": each.address_type, "ports": in_order(ports),
            "endpoints": in_order(map(shown_endpoint, each.endpoints))}


def shown_endpoint(each: Endpoint) -> dict[str, Any]:
    assert len(each.addresses) == 1
    return {"address": ip.text(each.addresses[0]), "ready": each.ready, "serving": each.serving,
            "terminating": each.terminating, "nodeName": each.node_name, "zone": each.zone, "hostname": each.hostname,
            "hints": {"forZones": list(each.hint_zones), "forNodes": list(each.hint_nodes)}}


def expected(given: dict[str, Any]) -> dict[str, Any]:
    """An expected slice with what may be left out filled in."""
    assert set(given) <= SLICE_KEYS, f"unknown keys {set(given) - SLICE_KEYS}"
    for port in given.get("ports", ()):
        assert set(port) <= PORT_KEYS, f"unknown keys {set(port) - PORT_KEYS}"
    ports = [{"name": "", "protocol": "TCP", "appProtocol": "", **port} for port in given.get("ports", ())]
    return {"addressType": given["addressType"], "ports": in_order(ports),
            "endpoints": in_order(map(expected_endpoint, given.get("endpoints", ())))}


def expected_endpoint(given: dict[str, Any]) -> dict[str, Any]:
    assert set(given) <= ENDPOINT_KEYS, f"unknown keys {set(given) - ENDPOINT_KEYS}"
    hints = given.get("hints") or {}
    given = {key: value for key, value in given.items() if value is not None}
    return {"nodeName": "", "zone": "", "hostname": "", **given,
            "hints": {"forZones": names_of(hints.get("forZones", ())), "forNodes": names_of(hints.get("forNodes", ()))}}


def names_of(entries: Any) -> list[str]:
    """Zones and nodes of hints, given as names or as the API's {name: ...}."""
    return [each["name"] if isinstance(each, dict) else each for each in entries]


def in_order(entries: Any) -> list[Any]:
    return sorted(entries, key=lambda each: json.dumps(each, sort_keys=True))


def spoiled(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Copies of a case, each with one expectation turned wrong."""
    found = []
    if "sliceSizes" in case["expect"]:
        wrong = copy.deepcopy(case)
        wrong["expect"]["sliceSizes"][0] += 1
        found.append(wrong)
    for index, each in enumerate(case["expect"].get("slices", ())):
        wrong = copy.deepcopy(case)
        wrong["expect"]["slices"][index]["addressType"] = "IPv6" if each["addressType"] == "IPv4" else "IPv4"
        found.append(wrong)
        for position, endpoint in enumerate(each["endpoints"]):
            for key, value in endpoint.items():
                wrong = copy.deepcopy(case)
                wrong["expect"]["slices"][index]["endpoints"][position][key] = (
                    not value if isinstance(value, bool) else {} if isinstance(value, dict) else f"{value}x")
                found.append(wrong)
    if case["expect"].get("slices") == []:
        found.append({**case, "expect": {"slices": [{"addressType": "IPv4", "ports": [], "endpoints": []}]}})
    assert found
    return found
