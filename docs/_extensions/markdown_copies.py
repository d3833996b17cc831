"""The Markdown of each page beside its HTML, and their index ``llms.txt``."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from api_pages import with_markdown
from page_sources import with_repository_links
from sphinx import addnodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["setup"]

_FENCE = re.compile(r"^```.*?^```$\n?", re.MULTILINE | re.DOTALL)
_TOCTREE = re.compile(r"^```\{toctree\}\n.*?^```$", re.MULTILINE | re.DOTALL)
_BLOCK_ATTRIBUTES = re.compile(r"^\{\.[\w-]+\}\n", re.MULTILINE)
_PROSE = re.compile(r"(?!\d+\. |\*{3}|- )[\w`\[*]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def setup(app: Sphinx) -> dict[str, bool]:
    """Link the Markdown from every page, and write it when the site is built."""
    app.connect("html-page-context", _link)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _link(
    app: Sphinx, page: str, template: str, context: dict[str, object], doctree: nodes.document
) -> None:
    context["markdown_copy"] = f"{page.rpartition('/')[2]}.md" if doctree else ""


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    for page in sorted(app.env.all_docs):
        file = folder / f"{page}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_markdown_of(app, page), "utf-8")
    (folder / "llms.txt").write_text(_index(app), "utf-8")


def _title_of(env: BuildEnvironment, page: str) -> str:
    return env.titles[page].astext()


def _markdown_of(app: Sphinx, page: str) -> str:
    """Return the Markdown of a page: its lists of pages as links, its public names as entries."""
    env, docs = app.env, Path(app.srcdir)
    file = Path(env.doc2path(page))
    text = file.read_text("utf-8")
    if _TOCTREE.search(text):
        trees = iter(list(env.get_doctree(page).findall(addnodes.toctree)))
        text = _TOCTREE.sub(lambda block: _list_of(env, page, next(trees)), text)
    text = _BLOCK_ATTRIBUTES.sub("", text)
    text = with_markdown(text, app.config.version, lambda each: _title_of(env, each))
    return with_repository_links(text, file, docs, app.config.repository_files)


def _list_of(env: BuildEnvironment, page: str, tree: addnodes.toctree) -> str:
    folder = posixpath.dirname(page) or "."
    links = [(each, posixpath.relpath(each, folder)) for each in tree["includefiles"]]
    return "\n".join(f"- [{_title_of(env, each)}]({path}.md)" for each, path in links)


def _index(app: Sphinx) -> str:
    """Return ``llms.txt``: a section for each page of the front page's list, and its pages."""
    env = app.env
    parts = [f"# {app.config.project}", f"> {_summary_of(env, env.config.root_doc)}"]
    loose = [page for page in env.toctree_includes["index"] if page not in env.toctree_includes]
    parts.append("\n".join(_line(env, page) for page in loose))
    for section in env.toctree_includes["index"]:
        if section in env.toctree_includes:
            pages = [section, *_below(env, section)]
            lines = [_line(env, page) for page in pages]
            parts.append(f"## {_title_of(env, section)}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _below(env: BuildEnvironment, page: str) -> Iterator[str]:
    for each in env.toctree_includes.get(page, ()):
        yield each
        yield from _below(env, each)


def _line(env: BuildEnvironment, page: str) -> str:
    summary = _summary_of(env, page)
    return f"- [{_title_of(env, page)}]({page}.md)" + (f": {summary}" if summary else "")


def _summary_of(env: BuildEnvironment, page: str) -> str:
    """Return the first sentence of a page, as plain text."""
    text = _FENCE.sub("", Path(env.doc2path(page)).read_text("utf-8"))
    paragraphs = [each for each in re.split(r"\n{2,}", text) if _PROSE.match(each)]
    first = " ".join(paragraphs[0].split()) if paragraphs else ""
    plain = _LINK.sub(r"\1", first)
    return re.split(r"(?<=[.:]) (?=[A-Z])", plain)[0].rstrip(":")
