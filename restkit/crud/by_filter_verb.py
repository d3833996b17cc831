"""The contract of PATCH and DELETE by filter, and the declarations that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from ..contract import Failure, Location
from ..declarations import Declarations, DeclaredMethod, Return
from ..errors import DeclarationError
from ..media import JSON
from ..problems import Conflict, ContentTooLarge
from ..resource import Resource
from ..schemas.bound import SchemaLike
from .action_access import bulk_access
from .action_contracts import action_failures
from .binding import Binding
from .by_filter import DRY_RUN, AffectedItemsSchema, delete_selected, patch_selected
from .endpoints import CollectionEndpoint
from .patching import JSON_PATCH, MERGE_PATCH, PatchDocument
from .store import AnyField

__all__ = ["filtered_verb"]

_ACTIONS = {"PATCH": "update", "DELETE": "delete"}
_WORDS = {
    "PATCH": "Apply one patch to all items that filters select",
    "DELETE": "Delete all items that filters select",
}
_TOO_MANY = Failure(
    Conflict,
    "database",
    "The filters select more items than a request affects; or the request conflicts with stored "
    "data.",
)
_TOO_LARGE = Failure(
    ContentTooLarge, "database", "The patch is too large for the number of selected items."
)
_PATCHES = (MERGE_PATCH, "application/json", JSON_PATCH)
_Schema = SchemaLike | Mapping[str, AnyField]


class Selectable(Protocol):
    """The part of a `CRUDResource` class that PATCH and DELETE by filter depend on."""

    by_filter: Sequence[str]
    conditional: object
    max_affected: int


def filtered_verb(
    method: str,
    declared: type[Selectable],
    binding: Binding,
    name: str,
    failures: Sequence[Failure],
) -> DeclaredMethod:
    """Return PATCH or DELETE of a collection.

    Args:
        method: The method.
        declared: The class.
        binding: Its binding.
        name: The name of the collection.
        failures: The problems of the store and the collection.

    Raises:
        DeclarationError: The class declares no filters, or contradicts them.
    """
    _check(declared, binding)
    action = _ACTIONS[method]
    function = _VERBS[method]()
    function.__module__ = declared.__module__
    function.__qualname__ = f"{declared.__qualname__}.{action}"
    inputs: dict[Location, _Schema] = {"query": binding.filtering.fields({"dry_run": DRY_RUN})}
    media_types, convert, own = None, None, [_TOO_MANY]
    if method == "PATCH":
        media_types, convert = _PATCHES, PatchDocument.of
        inputs["body"] = binding.update_views.merged
        own.append(_TOO_LARGE)
    called = cast("type[Resource]", declared)
    own += [*action_failures(called, "list"), *action_failures(called, action)]
    described = "All items were changed, or none with `dry_run`."
    most = declared.max_affected
    words = {
        **bulk_access(called, (action,)),
        "derived_id": f"{action}{name}ByFilter",
        "summary": _WORDS[method],
        "description": f"At least one filter is required. A request affects at most {most} items.",
    }
    return DeclaredMethod(
        function,
        Declarations(
            inputs,
            media_types,
            (Return(AffectedItemsSchema, 200, (), (JSON,), described, False),),
            (*own, *failures),
            convert,
            words=words,
        ),
    )


def _check(declared: type[Selectable], binding: Binding) -> None:
    """Reject declarations that contradict requests by filter."""
    if not binding.filtering.names:
        raise DeclarationError(
            f"{binding.declared_at} has by_filter, but no filters to select items by. Declare "
            "filters, or remove by_filter."
        )
    if declared.max_affected < 1:
        raise DeclarationError(
            f"{binding.declared_at}.max_affected must be at least 1, got {declared.max_affected}."
        )
    if declared.conditional == "required":
        raise DeclarationError(
            f"{binding.declared_at} has by_filter and conditional = 'required', but a request by "
            "filter names no entity tags. Remove one of the two."
        )


def _patch() -> Callable[..., object]:
    def patch(
        self: CollectionEndpoint,
        body: object,
        query: Mapping[str, object],
        **path: object,
    ) -> object:
        return patch_selected(self, query, cast("PatchDocument", body))

    return patch


def _delete() -> Callable[..., object]:
    def delete(self: CollectionEndpoint, query: Mapping[str, object], **path: object) -> object:
        return delete_selected(self, query)

    return delete


_VERBS = {"PATCH": _patch, "DELETE": _delete}
