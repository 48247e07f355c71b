"""A session as a person uses it: a prompt that says where one is, lines that go on, and a word of help after a failure.

No terminal is touched here: `feed` takes a line and gives back what to show.
"""

from __future__ import annotations

import re

from simnet.console.completion import completions, correction, lost_name
from simnet.console.desk import LAPTOP, Desk
from simnet.console.output import Output
from simnet.console.session import Session
from simnet.console.shell.words import ShellSyntaxError, tokens
from simnet.diagnosis import Findings, diagnose

_HERE_DOCUMENT = re.compile(r"""(?<!<)<<-?(?!<)\s*(?:'(\w+)'|"(\w+)"|(\w+))""")
_OPEN = "unexpected EOF while looking for"
_NOTHING_FOUND = "No resources found"


class Interactive:
    """Feed it lines; `prompt` is what to show before the next, `is_over` whether there is none."""

    def __init__(self, session: Session) -> None:
        self.session, self.is_over = session, False
        self._lines: list[str] = []

    @property
    def desk(self) -> Desk:
        return self.session.desk

    @property
    def prompt(self) -> str:
        """`laptop$ `, `client$ ` inside pod client, `shop/client$ ` when it is in another namespace; `> ` in a line that
        goes on."""
        if self._lines:
            return "> "
        pod, source = self.desk.frame.pod, self.desk.frame.source
        if pod is not None:
            return f"{pod.name}$ " if pod.namespace == self.desk.namespace else f"{pod.namespace}/{pod.name}$ "
        return f"{LAPTOP if source == LAPTOP else source.rpartition('/')[2]}$ "

    def complete(self, line: str) -> list[str]:
        """What the last word of a line may become."""
        return completions(self.desk, "\n".join([*self._lines, line]) if self._lines and not self._in_document else line)

    def feed(self, line: str) -> Output:
        """Take one typed line; nothing is shown while it goes on. Never raises for what was typed."""
        self._lines.append(line)
        text = "\n".join(self._lines)
        if goes_on(text):
            return Output()
        self._lines = []
        return self._entered(text)

    def interrupt(self) -> None:
        """Forget a line that goes on, as Ctrl-C does."""
        self._lines = []

    @property
    def _in_document(self) -> bool:
        return bool(_HERE_DOCUMENT.search(self._lines[0])) if self._lines else False

    def _entered(self, text: str) -> Output:
        word = text.split()[0] if text.split() else ""
        if not word:
            return Output()
        self.desk.history.append(text)
        if word in ("exit", "logout") and len(self.desk.frames) == 1:
            self.is_over = True
            return Output(status=self.desk.frame.status)
        before, self.desk.hint = self.session.last_trace, ""
        output = self.session.run(text)
        if word == "why":
            return output
        hint = self._hint(text, output, self.session.last_trace is not before)
        screen = output.shown + ("" if output.shown.endswith("\n") or not output.shown else "\n")
        return Output(output.stdout, output.stderr + hint, output.status, screen + hint) if hint else output

    def _hint(self, text: str, output: Output, connected: bool) -> str:
        """One line on what was probably meant or went wrong, unless the output says so itself."""
        if output.status == 0 and _NOTHING_FOUND not in output.stderr:
            return ""
        if "did you mean" in output.stderr.lower():
            return ""
        trace = self.session.last_trace if connected else lost_name(self.desk, text)
        hint = _cause(diagnose(self.session.cluster, trace)) if trace is not None else ""
        hint = hint or self.desk.hint or correction(self.desk, text)
        return f"hint: {hint}" + ("   (why tells more)\n" if connected else "\n") if hint else ""


def _cause(found: Findings) -> str:
    return " ".join(f"{each.code}: {each.summary}" + (f" ({each.nearest})" if each.nearest else "") for each in found[:1])


def goes_on(text: str) -> bool:
    """Whether a line needs another: an open quote, a `\\`, a pipe at its end, a here-document without its last line."""
    lines = text.split("\n")
    opened = [next(filter(None, found)) for found in _HERE_DOCUMENT.findall(lines[0])]
    if opened:
        return opened[-1] not in [line.strip("\t") for line in lines[1:]]
    last = lines[-1].rstrip()
    if (len(last) - len(last.rstrip("\\"))) % 2 or last.endswith(("|", "&&")):
        return True
    try:
        tokens(text)
    except ShellSyntaxError as problem:
        return str(problem).startswith(_OPEN)
    return False
