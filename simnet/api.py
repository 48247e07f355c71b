"""The functions of the public API that join several layers; `simnet` re-exports them."""

from __future__ import annotations

from simnet.cluster import Cluster
from simnet.diagnosis import told_codes
from simnet.errors import Place, ScenarioFailed, SimnetError, UsageError
from simnet.expect.evaluate import Checked, Context, check
from simnet.expect.lines import Watched
from simnet.scenario.claims import read_line
from simnet.scenario.report import failure_of_line

CONTEXT = Context(diagnose=told_codes)


def expect(cluster: Cluster, line: str) -> Checked:
    """Assert one expectation line, `GET http://web/ from pod/client is 200`, over every choice the cluster could make.

    Returns what was checked. Raises ScenarioFailed with what came instead, the path, the cause and a fix that was
    tried; ManifestError with the column when the line itself cannot be read.
    """
    __tracebackhide__ = True  # pytest: show the line of the test, not this package
    try:
        expectation = read_line(line)
        if isinstance(expectation.claim, Watched):
            raise UsageError(f"{line!r} watches a step of a story; here ask for one moment: leave out "
                             f"`{expectation.claim.quantifier}` and `every ...`")
        checked = check(cluster, expectation, CONTEXT)
    except SimnetError as problem:
        raise problem.with_traceback(None) from None
    if not checked.holds:
        raise ScenarioFailed("\n".join(failure_of_line(Place("expect"), checked, CONTEXT).lines()))
    return checked
