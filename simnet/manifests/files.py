"""Where manifests come from: a file, a directory of files, or text; and how their bytes become text.

The only module below the scenarios and the edges that opens files. Standard input is an edge's affair: it reads it
and hands over the text, with `-` as the file's name in messages.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final

from simnet.errors import ManifestError, Place, Problem
from simnet.manifests import yaml
from simnet.manifests.tree import Document
from simnet.manifests.yaml_limits import DEFAULT, Limits

ENDINGS: Final = (".yaml", ".yml", ".json")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip


def read(source: str | PathLike[str], *, recursive: bool = False, limits: Limits = DEFAULT) -> list[Document]:
    """The documents of a file, of a directory's files, or of a text.

    A Path is a file or a directory; a one-line str that ends in .yaml, .yml or .json is a file, one that names a
    directory that exists is that directory, any other str is text. In a directory the files with those endings are
    read in the order of their names, those of its subdirectories too with `recursive`.

    Raises ManifestError with the problems of all files: missing, unreadable, neither UTF-8 nor UTF-16, not YAML.
    """
    path = path_of(source)
    if path is None:
        return read_text(str(source), limits=limits)
    return _read_files(files_in(path, recursive=recursive) if path.is_dir() else [path], limits)


def read_text(text: str, file: str = "", *, limits: Limits = DEFAULT) -> list[Document]:
    """The documents of a text; `file` is what messages call it (a virtual file of a story, `-`, ...)."""
    return yaml.read_documents(text, file, limits=limits)


def read_bytes(data: bytes, file: str = "", *, limits: Limits = DEFAULT) -> list[Document]:
    """As `read_text`, for bytes: UTF-8, or what their byte order mark says."""
    return read_text(decoded(data, file), file, limits=limits)


def path_of(source: str | PathLike[str]) -> Path | None:
    """The file or directory that `source` names; None if it is text."""
    if not isinstance(source, str):
        return Path(source)
    if "\n" in source or "\0" in source:
        return None
    if source.endswith(ENDINGS):
        return Path(source)
    is_short = 0 < len(source) < 1024 and not source.lstrip().startswith(("{", "[", "-", "#"))
    return Path(source) if is_short and Path(source).is_dir() else None


def files_in(directory: Path, *, recursive: bool = False) -> list[Path]:
    """The manifests of a directory, in the order of their names. Raises ManifestError if there is none."""
    every = directory.rglob("*") if recursive else directory.iterdir()
    found = sorted(path for path in every if path.suffix in ENDINGS and path.is_file())
    if not found:
        raise ManifestError(_unreadable(str(directory), f"found no file ending in {', '.join(ENDINGS)}"))
    return found


def decoded(data: bytes, file: str = "") -> str:
    """Bytes as text: UTF-8, or UTF-16 if a byte order mark says so. Raises ManifestError with the place of a byte that
    does not fit.

    Source: k8s.io/cli-runtime pkg/resource/visitor.go, `BOMOverride` over UTF-8.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        found = " ".join(f"0x{byte:02x}" for byte in error.object[error.start : error.end])
        name = "UTF-16" if mark and encoding != "utf-8" else "UTF-8"
        raise ManifestError(Problem(f"found the byte {found}; expected {name} text", "Syntax", place)) from None


def _read_files(paths: Iterable[Path], limits: Limits) -> list[Document]:
    documents, problems = list[Document](), list[Problem]()
    for path in paths:
        try:
            documents += read_bytes(path.read_bytes(), str(path), limits=limits)
        except yaml.PartlyRead as error:
            documents += error.documents
            problems += error.problems
        except ManifestError as error:
            problems += error.problems
        except OSError as error:
            problems.append(_unreadable(str(path), f"cannot be read: {error.strerror or error}"))
    if problems:
        raise yaml.partly_read(problems, documents)
    return documents


def _unreadable(file: str, detail: str) -> Problem:
    return Problem(detail, "Syntax", Place(file))
