"""One Operation as OpenAPI's Operation Object (OpenAPI 3.1.1, section 4.8.10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import fields

from ..contract import Failure, Header, Input, Operation, Output, Parameter
from ..http.methods import SAFE_METHODS
from ..media import NDJSON
from ..schemas.bound import BoundSchema
from ..schemas.json_values import json_value, text_value
from ..schemas.parameter_styles import TextLocation, style_of
from ..schemas.schema_values import schema_value
from ..schemas.uploads import Upload
from ..security_scheme import SecurityScheme
from .conversion import SchemaCollector
from .dialects import lower
from .event_schemas import event_schema
from .metadata import Keywords, is_example_object
from .operation_words import operation_description, reason_phrase, sentence_of
from .problem_responses import ProblemResponses

__all__ = ["OperationPrinter", "copied"]

_IN = {"query": "query", "headers": "header", "cookies": "cookie"}
_LOCATIONS: dict[str, TextLocation] = {"query": "query", "header": "headers", "cookie": "cookies"}
_HOISTED = ("description", "deprecated")
# NOTE: a description, not a schema, documents a JSON Patch. Whether a patch applies depends on the
# item, and unknown members of an operation are ignored (RFC 6902, section 4), so every schema would
# accept too much or too little. Accept-Patch names the media type.
_JSON_PATCH = "application/json-patch+json"
_PATCHED = (
    "What changes, as a merge patch (RFC 7396). A JSON Patch (RFC 6902) is taken too, as "
    "`application/json-patch+json`."
)


class OperationPrinter:
    """The printer of the operations of one document, with the components that they share."""

    def __init__(
        self, collector: SchemaCollector, dialect: str, links: Mapping[int, Keywords]
    ) -> None:
        """Make the printer.

        Args:
            collector: Takes the schemas.
            dialect: The version of OpenAPI.
            links: The result of `links_of`.
        """
        self._links = links
        self._collector = collector
        self._dialect = dialect
        self.security_schemes: dict[str, Keywords] = {}
        self.problems = ProblemResponses(collector, dialect)

    def print(self, op: Operation) -> Keywords:
        """Return the Operation Object of an operation."""
        name = op.operation_id
        summary = text_value(op.summary) if op.summary else sentence_of(name)
        out: Keywords = {"operationId": name, "summary": summary}
        if description := operation_description(op, summary):
            out["description"] = description
        out["tags"] = [text_value(tag) for tag in op.tags]
        if op.deprecated:
            out["deprecated"] = True
        if parameters := list(self._parameters(op)):
            out["parameters"] = parameters
        if body := self._body(op):
            out["requestBody"] = body
        out["responses"] = self._responses(op)
        if op.security:
            out["security"] = [self._security(each) for each in op.security]
        out.update(
            (name, copied(value)) for name, value in op.extensions.items() if name.startswith("x-")
        )
        return out

    def _schema(self, schema: Any) -> Any:
        found = schema_value(schema)
        return lower(found) if self._dialect.startswith("3.0") else found

    def _security(
        self, combination: Iterable[tuple[SecurityScheme, tuple[str, ...]]]
    ) -> dict[str, list[str]]:
        """Return a Security Requirement Object (OpenAPI 3.1.1, section 4.8.30)."""
        out: dict[str, list[str]] = {}
        for scheme, scopes in combination:
            self.security_schemes[scheme.name] = copied(scheme.document())
            known = out.setdefault(scheme.name, [])
            known += [scope for scope in scopes if scope not in known]
        return out

    # parameters

    def _parameters(self, op: Operation) -> Iterator[Keywords]:
        yield from self._path_parameters(op)
        named: set[tuple[str, str]] = set()
        for parameter in self._declared_parameters(op):
            named.add(_identity(parameter))
            yield parameter
        own = [self._contributed(each) for each in op.parameters]
        for parameter in (*_preconditions(op), *self._idempotency_keys(op), *own):
            if _identity(parameter) not in named:
                named.add(_identity(parameter))
                yield parameter

    def _path_parameters(self, op: Operation) -> Iterator[Keywords]:
        for each in op.path_parameters:
            parameter: Keywords = {"name": each.name, "in": "path", "required": True}
            if each.description:
                parameter["description"] = text_value(each.description)
            yield {**parameter, "schema": self._schema(each.schema)}

    def _declared_parameters(self, op: Operation) -> Iterator[Keywords]:
        for taken in op.inputs:
            if taken.location in _IN:
                yield from self._taken(taken)

    def _idempotency_keys(self, op: Operation) -> Iterator[Keywords]:
        # NOTE: an optional Idempotency-Key is not a parameter for the same reason as an optional
        # If-Match: a reused key gets a 422.
        if op.idempotency is not None and op.idempotency.header.required:
            header = op.idempotency.header
            yield {**self._headers([header])[header.name], "name": header.name, "in": "header"}

    def _contributed(self, parameter: Parameter) -> Keywords:
        out: Keywords = {"name": parameter.name, "in": parameter.location}
        if parameter.description:
            out["description"] = text_value(parameter.description)
        if parameter.required:
            out["required"] = True
        return {**out, "schema": self._schema(parameter.schema)}

    def _taken(self, taken: Input) -> Iterator[Keywords]:
        where = _IN[taken.location]
        for name, field, schema in self._collector.parameters(taken):
            hoisted = {key: schema.pop(key) for key in _HOISTED if key in schema}
            out: Keywords = {"name": name, "in": where, **hoisted}
            if field.required:
                out["required"] = True
            style = style_of(name, field, _LOCATIONS[where])
            if style.name:
                out["style"], out["explode"] = style.name, style.explode
            yield {**out, "schema": schema}

    # the request's content

    def _body(self, op: Operation) -> Keywords:
        bodies = [each for each in op.inputs if each.location == "body"]
        parts = [each for each in op.inputs if each.location in ("form", "files")]
        content: Keywords = {}
        for each in bodies:
            content.update(self._body_content(each, op))
        if parts:
            content.update(self._form_content(parts, op))
        if not content:
            return {}
        patched = any(_JSON_PATCH in each.media_types for each in bodies)
        described = {"description": _PATCHED} if patched else {}
        required = any(each.required for each in (*bodies, *parts))
        return {**described, "required": required, "content": content}

    def _body_content(self, body: Input, op: Operation) -> Keywords:
        if body.schema is None:
            return {each: {"schema": self._raw(each, body)} for each in body.media_types}
        if body.schema.source == "form":
            return self._form_content([body], op)
        media = _media(self._collector.schema(body.schema), op)
        return {each: media for each in body.media_types if each != _JSON_PATCH}

    def _raw(self, media_type: str, body: Input) -> Keywords:
        """Return the schema of raw content: its media type says the rest."""
        out = {"type": "string"} if body.raw == "text" else _untyped(media_type)
        if body.max_size is None or "type" not in out:
            return out
        return {**out, "maxLength": body.max_size}

    def _form_content(self, parts: list[Input], op: Operation) -> Keywords:
        found = [each.schema for each in parts if each.schema is not None]
        media = _media(self._collector.form(*found), op)
        encoding = dict(
            pair for each in parts if each.schema for pair in _encoding(each.schema, each.location)
        )
        if encoding:
            media = {**media, "encoding": encoding}
        media_types = dict.fromkeys(each for part in parts for each in part.media_types)
        return dict.fromkeys(media_types, media)

    # responses

    def _responses(self, op: Operation) -> Keywords:
        out: dict[int, Keywords] = {}
        for output in op.outputs:
            response = out.setdefault(
                output.status,
                {"description": text_value(output.description or reason_phrase(output.status))},
            )
            if output.headers:
                response.setdefault("headers", {}).update(self._headers(output.headers))
            if output.has_content:
                content = response.setdefault("content", {})
                content.update((each, self._content(output, each)) for each in output.media_types)
        if id(op) in self._links:
            out[201]["links"] = self._links[id(op)]
        failures: dict[int, list[Failure]] = {}
        for failure in op.failures:
            failures.setdefault(failure.problem.status, []).append(failure)
        for status, found in failures.items():
            response = self.problems.response(status, found, op.errors, self._headers)
            out[status] = _merged(out[status], response) if status in out else response
        return {str(status): out[status] for status in sorted(out)}

    def _content(self, output: Output, media_type: str) -> Keywords:
        if output.events is not None:
            # Before 3.2 no keyword has the schema of one event, and the content as a whole is text.
            item = event_schema(output.events, self._collector)
            if self._dialect.startswith("3.2"):
                return {"itemSchema": item}
            return {"schema": {"type": "string"}, "x-itemSchema": item}
        if output.schema is None:
            return {"schema": _untyped(media_type)}
        if media_type != NDJSON:
            return {"schema": self._collector.schema(output.schema)}
        item = self._collector.schema(output.schema, many=False)
        return {"itemSchema" if self._dialect.startswith("3.2") else "schema": item}

    def _headers(self, headers: Iterable[Header]) -> Keywords:
        out: Keywords = {}
        for each in headers:
            described = {"description": text_value(each.description)} if each.description else {}
            required = {"required": True} if each.required else {}
            out[each.name] = {**described, **required, "schema": self._schema(each.schema)}
        return out


def _merged(declared: Keywords, problems: Mapping[str, Any]) -> Keywords:
    """Return a declared response that may be a problem too."""
    out = {**declared, "content": dict(declared.get("content", {}))}
    for media_type, media in problems["content"].items():
        known = out["content"].get(media_type)
        if known is not None and known != media:
            media = {"schema": {"anyOf": [known["schema"], media["schema"]]}}
        out["content"][media_type] = media
    if headers := {**problems.get("headers", {}), **declared.get("headers", {})}:
        out["headers"] = headers
    return out


def copied(node: object) -> Any:
    """Return JSON values that belong to the document: changing them changes no declaration."""
    return json_value(node, nan_is_null=True)


def _media(schema: Keywords, op: Operation) -> Keywords:
    out: Keywords = {"schema": schema}
    if op.examples:
        out["examples"] = {str(name): _example(value) for name, value in op.examples.items()}
    return out


def _example(value: object) -> Keywords:
    """Return an Example Object: as it is given, or of a value."""
    if isinstance(value, Mapping) and is_example_object(value):
        found: Keywords = copied(value)
        return found
    return {"value": copied(value)}


def _encoding(bound: BoundSchema, location: str) -> Iterator[tuple[str, Keywords]]:
    """Yield how the fields of a form are encoded where that is not the default (section 4.8.15)."""
    for name, field in bound.load_fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, Upload):
            if inner.media_types:
                yield name, {"contentType": ", ".join(inner.media_types)}
            continue
        style = style_of(name, field, "files" if location == "files" else "form")
        if style.is_json:
            yield name, {"contentType": "application/json"}
        elif style.name and not style.explode:
            yield name, {"style": style.name, "explode": False}


def _untyped(media_type: str) -> Keywords:
    if media_type == "*/*" or "json" in media_type:
        return {}
    if media_type.startswith("text/") or media_type.endswith("xml"):
        return {"type": "string"}
    return {"type": "string", "format": "binary"}


def _identity(parameter: Keywords) -> tuple[str, str]:
    """Return the identity of a parameter; names of headers have no case (RFC 9110, section 5.1)."""
    name, location = parameter["name"], parameter["in"]
    return location, name.lower() if location == "header" else name


def _preconditions(op: Operation) -> Iterator[Keywords]:
    if (op.conditional and op.method in SAFE_METHODS) or op.cache:
        yield _precondition("If-None-Match", required=False)
    # NOTE: the 412 response describes an optional If-Match. A parameter of type string would
    # promise that every string is accepted, but an unknown entity tag gets a 412.
    if op.conditional == "required" and op.method not in SAFE_METHODS:
        yield _precondition("If-Match", required=True)


def _precondition(name: str, *, required: bool) -> Keywords:
    says = (
        "Answer 304 if the representation still has one of these entity tags "
        "(RFC 9110, section 13.1.2)."
        if name == "If-None-Match"
        else "Do it only if the representation has one of these entity tags "
        "(RFC 9110, section 13.1.1)."
    )
    out: Keywords = {"name": name, "in": "header", "description": says}
    return {**out, **({"required": True} if required else {}), "schema": {"type": "string"}}
