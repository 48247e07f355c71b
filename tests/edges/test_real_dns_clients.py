"""The real dig, nslookup and host get from the server what the model answers, and print it as the console does."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from typing import Any

import pytest

import simnet
from simnet.console.session import Session
from simnet.dataplane.dns.records import Answer, Record
from simnet.server.dns.seat import Seat
from simnet.testing import pod, service
from tests.conformance.case_files import CASES
from tests.conformance.test_dns_cases import SIZE_KEYS, client_of, cluster_of
from tests.edges.dns_serving import serving


def missing(tool: str) -> str:
    """Why the tests of a tool cannot run here; empty if they can."""
    if shutil.which(tool) is None:
        return f"the {tool} command is not installed (Debian: bind9-dnsutils, bind9-host)"
    words = [tool, "-V"] if tool == "host" else [tool, "-v"] if tool == "dig" else [tool, "-version"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    said = done.stdout + done.stderr
    return "" if re.search(r"(DiG|host|nslookup) 9\.", said) else f"{tool} is not BIND's but {said.strip()[:60]!r}"


needs_dig, needs_host, needs_nslookup = (pytest.mark.skipif(bool(missing(tool)), reason=missing(tool) or "-")
                                         for tool in ("dig", "host", "nslookup"))

GROUPS: list[dict[str, Any]] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "group" in metafunc.fixturenames:
        import json

        GROUPS[:] = [group for group in json.loads((CASES / "dns.json").read_text(encoding="utf-8"))["groups"]
                     if any(case["kind"] == "query" for case in group["cases"])]
        metafunc.parametrize("group", GROUPS, ids=[group["id"] for group in GROUPS])


def questions(group: dict[str, Any]) -> Iterable[tuple[str | None, str, str]]:
    """(client, name, type) of the group's query cases that can be typed."""
    for case in group["cases"]:
        if case["kind"] == "query" and case["type"] not in ("AXFR", "IXFR") and not SIZE_KEYS & set(case["expect"]):
            yield client_of(case), case["q"], case["type"]


def run(*words: str, given: str = "", expected: Iterable[int] = (0,)) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, input=given)
    assert done.returncode in expected, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def lines_of(records: Iterable[Record]) -> list[str]:
    return sorted(re.sub(r"SOA (\S+) (\S+) \d+", r"SOA \1 \2 *", str(record)) for record in records)


# dig --------------------------------------------------------------------------------------------------------------

@needs_dig
def test_dig_reads_what_the_model_answers(group: dict[str, Any]) -> None:
    """Status, AA and every record of every query case."""
    asked = list(questions(group))
    for client in dict.fromkeys(client for client, _, _ in asked):
        cluster = cluster_of(group)
        mine = [(name, kind) for each, name, kind in asked if each == client]
        with serving(Seat(cluster, client or "")) as (host, port):
            words = [word for name, kind in mine for word in ("-q", name, "-t", kind)]
            printed = run("dig", f"@{host}", "-p", str(port), "+tries=1", *words)
        replies = printed.split(";; Got answer:")[1:]
        assert len(replies) == len(mine), printed[-500:]
        for (name, kind), reply in zip(mine, replies, strict=True):
            answer = cluster.query(name, kind, client)
            assert status_of(reply) == (answer.rcode, answer.is_authoritative), (name, kind)
            assert records_in(reply) == lines_of((*answer.answer, *answer.authority, *answer.additional)), (name, kind)


def status_of(reply: str) -> tuple[str, bool]:
    found = re.search(r"status: (\w+), id: \d+\n;; flags: ([a-z ]+);", reply)
    assert found, reply
    return found[1], "aa" in found[2].split()


def records_in(reply: str) -> list[str]:
    found = [" ".join(line.split()) for line in reply.splitlines() if line and not line.startswith(";")]
    return sorted(re.sub(r"SOA (\S+) (\S+) \d+", r"SOA \1 \2 *", line) for line in found)


