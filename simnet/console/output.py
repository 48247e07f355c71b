"""What a command leaves behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Output:
    """Standard output, standard error and the exit status of one command or line.

    `screen` is both streams in the order in which they were written, where that is not output first, then errors;
    `shown` is what a terminal would show.
    """

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    screen: str | None = None

    @property
    def shown(self) -> str:
        return self.stdout + self.stderr if self.screen is None else self.screen


def failed(message: str, status: int = 1) -> Output:
    """An output that is only an error message; a final line break is added."""
    return Output(stderr=message.rstrip("\n") + "\n", status=status)


def warned(warning: str, output: Output) -> Output:
    """An output with a text on standard error in front of it."""
    return Output(output.stdout, warning + output.stderr, output.status, warning + output.shown) if warning else output
