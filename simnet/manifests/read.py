"""Whatever users hand over -> manifests: files, directories, text, mappings, lists, builders, API objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from simnet.errors import ManifestError, Problem, UsageError
from simnet.manifests.check import check, leniently, misplacement, refuse
from simnet.manifests.files import files_in, path_of, read, read_text
from simnet.manifests.identify import Setting, identify, scopes_of
from simnet.manifests.manifest import DEFAULT_NAMESPACE, Manifest, key_of
from simnet.manifests.misplaced import repair
from simnet.manifests.paths import at
from simnet.manifests.schema import tables
from simnet.manifests.tree import Document
from simnet.manifests.yaml import PartlyRead
from simnet.manifests.yaml_limits import DEFAULT, Limits

Rules = Callable[[Manifest], list[Problem]]
"""What is asked of each manifest: `check`, `admissible`, or a check of your own; an empty list means it is accepted."""


def read_manifests(
    source: Any, *, namespace: str = DEFAULT_NAMESPACE, file: str = "", rules: Rules = check, limits: Limits = DEFAULT,
    lenient: bool = False
) -> list[Manifest]:
    """The manifests in `source`, in its order.

    `source` is a Path or a one-line str ending in .yaml, .yml or .json (a file), a directory, any other str (text), a
    mapping, an object with `manifest` or `to_manifest()` (a builder, an object of a cluster), a Manifest (taken as it
    is), or a list of those. Lists of objects (`kind: List`) are taken apart. `namespace` is that of objects which name
    none. With `file`, `source` is text that messages call by this name. `limits` is what a text may ask of the reader.
    With `lenient` unknown fields are left out and warned of instead of refused.

    Raises ManifestError with every problem of every document: what cannot be read, what is no API object, and what
    `rules` find (InvalidField when the API server would have understood them all and refused). Raises UsageError for a
    source of another type.
    """
    problems: list[Problem] = []
    found = list(_documents(source, problems, limits, file))
    if problems and rules is unjudged:
        rules = check  # nobody will judge the others later, so their own mistakes are told now
    scopes = scopes_of(each.value if isinstance(each, Document) else each.data for each in found)
    manifests = []
    for each in found:
        made = identify(each, Setting(namespace, scopes)) if isinstance(each, Document) else each
        if isinstance(made, Manifest):
            made = leniently(made) if lenient else made
            problems += sorted(rules(made), key=_position)
            manifests.append(made)
        elif isinstance(each, Document):
            problems += _reindented(each, namespace) or made
    refuse(_in_order(problems))
    return manifests


def unjudged(manifest: Manifest) -> list[Problem]:
    """The rules of those who have the manifests judged later, by a cluster that knows what is there already."""
    return []


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems in the order of their files and lines, those without a place where they are."""
    files = list(dict.fromkeys(each.place.file for each in problems if each.place))
    places = [(files.index(each.place.file), each.place.line) for each in problems if each.place and each.place.line]
    if len(places) < len(problems):
        return problems
    return [each for _, each in sorted(zip(places, problems, strict=True), key=lambda pair: pair[0])]


def _documents(source: Any, problems: list[Problem], limits: Limits, file: str = "") -> Iterator[Document | Manifest]:
    """The documents of a source (or of a text called `file`), Lists taken apart; what cannot be read is added to
    `problems`."""
    inside: Iterable[Any]
    try:
        inside = read_text(source, file, limits=limits) if file else list(_inside(source, limits))
    except PartlyRead as error:
        problems += error.problems
        inside = error.documents
    except ManifestError as error:
        problems += error.problems
        return
    for item in inside:
        if isinstance(item, Document):
            yield from _taken_apart(item)
        elif isinstance(item, Manifest):
            yield item
        else:
            yield from _documents(item, problems, limits)


def _inside(source: Any, limits: Limits) -> Iterable[Any]:
    """Documents, manifests, or sources to be read in their turn."""
    match source:
        case Document() | Manifest():
            return (source,)
        case str() | PathLike():
            path = path_of(source)
            return files_in(path) if path is not None and path.is_dir() else read(source, limits=limits)
        case Mapping():
            return (Document(source),)
        case list() | tuple():
            return source
    given = getattr(source, "manifest", None)
    if given is None and hasattr(source, "to_manifest"):
        given = source.to_manifest()
    if given is None:
        raise UsageError(f"{type(source).__name__} is no source of manifests: a Path, text, a mapping, an object with "
                         "to_manifest(), or a list of these is expected")
    return (given,)


def _taken_apart(document: Document) -> Iterator[Document]:
    """A List as its items; those of a typed list (PodList) may leave out the kind, which the list's name gives."""
    value = document.value
    items = value.get("items") if isinstance(value, Mapping) else None
    kind = str(value.get("kind")) if isinstance(value, Mapping) else ""
    if not kind.endswith("List") or not isinstance(items, list):
        yield document
        return
    named = {"apiVersion": value.get("apiVersion"), "kind": kind.removesuffix("List")}
    for item in items:
        if isinstance(item, Mapping) and kind != "List" and "kind" not in item:
            item = {**named, **item}
        yield from _taken_apart(replace(document, value=item))


def _reindented(document: Document, namespace: str) -> list[Problem]:
    """The one problem of an object that has no name because its indentation is lost; empty when that is not it."""
    data = document.value
    if not isinstance(data, Mapping):
        return []
    api_version, kind = str(data.get("apiVersion")), str(data.get("kind"))
    table = tables().kind(api_version, kind)
    repaired = repair(data, table) if table else None
    if repaired is None or not at(repaired.data, ("metadata", "name")):
        return []
    return [misplacement(Manifest(api_version, kind, key_of(repaired.data, namespace), data), repaired)]
