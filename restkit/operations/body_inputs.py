"""The bodies that a verb declares: schemas by media type, forms of a schema, and raw content."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Literal

from ..errors import DeclarationError
from ..media import FORM_TYPES
from ..records import Record

if typing.TYPE_CHECKING:
    from ..schemas.bound import SchemaLike

__all__ = ["Body", "Raw", "bodies_of", "check_raw_annotation"]

Raw = Literal["bytes", "text", "stream"]
_RAW: dict[object, Raw] = {
    bytes: "bytes",
    str: "text",
    BinaryIO: "stream",
    typing.IO[bytes]: "stream",
}
_RAW_TYPES: dict[Raw, tuple[str, ...]] = {
    "bytes": ("application/octet-stream",),
    "text": ("text/plain",),
    "stream": ("application/octet-stream",),
}
_ANNOTATIONS: dict[Raw, tuple[object, ...]] = {
    "bytes": (bytes,),
    "text": (str,),
    "stream": (BinaryIO, typing.IO[bytes]),
}


class Body(Record):
    """One body of a verb.

    Attributes:
        schema: The schema; None for raw content.
        media_types: The media types: only those of forms, or none of them.
        raw: The type that the method gets for raw content.
    """

    schema: SchemaLike | None
    media_types: tuple[str, ...]
    raw: Raw | None = None

    @property
    def is_form(self) -> bool:
        """Whether the content is a form."""
        return self.media_types[0] in FORM_TYPES


def bodies_of(
    declared: object,
    media_types: tuple[str, ...] | None,
    default: tuple[str, ...],
    declared_at: str,
) -> Iterator[Body]:
    """Yield the bodies of a declaration, one for each schema.

    Args:
        declared: A schema, ``bytes``, ``str``, ``BinaryIO``, or a mapping of media types to those.
        media_types: The declared media types, None if there are none.
        default: The media types of a schema without declared media types.
        declared_at: The name of the declaration, for messages.

    Raises:
        DeclarationError: Media types are declared twice.
    """
    if not _is_by_media_type(declared):
        yield from _bodies_of_one(declared, media_types, default)
        return
    if media_types is not None:
        raise DeclarationError(
            f"{declared_at} declares media types in body= and in media_types=. Remove media_types."
        )
    for media_type, each in declared.items():
        yield from bodies_of(each, (media_type,), default, declared_at)


def _bodies_of_one(
    declared: object, media_types: tuple[str, ...] | None, default: tuple[str, ...]
) -> Iterator[Body]:
    """Yield the body of raw content, or the bodies of one schema: forms apart from other content.

    The values of a form are strings, so its schema is bound differently.
    """
    raw = _raw_of(declared)
    if raw is not None:
        yield Body(None, media_types or _RAW_TYPES[raw], raw)
        return
    schema = typing.cast("SchemaLike", declared)
    forms: list[str] = []
    others: list[str] = []
    for each in media_types or default:
        (forms if each in FORM_TYPES else others).append(each)
    for found in (others, forms):
        if found:
            yield Body(schema, tuple(found))


def _raw_of(declared: object) -> Raw | None:
    return next((raw for kind, raw in _RAW.items() if kind is declared or kind == declared), None)


def _is_by_media_type(declared: object) -> typing.TypeGuard[Mapping[str, object]]:
    """Return whether a declaration is a mapping of media types, not one of fields."""
    if not isinstance(declared, Mapping) or not declared:
        return False
    if any(hasattr(each, "data_key") for each in declared.values()):
        return False
    return all(isinstance(each, str) and "/" in each for each in declared)


def check_raw_annotation(annotation: object, raw: Raw, declared_at: str) -> None:
    """Reject an annotation that is not the type of raw content.

    Raises:
        DeclarationError: The annotation is another type.
    """
    if annotation not in (None, typing.Any, object, *_ANNOTATIONS[raw]):
        name = {"bytes": "bytes", "text": "str", "stream": "BinaryIO"}[raw]
        raise DeclarationError(
            f"{declared_at}: the parameter 'body' is annotated as {annotation!r}, but the raw "
            f"content is passed as {name}. Annotate it as {name}, or declare body= accordingly."
        )
