"""`-o custom-columns=HEADER:.path,...`: a table of what is asked for.

Source: kubernetes/kubectl pkg/cmd/get/customcolumn.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simnet.console.kubectl.context import KubectlError
from simnet.console.kubectl.golang import GoError, plain
from simnet.console.kubectl.jsonpath import found_at
from simnet.console.kubectl.jsonpath_parse import parse, relaxed
from simnet.console.layout import table


def custom_columns(spec: str, objects: Sequence[Any], headers: bool) -> str:
    """One line an object, a column each `HEADER:path`. Raises KubectlError for a spec that cannot be read."""
    if not spec:
        raise KubectlError("error: custom-columns format specified but no custom columns given")
    columns = [part.partition(":") for part in spec.split(",")]
    for header, colon, path in columns:
        if not colon:
            raise KubectlError(f"error: unexpected custom-columns spec: {header}, expected <header>:<json-path-expr>")
        parse(relaxed(path))
    return _printed([header for header, _, _ in columns], [relaxed(path) for _, _, path in columns], objects, headers)


def custom_columns_of_file(text: str, objects: Sequence[Any], headers: bool) -> str:
    """The same from a file: a line of headers, and a line of paths below them. Raises KubectlError."""
    lines = text.split("\n")
    if len(lines) < 2:
        raise KubectlError("error: invalid template, missing spec line. Expected format is one line of space separated "
                           "column headers, one line of space separated column specs.")
    names, paths = lines[0].split(), lines[1].split()
    if len(names) != len(paths):
        raise KubectlError(f"error: number of headers ({len(names)}) and field specifications ({len(paths)}) don't match")
    return _printed(names, [relaxed(path) for path in paths], objects, headers)


def _printed(names: Sequence[str], paths: Sequence[str], objects: Sequence[Any], headers: bool) -> str:
    return table(names if headers else [], [[_cell(path, each) for path in paths] for each in objects])


def _cell(path: str, value: Any) -> str:
    try:
        found = found_at(path, value) if path else []
    except GoError as problem:
        raise KubectlError(f"error: {problem}") from None
    return ",".join(map(plain, found)) or "<none>"
