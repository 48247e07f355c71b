"""Pictures as SVG: boxes in columns, arrows between them. Nothing but text is needed to look at one.

The same picture gives the same bytes. Colours say little and are never alone: what is lit is thicker too, what is missing
or goes wrong is dashed too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

PLAIN, LIT, MISSING = "plain", "lit", "missing"
_CHARACTER, _LINE, _GAP, _BETWEEN, _MARGIN = 7, 16, 14, 90, 16
_STROKES = {PLAIN: ("#5b6b7b", "1", ""), LIT: ("#c2410c", "3", ""), MISSING: ("#b91c1c", "1.5", ' stroke-dasharray="5 4"')}
_FILLS = {"outside": "#f3f4f6", "node": "#e0f2fe", "controller": "#fef3c7", "service": "#ede9fe", "pod": "#dcfce7",
          "result": "#ffffff"}


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: `lines` are its texts, the first the name; `sort` chooses the filling; `style` plain, lit or missing."""

    name: str
    column: int
    lines: tuple[str, ...]
    sort: str = "pod"
    style: str = PLAIN

    @property
    def width(self) -> int:
        return _CHARACTER * max(map(len, self.lines)) + 20

    @property
    def height(self) -> int:
        return _LINE * len(self.lines) + 12


@dataclass(frozen=True, slots=True)
class Arrow:
    start: str
    end: str
    label: str = ""
    style: str = PLAIN


@dataclass(frozen=True, slots=True)
class Picture:
    """`boxes` of a column stand in the order given; `headings` are the columns' titles, '' for none."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...] = ()
    headings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Placed:
    """Where a box is: its left upper corner."""

    box: Box
    x: int = 0
    y: int = 0

    @property
    def middle(self) -> int:
        return self.y + self.box.height // 2


@dataclass(slots=True)
class _Sheet:
    placed: dict[str, _Placed] = field(default_factory=dict)
    lefts: list[int] = field(default_factory=list)
    width: int = 0
    height: int = 0


def draw(picture: Picture) -> str:
    """The picture as one SVG element. Cost: O(boxes + arrows)."""
    sheet = _sheet(picture)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width} {sheet.height}" width="{sheet.width}" '
             f'height="{sheet.height}" role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">',
             f"<title>{escape(picture.title)}</title>", f'<rect width="{sheet.width}" height="{sheet.height}" fill="#ffffff"/>',
             "<defs>" + "".join(_head(style) for style in _STROKES) + "</defs>",
             _text(_MARGIN, _MARGIN + 10, picture.title, ' font-weight="bold"')]
    parts += [_text(left, 2 * _MARGIN + 24, heading, ' fill="#5b6b7b"')
              for left, heading in zip(sheet.lefts, picture.headings, strict=False) if heading]
    parts += [_arrow(sheet.placed, arrow) for arrow in sorted(picture.arrows, key=lambda each: each.style == LIT)
              if arrow.start in sheet.placed and arrow.end in sheet.placed]
    parts += [_box(each) for each in sheet.placed.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _sheet(picture: Picture) -> _Sheet:
    """Columns from left to right, each as wide as its widest box and centred against the highest."""
    columns: dict[int, list[Box]] = {}
    for box in picture.boxes:
        columns.setdefault(box.column, []).append(box)
    top = 3 * _MARGIN + (24 if any(picture.headings) else 4)
    highest = max((_height(boxes) for boxes in columns.values()), default=0)
    sheet, left = _Sheet(), _MARGIN
    for column in range(max(columns, default=-1) + 1):
        boxes = columns.get(column, [])
        heading = picture.headings[column] if column < len(picture.headings) else ""
        sheet.lefts.append(left)
        y = top + (highest - _height(boxes)) // 2
        for box in boxes:
            sheet.placed[box.name] = _Placed(box, left, y)
            y += box.height + _GAP
        if boxes:
            left += max(_CHARACTER * len(heading), max(box.width for box in boxes)) + _BETWEEN
    sheet.width = max(left - _BETWEEN, _CHARACTER * (len(picture.title) + 4)) + _MARGIN
    sheet.height = top + highest + _MARGIN
    return sheet


def _height(boxes: Sequence[Box]) -> int:
    return sum(box.height + _GAP for box in boxes) - _GAP if boxes else 0


def _box(placed: _Placed) -> str:
    box = placed.box
    stroke, width, dashes = _STROKES[box.style]
    texts = "".join(_text(placed.x + 10, placed.y + 18 + index * _LINE, line, ' font-weight="bold"' if not index else "")
                    for index, line in enumerate(box.lines))
    frame = (f'<rect x="{placed.x}" y="{placed.y}" width="{box.width}" height="{box.height}" rx="6" '
             f'fill="{_FILLS[box.sort]}" stroke="{stroke}" stroke-width="{width}"{dashes}/>')
    return f"<g><title>{escape(box.name)}</title>{frame}{texts}</g>"


def _arrow(placed: Mapping[str, _Placed], arrow: Arrow) -> str:
    """A curve from the right edge of one box to the left edge of another; inside a column or backwards around the side."""
    start, end = placed[arrow.start], placed[arrow.end]
    stroke, width, dashes = _STROKES[arrow.style]
    x1, y1, y2 = start.x + start.box.width, start.middle, end.middle
    if end.x > start.x:
        x2, bend = end.x, (end.x - x1) // 2
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 2} {y2}"
    elif end.x == start.x:
        x2 = end.x + end.box.width
        path = f"M{x1} {y1} C{x1 + 40} {y1} {x2 + 40} {y2} {x2 + 2} {y2}"
    else:
        x1, x2 = start.x, end.x + end.box.width
        bend = (x1 - x2) // 2
        path = f"M{x1} {y1} C{x1 - bend} {y1} {x2 + bend} {y2} {x2 + 2} {y2}"
    label = _text((x1 + x2) // 2, (y1 + y2) // 2 - 4, arrow.label, ' fill="#374151" font-size="10" text-anchor="middle"')
    return (f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"{dashes} '
            f'marker-end="url(#head-{arrow.style})"/>' + (label if arrow.label else ""))


def _head(style: str) -> str:
    return (f'<marker id="head-{style}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{_STROKES[style][0]}"/></marker>')


def _text(x: int, y: int, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}"{more}>{escape(text)}</text>'


def page(pictures: Iterable[str], text: str = "") -> str:
    """SVG elements and a text below them as a piece of HTML; wide ones can be scrolled."""
    figures = "".join(f'<div style="overflow-x:auto">{picture}</div>' for picture in pictures)
    return figures + (f"<pre>{escape(text)}</pre>" if text else "")
