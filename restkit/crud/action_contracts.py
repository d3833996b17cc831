"""The declarations on actions of a `CRUDResource`: problems, schemas, contradictions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from marshmallow import Schema

from ..contract import Failure
from ..declarations import Declarations, declarations_of
from ..errors import DeclarationError
from ..operations.helpers import helper_failures
from ..resource import Resource
from .action_decorators import own_actions
from .transition_texts import transition_failure

__all__ = [
    "action_failures",
    "action_schemas",
    "check_action",
    "check_bulk",
    "response_schemas",
]

_OWN_MODULE = "restkit.crud.resource"
_BODIES = ("create", "replace", "update")
_BODILESS = {"list": "a GET", "read": "a GET", "delete": "a DELETE", "restore": "this POST"}
_CALLS: Mapping[str, tuple[str, ...]] = {
    "list": ("list", "scope"),
    "totals": ("totals", "scope"),
    "create": ("create", "scope"),
    "read": ("read", "scope"),
    "replace": ("replace", "change", "read", "scope"),
    "update": ("update", "change", "read", "scope"),
}


def check_action(declared: type[Resource], action: str) -> None:
    """Reject inputs and responses that an action cannot have.

    Raises:
        DeclarationError: `takes` or `returns` on the action cannot be meant.
    """
    own = declarations_of(inspect.getattr_static(declared, action))
    declared_at = f"{declared.__module__}.{declared.__qualname__}.{action}"
    _check_form(own, action, declared_at)
    if own.media_types is not None:
        raise DeclarationError(
            f"{declared_at} has @takes(media_types=...), but an action takes JSON. Remove it, or "
            "write a Resource beside the collection."
        )
    if ("body" in own.inputs or own.max_size) and action not in _BODIES:
        raise DeclarationError(
            f"{declared_at} has @takes(body=...), but {_BODILESS[action]} has no content. Take "
            "query=... instead."
        )
    if action == "list" and any(each.status != 200 or each.is_open for each in own.returns):
        raise DeclarationError(
            f"{declared_at} returns a page with the status 200. Write @returns(RowSchema), with "
            "the schema of the items of the page."
        )


def _check_form(own: Declarations, action: str, declared_at: str) -> None:
    """Reject forms of an action, and files of another action than ``create``."""
    if "form" in own.inputs:
        raise DeclarationError(
            f"{declared_at} has @takes(form=...), but an action takes JSON. Write a Resource "
            "beside the collection. With @takes(files=...) on create, its schema is the form."
        )
    if "files" in own.inputs and action != "create":
        raise DeclarationError(
            f"{declared_at} has @takes(files=...), which only create takes. Write an item_action."
        )
    if "files" in own.inputs and "body" in own.inputs:
        raise DeclarationError(
            f"{declared_at} has @takes(body=..., files=...), but with files the content is a form "
            "of the collection's schema. Remove body; Schemas(create=...) sets another schema."
        )


def action_schemas(declared: type[Resource]) -> dict[str, type[Schema]]:
    """Return the schemas that actions declare: of bodies by action, and of the items of a list.

    Raises:
        DeclarationError: One of them is not a schema class.
    """
    found: dict[str, object] = {}
    for action in _BODIES:
        body = declarations_of(inspect.getattr_static(declared, action)).inputs.get("body")
        if body is not None:
            found[action] = body
    for each in declarations_of(inspect.getattr_static(declared, "list")).returns:
        if each.schema is not None:
            found["list"] = each.schema
    classes: dict[str, type[Schema]] = {}
    for action, schema in found.items():
        if not (isinstance(schema, type) and issubclass(schema, Schema)):
            decorator = "@returns" if action == "list" else "@takes"
            raise DeclarationError(
                f"{declared.__module__}.{declared.__qualname__}.{action}: the schema of "
                f"{decorator} must be a marshmallow Schema class, got {schema!r}."
            )
        classes[action] = schema
    return classes


def response_schemas(declared: type[Resource], action: str) -> list[type[Schema]]:
    """Return the schema classes that an action declares for its responses."""
    said = declarations_of(inspect.getattr_static(declared, action)).returns
    return [each.schema for each in said if isinstance(each.schema, type)]


def action_failures(declared: type[Resource], action: str) -> list[Failure]:
    """Return the problems of an action, with those of the helpers and actions that it calls."""
    found: list[Failure] = []
    for name in _CALLS.get(action, (action, "read", "scope")):
        written = inspect.getattr_static(declared, name)
        found += declarations_of(written).raises
        if written.__module__ != _OWN_MODULE:
            found += helper_failures(written, declared)
    transitions = getattr(declared, "transitions", {})
    if transitions and (action in _BODIES or action in own_actions(declared)):
        found.append(transition_failure(transitions))
    return list({id(each): each for each in found}.values())


def check_bulk(most: int, conditional: object, declared_at: str) -> None:
    """Reject declarations that contradict bulk requests.

    Args:
        most: The maximum length of each list.
        conditional: Whether items have entity tags, and whether these are required.
        declared_at: The name of the class.

    Raises:
        DeclarationError: They contradict each other.
    """
    if most < 1:
        raise DeclarationError(f"{declared_at}.max_bulk must be at least 1, got {most}.")
    if conditional == "required":
        raise DeclarationError(
            f"{declared_at} has bulk = True and conditional = 'required', but bulk deletions have "
            "no entity tag. Remove one of the two."
        )
