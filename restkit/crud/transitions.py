"""Transitions: the values that an attribute may change to, in one declaration for all verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from marshmallow import ValidationError

from ..errors import DeclarationError
from ..problems import Conflict, InvalidItem
from .store import AnyField, AnyStore, Attribute
from .transition_texts import DeclaredTransitions, value_text

__all__ = ["Transitions"]

_NOT_ALLOWED = "The current value does not allow this change."
_HIDDEN = "The state of the item does not allow this change."


class _Views(Protocol):
    """The part of the views of a schema that transitions use."""

    def pointer_of(self, attribute: str) -> str:
        """Return the JSON Pointer of an attribute in a body."""
        ...

    def attribute_fields(self) -> Mapping[str, AnyField]:
        """Return the schema's fields by attribute."""
        ...


class Transitions:
    """The transitions of one collection."""

    def __init__(
        self,
        declared: DeclaredTransitions,
        store: AnyStore,
        views: _Views,
        declared_at: str,
        *,
        is_masked: bool = False,
    ) -> None:
        """Check and keep the declarations.

        Args:
            declared: The declarations by attribute.
            store: The store of the items.
            views: The views of the schema of bodies, for pointers.
            declared_at: The name of the class, for messages.
            is_masked: Whether attributes that bodies do not have are hidden from the caller.

        Raises:
            DeclarationError: An attribute does not exist, or cannot have a value.
        """
        self._store = store
        self._views = views
        self._initial: dict[str, tuple[object, ...]] = {}
        self._following: dict[str, dict[object, tuple[object, ...]]] = {}
        fields = views.attribute_fields()
        self._unknown = frozenset(declared).difference(fields) if is_masked else frozenset[str]()
        for name, following in declared.items():
            where = f"{declared_at}.transitions"
            attribute = store.attributes.get(name)
            if attribute is None:
                raise DeclarationError(
                    f"{where}: the model has no attribute {name!r}. It has "
                    f"{', '.join(sorted(store.attributes))}."
                )
            named = _named(following)
            for value in named:
                _check_value(value, attribute, fields.get(name), f"{where}[{name!r}]")
            initial = following.get(None)
            self._initial[name] = tuple(named if initial is None else initial)
            self._following[name] = {
                value: tuple(after) for value, after in following.items() if value is not None
            }

    def bind(self, actions: object) -> None:
        """Let the actions of one request check the items that they return."""
        create = cast("Callable[[object], object]", getattr(actions, "create"))  # noqa: B009

        def created(item: object) -> object:
            made = create(item)
            self.check(None, made)
            return made

        setattr(actions, "create", created)  # noqa: B010  # of any class with such a method
        for name in ("replace", "update"):
            setattr(actions, name, self._changing(getattr(actions, name)))

    def _changing(
        self, action: Callable[[object, Mapping[str, object]], object]
    ) -> Callable[[object, Mapping[str, object]], object]:
        def changed(item: object, values: Mapping[str, object]) -> object:
            before = self.state(item)
            self._check_values(before, values)
            result = action(item, values)
            self.check(before, result)
            return result

        return changed

    def state(self, item: object) -> dict[str, object]:
        """Return the attributes of an item that have transitions."""
        return {name: self._store.value(item, name) for name in self._following}

    def check(self, before: Mapping[str, object] | None, item: object) -> None:
        """Reject an item whose attributes have changed as they may not.

        Args:
            before: The attributes as they were; None for a new item.
            item: The item.

        Raises:
            Conflict: A change is not declared.
        """
        if isinstance(item, self._store.model):
            self._check_values(before, self.state(item))

    def _check_values(
        self, before: Mapping[str, object] | None, values: Mapping[str, object]
    ) -> None:
        errors: list[InvalidItem] = []
        for name, following in self._following.items():
            if name not in values or (before is not None and before[name] == values[name]):
                continue
            allowed = self._initial[name] if before is None else following.get(before[name], ())
            if values[name] not in allowed:
                known = name not in self._unknown
                text = f"{_NOT_ALLOWED} {_allowed(allowed)}" if known else _HIDDEN
                pointer = self._views.pointer_of(name) if known else ""
                errors.append({"pointer": pointer, "detail": text, "code": "transition"})
        if errors:
            raise Conflict("The state of the item does not allow this change.", errors=errors)


def _allowed(values: Sequence[object]) -> str:
    if not values:
        return "No other value is allowed now."
    return f"Allowed now: {', '.join(map(value_text, values))}."


def _named(following: Mapping[object, Sequence[object]]) -> list[object]:
    """Return every value that transitions name, each once."""
    found: dict[object, None] = {}
    for value, after in following.items():
        found.update(dict.fromkeys((*(() if value is None else (value,)), *after)))
    return list(found)


def _check_value(
    value: object, attribute: Attribute, field: AnyField | None, declared_at: str
) -> None:
    """Reject a value that the attribute cannot have."""
    used = attribute.field if field is None else field
    try:
        used.deserialize(used.serialize("value", {used.attribute or "value": value}))
        for bound in attribute.bounds:
            bound(value)
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise DeclarationError(
            f"{declared_at}: {attribute.name} cannot be {value!r}: {error}. Correct the value, or "
            "the field."
        ) from None
