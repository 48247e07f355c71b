"""glibc itself, in namespaces of its own: it asks what the model says it asks, in the same order, and finds the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simnet import ip
from simnet.console.session import Session
from tests.conformance.case_files import CASES
from tests.conformance.test_dns_cases import FAMILIES, cluster_of

ROOT = Path(__file__).resolve().parents[2]
UNSHARE = ("unshare", "--mount", "--net", "--uts")
DATABASES = {"any": "ahosts", "v4": "ahostsv4", "v6": "ahostsv6"}


@cache
def missing() -> str:
    """Why these tests cannot run here; empty if they can."""
    for tool in ("unshare", "getent", "ip", "hostname"):
        if shutil.which(tool) is None:
            return f"the {tool} command is not installed"
    version = subprocess.run(["getent", "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    if "GLIBC" not in version and "GNU libc" not in version:
        return "getent is not glibc's"
    done = subprocess.run([*UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else f"no namespaces of one's own here: {done.stderr.strip() or 'not allowed'}"


needs_namespaces = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def in_namespace(groups: list[dict[str, Any]], cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run([*UNSHARE, sys.executable, "-m", "tests.edges.in_namespace"], cwd=ROOT, text=True, timeout=300,
                          capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
                          input=json.dumps({"groups": groups, "cases": cases}))
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def all_groups() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = json.loads((CASES / "dns.json").read_text(encoding="utf-8"))["groups"]
    return groups


@needs_namespaces
def test_glibc_asks_what_the_model_says() -> None:
    """Every resolve case of glibc: the names asked in order, the addresses found (D85 to D92)."""
    groups = all_groups()
    rows = [(index, case) for index, group in enumerate(groups) for case in group["cases"]
            if case["kind"] == "resolve" and case["libc"] == "glibc" and case["expect"]["via"] != "literal"]
    assert len(rows) > 30
    found = in_namespace(groups, [{"group": index, "pod": case["pod"],
                                   "command": ["getent", DATABASES[case["family"]], case["name"]]} for index, case in rows])
    for (_, case), real in zip(rows, found, strict=True):
        expect = case["expect"]
        names = [step["qname"].lower() for step in expect["steps"]]
        assert list(dict.fromkeys(name.lower() for name, _ in real["asked"])) == names, case["id"]
        kinds = {kind for step in expect["steps"] for kind in step if kind != "qname"}
        assert {kind for _, kind in real["asked"]} == kinds, case["id"]
        got = {ip.text(ip.number(line.split()[0])) for line in real["stdout"].splitlines()}
        assert got == set(expect["addresses"]), case["id"]
        assert (real["status"] == 0) == (expect["status"] == "ok"), case["id"]


SEARCHES = [
    ("dig", "+search", "+short", "web"), ("dig", "+search", "+short", "web.shop"), ("dig", "+short", "web"),
    ("dig", "+search", "kube-system"), ("dig", "+search", "web.default.svc.cluster.local"), ("dig", "+search", "a.b.c.d.e.f"),
    ("nslookup", "web"), ("nslookup", "web.shop"), ("nslookup", "nosuch"), ("nslookup", "kube-system"), ("nslookup", "example.com"),
    ("host", "web"), ("host", "web.shop"), ("host", "nosuch"), ("host", "kube-system"), ("host", "example.com"),
    ("getent", "hosts", "web"), ("getent", "hosts", "web.shop"), ("getent", "hosts", "nosuch"), ("getent", "hosts", "example.com"),
    ("getent", "ahosts", "web"), ("getent", "hosts", "client"), ("getent", "hosts", "10.96.0.20"), ("getent", "hosts", "10.9.9.9"),
    ("host", "-t", "A", "kube-system"), ("host", "-t", "AAAA", "web"), ("nslookup", "-type=SRV", "web.shop"),
    ("nslookup", "-type=AAAA", "web"), ("nslookup", "10.96.0.20"), ("nslookup", "kube-system.svc.cluster.local"),
]


@needs_namespaces
def test_the_tools_use_the_search_list_as_the_console_does() -> None:
    """D93, and the layout of getent; dig, nslookup and host left out where they are not installed."""
    group = next(group for group in all_groups() if group["id"] == "basics")
    commands = [words for words in SEARCHES if shutil.which(words[0])]
    found = in_namespace([group], [{"group": 0, "pod": "default/client", "command": list(words)} for words in commands])
    session = Session(cluster_of(group))
    session.desk.installed["pod/default/client"] = {"dig", "nslookup", "host", "getent"}
    for words, real in zip(commands, found, strict=True):
        ours = session.run_in("client", " ".join(words))
        assert plain(ours.stdout) == plain(real["stdout"].replace("127.0.0.1", "10.96.0.10")), words
        assert ours.status == real["status"], words


def plain(text: str) -> str:
    text = re.sub(r"id: \d+|Query time: .*|WHEN: .*|<<>> DiG .*|cluster\.local\. \d{9,}", "*", text)
    return re.sub(r"(hostmaster\.cluster\.local\.) \d+", r"\1 *", text)


def test_the_families_of_the_cases_are_those_of_getent() -> None:
    assert set(DATABASES) == set(FAMILIES)
