"""PEM: blocks of base64 between BEGIN and END lines, with any text around them.

Source: RFC 7468; the headers of old encrypted keys: RFC 1421 section 4.6. As Go's encoding/pem does, a BEGIN line is
only seen at the start of a line, blanks inside the base64 text do not count, and both kinds of line end will do.
Unlike Go, which skips a damaged block in silence, a mistake is an error that names its line.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from simnet.errors import Place, Problem
from simnet.x509.errors import PemError

_BEGIN: Final = re.compile(r"-----BEGIN (.*?)-----[ \t]*")
_END: Final = re.compile(r"-----END (.*?)-----[ \t]*")
_HEADER: Final = re.compile(r"([A-Za-z0-9-]+):[ \t]*(.*)")
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/= \t]")
_BLANKS: Final = str.maketrans("", "", " \t")
_WIDTH: Final = 64

Line: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block: what its BEGIN line says, the bytes inside, its headers, and where the BEGIN line stands."""

    label: str
    content: bytes
    headers: tuple[tuple[str, str], ...]
    place: Place

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed to read the content."""
        return self.label == "ENCRYPTED PRIVATE KEY" or ("Proc-Type", "4,ENCRYPTED") in self.headers


def is_pem(data: str | bytes) -> bool:
    """Whether `data` is to be read as PEM: text always is, bytes are if a BEGIN line stands somewhere in them."""
    return isinstance(data, str) or b"-----BEGIN " in data


def read_pem(text: str | bytes, file: str = "") -> list[PemBlock]:
    """All blocks of `text` in their order, at least one. `file` names the text in errors. Cost: O(text).

    Raises `PemError` with the line for a block that is not closed or not base64, and when there is no block.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    numbered = iter(enumerate(lines, 1))
    blocks = []
    for number, line in numbered:
        if begin := _BEGIN.fullmatch(line):
            blocks.append(_block(begin[1], Place(file, number), numbered))
    if not blocks:
        raise _no_block(lines, file)
    return blocks


def write_pem(label: str, content: bytes, preamble: str = "") -> str:
    """One block as text, 64 characters a line; `preamble` is the text that stands above it."""
    digits = b64encode(content).decode("ascii")
    rows = [digits[at : at + _WIDTH] for at in range(0, len(digits), _WIDTH)]
    return "\n".join([*preamble.splitlines(), f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""])


def _no_block(lines: Sequence[str], file: str) -> PemError:
    for number, line in enumerate(lines, 1):
        column = line.find("-----BEGIN ")
        if column > 0:
            detail = f"{line[column:]!r} has to stand at the start of its line, before it stands {line[:column]!r}"
            return _error(Place(file, number, column + 1), detail)
    return _error(Place(file), "expected PEM, a line that reads '-----BEGIN ...-----'; there is none")


def _block(label: str, place: Place, lines: Iterator[Line]) -> PemBlock:
    """The block whose BEGIN line has just been read; takes its lines from `lines`, the END line included."""
    body: list[Line] = []
    for number, line in lines:
        if end := _END.fullmatch(line):
            if end[1] != label:
                raise _error(Place(place.file, number), f"expected '-----END {label}-----', found {line!r}")
            headers, digits = _split_headers(body)
            return PemBlock(label, _decoded(digits, place), headers, place)
        if _BEGIN.fullmatch(line):
            break
        body.append((number, line))
    raise _error(place, f"the block has no line that reads '-----END {label}-----'")


def _split_headers(body: list[Line]) -> tuple[tuple[tuple[str, str], ...], list[Line]]:
    """`Name: value` lines at the start of a block end with an empty line; without them all of it is base64."""
    if not body or not _HEADER.fullmatch(body[0][1]):
        return (), body
    texts = [line.strip() for _, line in body]
    end = texts.index("") if "" in texts else len(texts)
    found = (_HEADER.fullmatch(text) for text in texts[:end])
    return tuple((header[1], header[2]) for header in found if header), body[end:]


def _decoded(digits: list[Line], place: Place) -> bytes:
    rows = [(number, row) for number, line in digits if (row := _row(line, number, place.file))]
    for (_, row), (number, _) in pairwise(rows):
        if row.endswith("="):
            raise _error(Place(place.file, number), "base64 text goes on after its '=' padding")
    joined = "".join(row for _, row in rows)
    last = Place(place.file, rows[-1][0] if rows else place.line)
    if len(joined) % 4:
        raise _error(last, f"{len(joined)} base64 characters: not a multiple of 4, some are missing or added")
    try:
        return b64decode(joined, validate=True)
    except binascii.Error as error:
        raise _error(last, f"not base64: {error}") from None


def _row(line: str, number: int, file: str) -> str:
    """The base64 characters of one line."""
    if wrong := _NOT_BASE64.search(line):
        raise _error(Place(file, number, wrong.start() + 1), f"{wrong[0]!r} is not a base64 character")
    return line.translate(_BLANKS)


def _error(place: Place, detail: str) -> PemError:
    return PemError(Problem(detail, type="Syntax", place=place))
