"""All possible traces of one request, with exact probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import ClassVar, overload

from simnet.dataplane.step import Trace

Branch = tuple[Fraction, Trace]


class Outcomes(Sequence[Branch]):
    """Pairs (probability, trace); the probabilities add up to 1."""

    _repr_svg_: ClassVar[Callable[[Outcomes], str]]  # both from explain.notebook
    _repr_html_: ClassVar[Callable[[Outcomes], str]]

    def __init__(self, branches: tuple[Branch, ...]) -> None:
        self._branches = branches

    @overload
    def __getitem__(self, index: int) -> Branch: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Branch, ...]: ...
    def __getitem__(self, index: int | slice) -> Branch | tuple[Branch, ...]:
        return self._branches[index]

    def __len__(self) -> int:
        return len(self._branches)

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._branches)

    @property
    def traces(self) -> tuple[Trace, ...]:
        return tuple(trace for _, trace in self._branches)

    @property
    def results(self) -> dict[str, Fraction]:
        """Probability of each result word: open, refused, timeout ..., or the HTTP status as text."""
        return _summed((trace.result, share) for share, trace in self._branches)

    @property
    def endpoints(self) -> dict[str, Fraction]:
        """Probability of each receiver, `address:port`; branches that nobody received are left out."""
        return _summed((trace.endpoint.text, share) for share, trace in self._branches if trace.endpoint is not None)

    def __repr__(self) -> str:
        return f"<Outcomes {', '.join(f'{word}: {share}' for word, share in self.results.items())}>"


def _summed(pairs: Iterable[tuple[str, Fraction]]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for word, share in pairs:
        total[word] = total.get(word, Fraction(0)) + share
    return total
