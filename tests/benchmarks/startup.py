"""T1: what `import simnet` costs above a bare interpreter, against `import networkx` in the same run."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

from tests.benchmarks.bench import Row

HEAVY = "('networkx', 'asyncio', 'ssl', 'http.server', 'xml', 'email')"


def seconds(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


def rows(smoke: bool) -> list[Row]:
    taken: dict[str, list[float]] = {"pass": [], "import simnet": [], "import networkx": []}
    for _ in range(3 if smoke else 9):
        for code, times in taken.items():
            times.append(seconds(code))
    seconds(f"import sys, simnet; assert not [m for m in {HEAVY} if m in sys.modules]")
    bare = median(taken["pass"])
    ours, theirs = median(taken["import simnet"]) - bare, median(taken["import networkx"]) - bare
    return [Row("T1", "import simnet, above a bare interpreter", "import networkx", f"{ours:.3f} s", f"{theirs:.3f} s",
                max(ours, 0.0) / theirs, 0.35, at_most=True)]
