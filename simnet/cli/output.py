"""Writing to standard output. A reader that goes away (`| head`) is no error, and changes no exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any


def write(text: str) -> None:
    """Write all of it now. When nobody reads any more, this and everything later goes nowhere."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # the interpreter flushes what is left at its end, in vain otherwise
        os.close(nowhere)


def write_json(data: Mapping[str, Any]) -> None:
    """Write one JSON document, indented."""
    write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
