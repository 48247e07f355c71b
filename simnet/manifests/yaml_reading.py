"""What the readers of block and flow style share while they read one document: anchors, tags, keys, scalars."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from simnet.errors import ManifestError, Problem
from simnet.manifests.tree import Mapping, Sequence, Source, is_open
from simnet.manifests.yaml_anchors import Anchors, merge_sources, merged_over
from simnet.manifests.yaml_errors import (
    Trust,
    at,
    character,
    goes_on_below,
    problem,
    quote,
    refusal,
    with_quotes,
    without_comment,
)  # fmt: skip
from simnet.manifests.yaml_limits import Limits, raised_by, too_deep
from simnet.manifests.yaml_lines import STARTS_NO_PLAIN
from simnet.manifests.yaml_scalars import as_json, is_unwritable, key_text, resolve, tagged, type_name

_TAG_TEXT = r"(?:[A-Za-z0-9_\-;/?:@&=+$,.!~*'()\[\]]|%[0-9A-Fa-f]{2})"
_TAG = re.compile(rf"!(?:<({_TAG_TEXT}+)>|([A-Za-z0-9_-]*!)?({_TAG_TEXT}*))(?=[ \t\n]|$)")
_WORD = re.compile(r"[\w~.+-]+")
_YAML_TAG = "tag:yaml.org,2002:"
_CURLY: Final = {"\u201c": "\u201d", "\u201d": "\u201d", "\u2018": "\u2019", "\u2019": "\u2019", "\u00ab": "\u00bb"}
_BLANKS = " \t"
_MOST_REPEATS: Final = 50
_FIRST_KEYS: Final = ("apiVersion", "kind")  # what manifests begin with


class Properties(NamedTuple):
    """What stands before a node: `&anchor` and `!tag` ('' where absent), and the offset of what follows them."""

    anchor: str
    tag: str
    end: int


class Reading:
    """One document while it is read. `problems` are mistakes that do not stop the reading, `warnings` no mistakes."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source, self.limits = source, limits
        self.anchors = Anchors(source, limits)
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.is_in_key = False  # while the node after `? ` is read
        self._merged: dict[int, set[str]] = {}
        self._restarted: set[int] = set()
        self._waiting: list[tuple[Any, Callable[[], None]]] = []

    def warn(self, offset: int, detail: str, repair: str = "") -> None:
        """Add a warning, once: some places are read twice."""
        found = problem(self.source, offset, detail, repair)
        if self.warnings[-1:] != [found]:
            self.warnings.append(found)

    # -- collections that are read later ------------------------------------------------------------------------------

    def once_read(self, value: Any, act: Callable[[], None]) -> None:
        """Do something as soon as the value is complete: now, unless it is an open collection."""
        if is_open(value):
            self._waiting.append((value, act))
        else:
            act()

    def close(self, made: Any) -> None:
        """The last entry of a collection was read: do what waited for that."""
        made.marks = tuple(made.marks)
        if not self._waiting:
            return
        first = len(self._waiting)
        while first and self._waiting[first - 1][0] is made:
            first -= 1
        acts, self._waiting[first:] = self._waiting[first:], []
        for _, act in acts:
            act()

    def check_depth(self, depth: int, offset: int) -> None:
        if depth > self.limits.depth:
            raise too_deep(self.source, offset, self.limits)

    # -- nodes ------------------------------------------------------------------------------------------------------

    def properties(self, offset: int, given: Properties | None = None) -> Properties:
        """The anchor and the tag that begin at `offset`, in either order, if any; blanks after them are passed.
        What was `given` on a line above counts too, and may not be given again."""
        text = self.source.text
        anchor, tag = (given.anchor, given.tag) if given else ("", "")
        while text[offset] in "&!":
            if text[offset] == "&" and not anchor:
                anchor = self.anchors.name_at(offset)
                offset += 1 + len(anchor)
            elif text[offset] == "!" and not tag:
                tag, offset = self._tag(offset)
            else:
                raise refusal(self.source, offset, "a second anchor or tag", "a value")
            while text[offset] in _BLANKS:
                offset += 1
        return Properties(anchor, tag, offset)

    def _tag(self, offset: int) -> tuple[str, int]:
        found = _TAG.match(self.source.text, offset)
        if found is None or (found[2] and not found[3]):
            raise refusal(self.source, offset, "`!` without a tag after it", "a tag such as `!!str`, or quotes")
        verbatim, handle, suffix = found.groups()
        if handle and handle != "!":
            raise refusal(self.source, offset, f"the tag handle `!{handle}`", "`!` or `!!`; no other is defined")
        try:
            word = unquote(verbatim or suffix, errors="strict")
        except UnicodeDecodeError:
            raise refusal(self.source, offset, f"{quote(found[0])}, which is not UTF-8", "a tag such as `!!str`") from None
        if verbatim:
            return word.replace(_YAML_TAG, "!!", 1), found.end()
        return f"!!{word}" if handle else f"!{word}", found.end()

    def scalar(self, text: str, offset: int, tag: str = "", *, quoted: bool = False, is_key: bool = False) -> Any:
        """The value of a scalar's text, by its tag if it has one. That of a key may be infinite, and is not yet what
        JSON makes of it: `1e19` as a key becomes other text than the number would."""
        if quoted and not tag:
            return text
        try:
            value = tagged(tag, text, quoted=quoted) if tag else resolve(text)
        except ValueError as error:
            raise refusal(self.source, offset, f"{tag} with {error}", f"a value of the type {tag}") from None
        if not quoted and text[:1] in _CURLY:
            self.warn_curly(text, offset)
        if is_key or self.is_in_key:
            return value
        self.check_finite(value, text, offset)
        return as_json(value)

    def check_finite(self, value: Any, text: str, offset: int) -> None:
        """Refuse infinities and NaN, for which JSON has no form."""
        if is_unwritable(value):
            expected = "a finite number, or quotes around the text"
            raise refusal(self.source, offset, quote(text), expected, with_quotes(self.source, offset, text))

    def warn_curly(self, text: str, offset: int) -> None:
        """Typographic quotes quote nothing in YAML; they become part of the text."""
        closing = text[-1] if len(text) > 1 and text[-1] in _CURLY.values() else ""
        names = f"{character(text[0])}" + (f" and {character(closing)}" if closing else "")
        inner = text[1 : -1 if closing else None]
        self.warn(offset, f"the quotes {names} are part of the value", f'"{inner}"')

    def check_plain_start(self, offset: int) -> None:
        """Refuse a character that no plain scalar may begin with. Source: `yaml_parser_fetch_next_token`."""
        text = self.source.text
        char, following = text[offset], text[offset + 1 : offset + 2]
        if char in STARTS_NO_PLAIN or (char in "-?:" and following in ("", " ", "\t", "\n")):
            raise self._bad_start(offset, char)

    def _bad_start(self, offset: int, char: str) -> Exception:
        source = self.source
        row = source.row(offset)
        line, column = source.lines[row], offset - source.starts[row]
        rest = without_comment(line[column:])
        if char in "-?:":
            what = {"-": "a list entry", "?": "a key", ":": "a value"}[char]
            found = f"`{char}` where {what} cannot begin"
            expected, item = "a value on this line, or the list on the next line", rest[1:].strip()
            is_plain = char == "-" and item and not set(item) & set("#[]{},'\"") and not goes_on_below(source, row)
            repair = f"{line[:column]}[{f'{{{item}}}' if ': ' in item else item}]" if is_plain else ""
            return refusal(source, offset, found, expected, repair, trust=Trust.NONE)
        found = f"{'a backquote' if char == '`' else f'`{char}`'} at the start of unquoted text"
        trust = Trust.GUESS if ":" in rest else Trust.SURE
        return refusal(source, offset, found, "quotes around it", with_quotes(source, offset, rest), trust=trust)

    # -- keys -------------------------------------------------------------------------------------------------------

    def key(self, value: Any, offset: int) -> str:
        """A resolved scalar as a key; null, collections and integers above those of 64 bits with a sign cannot be one."""
        name = key_text(value) if not isinstance(value, Mapping | Sequence) else None
        if name is None:
            what = "null" if value is None else f"the integer {value}" if isinstance(value, int) else "a collection"
            word = _WORD.match(self.source.text, offset)
            repair = with_quotes(self.source, offset, word[0]) if word and (value is None or isinstance(value, int)) else ""
            raise refusal(self.source, offset, f"{what} as a key", "text; put the key in quotes", repair)
        written = self._reread_key(name, offset)
        if written:
            detail = f"the key `{written}` without quotes is {type_name(resolve(written))}, and becomes `{name}`"
            self.warn(offset, detail, with_quotes(self.source, offset, written))
        return name

    def _reread_key(self, name: str, offset: int) -> str:
        """The unquoted key at an offset as it is written, if the key it becomes has other text; '' if not."""
        word = _WORD.match(self.source.text, offset)
        return word[0] if word and word[0] != name and key_text(resolve(word[0])) == name else ""

    def check_key_length(self, start: int, end: int) -> None:
        if end - start > self.limits.key:
            expected = f"at most {self.limits.key:,} {raised_by('key')}"
            raise refusal(self.source, start, f"a key of {end - start:,} characters", expected)

    def store(self, mapping: Mapping, name: str, value: Any, mark: int) -> None:
        """Add an entry; a key that is there already is a problem, unless a merge brought it."""
        if name in mapping:
            self.repeated(mapping, name, mark)
        mapping.marks.append(mark)
        mapping[name] = value

    def repeated(self, mapping: Mapping, name: str, mark: int) -> None:
        """Make room for a key that is there already: replace it if a merge brought it, report it if not."""
        merged = self._merged.get(id(mapping), set())
        index = list(mapping).index(name)
        if name not in merged and id(mapping) not in self._restarted:
            first, again = (self._offset(mapping, place) for place in (mapping.marks[index], mark))
            self.problems.append(self._repetition(mapping, name, index, first, again))
            if len(self.problems) > _MOST_REPEATS:
                raise ManifestError(self.problems.pop())
        merged.discard(name)
        del mapping[name]
        del mapping.marks[index]

    def _repetition(self, mapping: Mapping, name: str, index: int, first: int, again: int) -> Problem:
        """The problem of a key given twice; told once for all keys when it looks as if the whole object began again."""
        where, word = f"(first at {at(self.source, first)})", self._reread_key(name, again)
        if name in _FIRST_KEYS and not index and not mapping.column and len(mapping) > 1:
            self._restarted.add(id(mapping))
            detail = f"found the key `{name}` again; expected a `---` line above it, if another document begins here {where}"
            return problem(self.source, again, detail, "---")
        spelled = f" (written `{word}`)" if word else ""
        detail = f"found the key `{name}`{spelled} again; expected it once {where}"
        repair = with_quotes(self.source, again, word) if word else f"remove one of the two `{name}`"
        return problem(self.source, again, detail, repair)

    def _offset(self, mapping: Mapping, mark: int) -> int:
        return mark if mapping.column < 0 else self.source.starts[mark] + mapping.column

    def merge(self, mapping: Mapping, value: Any, mark: int) -> None:
        """Take in the keys of a `<<` entry: an explicit key wins, a later `<<` wins over an earlier one."""
        offset = self._offset(mapping, mark)
        sources = merge_sources(value)
        if sources is None:
            raise refusal(self.source, offset, "a merge key `<<` without a mapping", "a mapping or a list of mappings")
        merged = self._merged.setdefault(id(mapping), set())
        fresh: dict[str, Any] = {}
        for each in sources:
            fresh = {**each, **fresh}
        kept = [name for name in fresh if name in mapping and name not in merged and mapping[name] != fresh[name]]
        if kept:
            self.warn(offset, merged_over(self.source, offset, kept))
        for name in fresh:
            if name in merged:
                mapping[name] = fresh[name]
            elif name not in mapping:
                mapping[name] = fresh[name]
                mapping.marks.append(mark)
                merged.add(name)
        self.anchors.is_shared = True
