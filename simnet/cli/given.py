"""What several commands are given: manifests to make a cluster of, and the options of a request. Status numbers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from simnet.cluster import Cluster
from simnet.errors import ManifestError, Problem, SimnetError, UsageError
from simnet.manifests import Limits, Manifest, not_modelled, read_manifests, unjudged
from simnet.manifests.files import decoded

FINE, FAILED, UNREADABLE = 0, 1, 2
STANDARD_INPUT = "standard input"


def cluster_of(arguments: argparse.Namespace) -> Cluster:
    """A cluster with the manifests of -f applied; warnings go to standard error."""
    manifests = _read(arguments)
    for manifest in manifests:
        for warning in manifest.warnings:
            sys.stderr.write(f"warning: {warning}\n")
    mode = getattr(arguments, "mode", None) or getattr(arguments, "rules", None) or "iptables"
    cluster = Cluster(nodes=_nodes(arguments.nodes), assume="any-port" if arguments.assume_any_port else "nothing",
                      proxy=mode)
    if manifests:
        cluster.apply(manifests)
    for line in not_modelled(manifests):
        sys.stderr.write(f"not modelled: {line}\n")
    return cluster


def _read(arguments: argparse.Namespace) -> list[Manifest]:
    """The manifests of all files. What cannot be read is told of all files together; whether the rest is right, the
    cluster says, of all of them together too."""
    limits = Limits.read(arguments.limit)
    found: list[Manifest] = []
    problems: list[Problem] = []
    for name in arguments.filename:
        try:
            source = Path(name) if name != "-" else _standard_input()
            found += read_manifests(source, file="" if name != "-" else STANDARD_INPUT, rules=unjudged, limits=limits,
                                    lenient=arguments.lenient)
        except ManifestError as refused:
            problems += refused.problems
    if problems:
        raise ManifestError(problems)
    return found


def _standard_input() -> str:
    """The text on standard input, in UTF-8 or UTF-16. Raises ManifestError at bytes that are neither."""
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else decoded(raw.read(), STANDARD_INPUT)


def _nodes(text: str) -> int | dict[str, str]:
    if text.isdigit():
        return int(text)
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not equals for _, equals, _ in pairs):
        raise UsageError(f"--nodes {text!r} is neither a number nor NAME=ADDRESS,NAME=ADDRESS")
    nodes = {name: address for name, _, address in pairs}
    if len(nodes) < len(pairs):
        raise UsageError(f"--nodes {text!r} names a node twice")
    return nodes


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Keywords of Cluster.trace from --at, --via, -H, -X and -k. Raises UsageError."""
    headers = []
    for header in arguments.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise UsageError(f"-H {header!r} is not a header; write -H 'Host: shop.example.com'")
        headers.append((name.strip(), value.strip()))
    scheme = arguments.url.partition("://")[0].lower()
    if scheme in ("tcp", "udp", "sctp"):
        if headers or arguments.method != "GET" or arguments.insecure:
            raise UsageError(f"-H, -X and -k are about HTTP; {arguments.url} is a plain {scheme} connection")
        return {"at": arguments.at, "via": arguments.via}
    return {"at": arguments.at, "via": arguments.via, "headers": tuple(headers), "method": arguments.method,
            "insecure": arguments.insecure}


def unreadable(problem: SimnetError) -> int:
    """Say what cannot be read, and end with status 2."""
    sys.stderr.write(f"{problem}\n")
    return UNREADABLE
