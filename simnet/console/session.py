"""A session at the console: lines in, outputs out, and everything they leave behind.

`$` starts on the laptop, outside the cluster. `kubectl exec -it POD -- sh` moves it into the pod until `exit`.
"""

from __future__ import annotations

from collections.abc import Sequence

from simnet.cluster import Cluster
from simnet.console.commands import COMMANDS, tools_here, unknown_command
from simnet.console.desk import LAPTOP, Call, Desk, Frame, NoSuchFile, ShellExit, read_file, write_file
from simnet.console.environment import environment
from simnet.console.frames import frame_for, leave_shell, left_behind
from simnet.console.output import Output, failed
from simnet.console.shell.expand import Surroundings, expand, expand_one
from simnet.console.shell.parse import Pipeline, SimpleCommand, parse
from simnet.console.shell.quotes import find_typographic_quote
from simnet.console.shell.words import HereDocument, ShellSyntaxError
from simnet.dataplane.step import Trace
from simnet.errors import SimnetError, UsageError

_DEEPEST = 20  # nested `sh -c`, exec and substitutions


class Session:
    """One person's console over a cluster.

    `files` are the virtual files (name -> text) of whoever types, shared with the story. `actor` is where `$` starts:
    `laptop`, another outside host, `node/NAME` or `pod/NAME`. With `as_pasted` typographic quotes are not refused but
    treated as a shell would: as ordinary characters.
    """

    def __init__(self, cluster: Cluster, *, actor: str = LAPTOP, files: dict[str, str] | None = None,
                 as_pasted: bool = False) -> None:
        self.as_pasted = as_pasted
        self.desk = Desk(cluster, files if files is not None else {}, [])
        self.desk.frames.append(frame_for(self.desk, actor))
        self._depth = 0

    @property
    def cluster(self) -> Cluster:
        return self.desk.cluster

    @property
    def files(self) -> dict[str, str]:
        return self.desk.files

    @property
    def last_trace(self) -> Trace | None:
        """The last finished walk a command made, None before the first."""
        return self.desk.last_trace

    @property
    def assumed(self) -> list[str]:
        """What the last line's result rests on that nobody declared."""
        return self.desk.assumed

    @property
    def prompt_actor(self) -> str:
        """Where `$` runs now: `laptop`, `pod/default/client` ..."""
        return self.desk.frame.source

    def run(self, line: str, stdin: str = "") -> Output:
        """Run a line (several joined by line breaks are one) and return what it printed and its status.

        A typographic quote is refused with the corrected line, status 2. Never raises for what a user typed.
        """
        self.desk.assumed = []
        if not self.as_pasted:
            found = find_typographic_quote(line)
            if found is not None:
                return failed(str(found), 2)
        return self._interpret(line, stdin)

    def run_in(self, actor: str, line: str, stdin: str = "") -> Output:
        """Run a line as another actor: a pod's name (`client`, `shop/client`), `pod/NAME`, `node/NAME`, a host."""
        try:
            self.desk.frames.append(frame_for(self.desk, actor))
        except SimnetError as problem:
            return failed(f"simnet: {problem}", 2)
        depth = len(self.desk.frames)
        try:
            return self.run(line, stdin)
        finally:
            del self.desk.frames[depth - 1:]

    def leave(self) -> Output:
        """Leave every shell opened by exec, as the end of a fence does; pods of `run --rm` are deleted."""
        text = ""
        while len(self.desk.frames) > 1:
            text += left_behind(self.desk, self.desk.frames.pop())
        return Output(text)

    # lines -------------------------------------------------------------------------------------------------------

    def _interpret(self, line: str, stdin: str) -> Output:
        if self._depth >= _DEEPEST:
            return failed(f"{self.desk.frame.shell}: {_DEEPEST} shells inside each other are enough", 2)
        try:
            pipelines = parse(line)
        except ShellSyntaxError as problem:
            return failed(f"{self.desk.frame.shell}: {problem}", 2)
        self._depth += 1
        try:
            return self._run_all(pipelines, stdin)
        finally:
            self._depth -= 1

    def _run_all(self, pipelines: Sequence[Pipeline], stdin: str) -> Output:
        stdout = stderr = screen = ""
        status = 0
        for pipeline in pipelines:
            if (pipeline.after == "&&" and status) or (pipeline.after == "||" and not status):
                continue
            try:
                output = self._run_pipeline(pipeline, stdin)
            except ShellExit as ended:
                output = leave_shell(self.desk, ended.status) if self._depth == 1 else Output(status=ended.status)
                return Output(stdout + output.stdout, stderr + output.stderr, output.status, screen + output.shown)
            stdout, stderr, status = stdout + output.stdout, stderr + output.stderr, output.status
            screen += output.shown
            self.desk.frame.status = status
        return Output(stdout, stderr, status, screen)

    def _run_pipeline(self, pipeline: Pipeline, stdin: str) -> Output:
        output, stderr = Output(stdin), ""
        for command in pipeline.commands:
            output = self._run_command(command, output.stdout)
            before, stderr = stderr, stderr + output.stderr
        return Output(output.stdout, stderr, output.status, before + output.shown)

    # commands ----------------------------------------------------------------------------------------------------

    def _run_command(self, command: SimpleCommand, stdin: str) -> Output:
        frame = self.desk.frame
        if frame.pod is not None and self.desk.pod(frame) is None and len(self.desk.frames) > 1:
            self.desk.frames.pop()
            return failed("command terminated with exit code 137", 137)
        around = self._surroundings(frame)
        try:
            if command.stdin is not None:
                stdin = (expand_one(command.stdin.word, around) if isinstance(command.stdin, HereDocument)
                         else read_file(self.desk, expand_one(command.stdin, around)))
            words = expand(command.words, around)
            given = {name: expand_one(word, around) for name, word in command.assignments}
        except NoSuchFile as problem:
            return failed(f"{frame.shell}: {problem}", 1)
        if not words:
            frame.variables.update(given)
            return self._redirected(command, Output(), around)
        before = dict(frame.variables)
        frame.variables.update(given)
        try:
            return self._redirected(command, self._execute(words, stdin), around)
        finally:
            for name in given:
                frame.variables.pop(name, None)
                if name in before:
                    frame.variables[name] = before[name]

    def _surroundings(self, frame: Frame) -> Surroundings:
        special = {"?": str(frame.status), "$": "1", "#": "0"}
        return Surroundings(lambda name: special.get(name) or environment(self.desk, frame).get(name, ""),
                            lambda line: self._interpret(line, "").stdout)

    def _execute(self, words: Sequence[str], stdin: str) -> Output:
        """Run one command here; nothing a command raises gets further than this."""
        name = words[0].rpartition("/")[2]
        if name not in COMMANDS or name not in tools_here(self.desk):
            return unknown_command(self.desk, words[0])
        call = Call(self.desk, name, list(words[1:]), stdin, self._execute, self._interpret)
        try:
            output = COMMANDS[name](call)
        except UsageError as problem:
            return failed(f"{name}: {problem}", 2)
        except SimnetError as problem:
            return failed(f"{name}: {problem}", 1)
        return output

    def _redirected(self, command: SimpleCommand, output: Output, around: Surroundings) -> Output:
        """Send the streams where the redirects say, from left to right."""
        if not command.redirects:
            return output
        streams = {1: output.stdout, 2: output.stderr}
        goes_to: dict[int, tuple[str, bool] | int] = {1: 1, 2: 2}
        for redirect in command.redirects:
            if redirect.target is None:
                goes_to[redirect.stream] = goes_to[3 - redirect.stream]
                continue
            target = (expand_one(redirect.target, around), redirect.append)
            for stream in ((1, 2) if redirect.stream == 0 else (redirect.stream,)):
                goes_to[stream] = target
        kept = {1: "", 2: ""}
        written: dict[str, str] = {}
        for stream in (2, 1) if goes_to[2] == 1 else (1, 2):
            place = goes_to[stream]
            if isinstance(place, int):
                kept[place] += streams[stream]
            else:
                before = written.get(place[0])
                write_file(self.desk, place[0], streams[stream], place[1] or before is not None)
                written[place[0]] = streams[stream]
        if goes_to == {1: 1, 2: 1}:
            return Output(output.shown, "", output.status)
        return Output(kept[1], kept[2], output.status)
