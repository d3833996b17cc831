"""The configuration of the documentation site.

``python -m sphinx -W --keep-going -b html docs build/site`` builds it.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

_DOCS = Path(__file__).parent
_ROOT = _DOCS.parent
sys.path[:0] = [str(_ROOT), str(_DOCS / "_extensions")]

_METADATA = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]

project = "restkit"
author = "The restkit developers"
project_copyright = author
version = release = _METADATA["version"]
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "page_sources",
    "api_pages",
    "markdown_copies",
    "navigation",
    "accessibility",
]
exclude_patterns = ["_extensions", "_static", "_templates"]
templates_path = ["_templates"]

# Pages. The anchors of headings are those that a viewer of Markdown files makes.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]
repository_files = _METADATA["urls"]["Changelog"].removesuffix("/docs/changelog.md")

# Docstrings. A name in single backticks is a link if it is public, else code.
default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
maximum_signature_line_length = 80
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Keys", "Attributes")]

# HTML. Every file that a page loads is beside it.
html_theme = "furo"
html_title = f"restkit {version}"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["restkit.css"]
html_js_files = ["restkit.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
html_use_index = True
html_domain_indices = False
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"