@needs_dig
def test_dig_transfers_the_zone_and_retries_a_truncated_answer_over_tcp() -> None:
    """D50, D69, D73."""
    net = simnet.Cluster(nodes=1, addons=["coredns"], dns={"axfr": True})
    net.apply([*(pod(f"p{i}", labels={"app": "big"}) for i in range(60)),
               {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "big"},
                "spec": {"clusterIP": "None", "selector": {"app": "big"}, "ports": [{"port": 80, "name": "http"}]}}])
    with serving(Seat(net)) as (host, port):
        at = (f"@{host}", "-p", str(port))
        whole = run("dig", *at, "cluster.local", "AXFR", "+noall", "+answer")
        few = run("dig", *at, "+noedns", "+ignore", "big.default.svc.cluster.local")
        all_of_it = run("dig", *at, "+noedns", "big.default.svc.cluster.local")
    assert records_in(whole) == lines_of(net.query("cluster.local.", "AXFR").answer)
    assert "flags: qr aa tc rd" in few and 0 < len(records_in(few)) < 30
    assert "(TCP)" in all_of_it and len(records_in(all_of_it)) == 60


# nslookup and host ------------------------------------------------------------------------------------------------

@needs_nslookup
def test_nslookup_finds_the_addresses_the_model_has(group: dict[str, Any]) -> None:
    """All A and AAAA cases that no optional feature answers by client, in one session of the tool."""
    cluster = cluster_of(group)
    asked = [(name, kind) for client, name, kind in questions(group) if kind in ("A", "AAAA") and client is None]
    with serving(Seat(cluster)) as (host, port):
        script = f"server {host}\nset port={port}\nset nosearch\n" + "".join(
            f"set type={kind}\n{name}\n" for name, kind in asked)
        printed = run("nslookup", given=script, expected=(0, 1))
    found = iter(re.split(r"^Server:\t\t", printed, flags=re.M)[1:])
    for name, kind in asked:
        answer = cluster.query(name, kind)
        said = next(found)
        if answer.rcode != "NOERROR":
            assert f": {answer.rcode}" in said, (name, said)
        else:
            got = re.findall(r"^Address: (\S+)$", said, flags=re.M)
            assert sorted(got) == sorted(answer.addresses), (name, kind, said)


@needs_host
def test_host_finds_what_the_model_has(group: dict[str, Any], scale: int) -> None:
    """One process a question: every eighth case, all of them with --long."""
    cluster = cluster_of(group)
    asked = [each for each in questions(group) if each[0] is None and each[2] != "ANY"][::1 if scale > 1 else 8]
    with serving(Seat(cluster)) as (host, port):
        for _, name, kind in asked:
            answer = cluster.query(name, kind)
            said = run("host", "-p", str(port), "-t", kind, name, host, expected=(0, 1))
            if answer.rcode != "NOERROR":
                assert f"({answer.rcode})" in said, (name, said)
            else:
                assert_host_says(said, answer)


def assert_host_says(said: str, answer: Answer) -> None:
    for record in answer.answer:
        if record.type in ("A", "AAAA", "PTR", "CNAME", "SRV", "NS"):
            assert record.data_text in said, said
    assert answer.answer or "has no" in said, said


# the console prints what the real tools print ----------------------------------------------------------------------

@pytest.fixture(scope="module")
def shop() -> simnet.Cluster:
    net = simnet.Cluster(nodes=1, addons=["coredns"], dns={"upstream": {"records": [
        "example.com. 300 IN A 192.0.2.10", "example.com. 300 IN AAAA 2001:db8::10", "www.example.com. 60 IN CNAME example.com.",
        "example.com. 300 IN MX 10 mail.example.com."]}})
    net.apply([pod("web", labels={"app": "web"}), service("web"), pod("client"), pod("db-0", labels={"app": "db"}),
               {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"},
                "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 5432, "name": "pg"}]}},
               {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "docs"},
                "spec": {"type": "ExternalName", "externalName": "www.example.com"}}])
    return net


