"""Assertions for tests of routing. A failure prints the walk, and the diagnosis where the cluster is known.

Those that take a cluster hold only if every choice it could make agrees; those that take a trace look at that one.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.diagnosis import diagnose
from simnet.explain import explain
from simnet.explain.words import counted
from simnet.names import ObjectKey


def assert_delivered(trace: Trace, to: str = "*", *, cluster: Cluster | None = None) -> None:
    """The request or connection reached a pod whose `NAMESPACE/NAME` (or name, in the default namespace) fits `to`."""
    __tracebackhide__ = True
    reached = trace.endpoint
    assert trace.verdict in (Verdict.DELIVERED, Verdict.ANSWERED) and reached is not None and reached.pod is not None, (
        _told(f"not delivered: {trace.result}", trace, cluster))
    assert _fits(reached.pod, to), _told(f"delivered to {reached.pod}, not to {to}", trace, cluster)


def assert_verdict(trace: Trace, verdict: Verdict | str, *, cluster: Cluster | None = None) -> None:
    """The walk ended as it should: a Verdict or its name."""
    __tracebackhide__ = True
    wanted = Verdict(verdict) if not isinstance(verdict, Verdict) else verdict
    assert trace.verdict is wanted, _told(f"{trace.verdict}, not {wanted}", trace, cluster)


def assert_result(cluster: Cluster, url: str, source: str = "laptop", result: str | int = 200, *, by: str = "*",
                  **options: Any) -> None:
    """Every possible path gives `result`: a status, or open, refused, timeout, no-name, unreachable, tls-error, loop.

    With `by` a pod whose `NAMESPACE/NAME` (or name, in the default namespace) fits it has received each. `options` are
    those of `Cluster.request`. Nothing is committed.
    """
    __tracebackhide__ = True
    outcomes = cluster.outcomes(url, source, **options)
    wanted = str(result)
    for share, trace in outcomes:
        where = "" if share == 1 else f" on {share} of the paths"
        assert trace.result == wanted, _told(f"{trace.result}{where}, not {wanted}", trace, cluster)
        if by != "*":
            reached = trace.endpoint.pod if trace.endpoint is not None else None
            assert reached is not None and _fits(reached, by), _told(
                f"{wanted} by {reached or 'no pod'}{where}, not by {by}", trace, cluster)


def assert_resolves(cluster: Cluster, name: str, source: str, *addresses: str) -> None:
    """The resolver of a program at `source` gets exactly these addresses, in any order; none means the name has none."""
    __tracebackhide__ = True
    lookup = cluster.resolve(name, source)
    wanted = {ip.text(ip.number(each)) for each in addresses}
    asked = "".join(f"\n  {query.name}: {query.rcode}" for query in lookup.queries)
    assert set(lookup.addresses) == wanted, (
        f"{name} from {source}: {', '.join(lookup.addresses) or lookup.status}, not {', '.join(sorted(wanted)) or 'no address'}"
        f"{asked}\n{_diagnosis(cluster, cluster.trace(f'tcp://{name}:1', source)) if not lookup.addresses else ''}".rstrip())


def assert_endpoints(cluster: Cluster, service: str, *pods: str, namespace: str = "default") -> None:
    """The ready endpoints of a Service are exactly these: a pod's name, or an address that belongs to no pod. In any order,
    `web-*` for one or more pods; none means none."""
    __tracebackhide__ = True
    cluster.get("service", service, namespace=namespace)
    ready = [each for piece in cluster.view.slices(ObjectKey(namespace, service)) for each in piece.endpoints if each.is_ready]
    found = sorted({each.target.name if each.target is not None else ip.text(each.addresses[0]) for each in ready})
    stray = [each for each in found if not any(fnmatchcase(each, glob) for glob in pods)]
    missing = [glob for glob in pods if not any(fnmatchcase(each, glob) for each in found)]
    assert not stray and not missing, (
        f"endpoints of {namespace}/{service}: {', '.join(found) or 'none'}, not {', '.join(pods) or 'none'}\n"
        f"{_diagnosis(cluster, None)}".rstrip())


def assert_same(old: Cluster, new: Cluster) -> None:
    """No request that either cluster knows of comes out differently (see `Cluster.diff`)."""
    __tracebackhide__ = True
    found = old.diff(new)
    assert not found, f"{counted(len(found), 'difference')}\n{found}"


def assert_healthy(cluster: Cluster) -> None:
    """A diagnosis of the cluster at rest finds nothing wrong."""
    __tracebackhide__ = True
    findings = diagnose(cluster)
    assert not findings, f"{counted(len(findings), 'finding')}\n{findings}"


def _fits(key: ObjectKey, glob: str) -> bool:
    return fnmatchcase(str(key), glob) or (key.namespace == "default" and fnmatchcase(key.name, glob))


def _told(headline: str, trace: Trace, cluster: Cluster | None) -> str:
    """The message of a failure: what is wrong, the walk, and why."""
    why = _diagnosis(cluster, trace) if cluster is not None else ""
    return f"{headline}\n{explain(trace)}" + (f"\n{why}" if why else "")


def _diagnosis(cluster: Cluster, trace: Trace | None) -> str:
    return str(diagnose(cluster, trace))
