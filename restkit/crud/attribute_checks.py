"""Start-up checks of a collection: its schema must fit the store's attributes."""

from __future__ import annotations

from collections.abc import Sequence

from marshmallow import fields, validate

from ..errors import DeclarationError
from ..schemas.wire_formats import INT64_MAX
from .nested_fields import is_nested
from .schema_views import Views
from .store import AnyField, AnyStore, Attribute

__all__ = ["check_attributes", "missing_validator"]

_CHOICES = (validate.OneOf, validate.Equal, validate.ContainsOnly)
_SIZES = (validate.Range, validate.Length)
_TEXT_FIELDS = (fields.String, fields.Email, fields.Url)
_NUMBER_FIELDS = (fields.Integer, fields.Decimal)


def check_attributes(
    declared_at: str,
    responses: Sequence[Views],
    bodies: Sequence[Views],
    store: AnyStore,
    scope: Sequence[str],
) -> None:
    """Compare the fields of a collection's schemas with the attributes of a store.

    Args:
        declared_at: The class of the collection, for messages.
        responses: The views of the schemas of its responses.
        bodies: The views of the schemas of its request bodies.
        store: The store of its items.
        scope: The variables of its URL pattern.

    Raises:
        DeclarationError: The schema accepts values that the store cannot hold.
    """
    for views in bodies:
        _check_written(declared_at, views, store)
    for name in (name for views in (*responses, *bodies) for name in views.attribute_fields()):
        attribute = store.attributes.get(name)
        if attribute is not None and attribute.unfit:
            raise DeclarationError(f"{declared_at}: {attribute.unfit}")
    for variable in scope:
        attribute = store.attributes.get(variable)
        if attribute is None or (attribute.is_derived and attribute.generated):
            raise DeclarationError(
                f"{declared_at}: the variable {variable!r} of the URL pattern is not an attribute "
                f"of {store.model.__name__}. Use one of {', '.join(sorted(store.attributes))}, or "
                "leave the variable out."
            )


def _check_written(declared_at: str, views: Views, store: AnyStore) -> None:
    """Reject a field whose values the store generates, does not have, or cannot hold."""
    field_of = views.attribute_fields()
    model = store.model.__name__
    for name, wire_name in views.written.items():
        attribute, field = store.attributes.get(name), field_of[name]
        if attribute is not None and not attribute.generated:
            _check_bounds(f"{declared_at}: {views.declared.__name__}.{wire_name}", field, attribute)
        elif not is_nested(field):
            reason = "does not have. Name an attribute of the model with attribute=, declare"
            if attribute is not None:
                reason = "generates. Declare"
            advice = "" if attribute is None or not attribute.advice else f" {attribute.advice}"
            raise DeclarationError(
                f"{declared_at}: {views.declared.__name__} accepts {wire_name!r}, which {model} "
                f"{reason} the field with dump_only=True, or leave it out.{advice}"
            )


def _check_bounds(field_name: str, field: AnyField, attribute: Attribute) -> None:
    """Reject a field that accepts values beyond a bound: the document would promise them."""
    for bound in attribute.bounds:
        missing = missing_validator(field, bound)
        if missing:
            raise DeclarationError(
                f"{field_name} accepts values that the attribute {attribute.name!r} of the model "
                f"cannot hold. Add validate={missing} to the field."
            )


def missing_validator(field: AnyField, bound: object) -> str:
    """Return the validator that keeps a field within a bound, ``""`` if none is missing."""
    if any(isinstance(each, _CHOICES) for each in field.validators):
        return ""
    if isinstance(bound, validate.Length) and type(field) in _TEXT_FIELDS:
        limits = (*_limits(field, "max"), *_limits(field, "equal"))
        most = bound.max or 0
        is_within = any(each <= most for each in limits)
        return "" if is_within else f"validate.Length(max={bound.max})"
    if isinstance(bound, validate.Range) and type(field) in _NUMBER_FIELDS:
        return _missing_range(field, bound)
    return ""


def _missing_range(field: AnyField, bound: validate.Range) -> str:
    if type(field) is fields.Integer and bound.max >= INT64_MAX:
        return ""  # restkit accepts no larger integer on the wire
    most = min(_limits(field, "max"), default=None)
    least = max(_limits(field, "min"), default=None)
    if _is_within(least, most, bound):
        return ""
    return f"validate.Range({bound.min if least is None else least}, {bound.max})"


def _is_within(least: int | None, most: int | None, bound: validate.Range) -> bool:
    if least is None or most is None:
        return False
    return bool(bound.min <= least and most <= bound.max)


def _limits(field: AnyField, name: str) -> list[int]:
    """Return the limits that a field's validators set under one name: max, min or equal."""
    sizes = [each for each in field.validators if isinstance(each, _SIZES)]
    found = [getattr(each, name, None) for each in sizes]
    return [each for each in found if each is not None]
