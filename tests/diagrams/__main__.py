"""Write docs/images/*.svg."""

from __future__ import annotations

from .pictures import IMAGES, PICTURES

for name, draw in PICTURES.items():
    (IMAGES / name).write_text(draw(), "utf-8")
