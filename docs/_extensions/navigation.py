"""The navigation of every page: the tree of all pages, as HTML.

Sphinx makes it by copying the headings of all pages for every page, which takes most of the time of
a build. The tree has the titles alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Give the tree to the theme, which asks for it when a page is written."""
    app.connect("html-page-context", _replace, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _replace(
    app: Sphinx, page: str, template: str, context: dict[str, object], doctree: nodes.document
) -> None:
    context["toctree"] = lambda **options: _tree(app, page, app.config.root_doc)


def _tree(app: Sphinx, page: str, parent: str) -> str:
    """Return the pages below a page as a list; those on the way to the page are marked."""
    children = app.env.toctree_includes.get(parent, [])
    if not children:
        return ""
    marked = {page, *_ancestors(app, page)}
    items = [
        f'<li class="toctree-l1{" current" if each in marked else ""}">'
        f"{_link(app, page, each)}{_tree(app, page, each)}</li>"
        for each in children
    ]
    return f"<ul>{''.join(items)}</ul>"


def _ancestors(app: Sphinx, page: str) -> list[str]:
    includes = app.env.toctree_includes
    found: list[str] = []
    while parents := [each for each in includes if page in includes[each] and each not in found]:
        page = parents[0]
        found.append(page)
    return found


def _link(app: Sphinx, page: str, target: str) -> str:
    builder = app.builder
    url = "#" if page == target else builder.get_relative_uri(page, target)
    here = ' aria-current="page"' if page == target else ""
    title = escape(app.env.titles[target].astext())
    return f'<a class="reference internal" href="{escape(url)}"{here}>{title}</a>'
