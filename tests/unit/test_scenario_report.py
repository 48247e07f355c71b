"""Reports: text for people, data for machines, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simnet.cli.main import main
from simnet.errors import Place, ScenarioFailed, UsageError
from simnet.scenario import Report, Scenario, find_stories, text_of
from simnet.scenario.report import Failure, StepReport

FINE = "# Fine\n\n```expect\ncount pods = 0\n```\n"
WRONG = "# Wrong\n\n```expect\ncount pods = 3\n```\n"
UNREADABLE = "# Unreadable\n\n```exepct\ncount pods = 3\n```\n"


def test_the_text_has_a_line_a_story_the_failures_and_the_sum() -> None:
    failure = Failure(Place("b.story.md", 4), "count pods = 3", ("got      0",))
    reports = [Report("a.story.md", "Fine", (StepReport("One", 1, "normal", 2),)),
               Report("b.story.md", "Wrong", (StepReport("One", 1, "normal", 1, (failure,)),)),
               Report("c.story.md", "", error="c.story.md:3: this fence\nis never closed")]
    assert text_of(reports) == """\
ok    a.story.md  Fine  (1 step, 2 checks)
FAIL  b.story.md  Wrong  (1 step, 1 check)

b.story.md:4  FAIL  count pods = 3
   got      0
FAIL  c.story.md  (0 steps, 0 checks)
   c.story.md:3: this fence
   is never closed

3 stories, 3 checks: 1 passed, 2 failed
"""


def test_the_data_says_the_same() -> None:
    data = Scenario.parse(WRONG, "b.story.md").run().to_json()
    assert data == {
        "schema": "simnet/story-report/v1", "file": "b.story.md", "title": "Wrong", "passed": False, "error": None,
        "checks": 1, "steps": [{"name": "Wrong", "line": 1, "mode": "normal", "passed": False, "checks": 1, "failures": [
            {"file": "b.story.md", "line": 4, "what": "count pods = 3", "details": ["got      0"]}]}]}


def test_check_raises_with_the_whole_report() -> None:
    assert Scenario.parse(FINE).check().passed
    with pytest.raises(ScenarioFailed, match="count pods = 3"):
        Scenario.parse(WRONG).check()


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    for name, text in (("fine", FINE), ("wrong", WRONG), ("unreadable", UNREADABLE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.story.md").write_text(text)
    return tmp_path


STATUSES = [("fine", 0), ("wrong", 1), ("unreadable", 2), ("", 2), ("missing", 2)]


@pytest.mark.parametrize(("directory", "status"), STATUSES)
def test_the_exit_status(stories: Path, directory: str, status: int) -> None:
    assert main(["run", str(stories / directory)]) == status


def test_machines_get_json(stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--format", "json", str(stories / "fine"), str(stories / "wrong")]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["schema"], data["passed"]) == ("simnet/run/v1", False)
    assert [story["title"] for story in data["stories"]] == ["Fine", "Wrong"]


def test_a_directory_is_searched_and_a_wrong_path_named(stories: Path) -> None:
    assert [path.name for path in find_stories([stories])] == ["fine.story.md", "unreadable.story.md", "wrong.story.md"]
    with pytest.raises(UsageError, match="missing: no such file or directory"):
        find_stories([stories / "missing"])
    (stories / "empty").mkdir()
    with pytest.raises(UsageError, match=r"empty: no \.story\.md or \.scenario\.yaml file in this directory"):
        find_stories([stories / "empty"])


def test_a_scenario_that_is_data_cannot_be_accepted(stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stories / "a.scenario.yaml"
    path.write_text("simnet: 1\nsteps: [{expect: [count nodes = 1]}]\n")
    assert main(["run", "--accept", str(path)]) == 2
    assert "only .story.md files can be accepted" in capsys.readouterr().out
