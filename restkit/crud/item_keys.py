"""The key of an item in its URL: one attribute, or several in an order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from operator import itemgetter
from typing import Protocol, runtime_checkable

from marshmallow import ValidationError, fields, validate

from ..errors import DeclarationError
from ..problems import NotFound, UnprocessableContent
from ..schemas.wire_formats import INT64_MAX
from .scopes import Clause, Scope
from .store import AnyStore

__all__ = [
    "CompositeKeyed",
    "ItemKey",
    "KeyNames",
    "check_in_url",
    "check_single",
    "checked_in_url",
    "chosen_names",
    "converter_of",
    "item_pattern",
    "key_of",
    "names_of",
    "several",
    "split_key",
]

KeyNames = str | Sequence[str]
"""The attributes of a key as a class or store declares them; ``""`` for the model's own key."""


@runtime_checkable
class CompositeKeyed(Protocol):
    """The optional ability of a store to identify items by several attributes.

    Its transactions get the key of an item as a tuple. `Store.key` is the last of the attributes.

    Attributes:
        keys: The attributes in the order of the URL.
    """

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes in the order of the URL."""
        ...


class ItemKey:
    """The attributes that identify an item of a collection.

    Attributes:
        names: The attributes in the order of the URL.
        in_path: A function from the variables of a URL to the key: a value, or a tuple of several.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        """Keep the names."""
        self.names = names
        self.in_path: Callable[[Mapping[str, object]], object] = itemgetter(*names)

    @property
    def is_composite(self) -> bool:
        """Whether there are several attributes, so that keys are tuples."""
        return len(self.names) > 1

    def of(self, store: AnyStore, item: object) -> object:
        """Return the key of an item."""
        if len(self.names) == 1:
            return store.value(item, self.names[0])
        return tuple(store.value(item, name) for name in self.names)

    def values(self, key: object) -> dict[str, object]:
        """Return the attributes of a key by name."""
        if self.is_composite and isinstance(key, tuple):
            return dict(zip(self.names, key, strict=True))
        return {self.names[0]: key}

    def differs(self, values: Mapping[str, object], key: object) -> bool:
        """Return whether attribute values contradict a key."""
        return any(values.get(name, own) != own for name, own in self.values(key).items())

    def check(
        self,
        values: Mapping[str, object],
        unreachable: Container[str],
        pointer_of: Callable[[str], str],
    ) -> None:
        """Reject a key that cannot stand in a URL: the item could never be read.

        Args:
            values: The attributes of a body.
            unreachable: The texts that have another meaning in a URL.
            pointer_of: A function from an attribute to its place in the body.

        Raises:
            UnprocessableContent: The values have such a key.
        """
        for name in self.names:
            value = values.get(name)
            # Clients remove "." and ".." from a URL (RFC 3986, section 5.2.4).
            if isinstance(value, str) and (value in unreachable or "/" in value):
                where, detail = pointer_of(name), "A URL cannot contain this key."
                raise UnprocessableContent(
                    errors=[{"pointer": where, "detail": detail, "code": "key"}]
                )

    def text(self, key: object) -> str:
        """Return a key for messages: its values as in a URL."""
        return "/".join(map(str, self.values(key).values()))


def key_of(store: AnyStore) -> ItemKey:
    """Return the key of a store, as it is configured."""
    keys = store.keys if isinstance(store, CompositeKeyed) else ()
    return ItemKey(keys or (store.key,))


def chosen_names(
    given: KeyNames, own: Sequence[str], scope: Sequence[str], model: type
) -> tuple[str, ...]:
    """Return the attributes that a collection identifies its items by.

    Args:
        given: The declared key.
        own: The attributes of the model's key.
        scope: The attributes that all items of the collection share.
        model: The model, for messages.

    Returns:
        The declared attributes; otherwise those of the model's key that the scope leaves open.

    Raises:
        DeclarationError: The scope leaves none open.
    """
    if given:
        return (given,) if isinstance(given, str) else tuple(given)
    if len(own) == 1:
        return tuple(own)
    names = tuple(name for name in own if name not in scope)
    if names:
        return names
    raise DeclarationError(
        f"The key of {model.__qualname__} is {', '.join(own) or 'missing'}, which the URL pattern "
        "leaves nothing of to name an item. Write key = ... with a unique attribute."
    )


