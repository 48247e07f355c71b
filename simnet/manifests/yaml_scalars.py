"""What an unquoted word means: null, a boolean, a number, or text.

The rules are those of go.yaml.in/yaml/v2 (resolve.go) followed by the trip through JSON that Kubernetes tools make
(sigs.k8s.io/yaml, then encoding/json): octal `0777`, `yes` and `on` as booleans, floats without a fraction as
integers, integers beyond 64 bits as floats, dates and base 60 as text.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from typing import Any, Final

NUMBER_START: Final = frozenset("+-.0123456789")
_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_ABSENT = ("", "~", "null", "Null", "NULL")
_NAN = (".nan", ".NaN", ".NAN")
_INFINITE = (".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF")
WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False), **dict.fromkeys(_ABSENT, None),
    **dict.fromkeys(_NAN, math.nan),
    **{word: -math.inf if word.startswith("-") else math.inf for word in _INFINITE},
}  # fmt: skip

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_ODD_BINARY = re.compile(r"(-?)0b([-+]?)([01]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"\d{4}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])"
    r"(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?)?"
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_STRAY_BYTE = re.compile("[\udc80-\udcff]")
_LONGEST_INTEGER = 70  # digits of any 64-bit number in any base, signs and prefix included
_STR, _INT, _FLOAT_TAG, _BOOL, _NULL = "!!str", "!!int", "!!float", "!!bool", "!!null"


def resolve(text: str) -> Any:
    """The value of an unquoted scalar: None, bool, int, float or the text itself. Floats are left as they are
    (see `as_json`), so that a key `1e6` can become `1e+06` as it does for kubectl.

    Source: go.yaml.in/yaml/v2 resolve.go `resolve`.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_START:
        return text
    if text[0] == ".":
        fraction = float(text) if _POINT_FLOAT.fullmatch(text) else math.inf
        return text if math.isinf(fraction) else fraction
    number = _number(text.replace("_", ""))
    return text if number is None else number


def _number(plain: str) -> int | float | None:
    found = _INTEGER.fullmatch(plain) if len(plain) <= _LONGEST_INTEGER else None
    if found:
        sign, hexadecimal, binary, octal, decimal = found.groups()
        digits, base = next((d, b) for d, b in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)) if d)
        value = int(sign + digits, base)
        if -(2**63) <= value < 2**63 or (not sign and value < 2**64):
            return value
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        return None if math.isinf(number) else number
    odd = _ODD_BINARY.fullmatch(plain)
    if odd and not (odd[1] and odd[2]):
        return int(odd[1] + odd[2] + odd[3], 2)
    return None


def is_text(text: str) -> bool:
    """Whether these characters, unquoted, are read as this very text, and not as a number, a date, a boolean ..."""
    return isinstance(resolve(text), str) and not _TIMESTAMP.fullmatch(text)


def as_json(value: Any) -> Any:
    """A resolved value after the trip through JSON: a float without a fraction becomes an integer, as long as JSON
    writes it without an exponent (below 1e21), with the digits that JSON writes.

    Source: encoding/json `floatEncoder`.
    """
    if not isinstance(value, float) or not value.is_integer() or abs(value) >= 1e21:
        return value
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return int(value)
    whole, _, fraction = mantissa.partition(".")
    return int((whole + fraction).ljust(len(whole) + int(power), "0"))


def is_unwritable(value: Any) -> bool:
    """Whether JSON has no form for this value: infinities and NaN."""
    return isinstance(value, float) and not math.isfinite(value)


def tagged(tag: str, text: str, *, quoted: bool) -> Any:
    """The value of a scalar with an explicit tag; unknown tags are dropped and leave text.

    Raises ValueError, saying what the text is instead, if it is not of the tagged type.
    Source: go.yaml.in/yaml/v2 resolve.go (`resolvableTag` and what follows), decode.go `scalar`.
    """
    match tag:
        case "!!str" | "!":
            return text
        case "!!binary":
            return _decoded(text)
        case "!!timestamp":
            if _TIMESTAMP.fullmatch(text):
                return text
            raise ValueError(f"`{text}`, which is no timestamp")
        case "!!bool" | "!!int" | "!!float" | "!!null":
            return _of_type(tag, text)
        case "":
            return text if quoted else resolve(text)
        case _:
            return text


def _of_type(tag: str, text: str) -> Any:
    value = resolve(text)
    actual = _type_of(value)
    if actual == tag:
        return value
    if tag == _FLOAT_TAG and actual == _INT and value < 2**63:
        return float(value)
    raise ValueError(f"`{text}`, which is {_NAMES[actual]}")


_NAMES = {_STR: "text", _INT: "an integer", _FLOAT_TAG: "a number with a fraction", _BOOL: "a boolean", _NULL: "null"}


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, int | float):
        return _INT if isinstance(value, int) else _FLOAT_TAG
    return _NULL if value is None else _STR


def type_name(value: Any) -> str:
    """What a resolved scalar is, as part of a sentence: `a boolean`, `an integer`."""
    return _NAMES[_type_of(value)]


def _decoded(text: str) -> str:
    """The text that base64 stands for; each byte that is not UTF-8 becomes U+FFFD, as in encoding/json."""
    plain = text.replace("\n", "").replace("\r", "")
    if not _BASE64.fullmatch(plain):
        raise ValueError("text that is not base64")
    return _STRAY_BYTE.sub("\ufffd", base64.b64decode(plain).decode("utf-8", "surrogateescape"))


def key_text(value: Any) -> str | None:
    """A resolved scalar as the text of a JSON key: `true`, `80`, `1.5`; None if there is no such text: for null, and
    for integers of 2**63 and more.

    Source: sigs.k8s.io/yaml `convertToJSONableObject`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value < 2**63 else None
    return _float_text(value) if isinstance(value, float) else None


def _float_text(value: float) -> str:
    """A float as Go writes it with the fewest digits that give the same 32-bit float back (format 'g')."""
    if math.isnan(value):
        return ".nan"
    single = _single(value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    shortest = next(text for text in (f"{single:.{digits}e}" for digits in range(17)) if _single(float(text)) == single)
    return go_float(shortest)


def go_float(scientific: str) -> str:
    """A number given as `d.ddde±XX` in Go's shortest 'g' format: with an exponent below -4 and from 6 on.

    Source: Go strconv/ftoa.go.
    """
    mantissa, _, power = scientific.partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    digits, exponent = mantissa.replace(".", "").rstrip("0") or "0", int(power)
    if exponent < -4 or exponent >= 6:
        whole, fraction, tail = digits[0], digits[1:], f"e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    elif exponent < 0:
        whole, fraction, tail = "0", "0" * (-exponent - 1) + digits, ""
    else:
        whole, fraction, tail = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :], ""
    return sign + whole + (f".{fraction}" if fraction else "") + tail


def _single(value: float) -> float:
    try:
        unpacked: float = struct.unpack("f", struct.pack("f", value))[0]
        return unpacked
    except OverflowError:
        return math.copysign(math.inf, value)
