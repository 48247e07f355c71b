"""`why`: simnet's own command. It explains the last connection made: how it went, and what was wrong with it."""

from __future__ import annotations

from simnet.console.desk import Call
from simnet.console.output import Output
from simnet.diagnosis import diagnose, notes
from simnet.explain import explain


def why(call: Call) -> Output:
    """The path of the last connection, then the diagnosis, or what is worth knowing about one that went well; after a
    command that failed without a connection, what it said and what was probably meant."""
    if call.desk.last_problem:
        return Output(call.desk.last_problem + "\n")
    trace = call.desk.last_trace
    if trace is None:
        return Output("Nothing to explain yet: run curl, wget, nc or the like first.\n")
    found = str(diagnose(call.cluster, trace)).rstrip("\n")
    found = found or "\n".join(f"{each.code}: {each.text}" for each in notes(call.cluster, trace))
    return Output(str(explain(trace)).rstrip("\n") + "\n" + (f"\n{found}\n" if found else ""))
