"""`--follow`: a server's cluster is made anew whenever the files it came from change."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from simnet.cli.given import cluster_of
from simnet.cli.output import write
from simnet.cluster import Cluster
from simnet.errors import SimnetError, UsageError

LOOK_EVERY = 0.5  # seconds between two looks at the files

Stamps = dict[str, tuple[int, int]]


def stamps_of(arguments: argparse.Namespace) -> Stamps:
    """Path -> time of the last change and size, for every file named or in a directory named.

    Raises UsageError when there is nothing to follow.
    """
    if arguments.follow and not _followed(arguments):
        raise UsageError("--follow needs a file or directory with -f; standard input does not change")
    return _stamps(arguments)


@asynccontextmanager
async def following(arguments: argparse.Namespace, before: Stamps, replaced: Callable[[Cluster], None]
                    ) -> AsyncIterator[None]:
    """While the block runs, hand every new cluster to `replaced`, which may raise SimnetError; wrong files change nothing.
    Does nothing without --follow."""
    follower = asyncio.ensure_future(_follow(arguments, before, replaced)) if arguments.follow else None
    try:
        yield
    finally:
        if follower is not None:
            follower.cancel()


async def _follow(arguments: argparse.Namespace, before: Stamps, replaced: Callable[[Cluster], None]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        now = _stamps(arguments)
        if now == before:
            continue
        before = now
        try:
            replaced(cluster_of(arguments))
        except SimnetError as problem:
            sys.stderr.write(f"{problem}\nthe answers stay as they were before this change\n")
            sys.stderr.flush()
            continue
        write("the files have changed; the answers too\n")


def _followed(arguments: argparse.Namespace) -> Sequence[str]:
    return [name for name in arguments.filename if name != "-"]


def _stamps(arguments: argparse.Namespace) -> Stamps:
    found: Stamps = {}
    for name in _followed(arguments):
        path = Path(name)
        for each in sorted(path.iterdir()) if path.is_dir() else [path]:
            try:
                status = each.stat()
            except OSError:
                continue  # just gone: another change
            found[str(each)] = status.st_mtime_ns, status.st_size
    return found
