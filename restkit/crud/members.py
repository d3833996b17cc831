"""Members of relations at URLs of their own: ``PUT /tickets/1/tags/3``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contract import Failure
from ..declarations import Declarations, DeclaredMethod, Return, declarations_of
from ..errors import DeclarationError
from ..operations.operation_ids import english_singular
from ..problems import Conflict, NotFound
from ..resource import Owner, Resource
from .action_access import (
    GUARDS,
    action_words,
    bulk_access,
    class_guards,
    has_guards,
    joined_access,
)
from .action_contracts import action_failures
from .binding import Binding
from .endpoint_classes import EndpointMaker
from .item_keys import check_single, converter_of, item_pattern
from .masked_class import masked_class
from .member_endpoints import MemberEndpoint, MemberListEndpoint
from .member_paths import MemberPaths
from .polymorphic_binding import bind_collection
from .related_schemas import plain_schema, related_schema
from .relations import Related, Relating, Relation, declared_relations
from .routes import store_of
from .store import AnyStore

__all__ = ["MemberMaker", "declared_members", "member_routes"]

_MISSING = Failure(NotFound, "database", "No item exists at this URL.")
_TAKEN = Failure(Conflict, "database", "The relation cannot hold the member.")
_OFF: dict[str, object] = {
    "methods": {"GET"},
    "bulk": False,
    "upsert": False,
    "by_filter": (),
    "groups": (),
    "aggregates": (),
    "members": (),
    "_within": False,
}
_Class = Any  # a class whose attributes have any type
_Routes = Iterator[tuple[str, type[Resource], str]]


def declared_members(declared: _Class, declared_at: str) -> dict[str, type[Resource] | None]:
    """Return the relations whose members have URLs, with the `CRUDResource` that lists them.

    Raises:
        DeclarationError: They are something else than names, or a mapping from names.
    """
    given = declared.members
    named = dict.fromkeys(given) if isinstance(given, (tuple, list)) else given
    is_meant = isinstance(named, Mapping) and all(
        isinstance(each, str) and (of is None or isinstance(of, type)) for each, of in named.items()
    )
    if not is_meant:
        raise DeclarationError(
            f"{declared_at}.members is {given!r}. Give the names of relations, or a mapping from "
            'them to the CRUDResource that lists their items: members = {"tags": Tags}.'
        )
    return dict(named)


class MemberMaker(EndpointMaker):
    """The maker of the endpoint classes of the members of one relation."""

    def __init__(
        self, declared: _Class, binding: Binding, name: str, relation: Relation, variable: str
    ) -> None:
        """Prepare the classes.

        Args:
            declared: The `CRUDResource` of the items that have members.
            binding: Its binding.
            name: The name of its collection.
            relation: The relation.
            variable: The variable of the URL that has the member's key.
        """
        super().__init__(declared, binding, name)
        self._relation = relation
        self._variable = variable
        called = relation.name
        self.stem = "".join(part[:1].upper() + part[1:] for part in called.split("_"))

    def member(self) -> type[Resource]:
        """Return the endpoint class of one member."""
        key_in = self._binding.key.in_path

        def put(self: MemberEndpoint, **path: object) -> None:
            self.add_member(key_in(path))

        def delete(self: MemberEndpoint, **path: object) -> None:
            self.remove_member(key_in(path))

        verbs = {
            "put": self._member_verb(put, "add", "Add a member, which may be one already"),
            "delete": self._member_verb(delete, "remove", "Remove a member"),
        }
        related = declared_relations(self._declared, "").get(self._relation.name, Related())
        paths = MemberPaths(self._declared, self._binding, self._relation)
        return self._class(
            MemberEndpoint,
            english_singular(self.stem),
            verbs,
            conditional=self._declared.conditional,
            schema=None,
            row_paths=paths,
            member_paths=paths,
            relation=self._relation,
            variable=self._variable,
            most=related.max_length,
        )

    def _member_verb(self, function: _Class, verb: str, summary: str) -> DeclaredMethod:
        declared = self._declared
        item = english_singular(self._name) + english_singular(self.stem)
        words: dict[str, object] = {"derived_id": f"{verb}{item}", "summary": summary}
        words |= bulk_access(declared, ("update",))
        failures = (_MISSING, _TAKEN, *action_failures(declared, "update"), *self._forbidden)
        contract = Declarations(
            {},
            None,
            (Return(None, 204, (), (), "", None),),
            (*failures, *self._always),
            words=words,
        )
        function.__module__ = declared.__module__
        function.__qualname__ = f"{declared.__qualname__}.update"
        return DeclaredMethod(function, contract)

    def listed(self, listing: _Class, store: AnyStore, name: str, app: Owner) -> type[Resource]:
        """Return the endpoint class of the list of members.

        Args:
            listing: The `CRUDResource` of the members, in the scope of their item.
            store: Its store.
            name: The name of the list.
            app: The App.
        """
        binding = bind_collection(listing, store, (), app, name)
        is_bare = declared_members(self._declared, "")[self._relation.name] is None
        maker = _ListMaker(listing, binding, name, self._declared, is_bare=is_bare)
        return maker.listed(parent_binding=self._binding, relation=self._relation)


class _ListMaker(EndpointMaker):
    """The maker of the list of members."""

    def __init__(
        self, declared: _Class, binding: Binding, name: str, parent: _Class, *, is_bare: bool
    ) -> None:
        """Prepare the class.

        Args:
            declared: The `CRUDResource` of the members, in the scope of their item.
            binding: Its binding.
            name: The name of the list.
            parent: The `CRUDResource` of the items that have members.
            is_bare: Whether no class says how members are listed.
        """
        super().__init__(declared, binding, name)
        self._parent = parent
        self._is_bare = is_bare
        self._is_guarded = has_guards(declared, "list")

    def _guards(self) -> dict[str, object]:
        return {} if self._is_guarded else class_guards(self._parent)

    def _access(self) -> dict[str, object]:
        """Return the words of `access`: those of the item and those of the members' own list."""
        # SECURITY: the list shows what the item does, and what the members' collection does.
        if self._is_guarded:
            return joined_access({self._parent: "read", self._declared: "list"})
        return action_words(self._parent, "read")

    def listed(self, **members: object) -> type[Resource]:
        """Return the endpoint class, which answers 404 where there is no item."""
        self._missing_parent = (_MISSING, *action_failures(self._parent, "read"))
        listed = self._list()
        others = {w: each for w, each in listed.declarations.words.items() if w not in GUARDS}
        words = {**others, **self._access()}
        verb = DeclaredMethod(listed.function, listed.declarations._replace(words=words))
        members |= {"is_readable": False, "export": self._export, "parent": self._parent}
        members |= {"is_bare": self._is_bare, "middleware": self._around()}
        return self._class(MemberListEndpoint, "", {"get": verb}, conditional=False, **members)

    def _around(self) -> Sequence[object]:
        """Return the middleware of the item's class, and that of the members' own one within it."""
        outer, own = self._parent.middleware, self._declared.middleware
        return (*outer, *(each for each in own if each not in outer))


