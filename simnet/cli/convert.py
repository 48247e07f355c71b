"""`simnet convert ingress`: HTTPRoutes that behave the same, and what cannot be kept, each with a witness."""

from __future__ import annotations

import argparse
import sys
from textwrap import wrap

from simnet.cli.given import FAILED, FINE, cluster_of, unreadable
from simnet.cli.output import write, write_json
from simnet.convert import Conversion, convert
from simnet.convert.witness import Lost
from simnet.errors import SimnetError, UsageError
from simnet.manifests.encode import to_yaml_all

SCHEMA = "simnet/conversion/v1"
WIDTH = 118


def run(arguments: argparse.Namespace) -> int:
    """Convert, and write manifests with the losses as comments, or all of it as JSON."""
    try:
        if "/" not in arguments.gateway:
            raise UsageError(f"--gateway {arguments.gateway!r} is not NAMESPACE/NAME, default/gateway for example")
        found = convert(cluster_of(arguments), arguments.gateway, arguments.gateway_class)
    except SimnetError as problem:
        return unreadable(problem)
    if not found.converted:
        sys.stderr.write("no Ingress that a controller serves; `simnet why -f ...` says what is wrong with those there are\n")
        return FAILED
    if arguments.format == "json":
        write_json(json_of(found))
    else:
        write(text_of(found))
    return FAILED if arguments.check and found.lost else FINE


def text_of(found: Conversion) -> str:
    """YAML to apply; what cannot be kept stands above it in comments."""
    lines = [f"# from {', '.join(found.converted)}", "#"]
    for each in found.lost:
        lines += [f"# {line}" for line in _told(each)]
    if not found.lost:
        lines.append("# nothing is lost: every request that was tried is answered the same")
    return "\n".join(lines) + "\n" + to_yaml_all(found.manifests)


def _told(lost: Lost) -> list[str]:
    times = f" ({lost.count} requests)" if lost.count > 1 else ""
    return [*wrap(f"cannot be kept: {lost.behaviour}{times}", WIDTH), f"    {lost.asked.command}",
            f"    Ingress: {lost.ingress}", f"    Gateway: {lost.gateway}"]


def json_of(found: Conversion) -> dict[str, object]:
    """Manifests and losses as plain data."""
    return {"schema": SCHEMA, "converted": list(found.converted), "manifests": list(found.manifests), "lost": [
        {"behaviour": each.behaviour.name, "text": str(each.behaviour), "witness": each.asked.command,
         "ingress": each.ingress, "gateway": each.gateway, "requests": each.count} for each in found.lost]}
