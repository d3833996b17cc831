"""Where a `CRUDResource` is mounted: the endpoint classes of its URLs, with the contract of each verb."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import fields

from ..contract import Failure, Header, Location
from ..decorators import Declarations, DeclaredMethod, Return, declarations_of
from ..errors import DeclarationError
from ..operations.operation_ids import english_singular, singular, stem
from ..problems import BadRequest, Conflict, NotFound
from ..resource import Owner, Resource
from ..schemas.wire_formats import INT64_MAX
from .binding import Binding
from .bulk import BulkEndpoint, bulk_schemas
from .endpoints import (
    NDJSON,
    CollectionEndpoint,
    ItemEndpoint,
    RestoreEndpoint,
    conflict_of,
    stale_of,
)
from .patching import JSON_PATCH, MERGE_PATCH, PatchDocument
from .store import StaleWrite, Store, Violation

__all__ = ["endpoint_routes"]

_COPIED = ("tags", "documented", "middleware", "security", "idempotency")
_VARIABLE = re.compile(r"<(?:[^<>:]*(?:\([^<>]*\))?:)?([^<>:]+)>")
_COLLECTION = frozenset({"GET", "POST"})
_ITEM = frozenset({"GET", "PUT", "PATCH", "DELETE"})
_JSON = ("application/json",)
_OWN_MODULE = "restkit.crud.resource"
_APPLIED = Header("Preference-Applied", "Which preference was followed (RFC 7240, section 3).")
_TAG = Header("ETag", "The entity tag of the representation.")
_LINK = Header("Link", "The pages first, prev and next (RFC 8288).")
_LOCATION = Header(
    "Location", "The URL of what was made.", {"type": "string", "format": "uri-reference"}
)
_MISSING = Failure(NotFound, "database", "There is no such item.")
_TAKEN = Failure(
    Conflict, "database", "The store has something that is in the way: a value is taken, or in use."
)


def endpoint_routes(
    declared: Any, pattern: str, name: str, app: Owner
) -> Sequence[tuple[str, type[Resource], str]]:
    """Return where a `CRUDResource` is mounted: (URL pattern, endpoint class, name) of each URL.

    Args:
        declared: The class.
        pattern: Of the collection; its variables are attributes that all items of it have.
        name: For `App.url_for`, and for operationIds.
        app: Its App.

    Raises:
        DeclarationError: The class, its schema, its store and the pattern do not fit together.
    """
    store = _store_of(declared, app)
    binding = Binding(declared, store, _VARIABLE.findall(pattern), app, name)
    maker = _Maker(declared, binding, name)
    root = pattern.rstrip("/")
    item = f"{root}/<{_converter(store)}:{store.key}>"
    wanted = _wanted(declared, binding.declared_at)
    places: list[tuple[str, type[Resource], str]] = []
    if wanted & _COLLECTION:
        places.append((pattern, maker.collection(wanted), name))
    if wanted & _ITEM:
        places.append((item, maker.item(wanted), f"{name}Item"))
    if declared.soft_delete and "DELETE" in wanted:
        places.append((f"{item}/restore", maker.restore(), f"{name}Restore"))
    if declared.bulk:
        places.append((f"{root}/bulk", maker.bulk(wanted), f"{name}Bulk"))
    return places


def _wanted(declared: Any, declared_at: str) -> set[str]:
    every = _COLLECTION | _ITEM
    if declared.methods is None:
        return set(every)
    if isinstance(declared.methods, str):
        raise DeclarationError(
            f"{declared_at}.methods is a string; write a set: methods = {{{declared.methods!r}}}."
        )
    wanted = {method.upper() for method in declared.methods} - {"HEAD", "OPTIONS"}
    if not wanted or wanted - every:
        raise DeclarationError(
            f"{declared_at}.methods is {declared.methods!r}; it names some of {', '.join(sorted(every))}."
        )
    return wanted


def _store_of(declared: Any, app: Owner) -> Store[Any]:
    declared_at = f"{declared.__module__}.{declared.__qualname__}"
    store: Store[Any] | None = declared.store
    if store is None:
        if declared.model is None:
            raise DeclarationError(
                f"{declared_at} has neither a model nor a store; write model = ... in it."
            )
        store = next(
            (made for make in app.stores if (made := make(declared.model)) is not None), None
        )
    if store is None:
        raise DeclarationError(
            f"{declared_at}: no store of the App {app.name!r} takes the model {declared.model!r}; install one before it is "
            "added, such as app.install(Database(...)), or write store = MemoryStore(...) in the class."
        )
    return store.configured(key=declared.key, soft_delete=declared.soft_delete)


def _converter(store: Store[Any]) -> str:
    """Return the URL converter of a store's key, within what the store can hold."""
    attribute = store.attributes[store.key]
    bounds = attribute.bounds
    largest = next(
        (most for each in bounds if (most := getattr(each, "max", None)) is not None), None
    )
    if isinstance(attribute.field, fields.UUID):
        return "uuid"
    if isinstance(attribute.field, fields.Integer):
        return f"int(max={largest or INT64_MAX})"
    if isinstance(attribute.field, fields.String):
        return f"string(maxlength={largest})" if largest else "string"
    raise DeclarationError(
        f"The key {store.key!r} of {store.model.__qualname__} is a {type(attribute.field).__name__}; a key in a URL is "
        "an integer, a text or a UUID: write key = ... with an attribute that is one."
    )


