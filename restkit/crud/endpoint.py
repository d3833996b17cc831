"""The base of the endpoints of every URL of a `CRUDResource`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..contract import Operation
from ..errors import DeclarationError
from ..hidden_fields import HiddenFields
from ..http.methods import SAFE_METHODS
from ..http.negotiation import parse_prefer
from ..problems import NotFound, UnprocessableContent
from ..request import Request
from ..resource import Owner, Resource
from .actions import Actions
from .binding import Binding
from .declared_actions import Acting
from .item_places import Place, text_of_key
from .item_serializer import ItemSerializer
from .object_rules import check_guarded, reject_object_rule
from .related_models import RelatedModel, related_models
from .related_rows import related_scopes
from .row_paths import AnyActions, RowPaths
from .scopes import Clause, Scope, clause_text
from .settling import settle
from .store import RuledRows

__all__ = ["MINIMAL", "NO_COLLECTION", "Endpoint", "as_mapping", "opened"]

NO_COLLECTION = "No collection exists at this URL."
MINIMAL = "return=minimal"
_OUTSIDE = "The item would not belong to this collection."


class Endpoint(Resource):
    """The base of the classes that `endpoint_routes` makes for the URLs of a `CRUDResource`.

    Attributes:
        declared: The `CRUDResource`.
        binding: Its evaluated declarations.
        row_paths: Which of its actions have items as dicts.
        place: The collection among those of the App.
        acting: The call of an action with inputs or responses of its own; None for the others.
        masking: The endpoint class as each caller has it.
    """

    declared: ClassVar[Any]
    binding: ClassVar[Binding]
    row_paths: ClassVar[RowPaths]
    place: ClassVar[Place]
    acting: Acting | None = None
    masking: ClassVar[object] = None

    @classmethod
    def item_identity(cls) -> tuple[type, tuple[str, ...]]:
        """Return the model of the items, and the attributes that identify one."""
        return cls.binding.store.model, tuple(cls.binding.key.names)

    @classmethod
    def related_models(cls) -> Mapping[str, RelatedModel]:
        """Return the models of related items by the members that name them."""
        return related_models(cls.binding)

    def actions(self, expand: tuple[str, ...] = ()) -> Actions:
        """Return the user's resource for this request."""
        made = opened(self.declared, self.binding, self.request, self.app, expand)
        if self.acting is not None:
            self.acting.bind(made)
        return made

    def declares_responses(self) -> bool:
        """Return whether the called action declares responses of its own."""
        return self.acting is not None and not self.acting.returns.is_empty

    def own_response(self, item: object, headers: Mapping[str, str]) -> object:
        """Return the response of an action that declares responses.

        Args:
            item: The value that the action returned; its entity tag is stated if it is an item.
            headers: The headers of the request that are inputs.
        """
        if self.acting is None:
            raise LookupError(self.binding.declared_at)  # cannot be: `declares_responses`
        is_item = isinstance(item, self.binding.store.model)
        more = self.stated_tag(item) if is_item else {}
        if self.wants_minimal(headers):
            more["Preference-Applied"] = MINIMAL
            return None, 204, {**more, **self.acting.result.headers}
        data = self.whole.data(item) if is_item else None
        if data is not None:
            data = {**data, **self.located(item)}
        return self.acting.returns.response(self.acting.result, more, data)

    def located(self, item: object) -> dict[str, object]:
        """Return the attributes of an item's key as they are in its URL."""
        key = self.binding.key
        values = key.values(key.of(self.binding.store, item))
        return {name: text_of_key(value) for name, value in values.items()}

    def stated_tag(self, item: object) -> dict[str, str]:
        """State the entity tag of an item in a response; return the headers for it."""
        return {"ETag": str(self.binding.tag_of(item))} if self.declared.conditional else {}

    def row_actions(self, action: str, actions: Actions) -> AnyActions:
        """Return the actions on items as dicts if an action has them in this request."""
        return self.row_paths.chosen(action, actions, self.request, self.app)

    @classmethod
    def replay_identity(cls, request: Request) -> str:
        """Return the identity of a caller's idempotency keys: scope, row rule and masks."""
        actions: Actions = cls.declared(cls.binding, request, request.app)
        rows = actions.rows
        clauses: list[Clause] = [actions.scope()]
        if cls.binding.is_ruled and isinstance(rows, RuledRows):
            clauses += [rows.readable(), rows.assigned()]
        return clause_text(clauses) + _mask_text(getattr(cls.declared, "_hidden_fields", None))

    @classmethod
    def separates_requests(cls) -> bool:
        """Return whether a row rule or the collection's ``scope`` decides which items exist."""
        written = getattr(cls.declared.scope, "__module__", "")
        return cls.binding.is_ruled or written != "restkit.crud.resource"

    @classmethod
    def response_identity(cls, request: Request) -> str:
        """Return the identity of stored responses: scopes, those of related rows, and rules."""
        found: list[str] = []
        if cls.separates_requests():
            found.append(cls.replay_identity(request))
        related = None
        if cls.declared.related == "visible":
            related = related_scopes(request.app, request)
        if related:
            found.append(clause_text(related))
        return "".join(found)

    def decided(self, actions: AnyActions, scope: Scope) -> dict[str, object]:
        """Return the attributes of new items that the row rule and the scope decide."""
        # PERF: to touch `rows` opens the session of the request, which rows as dicts do without.
        if self.binding.assigned and isinstance(rows := actions.rows, RuledRows):
            return {**rows.assigned(), **scope.values}
        return dict(scope.values)

    def check_scope(self, actions: AnyActions, item: object, scope: Scope) -> None:
        """Store the changes of an action; reject an item that the caller may not have or write.

        Raises:
            UnprocessableContent: The item does not belong to the collection.
            Forbidden: The caller could not change the item.
        """
        settle(actions, item, self.binding.store.model, self.whole.relations)
        if not isinstance(item, (dict, self.binding.store.model)):
            return  # an action that declares another response
        self.binding.nested.check(item, scope.values)
        has_write_scope = self.row_paths.overrides("write_scope")
        if not scope.clauses and not has_write_scope:
            return
        key = self.binding.key.of(self.binding.store, item)
        if scope.clauses and actions.rows.get(key, scope=scope) is None:
            raise UnprocessableContent(
                errors=[{"pointer": "", "detail": _OUTSIDE, "code": "scope"}]
            )
        if has_write_scope:
            actions.check_writable(key)

    @classmethod
    def check_object_rule(cls, operation: Operation, /) -> None:
        """Reject a permission that looks at one item, where a request reads items.

        Raises:
            DeclarationError: The Operation has such a permission, or other collections pass it by.
        """
        if operation.method in SAFE_METHODS:
            reject_object_rule(operation)
        check_guarded(operation, cls.binding)

    @property
    def whole(self) -> ItemSerializer:
        """The serializer of whole items."""
        return self.binding.views.serializer(None, ())

    def preference(self, headers: Mapping[str, str], name: str) -> str:
        """Return the value of a preference (RFC 7240), ``""`` if the client does not state it."""
        given = headers.get("prefer")
        return parse_prefer(given).get(name, "") if given else ""

    def wants_minimal(self, headers: Mapping[str, str]) -> bool:
        """Return whether the client prefers a response without content."""
        return self.preference(headers, "return") == "minimal"


