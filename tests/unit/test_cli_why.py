"""`simnet why`: exit statuses, the three forms, a path that fails only sometimes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simnet.cli.main import main

HEALTHY = """\
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: main, image: nginx:1.29}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main, image: "curlimages/curl:8.17.0", command: [sleep, 1d]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
TYPO = HEALTHY.replace("selector: {app: web}", "selector: {app: wbe}")
HALF = HEALTHY + """\
---
apiVersion: v1
kind: Pod
metadata: {name: web-2, labels: {app: web}}
spec: {containers: [{name: main, image: unheard.of/x, ports: [{containerPort: 3000}]}]}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("healthy", HEALTHY), ("typo", TYPO), ("half", HALF)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


STATUSES = [
    (["why", "http://web/", "--from", "pod/client", "-f", "healthy.yaml"], 0),
    (["why", "http://web/", "--from", "pod/client", "-f", "typo.yaml"], 1),
    (["why", "http://web/no-such-page", "--from", "pod/client", "-f", "healthy.yaml"], 1),
    (["why", "-f", "healthy.yaml"], 0),
    (["why", "-f", "typo.yaml"], 1),
    (["why", "-f", "missing.yaml"], 2),
    (["why", "http://web/", "--from", "pod/clinet", "-f", "healthy.yaml"], 2),
    (["why", "htp://web/", "-f", "healthy.yaml"], 2),
    (["why", "tcp://web:80", "-H", "Host: x", "-f", "healthy.yaml"], 2),
]


@pytest.mark.parametrize(("arguments", "status"), STATUSES, ids=[" ".join(row[0]) for row in STATUSES])
def test_exit_statuses(files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int) -> None:
    assert main(arguments) == status
    said = capsys.readouterr()
    assert bool(said.err) == (status == 2) and bool(said.out) == (status != 2)


def test_the_text_says_what_was_asked_the_cause_and_the_fix(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", "http://web/", "--from", "pod/client", "-f", "typo.yaml"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pod/default/client (") and lines[0].endswith(" asks GET http://web/")
    assert lines[1] == "  refused: the client is told at once"
    assert lines[3] == "SEL-NOMATCH: Service default/web wants app=wbe; 0 of 2 pods have it"
    assert any(line.startswith("fix: spec.selector.app: wbe -> web") for line in lines)


def test_one_line_for_tests(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", "http://web/", "--from", "pod/client", "-f", "typo.yaml", "--format", "line"])
    assert capsys.readouterr().out == ("SEL-NOMATCH Service default/web wants app=wbe; 0 of 2 pods have it "
                                       "[spec.selector.app: wbe -> web]\n")


def test_json_for_machines(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", "http://web/", "--from", "pod/client", "-f", "typo.yaml", "--format", "json"])
    data = json.loads(capsys.readouterr().out)
    assert (data["schema"], data["result"], data["findings"][0]["code"]) == ("simnet/diagnosis/v1", "refused", "SEL-NOMATCH")


def test_a_failure_on_some_paths_is_found_and_its_share_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "http://web/", "--from", "pod/client", "-f", "half.yaml"]) == 1
    out = capsys.readouterr().out
    assert "refused: the client is told at once, on 1/2 (50.0 %) of the paths" in out
    assert "SEL-BROAD" in out or "PRT-NOLISTEN" in out
