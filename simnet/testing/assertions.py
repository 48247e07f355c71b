"""Assertions over traces, with the walk in the message."""

from __future__ import annotations

from fnmatch import fnmatchcase

from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.explain import explain


def assert_delivered(trace: Trace, to: str = "*") -> None:
    """The request or connection reached a pod whose `NAMESPACE/NAME` (or name, in the default namespace) fits `to`."""
    __tracebackhide__ = True
    reached = trace.endpoint
    assert trace.verdict in (Verdict.DELIVERED, Verdict.ANSWERED) and reached is not None and reached.pod is not None, (
        f"not delivered: {trace.result}\n{explain(trace)}")
    names = (str(reached.pod), *((reached.pod.name,) if reached.pod.namespace == "default" else ()))
    assert any(fnmatchcase(name, to) for name in names), f"delivered to {reached.pod}, not to {to}\n{explain(trace)}"


def assert_verdict(trace: Trace, verdict: Verdict | str) -> None:
    """The walk ended as it should: a Verdict or its name."""
    __tracebackhide__ = True
    wanted = Verdict(verdict) if not isinstance(verdict, Verdict) else verdict
    assert trace.verdict is wanted, f"{trace.verdict}, not {wanted}\n{explain(trace)}"
