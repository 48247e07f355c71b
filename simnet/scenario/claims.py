"""Expectation lines as stories and `simnet.expect` read them: the grammar, and the codes that a diagnosis can give."""

from __future__ import annotations

from dataclasses import replace

from simnet.diagnosis import CODES
from simnet.errors import ManifestError, Place, Problem, nearest
from simnet.expect.grammar import parse
from simnet.expect.lines import Diagnosed, Expectation
from simnet.scenario.matching import captured_names, substituted

_STAND_INS = ("200", "10.0.0.1")  # a number, status or name; an address


def read_line(text: str, place: Place | None = None) -> Expectation:
    """Read one line. Raises ManifestError with what was expected and the nearest valid word, code included."""
    expectation = parse(text, place)
    if isinstance(expectation.claim, Diagnosed):
        for code in expectation.claim.codes:
            if code not in CODES:
                raise _unknown_code(code, text, place)
    return expectation


def check_line(text: str, place: Place) -> None:
    """Raise ManifestError if a story's line cannot be read, whatever its captures will turn out to be.

    Each `{name}` is tried as a number and as an address; a line that fails at the very word that holds one may still be
    right, and is read when the value is known.
    """
    if not captured_names(text):
        read_line(text, place)
        return
    for value in _STAND_INS:
        tried = substituted(text, dict.fromkeys(captured_names(text), value))
        try:
            read_line(tried, place)
        except ManifestError as caught:
            problem = caught.problems[0]
            if value not in _word_at(tried, problem):
                raise ManifestError(Problem(problem.detail, "Syntax", place, suggestion=problem.suggestion,
                                            excerpt=(text,))) from None
        else:
            return


def _word_at(text: str, problem: Problem) -> str:
    column = problem.place.column if problem.place is not None else 1
    return next(iter(text[column - 1:].split()), "")


def _unknown_code(code: str, text: str, place: Place | None) -> ManifestError:
    column = text.index(code, text.index("says")) + 1
    place = replace(place or Place("expectation", 1), column=column)
    return ManifestError(Problem(f"{code!r} is no code of a diagnosis; known are {', '.join(CODES)}", "Syntax", place,
                                 suggestion=nearest(code, CODES), excerpt=(text, " " * (column - 1) + "^")))
