"""What an image's process does, as far as the network can tell.

A manifest only claims things (a declared container port opens nothing); a profile says what really listens, what it
answers, which tools a shell in the container finds, and whether the process stays or ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

NO_PACKAGES: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Listen:
    """One open socket.

    `answer` is the text sent back (`$pod` and its like are filled in by whoever answers); None leaves the answer to
    `app`, the program that listens: nginx, httpbin, echo, whoami, default-backend, ..., or '' for an echo of pod,
    address, path and headers. `bind` '' means every address. `only_host` answers no other Host header.
    """

    port: int
    protocol: str = "TCP"
    answer: str | None = None
    status: int = 200
    tls: bool = False
    bind: str = ""
    only_host: str = ""
    app: str = ""

    @property
    def is_loopback_only(self) -> bool:
        """Bound so that only the pod itself can connect."""
        return self.bind.startswith("127.") or self.bind in ("::1", "localhost")


LIBCS = ("glibc", "musl", "musl-1.2.3")
"""C libraries by their resolvers: glibc 2.36, musl since 1.2.4 (Alpine 3.18), musl before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProfile:
    """One image (or family of images).

    `listen` is what its own process listens on; None when that cannot be told from the image (`python`, `node`).
    `runs` is whether the process stays when the container gives no command. `entrypoint` is the program that gets a
    container's `args`; '' means that the args are the command. `execs_args` marks an entrypoint script that runs args
    which do not start with '-' as a command of their own. `servers` are the programs whose start means "this image's
    own process". `libc` is one of LIBCS. `packages` maps what `package_manager` can install to the tools it brings.
    `proxy` names the HTTP proxy the image is ('' for none). `is_given` marks a profile that the user gave.
    """

    name: str
    listen: tuple[Listen, ...] | None = ()
    runs: bool = True
    tools: frozenset[str] = frozenset()
    libc: str = "glibc"
    package_manager: str = ""
    packages: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_PACKAGES)
    entrypoint: str = ""
    execs_args: bool = False
    servers: frozenset[str] = frozenset()
    proxy: str = ""
    is_given: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """What a container's command amounts to: `listen` None means that nobody can tell; `runs` False means that it
    ends, with `exit_code`."""

    listen: tuple[Listen, ...] | None = ()
    runs: bool = True
    exit_code: int = 0
