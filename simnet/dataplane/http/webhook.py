"""The validating webhook of ingress-nginx: what it refuses before an Ingress is stored (rules W-1 to W-4, K-17).

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go CheckIngress, checkOverlap; internal/ingress/
inspector/{rules,inspector}.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader
from simnet.dataplane.http.annotations import read_annotations
from simnet.dataplane.http.ingresses import hosts_of, is_canary
from simnet.dataplane.http.servers import Location, Source, in_order, locations_of
from simnet.dataplane.http.table import ControllerTable
from simnet.objects.ingress import Ingress

NAME: Final = "validate.nginx.ingress.kubernetes.io"
_STRICT: Final = re.compile(r"/[A-Za-z0-9._\-/]*")
_SUSPICIOUS: Final = tuple(re.compile(text, re.DOTALL) for text in (
    r"\s*alias\s.*;", r"\s*root\s.*;", r"/etc/(?:passwd|shadow|group|nginx|ingress-controller)", r"/var/run/secrets",
    r"_by_lua"))


def refusal(table: ControllerTable, ingress: Ingress, others: Iterable[Ingress]) -> str:
    """Why the webhook of a controller refuses `ingress`, '' when it lets it through.

    `others` are Ingresses that were accepted just before and are not stored yet. O(rules of its hosts).
    """
    flags = table.flags
    if flags.deep_inspect:
        for text in _inspected(ingress):
            if any(pattern.search(text) for pattern in _SUSPICIOUS):
                return f"invalid object: {text!r} holds a directive or path that is not allowed in an Ingress"
    if not table.class_of(ingress):
        return ""
    if flags.disable_catch_all and ingress.default_backend is not None:
        return ("This deployment is trying to create a catch-all ingress while DisableCatchAll flag is set to true. "
                "Remove '.spec.defaultBackend' or set DisableCatchAll flag to false.")
    return _bad_paths(table, ingress) or _bad_annotations(table, ingress) or _overlap(table, ingress, others)


def _inspected(ingress: Ingress) -> Iterator[str]:
    for rule in ingress.rules:
        yield rule.host
        for path in rule.paths or ():
            yield path.path
            yield path.backend.service
    for entry in ingress.tls:
        yield from (*entry.hosts, entry.secret_name)


def _bad_paths(table: ControllerTable, ingress: Ingress) -> str:
    """strict-validate-path-type: plain characters only in Exact and Prefix (rule W-2)."""
    if not table.config.strict_validate_path_type:
        return ""
    wrong = [f"path {path.path} cannot be used with pathType {path.path_type}" for rule in ingress.rules
             for path in rule.paths or () if path.path_type in ("Exact", "Prefix") and not _STRICT.fullmatch(path.path)]
    return "ingress contains invalid paths: " + "\n".join(wrong) if wrong else ""


def _bad_annotations(table: ControllerTable, ingress: Ingress) -> str:
    """Snippets while they are off, forbidden words, and values that would drop the whole Ingress (rules W-3, K-17)."""
    prefix = table.flags.annotations_prefix
    for name, value in Reader(ingress.annotations, prefix).values.items():
        if name.endswith("-snippet") and not table.config.allow_snippet_annotations:
            return (f"{prefix}/{name} annotation cannot be used. Snippet directives are disabled by the Ingress "
                    "administrator")
        word = next((word for word in table.config.annotation_value_word_blocklist if word in value), "")
        if word:
            return f"{prefix}/{name} annotation contains invalid word {word}"
    dropped = read_annotations(ingress.annotations, prefix, validates=table.flags.enable_annotation_validation,
                               allows_snippets=table.config.allow_snippet_annotations).dropped_by
    return f"annotation {prefix}/{dropped} contains invalid value" if dropped else ""


def _overlap(table: ControllerTable, ingress: Ingress, others: Iterable[Ingress]) -> str:
    """A path that is already a location of another Ingress on that host (rule W-1)."""
    if is_canary(ingress):
        return ""
    waiting = [each for each in others if each.key != ingress.key]
    for host in hosts_of(ingress):
        owned = _locations(table, ingress, host, waiting)
        for rule in ingress.rules:
            for path in rule.paths or () if rule.host.lower() == host else ():
                owner = _owner(owned, path.path or "/", ingress) if path.backend.resource is None else None
                if owner is not None:
                    return (f'host "{rule.host or "_"}" and path "{path.path or "/"}" is already defined in ingress '
                            f"{owner.key}")
    return ""


def _locations(table: ControllerTable, ingress: Ingress, host: str, waiting: list[Ingress]) -> list[Location]:
    """The host's locations as if the Ingress were stored."""
    keys = {ingress.key, *(each.key for each in waiting)}
    stored = [each for each in table.ingresses.at_host(host) if each.key not in keys]
    found = in_order([*stored, *(each for each in waiting if host in hosts_of(each)), ingress])
    sources = [Source(each, table.settings_of(each)) for each in found if table.class_of(each)]
    return locations_of(host, [each for each in sources if not each.settings.dropped_by])


def _owner(locations: Iterable[Location], path: str, ingress: Ingress) -> Ingress | None:
    """Another Ingress that has a location with this very path. The implicit `/` is nobody's; canaries conflict never."""
    return next((owner for each in locations if each.path == path and not each.rule.is_implicit
                 and (owner := each.rule.ingress) is not None and owner.key != ingress.key and not is_canary(owner)), None)
