"""The cases of dns.json: the server's answers, as values and as messages, a pod's resolv.conf, what its resolver asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

import simnet
from simnet.dataplane.dns.decode import Reply
from simnet.dataplane.dns.encode import write_query
from simnet.dataplane.dns.message import AA, CD, QR, RA, RCODES, RD, TC, Edns
from simnet.dataplane.dns.records import Answer, Rcode, Record
from simnet.server.dns import answer as answered
from simnet.server.dns import framed, frames
from tests.conformance.case_files import load, rows_of

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
WIRE_KEYS = {"drop", "replies", "id", "qr", "aa", "tc", "rd", "ra", "cd", "rcode", "ancount", "nscount", "arcount",
             "question_hex", "opt"}
FLAGS = {"qr": QR, "aa": AA, "tc": TC, "rd": RD, "ra": RA, "cd": CD}
NUMBERS = {str(rcode): number for rcode, number in RCODES.items()} | {"BADVERS": 16}
FAMILIES = {"any": None, "v4": 4, "v6": 6}
FEATURES = {"core", "options", "autopath", "zonal", "external", "axfr"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    data = load(metafunc.config, "dns.json")
    if data is None:
        metafunc.parametrize(("group", "case"), [], ids=[])
        return
    assert set(data) <= TOP_KEYS, f"unknown keys {set(data) - TOP_KEYS}"
    rows = [(group, case) for group in rows_of(data, "dns.json", "groups")
            for case in rows_of(group, f"group {group.get('id')}", "cases")]
    metafunc.parametrize(("group", "case"), rows, ids=[f"{case['id']} {case.get('why', '')}" for _, case in rows])


def test_dns_case(group: dict[str, Any], case: dict[str, Any]) -> None:
    assert_holds(group, case)


@pytest.mark.runner
def test_a_dns_case_with_a_wrong_expectation_fails(group: dict[str, Any], case: dict[str, Any]) -> None:
    for wrong in spoiled(case):
        with pytest.raises(AssertionError):
            assert_holds(group, wrong)


def spoiled(case: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Copies of a case, each with one expectation turned wrong, and one with a key nobody knows."""
    expect = case["expect"]
    yield {**case, "expext": {}}
    yield {**case, "expect": {**expect, "rcodes": "NOERROR"}}
    for name, value in expect.items():
        for wrong in wrong_values(name, value):
            yield {**case, "expect": {**expect, name: wrong}}


def wrong_values(name: str, value: Any) -> list[Any]:
    """Values of an expectation that must not hold in place of the right one."""
    if name in ("max_bytes", "answer_count_min", "answer_count_max"):
        return [{"max_bytes": 20, "answer_count_min": 999, "answer_count_max": 0}[name]]
    if name == "answer_from":
        return ["nosuch." + value]
    if name in ("authority", "additional", "answer", "addresses", "steps", "nameservers", "searches", "options", "replies"):
        return [value[1:]] if value else [["x. 1 IN A 192.0.2.255"]] if name != "steps" else [[{"qname": "x."}]]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, dict):
        return [{**value, key: each + 1} for key, each in value.items()]
    return [value + 1] if isinstance(value, int) else ["SERVFAIL" if value != "SERVFAIL" else "NOTIMP"]


def assert_holds(group: dict[str, Any], case: dict[str, Any]) -> None:
    check_keys(group, case)
    cluster = cluster_of(group)
    match case["kind"]:
        case "query" if SIZE_KEYS & set(case["expect"]):
            check_size(cluster, case)
        case "query":
            check_query(cluster, case)
        case "wire":
            check_wire(cluster, case)
        case "resolvconf":
            check_resolv_conf(cluster, case)
        case "resolve":
            check_resolve(cluster, case)


def check_keys(group: dict[str, Any], case: dict[str, Any]) -> None:
    assert set(group) <= GROUP_KEYS, f"unknown keys {set(group) - GROUP_KEYS}"
    assert group.get("feature", "core") in FEATURES, f"unknown feature {group['feature']}"
    assert set(group["config"]) <= CONFIG_KEYS, f"unknown config {set(group['config']) - CONFIG_KEYS}"
    allowed = COMMON_KEYS | CASE_KEYS[case["kind"]]
    assert set(case) <= allowed, f"unknown keys {set(case) - allowed}"


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
    answer = cluster.query(case["q"], case["type"], source=client_of(case))
    assert (answer.rcode, answer.is_authoritative) == (expect["rcode"], expect["aa"])
    assert_sections(answer, case)
    if len(case["q"]) < 250 and answer.rcode is not Rcode.FORMERR:
        reply = Reply(b"".join(exchange(cluster, case, "tcp")))
        assert (reply.rcode, bool(reply.flags & AA)) == (NUMBERS[expect["rcode"]], expect["aa"])
        assert_sections(reply, case)


