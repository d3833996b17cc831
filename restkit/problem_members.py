"""The members of a problem: bounds, invalid values, and those that a class declares."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

from .encoding import dumps_json
from .errors import DeclarationError

if TYPE_CHECKING:
    from marshmallow import Schema, fields

    MembersLike = type[Schema] | Schema | Mapping[str, fields.Field[object]] | None

__all__ = [
    "MAX_CODE",
    "MAX_ERRORS",
    "MAX_POINTER",
    "MAX_TEXT",
    "MAX_TITLE",
    "MAX_URI",
    "InvalidItem",
    "MembersLike",
    "clip",
    "dump_members",
    "item_members",
    "member_schema",
    "short_problem",
]

# The document contains these bounds, so that clients can rely on them.
MAX_ERRORS = 100
MAX_TEXT = 1000
MAX_TITLE = 200
MAX_URI = 2000
MAX_CODE = 100
MAX_POINTER = 5000
_STANDARD = frozenset({"type", "title", "status", "detail", "instance", "errors", "omitted_errors"})


if TYPE_CHECKING:

    class InvalidItem(TypedDict, total=False):
        """One entry of a problem's ``errors``: an invalid value and the reason.

        A ``pointer`` (RFC 6901) refers to a value in the body, a ``parameter`` with its
        ``location`` to another one.
        """

        pointer: str
        parameter: str
        location: str  # "in" in the response, which is a keyword in Python
        detail: str
        code: str
else:
    InvalidItem = dict  # cold start: to make a TypedDict compiles its annotations


def clip(text: str) -> str:
    """Return a text of at most MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"


def item_members(error: InvalidItem) -> dict[str, str]:
    """Return an entry of ``errors`` as the response has it."""
    out: dict[str, str] = {}
    if "pointer" in error:
        pointer = error["pointer"]
        out["pointer"] = pointer if len(pointer) <= MAX_POINTER else _clip_pointer(pointer)
    if "parameter" in error:
        out["parameter"] = error["parameter"][:MAX_TEXT]
        out["in"] = error.get("location", "query")
    detail, code = error.get("detail", ""), error.get("code", "invalid")
    # PERF: nearly all texts are short, and a call costs as much as the rest.
    out["detail"] = detail if len(detail) <= MAX_TEXT else clip(detail)
    out["code"] = code if len(code) <= MAX_CODE else code[:MAX_CODE]
    return out


def _clip_pointer(pointer: str) -> str:
    return pointer[:MAX_POINTER].rpartition("/")[0]


def member_schema(name: str, declared: MembersLike) -> Schema:
    """Return the instance of the schema that a problem class declares as ``members``.

    Args:
        name: The name of the class, for messages.
        declared: A schema class, an instance, or the fields by name.

    Raises:
        DeclarationError: The value is something else, or declares a member that every problem has.
    """
    # Cold start: a program that declares members has loaded marshmallow already.
    from marshmallow import Schema

    if isinstance(declared, Mapping):
        declared = Schema.from_dict(dict(declared), name=f"{name.rpartition('.')[2]}Members")
    schema = declared() if isinstance(declared, type) else declared
    if not isinstance(schema, Schema) or schema.many:
        raise DeclarationError(
            f"{name}.members must be a marshmallow schema or a mapping of fields, got "
            f"{declared!r:.60}."
        )
    names = {field.data_key or each for each, field in schema.dump_fields.items()}
    if taken := names & _STANDARD:
        raise DeclarationError(
            f"{name}.members declares {min(taken)!r}, which is a member of every problem. "
            "Choose another name."
        )
    return schema


def dump_members(name: str, schema: Any, members: Mapping[str, object]) -> dict[str, object]:
    """Serialize the extension members that a problem is raised with.

    Args:
        name: The name of the class, for messages.
        schema: The instance that `member_schema` returned.
        members: The values.

    Raises:
        DeclarationError: A member is not declared, is missing or violates its field.
    """
    fields = schema.dump_fields
    known = {field.attribute or each for each, field in fields.items()}
    required = {field.attribute or each for each, field in fields.items() if field.required}
    unknown, missing = members.keys() - known, required - members.keys()
    if unknown or missing:
        found = f"{min(unknown)}= is not declared" if unknown else f"{min(missing)}= is missing"
        raise DeclarationError(
            f"{name}: the member {found}. Its members are {', '.join(sorted(known))}."
        )
    from marshmallow import ValidationError  # cold start, as above

    try:
        dumped: dict[str, object] = schema.dump(members)
        schema.load(dumped, partial=True, unknown="exclude")
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise DeclarationError(f"{name}: the members violate their schema: {error}.") from error
    return dumped


def short_problem(type: str, title: str, status: int, detail: str | None) -> bytes:
    """Return the JSON of a problem that has no other members than these.

    Raises:
        ValueError: A text is not Unicode.
    """
    begin = _begin(type, title, status)
    if detail is None:
        return begin + b"}"
    text = detail if len(detail) <= MAX_TEXT else clip(detail)
    return begin + b',"detail":' + dumps_json(text) + b"}"


@lru_cache(maxsize=256)
def _begin(type: str, title: str, status: int) -> bytes:
    """Return the JSON of the members that all problems of a class have, without its end."""
    return dumps_json({"type": type, "title": title, "status": status})[:-1]
