"""Image references as container runtimes read them: registry, repository, tag, digest.

Source: distribution/reference normalize.go (ParseNormalizedNamed, splitDockerDomain).
"""

from __future__ import annotations

from typing import NamedTuple

_MIRRORED = ("library/", "docker/library/", "google_containers/", "google-containers/")


class Reference(NamedTuple):
    """`docker.io/library/nginx:1.25` is registry docker.io, path library/nginx, tag 1.25."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """Registry and path: what two references to the same image have in common."""
        return f"{self.registry}/{self.path}"

    @property
    def short(self) -> str:
        """The path without what official images and mirrors put before it: nginx for library/nginx."""
        for prefix in _MIRRORED:
            if self.path.startswith(prefix):
                return self.path[len(prefix):]
        return self.path

    @classmethod
    def parse(cls, image: str) -> Reference:
        """Read any image text; what is missing is filled in with docker.io and library/. Never raises."""
        rest, _, digest = image.partition("@")
        head, slash, tail = rest.partition("/")
        is_registry = bool(slash) and ("." in head or ":" in head or head == "localhost")
        registry, path = (head, tail) if is_registry else ("docker.io", rest)
        path, tag = _split_tag(path)
        if registry in ("docker.io", "index.docker.io"):
            registry = "docker.io"
            path = path if "/" in path else f"library/{path}"
        return cls(registry, path, tag, digest)


def _split_tag(path: str) -> tuple[str, str]:
    name, colon, tag = path.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (path, "")
