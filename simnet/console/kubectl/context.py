"""What a kubectl verb is given, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.clock import human_duration
from simnet.cluster import Cluster
from simnet.console.desk import Call, Desk
from simnet.console.flags import Parsed
from simnet.errors import SimnetError


class KubectlError(SimnetError):
    """What kubectl would print on standard error before it ends with `status`; `stdout` is what it printed before.
    `hint` is what kubectl does not say, such as the nearest name that exists."""

    def __init__(self, message: str, status: int = 1, stdout: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.status, self.stdout, self.hint = status, stdout, hint


@dataclass(slots=True)
class Kube:
    """One call of kubectl: the verb, its flags and operands, and the namespace it works in."""

    call: Call
    verb: str
    flags: Parsed
    namespace: str

    @property
    def desk(self) -> Desk:
        return self.call.desk

    @property
    def cluster(self) -> Cluster:
        return self.call.cluster

    @property
    def operands(self) -> list[str]:
        return self.flags.operands

    @property
    def command(self) -> list[str]:
        """What stood behind `--`."""
        return self.flags.behind_dashes or []

    @property
    def all_namespaces(self) -> bool:
        return self.flags.on("all-namespaces")

    @property
    def where(self) -> str | None:
        """The namespace to list, None for all."""
        return None if self.all_namespaces else self.namespace

    def age(self, since: float | None) -> str:
        """How long ago a moment was, as kubectl writes ages."""
        return "<unknown>" if since is None else human_duration(self.cluster.now - since)
