"""From Markdown to steps, and what is wrong with a story, with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet import diagnosis
from simnet.diagnosis import CODES
from simnet.errors import ManifestError
from simnet.scenario.model import Advance, Apply, Console, Expect, Story, VirtualFile
from simnet.scenario.reader import letters_apart, parse_story, read_story
from simnet.scenario.whole import must_assert

STORY = """\
Some prose before anything.

# A story

```yaml scenario
simnet: 1
seed: 7
```

## Prose only

## First step

```yaml apply
kind: Pod
```

```text file a.pem
text
```

```yaml file web.yaml
kind: Service
```

```yaml
shown: only
```

### What if not? {what-if}

```yaml delete
kind: Pod
```

```do
@ +1m30s      # a while
advance 10s
```

```console
client$ curl web
hello
```

```expect
# a comment
count pods = 1

GET http://web/ from pod/client is 200   # another
```
"""


def story(text: str) -> Story:
    return parse_story(text, "a.story.md")


def refusal(text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        story(text)
    return str(caught.value)


def test_the_title_the_settings_and_the_steps() -> None:
    read = story(STORY)
    assert (read.title, read.settings, read.settings_line) == ("A story", {"simnet": 1, "seed": 7}, 6)
    assert [(step.name, step.line, step.mode) for step in read.steps] == [
        ("First step", 12, "normal"), ("What if not?", 30, "what-if")]
    assert read.assertions == 3


def test_the_fences_of_a_step_in_their_order() -> None:
    first, second = story(STORY).steps
    assert first.actions == (Apply("kind: Pod\n", 15), VirtualFile("a.pem", "text\n", 19),
                             VirtualFile("web.yaml", "kind: Service\n", 23))
    delete, wait, longer, console, expect = second.actions
    assert delete == Apply("kind: Pod\n", 33, delete=True)
    assert (wait, longer) == (Advance(90.0, 37), Advance(10.0, 38))
    assert isinstance(console, Console) and console.exchanges[0].actor == "client"
    assert expect == Expect(((48, "count pods = 1"), (50, "GET http://web/ from pod/client is 200   # another")))


def test_the_title_may_be_a_step_itself() -> None:
    assert [step.name for step in story("# One\n```expect\ncount pods = 0\n```\n").steps] == ["One"]


def test_windows_line_ends() -> None:
    assert story(STORY.replace("\n", "\r\n")).steps == story(STORY).steps


BROKEN = "```yaml broken\na: 1\n```\n"
TASK = "```task\nDo it\n```\n"
CHECK = "```check\ncount pods = 1\n```\n"
ASSERTS = "```expect\ncount pods = 0\n```\n"

MODES = [  # heading, name, mode
    ("What if? {what-if}", "What if?", "what-if"),
    ("What if?{what-if}", "What if?", "what-if"),
    ("What {x} is", "What {x} is", "normal"),
    ("Plain", "Plain", "normal"),
]


@pytest.mark.parametrize(("heading", "name", "mode"), MODES)
def test_the_mode_stands_at_the_end_of_a_heading(heading: str, name: str, mode: str) -> None:
    [step] = story(f"# Title\n## {heading}\n{ASSERTS}").steps
    assert (step.name, step.mode) == (name, mode)


REFUSED = [  # what is wrong, text after the title, line (and column of an expectation), part of the message
    ("an unknown mode", "## A {what-fi}\n" + ASSERTS, 2, "{what-fi} is no mode of a step; modes are {what-if} and {live}; did you mean what-if?"),
    ("an unknown second word", "```yaml aply\na: 1\n```\n", 2,
     "'aply' is not known after 'yaml'; did you mean apply?"),
    ("a misspelt language", "```exepct\ncount pods = 0\n```\n", 2,
     "a fence of language 'exepct' is shown, not run; did you mean expect?"),
    ("a misspelt console", "```consol\n$ ls\n```\n", 2, "did you mean console?"),
    ("a misspelt data language", "```yml apply\na: 1\n```\n", 2, "did you mean yaml?"),
    ("no data language", "```k8s apply\na: 1\n```\n", 2, "did you mean yaml apply?"),
    ("text to be applied", "```text apply\na: 1\n```\n", 2, "`text apply` is not known; write `yaml apply`"),
    ("a second word too many", "```yaml apply now\na: 1\n```\n", 2, "write `yaml apply`"),
    ("a file without a name", "```yaml file\na: 1\n```\n", 2, "expected one file name, `yaml file web.yaml`"),
    ("a word after expect", "```expect later\ncount pods = 0\n```\n", 2, "`expect` takes no second word, found 'later'"),
    ("a word after console", "```console as posted\n$ ls\n```\n", 2,
     "`console as posted` is not known; did you mean console as pasted?"),
    ("a task alone", "```task\nDo it\n```\n", 2, "a `task` fence without `yaml broken`: an exercise is a step with"),
    ("a broken state alone", "```yaml broken\na: 1\n```\n", 2, "a `yaml broken` fence without `task`: an exercise is"),
    ("a check before the task", BROKEN + CHECK + TASK, 2, "an exercise goes `yaml broken`, `task`, `check`, in this order"),
    ("two checks", BROKEN + TASK + CHECK + CHECK, 11, "a second `check` fence in one step"),
    ("a task of hints", BROKEN + "```task\nhint: none\n```\n" + CHECK, 5, "this `task` fence says nothing to do"),
    ("an empty check", BROKEN + TASK + "```check\n```\n", 8, "this `check` fence asserts nothing"),
    ("settings twice", "```yaml scenario\nsimnet: 1\n```\n```yaml scenario\nsimnet: 1\n```\n", 5,
     "a second scenario fence; the first is on line 2"),
    ("settings too late", ASSERTS + "```yaml scenario\nsimnet: 1\n```\n", 5,
     "the scenario fence must stand before the first step"),
    ("settings that are no mapping", "```yaml scenario\n- 1\n```\n", 2, "it starts with `simnet: 1`"),
    ("output before a command", "```console\nhello\n```\n", 3, "found 'hello' before the first command"),
    ("a fence without an end", "```expect\ncount pods = 0\n", 2, "this fence is never closed"),
    ("an expect fence of comments", "```expect\n# later\n\n```\n", 2, "this `expect` fence asserts nothing"),
    ("a misspelt line", "```expect\ncount pods = 0\nGTE http://web/ from laptop is 200\n```\n", "4:1",
     "found 'GTE'; expected an expectation: "),
    ("an unknown code", "```expect\ndiagnose cluster says SEL-NOMATCH, SEL-NOMTCH\n```\n", "3:36",
     "'SEL-NOMTCH' is no code of a diagnosis"),
    ("an unknown code after a capture", "```expect\ndiagnose GET http://{ip}/ from laptop says FOO-BAR\n```\n", 3,
     "'FOO-BAR' is no code of a diagnosis"),
    ("a word too many after a capture", "```expect\nresolve web from laptop is {vip} aftr 1 queries\n```\n", 3,
     "'aftr' is one word too many"),
    ("a namespace in brackets", "```expect\ncount pods in (web) = 0\n```\n", "3:15", "'(web)' is no name of a namespace"),
    ("a quote that is never closed", "```expect\nGET http://web/ header \"Host: x from laptop is 200\n```\n", "3:24",
     "the closing quote is missing"),
    ("nothing to include", "```expect\nendpoints web include none\n```\n", "3:23", "`include none` holds for every Service"),
    ("nothing to exclude", "```expect\nendpoints web exclude none\n```\n", "3:23", "`exclude none` holds for every Service"),
    ("no record type", "```expect\nresolve web type AAA from laptop is no-name\n```\n", "3:18", "did you mean AAAA?"),
]


@pytest.mark.parametrize(("text", "line", "message"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | str, message: str) -> None:
    said = refusal("# Title\n" + text)
    assert said.startswith(f"a.story.md:{line}: ") and message in said


def test_a_misreadable_setting_is_found_at_its_own_line_and_column() -> None:
    assert refusal("# T\n```yaml scenario\nsimnet: 1\nseed: [1\n```\n" + ASSERTS).startswith("a.story.md:4:7:")


NOTHING_ASSERTED = [  # text after the title
    "",
    "```yaml apply\na: 1\n```\n",
    "```console\n$ ls\n```\n",
]


@pytest.mark.parametrize("text", NOTHING_ASSERTED)
def test_a_story_must_assert_something_before_it_runs(text: str) -> None:
    read = story("# Title\n" + text)
    with pytest.raises(ManifestError, match=r"^a\.story\.md:1: the story asserts nothing; add an `expect` fence"):
        must_assert(read)
    assert must_assert(story(f"# Title\n{ASSERTS}")).assertions == 1


CAPTURES = [  # lines that may be right once the captured values are known
    "endpoints web are {ip1}:80, {ip2}:80",
    "GET http://{ip}/ from pod/{pod} is {status} seen-as {ip}",
    "count {kind} app={app} in {ns} {op} {number}",
    "resolve {name} type {type} from {who} is {answer} after {n} queries",
    "diagnose GET http://{ip}/ from laptop says {code}",
    "tcp {ip}:{port} from laptop is open   # {note}",
]


@pytest.mark.parametrize("line", CAPTURES)
def test_a_line_with_captures_is_left_for_later(line: str) -> None:
    assert story(f"# T\n```expect\n{line}\n```\n").assertions == 1


def test_every_code_that_a_diagnosis_gives_is_known() -> None:
    sources = [each for each in Path(diagnosis.__file__).parent.glob("*.py") if each.name != "catalogue.py"]
    given = {code for source in sources for code in re.findall(r'"([A-Z]{3}-[A-Z]+)"', source.read_text(encoding="utf-8"))}
    assert given == set(CODES)


def test_a_story_needs_a_title() -> None:
    assert "a working fence before the first heading" in refusal(ASSERTS)
    assert "the story has no heading" in refusal("just prose\n")


def test_all_problems_are_told_at_once() -> None:
    said = refusal("# T\n```yaml aply\n```\n```exepct\n```\n")
    assert [line.split(":")[1] for line in said.split("\n")] == ["2", "4"]


SHOWN = ["", "text", "yaml", "json", "mermaid", "sh", "bash", "python", "diff", "http", "toml", "bash title=check"]


@pytest.mark.parametrize("info", SHOWN)
def test_other_fences_are_only_shown(info: str) -> None:
    assert len(story(f"# T\n{ASSERTS}```{info}\nx\n```\n").steps[0].actions) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"missing\.story\.md: cannot be read"):
        read_story(tmp_path / "missing.story.md")
    (tmp_path / "latin.story.md").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ManifestError, match=r"latin\.story\.md:1:6: found the byte 0xe9; expected UTF-8 text"):
        read_story(tmp_path / "latin.story.md")
    (tmp_path / "dangling.story.md").symlink_to("gone.md")
    with pytest.raises(ManifestError, match=r"dangling\.story\.md: cannot be read: it is a link to gone\.md, which"):
        read_story(tmp_path / "dangling.story.md")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_story(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.story.md"
    path.write_bytes(mark + b"# Caf\xc3\xa9\n" + ASSERTS.encode())
    assert read_story(path).title == "Caf\u00e9"
    assert story("\ufeff# A\n").title == "A"


DISTANCES = [("expect", "expect", 0), ("exepct", "expect", 1), ("expct", "expect", 1), ("expects", "expect", 1),
             ("excpet", "expect", 2), ("", "abc", 3), ("text", "expect", 4), ("ca", "abc", 3)]


@pytest.mark.parametrize(("one", "other", "distance"), DISTANCES)
def test_letters_apart(one: str, other: str, distance: int) -> None:
    """Source: the restricted edit distance with swaps of neighbours; `ca` and `abc` are its textbook 3."""
    assert letters_apart(one, other) == distance


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_letters_apart_is_a_measure(one: str, other: str) -> None:
    apart = letters_apart(one, other)
    assert apart == letters_apart(other, one)
    assert (apart == 0) == (one == other)
    assert abs(len(one) - len(other)) <= apart <= max(len(one), len(other))
