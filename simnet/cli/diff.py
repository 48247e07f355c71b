"""`simnet diff` and `simnet whatif`: which requests come out differently between two sets of manifests, or by one change."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from simnet.cli.given import FAILED, FINE, cluster_of, options_of, unreadable
from simnet.cli.output import write, write_json
from simnet.cluster import Cluster
from simnet.compare import Difference
from simnet.compare.report import lines_of, words_of
from simnet.compare.sides import outcome_of, paths_of
from simnet.console.session import Session
from simnet.diagnosis import is_healthy, why_lines
from simnet.errors import SimnetError, UsageError
from simnet.explain import one_line
from simnet.explain.words import title_of


def diff(arguments: argparse.Namespace) -> int:
    """Two clusters, one made of the files before and one of those after. Status 1 when a request comes out differently."""
    try:
        old, new = (cluster_of(argparse.Namespace(**{**vars(arguments), "filename": [name]}))
                    for name in (arguments.old, arguments.new))
    except SimnetError as problem:
        return unreadable(problem)
    return _report(old, new, arguments.json)


def whatif(arguments: argparse.Namespace) -> int:
    """One cluster and a changed copy of it. With a URL only that request is compared. Status 1 when it differs."""
    try:
        if not (arguments.patch or arguments.delete or arguments.apply):
            raise UsageError("nothing changes; give --patch KIND/NAME PATCH, --delete KIND/NAME or --apply FILE")
        old = cluster_of(arguments)
        new = _changed(old, arguments)
        if arguments.url is None:
            return _report(old, new, arguments.json)
        return _one_request(old, new, arguments)
    except SimnetError as problem:
        return unreadable(problem)


def _changed(cluster: Cluster, arguments: argparse.Namespace) -> Cluster:
    """A fork with the changes made: first files applied, then patches, then deletions. Raises SimnetError."""
    twin = cluster.fork()
    for name in arguments.apply:
        twin.apply(Path(name))
    for ref, patch in arguments.patch:
        _patch(twin, ref, patch)
    for ref in arguments.delete:
        twin.delete(ref)
    return twin


def _patch(cluster: Cluster, ref: str, patch: str) -> None:
    """As `kubectl patch` does it, its warnings too; a list is a JSON patch. Raises UsageError with what kubectl says."""
    kind, *namespace, name = ref.split("/") if 2 <= ref.count("/") + 1 <= 3 else ("", ref)
    if not kind:
        raise UsageError(f"--patch {ref!r} names no object; write KIND/NAME or KIND/NAMESPACE/NAME")
    form = "json" if patch.lstrip().startswith("[") else "strategic"
    words = ["kubectl", "patch", kind, name, "--type", form, "-p", patch, *(["-n", namespace[0]] if namespace else [])]
    output = Session(cluster).run(shlex.join(words))
    if output.status:
        raise UsageError(f"--patch {ref}: {output.stderr.strip()}")
    sys.stderr.write(output.stderr)


# what is printed ------------------------------------------------------------------------------------------------

def _report(old: Cluster, new: Cluster, as_json: bool) -> int:
    found = old.diff(new)
    if as_json:
        write_json(found.to_json())
    else:
        write("\n".join([line for each in found.differences for line in (*_difference(new, each), "")] + found.summary) + "\n")
    return FAILED if found else FINE


def _difference(new: Cluster, difference: Difference) -> list[str]:
    """One difference, with the path after and its cause where that fails."""
    trace = difference.witness.new
    lines = [*lines_of(difference), f"  path     {one_line(trace)}"]
    if not is_healthy(trace):
        lines += [f"  {line}" for line in why_lines(new, trace)]
    return lines


def _one_request(old: Cluster, new: Cluster, arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    outcomes = [side.outcomes(arguments.url, arguments.source, **options) for side in (old, new)]
    before, after = (outcome_of(paths_of(side.view, each)) for side, each in zip((old, new), outcomes, strict=True))
    trace = max(outcomes[1], key=lambda branch: (not is_healthy(branch[1]), branch[0]))[1]
    if arguments.json:
        write_json({"schema": "simnet/whatif/v1", "request": title_of(trace), "differs": before != after,
                    "path": one_line(trace), "old": {words: str(share) for words, share in before},
                    "new": {words: str(share) for words, share in after}})
    else:
        lines = [title_of(outcomes[0].traces[0]), f"  before   {words_of(before)}", f"  after    {words_of(after)}",
                 f"  path     {one_line(trace)}"]
        lines += [] if is_healthy(trace) else [f"  {line}" for line in why_lines(new, trace)]
        write("\n".join(lines) + "\n")
    return FAILED if before != after else FINE
