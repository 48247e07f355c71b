"""Label selectors. Absent, empty and given are three values here, settled once when an object is decoded.

NOTHING selects no object, EVERYTHING selects all, any other `Selector` is a conjunction of requirements. Which of the
first two an absent or empty selector means depends on the API, hence one constructor for each: `from_map` for the
equality maps of core/v1, `from_label_selector` for metav1.LabelSelector, `parse` for `kubectl -l`.

Source: kubernetes/apimachinery pkg/labels/selector.go (Requirement.Matches, Parse, String);
pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector, FormatLabelSelector).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simnet.errors import UsageError, nearest
from simnet.names import label_value_problem, qualified_name_problem

Labels = Mapping[str, str]

_FROM_API = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_OPERATORS = ("=", "==", "!=", "in", "notin", ">", "<")
_SYMBOLS = frozenset(("==", "!=", "=", "!", "(", ")", "<", ">", ","))
_TOKEN = re.compile(r"==|!=|[=!()<>,]|[^=!()<>, \t\r\n]+")
_INTEGER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label.

    `operator` is '=', '==', '!=', 'in', 'notin', 'exists', '!' (the label is absent), '>' or '<'; `values` is sorted,
    holds exactly one value for '=', '==', '!=', '>', '<' and none for 'exists' and '!'.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether an object with these labels meets the condition. An absent label meets '!=', 'notin' and '!'."""
        value = labels.get(self.key)
        match self.operator:
            case "=" | "==" | "in":
                return value in self.values if value is not None else False
            case "!=" | "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case _:
                return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        if not _is_int64(value):
            return False
        return int(value) > int(self.values[0]) if self.operator == ">" else int(value) < int(self.values[0])

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(self.values)})"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements, sorted by key; equal requirements make equal selectors.

    `pairs` holds the (key, value) pairs when every requirement is an equality, the form that indexes can file; it is
    empty for EVERYTHING and None for NOTHING and set-based selectors. `nothing` marks the selector of no object.
    """

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False
    pairs: tuple[tuple[str, str], ...] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        equalities = not self.nothing and all(item.operator in ("=", "==") for item in self.requirements)
        pairs = tuple((item.key, item.values[0]) for item in self.requirements) if equalities else None
        object.__setattr__(self, "pairs", pairs)

    @classmethod
    def from_map(cls, pairs: Labels | None) -> Selector:
        """The selector of a core/v1 map (Service, ReplicationController): absent and empty both select nothing.

        Source: rule ES-1; kubernetes/endpointslice reconciles no Service without a selector.
        """
        if not pairs:
            return NOTHING
        return cls(tuple(Requirement(key, "=", (value,)) for key, value in sorted(pairs.items())))

    @classmethod
    def from_label_selector(cls, given: Mapping[str, Any] | None) -> Selector:
        """The selector of a metav1.LabelSelector: absent selects nothing, `{}` everything.

        Raises UsageError for an expression the API server would refuse; keys and values are not checked here.
        """
        if given is None:
            return NOTHING
        equal = [Requirement(key, "=", (value,)) for key, value in (given.get("matchLabels") or {}).items()]
        return _conjunction([*equal, *map(_expression, given.get("matchExpressions") or ())])

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read the text of `kubectl -l`: `app=web,tier!=db,env in (prod,dev),track notin (x),gpu,!spot,cpu>4`.

        Empty text selects everything. Raises UsageError with the position and what was expected there.
        """
        return _conjunction(_Parser(text).requirements())

    def matches(self, labels: Labels) -> bool:
        """Whether an object with these labels is selected. Cost: O(requirements)."""
        if self.pairs is None:
            return not self.nothing and all(item.matches(labels) for item in self.requirements)
        for key, value in self.pairs:  # noqa: SIM110 - asked for every pod, and a generator costs twice as much
            if labels.get(key) != value:
                return False
        return True

    def __str__(self) -> str:
        """The text `kubectl describe` and `kubectl get -o wide` show: `app=web,tier in (a,b)`, or `<none>`."""
        return ",".join(map(str, self.requirements)) or "<none>"


