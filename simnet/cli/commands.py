"""What each subcommand does. This is an edge: it reads files and standard input and writes to the terminal."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from simnet.cli import convert, lint, names, shell
from simnet.cli import rules as rule_export
from simnet.cli.colour import painted
from simnet.cli.diff import diff, whatif
from simnet.cli.given import FAILED, FINE, UNREADABLE, cluster_of, options_of, unreadable
from simnet.cli.learn import learn
from simnet.cli.output import write, write_json
from simnet.cli.service import as_data, as_table, service_rows, why_empty
from simnet.cli.why import why
from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.dataplane.outcomes import Outcomes
from simnet.errors import SimnetError, UsageError
from simnet.expect.evaluate import forbidden_assumptions
from simnet.explain import explain
from simnet.explain.graph import DRAWN, is_system, reference_graph, to_dot, to_mermaid, to_node_link, underlay_graph
from simnet.explain.notebook import cluster_svg
from simnet.scenario import Report, find_stories, text_of
from simnet.scenario.formats import junit_of, tap_of
from simnet.scenario.many import run_file, run_many
from simnet.scenario.model import StoryStep


def run(arguments: argparse.Namespace) -> int:
    """`simnet run`: replay stories; with --accept, write the outputs into them."""
    try:
        files = find_stories([Path(path) for path in arguments.paths])
    except SimnetError as problem:
        return unreadable(problem)
    if arguments.jobs < 1:
        return unreadable(UsageError(f"--jobs {arguments.jobs} is no number of processes; write 1 or more"))
    progress = _Progress(len(files), enabled=sys.stderr.isatty() and not arguments.quiet)
    if arguments.jobs > 1:
        reports = run_many(files, jobs=arguments.jobs, accept=arguments.accept, done=progress.story)
    else:
        reports = [_one_story(file, arguments.accept, progress) for file in files]
    progress.clear()
    _written(arguments.format, reports)
    if any(report.error for report in reports):
        return UNREADABLE
    return FINE if all(report.passed for report in reports) else FAILED


def _written(form: str, reports: Sequence[Report]) -> None:
    if form == "json":
        passed = all(report.passed for report in reports)
        write_json({"schema": "simnet/run/v1", "passed": passed, "stories": [report.to_json() for report in reports]})
    elif form == "text":
        write(painted(text_of(reports), sys.stdout))
    else:
        write(tap_of(reports) if form == "tap" else junit_of(reports))


def _one_story(file: Path, accept: bool, progress: _Progress) -> Report:
    progress.story(file)
    return run_file(file, accept, progress.step)


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

def trace(arguments: argparse.Namespace) -> int:
    """`simnet trace`: one request, every step, or every possible path."""
    try:
        cluster = cluster_of(arguments)
        url, source, options = arguments.url, arguments.source, options_of(arguments)
        outcomes = cluster.outcomes(url, source, **options) if arguments.all or arguments.check else None
        shown = outcomes if outcomes is not None and arguments.all else cluster.trace(url, source, **options)
    except SimnetError as problem:
        return unreadable(problem)
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


def kubectl(arguments: argparse.Namespace) -> int:
    """`simnet get` and `simnet describe`: what kubectl would show after applying -f."""
    try:
        session = Session(cluster_of(arguments))
    except SimnetError as problem:
        return unreadable(problem)
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
        cluster = cluster_of(arguments)
    except SimnetError as problem:
        return unreadable(problem)
    if arguments.output == "svg":
        return _svg(arguments, cluster)
    if arguments.url:
        sys.stderr.write("simnet graph: the path of a request is drawn with -o svg\n")
        return UNREADABLE
    if arguments.underlay:
        drawn = underlay_graph(cluster.list("node"), cluster.list("pod"), cluster.view.underlay.cut)
    else:
        drawn = reference_graph([each for kind in DRAWN for each in cluster.list(kind)
                                 if arguments.all_namespaces or not is_system(each)])
    if arguments.output == "json":
        write_json({"schema": "simnet/graph/v1", **to_node_link(drawn)})
    else:
        write(to_dot(drawn) if arguments.output == "dot" else to_mermaid(drawn))
    return FINE


def _svg(arguments: argparse.Namespace, cluster: Cluster) -> int:
    """`simnet graph -o svg`, with the path of a request in it."""
    if arguments.underlay:
        sys.stderr.write("simnet graph: --underlay is drawn with -o dot, mermaid or json\n")
        return UNREADABLE
    try:
        trace = cluster.trace(arguments.url, arguments.source) if arguments.url else None
    except SimnetError as problem:
        return unreadable(problem)
    write(cluster_svg(cluster.list, trace, arguments.all_namespaces))
    return FINE


def rules(arguments: argparse.Namespace) -> int:
    """`simnet rules`: what kube-proxy would program on one node."""
    try:
        write(rule_export.exported(cluster_of(arguments), arguments.node, arguments.family))
    except SimnetError as problem:
        return unreadable(problem)
    return FINE


def service(arguments: argparse.Namespace) -> int:
    """`simnet service`: each address of a Service for each kind of client."""
    namespace, slash, name = arguments.name.rpartition("/")
    namespace = namespace if slash else arguments.namespace or "default"
    try:
        cluster = cluster_of(arguments)
        found = cluster.get("service", name, namespace=namespace)
        rows = service_rows(cluster, name, namespace)
    except SimnetError as problem:
        return unreadable(problem)
    if arguments.json:
        write_json(as_data(found, rows))
    else:
        write(as_table(found, rows) if rows else f"Service {found.key}: {why_empty(found)}\n")
    return FINE


def serve(arguments: argparse.Namespace) -> int:
    """`simnet serve`: answer real clients until stopped."""
    from simnet.cli import serve as dns  # sockets and asyncio, which nothing else needs
    from simnet.cli import serve_http as http

    return dns.run(arguments) if arguments.what == "dns" else http.run(arguments)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType({
    "run": run,
    "trace": trace,
    "why": why,
    "lint": lint.run, "convert": convert.run,
    "learn": learn,
    "diff": diff,
    "whatif": whatif,
    "get": kubectl,
    "describe": kubectl,
    "graph": graph,
    "rules": rules,
    "service": service,
    "resolve": names.resolve,
    **dict.fromkeys(names.TOOLS, names.tool),
    "serve": serve,
    "shell": shell.run,
})
