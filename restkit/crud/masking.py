"""Field masks of a `CRUDResource`: its endpoint classes as each caller has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ..errors import DeclarationError
from ..hidden_fields import FieldPlace, HiddenFields
from ..masks import Mask, combined, declared_masks
from ..resource import Owner, Resource
from ..schemas.masked_schemas import masked_schema
from .binding import Binding
from .declared_schemas import scoped_attributes
from .kinds import Polymorphic
from .mask_levels import level_of
from .masked_class import CollectionClass, mask_owner, masked_class
from .paths import relations_of
from .polymorphic_binding import kinds_of
from .related_schemas import check_other_apps
from .schema_views import Views

__all__ = ["CollectionMasking", "EndpointMasking", "masking"]

_Place = tuple[str, str]
_Routes = Sequence[tuple[str, type[Resource], str]]
_MOST_VIEWS = 64


def masking(
    declared: CollectionClass,
    pattern: str,
    name: str,
    app: Owner,
    binding: Binding,
    routes: _Routes,
) -> None:
    """Tell the endpoint classes of a collection how callers have them.

    Args:
        declared: The `CRUDResource`.
        pattern: The URL pattern of the collection.
        name: Its name.
        app: The App.
        binding: The binding of the class.
        routes: Its routes.

    Raises:
        DeclarationError: The masks cannot be meant.
    """
    shared = CollectionMasking(declared, pattern, name, app, binding, routes)
    for rule, endpoint, called in routes:
        made: CollectionClass = endpoint
        made.masking = EndpointMasking(shared, (rule, called))


class CollectionMasking:
    """The masks of one collection, and its endpoint classes by hidden fields."""

    def __init__(
        self,
        declared: CollectionClass,
        pattern: str,
        name: str,
        app: Owner,
        binding: Binding,
        routes: _Routes,
    ) -> None:
        """Check and keep the masks; see `masking`."""
        self.declared = declared
        self.declared_at = binding.declared_at
        self._mounted_at = (pattern, name, app)
        self.app = app
        self._binding = binding
        self._endpoints: list[CollectionClass] = [endpoint for _, endpoint, _ in routes]
        self._made: dict[HiddenFields, dict[_Place, type[Resource]]] = {}
        self._lock = threading.Lock()
        self.masks = dict(self._own_masks())
        own = {name: mask for (owner, name), mask in self.masks.items() if owner is declared}
        self.models: dict[type, Mapping[str, Mask]] = {binding.store.model: own} if own else {}

    def _own_masks(self) -> Iterator[tuple[FieldPlace, Mask]]:
        """Yield the masks of the class, and those of the classes that list its members."""
        for declared, binding in self._bindings().items():
            owner = mask_owner(declared)
            if not issubclass(owner, Resource):
                continue
            declared_at = f"{owner.__module__}.{owner.__qualname__}"
            found = declared_masks(owner, declared_at)
            _check(found, declared_at, binding)
            for name, mask in _with_aliases(found, binding).items():
                yield (owner, name), mask

    def _bindings(self) -> dict[CollectionClass, Binding]:
        """Return the bindings of the class, and of those that list its members."""
        found: dict[CollectionClass, Binding] = {self.declared: self._binding}
        for endpoint in self._endpoints:
            found.setdefault(endpoint.declared, endpoint.binding)
        return found

    def reached(self, models: Collection[type]) -> set[type]:
        """Return the models with masks whose items the collection may show or compare.

        Args:
            models: All models with masks.
        """
        places = frozenset((model, "") for model in models)
        seen: set[type] = set()
        for declared, binding in self._bindings().items():
            owner = mask_owner(declared)
            if not issubclass(owner, Resource):
                seen.add(owner)
            hidden = HiddenFields(places, places)
            level = level_of(owner, hidden, relations_of(binding.store), seen)
            for views in _views_of(binding):
                masked_schema(views.declared, level)
            for path in _paths(declared, binding):
                level.hides_path(path)
        return {model for model in models if _is_among(model, seen)}

    def endpoints(self, hidden: HiddenFields) -> Mapping[_Place, type[Resource]]:
        """Return the endpoint classes without hidden fields, by URL pattern and name."""
        with self._lock:
            found = self._made.get(hidden)
            if found is None:
                found = self._make(hidden)
                # SECURITY: rules that depend on the request must not fill the memory.
                if len(self._made) >= _MOST_VIEWS:
                    self._made.pop(next(iter(self._made)))
                self._made[hidden] = found
            return found

    def _make(self, hidden: HiddenFields) -> dict[_Place, type[Resource]]:
        creates = self._can_create(hidden)
        try:
            routes = self._routes(hidden, creates=creates)
        except DeclarationError:
            if not creates:
                raise
            routes = self._routes(hidden, creates=False)
        return {(rule, called): endpoint for rule, endpoint, called in routes}

    def _routes(self, hidden: HiddenFields, *, creates: bool) -> _Routes:
        declared: CollectionClass = masked_class(
            self.declared, self._binding.store, hidden, creates=creates
        )
        if declared.methods is not None and not declared.methods:
            return ()
        routes: Callable[..., tuple[Binding, _Routes]] = declared._routes
        return routes(*self._mounted_at)[1]

    def _can_create(self, hidden: HiddenFields) -> bool:
        """Return whether a caller may write all fields that bodies of new items require."""
        if self.declared.create.__module__ != "restkit.crud.resource":
            return True  # the class fills in missing values
        decided = {*self._binding.scope, *self._binding.assigned}
        decided |= scoped_attributes(self.declared)
        level = level_of(mask_owner(self.declared), hidden, relations_of(self._binding.store))
        return not any(
            field.required and level.hides(name, field.attribute or name)[1]
            for each in kinds_of(self._binding)
            for name, field in each.create_views.declared().load_fields.items()
            if (field.attribute or name) not in decided
        )


class EndpointMasking:
    """The masks of one endpoint class."""

    def __init__(self, shared: CollectionMasking, place: _Place) -> None:
        """Keep the masks of the collection, and the URL pattern and name of the endpoint."""
        self.shared = shared
        self._place = place

    @property
    def declared_at(self) -> str:
        """The name of the class, for messages."""
        return self.shared.declared_at

    @property
    def masks(self) -> Mapping[FieldPlace, Mask]:
        """The masks that the class declares, and those of the lists of its members."""
        return self.shared.masks

    @property
    def models(self) -> Mapping[type, Mapping[str, Mask]]:
        """The masks that hold wherever items of a model are shown."""
        return self.shared.models

    def reached(self, models: Collection[type]) -> set[type]:
        """Return the models with masks whose items the collection may show or compare."""
        return self.shared.reached(models)

    def check_shown(self, apps: Collection[Owner]) -> None:
        """Reject items of other models that the App shows with more members than other Apps."""
        check_other_apps(self.shared.app, apps)

    def resource(self, hidden: HiddenFields) -> type[Resource] | None:
        """Return the endpoint class without hidden fields, None if the caller has none."""
        return self.shared.endpoints(hidden).get(self._place)


def _is_among(model: type, models: Collection[type]) -> bool:
    """Return whether items of one of some models may be items of a model."""
    return any(issubclass(each, model) or issubclass(model, each) for each in models)


def _views_of(binding: Binding) -> list[Views]:
    every = [binding, *kinds_of(binding)]
    found: list[Views] = []
    for each in every:
        found += (each.views, each.list_views)
        found += (each.create_views, each.replace_views, each.update_views)
    return found


def _paths(declared: CollectionClass, binding: Binding) -> Iterator[str]:
    """Yield the paths over relations that filters, orders and relations by key may use."""
    names = [*declared.filters, *declared.sorts, *declared.order]
    names += [each for filters in declared.any_of.values() for each in filters]
    yield from (name.lstrip("-").replace("__", ".") for name in names)
    yield from (f"{name}." for name in declared.relations)
    yield from (f"{name}." for name in declared.members)


def _with_aliases(masks: Mapping[str, Mask], binding: Binding) -> dict[str, Mask]:
    """Return masks by the names of fields, and by those of the attributes that these show."""
    found: dict[str, list[Mask]] = {}
    for name, mask in masks.items():
        names = {name}
        for views in _views_of(binding):
            names |= {
                attribute
                for attribute, field in views.attribute_fields().items()
                if field.name == name
            }
        for each in names:
            found.setdefault(each, []).append(mask)
    return {name: combined(each) for name, each in found.items()}


def _check(masks: Mapping[str, Mask], declared_at: str, binding: Binding) -> None:
    """Reject masks of unknown fields, of the key and of the kind of an item.

    Raises:
        DeclarationError: A mask cannot be meant.
    """
    known = {*binding.store.attributes, *relations_of(binding.store)}
    for views in _views_of(binding):
        known |= {str(field.name) for field in views.attribute_fields().values()}
        known |= views.attribute_fields().keys()
    store = binding.store
    fixed = {*binding.key.names}
    if isinstance(store, Polymorphic) and store.kinds:
        fixed.add(store.discriminator)
    for name, mask in masks.items():
        if name.partition(".")[0] not in known:
            names = ", ".join(sorted(known))
            raise DeclarationError(
                f"{declared_at}.masks: there is no field {name!r}. The fields are {names}."
            )
        if name in fixed and mask.read is not None:
            raise DeclarationError(
                f"{declared_at}.masks: {name!r} identifies an item, so that nobody can use the "
                "collection without it. Write Mask(write=...), or a permission for the class."
            )
