"""What a command leaves behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Output:
    """Standard output, standard error and the exit status of one command or line."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0


def failed(message: str, status: int = 1) -> Output:
    """An output that is only an error message; a final line break is added."""
    return Output(stderr=message.rstrip("\n") + "\n", status=status)
