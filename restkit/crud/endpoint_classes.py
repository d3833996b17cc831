"""The endpoint classes of a `CRUDResource`, with the contract of each verb."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from ..contract import Failure, Header, Location
from ..declarations import (
    Declarations,
    DeclaredMethod,
    Return,
    copy_class_declarations,
    declarations_of,
)
from ..dependencies import Provision, factories_of
from ..media import JSON, NDJSON
from ..operations.operation_ids import english_singular, singular, stem
from ..operations.words import split_docstring
from ..problems import Conflict, Forbidden, NotFound
from ..resource import Resource
from ..schemas.bound import SchemaLike
from .action_access import GUARDS, action_words, bulk_access, class_guards
from .action_contracts import action_failures
from .action_decorators import ActionPlace
from .binding import Binding
from .bulk import BulkEndpoint
from .bulk_verb import bulk_verb
from .by_filter_verb import filtered_verb
from .create_verb import create_inputs, create_verb
from .csv_export import CSV, export_of
from .declared_actions import declared_action
from .endpoints import CollectionEndpoint, ItemEndpoint, RestoreEndpoint, removed_headers
from .item_places import Place
from .masked_class import mounted_class
from .own_actions import UNGUARDED, OwnVerb
from .patching import JSON_PATCH, MERGE_PATCH, PatchDocument
from .row_paths import RowPaths
from .store import FORBIDDEN, AnyField, StaleWrite, Violation
from .totals_endpoint import TotalsEndpoint
from .totals_verb import totalling_of, totals_contract
from .violations import conflict_of, stale_of

__all__ = ["EndpointMaker"]

_Schema = SchemaLike | Mapping[str, AnyField]
_COPIED = ("tags", "documented", "middleware", "idempotency")
_JSON = (JSON,)
_APPLIED = Header("Preference-Applied", "The preference that the server applied (RFC 7240).")
_TAG = Header("ETag", "The entity tag of the representation.")
_LINK = Header("Link", "The URLs of the pages `first`, `prev`, `next` and `last` (RFC 8288).")
_URI = {"type": "string", "format": "uri-reference"}
_LOCATION = Header("Location", "The URL of the new item.", _URI)
_LISTED = "One page of items, or all items as JSON Lines."
_EXPORTED = "One page of items, or all items as JSON Lines or CSV."
_MISSING = Failure(NotFound, "database", "No item exists at this URL.")
_TAKEN = Failure(
    Conflict,
    "database",
    "The request conflicts with stored data: a unique value is taken, or a referenced item does "
    "not exist.",
)
_FORBIDDEN = Failure(Forbidden, "database", FORBIDDEN)
_DONE = "The request succeeded; sent with `Prefer: return=minimal`."


class EndpointMaker:
    """The maker of the endpoint classes of one `CRUDResource`."""

    def __init__(self, declared: Any, binding: Binding, name: str) -> None:
        self._declared = declared
        self._binding = binding
        self._name = name
        self._row_paths = RowPaths(declared, binding)
        mounted = mounted_class(declared)
        of = (binding.store.model, binding.key.names)
        self.place = Place(mounted, *of, is_copy=mounted is not declared)
        self._views = binding.views
        self._export = export_of(declared.csv)
        self._always = tuple(binding.store.failures)
        self._prefers = _prefer("`return=minimal` requests a response without content (RFC 7240).")
        self._missing_parent: tuple[Failure, ...] = (_MISSING,) if binding.scope else ()
        is_ruled = binding.is_ruled or self._row_paths.overrides("write_scope")
        self._forbidden = (_FORBIDDEN,) if is_ruled else ()

    def _class(
        self, base: type[Resource], suffix: str, verbs: Mapping[str, object], **members: object
    ) -> type[Resource]:
        declared = self._declared
        handlers = {Violation: conflict_of, StaleWrite: stale_of, **declared.problem_handlers}
        copied: dict[str, object] = {each: getattr(declared, each) for each in _COPIED}
        copied |= self._guards()
        for index, factory in enumerate(factories_of(declared)):
            copied[f"_provided_{index}"] = Provision(factory)
        own: dict[str, object] = {
            "declared": declared,
            "binding": self._binding,
            "row_paths": self._row_paths,
            "place": self.place,
            "schema": self._views.declared,
            "problem_handlers": handlers,
            "__module__": declared.__module__,
            "__qualname__": declared.__qualname__,
            "__doc__": declared.__doc__,
        }
        made = type(self._name + suffix, (base,), {**copied, **own, **verbs, **members})
        copy_class_declarations(declared, made)
        return made

    def _guards(self) -> dict[str, object]:
        """Return the members of each endpoint class that say who may call it, and how often."""
        return class_guards(self._declared)

    def _verb(
        self,
        action: str,
        function: Callable[..., object],
        contract: Declarations,
        guards: Mapping[str, object] | None = None,
    ) -> DeclaredMethod:
        """Return a verb with its contract and the declarations on the user's action.

        Args:
            action: The name of the action.
            function: The verb.
            contract: The declarations of the verb, whatever the action declares.
            guards: The words of `access`; those of the action without them.
        """
        written = inspect.getattr_static(self._declared, action)
        own = declarations_of(written)
        words: dict[str, object] = {}
        if written.__module__ != "restkit.crud.resource" and written.__doc__:
            summary, description = split_docstring(written.__doc__)
            words = {"summary": summary, "description": description}
        own_failures = action_failures(self._declared, action)
        failures = (*own_failures, *contract.raises, *self._always)
        function.__doc__ = None
        words = {**contract.words, **words, **own.words, **action_words(self._declared, action)}
        if guards is not None:
            words = {word: each for word, each in words.items() if word not in GUARDS} | {**guards}
        complete = contract._replace(raises=failures, words=words)
        is_changed = own.inputs or own.returns or own.media_types or own.max_size
        if is_changed and "action" not in own.words:
            made = declared_action(self._declared, action, self._binding)
            function, complete = made.changed(function, complete)
        function.__module__ = self._declared.__module__
        function.__qualname__ = f"{self._declared.__qualname__}.{action}"
        return DeclaredMethod(function, complete)

    def collection(self, wanted: set[str]) -> type[Resource]:
        """Return the endpoint class of the collection."""
        verbs: dict[str, object] = {}
        is_readable = "GET" in wanted
        if is_readable:
            verbs["get"] = self._list()
        if "POST" in wanted:
            verbs["post"] = self._create(is_readable=is_readable)
        failures = (*self._forbidden, *self._missing_parent, *self._always)
        for method in self._declared.by_filter:
            verbs[method.lower()] = filtered_verb(
                method, self._declared, self._binding, self._name, failures
            )
        members = {"is_readable": is_readable, "export": self._export}
        return self._class(CollectionEndpoint, "", verbs, conditional=False, **members)

    def item(self, wanted: set[str]) -> type[Resource]:
        """Return the endpoint class of an item."""
        made = {"GET": self._read, "PUT": self._replace}
        made |= {"PATCH": self._update, "DELETE": self._delete}
        verbs = {method.lower(): make() for method, make in made.items() if method in wanted}
        return self._class(ItemEndpoint, "Item", verbs, conditional=self._declared.conditional)

    def restore(self) -> type[Resource]:
        """Return the endpoint class that restores a soft-deleted item."""
        key_in = self._binding.key.in_path

        def post(self: RestoreEndpoint, headers: Any, **path: object) -> Any:
            return self.restore_item(key_in(path), headers)

        item = singular(self._name, stem(self._views.declared)) or english_singular(self._name)
        words = {"derived_id": f"restore{item}"}
        unguarded = (UNGUARDED,) if self._declared.conditional == "required" else ()
        contract = Declarations(
            {"headers": self._prefers},
            None,
            self._returns(200),
            (_MISSING, _TAKEN, *self._forbidden, *unguarded),
            words=words,
        )
        verbs = {"post": self._verb("restore", post, contract)}
        conditional = bool(self._declared.conditional)
        return self._class(RestoreEndpoint, "Restore", verbs, conditional=conditional, schema=None)

    def totals(self, wanted: set[str]) -> type[Resource]:
        """Return the endpoint class of the collection's totals."""
        totalling = totalling_of(self._declared, self._binding, self._name, wanted)

        def get(self: TotalsEndpoint, query: Mapping[str, object], **path: object) -> object:
            return self.read_totals(query)

        contract = totals_contract(self._declared, self._binding, totalling, self._name)
        contract = contract._replace(raises=self._missing_parent)
        verbs = {"get": self._verb("totals", get, contract)}
        return self._class(
            TotalsEndpoint, "Totals", verbs, conditional=False, schema=None, totalling=totalling
        )

    def own_action(self, name: str, place: ActionPlace) -> type[Resource]:
        """Return the endpoint class of an action of the class's own."""
        own = OwnVerb(self._declared, self._binding, name, place)
        failures = (_MISSING,) if place.owner == "item" else self._missing_parent
        if not place.is_safe:
            failures += (_TAKEN, *self._forbidden)
        contract = own.contract(self._prefers, failures, self._name)
        verb = self._verb(name, own.function(), contract)
        return self._class(own.base, f" {name}", {place.method.lower(): verb}, **own.members)

    def bulk(self, wanted: set[str]) -> type[Resource]:
        """Return the endpoint class of bulk requests."""
        failures = (_TAKEN, *self._forbidden, *self._missing_parent, *self._always)
        minimal = Return(None, 204, (_APPLIED,), (), _DONE, None)
        verb, result, upserting = bulk_verb(
            self._declared,
            self._binding,
            self._name,
            wanted,
            self._prefers,
            _APPLIED,
            minimal,
            failures,
        )
        members: dict[str, object] = {"members": tuple(result().fields), "upserting": upserting}
        return self._class(BulkEndpoint, "Bulk", {"post": verb}, conditional=False, **members)

    # the collection's verbs

    def _list(self) -> DeclaredMethod:
        def get(self: CollectionEndpoint, query: Any, headers: Any, **path: object) -> Any:
            return self.list_items(query, headers)

        prefer = _prefer(
            "`count=exact` or `count=estimated` requests the total of all pages (RFC 7240)."
        )
        binding = self._binding
        listed = binding.list_views.answered
        schema = binding.pager.schema(listed)
        headers = (_LINK, _APPLIED, *binding.pager.headers())
        described = _LISTED if self._export is None else _EXPORTED
        page = Return(schema or listed, 200, headers, _JSON, described, schema is None)
        streams: tuple[Return, ...] = (Return(listed, 200, headers, (NDJSON,), described, True),)
        if self._export is not None:
            exported = (*headers, *self._export.declared_headers())
            streams += (Return(None, 200, exported, (CSV,), described, None, True),)
        failures = (*binding.pager.failures(), *self._missing_parent)
        inputs: dict[Location, _Schema] = {"query": binding.query_schema(), "headers": prefer}
        return self._verb("list", get, Declarations(inputs, None, (page, *streams), failures))

    def _create(self, *, is_readable: bool) -> DeclaredMethod:
        headers = (_TAG, _APPLIED) if self._declared.conditional else (_APPLIED,)
        located = (*headers, _LOCATION) if is_readable else headers
        minimal = "The item was created; sent with `Prefer: return=minimal`."
        returns = (
            Return(self._views.answered, 201, headers, _JSON, "", False),
            Return(None, 204, located, (), minimal, None),
        )
        failures = (_TAKEN, *self._forbidden, *self._missing_parent)
        content = create_inputs(self._declared, self._binding.create_views.declared)
        contract = Declarations({**content, "headers": self._prefers}, None, returns, failures)
        return self._verb("create", create_verb(content), contract)

    # an item's verbs

    def _returns(self, status: int) -> tuple[Return, ...]:
        minimal = Return(None, 204, (_APPLIED,), (), _DONE, None)
        return (Return(self._views.answered, status, (_APPLIED,), _JSON, "", False), minimal)

    def _read(self) -> DeclaredMethod:
        key_in = self._binding.key.in_path

        def get(self: ItemEndpoint, **given: Any) -> Any:
            return self.read_item(key_in(given), given.get("query") if choices else None)

        choices = self._binding.choice_schema(self._views)
        inputs: dict[Location, _Schema] = {"query": choices} if choices else {}
        whole = Return(self._views.answered, 200, (), _JSON, "", False)
        return self._verb("read", get, Declarations(inputs, None, (whole,), (_MISSING,)))

    def _replace(self) -> DeclaredMethod:
        key_in = self._binding.key.in_path

        def put(self: ItemEndpoint, body: Any, headers: Any, **path: object) -> Any:
            return self.replace_item(key_in(path), body, headers)

        returns = self._returns(200)
        if self._declared.upsert:
            created = "The item did not exist and was created."
            returns += (Return(self._views.answered, 201, (), _JSON, created, False),)
        missing: tuple[Failure, ...] = (_MISSING,)
        guards: dict[str, object] | None = None
        if self._declared.upsert:
            # SECURITY: this PUT calls create() as well, whose @access guards it too.
            guards = bulk_access(self._declared, ("replace", "create"), "upsert")
            # Another request may remove the item that exists, or the caller may not see it.
            missing = (_MISSING, *action_failures(self._declared, "create"))
        schema = self._binding.replacement
        inputs: dict[Location, _Schema] = {"body": schema, "headers": self._prefers}
        return self._verb(
            "replace",
            put,
            Declarations(inputs, None, returns, (*missing, _TAKEN, *self._forbidden)),
            guards,
        )

    def _update(self) -> DeclaredMethod:
        key_in = self._binding.key.in_path

        def patch(self: ItemEndpoint, body: Any, headers: Any, **path: object) -> Any:
            return self.patch_item(key_in(path), body, headers)

        schema = self._binding.update_views.merged
        inputs: dict[Location, _Schema] = {"body": schema, "headers": self._prefers}
        media_types = (MERGE_PATCH, "application/json", JSON_PATCH)
        failures = (_MISSING, _TAKEN, *self._forbidden)
        contract = Declarations(inputs, media_types, self._returns(200), failures, PatchDocument.of)
        return self._verb("update", patch, contract)

    def _delete(self) -> DeclaredMethod:
        key_in = self._binding.key.in_path

        def delete(self: ItemEndpoint, **path: object) -> object:
            return self.delete_item(key_in(path))

        in_use = Failure(Conflict, "database", "Other items still refer to this item.")
        gone = Return(None, 204, removed_headers(self._declared), (), "", None)
        return self._verb(
            "delete", delete, Declarations({}, None, (gone,), (_MISSING, in_use, *self._forbidden))
        )


def _prefer(description: str) -> dict[str, AnyField]:
    return {"prefer": fields.Str(metadata={"description": description})}
