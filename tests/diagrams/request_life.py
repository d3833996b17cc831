"""The picture of a request's way through restkit."""

from __future__ import annotations

from dataclasses import dataclass

from .drawing import WIDTH, Drawing

__all__ = ["request_life"]

_LEFT, _BOX, _GAP = 28, 284, 14
_FLOW = _LEFT + 20  # the arrows of the request
_LANE = 404  # the line of problems


@dataclass(frozen=True)
class _Stage:
    """One box.

    Attributes:
        name: The heading.
        lines: The work of the stage.
        problems: The statuses of its problems, two on a line.
        kind: The style of the box.
    """

    name: str
    lines: tuple[str, ...]
    problems: tuple[str, ...] = ()
    kind: str = "box"


_OUTSIDE = (
    _Stage("WSGI server", ("reads the socket, makes the environ",)),
    _Stage("App", ("checks Host; HTTPS and CORS, if installed",), ("400",)),
    _Stage("Routing", ("finds the Operation of URL and method",), ("404 405",)),
)
_INSIDE = (
    _Stage("Limits", ("sizes, parallel requests, rate by address",), ("414 431", "429 503")),
    _Stage("Security", ("credentials, rate by caller, permission",), ("401 403", "429")),
    _Stage("Required headers", ("If-Match, Idempotency-Key",), ("400 428",)),
    _Stage("Negotiation", ("Accept, then undeclared query parameters",), ("406 422",)),
    _Stage(
        "Input validation",
        ("strict JSON, then your schemas;", "all errors are in one problem"),
        ("400 413", "415 422"),
    ),
    _Stage("Your method", ("gets valid values, returns plain data",), ("yours",), "own"),
    _Stage("Serialization", ("data to JSON, status, Location, ETag",), ("412",)),
    _Stage("Unit of work", ("COMMIT, before the response starts",), ("409 503",)),
)
_AFTER = (
    _Stage(
        "Contract check",
        ("compares the response with the Operation:", "an error in tests, a log in production"),
    ),
    _Stage("WSGI server", ("sends status, headers and content",)),
)


def request_life() -> str:
    """Draw the stages of a request in their order, and the way of problems."""
    drawing = Drawing(
        "The life of a request: server, App, routing, middleware around limits, security, required "
        "headers, negotiation, input validation, your method, serialization and unit of work; then "
        "the contract check. A problem of any stage goes to the error boundary"
    )
    drawing.text(_LEFT, 26, "request", "strong")
    drawing.text(_LANE + 14, 26, "problem", "strong bad", "end")
    begin = _draw_stages(drawing, _OUTSIDE, 36)
    drawing.text(_FLOW + 14, begin + 15, "Middleware, the outermost first", "strong")
    drawing.arrow([(_FLOW, begin - _GAP), (_FLOW, begin + 28)])
    y = _draw_stages(drawing, _INSIDE, begin + 28)
    _draw_boundary(drawing, y)
    drawing.arrow([(_LANE, 36), (_LANE, y)], "error")
    drawing.box(14, begin - 2, WIDTH - 28, y + 80 - begin, "group")
    drawing.arrow([(_FLOW, y - _GAP), (_FLOW, y + 92)])
    y = _draw_stages(drawing, _AFTER, y + 92)
    drawing.arrow([(_FLOW, y - _GAP), (_FLOW, y)])
    drawing.text(_LEFT, y + 14, "response", "strong")
    return drawing.svg(y + 26)


def _draw_boundary(drawing: Drawing, y: float) -> None:
    """Draw the place where problems become responses, beside the way of the request."""
    left = _FLOW + 50
    drawing.box(left, y, WIDTH - 28 - left, 66, "note")
    drawing.text(left + 10, y + 20, "Error boundary", "strong")
    drawing.text(left + 10, y + 38, "your problem handlers, then a response:", "small")
    drawing.text(left + 10, y + 55, "problem details (RFC 9457) or an HTML page", "small")
    drawing.arrow([(left, y + 33), (_FLOW, y + 33)], "error")


def _draw_stages(drawing: Drawing, stages: tuple[_Stage, ...], y: float) -> float:
    """Draw stages below each other, and return the place below them."""
    for stage in stages:
        if stage is not stages[0]:
            drawing.arrow([(_FLOW, y - _GAP), (_FLOW, y)])
        height = 30 + 17 * len(stage.lines)
        drawing.box(_LEFT, y, _BOX, height, stage.kind)
        drawing.text(_LEFT + 10, y + 20, stage.name, "strong")
        for index, line in enumerate(stage.lines):
            drawing.text(_LEFT + 10, y + 37 + 17 * index, line, "small")
        if stage.problems:
            middle = y + height / 2
            drawing.arrow([(_LEFT + _BOX, middle), (_LANE, middle)], "error")
            for index, text in enumerate(stage.problems):
                drawing.text(_LEFT + _BOX + 12, middle - 6 + 21 * index, text, "mono bad")
        y += height + _GAP
    return y
