"""`why`: simnet's own command. It explains the last connection made: how it went, and what was wrong with it."""

from __future__ import annotations

from simnet.console.desk import Call
from simnet.console.output import Output
from simnet.diagnosis import diagnose
from simnet.explain import explain


def why(call: Call) -> Output:
    """The path of the last connection, then the diagnosis; after a command that failed without one, what it said."""
    trace = call.desk.last_trace
    if trace is None and not call.desk.last_problem:
        return Output("Nothing to explain yet: run curl, wget, nc or the like first.\n")
    text = f"{call.desk.last_problem}\n" if call.desk.last_problem else ""
    if trace is not None:
        text += str(explain(trace)).rstrip("\n") + "\n"
        found = str(diagnose(call.cluster, trace)).rstrip("\n")
        text += f"\n{found}\n" if found else ""
    return Output(text)
