"""One marshmallow field as JSON Schema 2020-12: apispec's converter with other attribute functions.

apispec documents a field by the name of its class. These functions document the values that
the field accepts and writes, from the wire formats that restkit enforces.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import cast

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import RAISE, Schema, fields, missing

from ..schemas.alternatives import Alternatives
from ..schemas.bound import View
from ..schemas.parameter_styles import takes_text
from ..schemas.schema_values import schema_value
from ..schemas.uploads import Upload
from ..schemas.wire_format import Wire
from ..schemas.wire_formats import Source, wire_of
from .annotations import returned
from .choices import has_many_texts
from .class_keywords import BOUND_OF_INTEGERS, STRING, class_keywords, unchecked
from .enumerations import enumeration, in_words
from .matching import fits
from .metadata import Field, Keywords, metadata_keywords, serialized_default
from .nested_schemas import nested_schema
from .nullability import nullable, or_constant
from .texts import as_text, without_null
from .validators import json_types, refine

__all__ = ["FieldConverter"]

_Kinds = type[Field] | tuple[type[Field], ...]


class FieldConverter(OpenAPIConverter):
    """apispec's converter for one view of schemas and one source of their values.

    ``reference`` is called with each nested schema and returns a ``$ref`` to it or the schema
    itself.
    """

    def __init__(
        self,
        spec: APISpec,
        view: View,
        source: Source,
        reference: Callable[[Schema, bool], Keywords],
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
        self._kinds: dict[object, _Kinds] = dict(
            zip(self.attribute_functions[1:10], named, strict=True)
        )
        self._functions: dict[type[Field], list[Callable[..., Keywords]]] = {}

    def field2property(self, field: Field) -> Keywords:
        """Return the JSON Schema of a field in this view."""
        kind = type(field)
        if isinstance(field, (fields.List, fields.Tuple)) and self._is_one_text(field):
            return self._one_text(field)
        if isinstance(field, Alternatives):
            return self._alternatives(field)
        functions = self._functions.get(kind)
        if functions is None:
            functions = self._functions[kind] = [
                cast("Callable[..., Keywords]", each)
                for each in self.attribute_functions
                if issubclass(kind, self._kinds.get(each, kind))
            ]
        out: Keywords = {}
        for each in functions:
            out.update(each(field, ret=out))
        if self._is_text:
            out = without_null(out)
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

    def _alternatives(self, field: Alternatives) -> Keywords:
        """Return the schemas of a parameter's two meanings."""
        shown = [each for each in field.parts if each.metadata.get("documented") is not False]
        found = [self.field2property(each) for each in shown]
        if field.excluded:
            found[-1] = {**found[-1], "not": dict(field.excluded)}
        for each in found:
            each.pop("description", None)
        out = found[0] if len(found) == 1 else {"anyOf": found}
        if len(found) > 1 and "default" in found[0]:
            out["default"] = found[0].pop("default")
        out.update(metadata_keywords(field))
        return out

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

    def _fits(self, field: Field, schema: Keywords, default: object) -> bool:
        if not fits(schema, default) or (default is None and {"$ref", "allOf"} & schema.keys()):
            return False  # the object that a reference leads to is not null
        if not _refers(schema) or self.view is View.RESPONSE:
            return True
        try:
            field.deserialize(copy.deepcopy(default))
        except Exception:  # noqa: BLE001  # whatever it raises, it does not take the value
            return False
        return True

    def field2type_and_format(self, field: Field, **_kwargs: object) -> Keywords:
        """Return type, format, pattern and bounds of the wire format or the nearest known class."""
        wire = wire_of(field)
        if wire is None:
            return class_keywords(field, self.view, self.source)
        is_response = self.view is View.RESPONSE
        keywords = _written(field, wire) if is_response else _taken(wire, self.source)
        if "const" in keywords and (kind := json_types([keywords["const"]])):
            keywords = {"type": kind, **keywords}
        return keywords

    def nested2properties(self, field: Field, ret: Keywords) -> Keywords:
        """Return the place of a nested schema, as an array where many are nested."""
        if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck):
            return {}
        return self.reference(nested_schema(field), bool(field.many or field.schema.many))

    def pluck2properties(self, field: Field, **_kwargs: object) -> Keywords:
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

    def list2properties(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the items of a list."""
        if not isinstance(field, fields.List):
            return {}
        return {"items": self.field2property(field.inner)}

    def tuple2properties(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the items of a tuple, each with its own schema."""
        if not isinstance(field, fields.Tuple):
            return {}
        parts = [self.field2property(each) for each in field.tuple_fields]
        # NOTE: {"not": {}} means false; apispec would take false for the name of a component.
        prefix = {"prefixItems": parts} if parts else {}
        return {**prefix, "items": {"not": {}}, "minItems": len(parts), "maxItems": len(parts)}

    def dict2properties(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the schemas of a mapping's names and values."""
        if not isinstance(field, fields.Mapping):
            return {}
        source, self.source = self.source, "json" if self.source == "form" else self.source
        value = self.field2property(field.value_field) if field.value_field else {}
        self.source = source
        out: Keywords = {"additionalProperties": value}
        if not value and self.view is not View.RESPONSE:
            out["description"] = BOUND_OF_INTEGERS
        if field.key_field is not None:
            names = as_text(self.field2property(field.key_field), field.key_field)
            if names.keys() - {"type"} and names != STRING:
                out["propertyNames"] = names
        return out

    def enum2properties(self, field: Field, **kwargs: Keywords) -> Keywords:
        """Return an enumeration's names or values, with their type."""
        if isinstance(field, fields.Enum) and not self._has_one_text_each(field):
            kwargs["ret"].pop("enum", None)
            return in_words(field, self.field2property(field.field))
        return enumeration(field, self.view, of_text=self.source != "json")

    def _has_one_text_each(self, field: Field) -> bool:
        return self.view is View.RESPONSE or not has_many_texts(field)

    def upload2properties(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the largest size of an uploaded file."""
        if not isinstance(field, Upload):
            return {}
        bound = f"At most {field.max_size} bytes." if field.max_size is not None else ""
        checked = "The content must begin as its media type says." if field.check_content else ""
        text = f"{bound} {checked}".strip()
        return {"description": text} if text else {}

    def function2properties(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the schema of a Method or Function field, by its return annotation."""
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
        """Return the ``json_schema`` of a user's field class, which replaces the other keywords."""
        declared = getattr(field, "json_schema", None)
        if isinstance(declared, Mapping):
            ret.clear()
            return cast("Keywords", schema_value(declared))
        return {}

    def field2validators(self, field: Field, ret: Keywords) -> Keywords:
        """Return all keywords so far, refined by the field's validators."""
        refined = refine(ret, field)
        ret.clear()
        return refined

    def metadata2properties(self, field: Field, ret: Keywords) -> Keywords:  # type: ignore[override]
        """Return the keywords of the field's metadata: title, description, examples, ``x-...``."""
        if not field.metadata:  # PERF: as most have none
            return {}
        out = metadata_keywords(field)
        if ret.get("description") and out.get("description"):
            out["description"] = f"{out['description']} {ret['description']}"
        return out

    def field2default(self, field: Field, **_kwargs: object) -> Keywords:
        """Return the value that stands for an absent one, where it can be written as JSON."""
        if self.view is View.PATCH:
            return {}
        declared = "default" in field.metadata
        default = field.metadata["default"] if declared else field.load_default
        if self.view is View.RESPONSE and field.dump_default is not missing:
            default, declared = field.dump_default, False
        found = serialized_default(field, default, declared=declared)
        return {"default": found[0]} if found else {}


def _written(field: Field, wire: Wire) -> Keywords:
    """Return the keywords of the values that a field writes."""
    keywords = dict(wire.keywords)
    if wire.response is not None:
        keywords = dict(wire.response)
    elif getattr(field, "as_string", False):
        keywords = {"type": "string"}
    return unchecked(keywords) if field.dump_only else keywords


def _taken(wire: Wire, source: Source) -> Keywords:
    """Return the keywords of the values that a wire format takes."""
    if source == "form" and wire.form_keywords is not None:
        return dict(wire.form_keywords)
    keywords = dict(wire.keywords)
    if source != "json" and keywords.get("type") == ["string", "number"]:
        return {"type": "string", **{key: keywords[key] for key in ("format", "pattern")}}
    return keywords


def _nameless(_schema: object) -> None:
    return None


def _many(items: Keywords) -> Keywords:
    return {"type": "array", "items": items}


def _refers(schema: Keywords) -> bool:
    return "$ref" in schema or any("$ref" in each for each in schema.get("anyOf", ()))
