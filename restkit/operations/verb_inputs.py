"""The inputs of a verb, bound to their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from ..contract import Input, Location
from ..errors import DeclarationError
from ..resource import Schemas
from .signatures import item_of
from .verb import Verb

if TYPE_CHECKING:
    from ..declarations import BodyLike
    from ..schemas.bound import BoundSchema, SchemaLike
    from .body_inputs import Body
    from .body_types import Shape

__all__ = ["inputs_of"]

_JSON = ("application/json",)
_MERGE_PATCH = ("application/merge-patch+json", "application/json")
_JSON_PATCH = "application/json-patch+json"
_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")
_MULTIPART = ("multipart/form-data",)
_TEXT_LOCATIONS: tuple[Location, ...] = ("query", "headers", "cookies")
_FORM_LOCATIONS: tuple[Location, ...] = ("form", "files")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "QUERY"})


def inputs_of(verb: Verb) -> tuple[Input, ...]:
    """Return the inputs of a verb.

    Raises:
        DeclarationError: A schema, its location and the annotation do not fit together.
    """
    inputs = (*_text_inputs(verb), *_form_inputs(verb), *_body_inputs(verb))
    if inputs:
        verb.bindings.check_uploads(inputs, verb.declared_at)
    return inputs


def _text_inputs(verb: Verb) -> Iterator[Input]:
    for location in _TEXT_LOCATIONS:
        if location in verb.declared.inputs:
            bound = _bind(verb, location)
            shape = _shape(verb, location, bound)
            yield Input(location, bound, shape=shape, required=_requires(bound))


def _form_inputs(verb: Verb) -> Iterator[Input]:
    default = _MULTIPART if "files" in verb.declared.inputs else _FORM
    media_types = verb.declared.media_types or default
    for location in _FORM_LOCATIONS:
        if location in verb.declared.inputs:
            bound = _bind(verb, location)
            shape = _shape(verb, location, bound)
            required, size = _requires(bound), verb.declared.max_size
            yield Input(location, bound, media_types, shape, required=required, max_size=size)


def _body_inputs(verb: Verb) -> Iterator[Input]:
    schema = _body_schema(verb)
    if schema is None:
        return
    if _has_form(verb):
        raise DeclarationError(
            f"{verb.declared_at} takes both a body and a form, but a request has one content. "
            "Remove one of them from @takes."
        )
    if _JSON_PATCH in (verb.declared.media_types or ()) and verb.declared.convert is None:
        raise DeclarationError(
            f"{verb.declared_at} takes {_JSON_PATCH}, which changes a representation that a "
            "Resource does not provide. Take application/merge-patch+json, or write a "
            "CRUDResource."
        )
    from .body_inputs import bodies_of  # cold start: the smallest program has no bodies

    default = _MERGE_PATCH if verb.method == "PATCH" else _JSON
    for body in bodies_of(schema, verb.declared.media_types, default, verb.declared_at):
        yield _body_input(verb, body)


def _body_schema(verb: Verb) -> BodyLike | None:
    """Return the schema of the body: the verb's, or that of the class if the verb takes a body."""
    schema = verb.declared.inputs.get("body")
    if schema is not None or _has_form(verb) or verb.method not in _WITH_BODY:
        return schema
    if not verb.signature.takes("body"):
        return None
    declared = verb.resource.schema
    return declared.body(verb.method) if isinstance(declared, Schemas) else declared


def _has_form(verb: Verb) -> bool:
    return "form" in verb.declared.inputs or "files" in verb.declared.inputs


def _body_input(verb: Verb, body: Body) -> Input:
    annotation = verb.signature.annotations.get("body")
    size = verb.declared.max_size
    if body.raw is not None:
        from .body_inputs import check_raw_annotation  # cold start, as above

        check_raw_annotation(annotation, body.raw, verb.declared_at)
        return Input("body", None, body.media_types, raw=body.raw, max_size=size)
    if body.schema is None:
        raise DeclarationError(
            f"{verb.declared_at}: the body has no schema. Write @takes(body=BookSchema)."
        )
    bound = _bind_body(verb, body.schema, annotation, is_form=body.is_form)
    shape = _shape(verb, "body", bound)
    return Input(
        "body", bound, body.media_types, shape, convert=verb.declared.convert, max_size=size
    )


def _bind_body(verb: Verb, schema: SchemaLike, annotation: object, *, is_form: bool) -> BoundSchema:
    if is_form:
        return verb.bindings.text(schema, "form", verb.declared_at, patch=verb.method == "PATCH")
    many = item_of(annotation) is not None
    patch = verb.method == "PATCH"
    return verb.bindings.body(schema, verb.declared_at, many=many, patch=patch)


def _bind(verb: Verb, location: Location) -> BoundSchema:
    schema = verb.declared.inputs[location]
    if schema is None:
        raise DeclarationError(
            f"{verb.declared_at}: {location} has no schema. Write @takes({location}=...)."
        )
    patch = verb.method == "PATCH" and location in _FORM_LOCATIONS
    return verb.bindings.text(cast("SchemaLike", schema), location, verb.declared_at, patch=patch)


def _shape(verb: Verb, location: Location, bound: BoundSchema) -> Shape | None:
    annotation = verb.signature.annotations.get(location)
    return verb.bindings.shape(annotation, bound, location, verb.declared_at)


def _requires(bound: BoundSchema) -> bool:
    return any(field.required for field in bound.schema.load_fields.values())
