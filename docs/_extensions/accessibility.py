"""Changes of the HTML of Sphinx that tools for accessibility ask for.

A signature on several lines is a ``dl`` without ``dt``, which no reader of the screen understands.
It becomes plain spans, which the style sheet puts on lines of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["setup"]

_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
_SPANS = {
    "<dl>": '<span class="sig-lines">',
    "<dd>": '<span class="sig-line">',
    "</dl>": "</span>",
    "</dd>": "</span>",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Change the content of every page before it is written."""
    app.connect("html-page-context", _change)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _change(
    app: Sphinx, page: str, template: str, context: dict[str, object], doctree: nodes.document
) -> None:
    body = context.get("body")
    if isinstance(body, str):
        context["body"] = _SIGNATURE.sub(_with_spans, body)


def _with_spans(signature: re.Match[str]) -> str:
    text = signature[0]
    for tag, span in _SPANS.items():
        text = text.replace(tag, span)
    return text
