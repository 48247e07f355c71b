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
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data if given is not None else with_rows(data, name)


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
