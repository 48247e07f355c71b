"""Headings and fences of a story, and where they stand."""

from __future__ import annotations

import pytest

from simnet.scenario.fences import Fence, Heading, blocks

HEADINGS = [  # line, level and text (None: no heading), source
    ("# Title", (1, "Title"), "CommonMark 4.2"),
    ("###### Deep", (6, "Deep"), "CommonMark 4.2"),
    ("####### Deeper", None, "CommonMark 4.2: at most six"),
    ("#Title", None, "CommonMark 4.2: a blank after the marks"),
    ("#       wide       ", (1, "wide"), "CommonMark 4.2"),
    ("   # three", (1, "three"), "CommonMark 4.2"),
    ("    # four", None, "CommonMark 4.2: that is code"),
    ("## both ends ##", (2, "both ends"), "CommonMark 4.2"),
    ("# C#", (1, "C#"), "CommonMark 4.2: the closing marks need a blank before them"),
]


@pytest.mark.parametrize(("line", "found"), [pytest.param(*row[:2], id=f"{row[0]!r}: {row[2]}") for row in HEADINGS])
def test_a_heading(line: str, found: tuple[int, str] | None) -> None:
    assert list(blocks(f"before\n{line}\nafter")) == ([Heading(*found, line=2)] if found else [])


def test_a_fence_has_its_words_its_text_and_its_line() -> None:
    assert list(blocks("prose\n\n```yaml apply\na: 1\n\nb: 2\n```\nmore")) == [Fence("yaml apply", "a: 1\n\nb: 2\n", 3)]


FENCES = [  # markdown, text of the fence, source
    ("```\na\n```", "a\n", "CommonMark 4.5"),
    ("~~~\na\n~~~", "a\n", "CommonMark 4.5"),
    ("```\na\n~~~\n```", "a\n~~~\n", "CommonMark 4.5: the other mark does not close"),
    ("````\na\n```\n``````", "a\n```\n", "CommonMark 4.5: at least as many marks"),
    ("```\n```", "", "CommonMark 4.5"),
    ("  ```\naaa\n  aaa\n   aaa\n```", "aaa\naaa\n aaa\n", "CommonMark 4.5: indented like its opening mark"),
    ("1. first\n\n       ```\n       a\n         b\n       ```\n", "a\n  b\n", "in a list item"),
]


@pytest.mark.parametrize(("markdown", "text"), [pytest.param(*row[:2], id=row[2]) for row in FENCES])
def test_the_text_of_a_fence(markdown: str, text: str) -> None:
    [fence] = [block for block in blocks(markdown) if isinstance(block, Fence)]
    assert (fence.text, fence.closed) == (text, True)


def test_a_heading_in_a_fence_is_text() -> None:
    assert [type(block) for block in blocks("# a\n```\n# b\n```\n## c")] == [Heading, Fence, Heading]


def test_a_fence_that_the_file_ends_in_is_open() -> None:
    assert list(blocks("```console\n$ date\n")) == [Fence("console", "$ date\n\n", 1, closed=False)]
