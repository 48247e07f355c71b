"""How much of a cluster the lines of a scenario have touched: paths of Ingresses, ready endpoints of Services.

Every request that an expectation makes counts with all the ways it can take. What there is to touch is read off the
cluster as the last step left it; what-if steps touch, and add nothing to it. The add-ons' own objects do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen
from simnet.dataplane.step import Trace
from simnet.errors import Place, SimnetError
from simnet.expect.evaluate import ask
from simnet.expect.lines import Diagnosed, PathVia, Requested, Spread
from simnet.explain.graph import is_system
from simnet.scenario.claims import read_line
from simnet.scenario.model import Expect, StoryStep
from simnet.scenario.report import Failure, StepReport

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Goal:
    """`key` of GOALS, the least per cent of it, and where that is written."""

    key: str
    least: float
    place: Place


@dataclass(slots=True)
class Coverage:
    """What was touched so far, by the key of its goal, and the cluster as the last step that was no what-if left it."""

    touched: dict[str, set[str]] = field(default_factory=lambda: {key: set() for key in GOALS})
    cluster: Cluster | None = None

    def note(self, cluster: Cluster, step: StoryStep) -> None:
        """Count the requests of a step that has run. Lines that cannot be evaluated count nothing."""
        self.cluster = self.cluster if step.is_thrown_away and self.cluster is not None else cluster
        for action in step.actions:
            for _, line in action.lines if isinstance(action, Expect) else ():
                for trace in _traces(cluster, line):
                    self.touched["endpoints"].update(_endpoint(trace))
                    self.touched["ingressPaths"].update(_paths(trace))

    def report(self, goals: tuple[Goal, ...]) -> StepReport:
        """The goals as a last step, failed where less was touched."""
        failures = tuple(failure for goal in goals if (failure := self._judged(goal)) is not None)
        return StepReport("coverage", goals[0].place.line, "normal", len(goals), failures)

    def _judged(self, goal: Goal) -> Failure | None:
        there = set(GOALS[goal.key](self.cluster)) if self.cluster is not None else set()
        left = sorted(there - self.touched[goal.key])
        share = 100 * (len(there) - len(left)) / len(there) if there else 100.0
        if share >= goal.least:
            return None
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        return Failure(goal.place, f"coverage {goal.key} >= {goal.least:g} %", (
            f"got      {share:.4g} %: {len(there) - len(left)} of {len(there)}", f"left     {', '.join(left[:_SHOWN])}{more}"))


def _traces(cluster: Cluster, line: str) -> list[Trace]:
    try:
        claim = read_line(line).claim
        asking = claim.asking if isinstance(claim, Requested | Spread | PathVia | Diagnosed) else None
        return ask(cluster, asking) if asking is not None else []
    except SimnetError:
        return []


def _endpoint(trace: Trace) -> Iterator[str]:
    if trace.endpoint is not None:
        yield trace.endpoint.text


def _paths(trace: Trace) -> Iterator[str]:
    for step in trace.steps:
        routing = step.because.routing if isinstance(step.because, RuleChosen | ProxyAnswered) else None
        location = getattr(routing, "location", None)  # the routing of an HTTPRoute has none
        if location is not None and location.rule.ingress is not None and not location.rule.is_implicit:
            yield _path(str(location.rule.ingress.key), location.rule.host, location.rule.path)


def _path(key: str, host: str, path: str) -> str:
    return f"{host or '*'}{path or '/'} of ingress/{key}"


def _all_paths(cluster: Cluster) -> Iterator[str]:
    for ingress in cluster.list("Ingress"):
        for rule in ingress.rules:
            yield from (_path(str(ingress.key), rule.host, path.path) for path in rule.paths or ())


def _all_endpoints(cluster: Cluster) -> Iterator[str]:
    for each in cluster.list("EndpointSlice"):
        if each.service is not None and not is_system(each):
            yield from (ip.host_port(number, port.port) for endpoint in each.endpoints if endpoint.is_ready
                        for number in endpoint.addresses[:1] for port in each.ports if port.port)


GOALS: dict[str, Callable[[Cluster], Iterator[str]]] = {"ingressPaths": _all_paths, "endpoints": _all_endpoints}
