"""What stands after `key: ` or `- ` on a line -> its value, remembered, so that each text is understood only once.

Most values of a manifest are complete on their line and occur again and again; a dictionary lookup then replaces all
tests. The dictionaries live as long as one text is read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from simnet.manifests.yaml_quotes import DOUBLE, SINGLE
from simnet.manifests.yaml_scalars import NUMBER_START, WORDS, as_json, is_unwritable, key_text, resolve

NESTED: Final = object()  # nothing, or a comment: the value stands on the next lines, or is null
OPEN: Final = object()  # no complete scalar of the common kind: needs the slow path
STARTS_NO_PLAIN: Final = frozenset(",[]{}#&*!|>'\"%@`")
_CURLY_START: Final = frozenset("“”‘’«")
_REST = re.compile(r"[ \t]*(?:#.*)?$")


class Scalars(dict[str, Any]):
    """What stands after `key: ` or `- ` -> its value, for complete scalars on one line; filled as texts are met."""

    def __init__(self) -> None:
        super().__init__((word, value) for word, value in WORDS.items() if not is_unwritable(value))
        self[""] = NESTED

    def __missing__(self, text: str) -> Any:
        value = self[text] = _one_line(text)
        return value


class Names(dict[str, str]):
    """A key as written -> as JSON has it, which is the same text. Raises KeyError for the others: keys that JSON has as
    another text (`yes` -> `true`, `0o17` -> `15`), each worth a warning, and what can be no key."""

    def __missing__(self, text: str) -> str:
        if key_text(resolve(text)) != text:
            raise KeyError(text)
        self[text] = text
        return text


def _one_line(text: str) -> Any:
    first = text[0]
    if first in STARTS_NO_PLAIN:
        if first == "#":
            return NESTED
        found = (DOUBLE if first == '"' else SINGLE).match(text) if first in "\"'" else None
        if found is None or "\\" in found[1] or not _REST.match(text, found.end()):
            return OPEN
        return found[1].replace("''", "'") if first == "'" else found[1]
    if "\t" in text or ": " in text or first in _CURLY_START or (first in "-?:" and text[1:2] in ("", " ")):
        return OPEN
    if " #" in text:
        text = text[: text.index(" #")]
    text = text.rstrip(" ")
    if text.endswith(":"):
        return OPEN
    if first not in NUMBER_START and text not in WORDS:
        return text
    value = resolve(text)
    return OPEN if is_unwritable(value) else as_json(value)