class _Maker:
    """Makes the endpoint classes of one `CRUDResource`."""

    def __init__(self, declared: Any, binding: Binding, name: str) -> None:
        self._declared = declared
        self._binding = binding
        self._name = name
        self._views = binding.views
        self._always = tuple(binding.store.failures)
        self._prefers = {
            "prefer": fields.Str(
                metadata={"description": "`return=minimal` asks for no content (RFC 7240)."}
            )
        }

    def _class(
        self, base: type[Resource], suffix: str, verbs: Mapping[str, Any], **members: Any
    ) -> type[Resource]:
        declared = self._declared
        handlers = {Violation: conflict_of, StaleWrite: stale_of, **declared.problem_handlers}
        copied = {each: getattr(declared, each) for each in _COPIED}
        own = {
            "declared": declared,
            "binding": self._binding,
            "schema": self._views.declared,
            "problem_handlers": handlers,
            "__module__": declared.__module__,
            "__qualname__": declared.__qualname__,
            "__doc__": declared.__doc__,
        }
        return type(self._name + suffix, (base,), {**copied, **own, **verbs, **members})

    def _verb(
        self, action: str, function: Callable[..., Any], said: Declarations
    ) -> DeclaredMethod:
        """Return a verb with its contract, and with what the user says where the action is overridden."""
        written = inspect.getattr_static(self._declared, action)
        theirs = declarations_of(written)
        words: dict[str, Any] = {}
        documentation = inspect.cleandoc(written.__doc__ or "")
        if written.__module__ != _OWN_MODULE and documentation:
            summary, _, description = documentation.partition("\n")
            words = {"summary": summary.strip(), "description": description.strip()}
        failures = (*theirs.raises, *said.raises, *self._always)
        function.__doc__ = None
        made = said._replace(raises=failures, words={**said.words, **words, **theirs.words})
        function.__module__, function.__qualname__ = (
            self._declared.__module__,
            f"{self._declared.__qualname__}.{action}",
        )
        return DeclaredMethod(function, made)

    def collection(self, wanted: set[str]) -> type[Resource]:
        """Return the class of the collection's URL."""
        verbs: dict[str, Any] = {}
        if "GET" in wanted:
            verbs["get"] = self._list()
        if "POST" in wanted:
            verbs["post"] = self._create()
        return self._class(CollectionEndpoint, "", verbs, conditional=False)

    def item(self, wanted: set[str]) -> type[Resource]:
        """Return the class of an item's URL."""
        made = {
            "GET": self._read,
            "PUT": self._replace,
            "PATCH": self._update,
            "DELETE": self._delete,
        }
        verbs = {method.lower(): make() for method, make in made.items() if method in wanted}
        return self._class(ItemEndpoint, "Item", verbs, conditional=self._declared.conditional)

    def restore(self) -> type[Resource]:
        """Return the class of the URL that brings a removed item back."""
        key = self._binding.store.key

        def post(self: RestoreEndpoint, headers: Any, **path: Any) -> Any:
            return self.restore_item(path[key], headers)

        item = singular(self._name, stem(self._views.declared)) or english_singular(self._name)
        words = {"derived_id": f"restore{item}"}
        said = Declarations(
            {"headers": self._prefers}, None, self._answers(200), (_MISSING, _TAKEN), words=words
        )
        verbs = {"post": self._verb("restore", post, said)}
        conditional = bool(self._declared.conditional)
        return self._class(RestoreEndpoint, "Restore", verbs, conditional=conditional, schema=None)

    def bulk(self, wanted: set[str]) -> type[Resource]:
        """Return the class of the URL where many items are changed at once."""
        declared, binding = self._declared, self._binding
        if declared.max_bulk < 1:
            raise DeclarationError(
                f"{binding.declared_at}.max_bulk is {declared.max_bulk}; a list has at least one item."
            )
        if declared.conditional == "required":
            raise DeclarationError(
                f"{binding.declared_at} has bulk = True and conditional = 'required', but what is deleted in bulk has no "
                "entity tag; leave one of them out."
            )
        sent, told = bulk_schemas(binding, self._name, wanted, declared.max_bulk)

        def post(self: BulkEndpoint, body: Any, headers: Any, **path: Any) -> Any:
            return self.change_many(body, headers)

        post.__module__, post.__qualname__ = declared.__module__, f"{declared.__qualname__}.bulk"
        actions = [
            inspect.getattr_static(declared, each) for each in ("create", "update", "delete")
        ]
        failures = [failure for each in actions for failure in declarations_of(each).raises]
        returns = (
            Return(told, 200, (_APPLIED,), _JSON, "All of it was done.", False),
            Return(None, 204, (_APPLIED,), (), "Done; with `Prefer: return=minimal`.", None),
        )
        missing = (_MISSING,) if binding.scope else ()
        said = Declarations(
            {"body": sent, "headers": self._prefers},
            None,
            returns,
            (*failures, _TAKEN, *missing, *self._always),
            words={
                "derived_id": f"bulk{self._name}",
                "summary": "Create, update and delete many, all or none",
                "description": "What is deleted goes first, then what is updated, then what is created.",
            },
        )
        verbs = {"post": DeclaredMethod(post, said)}
        return self._class(
            BulkEndpoint, "Bulk", verbs, conditional=False, answers=tuple(told().fields)
        )

    # the collection's verbs

    def _list(self) -> DeclaredMethod:
        def get(self: CollectionEndpoint, query: Any, headers: Any, **path: Any) -> Any:
            return self.list_items(query, headers)

        counts = "`count=exact` or `count=estimated` asks for the total of all pages (RFC 7240)."
        prefer = {"prefer": fields.Str(metadata={"description": counts})}
        page = Return(
            self._views.page,
            200,
            (_LINK, _APPLIED),
            _JSON,
            "One page of items, or all as JSON Lines.",
            False,
        )
        lines = Return(
            self._views.answered, 200, (_LINK, _APPLIED), (NDJSON,), page.description, True
        )
        malformed = Failure(
            BadRequest,
            "paging",
            "The parameter `cursor`, which links to pages have, is none of this collection.",
        )
        failures = (malformed, *((_MISSING,) if self._binding.scope else ()))
        inputs: dict[Location, Any] = {"query": self._binding.query_schema(), "headers": prefer}
        return self._verb("list", get, Declarations(inputs, None, (page, lines), failures))

    def _create(self) -> DeclaredMethod:
        def post(self: CollectionEndpoint, body: Any, headers: Any, **path: Any) -> Any:
            return self.create_item(body, headers)

        tagged = (_TAG,) if self._declared.conditional else ()
        returns = (
            Return(self._views.answered, 201, (*tagged, _APPLIED), _JSON, "", False),
            Return(
                None,
                204,
                (*tagged, _APPLIED, _LOCATION),
                (),
                "Made; with `Prefer: return=minimal`.",
                None,
            ),
        )
        failures = (_TAKEN, *((_MISSING,) if self._binding.scope else ()))
        inputs: dict[Location, Any] = {"body": self._views.declared, "headers": self._prefers}
        return self._verb("create", post, Declarations(inputs, None, returns, failures))

    # an item's verbs

    def _answers(self, status: int) -> tuple[Return, ...]:
        minimal = Return(None, 204, (_APPLIED,), (), "Done; with `Prefer: return=minimal`.", None)
        return (Return(self._views.answered, status, (_APPLIED,), _JSON, "", False), minimal)

    def _read(self) -> DeclaredMethod:
        key = self._binding.store.key

        def get(self: ItemEndpoint, **given: Any) -> Any:
            return self.read_item(given[key], given.get("query"))

        choices = self._binding.choice_schema()
        inputs: dict[Location, Any] = {"query": choices} if choices else {}
        whole = Return(self._views.answered, 200, (), _JSON, "", False)
        return self._verb("read", get, Declarations(inputs, None, (whole,), (_MISSING,)))

    def _replace(self) -> DeclaredMethod:
        key = self._binding.store.key

        def put(self: ItemEndpoint, body: Any, headers: Any, **path: Any) -> Any:
            return self.replace_item(path[key], body, headers)

        returns = self._answers(200)
        if self._declared.upsert:
            returns = (
                *returns,
                Return(self._views.answered, 201, (), _JSON, "There was none; it was made.", False),
            )
        missing = () if self._declared.upsert else (_MISSING,)
        inputs: dict[Location, Any] = {"body": self._views.declared, "headers": self._prefers}
        return self._verb("replace", put, Declarations(inputs, None, returns, (*missing, _TAKEN)))

    def _update(self) -> DeclaredMethod:
        key = self._binding.store.key

        def patch(self: ItemEndpoint, body: Any, headers: Any, **path: Any) -> Any:
            return self.patch_item(path[key], body, headers)

        inputs: dict[Location, Any] = {"body": self._views.merged, "headers": self._prefers}
        media_types = (MERGE_PATCH, "application/json", JSON_PATCH)
        failures = (_MISSING, _TAKEN)
        said = Declarations(inputs, media_types, self._answers(200), failures, PatchDocument.of)
        return self._verb("update", patch, said)

    def _delete(self) -> DeclaredMethod:
        key = self._binding.store.key

        def delete(self: ItemEndpoint, **path: Any) -> None:
            self.delete_item(path[key])

        in_use = Failure(Conflict, "database", "Something else still refers to the item.")
        gone = Return(None, 204, (), (), "", None)
        return self._verb("delete", delete, Declarations({}, None, (gone,), (_MISSING, in_use)))
