"""The values that the keywords of a JSON Schema may have, by the metaschema of 2020-12."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from .json_values import JSON

__all__ = ["check_keyword", "distinct", "expected_of", "is_among", "is_ecma_pattern"]

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_ESCAPED = r"\\[^a-zA-Z0-9]"
_CHARACTERS = r"\\[pP]\{[^}]*\}|\\u\{[0-9a-fA-F]+\}|\\c[a-zA-Z]|\[\^?\]"
_SET = r"\[(?:\\.|[^\]\\])+\]"
# What Python's regular expressions have and ECMA-262 has not.
_PYTHON_ONLY = r"\(\?(?:P[<=>]|#|>|\(|[aiLmsux]+[-:)])|\\[AZz]|[*+?}]\+"
# The names of groups, which Python writes otherwise.
_GROUP, _BACKREFERENCE = r"\(\?<(?![=!])", r"\\k<(\w+)>"


def is_ecma_pattern(pattern: str) -> bool:
    """Return whether a text is a regular expression of ECMA-262, as far as Python can tell."""
    plain = re.sub(_CHARACTERS, "x", re.sub(_ESCAPED, "x", pattern))
    if re.search(_PYTHON_ONLY, re.sub(_SET, "x", plain)):
        return False
    try:
        re.compile(re.sub(_BACKREFERENCE, r"(?P=\1)", re.sub(_GROUP, "(?P<", plain)))
    except re.error as error:
        return "look-behind" in str(error)  # ECMA-262 has them of any width
    except (OverflowError, RecursionError):
        return False
    return True


def distinct(values: Iterable[JSON]) -> list[JSON]:
    """Return values without repetitions: in JSON 1.0 is 1, and true is not."""
    seen: set[object] = set()
    out: list[JSON] = []
    for value in values:
        identity = _identity(value)
        if identity not in seen:
            seen.add(identity)
            out.append(value)
    return out


def is_among(value: JSON, values: Iterable[JSON]) -> bool:
    """Return whether JSON has no difference between a value and one of several."""
    return _identity(value) in map(_identity, values)


def _identity(value: JSON) -> object:
    """Return an object that is equal for equal JSON values only."""
    if isinstance(value, list):
        return ("array", *map(_identity, value))
    if isinstance(value, dict):
        return frozenset((name, _identity(each)) for name, each in value.items())
    return (isinstance(value, bool), value)


def check_keyword(name: str, value: JSON) -> None:
    """Reject a value that a keyword cannot have.

    Raises:
        ValueError: The value makes the JSON Schema invalid.
    """
    expected, fits = _RULES.get(name, ("", _is_anything))
    if not fits(value):
        raise ValueError(f"{name} must be {expected}")
    if name in ("$ref", "$dynamicRef") and str(value).startswith("#"):
        raise ValueError(
            f"the {name} {value!r} names a part of the document that may be missing. Put the "
            "Schema class in its place, use fields.Nested, or name an absolute URL"
        )


def expected_of(name: str) -> str:
    """Return the valid values of a keyword, in words."""
    return _RULES[name][0]


def _is_anything(_value: JSON) -> bool:
    return True


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _is_flag(value: JSON) -> bool:
    return isinstance(value, bool)


def _is_count(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_positive(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_list(value: JSON) -> bool:
    return isinstance(value, list)


def _is_type(value: JSON) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return _are_names(value) and bool(value) and _TYPES.issuperset(map(str, _items(value)))


def _items(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _are_names(value: JSON) -> bool:
    """Return whether a value is a list of different strings."""
    if not isinstance(value, list):
        return False
    return all(isinstance(each, str) for each in value) and len(distinct(value)) == len(value)


def _are_names_by_name(value: JSON) -> bool:
    return isinstance(value, dict) and all(map(_are_names, value.values()))


def _is_schema(value: JSON) -> bool:
    return isinstance(value, (bool, dict))


def _are_schemas(value: JSON) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _are_schemas_by_name(value: JSON) -> bool:
    return isinstance(value, dict) and all(map(_is_schema, value.values()))


def _are_schemas_by_pattern(value: JSON) -> bool:
    return _are_schemas_by_name(value) and isinstance(value, dict) and all(map(_is_pattern, value))


def _is_pattern(value: JSON) -> bool:
    return isinstance(value, str) and is_ecma_pattern(value)


def _is_documentation(value: JSON) -> bool:
    return _has_text(value, "url") and _has_texts(value, ("description",))


def _is_discriminator(value: JSON) -> bool:
    if not isinstance(value, dict) or not _has_text(value, "propertyName"):
        return False
    mapping = value.get("mapping", {})
    return isinstance(mapping, dict) and all(map(_is_text, mapping.values()))


def _is_xml(value: JSON) -> bool:
    if not isinstance(value, dict) or not _has_texts(value, ("name", "namespace", "prefix")):
        return False
    return all(isinstance(value.get(name, False), bool) for name in ("attribute", "wrapped"))


def _has_text(value: JSON, name: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(name), str)


def _has_texts(value: JSON, names: Iterable[str]) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(each, ""), str) for each in names)


_Rule = tuple[str, Callable[[JSON], bool]]


def _for(names: str, expected: str, fits: Callable[[JSON], bool]) -> dict[str, _Rule]:
    return dict.fromkeys(names.split(), (expected, fits))


_RULES: Mapping[str, _Rule] = {
    **_for(
        "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties",
        "an integer from 0",
        _is_count,
    ),
    **_for("exclusiveMaximum exclusiveMinimum maximum minimum", "a number", _is_number),
    **_for("multipleOf", "a number above 0", _is_positive),
    **_for("deprecated nullable readOnly uniqueItems writeOnly", "True or False", _is_flag),
    **_for(
        "$anchor $comment $dynamicAnchor $dynamicRef $id $ref $schema contentEncoding "
        "contentMediaType description format title",
        "a string",
        _is_text,
    ),
    **_for("pattern", "a regular expression of ECMA-262", _is_pattern),
    **_for("type", "the name of a JSON type, or a list of different ones", _is_type),
    **_for("enum", "a list of at least one value", lambda value: bool(_items(value))),
    **_for("examples", "a list", _is_list),
    **_for("required", "a list of different strings", _are_names),
    **_for("dependentRequired", "a dict of lists of different strings", _are_names_by_name),
    **_for("allOf anyOf oneOf prefixItems", "a list of at least one schema", _are_schemas),
    **_for(
        "additionalProperties contains contentSchema else if items not propertyNames then "
        "unevaluatedItems unevaluatedProperties",
        "a schema",
        _is_schema,
    ),
    **_for("$defs dependentSchemas properties", "a dict of schemas", _are_schemas_by_name),
    **_for(
        "patternProperties",
        "a dict of schemas with regular expressions of ECMA-262 as keys",
        _are_schemas_by_pattern,
    ),
    **_for("externalDocs", "a dict with a string 'url'", _is_documentation),
    **_for("discriminator", "a dict with a string 'propertyName'", _is_discriminator),
    **_for("xml", "an XML Object of OpenAPI", _is_xml),
}
