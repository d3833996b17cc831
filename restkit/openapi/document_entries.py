"""The mounted resources of an App's document and of its pages."""

from __future__ import annotations

from collections.abc import Iterator

from ..operations.entries import Entry, make_entry
from ..operations.registry import Registry
from ..routing.patterns import parse_pattern
from .discovery import discovery_resources
from .pages import resources

__all__ = ["document_entries"]


def document_entries(registry: Registry) -> Iterator[Entry]:
    """Yield the entries of the document of an App and of its pages."""
    app = registry.app
    for rule, resource in (*resources(app.settings), *discovery_resources(app.settings)):
        yield make_entry(app, parse_pattern(rule, "", {}), resource, resource.__name__)
