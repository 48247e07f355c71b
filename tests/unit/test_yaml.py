"""The reader as others call it: documents, JSON first, end marks, separators, warnings, limits, safety."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError, Place, UsageError
from simnet.manifests import yaml
from simnet.manifests.tree import Mapping, Sequence
from simnet.manifests.yaml_limits import Limits


def refused(text: str, limits: Limits = yaml.DEFAULT) -> str:
    """The whole message that this text is refused with."""
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(text, "web.yaml", limits=limits)
    assert all(problem.type == "Syntax" for problem in caught.value.problems)
    return str(caught.value)


DOCUMENTS = [  # sentence, text, values; source: apimachinery util/yaml YAMLReader and YAMLOrJSONDecoder
    ("nothing is no document", "", []),
    ("a comment is no document", "# nothing\n", []),
    ("separators alone make none", "---\n---\n---\n", []),
    ("a null document is dropped", "~\n---\na: 1\n", [{"a": 1}]),
    ("a separator may carry a comment", "a: 1\n--- # next\nb: 2\n", [{"a": 1}, {"b": 2}]),
    ("the last line needs no end", "a: 1\n---\nb: 2", [{"a": 1}, {"b": 2}]),
    ("Windows line ends", "a: 1\r\n---\r\nb: |\r\n  x\r\n", [{"a": 1}, {"b": "x\n"}]),
    ("old Mac line ends", "a: 1\rb: 2\r", [{"a": 1, "b": 2}]),
    ("the next-line character ends a line", "a: 1\x85b: 2\n", [{"a": 1, "b": 2}]),
    ("a byte order mark at each document", "\ufeffa: 1\n---\n\ufeffb: 2\n", [{"a": 1}, {"b": 2}]),
    ("an end mark before a separator", "a: 1\n...\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
    ("comments may follow an end mark", "a: 1\n... # done\n# really\n", [{"a": 1}]),
    ("a separator inside a block text at column 0 still separates", "a: |\n x\n---\nb: 1\n", [{"a": "x\n"}, {"b": 1}]),
    ("a stream of JSON objects", '{"a": 1}{"b": [2]}\n{"c": null}\n', [{"a": 1}, {"b": [2]}, {"c": None}]),
    ("JSON, then YAML on the next line", '{"a": 1}\nb: 2\n', [{"a": 1}, {"b": 2}]),
    ("JSON, then a comment", '{"a": 1} # c\n', [{"a": 1}]),
    ("JSON with a trailing comma is YAML", '{"a": 1,}', [{"a": 1}]),
    ("JSON with a comment is YAML", '{\n  # why\n  "a": 1\n}', [{"a": 1}]),
    ("a tab before JSON", '\t{"a": 1}', [{"a": 1}]),
    ("a tab before YAML in braces", "\t{a: 1}", [{"a": 1}]),
    ("a line with a tab before YAML in braces", " \t\n{a: 1}", [{"a": 1}]),
    ("an end mark alone before a separator", "---\n...\n---\na: 1\n", [{"a": 1}]),
    ("a last line of next-line characters", "- |+\n\n\x85\x85", [["\n\n\n\n"]]),
    ("JSON escapes that YAML has not", '{"a": "\\ud83d\\ude00\\/"}', [{"a": "\U0001f600/"}]),
    ("KYAML", '---\n{\n  a: "x\\n\\\n     y",\n  b: [{\n    c: 80,\n  }],\n}\n', [{"a": "x\ny", "b": [{"c": 80}]}]),
]


@pytest.mark.parametrize(("text", "values"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_documents(text: str, values: list[object]) -> None:
    assert yaml.read_all(text) == values


def test_collections_are_plain_dicts_and_lists_that_know_more() -> None:
    (value,) = yaml.read_all("a: [1, {b: 2}]\n")
    assert value == {"a": [1, {"b": 2}]} and type(value) is Mapping and type(value["a"]) is Sequence


def test_a_document_tells_its_line_in_the_file() -> None:
    lines = [each.line for each in yaml.read_documents("# top\n\na: 1\n---\n# next\nb: 1\n---\n- 1\n", "f.yaml")]
    assert lines == [3, 6, 8]


DATA_LOSS = [  # sentence, text, place and beginning of the message; kubectl reads these and drops what is named
    ("text after an end mark", "a: 1\n...\nb: 2\n", "3:1: found `b: 2` after the end mark"),
    ("a second bracket", "[a, b] ]\n", "1:8: found `]` after the closing `]`"),
    ("text after a one-line document", "word1 # c\nword2\n", "2:1: found `word2` after the end of the document"),
    ("text after a list", "[a]\nb\n", "2:1: found `b` after the end of the document"),
    ("a key further left than the first", "  a: 1\n  b: 2\nc: 3\n", "3:1: found indent 0, which matches none of the open levels 2"),
    ("null as a key", "null: 1\n", "1:1: found null as a key"),
    ("a tilde as a key", "a:\n  ~: 1\n", "2:3: found null as a key"),
    ("a key twice, once as a number", "a: 1\n1: x\n'1': y\n", "3:1: found the key `1` again; expected it once (first at 2:1)"),
    ("a key twice between braces", "{a: 1, b: 2, a: 3}\n", "1:14: found the key `a` again"),
    ("a key twice in JSON", '{"a": 1,\n "a": 2}\n', "2:2: found the key `a` again"),
    ("a mark in the middle of a file", "a: 1\n\ufeffb: 2\n", "2:1: found the character U+FEFF"),
    ("a second object after one in braces", '---\n{"a": 1}\n{"b": 2}\n', '3:1: found `{"b": 2}` after the end of the document'),
    ("an end mark alone", "# c\n...\n", "2:1: found the end mark `...` without a document"),
    ("an anchor name with a colon", "a: &x:y 1\n", "1:4: found `&x:y`: `&` starts an anchor"),
    ("another object on the line of a JSON object", '{"a": 1} b: 2\n', "1:10: found `b: 2` after the JSON object"),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in DATA_LOSS], ids=[row[0] for row in DATA_LOSS])
def test_refuses_where_kubectl_would_lose_data(text: str, message: str) -> None:
    assert refused(text).startswith("web.yaml:" + message)


def test_every_repeated_key_and_the_first_other_mistake_of_each_document_are_told_together() -> None:
    text = "a: 1\na: 2\nb:\n  c: 1\n  c: 2\n---\nx: @y\n---\nfine: 1\n--- no\n"
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(text)
    places = [(each.place.line, each.place.column) for each in caught.value.problems if each.place]
    assert places == [(2, 1), (5, 3), (7, 4), (10, 5)]


def test_a_text_of_repeated_keys_only_is_told_once_it_is_clear() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("a: 1\n" * 5000)
    assert len(caught.value.problems) < 100


WARNINGS = [  # sentence, text, value, place and words of the warning
    ("curly quotes", "a: “x”\n", {"a": "“x”"}, (1, 4), "U+201C (left double quotation mark)"),
    ("curly quotes between brackets", "a: [‘x’]\n", {"a": ["‘x’"]}, (1, 5), "U+2018"),
    ("a list item without a space", "a:\n  x\n  -y\n", {"a": "x -y"}, (3, 3), "it is not a list item"),
    ("a list item under a value", "a: x\n  - y\n", {"a": "x - y"}, (2, 3), "it is not a list item"),
    ("a key that begins with a dash", "a:\n  -b: 1\n  c: 2\n", {"a": {"-b": 1, "c": 2}}, (2, 3),
     "`-b` is read as a key; an item of a list needs a space after its dash"),
    ("a merge after an explicit key", "b: &b {p: 2}\nd: {p: 3, <<: *b}\n", {"b": {"p": 2}, "d": {"p": 3}}, (2, 11),
     "the explicit value is kept, but kubectl takes the merged one"),
    ("a word that is a boolean, as a key", "on: 1\n", {"true": 1}, (1, 1),
     "the key `on` without quotes is a boolean, and becomes `true`"),
    ("such a key in a list", "- yes: 1\n", [{"true": 1}], (1, 3), "the key `yes` without quotes is a boolean"),
    ("such a key between braces", "a: {b: c, n: d}\n", {"a": {"b": "c", "false": "d"}}, (1, 11), "becomes `false`"),
    ("an octal key", "a:\n  0777: x\n", {"a": {"511": "x"}}, (2, 3), "`0777` without quotes is an integer, and becomes `511`"),
    ("a key with a blank before its colon", "1.50 : x\n", {"1.5": "x"}, (1, 1), "a number with a fraction, and becomes `1.5`"),
    ("a signed key", "+1: x\n", {"1": "x"}, (1, 1), "the key `+1` without quotes is an integer"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "place", "words"), [row[1:] for row in WARNINGS], ids=[row[0] for row in WARNINGS])
def test_warnings(text: str, value: object, place: tuple[int, int], words: str) -> None:
    (document,) = yaml.read_documents(text, "web.yaml")
    assert document.value == value
    (warning,) = document.warnings
    assert warning.place == Place("web.yaml", *place) and words in warning.detail


@pytest.mark.parametrize("text", ["'on': 1\n", '{"yes": 1}\n', "true: 1\n", "80: 1\n", "1.5: 1\n", "!!str on: 1\n", "a: {true: b}\n"])
def test_keys_that_stay_as_they_are_written_are_no_warning(text: str) -> None:
    (document,) = yaml.read_documents(text)
    assert document.warnings == ()


def test_two_words_that_are_one_boolean_key_are_named_as_written() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("on: 1\nyes: 2\n", "web.yaml")
    assert str(caught.value).splitlines() == [
        "web.yaml:2:1: found the key `true` (written `yes`) again; expected it once (first at 1:1)",
        "yes: 2", "^", 'try: "yes": 2']


def test_equal_values_merged_after_a_key_are_no_warning() -> None:
    (document,) = yaml.read_documents("b: &b {p: 2}\nd: {p: 2, <<: *b}\n")
    assert document.warnings == ()


LIMITS = [  # sentence, text, words of the error
    ("brackets", "a: " + "[" * 100 + "]" * 100, "more than 100 collections inside each other"),
    ("a hundred thousand brackets", "[" * 100_000, "more than 100 collections inside each other"),
    ("braces", "{a: " * 100_000, "more than 100 collections inside each other"),
    ("JSON braces", '{"a": ' * 100_000, "more than 100 collections inside each other"),
    ("dashes", "- " * 50_000 + "x", "more than 100 collections inside each other"),
    ("indented keys", "".join(" " * level + "a:\n" for level in range(101)) + " " * 101 + "x", "more than 100 collections"),
    ("a long key", "k" * 1025 + ": 1\n", "a key of 1,025 characters; expected at most 1,024 (the limit `key`, which can be raised)"),
    ("a long quoted key", '"' + "k" * 1023 + '": 1\n', "a key of 1,025 characters"),
    ("aliases", "a: &a 1\nb:\n" + "- *a\n" * 10_001, "alias number 10,001; expected at most 10,000 in a document (the limit `aliases`, which"),
    ("aliases of a long list", "a: &a [" + "1," * 1000 + "]\nb:\n" + "- *a\n" * 20, "aliases that expand to 21,0"),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_limits(text: str, words: str) -> None:
    assert words in refused(text)


def test_a_hundred_levels_are_read() -> None:
    (value,) = yaml.read_all("".join(" " * level + "a:\n" for level in range(100)) + " " * 100 + "x")
    for _ in range(100):
        value = value["a"]
    assert value == "x"


def test_limits_can_be_raised_and_lowered() -> None:
    assert "at most 10" in refused("a: " + "x" * 20, Limits(size=10))
    assert "more than 2 collections" in refused("a: [[1]]", Limits(depth=2))
    assert yaml.read_all("k" * 2000 + ": 1", limits=Limits(key=3000)) == [{"k" * 2000: 1}]
    aliases = "a: &a [" + "1," * 1000 + "]\nb:\n" + "- *a\n" * 20
    assert yaml.read_all(aliases, limits=Limits(growth=50))[0]["b"][19][0] == 1
    assert yaml.read_all(aliases, limits=Limits(allowance=30_000))[0]["b"][19][0] == 1
    assert "(the limits `growth`, `allowance` and `nodes`" in refused(aliases, Limits(growth=50, nodes=1000))


DEEP = [  # sentence, text; every reader is at work
    ("keys", "".join(" " * level + "a:\n" for level in range(3000)) + " " * 3000 + "x"),
    ("dashes", "- " * 3000 + "x"), ("brackets", "[" * 3000 + "]" * 3000), ("braces", "{a: " * 3000 + "}" * 3000),
    ("pairs", "[a: " * 3000 + "]" * 3000), ("JSON", '{"a": [' * 1500 + "]}" * 1500),
    ("a deep alias", "a: &x " + "[" * 3000 + "]" * 3000 + "\nb: *x"),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in DEEP], ids=[row[0] for row in DEEP])
def test_no_reader_recurses(text: str) -> None:
    """Three thousand levels would be too many for Python's stack."""
    value, depth = yaml.read_all(text, limits=Limits(depth=10_000))[0], 0
    while value and isinstance(value, dict | list):
        value, depth = (next(iter(value.values())) if isinstance(value, dict) else value[0]), depth + 1
    assert depth >= 2999


@pytest.mark.parametrize(("given", "words"), [
    ("depht=200", "did you mean depth?"), ("depth", "is not NAME=NUMBER with one of aliases, allowance, depth"),
    ("depth=x", "is not NAME=NUMBER"), ("depth=0", "0 is not a positive integer"), ("depth=-1", "is not NAME=NUMBER")])
def test_limits_given_as_text(given: str, words: str) -> None:
    assert Limits.read(["depth=200", "size=5"]) == Limits(depth=200, size=5)
    with pytest.raises(UsageError) as caught:
        Limits.read([given])
    assert words in str(caught.value)


def test_the_billion_laughs_are_refused_before_they_are_laughed() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)]
    assert "aliases that expand to" in refused("a0: &a0 [" + "x," * 9 + "]\n" + "".join(levels))


def test_control_characters_are_named() -> None:
    assert refused("a: x\x07y\n").startswith("web.yaml:1:5: found the character U+0007")
    assert refused("a: x\u2028y\n").startswith("web.yaml:1:5: found the character U+2028 (line separator)")


def test_directives_are_refused() -> None:
    assert refused("%YAML 1.2\n---\na: 1\n").startswith("web.yaml:1:1: found the directive `%YAML 1.2`")
