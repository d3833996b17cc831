"""The contract of bulk requests, and the declarations that they cannot stand beside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, cast

from marshmallow import Schema

from ..contract import Failure, Header
from ..declarations import Declarations, DeclaredMethod, Return
from ..errors import DeclarationError
from ..media import JSON
from ..resource import Resource
from ..schemas.bound import SchemaLike
from .action_access import bulk_access
from .action_contracts import action_failures, check_bulk
from .binding import Binding
from .bulk import BulkEndpoint
from .bulk_schemas import bulk_schemas
from .bulk_upsert import Upserting
from .polymorphic_binding import PolymorphicBinding
from .store import AnyField

__all__ = ["bulk_verb"]

_ACTIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
_Prefer = SchemaLike | Mapping[str, AnyField]


class Bulky(Protocol):
    """The part of a `CRUDResource` class that bulk requests depend on."""

    max_bulk: int
    conditional: object
    bulk_upsert: str


def bulk_verb(
    declared: type[Bulky],
    binding: Binding,
    name: str,
    wanted: Collection[str],
    prefers: _Prefer,
    applied: Header,
    minimal: Return,
    failures: Sequence[Failure],
) -> tuple[DeclaredMethod, type[Schema], Upserting | None]:
    """Return POST of bulk requests, the schema of its response, and the declared upserts.

    Args:
        declared: The class.
        binding: Its binding.
        name: The name of the collection.
        wanted: The methods of the collection.
        prefers: The declared preferences.
        applied: The header that says which of them holds.
        minimal: The response without content.
        failures: The problems of the store and the collection.

    Raises:
        DeclarationError: The declarations contradict bulk requests.
    """
    _check(declared, binding)
    attribute = declared.bulk_upsert
    upserting = Upserting(attribute, declared, binding, wanted) if attribute else None
    sent, result = bulk_schemas(binding, name, wanted, declared.max_bulk, upserting)
    called = [action for method, action in _ACTIONS.items() if method in wanted]
    if upserting is not None:
        called.append("replace")
    resource = cast("type[Resource]", declared)
    words: dict[str, object] = {
        "derived_id": f"bulk{name}",
        "summary": "Create, update and delete many items, all or none",
        "description": "Deletions come first, then updates, then creations.",
    }
    if upserting is not None:
        words["summary"] = "Create, update, upsert and delete many items, all or none"
        words["description"] = (
            f"Deletions come first, then updates, upserts by `{upserting.name}`, and creations."
        )
    words |= bulk_access(resource, called)
    own = [failure for each in called for failure in action_failures(resource, each)]
    contract = Declarations(
        {"body": sent, "headers": prefers},
        None,
        (Return(result, 200, (applied,), (JSON,), "All items were changed.", False), minimal),
        (*own, *failures),
        words=words,
    )
    post = _post()
    post.__module__, post.__qualname__ = declared.__module__, f"{declared.__qualname__}.bulk"
    return DeclaredMethod(post, contract), result, upserting


def _post() -> Callable[..., object]:
    def post(
        self: BulkEndpoint, body: Mapping[str, object], headers: Mapping[str, str], **path: object
    ) -> object:
        return self.change_many(body, headers)

    return post


def _check(declared: type[Bulky], binding: Binding) -> None:
    """Reject declarations that contradict bulk requests."""
    check_bulk(declared.max_bulk, declared.conditional, binding.declared_at)
    if declared.bulk_upsert and isinstance(binding, PolymorphicBinding):
        raise DeclarationError(
            f"{binding.declared_at} has bulk_upsert, but items of several kinds, which one item "
            "cannot replace. Declare it in a collection of one subclass."
        )