NOTHING: Final = Selector(nothing=True)
"""Selects no object: an absent selector, and an empty one in core/v1."""

EVERYTHING: Final = Selector()
"""Selects every object: an empty metav1.LabelSelector."""


def _conjunction(items: Iterable[Requirement]) -> Selector:
    requirements = tuple(sorted(items, key=lambda item: item.key))
    return Selector(requirements) if requirements else EVERYTHING


def _expression(given: Mapping[str, Any]) -> Requirement:
    key, name, values = given.get("key", ""), given.get("operator", ""), given.get("values") or ()
    operator = _FROM_API.get(name)
    if operator is None:
        hint = nearest(name, _FROM_API)
        raise UsageError(
            f"{name!r} is not a label selector operator: In, NotIn, Exists, DoesNotExist"
            + (f"; did you mean {hint}?" if hint else "")
        )
    if operator in ("in", "notin") and not values:
        raise UsageError(f"values of {key!r} must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("exists", "!") and values:
        raise UsageError(f"values of {key!r} may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    return Requirement(key, operator, tuple(sorted(set(values))))


def _is_int64(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63


class _Parser:
    """One pass over the tokens of a selector text; `place` is the index of the next token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(found[0], found.start()) for found in _TOKEN.finditer(text)]
        self.place = 0

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self.place < len(self.tokens):
            found.append(self._requirement())
            if self._peek() == "":
                break
            self._expect(",", wanted="',' or the end")
            if self._peek() == "":
                self._refuse("a label key after ','")
        return found

    def _requirement(self) -> Requirement:
        absent = self._take("!")
        start = self._peek_position()
        key = self._word("a label key or '!'" if not absent else "a label key after '!'")
        if problem := qualified_name_problem(key):
            raise self._error(start, f"{key!r} is not a label key: {problem}")
        if absent or self._peek() in (",", ""):
            return Requirement(key, "!" if absent else "exists")
        operator = self._peek()
        if operator not in _OPERATORS:
            self._refuse(f"one of {', '.join(_OPERATORS)}")
        self.place += 1
        values = self._values() if operator in ("in", "notin") else [self._value()]
        if operator in ("<", ">") and not _is_int64(values[0]):
            start = self.tokens[self.place - 1][1]
            raise self._error(start, f"{values[0]!r} is not an integer, which '{operator}' needs")
        return Requirement(key, operator, tuple(sorted(set(values))))

    def _values(self) -> list[str]:
        """`(a,b)`; an empty place between commas or parentheses is the empty value, as apimachinery reads it."""
        self._expect("(", wanted="'(' and a list of values")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")", wanted="',' or ')'")
        return values

    def _value(self) -> str:
        if self._peek() in (",", ")", ""):
            return ""
        start = self._peek_position()
        value = self._word("a label value")
        if problem := label_value_problem(value):
            raise self._error(start, f"{value!r} is not a label value: {problem}")
        return value

    def _peek(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def _peek_position(self) -> int:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else len(self.text)

    def _take(self, token: str) -> bool:
        taken = self._peek() == token
        self.place += taken
        return taken

    def _expect(self, token: str, wanted: str) -> None:
        if not self._take(token):
            self._refuse(wanted)

    def _word(self, wanted: str) -> str:
        token = self._peek()
        if not token or token in _SYMBOLS:
            self._refuse(wanted)
        self.place += 1
        return token

    def _refuse(self, wanted: str) -> None:
        found = self._peek()
        raise self._error(self._peek_position(), f"found {repr(found) if found else 'the end'}, expected {wanted}")

    def _error(self, position: int, problem: str) -> UsageError:
        return UsageError(f"label selector {self.text!r}, character {position + 1}: {problem}")
