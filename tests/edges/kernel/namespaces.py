"""One network namespace without a name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

try:
    import ctypes
except ImportError:  # a Python built without libffi
    ctypes = None  # type: ignore[assignment]

CLONE_NEWNET = 0x40000000
TOOLS = ("ip", "iptables-restore", "ip6tables-restore", "nft")


class Namespace:
    """Made at once; `close` gives it back. Sockets made inside stay inside."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        with _home():
            _check(_libc().unshare(CLONE_NEWNET))
            self.descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    @property
    def path(self) -> str:
        """What `ip` takes for a namespace."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and the processes it starts, are inside."""
        with _home():
            _check(_libc().setns(self.descriptor, CLONE_NEWNET))
            yield

    def ip(self, *commands: str) -> None:
        """Commands of `ip`, to be run by `settle`."""
        self._waiting += commands

    def settle(self) -> None:
        """Run what is waiting, in one process. Raises AssertionError with what it said."""
        if self._waiting:
            commands, self._waiting = self._waiting, []
            self.run(["ip", "-batch", "-"], "\n".join(commands) + "\n")

    def run(self, command: Sequence[str], stdin: str = "") -> str:
        with self.entered():
            done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}\n{stdin}"
        return done.stdout

    def set(self, **values: int) -> None:
        """Kernel settings below /proc/sys/net, `ipv4__ip_forward=1`."""
        with self.entered():
            for name, value in values.items():
                Path("/proc/sys/net", *name.split("__")).write_text(str(value), encoding="ascii")

    def close(self) -> None:
        os.close(self.descriptor)


@contextmanager
def _home() -> Iterator[None]:
    """Come back to where this thread was."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        yield
    finally:
        _check(_libc().setns(here, CLONE_NEWNET))
        os.close(here)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def why_not() -> str:
    """Why the kernel cannot be asked here, '' if it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.name != "posix" or os.geteuid() != 0:
        return "the kernel is asked by root only: network namespaces and packet filters are needed"
    if missing or ctypes is None:
        return f"the kernel cannot be asked without {', '.join(missing) or 'the module ctypes'}"
    try:
        Namespace().close()
    except OSError as problem:
        return f"the kernel makes no network namespace here: {problem.strerror}"
    return ""
