"""`simnet shell`: a terminal in front of a simulated cluster. This is an edge: it reads lines, files and opens an editor."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from simnet.cli.colour import DIM, OFF
from simnet.cli.given import cluster_of, unreadable
from simnet.cli.output import write
from simnet.console.interactive import Interactive
from simnet.console.session import Session
from simnet.errors import SimnetError, UsageError

_SUFFIXES = (".yaml", ".yml", ".json", ".crt", ".key", ".pem", ".txt")
_LARGEST = 1 << 20
_DELIMITERS = " \t\n|;&<>()`"


class Copies:
    """Copies of the text files of a directory among the virtual ones; one changed on disk is copied anew."""

    def __init__(self, directory: Path, files: dict[str, str]) -> None:
        self.directory, self.files = directory, files
        self._copied: dict[str, str] = {}

    def refresh(self) -> None:
        """Take over what is new on disk, unless the copy was changed in the shell. What cannot be read is left out."""
        try:
            entries = sorted(each for each in self.directory.iterdir() if each.suffix in _SUFFIXES and each.is_file())
        except OSError:
            return
        for path in entries:
            try:
                text = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else None
            except (OSError, UnicodeDecodeError):
                continue
            if text is not None and self.files.get(path.name) in (None, self._copied.get(path.name)):
                self.files[path.name] = self._copied[path.name] = text


def run(arguments: argparse.Namespace) -> int:
    """Read lines until `exit` or the end of the input; the status is that of the last command."""
    files: dict[str, str] = {}
    copies = Copies(Path(), files)
    try:
        session = Session(cluster_of(arguments), files=files, actor=arguments.source)
    except SimnetError as problem:
        return unreadable(problem)
    shell = Interactive(session)
    waiting = list(reversed(arguments.lines))
    is_terminal = sys.stdin.isatty() and not waiting
    if is_terminal:
        session.desk.editor = edited
        completion(shell)
        write(f"A simulated cluster, {len(session.cluster.list('node'))} node(s). `help` says what there is, `exit` leaves.\n")
    while not shell.is_over:
        copies.refresh()
        line = waiting.pop() if waiting else None if arguments.lines else read_line(shell, is_terminal)
        if line is None:
            break
        output = shell.feed(line)
        shown(output.stdout, output.stderr, output.shown, is_terminal)
    return session.desk.frames[0].status


def read_line(shell: Interactive, is_terminal: bool) -> str | None:
    """The next line, None at the end. Ctrl-C drops the line."""
    while True:
        try:
            if is_terminal:
                return input(shell.prompt)
            line = sys.stdin.readline()
            return line.removesuffix("\n") if line else None
        except EOFError:
            write("\n")
            return None
        except KeyboardInterrupt:
            shell.interrupt()
            write("^C\n")


def shown(stdout: str, stderr: str, screen: str, is_terminal: bool) -> None:
    """Both streams where they belong; on a terminal in the order in which they were written, hints dim."""
    if not is_terminal:
        write(stdout)
        sys.stderr.write(stderr)
        return
    text, mark, hint = screen.rpartition("hint: ") if "\nhint: " in f"\n{screen}" else (screen, "", "")
    plain = os.environ.get("NO_COLOR") or not mark
    write(text + (mark + hint if plain else f"{DIM}{mark}{hint.rstrip(chr(10))}{OFF}\n"))


def completion(shell: Interactive) -> None:
    """Tab, and lines that come back with the arrow keys, where the module readline is there."""
    try:
        import readline
    except ImportError:  # some builds of Python have none
        return
    found: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            found[:] = shell.complete(readline.get_line_buffer()[:readline.get_endidx()])
        if state >= len(found):
            return None
        return found[state] + ("" if len(found) > 1 or found[state].endswith(("=", "/")) else " ")

    readline.set_completer(complete)
    readline.set_completer_delims(_DELIMITERS)
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")


def edited(name: str, text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A text after the user's editor: KUBE_EDITOR, VISUAL, EDITOR, else vi. Raises UsageError when it cannot be run."""
    command = environment.get("KUBE_EDITOR") or environment.get("VISUAL") or environment.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / Path(name).name
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(command), str(path)], check=False)
        except (OSError, ValueError) as problem:
            raise UsageError(f"the editor {command!r} cannot be run ({problem}); set EDITOR to one that can") from None
        if done.returncode:
            raise UsageError(f"the editor {command!r} ended with status {done.returncode}; nothing was changed")
        return path.read_text(encoding="utf-8")
