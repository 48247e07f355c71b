"""Where the conformance cases come from: the committed files, or the folder of `--cases DIR`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).resolve().parent / "cases"
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
    return data


def check_folder(folder: Path) -> None:
    """Raise UsageError unless every JSON file in the folder is one whose format is known, and there is one."""
    names = {path.name for path in folder.glob("*.json")}
    unknown = names - set(KNOWN)
    if not names:
        raise pytest.UsageError(f"--cases {folder}: no case file there; known names are {', '.join(KNOWN)}")
    if unknown:
        raise pytest.UsageError(f"--cases {folder}: {', '.join(sorted(unknown))}: not a known case file "
                                f"({', '.join(KNOWN)})")
