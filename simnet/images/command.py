"""What a container's command amounts to: which sockets it opens, whether it stays or ends.

Source: the Kubernetes rules for `command` and `args` (they replace ENTRYPOINT and CMD), the flags of the programs
named, POSIX shell grammar as far as container commands use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from os.path import basename
from typing import Final

from simnet.images import script
from simnet.images.profile import ImageProfile, Process
from simnet.images.programs import ENDS, PROGRAMS, listening_as_told
from simnet.objects.pod import Container

_SHELLS: Final = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_WRAPPERS: Final = frozenset(("env", "exec", "nohup", "tini", "dumb-init", "time", "sudo", "command", "catatonit"))
_WRAPPERS_WITH_ARGUMENT: Final = frozenset(("su-exec", "gosu", "timeout", "chroot"))
_UNKNOWN: Final = Process(None)
_ENDED: Final = Process((), False)


def process_of(container: Container, profile: ImageProfile | None, keeps_stdin: bool = False) -> Process:
    """What runs in this container. `keeps_stdin` is `stdin: true`: a shell then waits instead of ending.

    Nothing is known about an image without a profile unless its command is a well-known program.
    """
    argv = _argv(container, profile)
    if argv is None:
        return _own_process(profile, keeps_stdin)
    process = _evaluate(argv, profile, keeps_stdin)
    if profile is not None and profile.is_given and process.listen != ():
        return Process(profile.listen)
    return process


def _argv(container: Container, profile: ImageProfile | None) -> Sequence[str] | None:
    """The command line, None for the image's own."""
    if container.command:
        return (*container.command, *container.args)
    if not container.args or profile is None:
        return None
    if not profile.entrypoint or (profile.execs_args and not container.args[0].startswith("-")):
        return container.args
    return (profile.entrypoint, *container.args)


def _own_process(profile: ImageProfile | None, keeps_stdin: bool) -> Process:
    if profile is None:
        return _UNKNOWN
    return Process(profile.listen, profile.runs or keeps_stdin)


def _evaluate(argv: Sequence[str], profile: ImageProfile | None, keeps_stdin: bool) -> Process:
    argv = _unwrapped(argv)
    if not argv:
        return _ENDED
    name, args = basename(argv[0]), argv[1:]
    if name in _SHELLS:
        return _shell(args, profile, keeps_stdin)
    if profile is not None and (name in profile.servers or name == profile.entrypoint) and profile.listen:
        return Process(listening_as_told(name, args, profile.listen))
    if name in PROGRAMS:
        return PROGRAMS[name](args)
    return _ENDED if name in ENDS else _UNKNOWN


def _unwrapped(argv: Sequence[str]) -> Sequence[str]:
    """Without `env A=b`, `exec`, `tini --` and the like in front."""
    while argv:
        name = basename(argv[0])
        if name in _WRAPPERS or (len(argv) > 1 and "=" in argv[0] and "/" not in argv[0]):
            argv = argv[1:]
        elif name in _WRAPPERS_WITH_ARGUMENT:
            argv = argv[2:]
        else:
            return argv
        while argv and argv[0].startswith("-"):
            argv = argv[1:]
    return argv


def _shell(args: Sequence[str], profile: ImageProfile | None, keeps_stdin: bool) -> Process:
    """`sh -c TEXT`, `sh FILE`, or a bare shell, which ends at once unless somebody keeps its input open."""
    flags = [arg for arg in args if arg.startswith("-")]
    if any("c" in flag.lstrip("-") and not flag.startswith("--") for flag in flags):
        text = next((arg for arg in args if not arg.startswith("-")), "")
        return script.evaluate(text, lambda words: _evaluate(words, profile, False))
    if any(not arg.startswith("-") for arg in args):
        return _UNKNOWN
    return Process((), keeps_stdin)
