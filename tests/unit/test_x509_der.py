"""DER: every value has one spelling, and every other spelling is refused with its place."""

from __future__ import annotations

import pytest

import simnet.x509.der as der
from simnet.errors import ManifestError
from simnet.x509.errors import DerError

X690 = "ITU-T X.690"

# what it is, DER in hexadecimal, how it is read, the value, source
VALUES = [
    ("zero", "020100", "integer", 0, f"{X690} 8.3"),
    ("127 takes one byte", "02017f", "integer", 127, f"{X690} 8.3"),
    ("128 takes a zero in front, or it would be negative", "02020080", "integer", 128, f"{X690} 8.3"),
    ("minus 128 takes one byte", "020180", "integer", -128, f"{X690} 8.3"),
    ("minus 129 takes two", "0202ff7f", "integer", -129, f"{X690} 8.3"),
    ("true is ff", "0101ff", "boolean", True, f"{X690} 11.1"),
    ("false is 00", "010100", "boolean", False, f"{X690} 11.1"),
    ("a bit string of whole bytes", "0303000a3b", "bits", b"\x0a\x3b", f"{X690} 8.6"),
    ("an identifier below 2.999.3", "0603883703", "object_identifier", "2.999.3", f"{X690} 8.19.5, its example"),
    ("the identifier of RSA", "06062a864886f70d", "object_identifier", "1.2.840.113549", "RFC 8017 appendix C"),
    ("the first arc of DC is 0", "060a0992268993f22c640119", "object_identifier", "0.9.2342.19200300.100.1.25",
     "RFC 4519 2.4"),
    ("a name in UTF-8", "0c03c3b678", "text", "öx", f"{X690} 8.23.10"),
    ("a name in UTF-16", "1e0400f60078", "text", "öx", f"{X690} 8.23.8"),
    ("a value that is no string shows its bytes", "02010a", "text", "#02010a", "RFC 4514 section 2.4"),
    ("the epoch", "170d3730303130313030303030305a", "seconds", 0, "RFC 5280 4.1.2.5.1"),
    ("year 49 is 2049", "170d3439313233313233353935395a", "seconds", 2524607999, "RFC 5280 4.1.2.5.1"),
    ("year 50 is 1950", "170d3530303130313030303030305a", "seconds", -631152000, "RFC 5280 4.1.2.5.1"),
    ("year 2050", "180f32303530303130313030303030305a", "seconds", 2524608000, "RFC 5280 4.1.2.5.2"),
    ("the end of time", "180f39393939313233313233353935395a", "seconds", 253402300799, "RFC 5280 4.1.2.5"),
]


@pytest.mark.parametrize(("name", "data", "method", "value", "source"), VALUES, ids=[row[0] for row in VALUES])
def test_a_value_is_read(name: str, data: str, method: str, value: object, source: str) -> None:
    encoded = bytes.fromhex(data)
    element = der.read_der(encoded, "value", encoded[0])
    assert getattr(element, method)() == value, source


