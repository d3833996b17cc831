"""The error responses of operations, in the formats of their App, as Response Objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..contract import Failure, Operation
from ..error_formats import PROBLEM_DETAILS, ErrorFormat
from ..problem_members import MAX_CODE, MAX_ERRORS, MAX_POINTER, MAX_TEXT, MAX_TITLE, MAX_URI
from ..problems import Problem, problem_class
from ..schemas.bound import BoundSchema, View
from ..schemas.json_values import text_value
from .conversion import SchemaCollector
from .dialects import lower
from .names import component_key

__all__ = ["PROBLEM", "ProblemResponses", "error_schema"]

_BLANK = "about:blank"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "maxLength": MAX_URI,
                 "description": "The type of problem."},
        "title": {"type": "string", "maxLength": MAX_TITLE,
                  "description": "A summary of the type of problem."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599,
                   "description": "The HTTP status."},
        "detail": {"type": "string", "maxLength": MAX_TEXT,
                   "description": "An explanation of this occurrence."},
        "instance": {"type": "string", "format": "uri-reference", "maxLength": MAX_URI,
                     "description": "A reference to this occurrence."},
        "errors": {
            "type": "array",
            "description": "The invalid values of the request.",
            "maxItems": MAX_ERRORS,
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "maxLength": MAX_POINTER,
                                "description": "A JSON Pointer (RFC 6901) into the content."},
                    "parameter": {"type": "string", "maxLength": MAX_TEXT,
                                  "description": "The name of a parameter."},
                    "in": {"type": "string", "description": "The location of the parameter.",
                           "enum": ["query", "path", "header", "cookie"]},
                    "detail": {"type": "string", "maxLength": MAX_TEXT,
                               "description": "An explanation of the error."},
                    "code": {"type": "string", "maxLength": MAX_CODE,
                             "description": "The rule that the value violates."},
                },
                "required": ["detail", "code"],
            },
        },
        "omitted_errors": {"type": "integer", "minimum": 1,
                           "description": "The number of further errors."},
    },
    "required": ["type", "title", "status"],
}  # fmt: skip

_Headers = Callable[[Iterable[Any]], dict[str, Any]]


class ProblemResponses:
    """Prints the error responses of one document, and keeps the components that they share."""

    def __init__(
        self,
        collector: SchemaCollector,
        dialect: str = "3.1.1",
        prefix: str = "#/components/schemas/",
    ) -> None:
        """Make a printer without components.

        Args:
            collector: The collector of the document's other schemas.
            dialect: The version of OpenAPI.
            prefix: The text before a component's name in a ``$ref``.
        """
        self.components: dict[str, dict[str, Any]] = {}
        self._collector = collector
        self._is_3_0 = dialect.startswith("3.0")
        self._prefix = prefix
        self._names: dict[str, object] = {"Problem": Problem}
        self._printed: dict[tuple[int, ...], dict[str, Any]] = {}
        self._members_of_all: dict[str, object] = {}

    def reserve(self, operations: Iterable[Operation]) -> None:
        """Reserve the names of components before the schemas of the operations take them.

        The members that parts of the Apps add to problems are collected, too.
        """
        names = {"Problem"}
        for op in operations:
            self._members_of_all |= op.problem_members
            names.update(self._name(_problem_name(each.problem), each.problem)
                         for each in op.failures if _is_distinct(each.problem))  # fmt: skip
            names.update(
                self._name(_format_name(each.schema), each)
                for each in op.errors
                if isinstance(each.schema, Mapping)
                and each.bound is None
                and each is not PROBLEM_DETAILS
            )
        self._collector.names.reserve(*sorted(names))

    def response(
        self,
        status: int,
        failures: Sequence[Failure],
        formats: Sequence[ErrorFormat],
        print_headers: _Headers,
    ) -> dict[str, Any]:
        """Return the response of the problems of one status, one object for the same records."""
        key = (*map(id, failures), 0, *map(id, formats))
        if key not in self._printed:
            texts = dict.fromkeys(text for each in failures if (text := _description(each)))
            response: dict[str, Any] = {
                "description": " ".join(texts) or f"{failures[0].problem.title}."
            }
            if headers := print_headers(header for each in failures for header in each.headers):
                response["headers"] = headers
            response["content"] = self.content(status, failures, formats)
            self._printed[key] = response
        return self._printed[key]

    def content(
        self, status: int, failures: Iterable[Failure], formats: Iterable[ErrorFormat]
    ) -> dict[str, Any]:
        """Return the content of the problems of one status, by media type."""
        problems = list(dict.fromkeys(each.problem for each in failures))
        return {
            each.media_type: {"schema": self.schema(status, problems, each)} for each in formats
        }

    def schema(
        self, status: int, problems: Sequence[type[Problem]], error_format: ErrorFormat
    ) -> dict[str, Any]:
        """Return the schema of the problems of one status in one format."""
        if error_format is PROBLEM_DETAILS:
            return self._lowered(self._alternatives(status, problems))
        if error_format.bound is not None:
            return self._collector.schema(error_format.bound)
        if error_format.schema is None:
            return {"type": "string"}
        name = self._name(_format_name(error_format.schema), error_format)
        given: Any = json.loads(json.dumps(error_format.schema, default=dict))
        self.components[name] = self._lowered(given)
        return {"$ref": self._prefix + name}

    def _alternatives(self, status: int, problems: Sequence[type[Problem]]) -> dict[str, Any]:
        """Return the schema of RFC 9457; a ``type`` tells the alternatives of one status apart."""
        base = json.loads(json.dumps(PROBLEM))
        base["properties"].update(json.loads(json.dumps(self._members_of_all)))
        self.components["Problem"] = self._lowered(base)
        distinct = [each for each in problems if _is_distinct(each)]
        plain: dict[str, Any] = {
            "$ref": self._prefix + "Problem",
            "properties": {"status": {"const": status}},
        }
        if not distinct:
            return plain
        found = [self._component(each) for each in distinct]
        if len(distinct) < len(problems):
            plain["properties"] = {"type": {"const": _BLANK}, "status": {"const": status}}
            found.insert(0, plain)
        if len(found) == 1:
            return found[0]
        types = [_BLANK, *(each.type for each in distinct)][-len(found) :]
        return {"oneOf" if len(set(types)) == len(types) else "anyOf": found}

    def _component(self, problem: type[Problem]) -> dict[str, Any]:
        name = self._name(_problem_name(problem), problem)
        if name not in self.components:
            properties: dict[str, Any] = {
                "type": {"const": problem.type},
                "title": {"const": problem.title},
                "status": {"const": problem.status},
            }
            out: dict[str, Any] = {"$ref": self._prefix + "Problem", "title": problem.title}
            if text := _first_line(problem):
                out["description"] = text
            out["properties"] = properties
            if problem.members is not None:
                members = self._members(problem.members)
                properties.update(members["properties"])
                if required := members.get("required"):
                    out["required"] = required
            self.components[name] = self._lowered(out)
        return {"$ref": self._prefix + name}

    def _members(self, schema: Any) -> dict[str, Any]:
        """Return the schema of extension members in line: a problem may have other members too."""
        bound = BoundSchema(
            schema, View.RESPONSE, many=False, source="json", name="", compiled=False
        )
        return self._collector.schema(bound)

    def _name(self, wanted: str, owner: object) -> str:
        """Return the component name of a problem class or an error format."""
        name, number = wanted, 1
        while self._names.setdefault(name, owner) is not owner:
            number += 1
            name = f"{wanted}{number}"
        return name

    def _lowered(self, schema: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = lower(schema) if self._is_3_0 else schema
        return made


def error_schema(
    status: int, failures: Sequence[Failure], error_format: ErrorFormat
) -> dict[str, Any]:
    """Return the JSON Schema of the error responses of a status, self-contained with its ``$defs``.

    Args:
        status: The status.
        failures: The declared failures of the status.
        error_format: The format of the response.
    """
    prefix = "#/$defs/"
    collector = SchemaCollector(prefix=prefix)
    printer = ProblemResponses(collector, prefix=prefix)
    problems = list(dict.fromkeys(each.problem for each in failures))
    schema = printer.schema(status, problems, error_format)
    definitions = {**collector.components(), **printer.components}
    return {**schema, "$defs": definitions} if definitions else schema


def _is_distinct(problem: type[Problem]) -> bool:
    """Return whether a problem class has a type or members of its own."""
    return problem.type != _BLANK or problem.members is not None


def _problem_name(problem: type[Problem]) -> str:
    name = component_key(problem.__name__)
    return name if name.endswith(("Problem", "Error")) else f"{name}Problem"


def _format_name(schema: Any) -> str:
    title = schema.get("title") if isinstance(schema, Mapping) else None
    return component_key(title) if isinstance(title, str) and title else "Error"


def _first_line(problem: type[Problem]) -> str:
    return (vars(problem).get("__doc__") or "").strip().partition("\n")[0]


def _description(failure: Failure) -> str:
    """Return the declared description of a failure, or the docstring of the user's class."""
    text = text_value(failure.description) if failure.description else ""
    if not text and failure.problem is not problem_class(failure.problem.status):
        text = _first_line(failure.problem) or failure.problem.title
    return text if not text or text.endswith((".", "!", "?")) else text + "."
