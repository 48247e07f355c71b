"""Files, directories and bytes as sources of manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.errors import ManifestError, Place
from simnet.manifests import files


def values(documents: list[files.Document]) -> list[object]:
    return [document.value for document in documents]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.yaml").write_text("b: 1\n---\nb: 2\n")
    (tmp_path / "a.yml").write_text("a: 1\n")
    (tmp_path / "c.json").write_text('{"c": 1}')
    (tmp_path / "notes.txt").write_text("not: read\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.yaml").write_text("d: 1\n")
    return tmp_path


def test_a_path_is_a_file(folder: Path) -> None:
    (first, second) = files.read(folder / "b.yaml")
    assert (first.value, first.file, first.line) == ({"b": 1}, str(folder / "b.yaml"), 1)
    assert (second.value, second.line) == ({"b": 2}, 3)


def test_a_str_with_a_known_ending_is_a_file(folder: Path) -> None:
    assert values(files.read(str(folder / "c.json"))) == [{"c": 1}]


def test_a_directory_is_its_files_by_name(folder: Path) -> None:
    assert values(files.read(folder)) == [{"a": 1}, {"b": 1}, {"b": 2}, {"c": 1}]
    assert values(files.read(str(folder))) == values(files.read(folder))
    assert values(files.read(folder, recursive=True)) == [{"a": 1}, {"b": 1}, {"b": 2}, {"c": 1}, {"d": 1}]


@pytest.mark.parametrize("text", ["a: web.yaml\n", "{a: 1}", "- web", "a: b.yaml", "x"])
def test_any_other_str_is_text(text: str) -> None:
    if text.endswith(".yaml"):
        assert files.path_of(text) is not None  # one line that ends like a file's name is one
    else:
        assert files.path_of(text) is None


def test_text_keeps_the_name_it_is_given() -> None:
    (document,) = files.read_text("a: “x”\n", "shop.yaml")
    assert document.file == "shop.yaml" and document.warnings[0].place == Place("shop.yaml", 1, 4)


def problems(source: str | Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        files.read(source)
    return [str(problem).partition("\n")[0] for problem in caught.value.problems]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "no.yaml") == [f"{tmp_path}/no.yaml: cannot be read: No such file or directory"]


def test_a_directory_without_manifests_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: found no file ending in .yaml, .yml, .json"]


def test_the_mistakes_of_all_files_are_told_together(folder: Path) -> None:
    (folder / "b.yaml").write_text("b:\n\tc: 1\n")
    (folder / "c.json").write_bytes(b'{"c": "\xff"}')
    assert problems(folder) == [
        f"{folder}/b.yaml:2:1: found a tab used for indentation; expected 2 spaces in its place",
        f"{folder}/c.json:1:8: found the byte 0xff; expected UTF-8 text",
    ]


BYTES = [  # sentence, bytes; source: cli-runtime visitor.go, BOMOverride
    ("UTF-8", "a: é\n".encode()),
    ("UTF-8 with a mark", "a: é\n".encode("utf-8-sig")),
    ("UTF-16 little endian", b"\xff\xfe" + "a: é\n".encode("utf-16-le")),
    ("UTF-16 big endian", b"\xfe\xff" + "a: é\n".encode("utf-16-be")),
]


@pytest.mark.parametrize("data", [row[1] for row in BYTES], ids=[row[0] for row in BYTES])
def test_bytes(data: bytes) -> None:
    assert values(files.read_bytes(data)) == [{"a": "é"}]


def test_a_byte_that_is_no_text_has_a_place() -> None:
    with pytest.raises(ManifestError) as caught:
        files.read_bytes("a: é\nb: ".encode() + b"\x80\n", "x.yaml")
    assert str(caught.value) == "x.yaml:2:4: found the byte 0x80; expected UTF-8 text"
    with pytest.raises(ManifestError, match="expected UTF-16 text"):
        files.read_bytes(b"\xff\xfea")
