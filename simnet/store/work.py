"""Counters of work done, so that tests can say what an event may cost without measuring seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Work:
    """How often each kind of step was taken since the counters were made."""

    commits: int = 0
    selectors_examined: int = 0
    endpoints_copied: int = 0
    slices_built: int = 0
    tables_built: int = 0
    hosts_compiled: int = 0
    stages_run: int = 0
    lookups: int = 0

    def since(self, earlier: Work) -> Work:
        """The difference to an earlier copy, field by field."""
        return Work(*(getattr(self, field.name) - getattr(earlier, field.name) for field in fields(self)))

    def copy(self) -> Work:
        return Work(*(getattr(self, field.name) for field in fields(self)))