# what is wrong, DER in hexadecimal, how it is read, what the message says
MISTAKES = [
    ("nothing", "", "integer", "value: expected INTEGER, found the end (byte 0)"),
    ("another type", "0c0141", "integer", "value: expected INTEGER, found UTF8String (byte 0)"),
    ("no length", "02", "integer", "value: the length is missing (byte 1)"),
    ("too short", "020500", "integer", "value: INTEGER is cut short: 4 of 5 bytes are missing (byte 0)"),
    ("too long", "02010000", "integer", "value: 1 bytes follow the end of the value"),
    ("indefinite length", "0280010000", "integer", "value: expected a length of one to four bytes (byte 1)"),
    ("length of five bytes", "0285000000000100", "integer", "value: expected a length of one to four bytes (byte 1)"),
    ("length of a missing byte", "0282ff", "integer", "value: expected a length of one to four bytes (byte 1)"),
    ("long form for 1", "02810100", "integer", "value: a length has to be written with as few bytes as"),
    ("long form with 0", "028200ff" + "11" * 255, "integer", "value: a length has to be written with as few bytes"),
    ("no byte at all", "0200", "integer", "value: an INTEGER needs at least one byte (byte 0)"),
    ("0 in front of 1", "02020001", "integer", "value: an INTEGER has to be written with as few bytes as possible"),
    ("ff in front of -1", "0202ffff", "integer", "value: an INTEGER has to be written with as few bytes as possible"),
    ("zero where nature begins at one", "020100", "natural", "value: expected an INTEGER greater than 0 (byte 0)"),
    ("true as 01", "010101", "boolean", "value: a BOOLEAN is one byte, 00 or ff (byte 0)"),
    ("half a byte of bits", "03020490", "bits", "value: expected a BIT STRING of whole bytes (byte 0)"),
    ("unfinished arc", "06022a86", "object_identifier", "value: expected an OBJECT IDENTIFIER of 1 to 128 bytes"),
    ("arc with 80 in front", "06032a8001", "object_identifier", "value: an arc of an OBJECT IDENTIFIER may not start"),
    ("bytes that are not UTF-8", "0c01ff", "text", "value: UTF8String holds bytes that are not utf-8 (byte 0)"),
    ("half a character", "1e0141", "text", "value: tag 0x1e holds bytes that are not utf-16-be (byte 0)"),
    ("no seconds", "170b323730313031303030305a", "seconds", "value: expected UTCTime in the form YYMMDDHHMMSSZ"),
    ("another time zone", "1711" + b"270101000000+0100".hex(), "seconds", "value: expected UTCTime in the form"),
    ("fractions", "1811" + b"20270101000000.5Z".hex(), "seconds", "value: expected GeneralizedTime in the form YYYYMM"),
    ("30 February", "170d" + b"270230000000Z".hex(), "seconds", "value: 270230000000Z is no time: day is out of range"),
    ("year 0", "180f" + b"00000101000000Z".hex(), "seconds", "value: 00000101000000Z is no time: year 0 is out of"),
    ("fields of a number", "020100", "fields", "value: INTEGER has no fields (byte 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "method", "message"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(name: str, data: str, method: str, message: str) -> None:
    encoded = bytes.fromhex(data)
    expected = der.INTEGER if method in ("integer", "natural") else encoded[0]
    with pytest.raises(DerError) as caught:
        getattr(der.read_der(encoded, "value", expected), method)()
    assert str(caught.value).startswith(message)


def test_the_error_is_a_value_error_and_a_manifest_error() -> None:
    with pytest.raises(ValueError) as caught:
        der.read_der(b"", "value")
    assert isinstance(caught.value, ManifestError)
    assert caught.value.problems[0].field == "value"


def test_fields_are_taken_in_order_and_named_by_their_path() -> None:
    inner = der.sequence(der.integer(7))
    fields = der.read_der(der.sequence(der.integer(5), inner), "outer").fields()
    assert fields.take("first", der.INTEGER).integer() == 5
    assert fields.take_if("optional", der.context(0)) is None
    second = fields.take("second", der.SEQUENCE).fields()
    fields.end()
    number = second.take("number")
    assert (number.name, number.offset, number.integer()) == ("outer.second.number", 7, 7)


def test_a_field_too_many_and_a_field_too_few_are_errors() -> None:
    outer = der.read_der(der.sequence(der.integer(5)), "outer")
    with pytest.raises(DerError, match=r"^outer: unexpected further field \(byte 2\)$"):
        outer.fields().end()
    fields = outer.fields()
    fields.take("first", der.INTEGER)
    with pytest.raises(DerError, match=r"^outer\.second: expected UTCTime or GeneralizedTime, found the end \(by"):
        fields.take("second", der.UTC_TIME, der.GENERALIZED_TIME)


def test_the_name_of_a_list_element_counts() -> None:
    outer = der.read_der(der.sequence(der.integer(5), der.encode(der.NULL)), "outer")
    with pytest.raises(DerError, match=r"^outer\.item\[1\]: expected INTEGER, found NULL \(byte 5\)$"):
        outer.children("item", der.INTEGER)


def test_tags_of_several_bytes_are_refused() -> None:
    with pytest.raises(DerError, match="tags of more than one byte are not used here"):
        der.read_der(der.sequence(bytes.fromhex("bf2003020100")), "value").children("item")


# what is written, its bytes, source
WRITTEN = [
    ("a short length", der.encode(der.OCTET_STRING, bytes(127)), "047f" + "00" * 127, f"{X690} 8.1.3.4"),
    ("a length of one byte", der.encode(der.OCTET_STRING, bytes(128)), "048180" + "00" * 128, f"{X690} 8.1.3.5"),
    ("a length of two bytes", der.encode(der.OCTET_STRING, bytes(256)), "04820100" + "00" * 256, f"{X690} 8.1.3.5"),
    ("bits that do not count", der.bit_string(b"\x80", unused=7), "03020780", "RFC 5280 4.2.1.3 digitalSignature"),
    ("2.999.3", der.object_identifier("2.999.3"), "0603883703", f"{X690} 8.19.5, its example"),
    ("[0] EXPLICIT 2", der.encode(der.context(0), der.integer(2)), "a003020102", "RFC 5280 4.1.2.1, version 3"),
    ("2049 is UTCTime", der.time(2524607999), "170d" + b"491231235959Z".hex(), "RFC 5280 4.1.2.5"),
    ("2050 is GeneralizedTime", der.time(2524608000), "180f" + b"20500101000000Z".hex(), "RFC 5280 4.1.2.5"),
    ("1949 is GeneralizedTime", der.time(-631152001), "180f" + b"19491231235959Z".hex(), "RFC 5280 4.1.2.5"),
]


@pytest.mark.parametrize(("name", "written", "data", "source"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_a_value_is_written(name: str, written: bytes, data: str, source: str) -> None:
    assert written.hex() == data, source


def test_times_outside_the_calendar_cannot_be_written() -> None:
    with pytest.raises(OverflowError):
        der.time(253402300800)


# Inputs that would cost minutes, or the stack, in a reader that believes them.
HOSTILE = [
    ("an identifier of a megabyte", der.encode(der.OBJECT_IDENTIFIER, b"\xff" * 10**6), "object_identifier"),
    ("a number of a megabyte", der.encode(der.INTEGER, b"\x7f" * 10**6), "integer"),
]


@pytest.mark.parametrize(("name", "data", "method"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_sizes_are_refused_at_once(name: str, data: bytes, method: str) -> None:
    element = der.read_der(data, "value", data[0])
    with pytest.raises(DerError):
        getattr(element, method)()


def test_deep_nesting_costs_nothing_until_somebody_descends() -> None:
    data = b""
    for _ in range(2000):
        data = der.sequence(data)
    element = der.read_der(data, "value")
    depth = 1
    while inner := element.children("inner", der.SEQUENCE):
        element, depth = inner[0], depth + 1
    assert depth == 2000
