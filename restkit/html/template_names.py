"""The variables that templates use, found in their sources at start-up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from jinja2 import BaseLoader, Environment, TemplateError
from jinja2.meta import find_referenced_templates, find_undeclared_variables

from ..operations.registry import Registry
from .environment import loader_of
from .templates import templates_line

__all__ = ["uses_names"]

_UNKNOWN = None
_parser = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])


def uses_names(registry: Registry, template: str, names: frozenset[str]) -> bool:
    """Return whether a template may use one of some variables.

    The templates that it extends, includes and imports count too. If one of those is chosen at
    request time, or cannot be read, the variables may be used.

    Args:
        registry: The App, in which and below which the template is looked for.
        template: Its name.
        names: The variables.
    """
    for _, app in registry.walk_apps():
        loader = loader_of(app, templates_line(app))
        if any(found is _UNKNOWN or found in names for found in _used(loader, template, set())):
            return True
    return False


def _used(loader: BaseLoader, template: str, seen: set[str]) -> Iterator[str | None]:
    """Yield the variables of a template and of those that it uses, None for unknown ones."""
    if template in seen:
        return
    seen.add(template)
    try:
        source = loader.get_source(_parser, template)[0]
        names, others = _read(source)
    except TemplateError:  # the App reports it when it compiles the template
        return
    yield from names
    for other in others:
        if other is None:
            yield _UNKNOWN
        else:
            yield from _used(loader, other, seen)


@lru_cache(maxsize=1024)
def _read(source: str) -> tuple[frozenset[str], tuple[str | None, ...]]:
    """Return the undeclared variables of a source, and the templates that it names."""
    tree = _parser.parse(source)
    return frozenset(find_undeclared_variables(tree)), tuple(find_referenced_templates(tree))
