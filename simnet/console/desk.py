"""What a session remembers between lines, and what one command is given.

A command is a function `Call -> Output`. It reads and writes virtual files only: the story's files belong to who types
at the laptop; a pod has the few files the kubelet writes and what was put there during the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simnet.cluster import Cluster
from simnet.console.output import Output
from simnet.dataplane.step import Trace
from simnet.errors import UsageError
from simnet.images import ImageProfile
from simnet.names import ObjectKey
from simnet.objects.pod import Container, Pod

LAPTOP = "laptop"
NULL_FILES = ("/dev/null",)
STDOUT_FILES = ("-", "/dev/stdout")
BETTER = {"nslookup": "dig", "nc": "netcat"}
"""Tools that come with a package of their own, known by a tool beside them, where busybox has one of the same name."""


class NoSuchFile(UsageError):
    """A path nothing virtual stands behind."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path}: No such file or directory")


class ShellExit(Exception):
    """`exit` was called: the line that is running ends, and with it the shell it runs in."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


@dataclass(slots=True)
class Frame:
    """Where `$` runs now: one level of nested `exec`. `source` is what the cluster calls the actor.

    `pod` and `container` are set inside a pod; `shell` is what was started there. `is_attached` marks a pod of `kubectl
    run -it`, whose exit status nobody reports, `removed_after` one with `--rm`.
    """

    source: str = LAPTOP
    pod: ObjectKey | None = None
    container: str = ""
    shell: str = "bash"
    is_attached: bool = False
    removed_after: bool = False
    status: int = 0
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forward:
    """Where a forwarded local port leads."""

    pod: ObjectKey
    port: int

    @property
    def source(self) -> str:
        """Who connects, at its own loopback."""
        return f"pod/{self.pod}"


@dataclass(slots=True)
class Desk:
    """Everything that outlives a line. `files` is shared with the story: name -> text. `hint` is what the running kubectl
    could add to its error, such as the nearest name that exists. `forwards`: (actor, local port) -> pod and port.
    `editor` lets a person change a text (file name, text -> text); None where nobody sits at a terminal. `history`: the lines a
    person typed."""

    cluster: Cluster
    files: dict[str, str]
    frames: list[Frame]
    namespace: str = "default"
    last_trace: Trace | None = None
    last_problem: str = ""
    hint: str = ""
    assumed: list[str] = field(default_factory=list)
    pod_files: dict[tuple[str, str], str] = field(default_factory=dict)
    installed: dict[str, set[str]] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)
    forwards: dict[tuple[str, int], Forward] = field(default_factory=dict)
    editor: Callable[[str, str], str] | None = None
    history: list[str] = field(default_factory=list)

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def note(self, trace: Trace) -> None:
        """Remember a finished walk: `why` explains the last one, and what it rests on is reported with the line."""
        self.last_trace, self.last_problem = trace, ""
        for note in (*trace.assumed, *trace.not_modelled):
            if str(note) not in self.assumed:
                self.assumed.append(str(note))

    def complain(self, problem: str, hint: str = "") -> None:
        """Remember what went wrong without a walk; `why` repeats it, with the hint that the tool itself does not give."""
        self.last_problem = f"{problem.rstrip()}\n{hint}".rstrip() if hint else problem.rstrip()

    def pod(self, frame: Frame | None = None) -> Pod | None:
        """The pod the frame runs in, as it is now; None on the laptop, on a node, or when the pod is gone."""
        key = (frame or self.frame).pod
        found = self.cluster.store.get("Pod", key) if key is not None else None
        return found if isinstance(found, Pod) else None

    def container(self, frame: Frame | None = None) -> Container | None:
        """The container the frame runs in; the first one when none was named."""
        pod = self.pod(frame)
        if pod is None:
            return None
        name = (frame or self.frame).container
        return next((each for each in pod.spec.containers if each.name == name or not name), None)

    def profile(self, frame: Frame | None = None) -> ImageProfile | None:
        """The image profile of that container; None outside pods and for images nobody described."""
        container = self.container(frame)
        return self.cluster.settings.images.of(container.image) if container is not None else None

    def is_busybox(self, tool: str) -> bool:
        """Whether this tool is busybox's here (Alpine and busybox images), whose words differ from the others'."""
        profile = self.profile()
        if profile is None or "ash" not in profile.tools or tool in self.installed.get(self.frame.source, ()):
            return False
        return BETTER.get(tool, "") not in profile.tools


@dataclass(slots=True)
class Call:
    """One command about to run: its name, arguments and standard input, and the desk it runs at.

    `execute` runs another command (words, standard input) in the same place; `interpret` runs a line as a shell would.
    """

    desk: Desk
    name: str
    args: Sequence[str]
    stdin: str
    execute: Callable[[Sequence[str], str], Output]
    interpret: Callable[[str, str], Output]

    @property
    def cluster(self) -> Cluster:
        return self.desk.cluster

    @property
    def source(self) -> str:
        """Who opens connections."""
        return self.desk.frame.source

    def read(self, path: str) -> str:
        """The text of a virtual file, or standard input for `-`. Raises NoSuchFile."""
        if path in ("-", "/dev/stdin"):
            return self.stdin
        if path in NULL_FILES:
            return ""
        return read_file(self.desk, path)

    def write(self, path: str, text: str, append: bool = False) -> None:
        """Put a text into a virtual file; `/dev/null` swallows it."""
        write_file(self.desk, path, text, append)


Command = Callable[[Call], Output]


def files_here(desk: Desk) -> Mapping[str, str]:
    """All files that can be read where the frame is, by path."""
    frame = desk.frame
    if frame.source == LAPTOP:
        return desk.files
    found = _system_files(desk, frame.source)
    pod = desk.pod()
    if pod is not None:
        found["/etc/hostname"] = pod.hostname + "\n"
        found["/var/run/secrets/kubernetes.io/serviceaccount/namespace"] = pod.namespace
    found.update((path, text) for (source, path), text in desk.pod_files.items() if source == frame.source)
    return found


def read_file(desk: Desk, path: str) -> str:
    """The text of a virtual file; a leading `./` does not matter. Raises NoSuchFile."""
    files = files_here(desk)
    for name in (path, path.removeprefix("./"), path.removeprefix("~/")):
        if name in files:
            return files[name]
    found = _system_files(desk, LAPTOP).get(path) if desk.frame.source == LAPTOP else None
    if found is None:
        raise NoSuchFile(path)
    return found


def _system_files(desk: Desk, source: str) -> dict[str, str]:
    return {"/etc/resolv.conf": str(desk.cluster.resolv_conf(source)),
            "/etc/hosts": str(desk.cluster.hosts_file(source))}


def write_file(desk: Desk, path: str, text: str, append: bool = False) -> None:
    """Write or extend a virtual file of the place the frame is in."""
    if path in NULL_FILES:
        return
    name = path.removeprefix("./")
    source = desk.frame.source
    if source == LAPTOP:
        desk.files[name] = desk.files.get(name, "") + text if append else text
    else:
        before = files_here(desk).get(name, "") if append else ""
        desk.pod_files[(source, name)] = before + text
