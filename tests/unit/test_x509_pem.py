"""PEM: blocks are found, and what is wrong with one is said with its line."""

from __future__ import annotations

import pytest

from simnet.x509.errors import PemError
from simnet.x509.pem import is_pem, read_pem, write_pem

BLOCK = "-----BEGIN THING-----\nAAEC\n-----END THING-----\n"


def contents(text: str | bytes) -> list[bytes]:
    return [block.content for block in read_pem(text)]


# what is special about the text, the text, the contents found, source
TEXTS = [
    ("one block", BLOCK, [b"\0\1\2"], "RFC 7468 section 2"),
    ("text around and between blocks", f"a\n{BLOCK}b\n\n{BLOCK}c", [b"\0\1\2"] * 2, "RFC 7468 section 2"),
    ("Windows line ends", BLOCK.replace("\n", "\r\n"), [b"\0\1\2"], "RFC 7468 section 3, eol"),
    ("no line end at the very end", BLOCK.rstrip("\n"), [b"\0\1\2"], "RFC 7468 section 3, textualmsg"),
    ("blanks after the lines", BLOCK.replace("\n", " \t\n"), [b"\0\1\2"], "RFC 7468 section 2"),
    ("blanks inside the base64", BLOCK.replace("AAEC", " AA\n\n EC"), [b"\0\1\2"], "RFC 7468 section 3, laxbase64"),
    ("an empty block", BLOCK.replace("AAEC\n", ""), [b""], "RFC 7468 section 3, laxbase64"),
    ("padding", BLOCK.replace("AAEC", "AA=="), [b"\0"], "RFC 4648 section 4"),
]


@pytest.mark.parametrize(("name", "text", "found", "source"), TEXTS, ids=[row[0] for row in TEXTS])
def test_blocks_are_found(name: str, text: str, found: list[bytes], source: str) -> None:
    assert contents(text) == found, source
    assert contents(text.encode()) == found, source


def test_a_block_knows_its_label_and_its_place() -> None:
    first, second = read_pem(f"comment\n{BLOCK}{BLOCK.replace('THING', 'OTHER THING')}", "shop.crt")
    assert (first.label, str(first.place)) == ("THING", "shop.crt:2")
    assert (second.label, str(second.place)) == ("OTHER THING", "shop.crt:5")


def test_headers_are_kept_apart_from_the_content() -> None:
    text = "-----BEGIN THING-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,\n 010D\n\nAAEC\n-----END THING-----\n"
    (block,) = read_pem(text)
    assert block.headers == (("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", "AES-128-CBC,"))
    assert block.content == b"\0\1\2"
    assert block.is_encrypted


# what is wrong, the text, the message
MISTAKES = [
    ("nothing", "", "shop.crt: expected PEM, a line that reads '-----BEGIN ...-----'; there is none"),
    ("something else", "not a certificate", "shop.crt: expected PEM, a line that reads '-----BEGIN ...-----'; there is "
     "none"),
    ("an indented block", "tls.crt: |\n" + BLOCK.replace("-----BEGIN", "  -----BEGIN"), "shop.crt:2:3: '-----BEGIN "
     "THING-----' has to stand at the start of its line, before it stands '  '"),
    ("a byte order mark", "\ufeff" + BLOCK, "shop.crt:1:2: '-----BEGIN THING-----' has to stand at the start of its "
     "line, before it stands '\\ufeff'"),
    ("no end", BLOCK[:27], "shop.crt:1: the block has no line that reads '-----END THING-----'"),
    ("the next block before the end", BLOCK[:27] + BLOCK, "shop.crt:1: the block has no line that reads '-----END "
     "THING-----'"),
    ("another end", BLOCK.replace("END THING", "END THONG"), "shop.crt:3: expected '-----END THING-----', found "
     "'-----END THONG-----'"),
    ("a letter that is not base64", BLOCK.replace("AAEC", "AAEC\nAA-C"), "shop.crt:3:3: '-' is not a base64 character"),
    ("a letter from a word processor", BLOCK.replace("AAEC", "AA\u2026C"), "shop.crt:2:3: '\u2026' is not a base64 "
     "character"),
    ("a letter lost", BLOCK.replace("AAEC", "AAECAAEC\nAAE"), "shop.crt:3: 11 base64 characters: not a multiple of 4, "
     "some are missing or added"),
    ("text after the padding", BLOCK.replace("AAEC", "AAE=\nAAEC"), "shop.crt:3: base64 text goes on after its '=' "
     "padding"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named_with_its_line(name: str, text: str, message: str) -> None:
    with pytest.raises(PemError) as caught:
        read_pem(text, "shop.crt")
    assert str(caught.value) == message


@pytest.mark.parametrize("row", ["A===", "=AAA", "AA=A", "===="])
def test_misplaced_padding_is_an_error_in_its_line(row: str) -> None:
    with pytest.raises(PemError, match=r"^<input>:2: not base64: "):
        read_pem(BLOCK.replace("AAEC", row))


def test_written_blocks_have_64_characters_a_line_and_a_preamble() -> None:
    # RFC 7468 section 2: generators wrap lines so that each but the last holds exactly 64 characters.
    text = write_pem("THING", bytes(50), "for tests only")
    assert text.splitlines() == [
        "for tests only", "-----BEGIN THING-----", "A" * 64, "AAA=", "-----END THING-----",
    ]  # fmt: skip
    assert contents(text) == [bytes(50)]


def test_bytes_are_pem_if_a_begin_line_is_in_them() -> None:
    assert is_pem(BLOCK)
    assert is_pem(b"0x30 comes first\n" + BLOCK.encode())
    assert not is_pem(b"\x30\x82\x01\x01")
