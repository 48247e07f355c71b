"""The allocation cases of kind `service`: Services through the API, with their defaults, addresses and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.control.ports import ClusterIPs, NodePorts
from simnet.errors import ManifestError, SimnetError
from tests.conformance.case_files import load

CASE_KEYS = {"id", "kind", "name", "source", "rules", "config", "steps", "verified", "note"}
STEP_KEYS = {"create", "update", "delete", "ok", "error", "note", "name"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    data = load(metafunc.config, "services.json")
    rows = [case for case in data.get("allocationCases", ()) if case["kind"] == "service"] if data is not None else []
    metafunc.parametrize("case", rows, ids=[f"{case['id']} {case['name']}" for case in rows])


def test_service_case(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys {set(case) - CASE_KEYS}"
    cluster = cluster_of(case["config"])
    for step in case["steps"]:
        run_step(cluster, step, case["config"])


def cluster_of(config: dict[str, Any]) -> simnet.Cluster:
    assert set(config) == {"serviceCIDRs", "nodePortRange"}, f"unknown config {set(config)}"
    return simnet.Cluster(nodes=1, addons=(), service_cidr=config["serviceCIDRs"],
                          node_port_range=config["nodePortRange"])


@pytest.mark.runner
def test_every_wrong_expectation_of_a_service_case_fails(case: dict[str, Any]) -> None:
    cluster = cluster_of(case["config"])
    for step in case["steps"]:
        for what, wrong in spoiled(step):
            assert not holds(cluster.fork(), wrong, case["config"]), f"{step}: passes with {what}"
        run_step(cluster, step, case["config"])


def holds(cluster: simnet.Cluster, step: dict[str, Any], config: dict[str, Any]) -> bool:
    try:
        run_step(cluster, step, config)
    except (AssertionError, SimnetError, pytest.fail.Exception):
        return False
    return True


def spoiled(step: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The step with each of its expectations turned wrong, one at a time."""
    yield "an unknown key", {**step, "unknown": True}
    if "error" in step:
        error = step["error"]
        yield "success", {key: value for key, value in step.items() if key != "error"} | {"ok": {}}
        yield "another type", {**step, "error": {**error, "type": "NotFound"}}
        yield "another text", {**step, "error": {**error, "contains": f"{error.get('contains', '')}!!"}}
        if error.get("field") and error["type"] != "InternalError":
            yield "another field", {**step, "error": {**error, "field": "spec.other"}}
        return
    yield "an error", {**step, "error": {"type": "Invalid", "field": "spec", "contains": ""}}
    for path, value in step.get("ok", {}).items():
        if not isinstance(value, dict):
            yield path, {**step, "ok": {path: "wrong"}}
        elif "len" in value:
            yield path, {**step, "ok": {path: {"len": value["len"] + 1}}}
        elif "same" in value:
            yield path, {**step, "ok": {path: {"same": "spec.type"}}}


def run_step(cluster: simnet.Cluster, step: dict[str, Any], config: dict[str, Any]) -> None:
    assert set(step) <= STEP_KEYS, f"unknown keys {set(step) - STEP_KEYS}"
    before = cluster.dump()
    if "error" in step:
        with pytest.raises(SimnetError) as caught:
            act(cluster, step)
        check_error(caught.value, step["error"])
        assert cluster.dump() == before, "a refused step changes nothing"
        return
    act(cluster, step)
    given = step.get("create") or step.get("update")
    if given is not None and "ok" in step:
        stored = cluster.get("service", given["metadata"]["name"], namespace=given["metadata"].get("namespace")).manifest
        for path, wanted in step["ok"].items():
            check_value(stored, path, wanted, config)


def act(cluster: simnet.Cluster, step: dict[str, Any]) -> None:
    if "create" in step:
        cluster.create(step["create"])
    elif "update" in step:
        cluster.replace(step["update"])
    else:
        namespace, _, name = step["delete"].rpartition("/")
        cluster.delete("service", name, namespace=namespace)


def check_error(error: SimnetError, wanted: dict[str, Any]) -> None:
    assert set(wanted) <= {"type", "field", "contains"}, f"unknown keys {set(wanted)}"
    if wanted["type"] == "InternalError":
        assert error.code == 500 or any(problem.type == "InternalError" for problem in getattr(error, "problems", ()))
        assert wanted.get("contains", "") in str(error)
        return
    assert isinstance(error, ManifestError)
    fits = [problem for problem in error.problems if problem.type == wanted["type"] and problem.field == wanted["field"]]
    assert fits, f"no {wanted['type']} at {wanted['field']} in: {error}"
    assert any(wanted.get("contains", "") in str(problem) for problem in fits), str(error)


def at(manifest: Any, path: str) -> Any:
    """The value at `spec.ports[0].nodePort`, None when absent."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(manifest, list):
            manifest = manifest[int(part)] if int(part) < len(manifest) else None
        elif isinstance(manifest, dict):
            manifest = manifest.get(part)
        if manifest is None:
            return None
    return manifest


def check_value(stored: dict[str, Any], path: str, wanted: Any, config: dict[str, Any]) -> None:
    found = at(stored, path)
    if not isinstance(wanted, dict):
        assert found == wanted, f"{path}: {found!r}, not {wanted!r}"
    elif "same" in wanted:
        assert found is not None and found == at(stored, wanted["same"])
    elif "len" in wanted:
        assert len(found) == wanted["len"]
    else:
        pool, band = wanted["in"].split(".")
        assert in_band(found, pool, band, config), f"{path}: {found!r} is not in {wanted['in']}"


def in_band(found: Any, pool: str, band: str, config: dict[str, Any]) -> bool:
    ledger: Any
    if pool == "clusterIP":
        value = ip.number(found)
        cidr = next(each for each in config["serviceCIDRs"] if value in ip.IPNetwork.parse(each))
        ledger = ClusterIPs(cidr, None)  # type: ignore[arg-type]
    else:
        value, ledger = found, NodePorts(config["nodePortRange"], None)  # type: ignore[arg-type]
    low, high = ledger.static_band if band == "staticBand" else ledger.dynamic_band
    return low <= value <= high
