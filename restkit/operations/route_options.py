"""The keyword arguments of routes and Apps, with restkit's names for those of other frameworks."""

from __future__ import annotations

from collections.abc import Mapping

from ..declaration_checks import check_mapping, check_text
from ..errors import DeclarationError
from ..spelling import misspelt

__all__ = ["check_options", "document_members"]

_OPTIONS = ("name", "host", "security", "permission", "limits", "cache", "deprecated", "public")
_OF_CLASSES = (*_OPTIONS, "methods", "changes")
_OF_FUNCTIONS = (*_OPTIONS, "template", "block")
# Keyword arguments of other frameworks, with restkit's equivalents.
_ELSEWHERE = {
    "template": "Write template = 'book.html' in an HTMLResource class.",
    "block": "Write block = 'rows' in an HTMLResource class.",
    "template_name": "Write template='book.html' for a function.",
    "methods": "Write @app.get, @app.post, ... for one verb, or a Resource class for several.",
    "method": "Write @app.get, @app.post, ... for a verb.",
    "status_code": "Declare the status with @returns(schema, status=201).",
    "status": "Declare the status with @returns(schema, status=201).",
    "response_model": "Declare the schema with @returns(schema).",
    "responses": "Declare other responses with @returns and @raises.",
    "endpoint": "Write name=... for url_for.",
    "operation_id": "Write @operation(operation_id=...) below the route.",
    "tags": "Write @operation(tags=[...]) below the route, or tags in a class.",
    "summary": "Write @operation(summary=...) below the route.",
    "description": "Write @operation(description=...) below the route.",
    "include_in_schema": "Write @operation(documented=False) below the route.",
    "documented": "Write @operation(documented=False) below the route.",
    "strict_slashes": "Set trailing_slash of the App.",
    "dependencies": "Write middleware, or security=...",
    "middleware": "Write middleware = [...] in a Resource class, or use @app.middleware.",
}
_MEMBERS = ("termsOfService", "externalDocs", "webhooks")


def check_options(
    options: Mapping[str, object], declared_at: str, *, of_function: bool = False
) -> None:
    """Reject keyword arguments that a route does not have.

    Args:
        options: The keyword arguments.
        declared_at: The route, for messages.
        of_function: Whether it may be the route of a function, whose template is an argument.

    Raises:
        DeclarationError: An argument is unknown. The message has the remedy.
    """
    allowed = _OF_FUNCTIONS if of_function else _OF_CLASSES
    for name in options:
        if name not in allowed:
            meant = misspelt(name, allowed)
            known = f"Did you mean {meant}=?" if meant else f"It takes {', '.join(allowed)}."
            advice = _ELSEWHERE.get(name, known)
            raise DeclarationError(f"{declared_at} has no argument {name}=. {advice}")
    for name, example in (("name", "books"), ("host", "api.example.com")):
        if options.get(name) is not None:
            check_text(options[name], f"{declared_at}: {name}", example)


def document_members(document: Mapping[str, object] | None, name: str) -> dict[str, object]:
    """Return the members that an App adds to its document.

    Raises:
        DeclarationError: A member is not one that an App may add, or its value is not JSON.
    """
    declared_at = f"document of App({name!r})"
    check_mapping(document, declared_at, "{'termsOfService': 'https://...'}")
    given = document or {}
    for member in given:
        if not (isinstance(member, str) and (member in _MEMBERS or member.startswith("x-"))):
            raise DeclarationError(
                f"{declared_at} has {member!r}; it takes {', '.join(_MEMBERS)} and x-... members."
            )
    return {member: _json(value, f"{declared_at}[{member!r}]") for member, value in given.items()}


def _json(value: object, declared_at: str) -> object:
    from ..schemas.json_values import json_value  # cold start: it loads decimal and pathlib

    try:
        return json_value(value)
    except ValueError as error:
        raise DeclarationError(f"{declared_at} must be a JSON value: {error}.") from None
