"""What the site changes in the Markdown of a page before it reads it.

- A fence with ``title="shop.py"`` behind its language has the title as its caption. The tests write
  such a block to the file of that name.
- A link to a file outside of the documentation leads to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["setup", "with_captions", "with_repository_links"]

_TITLED = re.compile(r'^```(?P<language>[a-z]+) title="(?P<title>[^"\n]+)"$', re.MULTILINE)
_UPWARD = re.compile(r"\]\((?P<path>\.\./[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_LEXERS = {"html": "html+jinja"}


def with_captions(text: str) -> str:
    """Return a page whose fences with a title are code blocks with a caption."""
    return _TITLED.sub(_captioned, text)


def _captioned(fence: re.Match[str]) -> str:
    lexer = _LEXERS.get(fence["language"], fence["language"])
    return f"```{{code-block}} {lexer}\n:caption: {fence['title']}\n"


def with_repository_links(text: str, page: Path, docs: Path, repository: str) -> str:
    """Return a page whose links to files outside of the documentation are URLs.

    Args:
        text: The Markdown of the page.
        page: The file of the page.
        docs: The folder of the documentation.
        repository: The URL of the repository's files.
    """

    def led_outside(link: re.Match[str]) -> str:
        target = (page.parent / link["path"]).resolve()
        if target.is_relative_to(docs) or not target.exists():
            return link[0]
        return f"]({repository}/{target.relative_to(docs.parent).as_posix()}{link['anchor'] or ''})"

    return _UPWARD.sub(led_outside, text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Change every page that is read."""
    app.add_config_value("repository_files", "", "env")
    app.connect("source-read", _change)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _change(app: Sphinx, page: str, source: list[str]) -> None:
    docs = Path(app.srcdir)
    file = Path(app.env.doc2path(page))
    text = with_repository_links(source[0], file, docs, app.config.repository_files)
    source[0] = with_captions(text)
