"""Distinguished Encoding Rules: the bytes certificates and keys are made of.

Reading is strict (definite and shortest lengths, shortest integers, one spelling of each value, nothing left over) and
never recurses: an `Element` splits its own content only when somebody asks for its fields. Whatever the bytes are, the
outcome is a value or a `DerError`. Writing gives the one encoding there is.

Source: ITU-T X.690 sections 8 and 10; times: RFC 5280 section 4.1.2.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from simnet.errors import Problem
from simnet.x509.errors import DerError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_TAG_NAMES: Final = {
    BOOLEAN: "BOOLEAN", INTEGER: "INTEGER", BIT_STRING: "BIT STRING", OCTET_STRING: "OCTET STRING", NULL: "NULL",
    OBJECT_IDENTIFIER: "OBJECT IDENTIFIER", UTF8_STRING: "UTF8String", PRINTABLE_STRING: "PrintableString",
    IA5_STRING: "IA5String", UTC_TIME: "UTCTime", GENERALIZED_TIME: "GeneralizedTime", SEQUENCE: "SEQUENCE", SET: "SET",
}  # fmt: skip
# How each string type spells its characters. T61String (0x14) is Latin-1 in every certificate anybody still has.
_ENCODINGS: Final = {
    UTF8_STRING: "utf-8", 0x12: "ascii", PRINTABLE_STRING: "ascii", 0x14: "latin-1", IA5_STRING: "ascii",
    0x1A: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be",
}  # fmt: skip
_UTC_FORM: Final = re.compile(rb"\d{12}Z")
_GENERALIZED_FORM: Final = re.compile(rb"\d{14}Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Longer numbers are no keys anybody uses (OpenSSL stops at 16384 bits too) and would only cost time.
_LONGEST_INTEGER: Final = 2049
_LONGEST_IDENTIFIER: Final = 128


def context(number: int, *, constructed: bool = True) -> int:
    """The tag `[number]` as it is written: constructed if EXPLICIT, primitive if IMPLICIT for a simple type."""
    return (0xA0 if constructed else 0x80) | number


def tag_name(tag: int) -> str:
    """A tag in words: `SEQUENCE`, `[0]`, or its byte in hexadecimal."""
    if tag & 0xC0 == 0x80:
        return f"[{tag & 0x1F}]"
    return _TAG_NAMES.get(tag, f"tag 0x{tag:02x}")


@dataclass(frozen=True, slots=True)
class Element:
    """One encoded value: its tag, its content, all its bytes, where it starts, and its path in the outermost value."""

    tag: int
    content: bytes
    encoded: bytes
    offset: int
    name: str

    def error(self, detail: str) -> DerError:
        """A `DerError` about this element."""
        return _error(self.name, f"{detail} (byte {self.offset})")

    def fields(self) -> Fields:
        """The content as the fields of a SEQUENCE, to be taken one after the other."""
        if not self.tag & 0x20:
            raise self.error(f"{tag_name(self.tag)} has no fields")
        return Fields(self.content, self.offset + len(self.encoded) - len(self.content), self.name)

    def children(self, field: str, *tags: int) -> list[Element]:
        """The content as SEQUENCE OF or SET OF: all elements, each with one of `tags` (any, if none is given)."""
        fields = self.fields()
        children: list[Element] = []
        while not fields.is_empty:
            children.append(fields.take(f"{field}[{len(children)}]", *tags))
        return children

    def integer(self) -> int:
        """The value of an INTEGER, negative ones included."""
        content = self.content
        if not content:
            raise self.error("an INTEGER needs at least one byte")
        if len(content) > _LONGEST_INTEGER:
            raise self.error(f"an INTEGER of {len(content)} bytes is longer than the {_LONGEST_INTEGER} read here")
        if len(content) > 1 and (content[0], content[1] >> 7) in ((0x00, 0), (0xFF, 1)):
            raise self.error("an INTEGER has to be written with as few bytes as possible")
        return int.from_bytes(content, "big", signed=True)

    def natural(self) -> int:
        """The value of an INTEGER that must be greater than zero."""
        value = self.integer()
        if value <= 0:
            raise self.error("expected an INTEGER greater than 0")
        return value

    def boolean(self) -> bool:
        """The value of a BOOLEAN."""
        if self.content not in (b"\x00", b"\xff"):
            raise self.error("a BOOLEAN is one byte, 00 or ff")
        return self.content == b"\xff"

    def bits(self) -> bytes:
        """The bytes of a BIT STRING that holds whole bytes, as keys and signatures do."""
        if not self.content or self.content[0]:
            raise self.error("expected a BIT STRING of whole bytes")
        return self.content[1:]

    def object_identifier(self) -> str:
        """An OBJECT IDENTIFIER in dotted form, `1.2.840.10045.2.1`."""
        content = self.content
        if not content or content[-1] & 0x80 or len(content) > _LONGEST_IDENTIFIER:
            raise self.error(f"expected an OBJECT IDENTIFIER of 1 to {_LONGEST_IDENTIFIER} bytes, the last below 80")
        arcs: list[int] = []
        value, fresh = 0, True
        for byte in content:
            if fresh and byte == 0x80:
                raise self.error("an arc of an OBJECT IDENTIFIER may not start with 80")
            value, fresh = value << 7 | byte & 0x7F, not byte & 0x80
            if fresh:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))

    def text(self) -> str:
        """The characters of a string type; a value of another type is shown as `#` and its bytes (RFC 4514)."""
        encoding = _ENCODINGS.get(self.tag)
        if encoding is None:
            return "#" + self.encoded.hex()
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError:
            raise self.error(f"{tag_name(self.tag)} holds bytes that are not {encoding}") from None

    def seconds(self) -> int:
        """A UTCTime or GeneralizedTime as UTC seconds since the epoch; seconds and `Z` have to be there (RFC 5280)."""
        pattern = _UTC_FORM if self.tag == UTC_TIME else _GENERALIZED_FORM
        if not pattern.fullmatch(self.content):
            form = "YYMMDDHHMMSSZ" if self.tag == UTC_TIME else "YYYYMMDDHHMMSSZ"
            raise self.error(f"expected {tag_name(self.tag)} in the form {form}")
        digits = self.content.decode("ascii")[:-1]
        if self.tag == UTC_TIME:
            digits = ("20" if digits < "50" else "19") + digits
        month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
        try:
            moment = datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as error:
            raise self.error(f"{self.content.decode('ascii')} is no time: {error}") from None
        return (moment - _EPOCH) // timedelta(seconds=1)


class Fields:
    """The fields of one SEQUENCE, taken from left to right. Made by `Element.fields`."""

    __slots__ = ("_at", "_content", "_name", "_offset")

    def __init__(self, content: bytes, offset: int, name: str) -> None:
        self._content, self._offset, self._name, self._at = content, offset, name, 0

    @property
    def is_empty(self) -> bool:
        """Whether every field has been taken."""
        return self._at >= len(self._content)

    def take(self, field: str, *tags: int) -> Element:
        """The next field, which must have one of `tags`. `field` names it in errors."""
        path = f"{self._name}.{field}" if self._name else field
        offset = self._offset + self._at
        if self.is_empty:
            raise _error(path, f"expected {_either(tags)}, found the end (byte {offset})")
        tag = self._content[self._at]
        if tags and tag not in tags:
            raise _error(path, f"expected {_either(tags)}, found {tag_name(tag)} (byte {offset})")
        element = _element(self._content, self._at, self._offset, path)
        self._at += len(element.encoded)
        return element

    def take_if(self, field: str, tag: int) -> Element | None:
        """The next field if it has this tag, else None and nothing is taken: an OPTIONAL field."""
        if self.is_empty or self._content[self._at] != tag:
            return None
        return self.take(field, tag)

    def end(self) -> None:
        """Say that no further field is expected."""
        if not self.is_empty:
            raise _element(self._content, self._at, self._offset, self._name).error("unexpected further field")


def read_der(data: bytes, name: str, tag: int = SEQUENCE) -> Element:
    """The one value `data` encodes, which must have `tag`. Raises `DerError`; cost: O(1) until its fields are taken."""
    fields = Fields(data, 0, "")
    element = fields.take(name, tag)
    if not fields.is_empty:
        raise _error(name, f"{len(data) - len(element.encoded)} bytes follow the end of the value")
    return element


def _element(data: bytes, at: int, base: int, name: str) -> Element:
    tag = data[at]
    if tag & 0x1F == 0x1F:
        raise _error(name, f"tags of more than one byte are not used here (byte {base + at})")
    start, length = _length(data, at + 1, base, name)
    if start + length > len(data):
        missing = start + length - len(data)
        raise _error(name, f"{tag_name(tag)} is cut short: {missing} of {length} bytes are missing (byte {base + at})")
    return Element(tag, data[start : start + length], data[at : start + length], base + at, name)


def _length(data: bytes, at: int, base: int, name: str) -> tuple[int, int]:
    """Where the content starts, and its length."""
    if at >= len(data):
        raise _error(name, f"the length is missing (byte {base + at})")
    first = data[at]
    if first < 0x80:
        return at + 1, first
    count = first & 0x7F
    digits = data[at + 1 : at + 1 + count]
    if not 1 <= count <= 4 or len(digits) < count:
        raise _error(name, f"expected a length of one to four bytes (byte {base + at})")
    length = int.from_bytes(digits, "big")
    if length < 0x80 or not digits[0]:
        raise _error(name, f"a length has to be written with as few bytes as possible (byte {base + at})")
    return at + 1 + count, length


def _either(tags: Iterable[int]) -> str:
    return " or ".join(map(tag_name, tags)) or "a value"


def _error(name: str, detail: str) -> DerError:
    return DerError(Problem(detail, type="Syntax", field=name))


# Writing


def encode(tag: int, *parts: bytes) -> bytes:
    """One value: tag, length, and the parts one after the other."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + len(content).to_bytes(size, "big") + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of encoded values."""
    return encode(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    """An INTEGER."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode(INTEGER, value.to_bytes(size, "big", signed=True))


def object_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    return encode(OBJECT_IDENTIFIER, *map(_arc, (40 * first + second, *rest)))


def _arc(value: int) -> bytes:
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(value & 0x7F | 0x80)
    return bytes(reversed(septets))


def bit_string(content: bytes, unused: int = 0) -> bytes:
    """A BIT STRING whose last byte has `unused` bits that do not count."""
    return encode(BIT_STRING, bytes((unused,)), content)


def time(seconds: int) -> bytes:
    """UTC seconds since the epoch as UTCTime through 2049, GeneralizedTime otherwise. Raises OverflowError."""
    moment = moment_of(seconds)
    digits = f"{moment:%m%d%H%M%S}Z"
    if 1950 <= moment.year < 2050:
        return encode(UTC_TIME, f"{moment.year % 100:02}{digits}".encode())
    return encode(GENERALIZED_TIME, f"{moment.year:04}{digits}".encode())


def moment_of(seconds: int) -> datetime:
    """UTC seconds since the epoch as a moment in the years 1 to 9999. Raises OverflowError outside them."""
    return _EPOCH + timedelta(seconds=seconds)
