"""What a manifest makes of an object that exists: laid over it (apply) or put in its place (replace).

Source: kubernetes/kubectl pkg/cmd/apply/patcher.go (three-way merge), pkg/cmd/replace; kubernetes/apiserver
pkg/registry/rest/update.go (PrepareForUpdate, then validation of the whole object against the old one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simnet.errors import Problem
from simnet.manifests import Manifest, converted, defaulted, validate, validate_update
from simnet.manifests.apply import apply_patch, patched_live, places_in
from simnet.manifests.paths import PlaceOf
from simnet.manifests.stale import without_stale
from simnet.objects.meta import Object


@dataclass(frozen=True, slots=True)
class Update:
    """`live` is the object as it stands; `data` the whole object as it is to be stored, in the current version, with
    defaults; `place_of` leads from its fields to the manifest."""

    live: Mapping[str, Any]
    data: Mapping[str, Any]
    place_of: PlaceOf

    def problems(self) -> list[Problem]:
        """What the API server refuses: first the fields that may not change, then values that are not allowed."""
        return validate_update(self.live, self.data, self.place_of) + validate(
            self.data, self.place_of, exists=True)


def update_of(manifest: Manifest, old: Object, verb: str) -> Update | None:
    """The update that `verb` (apply or replace) asks for; None when an apply finds nothing to change."""
    live = old.manifest
    if verb != "apply":
        data = without_stale(defaulted(converted(manifest.data)), live)
        return Update(live, defaulted(data), manifest.place_of)
    patch = apply_patch(manifest, live)
    if not patch:
        return None
    whole = patched_live(patch, live)
    given = manifest.data.get("status")
    if given is not None:
        whole["status"] = given  # not the API server's business; a Node's addresses are taken from it
    return Update(live, defaulted(without_stale(defaulted(whole), live)), places_in(manifest, whole))
