"""Every fault in three healthy clusters: the first finding is the planted one, and a healthy cluster has none."""

from __future__ import annotations

import re
from functools import cache

import pytest

from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.diagnosis import DIAGNOSED, diagnose, is_healthy
from simnet.errors import UsageError
from simnet.testing import faults
from tests.unit.healthy_clusters import HEALTHY

SEEDS = (0, 1)


@cache
def healthy(name: str) -> Cluster:
    return HEALTHY[name]()


def test_there_is_a_fault_for_every_cause() -> None:
    """A lost answer hangs on the settings of kube-proxy, which a fork cannot change; see test_diagnosis_causes.py.
    Faults of Gateways are not planted yet: the healthy clusters have no Gateway."""
    known = {code for code in DIAGNOSED if not code.startswith("GWY-")}
    assert set(faults.FAULTS) == known - {"NAT-REPLY"}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_cluster_has_no_finding(name: str) -> None:
    cluster = healthy(name)
    assert diagnose(cluster) == []
    for service in cluster.list("Service"):
        for port in service.ports if not service.is_external_name else ():
            for pod in cluster.list("Pod")[:3] if port.protocol == "TCP" else ():
                trace = cluster.trace(f"tcp://{service.name}.{service.namespace}:{port.port}", pod.ref)
                assert diagnose(cluster, trace) == [], (service.key, port.port, pod.ref)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("code", faults.FAULTS)
@pytest.mark.parametrize("name", HEALTHY)
def test_the_first_finding_is_the_planted_one(name: str, code: str, seed: int) -> None:
    cluster = healthy(name)
    before = cluster.version
    planted = faults.plant(cluster, code, seed)
    findings = planted.diagnose()
    assert findings and findings[0].code == code == planted.code, f"{planted.what}: {[each.line for each in findings]}"
    assert cluster.version == before and planted.cluster is not cluster
    if planted.url:
        assert not is_healthy(planted.trace())


@pytest.mark.parametrize("code", faults.FAULTS)
def test_the_text_is_for_learners(code: str) -> None:
    """Three to six sentences, symptom first, and no names of chains."""
    text = faults.plant(healthy("one namespace"), code).diagnose()[0].text
    sentences = re.findall(r"\.(?= [A-Za-z]|$)", text)
    assert 3 <= len(sentences) <= 6, text
    assert "KUBE-" not in text and "iptables" not in text


PATCHED = ("SEL-NOMATCH", "PRT-NOLISTEN", "PRT-NAME", "ING-HOST", "ING-CLASS", "ING-PATHTYPE", "ING-REWRITE", "ING-BACKEND",
           "ING-PORT", "TLS-FALLBACK", "SVC-ETPLOCAL", "SVC-ITPLOCAL", "SVC-RANGES", "SVC-EXTNAME", "SEL-BROAD")
"""Faults of one value: the fix that was tried takes them back."""


@pytest.mark.parametrize("code", PATCHED)
@pytest.mark.parametrize("name", HEALTHY)
def test_the_first_fix_mends_it(name: str, code: str) -> None:
    planted = faults.plant(healthy(name), code)
    fix = planted.diagnose()[0].fixes[0]
    if code == "TLS-FALLBACK":
        assert fix.new in planted.what
    assert not fix.is_request and Session(planted.cluster).run(fix.command).status == 0, fix.command
    assert planted.diagnose() == []


def test_the_same_seed_gives_the_same_fault_and_another_another() -> None:
    cluster = healthy("many namespaces")
    whats = [faults.plant(cluster, "SEL-NOMATCH", seed).what for seed in (1, 1, 2, 3, 4, 5)]
    assert whats[0] == whats[1] and len(set(whats)) > 2


def test_what_cannot_be_planted_is_said() -> None:
    with pytest.raises(UsageError, match=r"'SEL-NOMATHC' is no code of a fault; did you mean SEL-NOMATCH\?"):
        faults.plant(healthy("one namespace"), "SEL-NOMATHC")
    empty = Cluster()
    with pytest.raises(UsageError, match="nothing in this cluster can be broken to give ING-HOST"):
        faults.plant(empty, "ING-HOST")
    assert "ING-HOST" not in faults.plantable(empty) and "NET-NOBODY" in faults.plantable(empty)
