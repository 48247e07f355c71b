"""The command line as a process of its own: `python -m simnet`, pipes, terminals."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: web}}
spec: {containers: [{name: main, image: unheard.of/x, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
TRACE = ("trace", "http://web/", "--from", "pod/server", "-f", "web.yaml")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "fine.story.md").write_text("# Fine\n\n```expect\ncount nodes = 1\n```\n")
    (tmp_path / "wrong.story.md").write_text("# Wrong\n\n```expect\ncount nodes = 2\n```\n")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    """As a user has it: output is buffered, and the package is found."""
    own = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture(autouse=True, scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Modules are compiled once for all processes of this file, and not into the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        yield


def simnet(directory: Path, *arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "simnet", *arguments], cwd=directory, env=environment(**more), input=given,
                          capture_output=True, check=False)


def test_the_module_is_the_command_and_a_dash_is_standard_input(directory: Path) -> None:
    done = simnet(directory, *TRACE[:-1], "-", "-o", "json", given=WEB.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["schema"] == "simnet/trace/v1"


def test_input_that_is_no_text_is_no_traceback(directory: Path) -> None:
    """Python reads what it cannot decode as lone surrogates in the C locale."""
    done = simnet(directory, "get", "pods", "-f", "-", given=b"kind: \xff\xfe\n", LC_ALL="C", PYTHONUTF8="0")
    assert done.returncode == 2
    assert done.stderr.startswith(b"standard input:") and b"Traceback" not in done.stderr


def test_strict_decoding_is_no_traceback_either(directory: Path) -> None:
    done = simnet(directory, "get", "pods", "-f", "-", given=b"kind: \xff\xfe\n", PYTHONIOENCODING="utf-8:strict")
    assert done.returncode == 2 and done.stderr == b"standard input:1:7: found the byte 0xff; expected UTF-8 text\n"


def test_a_terminal_that_has_not_all_characters_still_gets_its_text(directory: Path) -> None:
    done = simnet(directory, *TRACE, "-o", "tree", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and b"result: 200" in done.stdout and done.stderr == b""


# what is written to a pipe nobody reads, exit status all the same
UNREAD = [(("--help",), 0), ((*TRACE, "--check"), 0), (("run", "wrong.story.md"), 1)]


@pytest.mark.parametrize(("arguments", "status"), UNREAD, ids=[" ".join(row[0]) for row in UNREAD])
def test_a_reader_that_goes_away_is_no_error_and_changes_no_status(directory: Path, arguments: tuple[str, ...], status: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([sys.executable, "-m", "simnet", *arguments], cwd=directory, env=environment(), stdout=writer,
                              stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (status, b"")


def on_a_terminal(directory: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Exit status and everything shown, standard output and standard error being one terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "simnet", *arguments], cwd=directory, env=environment(**more),
                               stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux ends a terminal without writers this way
            break
        if not part:
            break
        shown += part
    os.close(master)
    return process.wait(), shown.decode()


def test_on_a_terminal_there_are_colours_and_progress(directory: Path) -> None:
    status, shown = on_a_terminal(directory, "run", "fine.story.md", "wrong.story.md")
    assert status == 1
    assert "\x1b[31mFAIL\x1b[0m" in shown and "\x1b[32mok\x1b[0m" in shown and "[2/2] wrong.story.md" in shown


def test_no_color_and_quiet_are_honoured(directory: Path) -> None:
    status, shown = on_a_terminal(directory, "run", "-q", "wrong.story.md", NO_COLOR="1")
    assert status == 1 and "\x1b" not in shown and "wrong.story.md:4  FAIL  count nodes = 2" in shown
