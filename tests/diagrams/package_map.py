"""The picture of the packages, from the contract of layers that ``lint-imports`` checks."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .drawing import WIDTH, Drawing

__all__ = ["package_map"]

_ROOT = Path(__file__).parents[2]
_CORE = {"dispatch", "operations", "routing", "parsing", "rendering", "schemas", "http"}
_NOUNS = {"app", "resource", "request", "response", "problems", "contract", "middleware", "errors"}
_NOUNS |= {"decorators", "settings"}
_LEFT, _HEIGHT, _GAP = 64, 26, 8


def package_map() -> str:
    """Draw the packages, and some modules that users know, on their layers."""
    drawing = Drawing(
        "The packages of restkit on their layers, from cli/ at the top to errors.py at the bottom; "
        "a package imports only from layers below its own"
    )
    drawing.text(16, 28, "Imports go down only: a layer knows nothing of those above it.")
    y = _draw_legend(drawing, 42.0)
    top = y
    for names in _layers():
        y = _draw_layer(drawing, names, y)
    drawing.arrow([(32, top), (32, y - 6)])
    return drawing.svg(y + 8)


def _layers() -> list[list[str]]:
    """Return the names of each layer that has one to draw, from the top."""
    data = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    contract = data["tool"]["importlinter"]["contracts"][0]
    found = []
    for layer in contract["layers"]:
        names = [name.strip(" ()") for name in layer.split("|")]
        drawn = [name for name in names if name in _NOUNS or _is_package(name)]
        if drawn:
            found.append(sorted(drawn, key=lambda name: (name not in _CORE, name in _NOUNS, name)))
    return found


def _is_package(name: str) -> bool:
    return (_ROOT / "restkit" / name / "__init__.py").exists()


def _kind(name: str) -> str:
    if name in _CORE:
        return "own"
    return "note" if name in _NOUNS else "box"


def _draw_legend(drawing: Drawing, y: float) -> float:
    x = 16.0
    for kind, text in (("own", "core"), ("note", "module of the root"), ("box", "other package")):
        drawing.box(x, y + 4, 14, 14, kind)
        drawing.text(x + 20, y + 16, text, "small")
        x += 44 + len(text) * 6.5
    return y + 34


def _draw_layer(drawing: Drawing, names: list[str], y: float) -> float:
    """Draw one layer, in two rows if it is full, and return the place below it."""
    x: float = _LEFT
    for name in names:
        label = f"{name}.py" if name in _NOUNS else f"{name}/"
        width = len(label) * 7.3 + 16
        if x + width > WIDTH - 12:
            x, y = _LEFT, y + _HEIGHT + 4
        drawing.box(x, y, width, _HEIGHT, _kind(name))
        drawing.text(x + width / 2, y + 17, label, "mono", "middle")
        x += width + _GAP
    y += _HEIGHT + _GAP
    drawing.line([(_LEFT, y), (WIDTH - 12, y)], "life")
    return y + _GAP
