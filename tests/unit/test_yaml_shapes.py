"""Shapes of YAML and their values. Source of every value: the kubectl path (go.yaml.in/yaml/v2 scannerc.go and
parserc.go under sigs.k8s.io/yaml), run on these texts; `\\/` in double quotes is read because JSON has it."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml

BLOCK = [  # sentence, text, value
    ("a list at the column of its key", "a:\n- 1\n- 2\nb: 3\n", {"a": [1, 2], "b": 3}),
    ("a list deeper than its key", "a:\n   - 1\n   - 2\nb: 3\n", {"a": [1, 2], "b": 3}),
    ("mappings in a list", "- a: 1\n  b: 2\n-   c: 3\n    d: 4\n", [{"a": 1, "b": 2}, {"c": 3, "d": 4}]),
    ("lists in a list", "- - 1\n  - 2\n- - - 3\n", [[1, 2], [[3]]]),
    ("items on the next line", "-\n  a: 1\n- # c\n  - 2\n-\n", [{"a": 1}, [2], None]),
    ("values on the next line", "a:\n  1\nb: # c\n\n  # d\n  x\nc:\n", {"a": 1, "b": "x", "c": None}),
    ("comments everywhere", "# a\na: # b\n  # c\n  b: 1 # d\n# e\n  c: 2\n   # f\n", {"a": {"b": 1, "c": 2}}),
    ("trailing blanks and a tab after the colon", "a:\t1  \nb: x \t\nc:  \n  d: 1\n", {"a": 1, "b": "x", "c": {"d": 1}}),
    ("keys in quotes, with blanks, with a colon", "'a': 1\n\"b\" : 2\nc d: 3\ne:f: 4\n", {"a": 1, "b": 2, "c d": 3, "e:f": 4}),
    ("keys that begin like something else", "-a: 1\n?b: 2\n:c: 3\n.d: 4\n", {"-a": 1, "?b": 2, ":c": 3, ".d": 4}),
    ("explicit keys", "? a\n: 1\n? b\n", {"a": 1, "b": None}),
    ("an explicit key and a list", "? a\n:\n- 1\n? b\nc: 2\n", {"a": [1], "b": None, "c": 2}),
    ("a text over several lines", "a: b\n  c\n\n  d # e\nf: 1\n", {"a": "b c\nd", "f": 1}),
    ("a text below its key", "a:\n  b\n  c\n", {"a": "b c"}),
    ("a document of one text", "a\nb\n\nc\n", "a b\nc"),
    ("a number on two lines is text", "a: 1\n  2\n", {"a": "1 2"}),
    ("a hash inside a word", "a: b#c\nd: e # f\n", {"a": "b#c", "d": "e"}),
    ("a tab before a comment after a text", "a: b\n  \t# c\nd: 1\n", {"a": "b", "d": 1}),
    ("explicit keys that are large numbers or none", "? 1e19\n: a\n? .nan\n: b\n", {"1e+19": "a", ".nan": "b"}),
    ("a tag before nothing is an empty key", "!!str : x\nb:\n- !foo :\n    z\n", {"": "x", "b": [{"": "z"}]}),
    ("blank lines with a tab after a text", "a: b\n  \t\nc: 1\n", {"a": "b", "c": 1}),
]
QUOTED = [
    ("apostrophes", "a: 'it''s'\n", {"a": "it's"}),
    ("folded single quotes", "a: 'b\n\n  c \n  d'\n", {"a": "b\nc d"}),
    ("folded double quotes", 'a: "b\n\n  c \n  d"\n', {"a": "b\nc d"}),
    ("a continued line at column 0", "a: 'b\nc'\nd: 1\n", {"a": "b c", "d": 1}),
    ("an escaped line end", 'a: "b\\\n   c\\\n\n   d"\n', {"a": "bc\nd"}),
    ("an escaped blank at a line's end", 'a: "b\\ \n  c\\t \n  d"\n', {"a": "b  c\t d"}),
    ("an escaped blank at a line's beginning", 'a: "b\\\n  \\  c"\n', {"a": "b  c"}),
    ("all escapes", r'a: "\0\a\b\t\n\v\f\r\e\"\\\N\_\L\P\x41\u00e9\U0001F600\ \'\/"' + "\n",
     {"a": "\0\a\b\t\n\v\f\r\x1b\"\\\x85\xa0\u2028\u2029A\xe9\U0001f600 '/"}),
    ("no escapes in single quotes", "a: 'b\\n'\n", {"a": "b\\n"}),
    ("a comment right after a quote", 'a: "b"# c\n', {"a": "b"}),
    ("a quote that opens and closes on lines of its own", "a: '\n  b\n  '\n", {"a": " b "}),
]
BLOCK_TEXTS = [
    ("literal", "a: |\n  b\n   c\n\n  d\ne: 1\n", {"a": "b\n c\n\nd\n", "e": 1}),
    ("literal, stripped and kept", "a: |-\n  b\n\nc: |+\n  d\n\ne: 1\n", {"a": "b", "c": "d\n\n", "e": 1}),
    ("folded", "a: >\n  b\n  c\n\n  d\n    e\n  f\n", {"a": "b c\nd\n  e\nf\n"}),
    ("folded, stripped", "a: >-\n  b\n  c\n", {"a": "b c"}),
    ("an indentation digit in either order", "a: |2-\n    b\nc: |-2\n    d\n", {"a": "  b", "c": "  d"}),
    ("a comment after the mark", "a: | # c\n  # d\n", {"a": "# d\n"}),
    ("what looks like YAML inside", "a: |\n  --- x\n  - y: z\n  # k\n  \tt\n", {"a": "--- x\n- y: z\n# k\n\tt\n"}),
    ("blank lines before the text", "a: |\n\n \n  b\n", {"a": "\n\nb\n"}),
    ("nothing", "a: |\nb: >-\nc: |+\n\n", {"a": "", "b": "", "c": "\n"}),
    ("in a list", "- |\n b\n- >-\n  c\n  d\n", ["b\n", "c d"]),
    ("in a list at the column of its key", "a:\n- |\n b\n- c\n", {"a": ["b\n", "c"]}),
    ("below, at the column of the key or dash", "a:\n|\n b\nc:\n- >-\n d\n-\n|\n e\n", {"a": "b\n", "c": ["d", "e\n"]}),
    ("as a key and its value", "? |\n a\n:\n|\n b\n", {"a\n": "b\n"}),
    ("no line end at the end", "a: |\n  b", {"a": "b\n"}),
    ("no line end, kept", "a: |+\n  b", {"a": "b\n"}),
    ("a line of blanks longer than the indentation", "a: |\n  b\n    \n  c\n", {"a": "b\n  \nc\n"}),
]
FLOW = [
    ("empty", "a: {}\nb: []\n", {"a": {}, "b": []}),
    ("nested on many lines", "a: [b, {c: 1,\n  d: [2,\n3]}, ]\n", {"a": ["b", {"c": 1, "d": [2, 3]}]}),
    ("comments inside", "a: [ # c\n  1, # d\n  2 #e\n]\n", {"a": [1, 2]}),
    ("pairs in brackets", "[a: 1, {b: 2}, c]\n", [{"a": 1}, {"b": 2}, "c"]),
    ("keys without values", "{a, b: , 'c'}\n", {"a": None, "b": None, "c": None}),
    ("no space after a quoted key", "{'a':1, \"b\":[2]}\n", {"a": 1, "b": [2]}),
    ("a word with a colon is a key alone", "{a:1}\n", {"a:1": None}),
    ("explicit keys", "{? a : 1, ? b}\n", {"a": 1, "b": None}),
    ("words over lines", "[a\n  b,\n\n c\n\n d]\n", ["a b", "c\nd"]),
    ("quotes over lines", "['a\n b', \"c\n\n d\"]\n", ["a b", "c\nd"]),
    ("words with signs inside", "[http://x:80/y, -1, -x, a#b, 10.0.0.0/8, $(A)]\n",
     ["http://x:80/y", -1, "-x", "a#b", "10.0.0.0/8", "$(A)"]),
    ("tabs between", "[\ta\t,\tb\t]\n", ["a", "b"]),
    ("as list items", "- {a: 1}\n- [b]\n-  {c: 2} # d\n", [{"a": 1}, ["b"], {"c": 2}]),
]  # fmt: skip
ANCHORS = [
    ("of a word", "a: &x 1\nb: *x\n", {"a": 1, "b": 1}),
    ("of a mapping below", "a: &x\n  b: 1\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
    ("of a list at the column of its key", "a: &x\n- 1\nb: *x\n", {"a": [1], "b": [1]}),
    ("of list items", "- &x a\n- &z\n  b: *x\n- *z\n", ["a", {"b": "a"}, {"b": "a"}]),
    ("in brackets", "[&x a, *x, {b: &z [1], c: *z}]\n", ["a", "a", {"b": [1], "c": [1]}]),
    ("of a key", "&x a: 1\nb: *x\n", {"a": 1, "b": "a"}),
    ("as a key", "a: &x k\nb:\n  *x : 1\n", {"a": "k", "b": {"k": 1}}),
    ("given again", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "c": 2, "d": 2}),
    ("with a tag in either order", "a: &x !!str 1\nb: !!str &z 2\nc: [*x, *z]\n", {"a": "1", "b": "2", "c": ["1", "2"]}),
    ("merged before", "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
    ("merged from a list, the first wins", "a: &x {p: 1}\nb: &z {p: 2, q: 2}\nc: {<<: [*x, *z]}\n",
     {"a": {"p": 1}, "b": {"p": 2, "q": 2}, "c": {"p": 1, "q": 2}}),
    ("merged twice, the later wins", "a: &x {p: 1}\nb: &z {p: 2}\nc:\n  <<: *x\n  <<: *z\n",
     {"a": {"p": 1}, "b": {"p": 2}, "c": {"p": 2}}),
    ("merged by an explicit key", "a: &x {p: 1}\nb:\n  ? <<\n  : *x\n", {"a": {"p": 1}, "b": {"p": 1}}),
    ("merged from keys below, and from braces", "a:\n  <<:\n    p: 1\nb: {<<: {p: 1}}\nc: [<<: {p: 1}]\n",
     {"a": {"p": 1}, "b": {"p": 1}, "c": [{"p": 1}]}),
    ("a tag before an empty key", "&x !!str : 1\nb: *x\n", {"": 1, "b": ""}),
    ("a quoted merge key is a key", "a: {'<<': 1}\n", {"a": {"<<": 1}}),
]  # fmt: skip
ROWS = [(f"{kind}: {row[0]}", *row[1:]) for kind, rows in
        (("block", BLOCK), ("quoted", QUOTED), ("block text", BLOCK_TEXTS), ("flow", FLOW), ("anchor", ANCHORS))
        for row in rows]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_value(text: str, value: object) -> None:
    assert yaml.read_all(text) == [value]


REFUSED = [  # sentence, text
    ("text that begins a list on its line", "a: - b\n"), ("a second colon", "a: b: c\n"), ("a lone colon", ": a\n"),
    ("a question mark in brackets", "[a?b]\n"), ("two commas", "[a,,b]\n"), ("a comma first", "[, a]\n"),
    ("a key on two lines", "{a\n  : 1}\n"), ("a quoted key on two lines", "'a\n  b': 1\n"),
    ("a dash in brackets", "[- a]\n"), ("a list as key", "? [a]\n: 1\n"), ("a comment inside a text", "a: b\n  # c\n  d\n"),
    ("an anchor that holds itself", "a: &x [*x]\n"), ("an anchor on an alias", "a: &x 1\nb: &z *x\n"),
    ("two anchors", "a: &x &z 1\n"), ("an odd anchor name", "a: &x! 1\n"), ("a merge of null", "a:\n  <<:\n"),
    ("a tab before a block text", "a: |\n  \tb\n"), ("indentation 0", "a: |0\n  b\n"),
    ("blank lines deeper than a block text", "a: |\n    \n  b\n"), ("text under a quoted value", "a: 'b'\n  c\n"),
    ("a block text in brackets", "[|\n a]\n"), ("an item further left than the list", "a:\n  - b\n - c\n"),
    ("a bad hexadecimal escape", '"\\x4"\n'), ("half a surrogate pair", '"\\ud83d"\n'), ("a percent sign", "a: %b\n"),
    ("a key under a value with a comment", "a: b # c\n  d:\n"), ("a dash under a value with a comment", "a: b # c\n  -\n"),
    ("a tab where the block indents, after a word in brackets", "a: [\n x\n\t]\n"),
    ("the same between two words", "a:\n  - [x\n  \ty]\n"), ("a blank line with a tab after a comment", "a: b # c\n    \t\n"),
    ("a key above 63 bits", "9223372036854775808: a\n"), ("the same in braces", "{9223372036854775808: a}\n"),
    ("the same after a question mark", "? 9223372036854775808\n"), ("an explicit merge of text", "? <<\n: a\n"),
    ("a list as key of a pair", "[[a]: b]\n"), ("a mapping as key", "{{a: 1}: b}\n"),
    ("a key under a merge of nothing", "a:\n  <<: {}\n    b: 1\n"),
    ("a dedent after a merge of nothing", "a:\n    <<: {}\n  b: 1\n"),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        yaml.read_all(text)


def test_an_alias_has_a_copy_of_its_own() -> None:
    (value,) = yaml.read_all("a: &x {b: [1]}\nc: *x\nd: {<<: *x}\n")
    value["a"]["b"].append(2)
    assert value["c"] == {"b": [1]} and value["d"] == {"b": [1]}
    value["c"]["b"].append(3)
    assert value["d"] == {"b": [1]}
