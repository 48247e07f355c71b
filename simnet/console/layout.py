"""Columns: the two ways in which kubectl lines up text.

`aligned` is Go's text/tabwriter: a cell ends at a tab, and a column is a run of consecutive lines that have a cell
there, so lines without one separate columns. `table` is what `kubectl get` prints with it: three blanks between
columns, at least six characters wide, nothing after the last cell.

Source: golang text/tabwriter (elastic tabstops); kubernetes/cli-runtime pkg/printers/tabwriter.go (6, 4, 3);
kubernetes/kubectl pkg/describe/describe.go tabbedString (0, 8, 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def aligned(text: str, padding: int = 2, least: int = 0) -> str:
    """`text` with its tabs replaced by blanks. `least` is the smallest width of a column, padding included."""
    lines = [line.split("\t") for line in text.split("\n")]
    widths = [[0] * (len(cells) - 1) for cells in lines]
    for column in range(max(len(cells) for cells in lines) - 1):
        _measure(lines, widths, column, padding, least)
    return "\n".join("".join([cell.ljust(width) for cell, width in zip(cells, row, strict=False)] + [cells[-1]])
                     for cells, row in zip(lines, widths, strict=True))


def _measure(lines: Sequence[Sequence[str]], widths: list[list[int]], column: int, padding: int, least: int) -> None:
    """Set the width of every run of lines that have a cell ended by a tab in `column`."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and len(lines[end]) > column + 1:
            end += 1
        if end > start:
            width = max(least, padding + max(len(cells[column]) for cells in lines[start:end]))
            for row in widths[start:end]:
                row[column] = width
        start = end + 1


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as `kubectl get` prints it; `headers` empty for none (`--no-headers`). Ends with a line break."""
    lines = [headers, *rows] if headers else list(rows)
    return aligned("".join("\t".join(line) + "\n" for line in lines), padding=3, least=6)
