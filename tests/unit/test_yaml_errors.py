"""What the reader says about the mistakes people make: the whole message, caret and repair included.

The mistakes are those of the conformance file; here they are small, so that each message can be read.
"""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml

MESSAGES = [  # sentence, text, message
    ("a tab indents", "a:\n\tb: 1\n", """\
web.yaml:2:1: found a tab used for indentation; expected 2 spaces in its place
\tb: 1
^
try:   b: 1"""),
    ("a tab after spaces", "a:\n  b: 1\n  \tc: 2\n", """\
web.yaml:3:3: found a tab used for indentation; expected 1 space in its place
  \tc: 2
  ^
try:    c: 2"""),
    ("a tab after a dash", "-\ta\n", """\
web.yaml:1:2: found a tab after the dash; expected a space
-\ta
 ^
try: - a"""),
    ("no space after the colon", "spec:\n  replicas:3\n  other: 1\n", """\
web.yaml:2:12: found `replicas:3` without a space after the colon; expected `replicas: 3`
  replicas:3
           ^
try:   replicas: 3"""),
    ("no space after the colon of an item's first key", "ports:\n- port:80\n  name: http\n", """\
web.yaml:2:8: found `port:80` without a space after the colon; expected `port: 80`
- port:80
       ^
try: - port: 80"""),
    ("no space after the dash", "list:\n  -name: a\n    image: b\n", """\
web.yaml:2:4: found `-name:` without a space after the dash; expected `- name:`
  -name: a
   ^
try:   - name: a"""),
    ("no space after the second dash", "list:\n- a\n-b\n", """\
web.yaml:3:2: found `-b` without a space after the dash; expected `- `
-b
 ^
try: - b"""),
    ("no space after the second dash of an indented list", "list:\n  - a\n  -b\n", """\
web.yaml:3:4: found `-b` without a space after the dash; expected `- `
  -b
   ^
try:   - b"""),
    ("a key of a list item one space short", "- name: a\n image: b\n", """\
web.yaml:2:2: found a key at indent 1; expected 2 (like `name` on line 1) or 0 for a new `-` entry
 image: b
 ^
try:   image: b"""),
    ("a key of a list item one space too far", "- name: a\n   image: b\n", """\
web.yaml:2:4: found a key at indent 3; expected indent 2; a value was already given on line 1
   image: b
   ^
try:   image: b"""),
    ("an indentation between two levels", "a:\n    b: 1\n    c: 2\n  d: 3\n", """\
web.yaml:4:3: found indent 2, which matches none of the open levels 0, 4; expected one of 0, 4
  d: 3
  ^
try: d: 3"""),
    ("a first key one space short", "metadata:\n name: a\n  labels: {}\n", """\
web.yaml:2:2: found the key `name` at indent 1, and the next one at 2; expected both at 2
 name: a
 ^
try:   name: a"""),
    ("a first key one space too far", "metadata:\n   name: a\n  labels: {}\n", """\
web.yaml:2:4: found the key `name` at indent 3, and the next one at 2; expected both at 2
   name: a
   ^
try:   name: a"""),
    ("the first key of a document one space too far", " kind: Pod\nspec: {}\n", """\
web.yaml:1:2: found the key `kind` at indent 1, and the next one at 0; expected both at 0
 kind: Pod
 ^
try: kind: Pod"""),
    ("a key without its colon above its keys", "a:\n  b\n    c: 1\n", """\
web.yaml:2:3: found `b`, which has no colon; expected `key: value`
  b
  ^
try:   b:"""),
    ("an item whose first key lacks its colon", "- name web\n  image: x\n", """\
web.yaml:1:3: found `name web`, which has no colon; expected `key: value`
- name web
  ^
try: - name: web"""),
    ("an item whose dash lacks its space, told at the next item", "a:\n  -b: 1\n  - c: 2\n", """\
web.yaml:2:4: found `-b: 1` without a space after the dash; expected `- `
  -b: 1
   ^
try:   - b: 1"""),
    ("an opened brace above a list", "a: {\nb:\n- c\n", """\
web.yaml:1:4: found `{`, opened at 1:4 and not closed before line 3; expected `}`
a: {
   ^
try: a: {}"""),
    ("a missing item mark", "a:\n  - b\n  c: 1\n", """\
web.yaml:3:3: found `c: 1`; expected `- ` before the next item of the list, or a key further left
  c: 1
  ^
try:   - c: 1"""),
    ("a list entry between keys", "a: 1\n- b\n", """\
web.yaml:2:1: found a list entry between the keys of a mapping; expected a key; a list stands under a key of its own, \
and no key beside it
- b
^"""),
    ("a double quote that swallows lines", 'a: "x\nb: 1\nc: "y"\n', """\
web.yaml:1:4: found a quote " that was not closed on its line; it swallowed the text up to 3:4; expected " on line 1
a: "x
   ^
try: a: "x\""""),
    ("a quote that is never closed", "a: 'x\nb: 1\n", """\
web.yaml:1:4: found a quote ' that is never closed; expected ' at the end of the text
a: 'x
   ^
try: a: 'x'"""),
    ("an apostrophe in single quotes", "a: 'it's b'\n", """\
web.yaml:1:8: found `s b'` after the closing quote; expected the end of the line
a: 'it's b'
       ^
try: a: 'it''s b'"""),
    ("text after a closing quote", 'a: "b" c\n', """\
web.yaml:1:8: found `c` after the closing quote; expected the end of the line
a: "b" c
       ^
try: a: '"b" c'"""),
    ("a key given twice", "a: 1\nb: 2\na: 3\n", """\
web.yaml:3:1: found the key `a` again; expected it once (first at 1:1)
a: 3
^
try: remove one of the two `a`"""),
    ("a colon in unquoted text", "note: a: b\n", """\
web.yaml:1:8: found `: ` inside the unquoted value `a: b`; expected quotes around the value
note: a: b
       ^
try: note: "a: b\""""),
    ("a colon before a comment", "note: a: b  # c\n", """\
web.yaml:1:8: found `: ` inside the unquoted value `a: b`; expected quotes around the value
note: a: b  # c
       ^
try: note: "a: b"  # c"""),
    ("an at sign before a comment", "a: @x # y\n", """\
web.yaml:1:4: found `@` at the start of unquoted text; expected quotes around it
a: @x # y
   ^
try: a: "@x" # y"""),
    ("a template as value", "a: {{ .Values.x }}\n", """\
web.yaml:1:4: found `{{ .Values.x }}`, which looks like a Helm template; expected plain YAML
a: {{ .Values.x }}
   ^
try: render it first (helm template)"""),
    ("a template line", "a:\n{{- if .x }}\n  b: 1\n", """\
web.yaml:2:1: found `{{- if .x }}`, which looks like a Helm template; expected plain YAML
{{- if .x }}
^
try: render it first (helm template)"""),
    ("a star at the start of a value", "host: *.example.com\n", """\
web.yaml:1:7: found `*.example.com`: `*` starts an alias; expected a name of letters, digits, `-` and `_` after it, \
or quotes around the text
host: *.example.com
      ^
try: host: "*.example.com\""""),
    ("an at sign at the start of a value", "a: @x\n", """\
web.yaml:1:4: found `@` at the start of unquoted text; expected quotes around it
a: @x
   ^
try: a: "@x\""""),
    ("a backquote at the start of a value", "a: `x`\n", """\
web.yaml:1:4: found a backquote at the start of unquoted text; expected quotes around it
a: `x`
   ^
try: a: "`x`\""""),
    ("a list on the line of its key", "a: - b\n", """\
web.yaml:1:4: found `-` where a list entry cannot begin; expected a value on this line, or the list on the next line
a: - b
   ^
try: a: [b]"""),
    ("the first of several entries on the line of the key", "a: - b\n   - c\n", """\
web.yaml:1:4: found `-` where a list entry cannot begin; expected a value on this line, or the list on the next line
a: - b
   ^"""),
    ("an equals sign for a colon", "a: 1\nb = c\n", """\
web.yaml:2:1: found `b = c`, which has no colon; expected `key: value`
b = c
^
try: b: c"""),
    ("keys that begin on the line of their key", "a: b: c\n  d: e\n", """\
web.yaml:1:5: found `: ` inside the unquoted value `b: c`; expected quotes around the value, or keys on the lines below
a: b: c
    ^
try: put `b: c` on a line of its own below"""),
    ("a quote inside quotes inside brackets", 'a: ["b "c""]\n', """\
web.yaml:1:9: found `c""` right after a closing quote; expected `,` or `]`
a: ["b "c""]
        ^
try: `\\"` for a quote inside double quotes, or single quotes around the text"""),
    ("the wrong closing bracket", "a: [{b: c]\n", """\
web.yaml:1:10: found `]`; expected `,` or `}`
a: [{b: c]
         ^
try: a: [{b: c}]"""),
    ("a missing comma between pairs", "a: {b: 1 c: 2}\n", """\
web.yaml:1:10: found `c`; expected `,` or `}`
a: {b: 1 c: 2}
         ^
try: a: {b: 1, c: 2}"""),
    ("a line of a block text further left than its first", "a: |\n    b\n  c\n", """\
web.yaml:3:3: found a line of the block text at indent 2; expected at least 4, like its first line
  c
  ^
try:     c"""),
    ("null as a key", "~: 1\n", """\
web.yaml:1:1: found null as a key; expected text; put the key in quotes
~: 1
^
try: "~": 1"""),
    ("a character nobody sees", "a: 1\n\u200bb: 2\n", """\
web.yaml:2:1: found the character U+200B (zero width space), which cannot be seen; expected nothing in its place
\u200bb: 2
^
try: b: 2"""),
    ("a forgotten bracket", "a:\n  args: [b, c\n  d: 1\n", """\
web.yaml:2:9: found `[`, opened at 2:9 and not closed before line 3; expected `]`
  args: [b, c
        ^
try:   args: [b, c]"""),
    ("a bracket still open at the end", "a: [b,\n", """\
web.yaml:1:4: found `[`, opened at 1:4 and not closed before the end of the document; expected `]`
a: [b,
   ^
try: a: [b,]"""),
    ("a missing comma", 'a: ["b" "c"]\n', """\
web.yaml:1:9: found `"c"`; expected `,` or `]`
a: ["b" "c"]
        ^
try: a: ["b", "c"]"""),
    ("a missing comma in JSON", '{"a": 1\n "b": 2}\n', """\
web.yaml:2:2: found `"b"`; expected `,` or `}`
 "b": 2}
 ^
try: {"a": 1,"""),
    ("a missing colon", "a: 1\nenv\nb: 2\n", """\
web.yaml:2:1: found `env`, which has no colon; expected `key: value`
env
^
try: env:"""),
    ("a missing colon above a list", "a:\n  env\n  - name: x\n", """\
web.yaml:2:3: found `env`, which has no colon; expected `key: value`
  env
  ^
try:   env:"""),
    ("text on the separator line", "a: 1\n--- b\n", """\
web.yaml:2:5: found `b` on the separator line; expected nothing but a comment after `---`
--- b
    ^
try: put it on the next line"""),
    ("a block text that is not indented", "a:\n  note: |\n  text\n", """\
web.yaml:3:3: found the text of the block scalar at 2:9, not indented more than `note` (column 3); expected at least \
column 5
  text
  ^
try:     text"""),
    ("text after the mark of a block text", "a: | text\n", """\
web.yaml:1:6: found `text` after `|`; expected one of `-` `+`, one digit, and the text on the next lines
a: | text
     ^
try: a: |"""),
    ("an escape that does not exist", 'a: "C:\\data"\n', """\
web.yaml:1:7: found `\\d`, which is not an escape in double quotes; expected `\\\\` or single quotes
a: "C:\\data"
      ^
try: a: "C:\\\\data\""""),
    ("an unknown anchor", "a: &b 1\nc: *d\n", """\
web.yaml:2:4: found `*d`; expected a `&d` before this place in this document (anchors so far: &b)
c: *d
   ^
try: c: "*d\""""),
    ("a separator of two dashes", "a: 1\n--\nb: 2\n", """\
web.yaml:2:1: found `--`, which is no separator; expected `---` at the start of the line
--
^
try: ---"""),
    ("a forgotten separator", "apiVersion: v1\nkind: A\nx: 1\napiVersion: v1\nkind: B\nx: 2\n", """\
web.yaml:4:1: found the key `apiVersion` again; expected a `---` line above it, if another document begins here \
(first at 1:1)
apiVersion: v1
^
try: ---"""),
    ("infinity", "a: .inf\n", """\
web.yaml:1:4: found `.inf`; expected a finite number, or quotes around the text
a: .inf
   ^
try: a: ".inf\""""),
    ("a blank line with a tab", "a:\n\t\n  b: 1\n", """\
web.yaml:2:1: found a tab on a blank line; expected nothing there
\t
^
try: an empty line"""),
    ("a no-break space as indentation", "a:\n\u00a0\u00a0b: 1\n", """\
web.yaml:2:1: found the character U+00A0 (no-break space), which looks like a space but is not; expected spaces
\u00a0\u00a0b: 1
^
try:   b: 1"""),
    ("conflict markers", "a:\n<<<<<<< HEAD\n  b: 1\n", """\
web.yaml:2:1: found the merge conflict marker `<<<<<<< HEAD`; expected one of the two versions
<<<<<<< HEAD
^
try: keep one side and remove the marker lines"""),
    ("a collection as a key", "[a]: 1\n", """\
web.yaml:1:1: found a collection as a key; expected text as a key; quote it if it is text
[a]: 1
^"""),
    ("a merge of something else", "a: &a [1]\nb:\n  <<: *a\n", """\
web.yaml:3:3: found a merge key `<<` without a mapping; expected a mapping or a list of mappings
  <<: *a
  ^"""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_message(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(text, "web.yaml")
    assert str(caught.value) == message


def test_the_line_is_that_of_the_file_not_of_the_document() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("# one\na: 1\n---\n\n# two\nb: @\n", "web.yaml")
    assert str(caught.value).startswith("web.yaml:6:4:")


def test_a_very_long_line_is_shown_around_the_caret() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("a: [" + "'x', " * 400 + "'y' 'z']\n")
    line, caret, repair = caught.value.problems[0].excerpt
    assert len(line) <= 110 and line[len(caret) - 1 :].startswith("'z'")
    assert len(repair) <= 115 and repair.endswith("'y', 'z']")


def test_the_excerpt_is_the_source_line_as_it_stands() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("a:\n      b: é @\n      b: @é\n")
    assert caught.value.problems[-1].excerpt[:2] == ("      b: @é", "         ^")


TOGETHER = [  # sentence, text, places; mistakes in one document that have nothing to do with each other
    ("values that need quotes", "a: @b\nc:\n  d: *.e\n  f: {{ .x }}\ng: \"\\d\"\n", [(1, 4), (3, 6), (4, 6), (5, 5)]),
    ("lines that begin with a tab", "a:\n\tb: 1\n\tc: 2\n  d: 3\n", [(2, 1), (3, 1)]),
    ("spaces left out", "a:\n  b:1\n  c: 2\nd:\n  - e\n  -f\n", [(2, 5), (6, 4)]),
    ("template lines", "a:\n{{- if .x }}\n  b: 1\n{{- end }}\n  c: {{ .c }}\n", [(2, 1), (4, 1), (5, 6)]),
    ("a key given twice below another mistake", "a: [1\nb: 2\nc: 3\nb: 4\n", [(1, 4), (4, 1)]),
    ("an indentation that may be the fault of the repair above it is left out", "a: [b\nc:\n    d: 1\n  e: 2\n", [(1, 4)]),
    ("below an indentation that fits nowhere nothing is sure", "a:\n    b: 1\n  c: 2\nd: @\n", [(3, 3)]),
    ("each document on its own", "a: @\n---\nb: @\nc: @\n", [(1, 4), (3, 4), (4, 4)]),
    ("a character that is nowhere allowed", "a: x\x07y\nb: @\n", [(1, 5), (2, 4)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), [row[1:] for row in TOGETHER], ids=[row[0] for row in TOGETHER])
def test_mistakes_told_together(text: str, places: list[tuple[int, int]]) -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(text, "web.yaml")
    assert [(each.place.line, each.place.column) for each in caught.value.problems if each.place] == places


def test_a_text_of_mistakes_only_is_told_in_part() -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all("- @\n" * 5000)
    assert len(caught.value.problems) < 100
