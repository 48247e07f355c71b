"""`--accept`: outputs that do not match are written anew, everything else stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.cli.main import main
from simnet.scenario import Scenario


def accepted(text: str) -> str:
    return Scenario.parse(text).accept()


def story(console: str) -> str:
    return f"# Title\n\nProse.\n\n```console\n{console}```\n\nMore prose.\n"


BLOCKS = [  # fence before, fence after, what happens
    ("$ echo hi\n", "$ echo hi\nhi\n", "an empty block is filled"),
    ("$ echo hi\nho\n", "$ echo hi\nhi\n", "a wrong one is replaced"),
    ("$ echo hi\nho\nhe\n\n$ echo ho\nho\n", "$ echo hi\nhi\n\n$ echo ho\nho\n", "to its last line and no further"),
    ("$ echo hi hi\n{word} {word}\n", "$ echo hi hi\n{word} {word}\n", "a block that matches keeps its patterns"),
    ("$ printf 'a\\nb\\n'\na\n...\n", "$ printf 'a\\nb\\n'\na\n...\n", "and its dots"),
    ("$ cat no\n", "$ cat no\ncat: no: No such file or directory\n[exit 1]\n", "a status is written down"),
    ("$ echo hi\nho\n\n[exit 3]\n", "$ echo hi\nhi\n", "and taken away"),
    ("$ true\nho\n", "$ true\n", "output that does not come any more goes"),
    ("$ echo a |\ncat\n", "$ echo a |\ncat\na\n", "a command over two lines stays whole"),
    ("$ printf 'a  \\n'\nb\n", "$ printf 'a  \\n'\na\n", "no blanks at the end of a line"),
]


@pytest.mark.parametrize(("before", "after"), [pytest.param(*row[:2], id=row[2]) for row in BLOCKS])
def test_a_block(before: str, after: str) -> None:
    filler = "\n```console\n$ echo fixed\nfixed\n```\n"  # so that every story asserts something
    assert accepted(story(before) + filler) == story(after) + filler


@pytest.mark.parametrize(("before", "after"), [pytest.param(*row[:2], id=row[2]) for row in BLOCKS])
def test_what_was_accepted_passes_and_is_accepted_as_it_is(before: str, after: str) -> None:
    filler = "\n```console\n$ echo fixed\nfixed\n```\n"
    assert Scenario.parse(story(after) + filler).run().passed
    assert accepted(story(after) + filler) == story(after) + filler


def test_a_fence_in_a_list_keeps_its_indentation() -> None:
    text = "# Title\n\n1. Do this:\n\n    ```console\n    $ echo hi\n    ho\n    ```\n"
    assert accepted(text) == text.replace("    ho", "    hi")


def test_the_command_line_writes_the_file_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.story.md"
    path.write_text(story("$ echo hi\nho\n"))
    assert main(["run", str(path)]) == 1
    assert main(["run", "--accept", str(path)]) == 0
    assert path.read_text() == story("$ echo hi\nhi\n")
    assert capsys.readouterr().out.endswith("1 story, 1 check: 1 passed, 0 failed\n")


def test_a_new_story_is_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.story.md"
    path.write_text(story("$ echo hi\n"))
    assert main(["run", str(path)]) == 2
    assert "new.story.md:1: the story asserts nothing" in capsys.readouterr().out
    assert main(["run", "--accept", str(path)]) == 0
    assert path.read_text() == story("$ echo hi\nhi\n")


def test_a_story_that_prints_nothing_asserts_nothing_when_filled_in_either(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.story.md"
    path.write_text(story("$ true\n"))
    assert main(["run", "--accept", str(path)]) == 2
    assert "the story asserts nothing" in capsys.readouterr().out


def test_a_fence_grows_when_an_output_would_close_it() -> None:
    before = story("$ printf '```\\n ````  \\nend\\n'\n$ echo hi\nho\n")
    after = before.replace("```console", "`````console").replace("ho\n```", "hi\n`````").replace(
        "$ echo", "```\n ````\nend\n$ echo")
    assert accepted(before) == after
    assert accepted(after) == after and Scenario.parse(after).run().passed


UNWRITABLE = [  # command, part of the message; nothing of it may reach the file
    ("printf 'a\\n$ ls\\n'", "`$ printf 'a\\n$ ls\\n'` prints '$ ls', which a story reads as a command or an exit status"),
    ("printf 'a\\n$ ls -l\\n'", "write this output by hand, with '{*} ls -l' for that line"),
    ("echo 'web$ ls'", "prints 'web$ ls', which a story reads as a command"),
    ("printf '[exit 3]\\nmore\\n'", "prints '[exit 3]', which a story reads as a command or an exit status"),
    ("echo '[exit 3]'", "with '{*} 3]' for that line"),
    ("echo '{''x}'", "prints '{x}', which a story reads as a pattern"),
]


@pytest.mark.parametrize(("command", "message"), UNWRITABLE)
def test_output_that_would_not_be_output_is_refused(command: str, message: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    path, text = tmp_path / "a.story.md", story(f"$ echo one\n{{x}}\n$ {command}\n")
    path.write_text(text)
    assert main(["run", "--accept", str(path)]) == 2
    said = capsys.readouterr().out
    assert "a.story.md:8: cannot be accepted: " in said and message in said
    assert path.read_text() == text


def test_what_is_written_by_hand_as_advised_passes() -> None:
    text = story("$ printf '$ ls -l\\n[exit 3]\\n'\n{*} ls -l\n{*} 3]\n")
    assert Scenario.parse(text).run().passed and accepted(text) == text


def test_blank_lines_at_the_end_of_an_output_do_not_count() -> None:
    assert accepted(story("$ printf 'a\\n  \\n\\n'\n")) == story("$ printf 'a\\n  \\n\\n'\na\n")


def test_an_expectation_that_fails_is_not_accepted() -> None:
    text = "# Title\n\n```expect\ncount pods = 7\n```\n"
    assert accepted(text) == text
