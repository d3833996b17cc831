"""`Page`: the template that renders a response, as a declaration."""

from __future__ import annotations

from .declaration_checks import check_text
from .errors import DeclarationError
from .records import Record

__all__ = ["FormRequested", "Page", "page_of"]

_TYPE_OF = {
    "txt": "text/plain",
    "md": "text/markdown",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "csv": "text/csv",
    "css": "text/css",
    "js": "text/javascript",
}


class FormRequested(Exception):  # it is no error
    """Raised when a form asks for its page with another row of a list."""


class Page(Record):
    """The template that renders the content of a response.

    Attributes:
        template: The name of the template.
        block: The block of the template that is the content; the whole template if it is "".
        streamed: Whether it is sent while it is rendered, after the provided values are closed.
    """

    template: str
    block: str = ""
    streamed: bool = False

    @property
    def media_types(self) -> tuple[str]:
        """The media type by the extension of the template, before ``.jinja`` or ``.j2``."""
        name = self.template.lower().removesuffix(".jinja").removesuffix(".j2")
        return (_TYPE_OF.get(name.rpartition(".")[2], "text/html"),)


def page_of(template: str | None, block: str, declared_at: str) -> Page:
    """Return the page of a declared template.

    Raises:
        DeclarationError: The template is not a string, or a block is given without a template.
    """
    if template is None:
        raise DeclarationError(
            f"{declared_at} has block={block!r}, but no template. Write template='book.html'."
        )
    check_text(template, f"template of {declared_at}", "book.html")
    if block:
        check_text(block, f"block of {declared_at}", "rows")
    return Page(template, block)