W = "web.default.svc.cluster.local"
PRINTED = [
    ("dig", W), ("dig", W, "AAAA"), ("dig", W, "SRV"), ("dig", "ghost.default.svc.cluster.local"), ("dig", "example.com"),
    ("dig", "example.com", "MX"), ("dig", "-x", "10.96.0.10"), ("dig", "docs.default.svc.cluster.local"), ("dig", "cluster.local", "SOA"),
    ("dig", "cluster.local", "NS"), ("dig", "dns-version.cluster.local", "TXT"), ("dig", "+short", W), ("dig", "+short", W, "SRV"),
    ("dig", "+noall", "+answer", "docs.default.svc.cluster.local"), ("dig", "+tcp", W), ("dig", "+short", "ghost.default.svc.cluster.local"),
    ("dig", "_pg._tcp.db.default.svc.cluster.local", "SRV"), ("dig", "+nocomments", W), ("dig", "nosuch.example.com"),
    ("nslookup", W), ("nslookup", "example.com"), ("nslookup", "ghost.default.svc.cluster.local"), ("nslookup", "-type=SRV", W),
    ("nslookup", "docs.default.svc.cluster.local"), ("nslookup", "10.96.0.10"), ("nslookup", "-type=AAAA", W), ("nslookup", "10.96.9.9"),
    ("nslookup", "-type=SOA", "cluster.local"), ("nslookup", "-type=MX", "example.com"), ("nslookup", "-type=TXT", "dns-version.cluster.local"),
    ("host", W), ("host", "example.com"), ("host", "ghost.default.svc.cluster.local"), ("host", "10.96.0.10"), ("host", "-t", "SRV", W),
    ("host", "-t", "AAAA", W), ("host", "docs.default.svc.cluster.local"), ("host", "-t", "SOA", "cluster.local"), ("host", "10.96.9.9"),
    ("host", "-t", "TXT", "dns-version.cluster.local"), ("host", "-v", W + "."), ("host", "-a", W + "."),
    ("host", "-v", "-t", "SRV", W + "."), ("host", "-v", "docs.default.svc.cluster.local."), ("host", "-v", "10.96.0.10"),
    ("host", "-v", "10.96.9.9"), ("host", "-a", "cluster.local."), ("host", "-v", "example.com."),
    ("host", "-v", "ghost.default.svc.cluster.local."),
]


@pytest.mark.parametrize("words", PRINTED, ids=[" ".join(words) for words in PRINTED])
def test_the_console_prints_what_the_real_tool_prints(shop: simnet.Cluster, words: tuple[str, ...]) -> None:
    """The layout to the blank; the server's address, numbers of messages, times and versions apart."""
    tool, *rest = words
    if missing(tool):
        pytest.skip(missing(tool))
    with serving(Seat(shop)) as (host, port):
        real = {"dig": ["dig", f"@{host}", "-p", str(port), *rest], "host": ["host", "-p", str(port), *rest, host],
                "nslookup": ["nslookup", f"-port={port}", *rest, host]}[tool]
        done = subprocess.run(real, capture_output=True, text=True, timeout=60, check=False)
    given = {"dig": ["dig", "@10.96.0.10", *rest], "host": ["host", *rest, "10.96.0.10"],
             "nslookup": ["nslookup", *rest, "10.96.0.10"]}[tool]
    session = Session(shop)
    session.desk.installed["pod/default/client"] = {tool}
    ours = session.run_in("client", " ".join(given))
    assert same(ours.stdout) == same(done.stdout.replace(f"{host}#{port}", "10.96.0.10#53").replace(host, "10.96.0.10"))
    assert ours.status == done.returncode


def same(text: str) -> list[str]:
    """The lines without what differs from run to run; records of one section in one order."""
    kept = []
    for line in text.splitlines():
        line = re.sub(r"id: \d+", "id: *", line)
        line = re.sub(r"in \d+ ms$", "in * ms", line)
        line = re.sub(r"(Query time|WHEN): .*", r"\1: *", line)
        line = re.sub(r"<<>> DiG .* <<>>.*", "<<>> DiG <<>>", line)
        line = re.sub(r"(SOA\t\S+ \S+|SOA record \S+ \S+|serial =) \d+", r"\1 *", line)
        kept.append(line)
    return kept
