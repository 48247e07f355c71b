"""`simnet resolve`, and dig, nslookup, host and getent as they would run beside a pod. An edge: it writes to the terminal."""

from __future__ import annotations

import argparse
import shlex
import sys

from simnet.cli.given import FAILED, FINE, cluster_of, unreadable
from simnet.cli.output import write, write_json
from simnet.cluster import Cluster
from simnet.console.frames import frame_for
from simnet.console.session import Session
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.errors import SimnetError
from simnet.explain.lookup import lookup_data, lookup_table

TOOLS = ("dig", "nslookup", "host", "getent")
OTHER_TYPES = ("CNAME", "SRV", "TXT", "PTR", "NS", "SOA", "MX")


def resolve(arguments: argparse.Namespace) -> int:
    """`simnet resolve`: what the C library asks, in order, and what other ways to ask would cost. 1 if it finds nothing."""
    family = 4 if arguments.ipv4 else 6 if arguments.ipv6 else None
    source = arguments.source
    try:
        cluster = cluster_of(arguments)
        lookup = cluster.resolve(arguments.name, source, libc=arguments.libc, family=family)
        others = cluster.alternatives(arguments.name, source, libc=arguments.libc, family=family)
        conf = cluster.resolv_conf(source)
        more = _other_types(cluster, lookup, source) if arguments.all_types else []
    except SimnetError as problem:
        return unreadable(problem)
    if arguments.output == "json":
        write_json(lookup_data(lookup, source, conf, others, more))
    else:
        write(lookup_table(lookup, source, conf, others, more))
    return FINE if lookup.is_ok else FAILED


def _other_types(cluster: Cluster, lookup: Lookup, source: str) -> list[Answer]:
    """Every other type at every name that was asked. Raises SimnetError for an unknown source."""
    if cluster.actor(source).is_outside:
        return []
    return [cluster.query(step.name, kind, source) for step in lookup.steps for kind in OTHER_TYPES]


def tool(arguments: argparse.Namespace) -> int:
    """`simnet dig`, `nslookup`, `host`, `getent`: the words behind it go to the tool as they are.

    The tool is there whether or not the image has it, as in a debug container. The exit status is the tool's own.
    """
    try:
        session = Session(cluster_of(arguments))
        place = frame_for(session.desk, arguments.source).source
    except SimnetError as problem:
        return unreadable(problem)
    session.desk.installed.setdefault(place, set()).add(arguments.command)
    output = session.run_in(arguments.source, shlex.join([arguments.command, *arguments.words]))
    write(output.stdout)
    sys.stderr.write(output.stderr)
    return output.status