def client_of(case: dict[str, Any]) -> str | None:
    return f"pod/{case['client']}" if case.get("client") else None


def assert_sections(answer: Answer | Reply, case: dict[str, Any]) -> None:
    expect = case["expect"]
    for name in ["answer", "authority", "additional"] if expect["aa"] else ["answer"]:
        assert_same_records(getattr(answer, name), expect.get(name, []), case.get("case_sensitive", False))
    assert_alias_first(answer.answer)


def exchange(cluster: simnet.Cluster, case: dict[str, Any], transport: str) -> list[bytes]:
    """The case's question as a message, and the messages that come back."""
    edns = Edns(case["edns"]) if case.get("edns") is not None else None
    query = write_query(case["q"], case["type"], 0xBEEF, edns)
    if transport == "tcp":
        return frames(answered(cluster, framed(query), client_of(case), "tcp") or b"")[0]
    reply = answered(cluster, query, client_of(case), "udp")
    return [reply] if reply is not None else []


def check_size(cluster: simnet.Cluster, case: dict[str, Any]) -> None:
    expect = case["expect"]
    allowed = EXPECT_KEYS["query"] | SIZE_KEYS
    assert set(expect) <= allowed, f"unknown expectations {set(expect) - allowed}"
    messages = exchange(cluster, case, case.get("transport", "udp"))
    replies = [Reply(message) for message in messages]
    records = [record for reply in replies for record in reply.answer]
    assert {(reply.rcode, bool(reply.flags & AA)) for reply in replies} == {(NUMBERS[expect["rcode"]], expect["aa"])}
    if "tc" in expect:
        assert all(bool(reply.flags & TC) == expect["tc"] for reply in replies)
    assert all(len(message) <= expect.get("max_bytes", 65535) for message in messages)
    assert len(records) == expect.get("answer_count", len(records))
    assert expect.get("answer_count_min", 0) <= len(records) <= expect.get("answer_count_max", len(records))
    if "answer_from" in expect:
        whole = set(map(str, cluster.query(expect["answer_from"], case["type"]).answer))
        assert set(map(str, records)) <= whole and len(set(records)) == len(records)
    if "first_and_last" in expect:
        assert (records[0].type, records[-1].type) == (expect["first_and_last"],) * 2
    if "answer" in expect:
        assert_same_records(records, expect["answer"], case.get("case_sensitive", False))


def check_wire(cluster: simnet.Cluster, case: dict[str, Any]) -> None:
    expect, transport = case["expect"], case.get("transport", "udp")
    assert set(expect) <= WIRE_KEYS, f"unknown expectations {set(expect) - WIRE_KEYS}"
    got = answered(cluster, bytes.fromhex(case["send_hex"]), None, transport)
    if expect.get("drop"):
        assert got is None
        return
    assert got is not None
    messages = frames(got)[0] if transport == "tcp" else [got]
    wanted = expect.get("replies", [expect])
    assert len(messages) == len(wanted)
    for message, fields in zip(messages, wanted, strict=True):
        assert set(fields) <= WIRE_KEYS, f"unknown expectations {set(fields) - WIRE_KEYS}"
        assert header_of(message, fields) == fields


def header_of(message: bytes, fields: dict[str, Any]) -> dict[str, Any]:
    """What the message has in the fields that the case lists."""
    reply = Reply(message)
    found: dict[str, Any] = {name: int(bool(reply.flags & mask)) for name, mask in FLAGS.items()}
    found |= {"id": reply.id, "drop": False, "rcode": next(name for name, number in NUMBERS.items() if number == reply.rcode),
              "ancount": reply.counts[1], "nscount": reply.counts[2], "arcount": reply.counts[3],
              "question_hex": reply.question.hex(),
              "opt": reply.edns and {"version": reply.edns.version, "do": int(reply.edns.do)}}
    wanted_opt = fields.get("opt")
    if wanted_opt and reply.edns is not None:
        found["opt"] = {name: found["opt"][name] for name in wanted_opt}
    return {name: found[name] for name in fields}


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
