"""The bound schemas of a resource's verbs.

A resource loads this module with its first schema, so that a service without schemas starts
without marshmallow.
"""

from __future__ import annotations

from collections.abc import Iterable

from marshmallow import Schema, fields

from ..contract import Input, Location
from ..errors import DeclarationError
from ..schemas.bound import BoundSchema, SchemaLike, View, bind
from ..schemas.envelopes import content_of, is_sent_whole
from ..schemas.uploads import Upload
from .body_types import Shape, shape_of
from .returned_types import check_returned

__all__ = ["Bindings"]


class Bindings:
    """The schemas of one resource's verbs, bound: one instance to read and one to write."""

    def __init__(self, *, strict: bool, compiled: bool) -> None:
        """Make bindings without a schema.

        Args:
            strict: Whether unknown fields are errors if a schema has no ``Meta.unknown``.
            compiled: Whether schemas are compiled; otherwise marshmallow runs them.
        """
        self._strict = strict
        self._compiled = compiled
        self._content: dict[tuple[int, bool], BoundSchema] = {}

    def response(
        self, schema: SchemaLike, declared_at: str, *, many: bool, annotation: object = None
    ) -> BoundSchema:
        """Bind the schema of a response.

        Raises:
            DeclarationError: The class that the annotation names lacks a field of the schema.
        """
        bound = self._bound(schema, View.RESPONSE, declared_at, many=many)
        check_returned(annotation, bound, declared_at)
        return bound

    def body(self, schema: SchemaLike, declared_at: str, *, many: bool, patch: bool) -> BoundSchema:
        """Bind the schema of a body. A patch requires no field, unless the schema sets partial."""
        view = _request_view(schema, patch=patch)
        return self._bound(schema, view, declared_at, many=many)

    def _bound(
        self, schema: SchemaLike, view: View, declared_at: str, *, many: bool
    ) -> BoundSchema:
        key = (id(schema), view is View.RESPONSE)
        if key not in self._content:
            self._content[key] = bind(
                schema, view, declared_at=declared_at, strict=self._strict, compiled=self._compiled
            )
        bound = self._content[key]
        _, holds_list = content_of(bound.schema)
        many = (many and not holds_list) or bound.many
        return bound if (bound.view, bound.many) == (view, many) else bound.used(view, many=many)

    def text(
        self, schema: SchemaLike, location: Location, declared_at: str, *, patch: bool
    ) -> BoundSchema:
        """Bind the schema of parameters or of a form, whose values are strings."""
        where = f"{declared_at} ({location})"
        bound = bind(
            schema,
            _request_view(schema, patch=patch),
            declared_at=where,
            source="form" if location in ("form", "files") else "text",
            strict=self._strict,
            compiled=self._compiled,
        )
        if location == "headers":
            _name_headers(bound)
        return bound

    def shape(
        self, annotation: object, bound: BoundSchema, location: Location, declared_at: str
    ) -> Shape | None:
        """Return the conversion to the class of a parameter's annotation, None if it has none."""
        return shape_of(annotation, bound, f"{declared_at}: the parameter {location!r}")

    def check_uploads(self, inputs: Iterable[Input], declared_at: str) -> None:
        """Reject `Upload` fields outside of files=, and other fields in files=."""
        for each in inputs:
            if each.schema is not None:
                _check_uploads(each.schema, each.location, declared_at)


def _request_view(schema: SchemaLike, *, patch: bool) -> View:
    says_partial = isinstance(schema, Schema) and schema.partial is not None
    is_whole = says_partial or is_sent_whole(schema)
    return View.PATCH if patch and not is_whole else View.REQUEST


def _check_uploads(bound: BoundSchema, location: Location, declared_at: str) -> None:
    for name, field in bound.schema.load_fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, Upload) is (location == "files"):
            continue
        found = f"is not an Upload. Write @takes(files={{{name!r}: Upload()}})."
        if isinstance(inner, Upload):
            found = "is an Upload, which arrives in files= only."
        raise DeclarationError(f"{declared_at} ({location}): the field {name!r} {found}")


def _name_headers(bound: BoundSchema) -> None:
    """Give the fields of a header schema their names: ``x_request_id`` is ``X-Request-Id``.

    A name with a hyphen is that of a header already.
    """
    for name, field in bound.schema.fields.items():
        if field.data_key is None and "-" not in name:
            field.data_key = "-".join(part.capitalize() for part in name.split("_"))
