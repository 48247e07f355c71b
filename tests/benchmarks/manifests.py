"""Y1: reading YAML, with places and all checks, against PyYAML (its loader in Python and the one over libyaml).

Times are of the processor, not of the clock: every round counts here, and reading waits for nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from importlib import import_module
from time import process_time
from typing import Any

from simnet.manifests import yaml
from tests.benchmarks.bench import Row, absent
from tests.benchmarks.yaml_workload import manifests

LOADERS = (("SafeLoader", "PyYAML SafeLoader", 10.0), ("CSafeLoader", "PyYAML CSafeLoader (libyaml)", 1.1))


def rows(smoke: bool) -> list[Row]:
    """The ratio is that of the worst round. `ours` and `theirs` are the medians; with --smoke a twentieth is read."""
    text = manifests(copies=1, groups=12) if smoke else manifests()
    what = f"read {text.count(chr(10)):,} lines of YAML, worst round"
    try:
        peer = import_module("yaml")
    except ImportError:
        return [*(absent("Y1", what, name, bar) for _, name, bar in LOADERS), _per_line(smoke)]
    found = []
    for attribute, name, bar in LOADERS:
        loader = getattr(peer, attribute, None)
        found.append(absent("Y1", what, name, bar) if loader is None else _against(text, what, peer, loader, name, bar))
    return [*found, _per_line(smoke)]


def _against(text: str, what: str, peer: Any, loader: Any, name: str, bar: float) -> Row:
    assert yaml.read_all(text) == list(peer.load_all(text, loader)), f"{name} reads another value"
    ours, theirs = _rounds(lambda: yaml.read_all(text), lambda: list(peer.load_all(text, loader)))
    worst = min(their / our for our, their in zip(ours, theirs, strict=True))
    return Row("Y1", what, name, f"{sorted(ours)[2] * 1e3:.0f} ms", f"{sorted(theirs)[2] * 1e3:.0f} ms", worst, bar)


def _per_line(smoke: bool) -> Row:
    """How the time for a line grows with the file: the median of five rounds."""
    small, large = manifests(copies=1), manifests(copies=2 if smoke else 64)
    ours, theirs = _rounds(lambda: yaml.read_all(large), lambda: yaml.read_all(small))
    lines = [text.count("\n") for text in (large, small)]
    big, little = (sorted(times)[2] / count for times, count in zip((ours, theirs), lines, strict=True))
    what = f"time for a line, at {lines[0]:,} lines"
    return Row("Y1", what, f"the same at {lines[1]:,} lines", f"{big * 1e6:.2f} us", f"{little * 1e6:.2f} us", big / little, 1.3,
               at_most=True)  # fmt: skip


def _rounds(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[Sequence[float], Sequence[float]]:
    """Five interleaved rounds, after one of each that does not count."""
    ours(), theirs()
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(5)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _seconds(act: Callable[[], object]) -> float:
    gc.collect()
    start = process_time()
    act()
    return process_time() - start
