"""Where the conformance cases come from: the committed files, or the folder of `--cases DIR`.

`cases/` holds the truth tables as given; `rows/` holds further rows of the same formats, each with its source.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).resolve().parent / "cases"
ROWS = CASES.with_name("rows")
KNOWN = ("services.json", "dns.json", "ingress.json", "yaml.json", "yaml-mistakes.json", "netpol.json")


def load(config: pytest.Config, name: str) -> dict[str, Any] | None:
    """The data of one case file.

    With `--cases DIR`: that of DIR/name, or None when DIR has no such file. A DIR without any known file, or with an
    unknown one, is an error: nothing may be left out silently.
    """
    given = config.getoption("--cases", default=None)
    folder = CASES if given is None else Path(given)
    if given is not None:
        check_folder(folder)
    path = folder / name
    if given is not None and not path.exists():
        return None
    data = read(path)
    return data if given is not None else with_rows(data, name)


def read(path: Path) -> dict[str, Any]:
    """The file as an object; UsageError names a file that is not JSON, or something else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise pytest.UsageError(f"--cases: {path} is not JSON: {problem}") from None
    if not isinstance(data, dict):
        raise pytest.UsageError(f"--cases: {path} is a JSON {type(data).__name__}, not an object")
    return data


def rows_of(data: dict[str, Any], name: str, *lists: str) -> list[Any]:
    """The rows of a list of a case file, the first of `lists`; the others are lists of the same file that may hold rows
    instead. A file without any row fails."""
    found = {each: data.get(each, []) for each in lists}
    assert all(isinstance(each, list) for each in found.values()), f"{name}: {', '.join(lists)} must be lists"
    assert any(found.values()), f"{name} has no case: nothing in {', '.join(lists)}"
    rows: list[Any] = found[lists[0]]
    return rows


def with_rows(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The committed file and the further rows of the same name, list by list."""
    path = ROWS / name
    if not path.exists():
        return data
    more: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert set(more) <= set(data), f"unknown keys in rows/{name}: {set(more) - set(data)}"
    return {key: [*value, *more.get(key, [])] if isinstance(value, list) else value for key, value in data.items()}


def check_folder(folder: Path) -> None:
    """Raise UsageError unless every JSON file in the folder is one whose format is known, and there is one."""
    names = {path.name for path in folder.glob("*.json")}
    unknown = names - set(KNOWN)
    if not names:
        raise pytest.UsageError(f"--cases {folder}: no case file there; known names are {', '.join(KNOWN)}")
    if unknown:
        raise pytest.UsageError(f"--cases {folder}: {', '.join(sorted(unknown))}: not a known case file "
                                f"({', '.join(KNOWN)})")