def member_routes(
    declared: _Class, base: type[Resource], binding: Binding, pattern: str, name: str, app: Owner
) -> _Routes:
    """Yield the routes of the members that a class declares: (URL pattern, endpoint class, name).

    Args:
        declared: The class.
        base: `CRUDResource`.
        binding: Its binding.
        pattern: The URL pattern of its collection.
        name: The name of its collection.
        app: The App.

    Raises:
        DeclarationError: A relation does not exist, or cannot be written.
    """
    item = item_pattern(pattern.rstrip("/"), binding.store)
    singular = english_singular(name)
    for called in declared_members(declared, binding.declared_at):
        where = f"{binding.declared_at}.members: {called!r}"
        if declarations_of(inspect.getattr_static(declared, "update")).inputs:
            raise DeclarationError(
                f"{where} calls update(), which has @takes. Remove one of the two."
            )
        relation, listing, store = _related(declared, base, binding, called, app, where)
        variable = f"{english_singular(called)}_{store.key}"
        maker = MemberMaker(declared, binding, name, relation, variable)
        full = singular + maker.stem
        yield f"{item}/{called}", maker.listed(listing, store, full, app), full
        member = f"{item}/{called}/<{converter_of(store)}:{variable}>"
        yield member, maker.member(), f"{english_singular(full)}Member"


def _related(
    declared: _Class, base: type[Resource], binding: Binding, name: str, app: Owner, where: str
) -> tuple[Relation, _Class, AnyStore]:
    """Return a relation by the keys of its members, their `CRUDResource` and its store."""
    own = binding.store
    if not isinstance(own, Relating):
        raise DeclarationError(f"{where} is not a relation of {type(own).__name__}.")
    given = declared_members(declared, binding.declared_at)[name]
    try:
        model = own.relation(name, Related()).model
        listing = _listing(given, base, model, declared)
        store = store_of(listing, app, ())
        if given is None:
            remedy = f'members = {{"{name}": ...}} with a CRUDResource of {model.__qualname__}'
            item = related_schema(app, model, where, remedy)
            listing.schema = None if item is None else plain_schema(item)
        if hidden := getattr(declared, "_hidden_fields", None):
            listing = masked_class(listing, store, hidden, creates=False)
        check_single(store, "A member URL")
        relation = own.relation(name, Related(store.key))
    except DeclarationError as error:
        raise DeclarationError(f"{where}: {error}") from None
    if not relation.is_many or store.model is not model:
        raise DeclarationError(f"{where} is not a list of items of {store.model.__qualname__}.")
    return relation, listing, store


def _listing(
    given: type[Resource] | None, base: type[Resource], model: type, declared: type
) -> _Class:
    """Return the `CRUDResource` of members in the scope of their item."""
    listed: _Class = base if given is None else given

    def scope(self: _Class) -> list[object]:
        return [listed.scope(self), self._within]

    members = {**_OFF, "scope": scope, "__module__": declared.__module__}
    # The masks of the class that lists the members hold, or else those of their model.
    members["_mask_owner"] = model if given is None else given
    if given is None:
        members["model"] = model
    qualname = declared.__qualname__ if given is None else given.__qualname__
    return type(listed.__name__, (listed,), {**members, "__qualname__": qualname})
