"""Tests of the features that a store lacks: a collection that declares one is refused."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema, fields, validate

from ...app import App
from ...crud import CRUDResource
from ...errors import DeclarationError
from ...schemas.unions import OneOf
from .base import Conformance, expect

__all__ = ["MissingFeatures"]


class _FirstKind(Schema):
    kind = fields.Str(required=True, validate=validate.Equal("first"))


class _SecondKind(Schema):
    kind = fields.Str(required=True, validate=validate.Equal("second"))


_DECLARATIONS: Mapping[str, Mapping[str, object]] = {
    "alternatives": {"any_of": {"q": ("title", "code")}},
    "totals": {"groups": ("title",), "aggregates": ("count",)},
    "relations": {"filters": ("topic__name",)},
    "related keys": {"relations": ("topic_id",)},
    "kinds": {"schema": OneOf(_FirstKind, _SecondKind)},
    "composite keys": {"key": ("title", "code")},
    "soft delete": {"soft_delete": "removed_at"},
}
"""What a collection of notes declares to use a feature."""

_UNDECLARED = ("references", "row rules")
"""Features that a collection uses without a declaration."""


class MissingFeatures(Conformance):
    """The tests of the features in `lacks`."""

    def test_missing_features_are_refused(self, app: App) -> None:
        """Adding a collection that declares one is a `DeclarationError`, which names the class."""
        known = {*_DECLARATIONS, *_UNDECLARED}
        unknown = set(self.lacks) - known
        assert not unknown, f"lacks has {sorted(unknown)}; it may have {sorted(known)}."
        for feature in self.lacks:
            if feature in _UNDECLARED:
                continue
            members = {"model": self.note, **_DECLARATIONS[feature]}
            declared = type("Refused", (CRUDResource,), {**members, "__module__": __name__})
            message = ""
            try:
                app.add(f"/{feature.replace(' ', '-')}", declared)
            except DeclarationError as error:
                message = str(error)
            name = self.note.__qualname__
            assert message, f"a collection of {name} with {feature} was not refused"
            assert "Refused" in message or name in message, message

    def test_missing_references_are_plain_values(self, app: App) -> None:
        """A store that knows no references stores a value that refers to nothing."""
        if "references" in self.lacks:
            client = self.client(app)
            made = self.made(client, title="x", topic_id="nothing")
            url = made.headers["Location"]
            assert expect(client.get(url), 200).json["topic_id"] == "nothing"
