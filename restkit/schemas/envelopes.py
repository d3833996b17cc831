"""`envelope`: the schema of an object whose one member is the content, ``{"article": {...}}``."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar, TypeAlias, TypeVar, cast

from marshmallow import Schema, fields, post_load, pre_dump

from ..errors import DeclarationError

__all__ = ["content_of", "envelope", "is_envelope", "is_sent_whole"]

T = TypeVar("T")
_Content: TypeAlias = "type[Schema | bool | float | int | str] | Schema | fields.Field[T]"
_Field: TypeAlias = "fields.Field[object]"


class _Envelope(Schema):
    """The base of envelopes: methods get and return the content alone."""

    _member: ClassVar[str]

    @post_load
    def _take_out(self, data: Mapping[str, object], **options: object) -> object:
        return data.get(self._member, {})  # a patch may have no member

    @pre_dump
    def _put_in(self, content: object, **options: object) -> dict[str, object]:
        return {self._member: content}


def envelope(
    member: str, content: _Content[T] | Sequence[_Content[T]], name: str = ""
) -> type[Schema]:
    """Return the schema of an object whose one member is the content: ``{"article": {...}}``.

    ::

        class Articles(Resource):
            schema = envelope("article", ArticleSchema)

            def post(self, body: dict[str, str]) -> Article:
                return Article(**body)

    A method gets and returns the content without the object around it. Errors point into the whole:
    ``/article/title``. Calls with the same arguments return the same class, so that the document
    has one component.

    Args:
        member: The name of the member.
        content: The schema of the content, a marshmallow field, or a type such as ``str``;
            ``[schema]`` for a list.
        name: The name of the component in the document; by default that of the schema, or else that
            of the member, with the ending ``Envelope``.

    Raises:
        DeclarationError: The member is not a string without dots, or the content is none of these.
    """
    # A dot in the name of a field is a path of marshmallow.
    if not isinstance(member, str) or not member or "." in member or member == "_member":
        raise DeclarationError(
            f"envelope({member!r}, ...): the member must be a string without dots, such as "
            "'article'."
        )
    is_list = isinstance(content, list) and len(content) == 1
    one = content[0] if isinstance(content, list) and is_list else content
    if not isinstance(one, type | Schema | fields.Field):
        raise _unknown(member, content)
    return _made(member, cast("Hashable", one), name, is_list=is_list)


@functools.cache
def _made(member: str, content: Hashable, name: str, *, is_list: bool) -> type[Schema]:
    """Make the class of an envelope."""
    field = _field_of(member, content)
    kind = content if isinstance(content, type) else type(content)
    stem = member.title()
    if issubclass(kind, Schema) and not issubclass(kind, _Envelope) and not is_list:
        stem = kind.__name__.removesuffix("Schema") or stem
    whole = fields.List(field, required=True) if is_list else field
    return type(name or f"{stem}Envelope", (_Envelope,), {member: whole, "_member": member})


def _field_of(member: str, content: object) -> _Field:
    """Return the field of the content, or of each item of it."""
    if isinstance(content, fields.Field):
        return cast("_Field", content)
    if isinstance(content, Schema) or (isinstance(content, type) and issubclass(content, Schema)):
        return cast("_Field", fields.Nested(content, required=True))
    known = Schema.TYPE_MAPPING.get(content) if isinstance(content, type) else None
    if known is None:
        raise _unknown(member, content)
    return cast("_Field", known(required=True))


def _unknown(member: str, content: object) -> DeclarationError:
    return DeclarationError(
        f"envelope({member!r}, {content!r}): the content must be a schema, a marshmallow field or "
        "a type such as str, or a list of one of these, such as [BookSchema]."
    )


def is_envelope(declared: type[Schema]) -> bool:
    """Return whether a schema class was made by `envelope`."""
    return issubclass(declared, _Envelope)


def is_sent_whole(schema: object) -> bool:
    """Return whether a schema is an envelope of a list or of a plain value.

    A PATCH has no part of it to send.
    """
    kind = schema if isinstance(schema, type) else type(schema)
    if not issubclass(kind, _Envelope):
        return False
    content, is_list = content_of(kind())
    return content is None or is_list


def content_of(schema: Schema) -> tuple[Schema | None, bool]:
    """Return the schema of the content of an envelope, and whether the content is a list of it.

    Another schema is its own content. The content of an envelope may have no schema.
    """
    if not isinstance(schema, _Envelope):
        return schema, False
    field = schema.fields[schema._member]
    inner = field.inner if isinstance(field, fields.List) else field
    nested = inner.schema if isinstance(inner, fields.Nested) else None
    content, is_list = (None, False) if nested is None else content_of(nested)
    return content, is_list or inner is not field
