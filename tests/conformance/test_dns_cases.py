"""The cases of dns.json: the server's answers, a pod's resolv.conf, and what its resolver asks, by the public API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

import simnet
from simnet.dataplane.dns.records import Record
from tests.conformance.case_files import load

TOP_KEYS = {"format", "groups"}
GROUP_KEYS = {"id", "title", "feature", "config", "objects", "cases", "source", "note"}
CONFIG_KEYS = {"zones", "fallthrough", "pods", "ttl", "endpoint_pod_names", "ignore_empty_service", "noendpoints",
               "namespaces", "synced", "dns_service", "dns_server_ips", "upstream", "kubelet", "autopath", "zonal",
               "external", "axfr"}
DEFAULTS = {"zones": ["cluster.local."], "fallthrough": [], "pods": "disabled", "ttl": 5, "dns_service": None,
            "upstream": None}
CASE_KEYS = {
    "query": {"q", "type", "client", "transport", "edns", "case_sensitive"},
    "resolvconf": {"pod"},
    "resolve": {"pod", "name", "libc", "family"},
    "wire": {"send_hex", "transport"},
}
COMMON_KEYS = {"id", "kind", "why", "rules", "source", "expect", "note"}
EXPECT_KEYS = {
    "query": {"rcode", "aa", "answer", "authority", "additional"},
    "resolvconf": {"nameservers", "searches", "options"},
    "resolve": {"via", "steps", "query_count", "status", "addresses"},
}
SIZE_KEYS = {"tc", "max_bytes", "answer_count", "answer_count_min", "answer_count_max", "answer_from",
             "first_and_last"}
FAMILIES = {"any": None, "v4": 4, "v6": 6}
OPTIONAL = {"autopath", "zonal", "external", "axfr"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    data = load(metafunc.config, "dns.json")
    if data is None:
        metafunc.parametrize(("group", "case"), [], ids=[])
        return
    assert set(data) <= TOP_KEYS, f"unknown keys {set(data) - TOP_KEYS}"
    rows = [(group, case) for group in data["groups"] for case in group["cases"]]
    assert rows, "dns.json has no case"
    metafunc.parametrize(("group", "case"), rows, ids=[f"{case['id']} {case['why']}" for _, case in rows])


def test_dns_case(group: dict[str, Any], case: dict[str, Any]) -> None:
    check_keys(group, case)
    if group.get("feature", "core") in OPTIONAL:
        pytest.fail(f"the server's optional feature {group['feature']} is not modelled yet")
    if is_about_messages(case):
        pytest.fail("encoded messages and their size are not modelled yet")
    cluster = cluster_of(group)
    match case["kind"]:
        case "query":
            check_query(cluster, case)
        case "resolvconf":
            check_resolv_conf(cluster, case)
        case "resolve":
            check_resolve(cluster, case)


def check_keys(group: dict[str, Any], case: dict[str, Any]) -> None:
    assert set(group) <= GROUP_KEYS, f"unknown keys {set(group) - GROUP_KEYS}"
    assert set(group["config"]) <= CONFIG_KEYS, f"unknown config {set(group['config']) - CONFIG_KEYS}"
    allowed = COMMON_KEYS | CASE_KEYS[case["kind"]]
    assert set(case) <= allowed, f"unknown keys {set(case) - allowed}"


def is_about_messages(case: dict[str, Any]) -> bool:
    return case["kind"] == "wire" or (case["kind"] == "query" and bool(SIZE_KEYS & set(case["expect"])))


def cluster_of(group: dict[str, Any]) -> simnet.Cluster:
    """The group's objects as they are, and its server; a lookup asks the model without a walk of its own."""
    config = {**DEFAULTS, **group["config"]}
    kubelet = config.pop("kubelet", {})
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="listed only", kubelet=kubelet,
                             dns={**config, "transport": "direct"})
    cluster.load(group["objects"])
    return cluster


def check_query(cluster: simnet.Cluster, case: dict[str, Any]) -> None:
    expect = case["expect"]
    assert set(expect) <= EXPECT_KEYS["query"], f"unknown expectations {set(expect) - EXPECT_KEYS['query']}"
    client = f"pod/{case['client']}" if case.get("client") else None
    answer = cluster.query(case["q"], case["type"], source=client)
    assert (answer.rcode, answer.is_authoritative) == (expect["rcode"], expect["aa"])
    sections = {"answer": answer.answer, "authority": answer.authority, "additional": answer.additional}
    for name in sections if expect["aa"] else ["answer"]:
        assert_same_records(sections[name], expect.get(name, []), case.get("case_sensitive", False))
    assert_alias_first(answer.answer)


def assert_same_records(got: Iterable[Record], wanted: list[str], case_sensitive: bool) -> None:
    """As multisets; * in any field of an expected line matches anything."""
    left = [str(record) for record in got]
    for line in wanted:
        found = next((each for each in left if is_match(each, line, case_sensitive)), None)
        assert found is not None, f"{line} is not among {left}"
        left.remove(found)
    assert not left, f"not expected: {left}"


def is_match(line: str, wanted: str, case_sensitive: bool) -> bool:
    if not case_sensitive:
        line, wanted = line.lower(), wanted.lower()
    fields, expected = line.split(), wanted.split()
    return len(fields) == len(expected) and all(want in ("*", field) for field, want in zip(fields, expected, strict=True))


def assert_alias_first(records: tuple[Record, ...]) -> None:
    """A CNAME comes before the records of its target."""
    owners = [record.name.lower() for record in records]
    for index, record in enumerate(records):
        if record.type == "CNAME":
            assert str(record.data).lower() not in owners[:index]


def check_resolv_conf(cluster: simnet.Cluster, case: dict[str, Any]) -> None:
    expect = case["expect"]
    assert set(expect) <= EXPECT_KEYS["resolvconf"]
    conf = cluster.resolv_conf(f"pod/{case['pod']}")
    assert list(conf.nameservers) == expect["nameservers"]
    assert list(conf.searches) == expect["searches"]
    assert sorted(conf.options) == sorted(expect["options"])


def check_resolve(cluster: simnet.Cluster, case: dict[str, Any]) -> None:
    expect = case["expect"]
    assert set(expect) <= EXPECT_KEYS["resolve"]
    lookup = cluster.resolve(case["name"], f"pod/{case['pod']}", libc=case["libc"], family=FAMILIES[case["family"]])
    assert lookup.via == expect["via"]
    assert [{"qname": step.name, **step.kinds} for step in lookup.steps] == expect["steps"]
    assert (lookup.query_count, lookup.status) == (expect["query_count"], expect["status"])
    assert len(lookup.queries) == expect["query_count"]
    assert sorted(lookup.addresses) == sorted(expect["addresses"])
