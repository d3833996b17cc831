"""A chart as SVG: horizontal bars in groups, on a logarithmic scale,
readable on light and on dark paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "Group", "draw"]

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP = 860, 190, 90, 15, 26
_STYLE = """
 text { font: 12px system-ui, sans-serif; fill: #24292f; }
 .head { font-weight: 600; }
 .small { font-size: 11px; fill: #57606a; }
 .line { stroke: #8c959f; stroke-opacity: .35; }
 .bar { fill: #8c959f; }
 .own { fill: #0969da; }
 .floor { fill: none; stroke: #8c959f; stroke-dasharray: 3 2; }
 .goal { stroke: #bc4c00; stroke-width: 2; }
 @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9198a1; }
  .bar, .line { fill: #6e7681; stroke: #6e7681; }
  .bar { stroke: none; }
  .own { fill: #4493f8; }
  .goal { stroke: #f0883e; }
 }
"""


@dataclass(frozen=True)
class Bar:
    """Is one bar: a name, a value, and its class in the style (``bar``, ``own``, ``floor``)."""

    name: str
    value: float
    kind: str = "bar"


@dataclass(frozen=True)
class Group:
    """Is the bars of one row, and the value that one of them is not to go beyond."""

    title: str
    bars: Sequence[Bar]
    goal: float | None = None


def draw(title: str, unit: str, groups: Sequence[Group]) -> str:
    """Return the chart.

    Args:
        title: Says what is shown, for readers who cannot see it too.
        unit: Of the scale.
        groups: From top to bottom.
    """
    values = [bar.value for group in groups for bar in group.bars]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    span = _WIDTH - _LEFT - _RIGHT

    def x(value: float) -> float:
        return round(_LEFT + span * (math.log10(value) - low) / (high - low), 1)

    body, top = [], 72
    for group in groups:
        body.append(f'<text class="head" x="10" y="{top + 12}">{escape(group.title)}</text>')
        first = top = top + 20
        for bar in group.bars:
            body += _bar(bar, x(bar.value), top)
            top += _BAR + 3
        if group.goal is not None:
            body.append(f'<path class="goal" d="M{x(group.goal)} {first - 2}V{top - 1}"/>')
        top += _GAP - 8
    scale = _scale(range(low, high + 1), x, top)
    return _page(title, unit, [*scale, *body], top + 30)


def _bar(bar: Bar, end: float, top: float) -> list[str]:
    text = f"{bar.value:,.0f}" if bar.value >= 10 else f"{bar.value:.1f}"
    return [
        f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(bar.name)}</text>',
        (
            f'<rect class="{bar.kind}" x="{_LEFT}" y="{top}" '
            f'width="{max(1, round(end - _LEFT, 1))}" height="{_BAR}"/>'
        ),
        f'<text class="small" x="{end + 5}" y="{top + 12}">{text}</text>',
    ]


def _scale(powers: range, x: Callable[[float], float], bottom: float) -> list[str]:
    lines = []
    for power in powers:
        place = x(10.0**power)
        lines.append(f'<path class="line" d="M{place} 60V{bottom}"/>')
        lines += [
            f'<text class="small" x="{place}" y="{y}" text-anchor="middle">{10**power:,}</text>'
            for y in (54, bottom + 14)
        ]
    return lines


def _page(title: str, unit: str, content: list[str], height: float) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text class="head" x="10" y="20">{escape(title)}</text>',
        f'<text class="small" x="10" y="36">{escape(unit)}</text>',
        *content,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
