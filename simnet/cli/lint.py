"""`simnet lint`: reference and intent checks over manifests, and the repairs that leave no choice."""

from __future__ import annotations

import argparse
import sys
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path

from simnet.cli.given import FAILED, FINE, UNREADABLE, unreadable
from simnet.cli.output import write, write_json
from simnet.errors import SimnetError, UsageError
from simnet.ip import IPNetwork
from simnet.lint import Plan, Remark
from simnet.lint.report import is_failure, json_of, sarif_of, text_of
from simnet.lint.texts import Texts, differences, lint_texts, repaired
from simnet.manifests.files import decoded, files_in

STDIN = "-"


def run(arguments: argparse.Namespace) -> int:
    """Lint; with --diff show what --fix would change, with --fix change it and report what is left."""
    try:
        plan = Plan(_networks("--pod-cidr", arguments.pod_cidr), _networks("--service-cidr", arguments.service_cidr))
        if STDIN in arguments.paths and (arguments.fix or arguments.diff):
            raise UsageError("--fix and --diff change files, and `-` is standard input")
        texts = _texts(arguments.paths)
        remarks = lint_texts(texts, plan)
        if arguments.fix or arguments.diff:
            after, left = repaired(texts, plan)
            write(differences(texts, after))
            if arguments.fix:
                _write(texts, after)
                remarks = left
    except SimnetError as problem:
        return unreadable(problem)
    except OSError as problem:
        sys.stderr.write(f"{problem.filename}: cannot be used: {problem.strerror}\n")
        return UNREADABLE
    _report(remarks, arguments.format)
    return FAILED if is_failure(remarks) else FINE


def _report(remarks: Sequence[Remark], format: str) -> None:
    if format == "json":
        write_json(json_of(remarks))
    elif format == "sarif":
        write_json(sarif_of(remarks))
    else:
        write(text_of(remarks) or "nothing found\n")


def _networks(option: str, texts: Sequence[str]) -> tuple[IPNetwork, ...]:
    try:
        return tuple(IPNetwork.parse(each) for text in texts for each in text.split(","))
    except ValueError as problem:
        raise UsageError(f"{option}: {problem}") from None


def _texts(paths: Sequence[str]) -> Texts:
    """The text of every file named, of those of every directory, or of standard input. Raises ManifestError, OSError."""
    found: dict[str, str] = {}
    for path in paths:
        if path == STDIN:
            found["standard input"] = sys.stdin.read()
            continue
        for file in files_in(Path(path)) if Path(path).is_dir() else [Path(path)]:
            found[str(file)] = decoded(file.read_bytes(), str(file))
    return found


# repairs --------------------------------------------------------------------------------------------------------

def _write(before: Texts, after: Texts) -> None:
    """Change the files, a byte order mark staying where it was. Raises UsageError for a file that is not UTF-8."""
    changed = [file for file, text in before.items() if after[file] != text]
    for file in changed:
        data = Path(file).read_bytes()
        mark = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
        if mark + before[file].encode() != data:
            raise UsageError(f"{file}: --fix writes UTF-8 files only")
        Path(file).write_bytes(mark + after[file].encode())
