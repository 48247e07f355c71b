"""`simnet diff` and `simnet whatif`: what they print, and their status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simnet.cli.main import main

WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: nginx, image: "nginx:1.29"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: curl, image: "curlimages/curl:8.17.0", command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
ASKED = ["http://web/", "--from", "pod/client"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "old.yaml").write_text(WEB)
    (tmp_path / "new.yaml").write_text(WEB.replace("{app: web}, ports", "{app: wbe}, ports"))
    return tmp_path


def test_a_typo_shows_what_it_breaks_and_why(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(files / "old.yaml"), str(files / "new.yaml")]) == 1
    said = capsys.readouterr().out
    assert "service/default/web port 80/TCP: " in said
    assert "  before   200 by pod/default/web:80\n  after    refused\n  such as  GET http://web/ from pod/client\n" in said
    assert "  why      SEL-NOMATCH" in said and "fix      spec.selector.app: wbe -> web" in said
    assert said.rstrip().splitlines()[-1].endswith("with another outcome")


def test_the_same_files_do_not_differ(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(files / "old.yaml"), str(files / "old.yaml")]) == 0
    assert capsys.readouterr().out.endswith("requests asked of both sides, none with another outcome\n")


def test_data_for_machines(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", str(files / "old.yaml"), str(files / "new.yaml")]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "simnet/diff/v1" and data["differs"] and data["differences"][0]["new"] == {"refused": "1"}


def test_what_cannot_be_read_is_said_with_status_2(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "bad.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {prots: []}\n")
    assert main(["diff", str(files / "old.yaml"), str(files / "bad.yaml")]) == 2
    assert "bad.yaml:4" in (said := capsys.readouterr().err) and "did you mean" in said
    assert main(["diff", str(files / "old.yaml"), str(files / "none.yaml")]) == 2


# arguments, status, what is printed
WHATIF = [
    (["--patch", "service/web", '{"spec": {"selector": {"app": "wbe"}}}', *ASKED], 1, "after    refused\n"),
    (["--patch", "service/default/web", '[{"op": "replace", "path": "/spec/selector/app", "value": "wbe"}]', *ASKED], 1,
     "why      SEL-NOMATCH"),
    (["--patch", "service/web", "metadata: {labels: {a: b}}", *ASKED], 0, "after    200 by pod/default/web:80"),
    (["--delete", "service/web", *ASKED], 1, "after    no-name\n"),
    (["--delete", "pod/client", "--delete", "service/web", "http://203.0.113.1/"], 0, "after    404 by default-backend\n"),
    (["--delete", "service/web"], 1, "such as  GET http://web/ from pod/client\n"),
    (["--apply", "new.yaml", *ASKED], 1, "before   200 by pod/default/web:80 seen as the client\n"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), WHATIF)
def test_whatif(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str],
                status: int, said: str) -> None:
    monkeypatch.chdir(files)
    assert main(["whatif", "-f", "old.yaml", *arguments]) == status
    assert said in capsys.readouterr().out


WRONG = [
    ([*ASKED], "nothing changes; give --patch"),
    (["--delete", "service/wep", *ASKED], "did you mean web?"),
    (["--delete", "service", *ASKED], "names no object"),
    (["--patch", "service/wep", "{}", *ASKED], 'services "wep" not found'),
    (["--patch", "web", "{}", *ASKED], "names no object; write KIND/NAME"),
    (["--patch", "service/web", "{spec: [", *ASKED], "--patch service/web: "),
    (["--delete", "pod/client", *ASKED], "pod 'client' not found"),
    (["--apply", "none.yaml", *ASKED], "none.yaml"),
    (["--delete", "service/web", "web/"], "has no scheme"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_a_change_that_cannot_be_made_is_refused_with_status_2(
        files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    monkeypatch.chdir(files)
    assert main(["whatif", "-f", "old.yaml", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_patch_with_an_unknown_field_warns_as_kubectl_does(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whatif", "-f", str(files / "old.yaml"), "--patch", "service/web", "{spec: {prots: []}}", *ASKED]) == 0
    assert 'unknown field "spec.prots"' in capsys.readouterr().err


def test_one_request_as_data(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whatif", "-f", str(files / "old.yaml"), "--delete", "service/web", "--json", *ASKED]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "simnet/whatif/v1" and data["differs"] is True and data["new"] == {"no-name": "1"}
