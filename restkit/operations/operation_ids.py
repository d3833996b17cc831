"""What operations are called: operationIds, and the noun in them. An App refuses collisions of them at once."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING

from ..contract import Operation
from ..errors import CollisionError
from ..resource import FunctionResource

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = ["check_ids", "noun", "operation_id", "stem"]

_SUFFIX = r"(?<=.)(Item|Resource|View|Collection)$"
_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}


def operation_id(op: Operation) -> str:
    """Return the operationId of an operation: given, or made of the verb and the name of its class.

    Args:
        op: An operation; nothing but its own record is looked at, so the name does not depend on the others.

    Returns:
        ``listBooks``, ``getBook``, ``createBook``, ``replaceBook``, ``updateBook``, ``deleteBook``; for a
        function route the function's name in camelCase.
    """
    if op.operation_id:
        return op.operation_id
    if issubclass(op.resource, FunctionResource):
        name = getattr(
            op.function, "__name__", ""
        )  # a partial has none, and a lambda none of its own
        return _camel(
            name if name.isidentifier() else re.sub(r"\W+", "_", f"{op.method.lower()}_{op.path}")
        )
    if op.method == "GET":
        is_item = op.path.rstrip("/").endswith("}")
        many = any(
            _is_list(output.schema, is_item=is_item) for output in op.outputs if output.status < 300
        )
        return "list" + _bare(op.resource.__name__) if many else "get" + noun(op)
    return _VERBS.get(op.method, op.method.lower()) + noun(op)


def _is_list(bound: BoundSchema | None, *, is_item: bool) -> bool:
    """Whether an answer is a list, or a page: an object whose ``items`` are one, not at the URL of one thing."""
    if bound is None:
        return False
    return bound.many or (not is_item and bound.has_items)


def noun(op: Operation) -> str:
    """Return what one item of a resource is called: ``Book`` for ``Books`` and ``BookItem``, as its schema has it."""
    bodies = (
        *(i.schema for i in op.inputs if i.location == "body" and i.schema is not None),
        *(o.schema for o in op.outputs),
    )
    schemas = [bound.name for bound in bodies if bound is not None and bound.name]
    declared = getattr(op.resource, "schema", None)
    if isinstance(declared, type):
        schemas.append(stem(declared))
    elif declared is not None and not isinstance(declared, Mapping):
        schemas.append(stem(type(declared)))
    return _borne_out(_bare(op.resource.__name__), tuple(schemas))


@functools.lru_cache(256)
def _borne_out(bare: str, schemas: tuple[str, ...]) -> str:
    """Return the singular that a schema bears out: of Books by Book, of AuthorBooks too."""
    return next((name for each in schemas if (name := singular(bare, each))), bare)


def singular(bare: str, schema: str) -> str:
    """Return what one of a collection is called by the stem of its schema, ``""`` where the two have nothing in common.

    ``AuthorBook`` for ``AuthorBooks`` and ``Book``.
    """
    return next((name for name in (bare, *_singulars(bare)) if name.endswith(schema)), "")


@functools.lru_cache(256)
def _bare(name: str) -> str:
    while (shorter := re.sub(_SUFFIX, "", name)) != name:
        name = shorter
    return name[:1].upper() + name[1:]


def _singulars(name: str) -> Iterator[str]:
    for ending, singular in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
        if name.endswith(ending):
            yield name.removesuffix(ending) + singular


def _camel(name: str) -> str:
    first, *rest = [part for part in name.split("_") if part] or [name]
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def stem(declared: type) -> str:
    """Return the stem of a schema class's component name: ``Book`` for ``BookSchema``."""
    name = declared.__name__
    return "" if name == "GeneratedSchema" else name.removesuffix("Schema") or name


def check_ids(operations: Iterable[Operation], ids: MutableMapping[str, str]) -> None:
    """Refuse operations that claim one operationId.

    Args:
        operations: What to look at.
        ids: The operationIds that are taken, with their places; those of the operations are added.

    Raises:
        CollisionError: Names both places.
    """
    for op in operations:
        if not op.documented:
            continue
        name = operation_id(op)
        if name in ids:
            raise CollisionError(
                f"{ids[name]} and {op.declared_at} both have the operationId {name!r}; "
                f'give one of them another with @operation(operation_id="...").'
            )
        ids[name] = op.declared_at
