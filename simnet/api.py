"""The functions of the public API that join several layers; `simnet` re-exports them."""

from __future__ import annotations

from simnet.cluster import Cluster
from simnet.diagnosis import codes
from simnet.errors import Place, ScenarioFailed
from simnet.expect.evaluate import Checked, Context, check
from simnet.expect.grammar import parse
from simnet.scenario.report import failure_of_line

CONTEXT = Context(diagnose=codes)


def expect(cluster: Cluster, line: str) -> Checked:
    """Assert one expectation line, `GET http://web/ from pod/client is 200`, over every choice the cluster could make.

    Returns what was checked. Raises ScenarioFailed with what came instead, the path, the cause and a fix that was
    tried; ManifestError with the column when the line itself cannot be read.
    """
    checked = check(cluster, parse(line), CONTEXT)
    if not checked.holds:
        raise ScenarioFailed("\n".join(failure_of_line(Place("expect"), checked, CONTEXT).lines()))
    return checked
