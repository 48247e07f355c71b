"""What a lint says: a code, how bad it is, where it stands, what was expected, and the repairs that would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simnet.errors import Place
from simnet.manifests.manifest import Manifest
from simnet.manifests.paths import Path, path_text


class Severity(StrEnum):
    """`error`: it cannot work as it stands; `warning`: it works only with something these files do not show, or not as
    it reads; `note`: worth a look, and no failure."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Repair:
    """One value set (`new`), one key added (`old` None), taken out (`new` None), or, with `is_key`, named differently.

    `path` leads to it in the manifest as it was given.
    """

    manifest: Manifest
    path: Path
    old: Any
    new: Any
    is_key: bool = False

    def __str__(self) -> str:
        name = "key of " + path_text(self.path[:-1]) if self.is_key else path_text(self.path)
        old, new = ("(none)" if value is None else str(value) for value in (self.old, self.new))
        return f"{name}: {old} -> {new}"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing a lint found. `field` is the API's path, `message` says what is there and what was expected, `nearest`
    what was probably meant ('' if nothing is near). `repairs` are all changes of one value that would do: when there is
    exactly one, `--fix` makes it."""

    code: str
    severity: Severity
    place: Place
    object: str
    field: str
    message: str
    nearest: str = ""
    advice: str = ""
    repairs: tuple[Repair, ...] = ()

    @property
    def repair(self) -> Repair | None:
        """The only change that would do, None when there is none or a choice."""
        return self.repairs[0] if len(self.repairs) == 1 else None

    def __str__(self) -> str:
        text = f"{self.place}: {self.severity} {self.code} {self.object}: "
        text += (f"{self.field}: " if self.field else "") + self.message
        return text + (f"; did you mean {self.nearest}?" if self.nearest else "")


def remark(manifest: Manifest, code: str, severity: Severity, path: Path, message: str, *, nearest: str = "",
           advice: str = "", repairs: Sequence[Repair] = ()) -> Remark:
    """A remark about the value at `path` of a manifest; its place is that of the value, or of what holds it."""
    return Remark(code, severity, manifest.place_of(path, value=True) if path else manifest.place, manifest.ref,
                  path_text(path), message, nearest, advice, tuple(repairs))
