"""Columns as Go's text/tabwriter and kubectl make them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simnet.console.layout import aligned, table


def test_a_table_has_three_blanks_between_columns_and_none_at_the_end() -> None:
    rows = [["web-1", "1/1", "Running"], ["database-0", "0/1", "Pending"]]
    assert table(["NAME", "READY", "STATUS"], rows) == (
        "NAME         READY   STATUS\n"
        "web-1        1/1     Running\n"
        "database-0   0/1     Pending\n")


def test_a_column_is_at_least_six_wide() -> None:
    """Source: kubernetes/cli-runtime pkg/printers/tabwriter.go: minwidth 6, padding 3."""
    assert table(["A", "B"], [["x", "y"]]) == "A     B\nx     y\n"


def test_no_headers() -> None:
    assert table([], [["a", "b"]]) == "a     b\n"


def test_a_line_without_a_cell_separates_columns() -> None:
    """Source: golang text/tabwriter: a column is a block of consecutive lines with a tab-terminated cell."""
    assert aligned("Name:\tweb\nRules:\n  Host\tPath\n  shop.example.test\t/\n") == (
        "Name:  web\nRules:\n  Host               Path\n  shop.example.test  /\n")


def test_an_empty_cell_takes_the_padding_only() -> None:
    assert aligned("\ta\n\tb\n") == "  a\n  b\n"


@given(st.lists(st.lists(st.text("abc ", max_size=4), min_size=1, max_size=4), min_size=1, max_size=6))
def test_alignment_changes_nothing_but_blanks(rows: list[list[str]]) -> None:
    text = "\n".join("\t".join(row) for row in rows)
    assert aligned(text).replace(" ", "") == text.replace("\t", "").replace(" ", "")
    assert len(aligned(text).split("\n")) == len(rows)
