"""The pytest plugin: stories are collected, a step is an item, and the fixture `cluster` is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STORY = """\
# A story

## First

```yaml apply
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
```

## Second {what-if}

```expect
count configmaps = 7
```

## Third

```expect
count configmaps in default = 1
```
"""

TEST = """
def test_a(cluster):
    assert [node.name for node in cluster.list("node")] == ["node-1", "node-2"]
    cluster.apply("apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: one}\\n")

def test_b(cluster):
    assert not cluster.list("configmap", namespace="default")
"""


def pytest_in(directory: Path, *arguments: str) -> str:
    """What pytest prints there with the plugin alone."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "simnet.testing.plugin", "-p", "no:cacheprovider", "-rA", "--no-header",
         "--rootdir", str(directory), *arguments],
        cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "a.story.md").write_text(STORY)
    (tmp_path / "test_fixture.py").write_text(TEST)
    (tmp_path / "README.md").write_text("# no story\n")
    return tmp_path


def test_every_step_is_an_item(directory: Path) -> None:
    said = pytest_in(directory)
    assert "PASSED a.story.md::First" in said and "PASSED a.story.md::Third" in said
    assert "FAILED a.story.md::Second" in said
    assert f"{directory / 'a.story.md'}:14  FAIL  count configmaps = 7" in said
    assert "4 passed" in said and "1 failed" in said
    assert "Traceback" not in said


def test_a_step_alone_first_runs_those_before_it(directory: Path) -> None:
    said = pytest_in(directory, "a.story.md", "-k", "Third")
    assert "1 passed, 2 deselected" in said


def test_a_story_that_cannot_be_read_is_an_error_of_collection(directory: Path) -> None:
    (directory / "b.story.md").write_text("# B\n```exepct\n```\n")
    said = pytest_in(directory, "b.story.md")
    assert "b.story.md:2: a fence of language 'exepct' is shown, not run; did you mean expect?" in said
    assert "1 error" in said and "Traceback" not in said and "reader.py" not in said


def test_a_story_that_asserts_nothing_is_an_error_of_collection(directory: Path) -> None:
    (directory / "b.story.md").write_text("# B\n```console\n$ true\n```\n")
    said = pytest_in(directory, "b.story.md")
    assert "b.story.md:1: the story asserts nothing" in said and "1 error" in said


FAILING = """
import simnet
from simnet.testing import assert_delivered, assert_verdict, pod

def test_expectation(cluster):
    simnet.expect(cluster, "count pods = 7")

def test_misspelt(cluster):
    simnet.expect(cluster, "cuont pods = 7")

def test_delivered(cluster):
    assert_delivered(cluster.connect("tcp://10.96.0.200:80", "laptop"))

def test_verdict(cluster):
    assert_verdict(cluster.connect("tcp://10.96.0.200:80", "laptop"), "open")
"""


def test_a_failed_assertion_shows_the_test_and_none_of_this_package(directory: Path) -> None:
    (directory / "test_failing.py").write_text(FAILING)
    said = pytest_in(directory, "test_failing.py")
    assert "4 failed" in said and '>       simnet.expect(cluster, "count pods = 7")' in said
    assert "FAIL  count pods = 7" in said and "did you mean count?" in said
    assert "simnet/api.py" not in said and "simnet/expect" not in said and "assertions.py" not in said


def test_settings_that_cannot_be_used_fail_the_step_without_a_traceback(directory: Path) -> None:
    (directory / "b.story.md").write_text("# B\n```yaml scenario\nsimnet: 1\nsede: 3\n```\n```expect\ncount pods = 0\n```\n")
    said = pytest_in(directory, "b.story.md")
    assert "b.story.md:4:1: 'sede' is no setting" in said and "did you mean seed?" in said
    assert "1 failed" in said and "settings.py" not in said
