"""Every code block of the README does what it says. The two set-up commands are run by `.ci/run`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import simnet
from simnet.dataplane.walk import STAGE_AT
from simnet.diagnosis import DIAGNOSED, NOTED
from simnet.explain.graph import walk_diagram
from simnet.lint.catalogue import LINTED
from simnet.scenario.fences import Fence, blocks

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = [block for block in blocks(README) if isinstance(block, Fence)]
FILES = [fence for fence in FENCES if len(fence.info.split()) == 2 and "." in fence.info.split()[1]]


def titled(fence: Fence) -> str:
    return f"line {fence.line} {fence.info}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files the README tells the reader to save."""
    for fence in FILES:
        (tmp_path / fence.info.split()[1]).write_text(fence.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_no_block_is_left_out() -> None:
    """Each kind of block has a test here; a new kind must get one."""
    known = {"sh", "python", "sh set-up", "text walk", *(fence.info for fence in FILES)}
    assert {fence.info for fence in FENCES} <= known
    assert sum(fence.info == "sh set-up" for fence in FENCES) == 1


def test_the_set_up_block_holds_the_two_commands_that_ci_runs() -> None:
    commands = next(fence for fence in FENCES if fence.info == "sh set-up").text.split("\n")[:-1]
    assert len(commands) == 2
    assert "simnet run scenarios/" in commands[0] and "-m pytest" in commands[1]


@pytest.mark.parametrize("fence", [fence for fence in FENCES if fence.info == "python"], ids=titled)
def test_python_block_runs(fence: Fence, folder: Path) -> None:
    exec(compile(fence.text, f"README.md:{fence.line}", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("fence", [fence for fence in FENCES if fence.info == "sh"], ids=titled)
def test_commands_run(fence: Fence, folder: Path) -> None:
    for line in fence.text.splitlines():
        program, *arguments = line.split()
        assert program == "simnet"
        result = run(sys.executable, "-m", "simnet", *arguments, folder=folder)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
        assert result.stdout.strip()


def test_the_trace_command_says_why(folder: Path) -> None:
    words = ("trace", "http://web/", "--from", "pod/client", "-f", "web.yaml")
    result = run(sys.executable, "-m", "simnet", *words, folder=folder)
    assert "refused" in result.stdout.lower() and "default/web" in result.stdout


@pytest.mark.parametrize("fence", [fence for fence in FILES if fence.info.startswith("python ")], ids=titled)
def test_test_file_passes_under_pytest(fence: Fence, folder: Path) -> None:
    name = fence.info.split()[1]
    result = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{fence.text.count('def test_')} passed" in result.stdout


def test_the_picture_of_the_walk_is_drawn_from_the_table() -> None:
    drawn = next(fence for fence in FENCES if fence.info == "text walk").text
    assert drawn.strip("\n") == walk_diagram(STAGE_AT).strip("\n")


def test_the_public_names_are_those_of_the_readme() -> None:
    sentence = README[README.index("Public names:"):].partition(";")[0]
    named = {word.strip("`") for word in sentence.removeprefix("Public names:").replace(",", " ").split()}
    assert named == set(simnet.__all__)


def test_the_readme_names_every_setting() -> None:
    table = README[README.index("## Settings"):README.index("## What is modelled")]
    missing = [name for name in ("nodes", "pod_cidr", "service_cidr", "node_port_range", "load_balancer_pool", "seed", "now",
                                 "addons", "images", "outside", "assume", "policies", "pins", "proxy", "dns", "kubelet",
                                 "ingress", "namespaces", "trust") if f"`{name}`" not in table]
    assert missing == []


def test_every_code_is_listed_with_its_meaning() -> None:
    known = {**DIAGNOSED, **NOTED, **LINTED}
    listed = dict(re.findall(r"^\| `([A-Z]{3}-[A-Z]+)` \| (.*) \|$", README, re.MULTILINE))
    assert listed == known
