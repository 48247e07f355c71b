"""What each subcommand does. This is an edge: it reads files and standard input and writes to the terminal."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simnet.cli import rules as rule_export
from simnet.cli.colour import painted
from simnet.cli.output import write, write_json
from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.dataplane.outcomes import Outcomes
from simnet.errors import ManifestError, SimnetError, UsageError
from simnet.expect.evaluate import forbidden_assumptions
from simnet.explain import explain
from simnet.explain.graph import reference_graph, to_dot, to_mermaid, to_node_link, underlay_graph
from simnet.manifests import Limits, Manifest, not_modelled, read_manifests
from simnet.scenario import Report, Scenario, find_stories, text_of
from simnet.scenario.model import StoryStep

FINE, FAILED, UNREADABLE = 0, 1, 2
SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "ingress-nginx")


def run(arguments: argparse.Namespace) -> int:
    """`simnet run`: replay stories; with --accept, write the outputs into them."""
    try:
        files = find_stories([Path(path) for path in arguments.paths])
    except SimnetError as problem:
        return _unreadable(problem)
    progress = _Progress(len(files), enabled=sys.stderr.isatty() and not arguments.quiet)
    reports = [_one_story(file, arguments.accept, progress) for file in files]
    progress.clear()
    if arguments.format == "json":
        passed = all(report.passed for report in reports)
        write_json({"schema": "simnet/run/v1", "passed": passed, "stories": [report.to_json() for report in reports]})
    else:
        write(painted(text_of(reports), sys.stdout))
    if any(report.error for report in reports):
        return UNREADABLE
    return FINE if all(report.passed for report in reports) else FAILED


def _one_story(file: Path, accept: bool, progress: _Progress) -> Report:
    progress.story(file)
    try:
        scenario = Scenario.read(file)
        if accept:
            text = scenario.accept()
            if text != scenario.story.text:
                file.write_text(text, encoding="utf-8")
                scenario = Scenario.read(file)
        return scenario.run(progress.step)
    except SimnetError as problem:
        return Report(str(file), file.name, error=str(problem))
    except OSError as problem:
        return Report(str(file), file.name, error=f"{file}: cannot be written: {problem.strerror}")


class _Progress:
    """One line on the terminal that is written over: which story, which step."""

    def __init__(self, total: int, enabled: bool) -> None:
        self.total, self.enabled, self.count, self.name = total, enabled, 0, ""

    def story(self, file: Path) -> None:
        self.count, self.name = self.count + 1, file.name
        self._show("")

    def step(self, step: StoryStep) -> None:
        self._show(step.name)

    def _show(self, step: str) -> None:
        if self.enabled:
            sys.stderr.write(f"\r\x1b[K[{self.count}/{self.total}] {self.name}  {step}"[:100])
            sys.stderr.flush()

    def clear(self) -> None:
        if self.enabled:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


# one cluster from manifests -------------------------------------------------------------------------------------

def _cluster(arguments: argparse.Namespace) -> Cluster:
    """A cluster with the manifests of -f applied; warnings go to standard error."""
    limits = Limits.read(arguments.limit)
    manifests = [manifest for name in arguments.filename for manifest in _read(name, limits)]
    for manifest in manifests:
        for warning in manifest.warnings:
            sys.stderr.write(f"warning: {warning}\n")
    for line in not_modelled(manifests):
        sys.stderr.write(f"not modelled: {line}\n")
    mode = getattr(arguments, "mode", None) or getattr(arguments, "rules", None) or "iptables"
    cluster = Cluster(nodes=_nodes(arguments.nodes), assume="any-port" if arguments.assume_any_port else "nothing",
                      proxy=mode)
    if manifests:
        cluster.apply(manifests)
    return cluster


def _read(name: str, limits: Limits) -> list[Manifest]:
    if name != "-":
        return read_manifests(Path(name), limits=limits)
    try:
        return read_manifests(sys.stdin.read(), file="standard input", limits=limits)
    except UnicodeDecodeError as problem:
        raise ManifestError(f"standard input: cannot be read: {problem}") from None


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


def trace(arguments: argparse.Namespace) -> int:
    """`simnet trace`: one request, every step, or every possible path."""
    try:
        cluster = _cluster(arguments)
        url, source, options = arguments.url, arguments.source, _options(arguments)
        outcomes = cluster.outcomes(url, source, **options) if arguments.all or arguments.check else None
        shown = outcomes if outcomes is not None and arguments.all else cluster.trace(url, source, **options)
    except SimnetError as problem:
        return _unreadable(problem)
    text = explain(shown, format=arguments.output)
    if arguments.rules:
        text = rule_export.with_rules(text, shown, cluster, arguments.output)
    write(text if text.endswith("\n") else text + "\n")
    return _checked(cluster, outcomes) if arguments.check and outcomes is not None else FINE


def _checked(cluster: Cluster, outcomes: Outcomes) -> int:
    """Whether every path is open or answered below 400, and none rests on an assumption."""
    assumed = forbidden_assumptions(cluster, outcomes.traces)
    for each in assumed:
        sys.stderr.write(f"ASSUMED: {each}\n")
    good = all(word == "open" or (word.isdigit() and int(word) < 400) for word in outcomes.results)
    return FINE if good and not assumed else FAILED


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
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


def kubectl(arguments: argparse.Namespace) -> int:
    """`simnet get` and `simnet describe`: what kubectl would show after applying -f."""
    try:
        session = Session(_cluster(arguments))
    except SimnetError as problem:
        return _unreadable(problem)
    words = ["kubectl", arguments.command, *arguments.what]
    words += ["-n", arguments.namespace] if arguments.namespace else []
    words += ["-A"] if arguments.all_namespaces else []
    if arguments.command == "get":
        words += ["-o", arguments.output] if arguments.output else []
        words += ["-l", arguments.selector] if arguments.selector else []
        words += ["--show-labels"] if arguments.show_labels else []
    output = session.run(shlex.join(words))
    write(output.stdout)
    sys.stderr.write(output.stderr)
    return FINE if output.status == 0 else FAILED


def graph(arguments: argparse.Namespace) -> int:
    """`simnet graph`: references between objects, or the underlay."""
    try:
        cluster = _cluster(arguments)
    except SimnetError as problem:
        return _unreadable(problem)
    hidden = () if arguments.all_namespaces else SYSTEM
    if arguments.underlay:
        drawn = underlay_graph(cluster.list("node"), cluster.list("pod"), cluster.view.underlay.cut)
    else:
        kinds = ("IngressClass", "Ingress", "Service", "EndpointSlice", "Pod", "Secret", "Deployment", "ReplicaSet",
                 "StatefulSet", "DaemonSet")
        drawn = reference_graph([each for kind in kinds for each in cluster.list(kind)
                                 if each.namespace not in hidden and str(each.key) != "default/kubernetes"])
    if arguments.output == "json":
        write_json({"schema": "simnet/graph/v1", **to_node_link(drawn)})
    else:
        write(to_dot(drawn) if arguments.output == "dot" else to_mermaid(drawn))
    return FINE


def rules(arguments: argparse.Namespace) -> int:
    """`simnet rules`: what kube-proxy would program on one node."""
    try:
        write(rule_export.exported(_cluster(arguments), arguments.node, arguments.family))
    except SimnetError as problem:
        return _unreadable(problem)
    return FINE


def _unreadable(problem: SimnetError) -> int:
    sys.stderr.write(f"{problem}\n")
    return UNREADABLE


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType(
    {"run": run, "trace": trace, "get": kubectl, "describe": kubectl, "graph": graph, "rules": rules})
