"""`SQLAlchemyStore`: the items of one model in a request's session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from marshmallow import Schema
from sqlalchemy.orm import InstrumentedAttribute, Mapper, Session, configure_mappers

from ..contract import Failure, Header
from ..crud.item_keys import KeyNames, chosen_names, several
from ..crud.paths import ModelRelation
from ..crud.row_store import RowOpener, RowUse
from ..crud.store import Attribute
from ..dependencies import obtain
from ..errors import DeclarationError
from ..problems import InsufficientStorage, ServiceUnavailable
from ..request import Request
from ..resource import Owner
from .change_log import FollowingMixin
from .column_values import Form, forms_of, is_rewritten
from .columns import attributes_of
from .construction import check_constructor
from .core_rows import TableShape, row_opener
from .decorated_types import changes_null
from .descriptors import others_of
from .fulltext import attributes_of_searches, searches_of
from .keys import check_client_key, identity_of, is_writable, live_of, primary_key_of
from .linking import RelatingMixin
from .loading import large_relations, large_source
from .mixins import check_versioned
from .polymorphism import check_concrete, discriminator_attribute, discriminator_of, kinds_of
from .references import models_of
from .related_models import relations_of
from .relations import references_of
from .required_columns import lacking_columns, lacking_nested
from .row_rules import RowRules
from .schema import schema_of
from .selecting import Selecting
from .subqueries import reads_itself, subqueried
from .totals import aggregations_of
from .transaction import SQLAlchemyTransaction
from .typed_columns import typed_column
from .units import SessionFactory, Units

__all__ = ["FAILURES", "SQLAlchemyStore", "SQLAlchemyTransaction"]

M = TypeVar("M")
_RETRY = Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"})
FAILURES = (
    Failure(ServiceUnavailable, "database", "The database is unavailable or busy.", (_RETRY,)),
    Failure(InsufficientStorage, "database", "The database has no storage left."),
)
"""The problems that any request on a database may cause."""


class SQLAlchemyStore(RelatingMixin, FollowingMixin, Generic[M]):
    """The Store of one SQLAlchemy model.

    Attributes:
        model: The mapped class.
        key: The attribute that identifies an item in its URL; the last of several.
        keys: Several attributes that identify an item, in order; ``()`` for one.
        attributes: The columns as attributes, by name.
        failures: The problems that any request on a database may cause.
        identity: The attributes that identify an item: its key, and perhaps variables of its URL.
    """

    has_alternatives = True

    def __init__(
        self,
        model: type[M],
        session: SessionFactory,
        *,
        key: KeyNames = "",
        soft_delete: str | None = None,
        backend: str = "",
        rules: RowRules | None = None,
        scope: Sequence[str] = (),
        units: Units | None = None,
    ) -> None:
        """Make the store.

        Args:
            model: A mapped class.
            session: A factory of a request's session, for `restkit.provide`.
            key: The attributes that identify an item; the primary key by default.
            soft_delete: A nullable datetime or a boolean that marks removed items.
            backend: The database, for example ``"sqlite"``, whose limits are checked at start-up.
            rules: The row rules of the database.
            scope: The attributes that all items of a collection share.
            units: The units of work of the database; without them every request has a session.

        Raises:
            DeclarationError: The model has no such attribute, or the attribute does not qualify.
        """
        mapper: Mapper[object] = sa.inspect(model)
        configure_mappers()
        self.model = model
        self.mapper = mapper
        self.failures: Sequence[Failure] = FAILURES
        self.rules = RowRules() if rules is None else rules
        self._session = session
        self._units = units
        self._backend = backend
        self._scope = tuple(scope)
        attributes = attributes_of(mapper, backend)
        self.attributes: Mapping[str, Attribute] = {
            **attributes,
            **attributes_of_searches(mapper),
            **discriminator_attribute(attributes, mapper),
            **others_of(mapper, attributes),
        }
        names = chosen_names(key, primary_key_of(mapper), scope, model)
        self.key, self.keys = names[-1], several(names)
        self.soft_delete = soft_delete
        self._check_names(filter(None, [*names, soft_delete]))
        self.identity = identity_of(mapper, self.key, scope, names[:-1])
        self.decorated = frozenset(filter(self._is_rewritten, self.attributes))
        nulls = (name for name in self.decorated if changes_null(mapper.columns[name].type))
        self.never_null = frozenset(nulls)
        self.forms: Mapping[str, Form] = forms_of(mapper)
        version = mapper.version_id_col
        self._version = None if version is None else mapper.get_property_by_column(version).key
        self.discriminator = discriminator_of(mapper)
        live = live_of(mapper, soft_delete) if soft_delete else None
        self.selecting = Selecting(mapper, self.key, live, searches_of(mapper))

    def _check_names(self, names: Iterable[str]) -> None:
        known, called = ", ".join(sorted(self.attributes)), self.model.__qualname__
        for name in names:
            if name not in self.attributes:
                raise DeclarationError(f"{called} has no attribute {name!r}; it has {known}.")

    def _is_rewritten(self, name: str) -> bool:
        """Return whether the type of a column may change a value that is stored."""
        if name not in self.mapper.columns or self.attributes[name].generated:
            return False
        return is_rewritten(self.mapper.columns[name], self._backend)

    @property
    def kinds(self) -> Mapping[str, SQLAlchemyStore[object]]:
        """The stores of the subclasses of the model by the text of their identities."""
        return self._kinds

    @cached_property
    def _kinds(self) -> Mapping[str, SQLAlchemyStore[object]]:
        return {kind: self._of_kind(each) for kind, each in kinds_of(self.mapper).items()}

    def _of_kind(self, mapper: Mapper[object]) -> SQLAlchemyStore[object]:
        """Return the store of one class, without its subclasses."""
        made = SQLAlchemyStore(
            mapper.class_,
            self._session,
            key=self.keys or self.key,
            soft_delete=self.soft_delete,
            backend=self._backend,
            rules=self.rules,
            scope=self._scope,
            units=self._units,
        )
        made._kinds = {}
        return made

    @cached_property
    def _kinds_by_model(self) -> Mapping[type, str]:
        return {store.model: kind for kind, store in self.kinds.items()}

    def kind_of(self, item: object, /) -> str:
        """Return the text of the identity of an item's class."""
        known = self._kinds_by_model
        return next((known[each] for each in type(item).__mro__ if each in known), "")

    def of_item(self, item: object, /) -> SQLAlchemyStore[object] | SQLAlchemyStore[M]:
        """Return the store of the class of an item."""
        if type(item) is self.model:
            return self
        return self.kinds.get(self.kind_of(item), self)

    def configured(
        self, *, key: KeyNames, soft_delete: str | None, scope: Sequence[str] = ()
    ) -> SQLAlchemyStore[M]:
        """Return the store with another key or with soft deletion.

        Raises:
            DeclarationError: The attribute does not exist, or the model has no key.
        """
        self.rules.serve(self.mapper)
        return SQLAlchemyStore(
            self.model,
            self._session,
            key=key,
            soft_delete=soft_delete,
            backend=self._backend,
            rules=self.rules,
            scope=scope,
            units=self._units,
        )

    def check_collection(
        self, scope: Sequence[str], *, creates: bool, writes: bool, upserts: bool
    ) -> None:
        """Reject a collection that the model does not support.

        Raises:
            DeclarationError: Items cannot be created, or PUT and the database would give the same
                key to two items.
        """
        check_versioned(self.mapper)
        for each in self.kinds.values():
            each.check_collection(scope, creates=creates, writes=writes, upserts=upserts)
        if self.kinds:
            check_concrete(self.mapper, self.key, self._backend, writes=writes)
        elif writes and not is_writable(self.mapper):
            raise DeclarationError(
                f"{self.model.__qualname__} is mapped to a query, whose rows can only be read. "
                'Write methods = {"GET"} in the CRUDResource.'
            )
        if creates and not self.kinds:
            check_constructor(self.mapper)
        if upserts and self._backend != "sqlite":
            for name in self.keys or (self.key,):
                check_client_key(self.mapper, name)

    def references(self, relation: str, /) -> frozenset[str]:
        """Return the attributes that a relation to one object sets.

        It implements `crud.decided_values.Referring`.
        """
        return references_of(self.mapper, relation)

    def reference_models(self) -> Mapping[str, type]:
        """Return the models that attributes refer to; see `crud.related_models.Referring`."""
        return models_of(self.rules.references(self.mapper))

    def lacking(self, given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no row can be inserted, and that nothing fills in.

        It implements `crud.required_attributes.NewItems`.
        """
        return lacking_columns(self.mapper, given)

    def lacking_nested(self, path: Sequence[str], given: Collection[str], /) -> Sequence[str]:
        """Return the same of nested objects; see `crud.required_attributes.NestedItems`."""
        return lacking_nested(self.mapper, path, given)

    @cached_property
    def relations(self) -> Mapping[str, ModelRelation]:
        """The relations of the model, for filters and sort orders."""
        return relations_of(self.mapper, self._backend)

    @property
    def assigned(self) -> frozenset[str]:
        """The attributes that a row rule sets on new items."""
        rule = self.rules.rule_of(self.mapper)
        return frozenset() if rule is None else rule.names

    @property
    def is_ruled(self) -> bool:
        """Whether the model, or one that is connected with it, has a row rule."""
        return self.rules.is_ruled(self.mapper)

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return the schema of the model's columns and of the expanded relations."""
        return self.derived(self.soft_delete, tuple(expand))

    def derived(self, hidden: str | None, expand: tuple[str, ...], /) -> type[Schema]:
        """Return the schema of the model; implements `crud.derived_schemas.Deriving`."""
        return schema_of(self.mapper, hidden, expand)

    def loaded(self, names: frozenset[str], /) -> Callable[[Any], Any] | None:
        """Return a function from an item to its ``__dict__``, or to the item if values are missing.

        It implements `crud.item_serializer.AttributeSource`, and returns None if the class does not
        keep all attributes in that dict. PERF: each attribute of a mapped class is a Python
        descriptor that looks into the dict, which costs 500 instructions a value.
        """
        model = self.model
        if hasattr(model, "__getitem__") or model.__getattribute__ is not object.__getattribute__:
            return None
        if not all(map(self._is_in_dict, names)):
            return None
        if large := names.intersection(large_relations(self.mapper, names)):
            return large_source(model, names, large)

        def source(item: Any) -> Any:
            if type(item) is not model:
                return item  # a subclass, or a dict of `row_opener`
            values = item.__dict__
            return values if values.keys() >= names else item

        return source

    def _is_in_dict(self, name: str) -> bool:
        """Return whether an item keeps the loaded value of an attribute in its ``__dict__``."""
        found = self.mapper.all_orm_descriptors.get(name)
        if type(found) is not InstrumentedAttribute:
            return False
        return vars(self.model).get(name, found) is found

    def aggregations(self, name: str, /) -> frozenset[str]:
        """Return the functions of totals for an attribute; see `crud.totals.Aggregating`."""
        column = typed_column(self.mapper, name)  # None for a full-text search
        return frozenset() if column is None else aggregations_of(column)

    def open(self, request: Request, app: Owner, /) -> SQLAlchemyTransaction[M]:
        """Return the request's transaction."""
        session: Session = obtain(self._session, request, app)
        if self.rules.rules:
            self.rules.adopt(session, request)
        return SQLAlchemyTransaction(self, session, request)

    def version(self, item: M, /) -> str | int | None:
        """Return the value of the mapper's ``version_id_col``, None without one."""
        if self._version is None:
            return None
        version: int = self.value(item, self._version)
        return version

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item, which is a dict if `row_opener` has provided it."""
        values: object = item
        return values[name] if type(values) is dict else getattr(item, name)

    def row_opener(self, use: RowUse, /) -> RowOpener | str:
        """Return how to open transactions of `CoreRows`, or why an action needs the ORM.

        It implements `crud.row_store.RowStore`.
        """
        if self._units is None:
            return "the sessions are not those of a Database"
        if self.rules.rules:
            return "the database has row rules"
        if subqueried(self.mapper) or reads_itself(self.mapper):
            return f"{self.mapper.class_.__name__} reads rows by subqueries"
        names = filter(None, [self.key, *self.keys, self._version, self.soft_delete])
        needed = use._replace(reads=use.reads.union(names))
        shape = TableShape(
            self.mapper,
            self.identity,
            self.keys,
            self.soft_delete,
            tuple(self.rules.references(self.mapper)),
            bool(self.rules.cascades.of(self.mapper)),
        )
        return row_opener(shape, self.selecting, needed, self._session, self._units)
