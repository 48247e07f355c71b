"""What the stage `resolve` decides. Text is made in `explain/` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.step import Outcomes
from simnet.dataplane.verdict import Verdict


@dataclass(slots=True)
class NameResolved:
    """The name has addresses and the client takes `address`, one of the `among` it could have taken.

    `paths` are the walks of the query packet that got through, each with its probability; empty when nothing had to
    be asked of the cluster's server.
    """

    verdict: ClassVar[Verdict | None] = None
    lookup: Lookup
    address: int
    among: tuple[int, ...]
    paths: Outcomes = ()

    @property
    def assumed(self) -> str:
        """The Ingress host that was taken to be published in the public DNS, '' when nothing was assumed."""
        return self.lookup.assumed


@dataclass(slots=True)
class NameUnresolved:
    """No address: the lookup's status says how it failed, its answers say why. `paths` are the walks of the query
    packet: those that failed when the server was not reached, those that got through otherwise."""

    verdict: ClassVar[Verdict | None] = Verdict.UNRESOLVED
    lookup: Lookup
    paths: Outcomes = ()
