"""Pictures of exchanges: who sends what to whom, from the top to the bottom."""

from __future__ import annotations

from dataclasses import dataclass

from .drawing import WIDTH, Drawing

__all__ = ["Message", "Note", "draw_sequence"]

_EDGE = 8
_LETTER = 7.3  # the width of a letter of fixed width


@dataclass(frozen=True)
class Message:
    """An arrow between two lanes with its text above it.

    Attributes:
        source: The lane that sends.
        target: The lane that receives.
        lines: The text.
        kind: Empty for a request; ``reply``, or ``good`` and ``bad`` with a color, for a response;
            ``lost`` for a response that does not arrive.
    """

    source: int
    target: int
    lines: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Note:
    """A box with text.

    Attributes:
        lane: The lane in the middle of the box; None for a box over all lanes.
        lines: The text.
        kind: The style of the box.
    """

    lane: int | None
    lines: tuple[str, ...]
    kind: str = "note"


def draw_sequence(title: str, lanes: tuple[str, ...], steps: list[Message | Note]) -> str:
    """Draw an exchange.

    Args:
        title: The title of the picture.
        lanes: The names of who takes part, from the left.
        steps: Messages and notes in their order.
    """
    drawing = Drawing(title)
    places = _places(lanes)
    bottom = 54 + sum(_height(each) for each in steps)
    for x, name in zip(places, lanes, strict=True):
        drawing.line([(x, 40), (x, bottom)], "life")
        width = len(name) * 7.5 + 16
        drawing.box(x - width / 2, 14, width, 26, "own")
        drawing.text(x, 31, name, "strong", "middle")
    y = 48.0
    for step in steps:
        if isinstance(step, Note):
            _draw_note(drawing, step, places, y)
        else:
            _draw_message(drawing, step, places, y)
        y += _height(step)
    return drawing.svg(bottom + 14)


def _places(lanes: tuple[str, ...]) -> list[float]:
    """Return the middle of each lane, so that the outer names are inside of the picture."""
    first = len(lanes[0]) * 7.5 / 2 + 8 + _EDGE
    last = WIDTH - len(lanes[-1]) * 7.5 / 2 - 8 - _EDGE
    step = (last - first) / (len(lanes) - 1)
    return [round(first + index * step) for index in range(len(lanes))]


def _height(step: Message | Note) -> int:
    return len(step.lines) * 16 + (30 if isinstance(step, Note) else 20)


def _draw_message(drawing: Drawing, step: Message, places: list[float], y: float) -> None:
    source, target = places[step.source], places[step.target]
    middle = (source + target) / 2
    width = max(map(len, step.lines)) * _LETTER
    middle = min(max(middle, _EDGE + width / 2), WIDTH - _EDGE - width / 2)
    for index, line in enumerate(step.lines):
        colored = f"mono halo {step.kind}" if step.kind and index == 0 else "mono halo"
        drawing.text(middle, y + 16 + index * 16, line, colored, "middle")
    below = y + len(step.lines) * 16 + 9
    if step.kind == "lost":
        end = source + (target - source) * 0.45
        drawing.line([(source, below), (end, below)], "error")
        drawing.line([(end - 5, below - 5), (end + 5, below + 5)], "error")
        drawing.line([(end - 5, below + 5), (end + 5, below - 5)], "error")
    else:
        kind = "error" if step.kind == "bad" else "line"
        drawing.arrow([(source, below), (target, below)], f"{kind} dashed" if step.kind else kind)


def _draw_note(drawing: Drawing, step: Note, places: list[float], y: float) -> None:
    width = max(map(len, step.lines)) * 7.2 + 20
    middle = WIDTH / 2 if step.lane is None else places[step.lane]
    middle = min(max(middle, _EDGE + width / 2), WIDTH - _EDGE - width / 2)
    drawing.box(middle - width / 2, y + 8, width, len(step.lines) * 16 + 10, step.kind)
    for index, line in enumerate(step.lines):
        drawing.text(middle, y + 25 + index * 16, line, "", "middle")
