"""`simnet learn`: the exercise is set up, answers are checked, a wrong one is told its cause and not its repair."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from simnet.cli.main import main
from tests.unit.test_scenario_do import BROKEN, GET, TASK, fence, text

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {run: LABEL}, ports: [{port: 80}]}\n"


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "a.story.md"
    path.write_text(text("Some prose.\n", BROKEN, TASK, fence("check", f"{GET} is 200")))
    for label in ("web", "wep"):
        (tmp_path / f"{label}.yaml").write_text(SERVICE.replace("LABEL", label))
    monkeypatch.chdir(tmp_path)
    return path


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_hints_a_look_a_wrong_answer_and_the_right_one(story: Path, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, "hint", "hint", "kubectl get endpoints web", "check", "wep.yaml", "web.yaml")
    assert main(["learn", str(story)]) == 0
    said = capsys.readouterr().out
    assert "Some prose." in said and "Task: Let http://web/ answer." in said
    assert "hint: compare labels\nThere is no further hint.\n" in said and "<none>" in said
    assert said.count(f"FAIL  {GET} is 200") == 2 and "SEL-NOMATCH" in said
    assert "service/default/web configured\nSolved.\n" in said and said.endswith("All exercises are solved.\n")
    assert "wep -> web" not in said and "fix " not in said and "nearest" not in said
    assert "```check" not in said and said.index("Task:") < said.index("hint: compare labels")


def test_giving_up_and_the_end_of_input(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "quit", "web.yaml")
    assert main(["learn", str(story)]) == 1
    typed(monkeypatch)
    assert main(["learn", str(story)]) == 1


def test_answers_from_files(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(story), "--answer", "web.yaml"]) == 0
    assert main(["learn", str(story), "--answer", "wep.yaml"]) == 1
    assert capsys.readouterr().out.endswith("Not solved.\n")


def test_a_manifest_that_is_refused_is_told_and_the_learner_goes_on(story: Path, monkeypatch: pytest.MonkeyPatch,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text(SERVICE.replace("ports", "prots"))
    typed(monkeypatch, "bad.yaml", "nonsense", "web.yaml")
    assert main(["learn", str(story)]) == 0
    said = capsys.readouterr().out
    assert "bad.yaml:4" in said and "did you mean ports?" in said and "command not found" in said


def test_a_story_without_exercise_cannot_be_learnt(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story.write_text(text(fence("expect", f"{GET} is 200")))
    assert main(["learn", str(story)]) == 2
    assert "no exercise in it" in capsys.readouterr().err
