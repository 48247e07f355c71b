"""Colours, on a terminal only, and not when NO_COLOR is set (https://no-color.org)."""

from __future__ import annotations

import os
import re
from typing import TextIO

GREEN, RED, DIM, OFF = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


def painted(text: str, stream: TextIO) -> str:
    """`text` with passes green and failures red, if `stream` is a terminal that wants colours."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    text = re.sub(r"^ok  ", f"{GREEN}ok{OFF}  ", text, flags=re.M)
    text = re.sub(r"\bFAIL\b", f"{RED}FAIL{OFF}", text)
    return re.sub(r"^(   (?:got|path|why|nearest|fix) )", rf"{DIM}\1{OFF}", text, flags=re.M)
