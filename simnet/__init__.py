"""simnet: a Kubernetes cluster's network inside one Python process.

    >>> import simnet
    >>> cluster = simnet.Cluster(nodes=2)
    >>> cluster.version > 0
    True

Names are loaded when they are first used, so that `import simnet` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from simnet.version import __version__

if TYPE_CHECKING:  # for type checkers and editors; at run time __getattr__ below loads the same names
    from simnet.api import expect as expect
    from simnet.cluster import Cluster as Cluster
    from simnet.dataplane.outcomes import Outcomes as Outcomes
    from simnet.dataplane.step import Trace as Trace
    from simnet.dataplane.verdict import Verdict as Verdict
    from simnet.diagnosis import diagnose as diagnose
    from simnet.errors import ManifestError as ManifestError
    from simnet.errors import SimnetError as SimnetError
    from simnet.explain import explain as explain
    from simnet.manifests import read_manifests as read_manifests
    from simnet.scenario import Scenario as Scenario

_HOME = {
    "Cluster": "simnet.cluster", "Trace": "simnet.dataplane.step", "Outcomes": "simnet.dataplane.outcomes",
    "Verdict": "simnet.dataplane.verdict", "Scenario": "simnet.scenario", "expect": "simnet.api",
    "explain": "simnet.explain", "diagnose": "simnet.diagnosis", "read_manifests": "simnet.manifests",
    "SimnetError": "simnet.errors", "ManifestError": "simnet.errors",
}

__all__ = ["Cluster", "ManifestError", "Outcomes", "Scenario", "SimnetError", "Trace", "Verdict", "__version__",
           "diagnose", "expect", "explain", "read_manifests"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'simnet' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """This module. Two functions of the public API, `explain` and `expect`, are called like the subpackages they come
    from; the import system would put the subpackage over the function whenever it is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
