"""Boxes, arrows and text as SVG, with the colors of a light and of a dark page."""

from __future__ import annotations

import html

__all__ = ["WIDTH", "Drawing"]

WIDTH = 440  # on a phone, a picture of this width is still large enough to read

_STYLE = """
 text { font: 13px system-ui, sans-serif; fill: #24292f; }
 .small { font-size: 12px; fill: #57606a; }
 .mono { font: 12px ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
 .strong { font-weight: 600; }
 .bad { fill: #b3261e; }
 .good { fill: #1a6b34; }
 .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round; }
 .page { fill: #ffffff; stroke: #d0d7de; }
 .box { fill: #f6f8fa; stroke: #8c959f; }
 .own { fill: #ddf4ff; stroke: #0969da; }
 .note { fill: #fff8c5; stroke: #9a6700; }
 .screen { fill: #10161d; stroke: #57606a; }
 .printed { fill: #d5dce3; }
 .typed { fill: #7ee2a0; }
 .group { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; }
 .line { fill: none; stroke: #57606a; stroke-width: 1.5; }
 .dashed { stroke-dasharray: 4 3; }
 .life { stroke: #8c959f; stroke-dasharray: 2 3; }
 .error { fill: none; stroke: #b3261e; stroke-width: 1.5; }
 .head { fill: #57606a; }
 .errorhead { fill: #b3261e; }
 @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9da7b3; }
  .printed { fill: #d5dce3; }
  .typed { fill: #7ee2a0; }
  .bad { fill: #ff9389; }
  .good { fill: #6fdd8b; }
  .halo { stroke: #0d1117; }
  .page { fill: #0d1117; stroke: #3d444d; }
  .box { fill: #1c232b; stroke: #6e7681; }
  .own { fill: #10243e; stroke: #4493f8; }
  .note { fill: #2b2410; stroke: #bf8700; }
  .line { stroke: #9da7b3; }
  .error { stroke: #ff9389; }
  .head { fill: #9da7b3; }
  .errorhead { fill: #ff9389; }
 }
"""


class Drawing:
    """A picture that grows by shapes and text; coordinates are pixels from the upper left."""

    def __init__(self, title: str) -> None:
        """Begin an empty picture.

        Args:
            title: The title that a screen reader reads.
        """
        self._title = title
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """Write one line.

        Args:
            x: The position of the anchor.
            y: The base line.
            text: The text.
            kind: The classes of its style.
            anchor: ``start``, ``middle`` or ``end``.
        """
        given = f' class="{kind}"' if kind else ""
        given += f' text-anchor="{anchor}"' if anchor != "start" else ""
        given += ' xml:space="preserve"' if "  " in text or text.startswith(" ") else ""
        self._parts.append(f'<text x="{x:g}" y="{y:g}"{given}>{_escaped(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a rectangle with round corners."""
        self._parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            'rx="5"/>'
        )

    def line(self, points: list[tuple[float, float]], kind: str = "line") -> None:
        """Draw a line through points."""
        path = "L".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path class="{kind}" d="M{path}"/>')

    def arrow(self, points: list[tuple[float, float]], kind: str = "line") -> None:
        """Draw a line through points, with a head at its end.

        The last part of the line is horizontal or vertical.
        """
        self.line(points, kind)
        (from_x, from_y), (x, y) = points[-2:]
        if from_y == y:
            back = x - 8 if x > from_x else x + 8
            head = [(x, y), (back, y - 4), (back, y + 4)]
        else:
            back = y - 8 if y > from_y else y + 8
            head = [(x, y), (x - 4, back), (x + 4, back)]
        path = "L".join(f"{each:g} {other:g}" for each, other in head)
        name = "errorhead" if "error" in kind else "head"
        self._parts.append(f'<path class="{name}" d="M{path}Z"/>')

    def svg(self, height: float) -> str:
        """Return the picture as a file.

        Args:
            height: The height of the whole picture.
        """
        title = _escaped(self._title)
        size = f'width="{WIDTH}" height="{height:g}" viewBox="0 0 {WIDTH} {height:g}"'
        page = (
            f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1:g}" rx="8"/>'
        )
        top = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">'
        style = f"<style>{_STYLE}</style>"
        return "\n".join([top, f"<title>{title}</title>", style, page, *self._parts, "</svg>", ""])


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
