"""Kubernetes manifests in YAML (and JSON) text -> plain values that know their place in the file.

The reference is what kubectl reads: k8s.io/apimachinery's document reader over sigs.k8s.io/yaml. A text is cut into
documents by line before anything else; text that begins with `{` is read as JSON objects first, as YAML from the
first one on that is no JSON; empty documents are dropped. Where kubectl silently loses data (a repeated key, text
after the end of a document) this reader refuses, and it refuses with file, line, column and a way out.

Nothing here knows what a Service is.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from simnet.errors import ManifestError, Place, Problem
from simnet.manifests.json import objects
from simnet.manifests.tree import Document, Source
from simnet.manifests.yaml_block import BlockReader
from simnet.manifests.yaml_errors import Refusal, Trust, character, problem, quote, refusal
from simnet.manifests.yaml_limits import DEFAULT, Limits, raised_by
from simnet.manifests.yaml_lines import Names, Scalars
from simnet.manifests.yaml_reading import Reading

_LINE_ENDS = re.compile(r"\r?\r\n|\r|\x85")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_END_MARK = re.compile(r"^\.\.\.(?=[ \t\n])", re.MULTILINE)
_ONLY_COMMENTS = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n|\.\.\.[ \t]*(?:#[^\n]*)?\n)*+")
_LARGE: Final = 2**18
_MOST_REPAIRS: Final = 20
_BYTE_ORDER_MARK: Final = "\ufeff"


class PartlyRead(ManifestError):
    """Documents of an input cannot be read; `documents` are the others, so that their mistakes can be told as well."""

    documents: tuple[Document, ...] = ()


def partly_read(problems: Iterable[Problem], documents: Iterable[Document]) -> PartlyRead:
    """The error for an input of which only some documents can be read."""
    error = PartlyRead(problems)
    error.documents = tuple(documents)
    return error


Attempt = tuple[Document | None, list[Problem], Refusal | None]
"""A document if it could be read, the mistakes found, and the one that stopped the reading, if one did."""


def read_all(text: str, file: str = "", *, limits: Limits = DEFAULT) -> list[Any]:
    """The values of all documents in `text`, without the empty ones; mappings and lists remember their places.

    Raises ManifestError with every mistake that can be found: all repeated keys, the first other mistake of each
    document, and those that are still there below it once it is repaired as its message says. `file` is the name used
    in messages. Cost: linear in the text.
    """
    return [document.value for document in read_documents(text, file, limits=limits)]


def read_documents(text: str, file: str = "", *, limits: Limits = DEFAULT) -> list[Document]:
    """As `read_all`, with the line each document begins on and the warnings about it. The error is a PartlyRead where
    other documents could be read."""
    if len(text) > limits.size:
        detail = f"found {len(text):,} characters; expected at most {limits.size:,} {raised_by('size')}"
        raise ManifestError(Problem(detail, "Syntax", Place(file)))
    documents, problems, done = list[Document](), list[Problem](), 0
    with _collector_paused(text):
        if text.lstrip().startswith("{"):
            documents, done = _leading_json(text, file, limits)
        line, text = text.count("\n", 0, done), _normalised(text[done:])
        known = Scalars(), Names()
        for source, is_last in _cut(text, line, file, problems):
            attempt = partial(_attempt, limits=limits, known=known, is_last=is_last)
            document, found, error = attempt(source)
            documents += [document] if document is not None and document.value is not None else []
            problems += [*found, *_further(source, error, attempt)]
    if problems:
        raise partly_read(sorted(problems, key=_order), documents)
    return documents


@contextmanager
def _collector_paused(text: str) -> Iterator[None]:
    """Keep the garbage collector from visiting, again and again, the growing result of a large text. Nothing read here
    is cyclic, so there is nothing for it to find; without this the time per line doubles towards half a million lines.
    """
    pausing = len(text) >= _LARGE and gc.isenabled()
    if pausing:
        gc.disable()
    try:
        yield
    finally:
        if pausing:
            gc.enable()


def _order(each: Problem) -> tuple[int, int]:
    return (each.place.line, each.place.column) if each.place else (0, 0)


def _leading_json(text: str, file: str, limits: Limits) -> tuple[list[Document], int]:
    """The JSON objects that the text begins with, and the offset where the reading of YAML goes on."""
    documents, end = objects(text, file, limits)
    if not documents:
        return [], 0
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[end:line_end].strip(" \t\r")
    if rest and not rest.startswith("#"):
        begin = end + len(text[end:line_end]) - len(text[end:line_end].lstrip(" \t"))
        expected = "another object, or `---` on the next line"
        raise refusal(Source(text, file), begin, f"{quote(rest)} after the JSON object", expected)
    return documents, line_end + 1


def _normalised(text: str) -> str:
    """The text with one kind of line end, one at its end too; and, before a first brace, with spaces for the tabs that
    kubectl passes over there."""
    if not text.endswith("\n"):
        text += "\n"
    if "\r" in text or "\x85" in text:
        text = _LINE_ENDS.sub("\n", text)
    begin = len(text) - len(text.lstrip(" \t\n"))
    if text.startswith("{", begin):
        text = text[:begin].replace("\t", " ") + text[begin:]
    return text


def _cut(text: str, line: int, file: str, problems: list[Problem]) -> Iterator[tuple[Source, bool]]:
    """The pieces of the text between lines that begin with `---`, and whether they are the last; the first line of the
    text is line number `line` (from 0)."""
    start = 0
    while start < len(text):
        if text.startswith("---", start):
            end = text.index("\n", start)
            _check_separator(Source(text[start : end + 1], file, line), problems)
            start, line = end + 1, line + 1
        following = start if text.startswith("---", start) else text.find("\n---", start) + 1
        stop = following or len(text)
        if text[start:stop].strip(" \n"):
            yield _piece(text[start:stop], file, line), stop == len(text)
        line += text.count("\n", start, stop)
        start = stop


def _piece(text: str, file: str, line: int) -> Source:
    return Source(text.removeprefix(_BYTE_ORDER_MARK), file, line)


def _check_separator(source: Source, problems: list[Problem]) -> None:
    rest = source.text[3:].lstrip()
    if rest and not rest.startswith("#"):
        offset = source.text.index(rest[0], 3)
        detail = f"found {quote(rest)} on the separator line; expected nothing but a comment after `---`"
        problems.append(problem(source, offset, detail, "put it on the next line" if rest[0] != "-" else "---"))


def _attempt(source: Source, limits: Limits, known: tuple[Scalars, Names], *, is_last: bool) -> Attempt:
    """Read one document. Raises nothing that says the text is wrong."""
    found = list[Problem]()
    try:
        return _read(_until_end_mark(source, is_last=is_last), limits, known, found), found, None
    except Refusal as error:
        return None, [*found, *error.problems], error
    except ManifestError as error:
        return None, [*found, *error.problems], None
    finally:
        source.forget()


def _further(source: Source, error: Refusal | None, attempt: Callable[[Source], Attempt]) -> list[Problem]:
    """The mistakes below the first one that stay when that one is repaired, and so on from each to the next. What
    does not fit on the line right below a repair may be the fault of the repair, and is left out."""
    problems = list[Problem]()
    for _ in range(_MOST_REPAIRS if len(source.text) <= _LARGE else 0):
        if error is None or error.trust is Trust.NONE:
            break
        repaired, was_sure, lines = error.row, error.trust is Trust.SURE, source.text.split("\n")
        last = max(source.base + repaired + 1, *(each.place.line for each in error.problems if each.place))
        lines[repaired] = error.line
        source = Source("\n".join(lines), source.file, source.base)
        _, found, error = attempt(source)
        if error is not None:
            following = next((row for row in range(repaired + 1, len(lines)) if lines[row].strip()), -1)
            is_doubtful = error.trust is Trust.NONE and (not was_sure or error.row == following)
            if error.row <= repaired or is_doubtful or (error.row == following and not was_sure):
                break
        problems += [each for each in found if each.place is not None and each.place.line > last]
    return problems


def _read(source: Source, limits: Limits, known: tuple[Scalars, Names], problems: list[Problem]) -> Document:
    reading = Reading(source, limits)
    try:
        value, row = BlockReader(reading, *known).document()
    finally:
        problems += reading.problems
        source.forget()
    return Document(value, source.file, source.base + row + 1, tuple(reading.warnings))


def _check_characters(source: Source) -> None:
    found = _FORBIDDEN.search(source.text)
    if found:
        name = character(found[0])
        raise refusal(source, found.start(), f"the character {name}", "text; write it as an escape in double quotes",
                      reads_as=_FORBIDDEN.sub("", source.lines[source.row(found.start())]))
    if _BYTE_ORDER_MARK in source.text and "\n" + _BYTE_ORDER_MARK in source.text:
        offset = source.text.index("\n" + _BYTE_ORDER_MARK) + 1
        found_mark = f"the character {character(_BYTE_ORDER_MARK)}"
        without = source.lines[source.row(offset)].lstrip(_BYTE_ORDER_MARK)
        raise refusal(source, offset, found_mark, "it at the start of a document only", without)
    if source.text.startswith("%"):
        expected = "the document itself; kubectl reads no directives"
        raise refusal(source, 0, f"the directive {quote(source.lines[0])}", expected, advice="remove the line", reads_as="")


def _until_end_mark(source: Source, *, is_last: bool) -> Source:
    """The text up to a `...` line; an error if more than comments follows it, or if it ends nothing and nothing follows."""
    _check_characters(source)
    found = _END_MARK.search(source.text) if "..." in source.text else None
    if found is None:
        return source
    after = _ONLY_COMMENTS.match(source.text, found.start())
    if after is None or after.end() < len(source.text):
        offset = max(after.end() if after else 0, found.start())
        what = quote(source.lines[source.row(offset)])
        raise refusal(source, offset, f"{what} after the end mark `...`", "`---` before another document")
    if is_last and _ONLY_COMMENTS.fullmatch(source.text, 0, found.start()):
        raise refusal(source, found.start(), "the end mark `...` without a document", "a document before it")
    return Source(source.text[: found.start()], source.file, source.base)
