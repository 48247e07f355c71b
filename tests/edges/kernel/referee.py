"""One question put to simnet and to the kernel, and what must agree: verdict, endpoints, seen source, and whether the
answer finds its way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import simnet
from simnet.dataplane.decisions import HealthChecked, NotListening
from simnet.dataplane.rules import Claim
from simnet.names import split_host_port
from tests.edges.kernel.ask import Answer, Ears, ask
from tests.edges.kernel.lab import Lab, Target
from tests.edges.kernel.namespaces import Namespace


class Seen(NamedTuple):
    """What one connection came to. `word` is open, refused, timeout, or `no answer` when it arrived and the reply was
    lost; `endpoint` and `source` are '' when nobody received it."""

    word: str
    endpoint: str = ""
    source: str = ""


class Question(NamedTuple):
    """`source` is as `Cluster.connect` takes it; `url` is `tcp://10.0.0.1:80`."""

    url: str
    source: str
    via: str = ""
    source_address: str = ""

    @property
    def options(self) -> dict[str, Any]:
        given = {"via": self.via, "source_address": self.source_address}
        return {name: value for name, value in given.items() if value}

    @property
    def target(self) -> Target:
        scheme, _, rest = self.url.partition("://")
        host, port = split_host_port(rest)
        assert port is not None
        return host, port, scheme


def simnet_says(cluster: simnet.Cluster, question: Question) -> set[Seen]:
    """Every outcome simnet holds possible."""
    return {_seen(trace, question) for trace in cluster.outcomes(question.url, question.source, **question.options).traces}


def traces_of(cluster: simnet.Cluster, question: Question, met: set[Seen]) -> list[simnet.Trace]:
    """The possible traces that come to what was met."""
    return [trace for trace in cluster.outcomes(question.url, question.source, **question.options).traces
            if _seen(trace, question) in met]


def why_unasked(cluster: simnet.Cluster, question: Question) -> str:
    """Why the kernel cannot be asked this, '' if it can."""
    trace = cluster.trace(question.url, question.source, **question.options)
    if question.url.startswith("sctp") and isinstance(trace.last.because, NotListening):
        return "without SCTP in the kernel nobody resets at a closed port"
    if isinstance(trace.last.because, HealthChecked):
        return "kube-proxy's own health check server answers, not a rule"
    return ""


def is_sticky(cluster: simnet.Cluster, question: Question) -> bool:
    """Whether a Service with session affinity is asked: its clients get one endpoint each."""
    trace = cluster.trace(question.url, question.source, **question.options)
    claims = [step.before.claim for step in trace.steps if isinstance(step.before.claim, Claim)]
    return any(claim.rules.service.session_affinity == "ClientIP" for claim in claims)


def kernel_says(lab: Lab, ears: Ears, question: Question, expected: set[Seen], tries: int = 0) -> set[Seen]:
    """Connect until every expected outcome has been seen, or another one; `tries` limits it to so many connections."""
    found: set[Seen] = set()
    quiet = all(each.word == "timeout" for each in expected)
    with _client(lab, question) as (place, source):
        for number in range(1, (tries or 16 * len(expected)) + 1):
            answer = ask(ears, place, source, question.target, quiet)
            found.add(_of(answer, question))
            if found - expected or (not tries and found == expected and number >= 2 * len(expected) - quiet):
                break
    return found


@contextmanager
def _client(lab: Lab, question: Question) -> Iterator[tuple[Namespace, str]]:
    """Where the connection is opened and from which address; an address a node lacks is bound to it meanwhile."""
    kind, _, name = question.source.partition("/")
    if kind == "pod":
        yield lab.pods[name], ""
    elif kind == "node":
        node, address = lab.nodes[name], question.source_address
        is_foreign = bool(address) and lab.at.get(address) is not node and not address.startswith("127.")
        if is_foreign:
            node.ip(f"address add {address} dev lo")
            node.settle()
        yield node, address
        if is_foreign:
            node.ip(f"address delete {address} dev lo")
            node.settle()
    else:
        lab.steer(question.target[0], question.via)
        yield lab.beyond, question.source


def _seen(trace: simnet.Trace, question: Question) -> Seen:
    if trace.verdict is simnet.Verdict.REFUSED:
        return Seen("refused")
    if trace.endpoint is None:
        return Seen("timeout")
    lost = any(way.is_bypassed for way in trace.ways_back) and not question.url.startswith("sctp")
    word = "no answer" if lost else "open"
    return Seen(word, trace.endpoint.text, trace.seen_source or "")


def _of(answer: Answer, question: Question) -> Seen:
    if answer.arrival is None:
        return Seen(answer.client)
    address, port, source = answer.arrival
    host = f"[{address}]" if ":" in address else address
    word = answer.client if answer.client != "timeout" else "no answer"
    return Seen(word, f"{host}:{port}", source)