def names_of(key: str | Sequence[str]) -> tuple[str, ...]:
    """Return the attributes of a key or unique constraint, which may be one attribute."""
    return (key,) if isinstance(key, str) else tuple(key)


def several(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the attributes of a composite key, ``()`` for a key of one attribute."""
    return names if len(names) > 1 else ()


def split_key(key: object, keys: Sequence[str], scope: Clause) -> tuple[object, Clause]:
    """Return the last value of a composite key, and a scope that has the others.

    Args:
        key: The tuple.
        keys: The attributes in the order of the URL.
        scope: The scope that the item must be in.
    """
    *others, last = key if isinstance(key, tuple) else (key,)
    return last, Scope.of([scope, dict(zip(keys[:-1], others, strict=True))])


def checked_in_url(store: AnyStore, scope: Sequence[str]) -> frozenset[str]:
    """Return the variables of URLs whose values have to be checked for each request.

    These are the attributes of a scope, and those of a key that are texts of one form. Other keys
    are checked by their converters.
    """
    found = {*scope}
    for name in key_of(store).names:
        bounds = store.attributes[name].bounds
        if any(isinstance(bound, validate.Regexp) for bound in bounds):
            found.add(name)
    return frozenset(found)


def check_in_url(
    store: AnyStore, names: Collection[str], given: Mapping[str, object], scope: Collection[str]
) -> None:
    """Reject variables of a URL whose values the store cannot hold.

    Args:
        store: The store.
        names: The variables to check.
        given: The variables of the URL with their values.
        scope: The variables that name the collection.

    Raises:
        NotFound: No item can have such a value.
    """
    for name in names:
        for bound in store.attributes[name].bounds if name in given else ():
            try:
                bound(given[name])
            except ValidationError:
                what = "collection" if name in scope else "item"
                raise NotFound(f"No {what} exists at this URL.") from None


def check_single(store: AnyStore, use: str) -> None:
    """Reject a store whose items have keys of several attributes.

    Args:
        store: The store.
        use: The part that needs one attribute, for the message.

    Raises:
        DeclarationError: There are several.
    """
    names = key_of(store).names
    if len(names) > 1:
        raise DeclarationError(
            f"{use} names an item of {store.model.__qualname__} by one attribute, but its key is "
            f"{', '.join(names)}. Give the model a key of one attribute, or declare a unique one."
        )


def item_pattern(root: str, store: AnyStore) -> str:
    """Return the URL pattern of the items of a collection.

    Args:
        root: The URL pattern of the collection, without a slash at its end.
        store: The store.

    Raises:
        DeclarationError: A value of the key cannot be in a URL.
    """
    parts = (f"<{converter_of(store, name)}:{name}>" for name in key_of(store).names)
    return "/".join((root, *parts))


def converter_of(store: AnyStore, name: str = "") -> str:
    """Return the URL converter of an attribute of a store's key, within the bounds of the store.

    Raises:
        DeclarationError: A value of the attribute cannot be in a URL.
    """
    name = name or store.key
    attribute = store.attributes[name]
    limits = (getattr(bound, "max", None) for bound in attribute.bounds)
    largest = next((limit for limit in limits if limit is not None), None)
    if isinstance(attribute.field, fields.UUID):
        return "uuid"
    if isinstance(attribute.field, fields.Integer):
        return f"int(max={largest or INT64_MAX})"
    if isinstance(attribute.field, fields.String):
        return f"string(maxlength={largest})" if largest else "string"
    raise DeclarationError(
        f"The key {name!r} of {store.model.__qualname__} is a "
        f"{type(attribute.field).__name__}, but a key in a URL must be an integer, a string or a "
        "UUID. Set key = ... to the name of such an attribute."
    )
