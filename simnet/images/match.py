"""From an image text to its profile: what the user said first, then what simnet knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.images.builtin import BUILTIN, variant
from simnet.images.given import read_profile
from simnet.images.profile import ImageProfile
from simnet.images.reference import Reference


class Images:
    """The profiles of one cluster.

    `extra` is the `images:` of a scenario: image text (with or without tag, or a prefix ending in `/` or `*`) to
    what the process does. An entry that says nothing about tools or libc keeps what is known of the image.
    """

    def __init__(self, extra: Mapping[str, Any] | None = None) -> None:
        """Raises UsageError naming the image, the key and the nearest key that exists."""
        self._given = {name: read_profile(name, data, builtin(name)) for name, data in (extra or {}).items()}
        self._found: dict[str, ImageProfile | None] = {}

    def of(self, image: str) -> ImageProfile | None:
        """The profile, or None for an image nobody described. Cost: O(1) after the first question about an image."""
        if image not in self._found:
            self._found[image] = self._closest(image) or builtin(image)
        return self._found[image]

    def _closest(self, image: str) -> ImageProfile | None:
        """The user's entry that fits best: same text, same repository and tag, same repository, longest prefix."""
        ranked = [(closeness, profile) for name, profile in self._given.items()
                  if (closeness := _closeness(name, image)) > (0, 0)]
        return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def builtin(image: str) -> ImageProfile | None:
    """What simnet itself knows of an image: registry, digest and the library/ of official images do not matter."""
    reference = Reference.parse(image)
    profile = BUILTIN.get(reference.short)
    return variant(profile, reference.tag) if profile is not None else None


def _closeness(name: str, image: str) -> tuple[int, int]:
    """How well the entry `name` fits `image`; (0, 0) if it does not."""
    if name == image:
        return 4, 0
    if name.endswith("*"):
        return (1, len(name)) if image.startswith(name[:-1]) else (0, 0)
    wanted, given = Reference.parse(name), Reference.parse(image)
    if wanted.repository == given.repository:
        if not wanted.tag and not wanted.digest:
            return 2, 0
        same = (not wanted.tag or wanted.tag == given.tag) and (not wanted.digest or wanted.digest == given.digest)
        return (3, 0) if same else (0, 0)
    return (1, len(name)) if image.startswith(name.rstrip("/") + "/") else (0, 0)
