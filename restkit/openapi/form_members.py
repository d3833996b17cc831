"""The members of a form's schema: absent checkboxes, empty values, names in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from marshmallow import RAISE, Schema
from marshmallow.fields import List

from ..parsing.form_members import nested_schema_of
from ..schemas.bound import BoundSchema, View
from ..schemas.form_policy import is_partial, must_be_filled_in, takes_empty, unchecked
from ..schemas.parameter_styles import Writing, style_of
from ..schemas.wire_format import wire_name
from ..schemas.wire_formats import Source
from .matching import fits
from .metadata import Field, Keywords

__all__ = ["fill_in", "form_schema", "source_of", "without_checkboxes"]

_EMPTY = "An empty value of a field that cannot be empty means that nothing was given."
_MEMBERS = (
    "The members of an object may be sent one by one, as `name[member]`, and those of a list of "
    "objects as `name[0][member]`, in place of JSON."
)
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = r"\[[0-9]{1,6}\]"
_ANY = r"(\[[^\[\]]*\]){1,12}"


def source_of(bound: BoundSchema) -> Source:
    """Return where the values of a schema stand: in a form, or in other texts."""
    return "text" if bound.source == "text" else "form"


def form_schema(bound: Sequence[BoundSchema], parts: Sequence[Keywords]) -> Keywords:
    """Return the schema of a form.

    Args:
        bound: The schemas whose fields it has.
        parts: These as JSON Schema.
    """
    out: Keywords = {"type": "object", "properties": {}}
    if sentences := _sentences(bound):
        out["description"] = " ".join(sentences)
    for part in parts:
        out["properties"] |= part["properties"]
    if required := list(_required(bound, parts)):
        out["required"] = required
    if patterns := _bracket_names(bound):
        out["patternProperties"] = patterns
    if all("additionalProperties" in part for part in parts):
        out["additionalProperties"] = False
    return out


def _required(bound: Iterable[BoundSchema], parts: Iterable[Keywords]) -> Iterator[str]:
    """Yield the required names but for those of objects, whose members may be sent instead."""
    for schema, part in zip(bound, parts, strict=True):
        for name in part.get("required", ()):
            if not _has_objects(schema.load_fields[name]):
                yield name


def _sentences(bound: Iterable[BoundSchema]) -> list[str]:
    """Return the sentences of the description about empty values and about members."""
    found = [each for schema in bound for each in schema.load_fields.values()]
    sentences = [] if all(map(takes_empty, found)) else [_EMPTY]
    return [*sentences, _MEMBERS] if any(map(_has_objects, found)) else sentences


def _has_objects(field: Field) -> bool:
    return nested_schema_of(field) is not None


def _bracket_names(bound: Iterable[BoundSchema]) -> Keywords:
    """Return the names in brackets that a form may have: members of objects, items of lists.

    ``tags[]`` is an item of the list ``tags``.
    """
    found: dict[str, Keywords] = {}
    for schema in bound:
        if schema.source != "form":
            continue
        for name, each in schema.load_fields.items():
            begin = _escaped(name)
            if _has_objects(each):
                found.update(_names_below(each, begin, ()))
            elif style_of(name, each, "form").writing is Writing.REPEATED:
                found[rf"^{begin}\[\]$"] = dict(_TEXTS)
    return found


def _names_below(field: Field, begin: str, above: tuple[type[Schema], ...]) -> Keywords:
    """Return the patterns of the names of an object's members, and the schemas of the values."""
    nested = nested_schema_of(field)
    if nested is None:
        if isinstance(field, List):
            return {rf"^{begin}(\[\])?$": _TEXTS}
        return {f"^{begin}$": _TEXT}
    schema, many = nested
    begin += _NUMBER if many else ""
    if type(schema) in above:
        return {f"^{begin}{_ANY}$": _TEXT}
    out: Keywords = {}
    for name, each in schema.load_fields.items():
        member = _escaped(f"[{wire_name(name, each)}]")
        out.update(_names_below(each, f"{begin}{member}", (*above, type(schema))))
    if schema.unknown != RAISE:
        out[rf"^{begin}\[[^\[\]]*\]$"] = _TEXT
    return out


def _escaped(text: str) -> str:
    """Return a text as a pattern of ECMA-262, which knows fewer escapes than Python."""
    return re.sub(r"[\^$\\.*+?()\[\]{}|/]", r"\\\g<0>", text)


def without_checkboxes(
    required: list[str],
    properties: Mapping[str, Keywords],
    named: Mapping[str, Field],
    schema: Schema,
    view: View,
) -> list[str]:
    """Give the checkboxes of a form their default, and return the names that are required."""
    left = list(required)
    for name, each in named.items():
        text = unchecked(each)
        if text is None or is_partial(str(each.name), schema, patch=view is View.PATCH):
            continue
        default = False if text == "false" else text
        properties[name].pop("default", None)
        if default in properties[name].get("enum", ()):
            properties[name]["default"] = default
            left = [other for other in left if other != name]
        elif name not in left:
            left.append(name)
    return left


def fill_in(properties: Mapping[str, Keywords], named: Mapping[str, Field]) -> None:
    """Exclude the empty text from the fields of a form that must be filled in."""
    for name, each in named.items():
        found = properties[name]
        if "$ref" not in found and must_be_filled_in(each) and fits(found, ""):
            found["minLength"] = 1