def _mask_text(hidden: HiddenFields | None) -> str:
    """Return a text of the fields that a caller may not see, ``""`` if it sees everything."""
    if hidden is None:
        return ""
    kinds = {"read": hidden.read, "write": hidden.write}
    names = [
        f"{kind} {owner.__module__}.{owner.__qualname__}.{name}"
        for kind, places in kinds.items()
        for owner, name in places
    ]
    return " ".join(sorted(names))


def opened(
    declared: Callable[..., Actions],
    binding: Binding,
    request: Request,
    app: Owner,
    expand: tuple[str, ...],
) -> Actions:
    """Return a user's resource for a request.

    Args:
        declared: The `CRUDResource`.
        binding: Its binding.
        request: The request.
        app: The App.
        expand: The relations that the response includes.

    Raises:
        NotFound: No collection exists at the URL.
    """
    given = request.path_parameters
    binding.check_path(given)
    made = declared(binding, request, app, expand)
    # PERF: to touch `rows` opens the session of the request, which rows as dicts do without.
    if binding.scope and (binding.is_ruled or made._related_rows is not None):
        rows = made.rows
        parents = {name: given[name] for name in binding.scope}
        if isinstance(rows, RuledRows) and rows.hides_parents(parents):
            raise NotFound(NO_COLLECTION)
    return made


def as_mapping(body: object, binding: Binding) -> Mapping[str, object]:
    """Return a loaded body, which must be a mapping of attributes.

    Raises:
        DeclarationError: The schema loads something else.
    """
    if not isinstance(body, Mapping):
        raise DeclarationError(
            f"{binding.declared_at}: the schema {binding.create_views.declared.__name__} loads "
            f"{type(body).__name__}, but a CRUDResource makes the items itself. Let the schema "
            "load a dict: remove the post_load hook."
        )
    return body
