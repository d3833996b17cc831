"""The API pages: an entry for each public name, made from its docstring.

A page names its module in a block of the language ``{public-names}``. For the site the block
becomes directives of autodoc, for the Markdown beside the page it becomes Markdown.
"""

from __future__ import annotations

import builtins
import inspect
import re
from textwrap import indent
from typing import TYPE_CHECKING

from name_examples import example_of
from public_names import (
    MODULES,
    PublicName,
    description_of,
    names_of,
    recorded_members,
    since,
    uses_of,
)
from sphinx import addnodes
from sphinx.util.inspect import signature, stringify_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["setup", "with_directives", "with_markdown"]

_NAMES = re.compile(r"^```\{public-names\} (?P<module>[\w.]+)\n```$", re.MULTILINE)
_SHORTENED = re.compile(r"~(?:\w+\.)+")
_MODULES_TABLE = re.compile(r"^```\{public-modules\}\n```$", re.MULTILINE)


def with_directives(text: str, version: str) -> str:
    """Return a page whose blocks are directives of autodoc."""
    text = _NAMES.sub(lambda block: _directives(block["module"]), text)
    return _MODULES_TABLE.sub(_modules(version), text)


def with_markdown(text: str, version: str, title_of: Callable[[str], str]) -> str:
    """Return a page whose blocks are Markdown.

    Args:
        text: The Markdown of the page.
        version: The version of the package.
        title_of: A function that returns the title of a page.
    """

    def entries(block: re.Match[str]) -> str:
        names = names_of(block["module"])
        return "\n\n".join(_markdown(each, title_of) for each in names)

    return _MODULES_TABLE.sub(_modules(version), _NAMES.sub(entries, text))


def _directives(module: str) -> str:
    lines = [f".. py:module:: {module}", *map(_directive, names_of(module))]
    return "```````{eval-rst}\n" + "\n\n".join(lines) + "\n```````"


def _directive(name: PublicName) -> str:
    uses = ", ".join(f":doc:`/{page}`" for page in uses_of(name))
    used = f"**Used in:** {uses}" if uses else ""
    head = _head_of(name)
    body = [] if head.startswith(".. auto") else [description_of(name)]
    body += [_example(name), used, f".. versionadded:: {since(name)}"]
    return "\n\n".join([head, *(indent(each, "   ") for each in body if each)])


def _example(name: PublicName) -> str:
    example = example_of(name)
    if example is None:
        return ""
    lead = f"**Example** of :doc:`/{example.page}`:"
    return f"{lead}\n\n.. code-block:: python\n\n{indent(example.code, '   ')}"


def _head_of(name: PublicName) -> str:
    if name.kind == "data":
        return f".. py:data:: {name.name}"
    if name.kind == "function":
        is_plain = inspect.isroutine(name.value)
        return f".. autofunction:: {name.path}" if is_plain else _function(name)
    bases = getattr(name.value, "__bases__", ())
    options = [] if bases == (object,) else ["   :show-inheritance:"]
    if members := recorded_members(name):
        options += [f"   :members: {', '.join(members)}", "   :undoc-members:"]
    return "\n".join([f".. auto{name.kind}:: {name.path}", *options])


def _function(name: PublicName) -> str:
    return f".. py:function:: {name.name}{_signature_of(name.value)}"


def _signature_of(value: object) -> str:
    """Return the parameters with their types, or an empty text if there are none to see."""
    try:
        found = signature(value)  # type: ignore[arg-type]  # a class or a function
    except (TypeError, ValueError):
        return ""
    return _SHORTENED.sub("", stringify_signature(found, unqualified_typehints=True))


def _markdown(name: PublicName, title_of: Callable[[str], str]) -> str:
    has_signature = name.kind in ("class", "exception", "function")
    parameters = _signature_of(name.value) if has_signature else ""
    parts = [f"## {name.path}", f"```python\n{name.name}{parameters}\n```", description_of(name)]
    parts += [_member(name, each) for each in recorded_members(name)]
    if example := example_of(name):
        link = f"[{title_of(example.page)}](../../{example.page}.md)"
        parts.append(f"Example of {link}:\n\n```python\n{example.code}\n```")
    if uses := uses_of(name):
        links = [f"[{title_of(page)}](../../{page}.md)" for page in uses]
        parts.append(f"Used in: {', '.join(links)}")
    parts.append(f"New in version {since(name)}.")
    return "\n\n".join(part for part in parts if part)


def _member(name: PublicName, member: str) -> str:
    value = inspect.getattr_static(name.value, member)
    plain = getattr(value, "__func__", value)
    if not inspect.isfunction(plain):
        return f"### {name.name}.{member}\n\n`{member} = {plain!r}`"
    code = f"```python\n{member}{_signature_of(plain)}\n```"
    return f"### {name.name}.{member}\n\n{code}\n\n{inspect.getdoc(plain) or ''}".rstrip()


def _modules(version: str) -> str:
    """Return the table of the modules, and the version in which their names came."""
    counts = {module: len(names_of(module)) for module in MODULES}
    rows = [f"| [`{module}`]({module}.md) | {counts[module]} |" for module in MODULES]
    table = ["| Module | Public names |", "|---|---:|", *rows]
    sentence = f"All {sum(counts.values())} names are new in version {version}."
    return "\n".join([sentence, "", *table])


def setup(app: Sphinx) -> dict[str, bool]:
    """Put the directives into every page that is read, and decide what their names link to."""
    app.connect("source-read", _expand)
    app.connect("doctree-read", _narrow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _expand(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = with_directives(source[0], app.config.version)


def _narrow(app: Sphinx, doctree: nodes.document) -> None:
    """Let words of Python be no links, and other small words only to names of their module.

    Sphinx looks for ``type`` in every class of every module, and finds `Problem.type`.
    """
    for reference in list(doctree.findall(addnodes.pending_xref)):
        target = reference.get("reftarget", "")
        if reference.get("refdomain") != "py":
            continue
        if hasattr(builtins, target):
            reference.replace_self(reference.children)
        elif target.islower():
            reference["refspecific"] = False
