"""One marshmallow field as JSON Schema 2020-12: apispec's converter with other attribute functions.

apispec documents a field by the name of its class. These functions document what the field accepts
and writes, from the wire formats that restkit enforces.
"""

from __future__ import annotations

import copy
import enum
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import RAISE, Schema, fields, missing

from ..schemas.bound import View
from ..schemas.json_values import readable
from ..schemas.parameter_styles import takes_text
from ..schemas.schema_values import schema_value
from ..schemas.uploads import Upload
from ..schemas.wire_formats import Source, wire_of
from .annotations import returned
from .matching import fits
from .metadata import Field, Keywords, metadata_keywords, serialized_default, to_json_value
from .nullability import nullable, or_constant
from .patterns import NO_NUL
from .validators import json_types, refine

__all__ = ["FieldConverter"]

_STRING: Keywords = {"type": "string", "pattern": NO_NUL}
# Subclasses of these, and these with options that no wire format covers: the nearest base counts.
_BASES: tuple[tuple[type[Field], Keywords], ...] = (
    (fields.Integer, {"type": "integer"}),
    (fields.Float, {"type": "number"}),
    (fields.Decimal, {"type": ["string", "number"]}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.UUID, {"type": "string", "format": "uuid"}),
    (fields.Date, {"type": "string"}),
    (fields.Time, {"type": "string"}),
    (fields.DateTime, {"type": "string"}),
    (fields.TimeDelta, {"type": "number"}),
    (fields.IPv4, {"type": "string", "format": "ipv4"}),
    (fields.IPv6, {"type": "string", "format": "ipv6"}),
    (fields.IP, {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
    (
        fields.IPInterface,
        {"type": "string", "description": "An IP address with an optional prefix length."},
    ),
    (Upload, {"type": "string", "format": "binary"}),
    (fields.String, _STRING),
    (fields.List, {"type": "array"}),
    (fields.Tuple, {"type": "array"}),
    (fields.Mapping, {"type": "object"}),
)
_NOT_NULL: Keywords = {"type": ["array", "boolean", "number", "object", "string"], "items": {}}
_INTEGERS = "Integers in it have at most 64 bits."
_INT64 = ("minimum", "maximum")


class FieldConverter(OpenAPIConverter):
    """apispec's converter for one view of schemas and one source of their values.

    ``reference`` is called with each nested schema and returns a ``$ref`` to it or the schema
    itself.
    """

    def __init__(
        self, spec: Any, view: View, source: Source, reference: Callable[[Schema, bool], Keywords]
    ) -> None:
        """Make the converter; ``spec`` is the `apispec.APISpec` that it belongs to."""
        self.view = view
        self.source: Source = source
        self.reference = reference
        super().__init__(openapi_version="3.1.1", schema_name_resolver=_nameless, spec=spec)

    def init_attribute_functions(self) -> None:
        """Set the functions that each add one aspect of a field, in their order."""
        self.attribute_functions = [
            self.field2type_and_format,
            self.timedelta2properties,
            self.nested2properties,
            self.pluck2properties,
            self.list2properties,
            self.tuple2properties,
            self.dict2properties,
            self.enum2properties,
            self.upload2properties,
            self.function2properties,
            self.field2declared,
            self.field2validators,
            self.metadata2properties,
            self.field2default,
            self.field2read_only,
            self.field2write_only,
        ]
        # PERF: of those that speak of one kind of field most fields ask none.
        kinds = (
            fields.TimeDelta,
            fields.Nested,
            fields.Pluck,
            fields.List,
            fields.Tuple,
            fields.Mapping,
            fields.Enum,
        )
        named = (*kinds, Upload, (fields.Method, fields.Function))
        self._kinds: dict[Any, Any] = dict(zip(self.attribute_functions[1:10], named, strict=True))
        self._functions: dict[type[Any], list[Any]] = {}

    def field2property(self, field: Field) -> Keywords:
        """Return the JSON Schema of a field in this view."""
        kind = type(field)
        if isinstance(field, (fields.List, fields.Tuple)) and self._is_one_text(field):
            return self._one_text(field)
        functions = self._functions.get(kind)
        if functions is None:
            functions = self._functions[kind] = [
                each
                for each in self.attribute_functions
                if issubclass(kind, self._kinds.get(each, kind))
            ]
        out: Keywords = {}
        for each in functions:
            out.update(each(field, ret=out))
        if self._is_text:
            out = _without_null(out)
        elif field.allow_none:
            out = nullable(out)
        if "default" in out:
            self._fit_default(field, out)
        return out

    def _is_one_text(self, field: Field) -> bool:
        """Return whether a list is one string here, and OpenAPI has no style for it."""
        plain = (fields.List._serialize, fields.Tuple._serialize)
        if self.view is View.RESPONSE:
            return type(field)._serialize not in plain and takes_text(field)
        if not takes_text(field):
            return False
        return self.source == "json" or getattr(field, "delimiter", "") not in (",", " ", "|")

    def _one_text(self, field: Field) -> Keywords:
        out: Keywords = {"type": "string"}
        delimiter = getattr(field, "delimiter", None)
        if isinstance(delimiter, str):
            out["description"] = f"Items, separated by {delimiter!r}."
        out.update(self.metadata2properties(field, out))
        return nullable(out) if field.allow_none and not self._is_text else out

    @property
    def _is_text(self) -> bool:
        """Whether values are texts, among which there is no null."""
        return self.source != "json" and self.view is not View.RESPONSE

    def _fit_default(self, field: Field, out: Keywords) -> None:
        """Keep a default that fits its schema, and let a response have its default."""
        default = out.pop("default")
        if self._fits(field, out, default):
            out["default"] = default
        elif self.view is View.RESPONSE and field.dump_default is not missing:
            widened = nullable(out) if default is None else or_constant(out, default)
            out.clear()
            out.update(widened, default=default)

    def _fits(self, field: Field, schema: Keywords, default: Any) -> bool:
        if not fits(schema, default):
            return False
        if not _refers(schema) or self.view is View.RESPONSE:
            return True
        try:
            field.deserialize(copy.deepcopy(default))
        except Exception:  # noqa: BLE001  # whatever it raises, it does not take the value
            return False
        return True

    def field2type_and_format(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return type, format, pattern and bounds of the wire format or the nearest known class."""
        wire = wire_of(field)
        if wire is None:
            return self._base(field)
        keywords = dict(wire.keywords)
        if self.view is View.RESPONSE:
            if wire.response is not None:
                keywords = dict(wire.response)
            elif getattr(field, "as_string", False):
                keywords = {"type": "string"}
            if field.dump_only:
                keywords = _unchecked(keywords)
        elif self.source != "json" and keywords.get("type") == ["string", "number"]:
            keywords = {"type": "string", **{key: keywords[key] for key in ("format", "pattern")}}
        if "const" in keywords and (kind := json_types([keywords["const"]])):
            keywords = {"type": kind, **keywords}
        return keywords

    def _base(self, field: Field) -> Keywords:
        if isinstance(field, fields.Boolean) and self.view is not View.RESPONSE:
            return _truths(field, self.source)
        keywords = next((found for kind, found in _BASES if isinstance(field, kind)), None)
        if keywords is None:
            return self._anything(field)
        if self.view is View.RESPONSE and (
            isinstance(field, fields.Decimal) or getattr(field, "as_string", False)
        ):
            keywords = {"type": "string"}
        if (
            isinstance(field, (fields.DateTime, fields.Date, fields.Time))
            and field.format is not None
        ):
            keywords = {"type": "string", "description": _formatted(field.format)}
        return (
            _unchecked(keywords)
            if self.view is View.RESPONSE and field.dump_only
            else dict(keywords)
        )

    def _anything(self, field: Field) -> Keywords:
        """Return what a field takes whose values nobody describes: the parser bounds integers."""
        if isinstance(field, (fields.Nested, fields.Enum)) or field.dump_only:
            return {}
        keywords = {} if field.allow_none else dict(_NOT_NULL)
        if self.view is not View.RESPONSE and self.source == "json":
            keywords["description"] = _INTEGERS
        return keywords

    def nested2properties(self, field: Field, ret: Keywords) -> Keywords:
        """Return the place of a nested schema, as an array where many are nested."""
        if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck):
            return {}
        return self.reference(_nested_schema(field), bool(field.many or field.schema.many))

    def pluck2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return the JSON Schema of the one plucked field."""
        if not isinstance(field, fields.Pluck):
            return {}
        plucked, many = field.schema.fields[field.field_name], field.many or field.schema.many
        if plucked.dump_only and self.view is not View.RESPONSE:
            unknown: Keywords = {"not": {}} if field.schema.unknown == RAISE else {}
            return _many(unknown) if many else unknown
        if plucked.allow_none and not many:  # whether null is taken says the field that plucks
            plucked = copy.copy(plucked)
            plucked.allow_none = False
        return _many(self.field2property(plucked)) if many else self.field2property(plucked)

    def list2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return the items of a list."""
        if not isinstance(field, fields.List):
            return {}
        return {"items": self.field2property(field.inner)}

    def tuple2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return the items of a tuple, each with its own schema."""
        if not isinstance(field, fields.Tuple):
            return {}
        parts = [self.field2property(each) for each in field.tuple_fields]
        # NOTE: {"not": {}} means false; apispec would take false for the name of a component.
        prefix = {"prefixItems": parts} if parts else {}
        return {**prefix, "items": {"not": {}}, "minItems": len(parts), "maxItems": len(parts)}

    def dict2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return the schemas of a mapping's names and values."""
        if not isinstance(field, fields.Mapping):
            return {}
        source, self.source = self.source, "json" if self.source == "form" else self.source
        value = self.field2property(field.value_field) if field.value_field else {}
        self.source = source
        out: Keywords = {"additionalProperties": value}
        if not value and self.view is not View.RESPONSE:
            out["description"] = _INTEGERS
        if field.key_field is not None:
            names = _as_text(self.field2property(field.key_field))
            if names.keys() - {"type"} and names != _STRING:
                out["propertyNames"] = names
        return out

    def enum2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return an enumeration's names or values, with their type."""
        if not isinstance(field, fields.Enum):
            return {}
        values = _member_values(field, self.view)
        if not values:
            return {} if self.view is View.RESPONSE else {"not": {}}
        kind = json_types(value for value in values if value is not None)
        if self.source != "json" and isinstance(kind, list):
            kind, values = (
                "string",
                [each if isinstance(each, str) else json.dumps(each) for each in values],
            )
        return {**({"type": kind} if kind else {}), "enum": values}

    def upload2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return what an uploaded file may be at the most."""
        if not isinstance(field, Upload) or field.max_size is None:
            return {}
        return {"description": f"At most {field.max_size} bytes."}

    def function2properties(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return what a Method or Function field writes, by its return annotation."""
        if self.view is not View.RESPONSE:
            return {}
        if isinstance(field, fields.Method) and field.serialize_method_name:
            return returned(getattr(field.parent, field.serialize_method_name, None))
        return (
            returned(field.serialize_func)
            if isinstance(field, fields.Function) and field.serialize_func
            else {}
        )

    def field2declared(self, field: Field, ret: Keywords) -> Keywords:
        """Return the ``json_schema`` of a user's field class, which replaces the keywords so far."""
        declared = getattr(field, "json_schema", None)
        if isinstance(declared, Mapping):
            ret.clear()
            found: Any = schema_value(declared)
            return dict(found)
        return {}

    def field2validators(self, field: Field, ret: Keywords) -> Keywords:
        """Return all keywords so far, refined by the field's validators."""
        refined = refine(ret, field)
        ret.clear()
        return refined

    def metadata2properties(self, field: Field, ret: Keywords) -> Keywords:  # type: ignore[override]
        """Return what the field's metadata adds: title, description, examples, ``x-...``."""
        if not field.metadata:  # PERF: as most have none
            return {}
        out = metadata_keywords(field)
        if ret.get("description") and out.get("description"):
            out["description"] = f"{out['description']} {ret['description']}"
        return out

    def field2default(self, field: Field, **_kwargs: Any) -> Keywords:
        """Return the value that stands for an absent one, where it can be written as JSON."""
        if self.view is View.PATCH:
            return {}
        declared = "default" in field.metadata
        default = field.metadata["default"] if declared else field.load_default
        if self.view is View.RESPONSE and field.dump_default is not missing:
            default, declared = field.dump_default, False
        found = serialized_default(field, default, declared=declared)
        return {"default": found[0]} if found else {}


def _member_values(field: fields.Enum[Any], view: View) -> list[Any]:
    """Return the names or values of an enumeration as JSON; for requests, those that load."""
    members = cast("type[enum.Enum]", field.enum)
    if field.by_value is False:
        return list(members.__members__)
    values: list[Any] = []
    for member in members:
        try:
            written = to_json_value(field.field, member.value)
        except ValueError:
            continue
        if view is View.RESPONSE or _loads(field, written):
            values.append(written)
    return values


def _loads(field: Field, written: Any) -> bool:
    try:
        # The method that every field class overrides.
        field._deserialize(written, None, None)
    except Exception:  # noqa: BLE001  # a field of a user's own raises what it likes
        return False
    return True


def _nameless(_schema: Any) -> None:
    return None


def _nested_schema(field: fields.Nested) -> Schema:
    """Return the nested schema as this field loads it: unknown and partial may be its parent's."""
    schema = field.schema
    partial: Any = _nested_partial(field)
    if partial != schema.partial:
        schema = copy.copy(schema)
        schema.partial = partial
    if field.unknown is not None and field.unknown != schema.unknown:
        schema = copy.copy(schema)
        unknown: Any = field.unknown
        schema.unknown = unknown
    return schema


def _nested_partial(field: fields.Nested) -> Any:
    """Return what marshmallow hands to a nested schema as ``partial``."""
    name, parent = field.name, field.parent
    while isinstance(parent, fields.Field):
        name, parent = parent.name, parent.parent
    if not isinstance(parent, Schema) or parent.partial is None:
        return field.schema.partial
    if isinstance(parent.partial, bool):
        return parent.partial
    prefix = f"{name}."
    return tuple(each.removeprefix(prefix) for each in parent.partial if each.startswith(prefix))


def _without_null(schema: Keywords) -> Keywords:
    """Return a schema of texts: a query, header or cookie cannot say null."""
    out = dict(schema)
    if out.get("default", ...) is None:
        del out["default"]
    if isinstance(out.get("enum"), list):
        out["enum"] = [each for each in out["enum"] if each is not None]
    if isinstance(out.get("type"), list) and "null" in out["type"]:
        kinds = [each for each in out["type"] if each != "null"]
        out["type"] = kinds[0] if len(kinds) == 1 else kinds
    return out


def _many(items: Keywords) -> Keywords:
    return {"type": "array", "items": items}


def _truths(field: fields.Boolean, source: Source) -> Keywords:
    """Return what a Boolean with values of its own takes; in Python ``True`` is ``1``."""
    if not field.truthy:
        return {}
    values = [*field.truthy, *field.falsy]
    texts = [each for each in values if isinstance(each, str)]
    taken: list[Any] = sorted(each for each in texts if readable(each) == each)
    if source != "json":
        return {"type": "string", "enum": taken}
    for pair in ((False, 0), (True, 1)):
        if pair[1] in values:
            taken = [*pair, *taken]
    taken += [each for each in values if isinstance(each, (int, float)) and each not in (0, 1)]
    return {"enum": taken}


def _unchecked(keywords: Mapping[str, Any]) -> Keywords:
    """Leave out what is checked of inputs only: nobody checks what is never loaded."""
    out = {name: value for name, value in keywords.items() if name not in _INT64}
    if out.get("pattern") == NO_NUL:
        del out["pattern"]
    return out


def _formatted(name: str) -> str:
    if name in ("rfc", "rfc822"):  # of a subclass; the class itself has a wire form
        return "A date and time as in e-mail (RFC 5322, section 3.3)."
    return readable(f"In the format {name} (strftime).")


def _as_text(keywords: Keywords) -> Keywords:
    """Return the schema of the text of a value: the names of an object's members are strings."""
    kind = keywords.get("type")
    if kind == "integer":
        return {"type": "string", "pattern": "^-?[0-9]{1,18}$"}
    if kind == "number":
        return {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?$"}
    if kind == "boolean":
        return {"type": "string", "enum": ["true", "false"]}
    if kind == ["string", "number"]:
        return {**keywords, "type": "string"}
    return keywords if kind == "string" else {}


def _refers(schema: Keywords) -> bool:
    return "$ref" in schema or any("$ref" in each for each in schema.get("anyOf", ()))
