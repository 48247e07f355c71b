"""What two clusters do differently: every concrete request that either side knows of, asked of both."""

from simnet.compare.report import Diff, Difference, Witness
from simnet.compare.sides import compare

__all__ = ["Diff", "Difference", "Witness", "compare"]
