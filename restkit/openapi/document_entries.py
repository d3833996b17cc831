"""The mounted resources of an App's document and of its pages."""

from __future__ import annotations

from collections.abc import Iterator

from ..operations.entries import Entry, make_entry
from ..operations.registry import Registry
from ..operations.security import Access
from ..routing.patterns import parse_pattern
from .discovery import discovery_resources
from .pages import resources

__all__ = ["document_entries"]


def document_entries(registry: Registry) -> Iterator[Entry]:
    """Yield the entries of the document of an App and of its pages."""
    app = registry.app
    # Public documents have no security of their own, so that the App's does not apply.
    access = Access(security=()) if app.settings.docs_public else Access()
    for rule, resource in (*resources(app.settings), *discovery_resources(app.settings)):
        yield make_entry(app, parse_pattern(rule, "", {}), resource, resource.__name__, access)
